/* SPDX-License-Identifier: MIT */
/*
 * One walk over all spans tells everything: runnable ones are waits (sched_latency.c) and edges of the depth (depth.c),
 * those on a proc are what the procs did.
 */
#include <kymo/sched.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/gc_work.h"
#include "analysis/sched_work.h"
#include "trace/walk.h"

/* ---- slices ---- */

static bool make_slices(struct sched_work *w, uint32_t slices)
{
	kymo_ns length = w->to - w->from;
	if ((kymo_ns)slices > length)
		slices = length > 0 ? (uint32_t)length : 1;
	w->slices = slices;
	w->per_ns = length ? (double)slices / (double)length : 0;
	w->slice = calloc(slices, sizeof *w->slice);
	for (uint32_t i = 0; w->slice && i < slices; i++) {
		// Not length * i, which may not fit.
		kymo_ns whole = length / slices, rest = length % slices;
		w->slice[i].from = w->from + whole * i + rest * i / slices;
		w->slice[i].to = w->from + whole * (i + 1) + rest * (i + 1) / slices;
	}
	return w->slice != NULL;
}

/* The slice that holds a time inside of the window. */
static inline uint32_t slice_at(const struct sched_work *w, kymo_ns time)
{
	uint32_t i = (uint32_t)((double)(time - w->from) * w->per_ns);
	i = i < w->slices ? i : w->slices - 1;
	while (time < w->slice[i].from)
		i--;
	while (time >= w->slice[i].to && i + 1 < w->slices)
		i++;
	return i;
}

/* A proc was at work in [a, b). */
static inline void work_in_slices(struct sched_work *w, kymo_ns a, kymo_ns b, bool syscall)
{
	for (uint32_t i = slice_at(w, a); a < b; i++) {
		struct kymo_sched_slice *s = &w->slice[i];
		kymo_ns end = b < s->to ? b : s->to;
		if (syscall)
			s->syscall += end - a;
		else
			s->running += end - a;
		a = end;
	}
}

/* ---- the walk ---- */

static inline uint32_t cause_of(const struct walk_span *s)
{
	if (s->cause != KYMO_CAUSE_STOPPED)
		return s->cause;
	uint32_t c = CAUSE_REASONS + s->reason;
	return c < LATENCY_CAUSES ? c : LATENCY_CAUSES - 1;
}

static inline void wait_of(struct sched_work *w, const struct walk_span *s, kymo_ns a, kymo_ns b)
{
	if (a < b)
		w->failed |=
			!latencies_add(&w->waits, b - a, w->group, cause_of(s), slice_at(w, b - 1));
}

/* What is selected of a wait, where goroutines are cut into pieces. */
static __attribute__((noinline)) void wait_in_pieces(struct sched_work *w,
                                                     const struct walk_span *s, kymo_ns end)
{
	struct kymo_interval p;
	for (uint32_t i = 0; select_piece(w->t, w->sel, w->g, i, &p); i++) {
		kymo_ns a = s->start > p.from ? s->start : p.from, b = end < p.to ? end : p.to;
		wait_of(w, s, a, b);
	}
}

static always_inline bool visit(void *ctx, const struct walk_span *s)
{
	struct sched_work *w = ctx;
	kymo_ns a = s->start > w->from ? s->start : w->from, b = s->end < w->to ? s->end : w->to;
	if (a >= b)
		return s->start < w->to;
	switch (s->state) {
	case KYMO_SPAN_RUNNABLE:
		depth_add(&w->depth, a, b);
		if (!w->selected)
			break;
		if (unlikely(w->sel && w->sel->piece_from))
			wait_in_pieces(w, s, s->end);
		else
			wait_of(w, s, a, b);
		break;
	case KYMO_SPAN_RUNNING:
		if (s->proc < w->t->procs.count)
			w->running[s->proc] += b - a;
		work_in_slices(w, a, b, false);
		break;
	case KYMO_SPAN_SYSCALL:
		if (s->proc && s->proc < w->t->procs.count) {
			w->syscall[s->proc] += b - a;
			work_in_slices(w, a, b, true);
		}
		break;
	}
	return true;
}

static bool name_groups(struct sched_work *w)
{
	const struct kymo_trace *t = w->t;
	uint32_t strings = kymo_trace_string_count(t);
	w->group_of_name = calloc(strings, sizeof *w->group_of_name);
	w->group_name = calloc(strings + 1, sizeof *w->group_name);
	if (!w->group_of_name || !w->group_name)
		return false;
	for (uint32_t g = 1; g < t->goroutines.count; g++) {
		uint32_t *group = &w->group_of_name[t->g.name.at[g]];
		if (*group)
			continue;
		w->group_name[w->groups] = t->g.name.at[g];
		*group = ++w->groups;
	}
	return true;
}

static void walk_all(struct sched_work *w)
{
	const struct kymo_trace *t = w->t;
	for (uint32_t g = 1; g < t->goroutines.count && !w->failed; g++) {
		if (t->g.begin.at[g] >= w->to || t->g.end.at[g] <= w->from)
			continue;
		w->g = g;
		w->group = w->group_of_name[t->g.name.at[g]] - 1;
		w->selected = select_has(w->sel, g);
		walk_window(t, g, w->from, w->to, WALK_ALL, visit, w);
	}
}

/* ---- the whole ---- */

static bool add_gc(void *ctx, const struct gc_piece *p)
{
	struct sched_work *w = ctx;
	kymo_ns a = p->from > w->from ? p->from : w->from, b = p->to < w->to ? p->to : w->to;
	if (a < b)
		w->gc[p->proc] += b - a;
	return true;
}

static enum kymo_status compute(struct sched_work *w, const struct kymo_sched_options *opt,
                                struct kymo_sched *out, struct sched_owned *o)
{
	const struct kymo_trace *t = w->t;
	size_t procs = t->procs.count + 1;
	uint64_t records = 0;
	for (uint32_t g = 1; g < t->goroutines.count; g++)
		records += t->g.span_records.at[g];
	w->running = calloc(procs * 4, sizeof *w->running);
	if (!w->running || !name_groups(w) || !make_slices(w, opt->slices))
		return KYMO_E_MEMORY;
	w->syscall = w->running + procs;
	w->gc = w->syscall + procs;
	w->held = w->gc + procs;
	if (w->groups > LATENCY_GROUPS)
		return KYMO_E_LIMIT;
	if (!latencies_begin(&w->waits, w->groups, LATENCY_CAUSES, w->slices) ||
	    !depth_begin(&w->depth, t, w->from, w->to, records, w->slice, w->slices, opt->starved_max))
		return KYMO_E_MEMORY;
	walk_all(w);
	if (w->failed || !gc_workers(t, w->from, w->to, add_gc, w) || !sched_publish(w, opt, out, o))
		return KYMO_E_MEMORY;
	return KYMO_OK;
}

enum kymo_status kymo_sched_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                    const struct kymo_sched_options *options, struct kymo_sched *out)
{
	struct kymo_sched_options opt = options ? *options : (struct kymo_sched_options){0};
	if (opt.slices == 0 || opt.slices >= LATENCY_SLICES)
		opt.slices = opt.slices ? LATENCY_SLICES - 1 : 100;
	opt.starved_max = opt.starved_max ? opt.starved_max : 20;
	struct sched_work w = {.t = t, .sel = sel, .from = select_from(sel), .to = select_to(sel, t)};
	if (w.to < w.from)
		w.to = w.from;
	*out = (struct kymo_sched){0};
	struct sched_owned *o = calloc(1, sizeof *o);
	enum kymo_status st = o ? KYMO_OK : KYMO_E_MEMORY;
	out->owned = o;
	if (st == KYMO_OK)
		st = compute(&w, &opt, out, o);
	latencies_free(&w.waits);
	depth_free(&w.depth);
	free(w.slice);
	free(w.running);
	free(w.group_of_name);
	free(w.group_name);
	if (st != KYMO_OK)
		kymo_sched_free(out);
	return st;
}

void kymo_sched_free(struct kymo_sched *s)
{
	if (!s || !s->owned)
		return;
	struct sched_owned *o = s->owned;
	free(o->histogram);
	free(o->group_name);
	free(o->group);
	free(o->cause);
	free(o->slice);
	free(o->at_depth);
	free(o->proc);
	free(o->starved);
	free(o);
	*s = (struct kymo_sched){0};
}
