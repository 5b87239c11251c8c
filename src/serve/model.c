/* SPDX-License-Identifier: MIT */
/*
 * What a model is made of, in which order, and its end. The one pass over all spans is
 * model_build.c.
 */
#include "serve/model.h"

#include <stdlib.h>
#include <string.h>

#include "serve/model_build.h"

const struct model_tuning model_tuning_default = {
	.heavy = 4096,
	.per_cell = 64,
	.per_group_cell = 512,
	.group_cells = 1u << 20,
	.threaded = 500000,
	.exact = 512,
};

/* Finished tiles that are kept. */
#define CACHE_BYTES ((size_t)32 << 20)

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
	qsort_r(m->group_order, m->groups.count, sizeof *m->group_order, compare_groups,
	        m->group_times);
}

/* Gives every heavy goroutine its row. */
static bool number_heavy(struct model *m)
{
	const struct kymo_goroutines *gs = m->groups.all;
	m->heavy_of = calloc(m->groups.goroutine_count, sizeof *m->heavy_of);
	if (!m->heavy_of)
		return false;
	for (kymo_goroutine_ix g = 1; g < gs->count; g++)
		if (gs->span_records[g] >= m->tuning.heavy)
			m->heavy_of[g] = ++m->heavy_count;
	m->heavy = calloc((size_t)m->heavy_count + 1, sizeof *m->heavy);
	return m->heavy != NULL;
}

static bool allocate(struct model *m)
{
	uint32_t threads = kymo_trace_threads(m->trace)->count,
		 procs = kymo_trace_procs(m->trace)->count;
	m->group_times = calloc((size_t)m->groups.count + 1, sizeof *m->group_times);
	m->group_order = calloc((size_t)m->groups.count + 1, sizeof *m->group_order);
	m->density = calloc((size_t)m->groups.count + 1, sizeof *m->density);
	m->execution = calloc(m->groups.goroutine_count, sizeof *m->execution);
	m->sched_wait = calloc(m->groups.goroutine_count, sizeof *m->sched_wait);
	m->procs = calloc((size_t)procs + 1, sizeof *m->procs);
	m->proc_busy = calloc((size_t)procs + 1, sizeof *m->proc_busy);
	m->threads = calloc((size_t)threads + 1, sizeof *m->threads);
	m->thread_tried = calloc((size_t)threads + 1, sizeof *m->thread_tried);
	m->cache = cache_make(CACHE_BYTES);
	return m->group_times && m->group_order && m->density && m->execution && m->sched_wait &&
	       m->procs && m->proc_busy && m->threads && m->thread_tried && m->cache &&
	       number_heavy(m);
}

struct model *model_make(const struct kymo_trace *t, const struct model_tuning *tuning,
                         const bool *cancelled)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	struct model *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->trace = t;
	m->tuning = *tuning;
	m->duration = kymo_trace_info(t)->duration;
	for (uint32_t g = 1; g < gs->count; g++)
		if (gs->end[g] > m->duration)
			m->duration = gs->end[g];
	pthread_mutex_init(&m->threads_lock, NULL);
	m->class_of = class_table_make(t);
	if (!m->class_of || !groups_make(&m->groups, t) || !allocate(m) ||
	    !model_build(m, cancelled) || !marks_make(&m->marks, t)) {
		model_free(m);
		return NULL;
	}
	rank_groups(m);
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
