/* SPDX-License-Identifier: MIT */
/*
 * Every span is decoded once, and added to what it is part of: its goroutine's pyramid if that is
 * heavy, its proc's, the counts of its group, those of all. Where one of these can be had from
 * another's cells, because that has a level for its grid, cells are handed up instead of spans.
 *
 * Two workers take groups, the largest first, from one counter. A group is one worker's alone, and
 * so are its goroutines; what groups share (procs, `all`) each worker sums for itself, and the
 * second's sums are added to the first's at the end.
 */
#include "serve/model_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "serve/scan.h"

#define WORKERS 2u

struct build {
	struct model *m;
	uint64_t records;
	uint32_t *order;  // groups, most records first
	uint32_t next;    // of `order`; taken with an atomic add
	const bool *cancelled;
};

struct worker {
	struct build *b;
	struct density_sum group, all;
	struct pyramid *procs;  // [procs]
	kymo_ns *proc_busy;     // [procs]
	bool failed;
};

/* ---- one goroutine ---- */

struct visit {
	struct pyramid *own;        // NULL: light
	struct density_sum *group;  // NULL: gets cells afterwards
	struct density_sum *all;    // likewise
	struct pyramid *procs;
	kymo_ns *proc_busy;
	uint32_t proc_count;
	const kymo_string_ix *reasons;
	const uint8_t *class_of;
	bool gc_worker;
	kymo_ns begin, end;
	kymo_ns ns[KYMO_SPAN_STATE_COUNT];
	kymo_ns worst;
};

static always_inline void visit_span(void *ctx, const struct scan_span *s)
{
	struct visit *v = ctx;
	enum plane plane = model_plane(s->state);
	kymo_ns length = s->end - s->start;
	float worst = 0;
	uint32_t key = 0;
	/* Sound stores have no others; pyramids are written to by index. */
	if (unlikely(s->start < v->begin || s->end > v->end || length <= 0))
		return;
	v->ns[s->state] += length;
	if (plane == PLANE_RUNNABLE) {
		worst = (float)length;
		v->worst = length > v->worst ? length : v->worst;
	} else if (plane == PLANE_WAIT) {
		key = pyramid_wait_key(length, v->class_of[v->reasons[s->aux]]);
	} else if (s->aux && s->aux < v->proc_count && s->state != KYMO_SPAN_SYSCALL_BLOCKED) {
		pyramid_add(&v->procs[s->aux], s->start, s->end, plane, 0, 0);
		v->proc_busy[s->aux] += length;
		if (unlikely(v->gc_worker) && plane == PLANE_RUN)
			pyramid_add_time(&v->procs[s->aux], s->start, s->end, PLANE_GC);
	}
	if (v->own)
		pyramid_add(v->own, s->start, s->end, plane, worst, key);
	if (v->group)
		density_sum_add(v->group, s->start, s->end, plane, worst);
	if (v->all)
		density_sum_add(v->all, s->start, s->end, plane, worst);
}

/* ---- one group ---- */

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* Cells at the base of what counts a group of so many records. */
static uint64_t group_cells(const struct model *m, uint64_t records)
{
	return clamp(records / m->tuning.per_group_cell, 1, m->tuning.group_cells);
}

static uint32_t cells_of(const struct model *m, unsigned k)
{
	return (uint32_t)((m->duration > 0 ? (uint64_t)m->duration - 1 : 0) >> k) + 1;
}

static struct pyramid *make_own(struct model *m, kymo_goroutine_ix g)
{
	const struct kymo_goroutines *gs = m->groups.all;
	struct pyramid *own = &m->heavy[m->heavy_of[g] - 1];
	return pyramid_init(own, gs->begin[g], gs->end[g], gs->span_records[g] / m->tuning.per_cell)
	               ? own
	               : NULL;
}

static bool has_level(const struct pyramid *p, unsigned k)
{
	return p && p->base <= k && k <= p->top;
}

static bool add_goroutine(struct worker *w, kymo_goroutine_ix g, unsigned k, bool all_from_group,
                          struct visit *v)
{
	struct model *m = w->b->m;
	v->own = m->heavy_of[g] ? make_own(m, g) : NULL;
	if (m->heavy_of[g] && !v->own)
		return false;
	bool own_for_group = has_level(v->own, k), own_for_all = has_level(v->own, w->all.k);
	v->group = own_for_group ? NULL : &w->group;
	v->all = all_from_group || own_for_all ? NULL : &w->all;
	v->begin = m->groups.all->begin[g];
	v->end = m->groups.all->end[g];
	memset(v->ns, 0, sizeof v->ns);
	scan_each(m->trace, g, visit_span, v);
	if (v->own)
		pyramid_finish(v->own);
	if (own_for_group)
		density_sum_add_cells(&w->group, v->own);
	if (own_for_all && !all_from_group)
		density_sum_add_cells(&w->all, v->own);
	m->execution[g] = v->ns[KYMO_SPAN_RUNNING];
	m->sched_wait[g] = v->ns[KYMO_SPAN_RUNNABLE];
	return true;
}

static bool add_group(struct worker *w, uint32_t group)
{
	struct model *m = w->b->m;
	const struct groups *groups = &m->groups;
	struct group_times *times = &m->group_times[group];
	struct visit v = {.procs = w->procs,
	                  .proc_busy = w->proc_busy,
	                  .reasons = m->trace->reasons.at,
	                  .proc_count = kymo_trace_procs(m->trace)->count,
	                  .class_of = m->class_of,
	                  .gc_worker = groups->gc_worker[group]};
	kymo_ns ns[KYMO_SPAN_STATE_COUNT] = {0};
	unsigned k = pyramid_base_for(0, m->duration, group_cells(m, groups->records[group]));
	bool all_from_group = k <= w->all.k;
	density_sum_reset(&w->group, k, 0, cells_of(m, k));
	for (uint32_t i = groups->from[group]; i < groups->from[group + 1]; i++) {
		if (w->b->cancelled && __atomic_load_n(w->b->cancelled, __ATOMIC_RELAXED))
			return false;
		if (!add_goroutine(w, groups->by_begin[i], k, all_from_group, &v))
			return false;
		for (unsigned s = 0; s < KYMO_SPAN_STATE_COUNT; s++)
			ns[s] += v.ns[s];
	}
	times->alive = groups->from[group + 1] - groups->from[group];
	times->execution = (double)ns[KYMO_SPAN_RUNNING];
	times->sched_wait = (double)ns[KYMO_SPAN_RUNNABLE];
	times->syscall = (double)(ns[KYMO_SPAN_SYSCALL] + ns[KYMO_SPAN_SYSCALL_BLOCKED]);
	times->block = (double)ns[KYMO_SPAN_WAITING];
	times->total = times->execution + times->sched_wait + times->syscall + times->block;
	times->worst_wait = (double)v.worst;
	density_sum_settle(&w->group);
	if (all_from_group)
		density_sum_add_finer(&w->all, &w->group);
	return density_make(&m->density[group], &w->group);
}

/* ---- the workers ---- */

static void *work(void *ctx)
{
	struct worker *w = ctx;
	const struct groups *groups = &w->b->m->groups;
	for (;;) {
		uint32_t i = __atomic_fetch_add(&w->b->next, 1, __ATOMIC_RELAXED);
		if (i >= groups->count)
			return NULL;
		if (!add_group(w, w->b->order[i])) {
			w->failed = true;
			return NULL;
		}
	}
}

static bool make_procs(const struct build *b, struct pyramid *procs)
{
	const struct model *m = b->m;
	const struct kymo_procs *ps = kymo_trace_procs(m->trace);
	/*
	 * run_records says nothing of syscalls inside runs: a share of all spans for each proc
	 * covers them.
	 */
	uint64_t share = b->records / m->tuning.per_cell / (ps->count ? ps->count : 1);
	for (kymo_proc_ix p = 0; p < ps->count; p++) {
		uint64_t cells =
			ps->run_records[p] / m->tuning.per_cell + (ps->run_records[p] ? share : 0);
		if (!pyramid_init(&procs[p], 0, m->duration, cells))
			return false;
	}
	return true;
}

static bool worker_init(struct worker *w, struct build *b, bool first)
{
	struct model *m = b->m;
	uint32_t procs = kymo_trace_procs(m->trace)->count;
	uint64_t largest = b->m->groups.count ? m->groups.records[b->order[0]] : 0;
	unsigned all_k = pyramid_base_for(0, m->duration, group_cells(m, b->records));
	*w = (struct worker){.b = b, .procs = m->procs, .proc_busy = m->proc_busy};
	if (!first) {
		w->procs = calloc((size_t)procs + 1, sizeof *w->procs);
		w->proc_busy = calloc((size_t)procs + 1, sizeof *w->proc_busy);
	}
	return w->procs && w->proc_busy && make_procs(b, w->procs) &&
	       density_sum_init(&w->all, all_k, 0, cells_of(m, all_k)) &&
	       density_sum_init(&w->group, 0, 0, (uint32_t)group_cells(m, largest));
}

static void worker_free(struct worker *w, const struct model *m)
{
	density_sum_free(&w->group);
	density_sum_free(&w->all);
	if (w->procs != m->procs) {
		for (kymo_proc_ix p = 0; w->procs && p < kymo_trace_procs(m->trace)->count; p++)
			pyramid_free(&w->procs[p]);
		free(w->procs);
		free(w->proc_busy);
	}
}

static void merge(struct worker *into, const struct worker *from)
{
	density_sum_merge(&into->all, &from->all);
	for (kymo_proc_ix p = 0; p < kymo_trace_procs(into->b->m->trace)->count; p++) {
		pyramid_merge(&into->procs[p], &from->procs[p]);
		into->proc_busy[p] += from->proc_busy[p];
	}
}

static int compare_records(const void *a, const void *b, void *ctx)
{
	const struct groups *g = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (g->records[x] != g->records[y])
		return g->records[x] > g->records[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool plan(struct build *b)
{
	struct groups *groups = &b->m->groups;
	b->order = malloc(((size_t)groups->count + 1) * sizeof *b->order);
	if (!b->order)
		return false;
	for (uint32_t i = 0; i < groups->count; i++) {
		b->order[i] = i;
		b->records += groups->records[i];
	}
	qsort_r(b->order, groups->count, sizeof *b->order, compare_records, groups);
	return true;
}

static bool run_workers(struct worker *w, unsigned count)
{
	pthread_t other;
	bool threaded = count > 1 && thread_start(&other, work, &w[1]);
	work(&w[0]);
	if (threaded)
		pthread_join(other, NULL);
	return !w[0].failed && !w[count - 1].failed;
}

bool model_build(struct model *m, const bool *cancelled)
{
	struct build b = {.m = m, .cancelled = cancelled};
	struct worker w[WORKERS] = {{0}};
	bool ok = plan(&b);
	unsigned count = b.records >= m->tuning.threaded && m->groups.count > 1
	                         ? threads_allowed(WORKERS)
	                         : 1;
	for (unsigned i = 0; ok && i < count; i++)
		ok = worker_init(&w[i], &b, i == 0);
	ok = ok && run_workers(w, count);
	if (ok && count > 1)
		merge(&w[0], &w[1]);
	for (kymo_proc_ix p = 0; ok && p < kymo_trace_procs(m->trace)->count; p++)
		pyramid_finish(&m->procs[p]);
	if (ok) {
		density_sum_settle(&w[0].all);
		ok = density_make(&m->all, &w[0].all);
	}
	for (unsigned i = 0; i < count; i++)
		if (w[i].b)
			worker_free(&w[i], m);
	free(b.order);
	return ok;
}
