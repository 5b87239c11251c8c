/* SPDX-License-Identifier: MIT */
#include "analysis/work_index.h"

#include <stdlib.h>

#include "trace/walk.h"

/* ---- from an edge on ---- */

struct part {
	kymo_ns from, to;
	kymo_proc_ix proc;
	struct work_sum sum;
};

static always_inline bool visit(void *ctx, const struct walk_span *x)
{
	struct part *p = ctx;
	kymo_ns a = x->start > p->from ? x->start : p->from, b = x->end < p->to ? x->end : p->to;
	if (a >= b)
		return x->start < p->to;
	if (x->state == KYMO_SPAN_RUNNING && x->proc == p->proc)
		p->sum.running += b - a;
	if (x->state == KYMO_SPAN_SYSCALL && x->proc == p->proc)
		p->sum.syscall += b - a;
	return true;
}

/* What a proc did in [from, to). */
static struct work_sum between(const struct kymo_trace *t, kymo_proc_ix p, kymo_ns from, kymo_ns to)
{
	struct part part = {from, to, p, {0}};
	struct kymo_run_cursor c;
	struct kymo_run r;
	if (from >= to)
		return part.sum;
	kymo_run_seek(t, p, from, &c);
	while (kymo_run_next(&c, &r) && r.start < to) {
		part.from = r.start > from ? r.start : from;
		part.to = r.end < to ? r.end : to;
		if (part.from >= part.to)
			continue;
		if (r.has_syscall)  // which part of it, its goroutine tells
			walk_window(t, r.goroutine, part.from, part.to, WALK_ALL, visit, &part);
		else
			part.sum.running += part.to - part.from;
	}
	return part.sum;
}

static uint32_t cell_of(const struct work_index *x, kymo_ns at)
{
	uint32_t lo = 0, hi = x->cells;
	while (lo + 1 < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (x->bound[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

void work_index_total(const struct work_index *x, kymo_ns at, struct work_sum *out)
{
	uint32_t cell = cell_of(x, at);
	*out = x->until_cell[cell];
	for (uint32_t p = 1; p < x->procs; p++) {
		struct work_sum more = between(x->t, p, x->bound[cell], at);
		out->running += more.running;
		out->syscall += more.syscall;
	}
}

void work_index_procs(const struct work_index *x, kymo_ns at, struct work_sum *out)
{
	uint32_t row = cell_of(x, at) >> x->row_shift;
	out[0] = (struct work_sum){0};
	for (uint32_t p = 1; p < x->procs; p++) {
		struct work_sum more = between(x->t, p, x->bound[(size_t)row << x->row_shift], at);
		out[p] = x->until_row[(size_t)row * x->procs + p];
		out[p].running += more.running;
		out[p].syscall += more.syscall;
	}
}

/* ---- making ---- */

static kymo_ns row_end(const struct work_index *x, uint32_t row)
{
	uint64_t cell = (uint64_t)(row + 1) << x->row_shift;
	return x->bound[cell < x->cells ? cell : x->cells];
}

/* Whether the runs of a proc have in each row what the spans have there. */
static bool agrees(const struct work_index *x, uint32_t p)
{
	struct kymo_run_cursor c;
	struct kymo_run r;
	uint32_t row = 0;
	kymo_ns sum = 0, end = row_end(x, 0);
	kymo_run_seek(x->t, p, x->bound[0], &c);
	bool more = kymo_run_next(&c, &r);
	kymo_ns at = more ? r.start : 0;
	while (row < x->rows) {
		if (more && at < end) {
			kymo_ns to = r.end < end ? r.end : end;
			sum += to - at;
			at = to;
			if (to < r.end)
				continue;
			more = kymo_run_next(&c, &r);
			at = more ? r.start : 0;
			continue;
		}
		const struct work_sum *s = &x->until_row[(size_t)row * x->procs + p];
		if (sum != s->running + s->syscall)
			return false;
		sum = 0;
		end = row_end(x, ++row);
	}
	return true;
}

/* Sums of each become sums of those before. */
static void add_up(struct work_sum *at, size_t n, size_t step)
{
	struct work_sum sum = {0};
	for (size_t i = 0; i < n; i++) {
		struct work_sum here = at[i * step];
		at[i * step] = sum;
		sum.running += here.running;
		sum.syscall += here.syscall;
	}
}

bool work_index_make(struct work_index *x, const struct kymo_trace *t, struct work_times *times,
                     kymo_ns *bound)
{
	*x = (struct work_index){.t = t,
	                         .bound = bound,
	                         .cells = times->cells,
	                         .row_shift = times->row_shift,
	                         .rows = times->rows,
	                         .procs = times->procs,
	                         .until_cell = times->cell,
	                         .until_row = times->row};
	times->cell = times->row = NULL;
	bool ok = true;
	for (uint32_t r = 0; r < x->rows && ok; r++) {
		const struct work_sum *s = &x->until_row[(size_t)r * x->procs];
		ok = s->running == 0 && s->syscall == 0;  // on no proc
	}
	for (uint32_t p = 1; p < x->procs && ok; p++)
		ok = agrees(x, p);
	if (!ok) {
		work_index_free(x);
		return false;
	}
	add_up(x->until_cell, x->cells, 1);
	for (uint32_t p = 0; p < x->procs; p++)
		add_up(x->until_row + p, x->rows, x->procs);
	return true;
}

void work_index_free(struct work_index *x)
{
	free(x->bound);
	free(x->until_cell);
	*x = (struct work_index){0};
}
