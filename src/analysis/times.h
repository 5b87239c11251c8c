/* SPDX-License-Identifier: MIT */
/*
 * One goroutine's life as sums of time: what kymo_goroutine_times and the groups are made of. The figures are those of
 * Go 1.26's summarizer (internal/trace/summary.go), its corner cases included; each is marked in times.c with "Go:".
 *
 *     struct times a;
 *     struct kymo_times sum = {0};
 *     if (!times_begin(&a, t)) return no_memory;
 *     times_add(&a, g, &sum);       // again for others: sum and a.block add up
 *     times_end(&a);
 */
#ifndef KYMO_ANALYSIS_TIMES_H
#define KYMO_ANALYSIS_TIMES_H

#include <kymo/analysis.h>

#include "trace/store.h"

enum {
	SLOT_RUN = 0,
	SLOT_RUNNABLE,
	SLOT_SYSCALL,
	SLOT_REASON,
	SLOTS = SLOT_REASON + REC_AUX_MAX + 1
};

struct times {
	const struct kymo_trace *t;
	uint32_t forever;  // its reason code; UINT32_MAX: no such reason in this trace
	kymo_ns *block;  // [codes] of the goroutine or group at hand; a wait lasts at least 1 ns, so 0 is "never"
	kymo_ns plain[SLOTS];
};

/* False: no memory. */
bool times_begin(struct times *a, const struct kymo_trace *t);
void times_end(struct times *a);
/* Adds the life of `g` to `sum`, and its waits to a->block by reason code. */
void times_add(struct times *a, kymo_goroutine_ix g, struct kymo_times *sum);

/* How long ranges count for goroutines: `add` gets each; false from it stops (and is returned). */
struct range_times {
	bool (*add)(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns);
	void *ctx;
	kymo_goroutine_ix only;  // 0 = all
};
bool times_of_ranges(const struct kymo_trace *t, const struct range_times *k);

#endif
