/* SPDX-License-Identifier: MIT */
/* Pyramids by lane; those of threads are made here, on demand. */
#include "serve/model.h"

static uint64_t count_intervals(const struct model *m, struct lane lane)
{
	struct lane_cursor c;
	struct lane_span s;
	uint64_t n = 0;
	lane_seek(m, lane, 0, &c);
	while (lane_next(&c, &s))
		n++;
	return n;
}

static void add_interval(struct pyramid *p, const struct lane_span *s)
{
	enum plane plane = model_plane(s->state);
	if (plane == PLANE_COUNT) {
		pyramid_add_begin(p, s->start);
		return;
	}
	pyramid_add(p, s->start, s->end, plane, 0, 0);
	if (s->class == CLASS_GC)
		pyramid_add_time(p, s->start, s->end, PLANE_GC);
}

static void make_thread(struct model *m, kymo_thread_ix thread)
{
	struct lane lane = {LANE_THREAD, thread};
	struct lane_cursor c;
	struct lane_span s;
	uint64_t n = count_intervals(m, lane);
	if (n < m->tuning.heavy || !pyramid_init(&m->threads[thread], 0, m->duration, n / m->tuning.per_cell))
		return;
	lane_seek(m, lane, 0, &c);
	while (lane_next(&c, &s))
		if (s.start < s.end && s.end <= m->duration)
			add_interval(&m->threads[thread], &s);
	pyramid_finish(&m->threads[thread]);
}

/* `thread_tried` is set after the pyramid is whole: who sees it set (acquire) may read the pyramid without the lock. */
void model_need_thread(struct model *m, kymo_thread_ix thread)
{
	if (__atomic_load_n(&m->thread_tried[thread], __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&m->threads_lock);
	if (!m->thread_tried[thread]) {
		make_thread(m, thread);
		__atomic_store_n(&m->thread_tried[thread], true, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&m->threads_lock);
}

const struct pyramid *model_pyramid(const struct model *m, struct lane lane)
{
	const struct pyramid *p = NULL;
	if (lane.kind == LANE_GOROUTINE && m->heavy_of[lane.ix])
		p = &m->heavy[m->heavy_of[lane.ix] - 1];
	else if (lane.kind == LANE_PROC)
		p = &m->procs[lane.ix];
	else if (lane.kind == LANE_THREAD && __atomic_load_n(&m->thread_tried[lane.ix], __ATOMIC_ACQUIRE))
		p = &m->threads[lane.ix];
	return p && pyramid_made(p) ? p : NULL;
}

size_t model_bytes(const struct model *m)
{
	const struct groups *g = &m->groups;
	uint32_t procs = kymo_trace_procs(m->trace)->count, threads = kymo_trace_threads(m->trace)->count;
	size_t bytes = density_bytes(&m->all) + marks_bytes(&m->marks);
	for (uint32_t i = 0; i < m->heavy_count; i++)
		bytes += pyramid_bytes(&m->heavy[i]);
	for (uint32_t i = 0; i < procs; i++)
		bytes += pyramid_bytes(&m->procs[i]);
	for (uint32_t i = 0; i < threads; i++)
		if (__atomic_load_n(&m->thread_tried[i], __ATOMIC_ACQUIRE))
			bytes += pyramid_bytes(&m->threads[i]);
	for (uint32_t i = 0; i < g->count; i++)
		bytes += density_bytes(&m->density[i]);
	/* Per goroutine: group, two orders, row of its pyramid, two sums; a maximum for each 32. */
	bytes += (size_t)g->goroutine_count * (4 * sizeof(uint32_t) + 2 * sizeof(kymo_ns) + 1);
	return bytes + kymo_trace_string_count(m->trace);
}
