/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "analysis/keep.h"
#include "analysis/sched_parts.h"

/* The edges of slices are looked for inside of a cell: the smaller they are, the fewer runs are gone through. */
#define ROW_SHIFT 3u
#define ROW_SUMS_MAX (1u << 20)  // rows by procs

static void kept_free(void *at)
{
	struct sched_kept *k = at;
	depth_summaries_free(&k->depth);  // looks at the log
	sched_log_free(&k->log);
	idle_procs_free(&k->idle);
	work_index_free(&k->work);
	free(k);
}

/* Cells of equal length, about so many, as the log's blocks would be. */
static kymo_ns *cell_bounds(const struct kymo_trace *t, uint32_t cells)
{
	kymo_ns *bound = malloc((cells + 1) * sizeof *bound), length = t->info.duration;
	for (uint32_t i = 0; bound && i <= cells; i++)
		bound[i] = length / cells * i + length % cells * i / cells;
	return bound;
}

static uint32_t cells_for(const struct kymo_trace *t, uint32_t block_waits)
{
	uint64_t records = 0;
	for (uint32_t g = 1; g < t->goroutines.count; g++)
		records += t->g.span_records.at[g];
	uint64_t cells = (records / 3 / (block_waits ? block_waits : SCHED_BLOCK_WAITS)) << ROW_SHIFT;
	cells = cells < 1 ? 1 : cells > 1u << 20 ? 1u << 20 : cells;
	return t->info.duration < (kymo_ns)cells ? 1 : (uint32_t)cells;
}

enum kymo_status sched_keep_blocks(struct kymo_trace *t, uint32_t block_waits, const bool *stop)
{
	struct sched_kept *k = calloc(1, sizeof *k);
	uint32_t cells = cells_for(t, block_waits), procs = t->procs.count + 1, row_shift = ROW_SHIFT;
	while ((uint64_t)(cells >> row_shift) * procs > ROW_SUMS_MAX)
		row_shift++;
	kymo_ns *bound = cell_bounds(t, cells);
	struct work_times work = {0};
	enum kymo_status st = k && bound && work_times_begin(&work, bound, cells, row_shift, procs)
	                              ? KYMO_OK
	                              : KYMO_E_MEMORY;
	const struct sched_log_options opt = {.to = t->info.duration,
	                                      .begins = true,
	                                      .work = &work,
	                                      .block_waits = block_waits,
	                                      .stop = stop};
	if (st == KYMO_OK)
		st = sched_log_make(&k->log, t, &opt);
	if (st == KYMO_OK && (!idle_procs_make(&k->idle, t, 0, t->info.duration) ||
	                      !depth_summaries_make(&k->depth, &k->log, &k->idle, stop)))
		st = keep_failed(stop);
	if (st == KYMO_OK) {
		st = work_index_make(&k->work, t, &work, bound) ? KYMO_OK : KYMO_E_LIMIT;
		bound = NULL;
	}
	work_times_free(&work);
	free(bound);
	if (st == KYMO_OK)
		kept_put(&t->kept[KEPT_SCHED], k, kept_free);
	else if (k)
		kept_free(k);
	return st;
}

enum kymo_status sched_keep(struct kymo_trace *t, const bool *stop)
{
	return sched_keep_blocks(t, 0, stop);
}
