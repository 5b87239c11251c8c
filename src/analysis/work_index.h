/* SPDX-License-Identifier: MIT */
/*
 * How long procs had been at work until any time: sums at the edges of cells and rows (work_times.h), and the procs' runs
 * from there on.
 *
 *     if (!work_index_make(&x, t, &times)) return no_memory_or_odd;      // `times` is of the whole trace
 *     work_index_total(&x, at, &sum);          // of all procs until then
 *     work_index_procs(&x, at, sums);          // of each
 */
#ifndef KYMO_ANALYSIS_WORK_INDEX_H
#define KYMO_ANALYSIS_WORK_INDEX_H

#include "analysis/work_times.h"
#include "trace/store.h"

struct work_index {
	const struct kymo_trace *t;
	kymo_ns *bound;  // [cells + 1]
	uint32_t cells, row_shift, rows, procs;
	struct work_sum *until_cell;  // [cells] all procs, until its begin
	struct work_sum *until_row;   // [rows * procs]
};

/*
 * Takes the memory of `times` and its bounds. False: no memory; or the runs do not say what the spans say, which no
 * sound trace is known to do: then nothing is kept.
 */
bool work_index_make(struct work_index *x, const struct kymo_trace *t, struct work_times *times,
                     kymo_ns *bound);
void work_index_free(struct work_index *x);
void work_index_total(const struct work_index *x, kymo_ns at, struct work_sum *out);
void work_index_procs(const struct work_index *x, kymo_ns at, struct work_sum *out);

#endif
