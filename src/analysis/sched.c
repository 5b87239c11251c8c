/* SPDX-License-Identifier: MIT */
/*
 * One walk over all spans tells everything: runnable ones are waits (sched_latency.c) and edges of the depth (depth.c),
 * those on a proc are what the procs did.
 */
#include <kymo/sched.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/gc_work.h"
#include "analysis/parallel.h"
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

/* ---- the walk ---- */

/* One thread's share of it. */
struct share {
	alignas(PARALLEL_LINE) const struct sched_work *w;
	struct parallel *goroutines;
	struct latency_list *waits;
	struct depth_edges *depth;
	struct in_slice {
		kymo_ns running, syscall;
	} * slice;                   // [slices]
	kymo_ns *running, *syscall;  // [procs]
	bool failed;

	/* the goroutine at hand */
	kymo_goroutine_ix g;
	uint32_t group;
	bool selected;
};

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
static inline void work_in_slices(struct share *s, kymo_ns a, kymo_ns b, bool syscall)
{
	for (uint32_t i = slice_at(s->w, a); a < b; i++) {
		kymo_ns to = s->w->slice[i].to, end = b < to ? b : to;
		if (syscall)
			s->slice[i].syscall += end - a;
		else
			s->slice[i].running += end - a;
		a = end;
	}
}

static inline uint32_t cause_of(const struct walk_span *x)
{
	if (x->cause != KYMO_CAUSE_STOPPED)
		return x->cause;
	uint32_t c = CAUSE_REASONS + x->reason;
	return c < LATENCY_CAUSES ? c : LATENCY_CAUSES - 1;
}

static inline void wait_of(struct share *s, const struct walk_span *x, kymo_ns a, kymo_ns b)
{
	if (a < b)
		s->failed |= !latency_list_add(s->waits, b - a, s->group, cause_of(x),
		                               slice_at(s->w, b - 1));
}

/* What is selected of a wait, where goroutines are cut into pieces. */
static __attribute__((noinline)) void wait_in_pieces(struct share *s, const struct walk_span *x,
                                                     kymo_ns end)
{
	struct kymo_interval p;
	for (uint32_t i = 0; select_piece(s->w->t, s->w->sel, s->g, i, &p); i++) {
		kymo_ns a = x->start > p.from ? x->start : p.from, b = end < p.to ? end : p.to;
		wait_of(s, x, a, b);
	}
}

static always_inline bool visit(void *ctx, const struct walk_span *x)
{
	struct share *s = ctx;
	const struct sched_work *w = s->w;
	kymo_ns a = x->start > w->from ? x->start : w->from, b = x->end < w->to ? x->end : w->to;
	if (a >= b)
		return x->start < w->to;
	switch (x->state) {
	case KYMO_SPAN_RUNNABLE:
		depth_add(s->depth, a, b);
		if (!s->selected)
			break;
		if (unlikely(w->sel && w->sel->piece_from))
			wait_in_pieces(s, x, x->end);
		else
			wait_of(s, x, a, b);
		break;
	case KYMO_SPAN_RUNNING:
		if (x->proc < w->t->procs.count)
			s->running[x->proc] += b - a;
		work_in_slices(s, a, b, false);
		break;
	case KYMO_SPAN_SYSCALL:
		if (x->proc && x->proc < w->t->procs.count) {
			s->syscall[x->proc] += b - a;
			work_in_slices(s, a, b, true);
		}
		break;
	}
	return true;
}

static void walk_share(void *job)
{
	struct share *s = job;
	const struct sched_work *w = s->w;
	const struct kymo_trace *t = w->t;
	for (size_t i, end; !s->failed && parallel_take(s->goroutines, &i, &end);)
		for (; i < end && !s->failed; i++) {
			kymo_goroutine_ix g = (kymo_goroutine_ix)i;
			if (i + SPAN_AHEAD < end)
				span_prefetch(t, g + SPAN_AHEAD);
			if (t->g.begin.at[g] >= w->to || t->g.end.at[g] <= w->from)
				continue;
			s->g = g;
			s->group = w->group_of_name[t->g.name.at[g]] - 1;
			s->selected = select_has(w->sel, g);
			walk_window(t, g, w->from, w->to, WALK_ALL, visit, s);
		}
}

static bool share_begin(struct share *s, struct sched_work *w, struct parallel *goroutines,
                        unsigned part)
{
	// One piece of whole cache lines: what threads write must not lie side by side.
	size_t procs = w->t->procs.count + 1,
	       bytes = w->slices * sizeof *s->slice + procs * 2 * sizeof *s->running;
	bytes = (bytes + PARALLEL_LINE - 1) / PARALLEL_LINE * PARALLEL_LINE;
	*s = (struct share){.w = w,
	                    .goroutines = goroutines,
	                    .waits = &w->waits.list[part],
	                    .depth = &w->depth.edges[part]};
	s->slice = aligned_alloc(PARALLEL_LINE, bytes);
	if (!s->slice)
		return false;
	memset(s->slice, 0, bytes);
	s->running = (kymo_ns *)(s->slice + w->slices);
	s->syscall = s->running + procs;
	return true;
}

/* Adds a share to the whole, and frees it. */
static bool share_end(struct share *s, struct sched_work *w)
{
	bool ok = !s->failed && s->slice;
	for (uint32_t i = 0; ok && i < w->slices; i++) {
		w->slice[i].running += s->slice[i].running;
		w->slice[i].syscall += s->slice[i].syscall;
	}
	for (uint32_t i = 0; ok && i < w->t->procs.count; i++) {
		w->running[i] += s->running[i];
		w->syscall[i] += s->syscall[i];
	}
	free(s->slice);
	return ok;
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

/* ---- the whole ---- */

static bool walk_all(struct sched_work *w, const struct kymo_sched_options *opt)
{
	struct parallel goroutines;
	struct share s[PARALLEL_MAX] = {{0}};
	unsigned n = parallel_begin(&goroutines, w->t, w->from, w->to);
	bool ok = depth_begin(&w->depth, w->t, w->from, w->to, goroutines.records, n, w->slice,
	                      w->slices, opt->starved_max);
	for (unsigned i = 0; i < n; i++)
		ok = share_begin(&s[i], w, &goroutines, i) && ok;
	if (ok)
		parallel_run(n, s, sizeof *s, walk_share);
	parallel_end(&goroutines);
	for (unsigned i = 0; i < n; i++)
		ok = share_end(&s[i], w) && ok;
	return ok;
}

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
	w->running = calloc(procs * 4, sizeof *w->running);
	if (!w->running || !name_groups(w) || !make_slices(w, opt->slices))
		return KYMO_E_MEMORY;
	w->syscall = w->running + procs;
	w->gc = w->syscall + procs;
	w->held = w->gc + procs;
	if (w->groups > LATENCY_GROUPS)
		return KYMO_E_LIMIT;
	if (!latencies_begin(&w->waits, w->groups, LATENCY_CAUSES, w->slices) || !walk_all(w, opt) ||
	    !gc_workers(t, w->from, w->to, add_gc, w) || !sched_publish(w, opt, out, o))
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
