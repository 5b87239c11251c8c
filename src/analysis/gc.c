/* SPDX-License-Identifier: MIT */
/* Cycles, stops, assists, sweeps, the heap: passes over short tables. gc_groups.c has the groups. */
#include <kymo/gc.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/gc.h"
#include "analysis/gc_work.h"

#define HEAP_SLICES 240

struct owned {
	struct kymo_gc_cycle *cycle;
	struct kymo_gc_stop *stop;
	struct kymo_gc_group *assist, *sweep;
	struct kymo_gc_heap *heap;
};

struct cycle {
	struct kymo_gc_cycle c;
	kymo_ns marked;                 // end of the range
	kymo_ns sweep_end, term_begin;  // of the stops; -1: not seen
};

struct work {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	struct kymo_gc *out;
	kymo_ns from, to;
	VEC(struct cycle) cycles;
	VEC(struct kymo_gc_stop) stops;
	struct dist stop_times;
	struct gc_groups assists, sweeps;
	kymo_ns running;  // of the assist at hand
	kymo_goroutine_ix g;
};

static kymo_ns inside(const struct work *w, kymo_ns a, kymo_ns b)
{
	a = a > w->from ? a : w->from;
	b = b < w->to ? b : w->to;
	return b > a ? b - a : 0;
}

static bool touches(const struct work *w, kymo_ns a, kymo_ns b)
{
	return inside(w, a, b) > 0 || (a == b && select_instant(w->t, w->sel, a));
}

/* The last cycle that began at or before a time; NULL: none. */
static struct cycle *cycle_at(struct work *w, kymo_ns time)
{
	size_t lo = 0, hi = w->cycles.count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (w->cycles.at[mid].c.start <= time)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &w->cycles.at[lo - 1] : NULL;
}

/* The last cycle whose mark phase was over. */
static struct cycle *cycle_swept_at(struct work *w, kymo_ns time)
{
	struct cycle *c = cycle_at(w, time);
	if (c && c->marked > time)
		c = c > w->cycles.at ? c - 1 : NULL;
	return c;
}

/* ---- cycles and stops ---- */

static bool find_cycles(struct work *w)
{
	const struct kymo_ranges *r = &w->t->ranges;
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->kind[i] != KYMO_RANGE_GC)
			continue;
		struct cycle c = {
			.c = {.start = r->start[i],
		              .end = r->end[i],
		              .flags = (uint8_t)((r->flags[i] & KYMO_RANGE_NO_BEGIN ? KYMO_GC_NO_BEGIN
		                                                                    : 0) |
		                                 (r->flags[i] & KYMO_RANGE_NO_END ? KYMO_GC_NO_END
		                                                                  : 0)),
		              .goroutine = r->flags[i] & KYMO_RANGE_NO_BEGIN ? 0 : r->goroutine[i],
		              .sweep_termination = -1,
		              .mark = -1,
		              .mark_termination = -1},
			.marked = r->end[i],
			.sweep_end = -1,
			.term_begin = -1,
		};
		if (!vec_push(&w->cycles, c))
			return false;
	}
	return true;
}

/* How long goroutines on other procs went on. */
static kymo_ns stopping(const struct work *w, kymo_ns start, kymo_ns end, kymo_proc_ix own)
{
	kymo_ns last = start;
	for (kymo_proc_ix p = 1; p < w->t->procs.count; p++) {
		struct kymo_run_cursor c;
		struct kymo_run run;
		if (p == own)
			continue;
		kymo_run_seek(w->t, p, start, &c);
		if (kymo_run_next(&c, &run) && run.start <= start && run.end > last)
			last = run.end;
	}
	return (last < end ? last : end) - start;
}

static bool has(struct kymo_str s, const char *text)
{
	return memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

static void stop_of_cycle(struct work *w, uint32_t i, struct kymo_str name)
{
	const struct kymo_ranges *r = &w->t->ranges;
	struct cycle *c = cycle_at(w, r->start[i]);
	if (!c || !gc_is_stw_name(w->t, r->name[i]))
		return;
	kymo_ns length = r->end[i] - r->start[i];
	c->c.stops++;
	c->c.stopped += length;
	bool ended = !(r->flags[i] & KYMO_RANGE_NO_END);
	if (has(name, "sweep termination") && c->sweep_end < 0 && ended) {
		c->c.sweep_termination = length;
		c->sweep_end = r->end[i];
	} else if (has(name, "mark termination") && r->start[i] <= c->marked) {
		c->term_begin = r->start[i];
		c->c.mark_termination = ended && !(c->c.flags & KYMO_GC_NO_END) ? length : -1;
		if (r->end[i] > c->c.end)
			c->c.end = r->end[i];
	}
}

static bool find_stops(struct work *w)
{
	const struct kymo_ranges *r = &w->t->ranges;
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->kind[i] != KYMO_RANGE_STW)
			continue;
		struct kymo_str name = kymo_trace_string(w->t, r->name[i]);
		stop_of_cycle(w, i, name);
		if (!touches(w, r->start[i], r->end[i]))
			continue;
		struct kymo_gc_stop s = {
			.start = r->start[i],
			.end = r->end[i],
			.inside = inside(w, r->start[i], r->end[i]),
			.stopping = stopping(w, r->start[i], r->end[i], r->proc[i]),
			.name = r->name[i],
			.goroutine = r->goroutine[i],
			.stack = r->stack[i],
			.flags = r->flags[i],
		};
		if (gc_is_stw_name(w->t, r->name[i]))
			w->out->stopped_for_gc += s.inside;
		if (!vec_push(&w->stops, s) || !dist_add(&w->stop_times, s.inside))
			return false;
	}
	for (size_t i = 0; i < w->cycles.count; i++) {
		struct cycle *c = &w->cycles.at[i];
		if (c->sweep_end >= 0 && c->term_begin >= c->sweep_end &&
		    !(c->c.flags & KYMO_GC_NO_END))
			c->c.mark = c->term_begin - c->sweep_end;
		w->out->marking += inside(w, c->c.start, c->marked);
	}
	return true;
}

/* ---- who marks and sweeps ---- */

static bool add_worker(void *ctx, const struct gc_piece *p)
{
	struct work *w = ctx;
	kymo_ns ns = inside(w, p->from, p->to);
	struct cycle *c = cycle_at(w, p->from);
	w->out->worker[p->mode] += ns;
	if (c)
		c->c.worker[p->mode] += ns;
	return true;
}

/* What is selected of [a, b) of a goroutine's time. */
static kymo_ns selected(const struct work *w, kymo_goroutine_ix g, kymo_ns a, kymo_ns b)
{
	struct kymo_interval p;
	kymo_ns sum = 0;
	if (!w->sel || !w->sel->piece_from)
		return select_has(w->sel, g) ? inside(w, a, b) : 0;
	for (uint32_t i = 0; select_piece(w->t, w->sel, g, i, &p); i++)
		sum += select_overlap(&p, a, b);
	return sum;
}

static bool add_running(void *ctx, const struct gc_piece *p)
{
	struct work *w = ctx;
	w->running += selected(w, w->g, p->from, p->to);
	return true;
}

static bool add_assist(struct work *w, uint32_t i)
{
	const struct kymo_ranges *r = &w->t->ranges;
	kymo_ns ns = selected(w, r->goroutine[i], r->start[i], r->end[i]);
	if (!ns)
		return true;
	struct cycle *c = cycle_at(w, r->start[i]);
	struct gc_group *group = gc_groups_add(&w->assists, w->t, r->goroutine[i], ns);
	w->running = 0;
	w->g = r->goroutine[i];
	if (!group || !gc_executing(w->t, i, INT64_MIN, INT64_MAX, add_running, w))
		return false;
	group->running += w->running;
	w->out->assist_running += w->running;
	if (c) {
		c->c.assists++;
		c->c.assist += ns;
		c->c.assist_running += w->running;
	}
	return true;
}

static bool add_sweep(struct work *w, uint32_t i)
{
	const struct kymo_ranges *r = &w->t->ranges;
	kymo_ns ns = selected(w, r->goroutine[i], r->start[i], r->end[i]);
	if (!ns)
		return true;
	struct cycle *c = cycle_swept_at(w, r->start[i]);
	struct gc_group *group = gc_groups_add(&w->sweeps, w->t, r->goroutine[i], ns);
	if (!group)
		return false;
	if (c)
		c->c.sweep += ns;
	// The bytes are known, and counted, when it ends: with its last ns.
	if (r->flags[i] & KYMO_RANGE_NO_END || !inside(w, r->end[i] - 1, r->end[i]))
		return true;
	group->swept += r->swept_bytes[i];
	group->reclaimed += r->reclaimed_bytes[i];
	w->out->swept_bytes += r->swept_bytes[i];
	w->out->reclaimed_bytes += r->reclaimed_bytes[i];
	if (c) {
		c->c.swept_bytes += r->swept_bytes[i];
		c->c.reclaimed_bytes += r->reclaimed_bytes[i];
	}
	return true;
}

static bool add_goroutines(struct work *w)
{
	const struct kymo_ranges *r = &w->t->ranges;
	bool ok = gc_workers(w->t, w->from, w->to, add_worker, w);
	for (uint32_t i = 0; i < r->count && ok; i++) {
		gc_prefetch(w->t, i + GC_AHEAD);
		if (r->kind[i] == KYMO_RANGE_ASSIST)
			ok = add_assist(w, i);
		else if (r->kind[i] == KYMO_RANGE_SWEEP)
			ok = add_sweep(w, i);
	}
	return ok;
}

/* ---- the heap ---- */

/* The place of the value that holds at a time; -1: none yet. */
static int64_t place_at(const struct kymo_series *s, kymo_ns time)
{
	uint32_t lo = 0, hi = s->count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->time[mid] <= time)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (int64_t)lo - 1;
}

static uint64_t value_at(const struct kymo_series *s, kymo_ns time)
{
	int64_t i = place_at(s, time);
	return i < 0 ? UINT64_MAX : s->value[i];
}

/* The extremes over [a, b). */
static void extremes(const struct kymo_series *s, kymo_ns a, kymo_ns b, uint64_t *least,
                     uint64_t *most)
{
	int64_t i = place_at(s, a);
	*least = *most = UINT64_MAX;
	for (i = i < 0 ? 0 : i; i < (int64_t)s->count && (s->time[i] < b || s->time[i] <= a); i++) {
		*least = *least == UINT64_MAX || s->value[i] < *least ? s->value[i] : *least;
		*most = *most == UINT64_MAX || s->value[i] > *most ? s->value[i] : *most;
	}
}

static void heap_of_cycles(struct work *w)
{
	const struct kymo_series *live = &w->t->series[KYMO_METRIC_HEAP_LIVE],
				 *goal = &w->t->series[KYMO_METRIC_HEAP_GOAL];
	for (size_t i = 0; i < w->cycles.count; i++) {
		struct kymo_gc_cycle *c = &w->cycles.at[i].c;
		uint64_t least;
		c->heap_start = value_at(live, c->start);
		extremes(live, c->start, c->end, &least, &c->heap_peak);
		c->heap_end = value_at(live, c->end);
		c->goal = value_at(goal, c->start);
	}
}

static bool heap_over_time(struct work *w, struct owned *o)
{
	const struct kymo_series *live = &w->t->series[KYMO_METRIC_HEAP_LIVE],
				 *goal = &w->t->series[KYMO_METRIC_HEAP_GOAL];
	kymo_ns length = w->to - w->from;
	size_t n = length < HEAP_SLICES ? (size_t)length : HEAP_SLICES;
	if (!live->count && !goal->count)
		n = 0;
	o->heap = calloc(n + 1, sizeof *o->heap);
	if (!o->heap)
		return false;
	for (size_t i = 0; i < n; i++) {
		kymo_ns whole = length / (kymo_ns)n, rest = length % (kymo_ns)n;
		kymo_ns a = w->from + whole * (kymo_ns)i + rest * (kymo_ns)i / (kymo_ns)n;
		kymo_ns b = w->from + whole * (kymo_ns)(i + 1) + rest * (kymo_ns)(i + 1) / (kymo_ns)n;
		o->heap[i].from = a;
		extremes(live, a, b, &o->heap[i].live_min, &o->heap[i].live_max);
		o->heap[i].goal = value_at(goal, b - 1);
	}
	w->out->heap_count = n;
	w->out->heap = o->heap;
	return true;
}

/* ---- results ---- */

static kymo_ns available(const struct work *w)
{
	const struct kymo_series *m = &w->t->series[KYMO_METRIC_GOMAXPROCS];
	kymo_ns sum = 0;
	for (uint32_t i = 0; i < m->count; i++)
		sum += (kymo_ns)m->value[i] *
		       inside(w, i ? m->time[i] : 0, i + 1 < m->count ? m->time[i + 1] : w->to);
	return sum;
}

static bool publish(struct work *w, struct owned *o)
{
	struct kymo_gc *out = w->out;
	size_t n = 0;
	o->cycle = calloc(w->cycles.count + 1, sizeof *o->cycle);
	if (!o->cycle)
		return false;
	for (size_t i = 0; i < w->cycles.count; i++)
		if (touches(w, w->cycles.at[i].c.start, w->cycles.at[i].c.end))
			o->cycle[n++] = w->cycles.at[i].c;
	out->cycle_count = n;
	out->cycle = o->cycle;
	out->stop_count = w->stops.count;
	out->stop = o->stop = w->stops.at;
	w->stops.at = NULL;
	out->stops = gc_latency(&w->stop_times);
	out->available = available(w);
	o->assist = gc_groups_publish(&w->assists, w->t, &out->assist_count, &out->assists);
	o->sweep = gc_groups_publish(&w->sweeps, w->t, &out->sweep_count, &out->sweeps);
	out->assist = o->assist;
	out->sweep = o->sweep;
	return o->assist && o->sweep;
}

enum kymo_status kymo_gc_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                 struct kymo_gc *out)
{
	struct work w = {
		.t = t, .sel = sel, .out = out, .from = select_from(sel), .to = select_to(sel, t)};
	*out = (struct kymo_gc){.from = w.from, .to = w.to};
	struct owned *o = calloc(1, sizeof *o);
	out->owned = o;
	bool ok = o && gc_groups_begin(&w.assists, t) && gc_groups_begin(&w.sweeps, t) &&
	          find_cycles(&w) && find_stops(&w) && add_goroutines(&w);
	if (ok)
		heap_of_cycles(&w);
	ok = ok && heap_over_time(&w, o) && publish(&w, o);
	vec_free(&w.cycles);
	vec_free(&w.stops);
	dist_free(&w.stop_times);
	gc_groups_free(&w.assists);
	gc_groups_free(&w.sweeps);
	if (!ok) {
		kymo_gc_free(out);
		return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

void kymo_gc_free(struct kymo_gc *gc)
{
	if (!gc || !gc->owned)
		return;
	struct owned *o = gc->owned;
	free(o->cycle);
	free(o->stop);
	free(o->assist);
	free(o->sweep);
	free(o->heap);
	free(o);
	*gc = (struct kymo_gc){0};
}
