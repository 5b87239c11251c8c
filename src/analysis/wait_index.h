/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a trace's waits, so that those of any window are summed up in milliseconds (kymo_keep).
 *
 * Time is cut into blocks of about as many waits each. A block has the waits that end in it: those that began in it too
 * as sums, one for each key, with the lengths one after another; and each that began before it (or is too long for a
 * length of 32 bits) as it is, to be cut where a window begins.
 *
 * Measured on 300 MB with 31 million waits, of 25,000 keys: 400 blocks, 1.1 s of processor to make it; 70 MB, of which
 * 52 MB are lengths.
 */
#ifndef KYMO_ANALYSIS_WAIT_INDEX_H
#define KYMO_ANALYSIS_WAIT_INDEX_H

#include "analysis/wait.h"

/* Waits of a key that began and ended in the block. */
struct wait_sum {
	kymo_ns ns;
	kymo_ns longest, longest_at;  // as sample_map_keep_longest keeps it
	kymo_ns without;              // CALL: the part of `ns` without a proc
	uint32_t key, count;
	kymo_goroutine_ix longest_goroutine;
};

/* One wait. */
struct wait_single {
	kymo_ns start, end, lost;  // as in struct wait
	uint32_t key;
	kymo_goroutine_ix g;
};

struct wait_block {
	struct wait_sum *sums;
	struct wait_single *singles;
	uint32_t *lengths;  // of the BLOCKED and CALL among the sums, `count` of each, in their order; those of each ascend
	uint32_t sum_count, single_count;
};

struct wait_index {
	uint32_t block_count, key_count;
	kymo_ns *edges;  // [block_count + 1] from 0 to the trace's end; block i has the waits that end in (edges[i], edges[i + 1]]
	struct wait_block *blocks;
	struct wait_key *keys;
	struct regions_by_goroutine regions;
};

/* Tests have others. */
struct wait_index_tuning {
	uint32_t block;     // spans in a block, about: a window's first and last one are walked
	uint32_t base;      // bytes that sums, single waits and keys may take, and
	uint32_t per_wait;  // so many more for each wait
};
extern const struct wait_index_tuning wait_index_tuning_default;

/*
 * `stop`: see kymo_keep. Errors: KYMO_E_MEMORY; KYMO_E_LIMIT: it would be too large, because waits are too different for
 * sums, or it was stopped. *out is NULL then.
 * Cost: some 20 ns a span, on as many threads as are allowed; 10 MB of each meanwhile.
 */
enum kymo_status wait_index_make(const struct kymo_trace *t, const struct wait_index_tuning *tuning,
                                 const bool *stop, struct wait_index **out);
void wait_index_free(void *index);

/* The one that is kept with a trace; NULL: none is. */
static inline const struct wait_index *wait_index_of(const struct kymo_trace *t)
{
	return kept_get(&t->kept[KEPT_WAITS]);
}

/* KYMO_KEEP_WAITS. */
enum kymo_status wait_index_keep(struct kymo_trace *t, const bool *stop);

#endif
