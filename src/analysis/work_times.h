/* SPDX-License-Identifier: MIT */
/*
 * How long procs were at work, running goroutines or held by one in a syscall: of all together in cells of time, of each
 * in rows of 2^row_shift cells.
 *
 *     struct work_times w;
 *     if (!work_times_begin(&w, bounds, cells, WORK_ONE_ROW, procs)) return no_memory;
 *     work_times_add(&w, a, b, proc, in_syscall) ...         // [a, b) lies within the bounds; proc 0: not known
 *     work_times_free(&w);
 *
 * Each thread has its own, and work_times_join adds them up.
 */
#ifndef KYMO_ANALYSIS_WORK_TIMES_H
#define KYMO_ANALYSIS_WORK_TIMES_H

#include <kymo/types.h>

#include "base/bug.h"

struct work_sum {
	kymo_ns running, syscall;
};

#define WORK_ONE_ROW 31u

struct work_times {
	const kymo_ns *bound;  // [cells + 1] ascending; the caller's
	uint32_t cells, row_shift, rows, procs;
	double per_ns;          // cells
	struct work_sum *cell;  // [cells]
	struct work_sum *row;   // [rows * procs] row by row
};

bool work_times_begin(struct work_times *w, const kymo_ns *bound, uint32_t cells,
                      uint32_t row_shift, uint32_t procs);
/* Adds `from` to `to`, of the same bounds. */
void work_times_join(struct work_times *to, const struct work_times *from);
void work_times_free(struct work_times *w);

/* The cell that holds a time within the bounds. */
static inline uint32_t work_times_cell(const struct work_times *w, kymo_ns time)
{
	uint32_t i = (uint32_t)((double)(time - w->bound[0]) * w->per_ns);
	i = i < w->cells ? i : w->cells - 1;
	while (time < w->bound[i])
		i--;
	while (i + 1 < w->cells && time >= w->bound[i + 1])
		i++;
	return i;
}

static inline void work_times_add(struct work_times *w, kymo_ns a, kymo_ns b, uint32_t proc,
                                  bool in_syscall)
{
	for (uint32_t i = work_times_cell(w, a); a < b; i++) {
		kymo_ns to = w->bound[i + 1], end = b < to ? b : to;
		struct work_sum *row =
			&w->row[(size_t)(i >> w->row_shift) * w->procs + (proc < w->procs ? proc : 0)];
		if (in_syscall) {
			w->cell[i].syscall += end - a;
			row->syscall += end - a;
		} else {
			w->cell[i].running += end - a;
			row->running += end - a;
		}
		a = end;
	}
}

#endif
