/* SPDX-License-Identifier: MIT */
#include "analysis/work_times.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/parallel.h"

bool work_times_begin(struct work_times *w, const kymo_ns *bound, uint32_t cells,
                      uint32_t row_shift, uint32_t procs)
{
	uint32_t rows = ((cells - 1) >> row_shift) + 1;
	size_t sums = cells + (size_t)rows * procs;
	// One piece of whole cache lines: what threads write must not lie side by side.
	size_t bytes =
		(sums * sizeof(struct work_sum) + PARALLEL_LINE) / PARALLEL_LINE * PARALLEL_LINE;
	kymo_ns length = bound[cells] - bound[0];
	struct work_sum *sum = aligned_alloc(PARALLEL_LINE, bytes);
	*w = (struct work_times){.bound = bound,
	                         .cells = cells,
	                         .row_shift = row_shift,
	                         .rows = rows,
	                         .procs = procs,
	                         .per_ns = length ? (double)cells / (double)length : 0,
	                         .cell = sum,
	                         .row = sum ? sum + cells : NULL};
	if (sum)
		memset(sum, 0, bytes);
	return sum != NULL;
}

static void join(struct work_sum *to, const struct work_sum *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i].running += from[i].running;
		to[i].syscall += from[i].syscall;
	}
}

void work_times_join(struct work_times *to, const struct work_times *from)
{
	join(to->cell, from->cell, to->cells);
	join(to->row, from->row, (size_t)to->rows * to->procs);
}

void work_times_free(struct work_times *w)
{
	free(w->cell);
	w->cell = w->row = NULL;
}
