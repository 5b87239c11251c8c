/* SPDX-License-Identifier: MIT */
/*
 * One walk over all spans tells everything: runnable ones are waits (sched_latency.c) and edges of the depth (depth.c),
 * those on a proc are what the procs did.
 */
#include <kymo/sched.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/depth.h"
#include "analysis/gc_work.h"
#include "analysis/sched_latency.h"
#include "analysis/select.h"
#include "trace/walk.h"

/* Causes are the kinds of the span, then the reasons of stopped ones by code; the last one is for all further codes. */
#define CAUSE_REASONS KYMO_CAUSE_PROC_LOST

struct owned {
	uint64_t *histogram;
	kymo_string_ix *group_name;
	struct kymo_latency *group;
	struct kymo_sched_cause *cause;
	struct kymo_sched_slice *slice;
	kymo_ns *at_depth;
	struct kymo_sched_proc *proc;
	struct kymo_sched_starved *starved;
};

struct work {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	kymo_ns from, to;
	struct latencies waits;
	struct depth depth;
	struct kymo_sched_slice *slice;
	uint32_t slices;
	double per_ns;                           // slices
	kymo_ns *running, *syscall, *gc, *held;  // [procs]

	/* the groups, and the goroutine at hand */
	uint32_t *group_of_name;
	kymo_string_ix *group_name;
	uint32_t groups, group;
	kymo_goroutine_ix g;
	bool selected;
	bool failed;
};

/* ---- slices ---- */

static bool make_slices(struct work *w, uint32_t slices)
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
static inline uint32_t slice_at(const struct work *w, kymo_ns time)
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
static inline void work_in_slices(struct work *w, kymo_ns a, kymo_ns b, bool syscall)
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

static inline void wait_of(struct work *w, const struct walk_span *s, kymo_ns a, kymo_ns b)
{
	if (a < b)
		w->failed |=
			!latencies_add(&w->waits, b - a, w->group, cause_of(s), slice_at(w, b - 1));
}

/* What is selected of a wait, where goroutines are cut into pieces. */
static __attribute__((noinline)) void wait_in_pieces(struct work *w, const struct walk_span *s,
                                                     kymo_ns end)
{
	struct kymo_interval p;
	for (uint32_t i = 0; select_piece(w->t, w->sel, w->g, i, &p); i++) {
		kymo_ns a = s->start > p.from ? s->start : p.from, b = end < p.to ? end : p.to;
		wait_of(w, s, a, b);
	}
}

static always_inline bool visit(void *ctx, const struct walk_span *s)
{
	struct work *w = ctx;
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

static bool name_groups(struct work *w)
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

static void walk_all(struct work *w)
{
	const struct kymo_trace *t = w->t;
	for (uint32_t g = 1; g < t->goroutines.count && !w->failed; g++) {
		if (t->g.begin.at[g] >= w->to || t->g.end.at[g] <= w->from)
			continue;
		w->g = g;
		w->group = w->group_of_name[t->g.name.at[g]] - 1;
		w->selected = select_has(w->sel, g);
		walk_each(t, g, visit, w);
	}
}

/* ---- procs ---- */

static bool add_gc(void *ctx, const struct gc_piece *p)
{
	struct work *w = ctx;
	kymo_ns a = p->from > w->from ? p->from : w->from, b = p->to < w->to ? p->to : w->to;
	if (a < b)
		w->gc[p->proc] += b - a;
	return true;
}

/* How long GOMAXPROCS was above `id`, inside the window. */
static kymo_ns existed(const struct work *w, uint64_t id)
{
	const struct kymo_series *m = &w->t->series[KYMO_METRIC_GOMAXPROCS];
	kymo_ns sum = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		kymo_ns a = i && m->time[i] > w->from ? m->time[i] : w->from;
		kymo_ns b = i + 1 < m->count && m->time[i + 1] < w->to ? m->time[i + 1] : w->to;
		if (m->value[i] > id && a < b)
			sum += b - a;
	}
	return sum;
}

static int by_id(const void *a, const void *b)
{
	const struct kymo_sched_proc *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void make_procs(struct work *w, struct kymo_sched_proc *out)
{
	const struct kymo_trace *t = w->t;
	const struct kymo_bindings *b = &t->bindings;
	for (uint32_t i = 0; i < b->count; i++) {
		kymo_ns from = b->start[i] > w->from ? b->start[i] : w->from;
		kymo_ns to = b->end[i] < w->to ? b->end[i] : w->to;
		if (from < to)
			w->held[b->proc[i]] += to - from;
	}
	for (uint32_t p = 1; p < t->procs.count; p++) {
		kymo_ns length = w->to - w->from, at_work = w->running[p] + w->syscall[p];
		kymo_ns held = w->held[p] > at_work ? w->held[p] : at_work;
		kymo_ns exists = existed(w, t->procs.id[p]);
		exists = exists > held ? exists : held;
		out[p - 1] = (struct kymo_sched_proc){
			.id = t->procs.id[p],
			.running = w->running[p] - w->gc[p],
			.gc = w->gc[p],
			.syscall = w->syscall[p],
			.scheduling = held - at_work,
			.idle = exists - held,
			.absent = length - exists,
		};
	}
	if (t->procs.count > 2)
		qsort(out, t->procs.count - 1, sizeof *out, by_id);
}

/* ---- results ---- */

struct named_latency {
	struct kymo_latency l;
	uint32_t name;
};

static int by_total(const void *a, const void *b, void *ctx)
{
	const struct named_latency *x = a, *y = b;
	if (x->l.total != y->l.total)
		return x->l.total > y->l.total ? -1 : 1;
	struct kymo_str s = kymo_trace_string(ctx, x->name), u = kymo_trace_string(ctx, y->name);
	int r = memcmp(s.ptr, u.ptr, s.len < u.len ? s.len : u.len);
	return r ? r : s.len < u.len ? -1 : s.len > u.len;
}

static bool publish_groups(struct work *w, struct kymo_sched *out, struct owned *o)
{
	void *ctx = (void *)(uintptr_t)w->t;
	struct named_latency *all = malloc((w->groups + 1) * sizeof *all);
	size_t n = 0;
	if (!all)
		return false;
	for (uint32_t i = 0; i < w->groups; i++)
		if (w->waits.group[i].count)
			all[n++] = (struct named_latency){w->waits.group[i], w->group_name[i]};
	if (n)
		qsort_r(all, n, sizeof *all, by_total, ctx);
	o->group_name = calloc(n + 1, sizeof *o->group_name);
	o->group = calloc(n + 1, sizeof *o->group);
	bool ok = o->group_name && o->group;
	for (size_t i = 0; i < n && ok; i++) {
		o->group_name[i] = all[i].name;
		o->group[i] = all[i].l;
	}
	out->group_count = n;
	out->group_name = o->group_name;
	out->group = o->group;
	free(all);
	return ok;
}

static int by_cause_total(const void *a, const void *b)
{
	const struct kymo_sched_cause *x = a, *y = b;
	if (x->latency.total != y->latency.total)
		return x->latency.total > y->latency.total ? -1 : 1;
	return x->cause != y->cause    ? (x->cause < y->cause ? -1 : 1)
	       : x->reason < y->reason ? -1
	                               : x->reason > y->reason;
}

static bool publish_causes(struct work *w, struct kymo_sched *out, struct owned *o)
{
	o->cause = calloc(LATENCY_CAUSES, sizeof *o->cause);
	if (!o->cause)
		return false;
	size_t n = 0;
	for (uint32_t i = 0; i < LATENCY_CAUSES; i++) {
		if (!w->waits.cause[i].count)
			continue;
		bool stopped = i >= CAUSE_REASONS;
		uint32_t code = stopped ? i - CAUSE_REASONS : 0;
		o->cause[n++] = (struct kymo_sched_cause){
			.cause = (uint8_t)(stopped ? KYMO_CAUSE_STOPPED : i),
			.reason = stopped && i < LATENCY_CAUSES - 1 && code < w->t->reasons.count
		                          ? w->t->reasons.at[code]
		                          : 0,
			.latency = w->waits.cause[i],
		};
	}
	if (n)
		qsort(o->cause, n, sizeof *o->cause, by_cause_total);
	out->cause_count = n;
	out->cause = o->cause;
	return true;
}

static void publish_depth(struct work *w, struct kymo_sched *out, struct owned *o)
{
	struct depth *d = &w->depth;
	for (uint32_t i = 0; i < w->slices; i++)
		w->slice[i].latency = w->waits.slice[i];
	out->slice_count = w->to > w->from ? w->slices : 0;
	out->slice = o->slice = w->slice;
	w->slice = NULL;
	out->depth_count = d->at_depth.count;
	out->at_depth = o->at_depth = d->at_depth.at;
	d->at_depth.at = NULL;
	out->depth_max = (uint32_t)out->depth_count - 1;
	double area = 0;
	for (size_t i = 0; i < out->depth_count; i++)
		area += (double)i * (double)out->at_depth[i];
	out->depth_mean = w->to > w->from ? area / (double)(w->to - w->from) : 0;
	out->available = d->available;
	out->starved = d->starved;
	out->starved_count = d->starved_count;
	out->starved_listed = d->listed;
	out->starved_longest = o->starved = d->longest;
	d->longest = NULL;
}

static bool publish(struct work *w, const struct kymo_sched_options *opt, struct kymo_sched *out,
                    struct owned *o)
{
	o->histogram = calloc(opt->bound_count + 1, sizeof *o->histogram);
	o->proc = calloc(w->t->procs.count + 1, sizeof *o->proc);
	if (!o->histogram || !o->proc ||
	    !latencies_rank(&w->waits, opt->bounds, opt->bound_count, o->histogram))
		return false;
	out->from = w->from;
	out->to = w->to;
	out->all = w->waits.all;
	out->histogram = o->histogram;
	make_procs(w, o->proc);
	out->proc_count = w->t->procs.count ? w->t->procs.count - 1 : 0;
	out->proc = o->proc;
	return publish_groups(w, out, o) && publish_causes(w, out, o);
}

static enum kymo_status compute(struct work *w, const struct kymo_sched_options *opt,
                                struct kymo_sched *out, struct owned *o)
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
	if (w->failed || !gc_workers(t, add_gc, w) || !depth_sweep(&w->depth) ||
	    !publish(w, opt, out, o))
		return KYMO_E_MEMORY;
	publish_depth(w, out, o);
	return KYMO_OK;
}

enum kymo_status kymo_sched_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                    const struct kymo_sched_options *options, struct kymo_sched *out)
{
	struct kymo_sched_options opt = options ? *options : (struct kymo_sched_options){0};
	if (opt.slices == 0 || opt.slices >= LATENCY_SLICES)
		opt.slices = opt.slices ? LATENCY_SLICES - 1 : 100;
	opt.starved_max = opt.starved_max ? opt.starved_max : 20;
	struct work w = {.t = t, .sel = sel, .from = select_from(sel), .to = select_to(sel, t)};
	if (w.to < w.from)
		w.to = w.from;
	*out = (struct kymo_sched){0};
	struct owned *o = calloc(1, sizeof *o);
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
	struct owned *o = s->owned;
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
