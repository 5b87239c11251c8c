/* SPDX-License-Identifier: MIT */
/*
 * One goroutine's life as sums of time: what kymo_goroutine_times and the groups are made of. <kymo/analysis.h> says by
 * which rules; where Go's differ, times.c says "Go:".
 *
 *     struct times a;
 *     struct kymo_times sum = {0};
 *     if (!times_begin(&a, t, sel, rules)) return no_memory;
 *     times_add(&a, g, &sum);       // again for others: sum and a.block add up
 *     times_end(&a);
 */
#ifndef KYMO_ANALYSIS_TIMES_H
#define KYMO_ANALYSIS_TIMES_H

#include <kymo/analysis.h>
#include <kymo/select.h>

#include "trace/store.h"

enum {
	SLOT_RUN = 0,
	SLOT_RUNNABLE,
	SLOT_SYSCALL,
	SLOT_REASON,
	SLOTS = SLOT_REASON + REC_AUX_MAX + 1
};

struct times_sums;

struct times {
	const struct kymo_trace *t;
	const struct times_sums *sums;     // of full chunks; NULL: nobody kept them
	const struct kymo_selection *sel;  // NULL: nothing is cut
	bool go;
	uint32_t forever;  // code of the reason that ends a life; UINT32_MAX: no such reason in this trace
	kymo_ns *block;  // [codes] of the goroutine or group at hand; a wait lasts at least 1 ns, so 0 is "never"
	kymo_ns plain[SLOTS];
};

/* False: no memory. */
bool times_begin(struct times *a, const struct kymo_trace *t, const struct kymo_selection *sel,
                 enum kymo_rules rules);
void times_end(struct times *a);
/* Adds what is selected of the life of `g` to `sum`, and its waits to a->block by reason code. */
void times_add(struct times *a, kymo_goroutine_ix g, struct kymo_times *sum);

/*
 * The times between the begins of n records that follow one another, by slot. False: some are not plain, or one blocks
 * for ever.
 */
bool times_plain(const struct kymo_trace *t, const uint32_t *records, uint32_t n, kymo_ns sum[SLOTS]);

/* One goroutine's times and waits, without ranges; as kymo_goroutine_times. */
void times_of_blocks(const struct kymo_trace *t, kymo_goroutine_ix g,
                     const struct kymo_selection *sel, enum kymo_rules rules,
                     struct kymo_times *times, struct kymo_named_ns *block, size_t *count,
                     size_t cap);

/* How long ranges count for goroutines: `add` gets each; false from it stops (and is returned). */
struct range_times {
	bool (*add)(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns);
	void *ctx;
	kymo_goroutine_ix only;  // 0 = all
	const struct kymo_selection *sel;
	enum kymo_rules rules;
};
bool times_of_ranges(const struct kymo_trace *t, const struct range_times *k);

#endif
