/* SPDX-License-Identifier: MIT */
/*
 * One pass over all spans fills everything: a heavy goroutine's own pyramid, the procs' pyramids, its group's counts and
 * those of all. Where two of them share a grid the finer one is made first and handed up as cells, so that the many
 * spans of heavy goroutines are added as few times as possible (docs/internals/tiles.md has the figures).
 */
#include "serve/model.h"

#include <stdlib.h>
#include <string.h>

const struct model_tuning model_tuning_default = {
	.heavy = 4096, .per_cell = 64, .per_group_cell = 512, .group_cells = 1u << 20, .exact = 512,
};

#define CACHE_BYTES ((size_t)32 << 20)

struct build {
	struct model *m;
	const struct kymo_goroutines *gs;
	uint64_t records;
	struct density_sum group, all;
	unsigned all_k;
	const bool *cancelled;
};

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* ---- one goroutine ---- */

/* Where the spans of the goroutine at hand go. */
struct targets {
	struct pyramid *own;        // NULL: light
	struct density_sum *group;  // NULL: gets cells afterwards
	struct density_sum *all;    // likewise
	bool gc_worker;
};

static void add_to_proc(struct model *m, const struct kymo_span *s, bool gc_worker)
{
	struct pyramid *p = &m->procs[s->proc];
	enum plane plane = model_plane(s->state);
	pyramid_add(p, s->start, s->end, plane, 0, 0);
	m->proc_busy[s->proc] += s->end - s->start;
	if (gc_worker && plane == PLANE_RUN)
		pyramid_add_time(p, s->start, s->end, PLANE_GC);
}

/* Adds every span, and the goroutine's sums by state to `ns` [KYMO_SPAN_STATE_COUNT]. Returns the longest runnable one. */
static kymo_ns add_goroutine(struct model *m, kymo_goroutine_ix g, const struct targets *to, kymo_ns *ns)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_ns longest = 0, begin = m->groups.all->begin[g], end = m->groups.all->end[g];
	kymo_span_seek(m->trace, g, begin, &c);
	while (kymo_span_next(&c, &s)) {
		enum plane plane = model_plane(s.state);
		if (plane == PLANE_COUNT || s.start < begin || s.end > end || s.start >= s.end)
			continue;
		kymo_ns length = s.end - s.start;
		float worst = 0;
		uint32_t key = 0;
		ns[s.state] += length;
		if (plane == PLANE_RUNNABLE) {
			worst = (float)length;
			longest = length > longest ? length : longest;
		} else if (plane == PLANE_WAIT) {
			key = pyramid_wait_key(length, m->class_of[s.reason]);
		} else if (s.proc && s.state != KYMO_SPAN_SYSCALL_BLOCKED) {
			add_to_proc(m, &s, to->gc_worker);
		}
		if (to->own)
			pyramid_add(to->own, s.start, s.end, plane, worst, key);
		if (to->group)
			density_sum_add(to->group, s.start, s.end, plane, worst);
		if (to->all)
			density_sum_add(to->all, s.start, s.end, plane, worst);
	}
	return longest;
}

/* ---- one group ---- */

static uint32_t cells_of(const struct model *m, unsigned k)
{
	return (uint32_t)((m->duration > 0 ? (uint64_t)m->duration - 1 : 0) >> k) + 1;
}

/* Adds the settled sum of a finer or equal grid to a coarser one. */
static void hand_up(struct density_sum *to, const struct density_sum *from)
{
	unsigned up = to->k - from->k;
	for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
		for (uint32_t c = 0; c < from->count; c++)
			to->ns[plane][c >> up] += from->ns[plane][c];
	for (uint32_t c = 0; c < from->count; c++)
		if (from->worst[c] > to->worst[c >> up])
			to->worst[c >> up] = from->worst[c];
}

static bool make_heavy(struct build *b, kymo_goroutine_ix g, struct pyramid **out)
{
	struct model *m = b->m;
	uint32_t records = b->gs->span_records[g];
	*out = NULL;
	if (records < m->tuning.heavy)
		return true;
	*out = &m->heavy[m->heavy_count];
	m->heavy_of[g] = ++m->heavy_count;
	return pyramid_init(*out, b->gs->begin[g], b->gs->end[g], records / m->tuning.per_cell);
}

static bool add_group(struct build *b, uint32_t group)
{
	struct model *m = b->m;
	struct groups *groups = &m->groups;
	struct group_times *times = &m->group_times[group];
	kymo_ns ns[KYMO_SPAN_STATE_COUNT], worst = 0;
	unsigned k = pyramid_base_for(0, m->duration,
	                              clamp(groups->records[group] / m->tuning.per_group_cell, 1, m->tuning.group_cells));
	bool all_from_group = k <= b->all_k;
	density_sum_reset(&b->group, k, 0, cells_of(m, k));
	for (uint32_t i = groups->from[group]; i < groups->from[group + 1]; i++) {
		kymo_goroutine_ix g = groups->by_begin[i];
		struct targets to = {.gc_worker = groups->gc_worker[group]};
		if (b->cancelled && __atomic_load_n(b->cancelled, __ATOMIC_RELAXED))
			return false;
		if (!make_heavy(b, g, &to.own))
			return false;
		/* A pyramid can stand for its goroutine on any grid that it has a level for. */
		bool own_for_group = to.own && to.own->base <= k && k <= to.own->top;
		bool own_for_all = to.own && to.own->base <= b->all_k && b->all_k <= to.own->top;
		to.group = own_for_group ? NULL : &b->group;
		to.all = all_from_group || own_for_all ? NULL : &b->all;
		memset(ns, 0, sizeof ns);
		kymo_ns longest = add_goroutine(m, g, &to, ns);
		worst = longest > worst ? longest : worst;
		if (to.own)
			pyramid_finish(to.own);
		if (own_for_group)
			density_sum_add_cells(&b->group, to.own);
		if (own_for_all && !all_from_group)
			density_sum_add_cells(&b->all, to.own);
		m->execution[g] = ns[KYMO_SPAN_RUNNING];
		m->sched_wait[g] = ns[KYMO_SPAN_RUNNABLE];
		times->execution += (double)ns[KYMO_SPAN_RUNNING];
		times->sched_wait += (double)ns[KYMO_SPAN_RUNNABLE];
		times->syscall += (double)(ns[KYMO_SPAN_SYSCALL] + ns[KYMO_SPAN_SYSCALL_BLOCKED]);
		times->block += (double)ns[KYMO_SPAN_WAITING];
	}
	times->alive = groups->from[group + 1] - groups->from[group];
	times->total = times->execution + times->sched_wait + times->syscall + times->block;
	times->worst_wait = (double)worst;
	density_sum_settle(&b->group);
	if (all_from_group)
		hand_up(&b->all, &b->group);
	return density_make(&m->density[group], &b->group);
}

/* ---- everything ---- */

static bool make_procs(struct build *b)
{
	struct model *m = b->m;
	const struct kymo_procs *ps = kymo_trace_procs(m->trace);
	/* run_records says nothing of syscalls inside runs: a share of all spans for each proc covers them. */
	uint64_t floor = b->records / m->tuning.per_cell / (ps->count ? ps->count : 1);
	for (kymo_proc_ix p = 0; p < ps->count; p++) {
		uint64_t cells = ps->run_records[p] / m->tuning.per_cell + (ps->run_records[p] ? floor : 0);
		if (!pyramid_init(&m->procs[p], 0, m->duration, cells))
			return false;
	}
	return true;
}

static double wanted(const struct group_times *t)
{
	return t->execution + t->sched_wait;
}

static int compare_groups(const void *a, const void *b, void *ctx)
{
	const struct group_times *times = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	double wx = wanted(&times[x]), wy = wanted(&times[y]);
	if (wx != wy)
		return wx > wy ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void rank_groups(struct model *m)
{
	for (uint32_t i = 0; i < m->groups.count; i++)
		m->group_order[i] = i;
	qsort_r(m->group_order, m->groups.count, sizeof *m->group_order, compare_groups, m->group_times);
}

static bool allocate(struct build *b)
{
	struct model *m = b->m;
	uint32_t heavy = 0, threads = kymo_trace_threads(m->trace)->count, procs = kymo_trace_procs(m->trace)->count;
	uint64_t largest = 0;
	for (uint32_t g = 1; g < b->gs->count; g++)
		heavy += b->gs->span_records[g] >= m->tuning.heavy;
	for (uint32_t i = 0; i < m->groups.count; i++) {
		b->records += m->groups.records[i];
		largest = m->groups.records[i] > largest ? m->groups.records[i] : largest;
	}
	m->group_times = calloc((size_t)m->groups.count + 1, sizeof *m->group_times);
	m->group_order = calloc((size_t)m->groups.count + 1, sizeof *m->group_order);
	m->density = calloc((size_t)m->groups.count + 1, sizeof *m->density);
	m->execution = calloc(m->groups.goroutine_count, sizeof *m->execution);
	m->sched_wait = calloc(m->groups.goroutine_count, sizeof *m->sched_wait);
	m->heavy_of = calloc(m->groups.goroutine_count, sizeof *m->heavy_of);
	m->heavy = calloc((size_t)heavy + 1, sizeof *m->heavy);
	m->procs = calloc((size_t)procs + 1, sizeof *m->procs);
	m->proc_busy = calloc((size_t)procs + 1, sizeof *m->proc_busy);
	m->threads = calloc((size_t)threads + 1, sizeof *m->threads);
	m->thread_tried = calloc((size_t)threads + 1, sizeof *m->thread_tried);
	m->cache = cache_make(CACHE_BYTES);
	b->all_k = pyramid_base_for(0, m->duration, clamp(b->records / m->tuning.per_group_cell, 1, m->tuning.group_cells));
	uint64_t most = clamp(largest / m->tuning.per_group_cell, 1, m->tuning.group_cells);
	return m->group_times && m->group_order && m->density && m->execution && m->sched_wait && m->heavy_of &&
	       m->heavy && m->procs && m->proc_busy && m->threads && m->thread_tried && m->cache &&
	       density_sum_init(&b->all, b->all_k, 0, cells_of(m, b->all_k)) &&
	       density_sum_init(&b->group, 0, 0, (uint32_t)most);
}

static bool make_all(struct build *b)
{
	struct model *m = b->m;
	if (!allocate(b) || !make_procs(b))
		return false;
	for (uint32_t group = 0; group < m->groups.count; group++)
		if (!add_group(b, group))
			return false;
	for (kymo_proc_ix p = 0; p < kymo_trace_procs(m->trace)->count; p++)
		pyramid_finish(&m->procs[p]);
	density_sum_settle(&b->all);
	rank_groups(m);
	return density_make(&m->all, &b->all) && marks_make(&m->marks, m->trace);
}

struct model *model_make(const struct kymo_trace *t, const struct model_tuning *tuning, const bool *cancelled)
{
	struct model *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	struct build b = {.m = m, .gs = kymo_trace_goroutines(t), .cancelled = cancelled};
	m->trace = t;
	m->tuning = *tuning;
	m->duration = kymo_trace_info(t)->duration;
	for (uint32_t g = 1; g < b.gs->count; g++)
		if (b.gs->end[g] > m->duration)
			m->duration = b.gs->end[g];
	pthread_mutex_init(&m->threads_lock, NULL);
	m->class_of = class_table_make(t);
	bool ok = m->class_of && groups_make(&m->groups, t) && make_all(&b);
	density_sum_free(&b.group);
	density_sum_free(&b.all);
	if (!ok) {
		model_free(m);
		return NULL;
	}
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; m->heavy && i < m->heavy_count; i++)
		pyramid_free(&m->heavy[i]);
	for (uint32_t i = 0; m->procs && i < kymo_trace_procs(m->trace)->count; i++)
		pyramid_free(&m->procs[i]);
	for (uint32_t i = 0; m->threads && i < kymo_trace_threads(m->trace)->count; i++)
		pyramid_free(&m->threads[i]);
	for (uint32_t i = 0; m->density && i < m->groups.count; i++)
		density_free(&m->density[i]);
	density_free(&m->all);
	free(m->heavy);
	free(m->procs);
	free(m->threads);
	free(m->density);
	free(m->class_of);
	free(m->group_times);
	free(m->group_order);
	free(m->execution);
	free(m->sched_wait);
	free(m->heavy_of);
	free(m->proc_busy);
	free(m->thread_tried);
	marks_free(&m->marks);
	groups_free(&m->groups);
	cache_free(m->cache);
	pthread_mutex_destroy(&m->threads_lock);
	free(m);
}
