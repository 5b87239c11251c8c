/* SPDX-License-Identifier: MIT */
/* Pyramids by lane; those of threads are made here, on demand. */
#include "serve/model.h"

/*
 * About how many intervals the thread has, if those of each proc are spread evenly over the trace.
 */
static double estimate_intervals(const struct model *m, kymo_thread_ix thread)
{
	const struct kymo_bindings *b = kymo_trace_bindings(m->trace);
	const uint32_t *runs = kymo_trace_procs(m->trace)->run_records;
	double n = 0;
	for (uint32_t i = b->by_thread[thread]; i < b->by_thread[thread + 1]; i++)
		n += b->proc[i] ? 1 + (double)runs[b->proc[i]] * (double)(b->end[i] - b->start[i]) /
		                                  (double)m->duration
		                : 1;
	return n;
}

/* The thread's intervals within [from, to), clipped. */
static void add_walking(const struct model *m, struct pyramid *p, struct lane lane, kymo_ns from,
                        kymo_ns to)
{
	struct lane_cursor c;
	struct lane_span s;
	if (from >= to)
		return;
	lane_seek(m, lane, from, &c);
	for (s.end = from; s.end < to && lane_next(&c, &s) && s.start < to;) {
		enum plane plane = model_plane(s.state);
		kymo_ns a = s.start > from ? s.start : from, b = s.end < to ? s.end : to;
		if (plane == PLANE_COUNT || a >= b)
			continue;
		pyramid_add_time(p, a, b, plane);
		if (s.class == CLASS_GC)
			pyramid_add_time(p, a, b, PLANE_GC);
		if (s.start >= from)
			pyramid_add_begin(p, s.start);
	}
}

/* What the proc was doing already when the thread got it begins there, for the thread. */
static void add_cut_begin(const struct model *m, struct pyramid *p, kymo_proc_ix proc, kymo_ns start)
{
	struct lane_cursor c;
	struct lane_span s;
	lane_seek(m, (struct lane){LANE_PROC, proc}, start, &c);
	if (lane_next(&c, &s) && s.start < start && s.end > start)
		pyramid_add_begin(p, start);
}

/*
 * What the thread did while it held a proc is what the proc did: whole cells of the proc's are
 * taken over.
 */
static void add_binding(const struct model *m, struct pyramid *p, struct lane lane, uint32_t row)
{
	const struct kymo_bindings *b = kymo_trace_bindings(m->trace);
	kymo_ns start = b->start[row], end = b->end[row] < m->duration ? b->end[row] : m->duration;
	const struct pyramid *proc = &m->procs[b->proc[row]];
	unsigned k = proc->base;
	uint64_t first = ((uint64_t)start + ((1ull << k) - 1)) >> k, last = (uint64_t)end >> k;
	if (b->proc[row] == 0 || first >= last) {
		add_walking(m, p, lane, start, end);
		return;
	}
	if ((kymo_ns)(first << k) == start)
		add_cut_begin(m, p, b->proc[row], start);
	add_walking(m, p, lane, start, (kymo_ns)(first << k));
	pyramid_take_cells(p, proc, first, last);
	add_walking(m, p, lane, (kymo_ns)(last << k), end);
}

static void make_thread(struct model *m, kymo_thread_ix thread)
{
	const struct kymo_bindings *b = kymo_trace_bindings(m->trace);
	double n = estimate_intervals(m, thread);
	struct pyramid *p = &m->threads[thread];
	uint64_t cells = (uint64_t)n / m->tuning.per_cell, most = UINT64_MAX;
	if (n < (double)m->tuning.heavy)
		return;
	/* Not finer than the pyramids of the procs that it is made of. */
	for (uint32_t i = b->by_thread[thread]; i < b->by_thread[thread + 1]; i++)
		if (b->proc[i] && m->procs[b->proc[i]].levels[0].count < most)
			most = m->procs[b->proc[i]].levels[0].count;
	if (!pyramid_init(p, 0, m->duration, cells < most ? cells : most))
		return;
	for (uint32_t i = b->by_thread[thread]; i < b->by_thread[thread + 1]; i++)
		add_binding(m, p, (struct lane){LANE_THREAD, thread}, i);
	pyramid_finish(p);
}

/*
 * `thread_tried` is set after the pyramid is whole: who sees it set (acquire) may read the pyramid
 * without the lock.
 */
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
	else if (lane.kind == LANE_THREAD &&
	         __atomic_load_n(&m->thread_tried[lane.ix], __ATOMIC_ACQUIRE))
		p = &m->threads[lane.ix];
	return p && pyramid_made(p) ? p : NULL;
}

size_t model_bytes(const struct model *m)
{
	const struct groups *g = &m->groups;
	uint32_t procs = kymo_trace_procs(m->trace)->count,
		 threads = kymo_trace_threads(m->trace)->count;
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
