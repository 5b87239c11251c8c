/* SPDX-License-Identifier: MIT */
/*
 * The time in each state of each full chunk of a goroutine's records: with them a busy goroutine's life, or any window of
 * it, is one addition for 512 records. Kept with a trace (KEPT_TIMES); some 15 bytes for each hundred of the store.
 */
#ifndef KYMO_ANALYSIS_TIMES_SUMS_H
#define KYMO_ANALYSIS_TIMES_SUMS_H

#include "analysis/times.h"

struct times_sums {
	uint32_t slots;  // in use; slot_of[i]: which of SLOTS it is
	uint16_t slot_of[SLOTS];
	uint32_t *row;  // [chunks of the index] its sums, or TIMES_NO_SUMS
	kymo_ns *sum;   // [rows * slots]
};
#define TIMES_NO_SUMS UINT32_MAX

/*
 * The sums of the chunk that the scan is in, from its first record's begin to its last one's, if the scan has just read
 * the first one; NULL: none. *last is when the last one begins.
 */
static inline const kymo_ns *times_sums_of(const struct times_sums *x, const struct span_scan *s,
                                           kymo_ns *last)
{
	if (!x || s->chunk < 3 || !s->left || s->end - s->p != 2 * (ptrdiff_t)(chunk_records(3) - 1))
		return NULL;
	uint32_t i = s->t->span_chunks.from[s->g] + s->chunk - 1;
	if (x->row[i] == TIMES_NO_SUMS)
		return NULL;
	*last = s->t->span_chunks.at[i + 1].base;
	return &x->sum[(size_t)x->row[i] * x->slots];
}

enum kymo_status times_keep(struct kymo_trace *t, const bool *stop);

#endif
