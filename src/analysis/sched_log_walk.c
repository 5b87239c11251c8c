/* SPDX-License-Identifier: MIT */
/* The waits of a stretch of time, goroutine by goroutine, dropped into blocks. */
#include <stdlib.h>

#include "analysis/sched_log_parts.h"
#include "analysis/select.h"
#include "trace/walk.h"

/* ---- keys ---- */

static always_inline uint32_t cause_of(const struct walk_span *x)
{
	if (x->cause != KYMO_CAUSE_STOPPED)
		return x->cause;
	uint32_t c = SCHED_CAUSE_REASONS + x->reason;
	return c < SCHED_CAUSES ? c : SCHED_CAUSES - 1;
}

/* 0: there is none to be had. */
static __attribute__((noinline)) uint32_t new_key(struct sched_share *s, uint32_t group,
                                                  uint32_t cause)
{
	struct sched_making *m = s->m;
	struct sched_log *log = m->log;
	_Atomic(uint32_t) *slot = &m->key_of[(size_t)group * SCHED_CAUSES + cause];
	pthread_mutex_lock(&m->lock);
	uint32_t key = atomic_load_explicit(slot, memory_order_relaxed);
	if (key == 0 && log->keys == SCHED_KEYS_MAX) {
		sched_fail(s, KYMO_E_LIMIT);
	} else if (key == 0) {
		if (log->keys == m->key_room) {
			struct sched_key *more = realloc(log->key, m->key_room * 2 * sizeof *more);
			if (more) {
				log->key = more;
				m->key_room *= 2;
			}
		}
		if (log->keys < m->key_room) {
			key = log->keys++;
			log->key[key] = (struct sched_key){group, cause};
			atomic_store_explicit(slot, key, memory_order_relaxed);
		} else {
			sched_fail(s, KYMO_E_MEMORY);
		}
	}
	pthread_mutex_unlock(&m->lock);
	return key;
}

static inline uint32_t key_for(struct sched_share *s, uint32_t cause)
{
	uint32_t key = atomic_load_explicit(&s->m->key_of[(size_t)s->group * SCHED_CAUSES + cause],
	                                    memory_order_relaxed);
	return likely(key) ? key : new_key(s, s->group, cause);
}

/* ---- the walk ---- */

static __attribute__((noinline)) uint64_t huge_ns(struct sched_share *s, kymo_ns ns)
{
	struct sched_making *m = s->m;
	pthread_mutex_lock(&m->lock);
	uint64_t index = m->huge.count;
	if (!vec_push(&m->huge, ns))
		sched_fail(s, KYMO_E_MEMORY);
	pthread_mutex_unlock(&m->lock);
	return SCHED_HUGE >> 16 | index;
}

/* [a, b) was waited for a proc; it lies in the log's time, and ends in this stretch. */
static always_inline bool wait_ended(struct sched_share *s, uint32_t cause, kymo_ns a, kymo_ns b)
{
	const struct sched_making *m = s->m;
	uint64_t end = (uint64_t)(b - 1 - m->from), ns = (uint64_t)(b - a);
	uint32_t key = key_for(s, cause);
	if (unlikely(ns >> SCHED_NS_BITS))
		ns = huge_ns(s, b - a);
	struct sched_heap *h = &s->heap[end >> m->log->shift];
	const struct sched_item item = {end & (((uint64_t)1 << m->log->shift) - 1), ns << 16 | key};
	return likely(key && vec_push(&h->waits, item)) || sched_fail(s, KYMO_E_MEMORY);
}

/* Of [a, b), in the log's time, what the stretch is to have. */
static always_inline bool wait_of(struct sched_share *s, uint32_t cause, kymo_ns a, kymo_ns b)
{
	const struct sched_making *m = s->m;
	return b <= m->from || b > m->to || wait_ended(s, cause, a, b);
}

/* Where goroutines are cut into pieces. */
static __attribute__((noinline)) bool wait_in_pieces(struct sched_share *s, uint32_t cause,
                                                     kymo_ns start, kymo_ns end)
{
	const struct sched_log *log = s->m->log;
	const struct kymo_selection *sel = s->m->opt->sel;
	uint32_t last = sel->piece_from[s->g + 1];
	while (s->piece < last && sel->pieces[s->piece].to <= start)
		s->piece++;
	for (uint32_t i = s->piece; i < last && sel->pieces[i].from < end; i++) {
		struct kymo_interval p = sel->pieces[i];
		kymo_ns a = start > p.from ? start : p.from, b = end < p.to ? end : p.to;
		a = a > log->from ? a : log->from;
		b = b < log->to ? b : log->to;
		if (a < b && !wait_of(s, cause, a, b))
			return false;
	}
	return true;
}

static inline bool wait_began(struct sched_share *s, kymo_ns a)
{
	const struct sched_making *m = s->m;
	uint64_t at = (uint64_t)(a - m->from);
	struct sched_heap *h = &s->heap[at >> m->log->shift];
	return likely(vec_push(&h->begins, at & (((uint64_t)1 << m->log->shift) - 1))) ||
	       sched_fail(s, KYMO_E_MEMORY);
}

static always_inline bool runnable(struct sched_share *s, const struct walk_span *x)
{
	const struct sched_making *m = s->m;
	const struct sched_log *log = m->log;
	kymo_ns a = x->start > log->from ? x->start : log->from,
		b = x->end < log->to ? x->end : log->to;
	if (m->opt->begins && a >= m->from && a < m->to && !wait_began(s, a))
		return false;
	if (unlikely(m->opt->sel && m->opt->sel->piece_from))
		return wait_in_pieces(s, cause_of(x), x->start, x->end);
	return wait_of(s, cause_of(x), a, b);
}

static always_inline bool visit(void *ctx, const struct walk_span *x)
{
	struct sched_share *s = ctx;
	const struct sched_making *m = s->m;
	kymo_ns a = x->start > m->from ? x->start : m->from, b = x->end < m->to ? x->end : m->to;
	if (a >= b)
		return x->start < m->to;
	switch (x->state) {
	case KYMO_SPAN_RUNNABLE: return runnable(s, x);
	case KYMO_SPAN_RUNNING:
		if (m->opt->work)
			work_times_add(&s->work, a, b, x->proc, false);
		break;
	case KYMO_SPAN_SYSCALL:
		if (m->opt->work && x->proc && x->proc < m->log->t->procs.count)
			work_times_add(&s->work, a, b, x->proc, true);
		break;
	}
	return true;
}

/* Of the goroutine at hand what is selected, if that is waits alone. */
static void walk_selected(struct sched_share *s)
{
	const struct sched_making *m = s->m;
	const struct kymo_selection *sel = m->opt->sel;
	struct kymo_interval all = {m->from, m->to};
	if (sel && sel->piece_from) {
		uint32_t from = sel->piece_from[s->g], to = sel->piece_from[s->g + 1], last = to - 1;
		while (from < to) {  // the first one that ends in this stretch, or later
			uint32_t mid = from + (to - from) / 2;
			if (sel->pieces[mid].to <= m->from)
				from = mid + 1;
			else
				to = mid;
		}
		s->piece = from;
		if (from > last || sel->pieces[from].from >= m->to)
			return;
		all.from = sel->pieces[from].from > m->from ? sel->pieces[from].from : m->from;
		all.to = sel->pieces[last].to < m->to ? sel->pieces[last].to : m->to;
	}
	walk_window(m->log->t, s->g, all.from, all.to, 1u << REC_WOKEN | 1u << REC_STOPPED, visit, s);
}

void sched_log_walk(void *job)
{
	struct sched_share *s = job;
	const struct sched_making *m = s->m;
	const struct kymo_trace *t = m->log->t;
	for (size_t i, end; !s->status && parallel_take(s->goroutines, &i, &end);)
		for (; i < end && !s->status; i++) {
			kymo_goroutine_ix g = m->rows ? m->rows[i] : (kymo_goroutine_ix)i;
			if (i + SPAN_AHEAD < end)
				span_prefetch(t, m->rows ? m->rows[i + SPAN_AHEAD] : g + SPAN_AHEAD);
			if (t->g.begin.at[g] >= m->to || t->g.end.at[g] <= m->from)
				continue;
			s->g = g;
			s->group = m->log->groups.of_name[t->g.name.at[g]] - 1;
			if (m->opt->work)
				walk_window(t, g, m->from, m->to, WALK_ALL, visit, s);
			else
				walk_selected(s);
		}
}
