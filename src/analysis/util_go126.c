/* SPDX-License-Identifier: MIT */
/*
 * Utilisation as Go 1.26's tool counts it (internal/trace/gc.go), its mistakes included: a counter per proc that goes
 * up and down with events, rather than intervals. The events that matter are made again from the store; a trace's
 * times are all different, so that sorting by time is the order in which Go sees them.
 *
 * What the mistakes are:
 *   - A worker's label raises its proc's counter, and from its second run on so does its start; its end lowers it once.
 *   - Nothing lowers a counter below the proc that raised it: an assist that a trace begins in counts on the proc whose
 *     thread told of it, and is taken from the one where it ends.
 *   - A series that is 0 when it ends, or from some time on always, ends where it became 0.
 */
#include <stdlib.h>

#include "analysis/gc_work.h"
#include "analysis/util.h"

enum kind {
	EV_GOMAXPROCS,  // `arg`: place in the metric's series
	EV_STW_BEGIN,
	EV_STW_END,
	EV_UP,  // something begins on the proc
	EV_DOWN,
	EV_ACTIVE,         // the same of what was active when the trace began: also before
	EV_ASSIST_BEGIN,   // `arg`: the goroutine
	EV_ASSIST_ACTIVE,  // likewise, while its goroutine executes
	EV_ASSIST_END,
	EV_LABEL,
	EV_START,  // `arg`: the goroutine; counts only if it is a worker or assists
	EV_STOP,
};
struct event {
	kymo_ns time;
	uint32_t kind, proc, arg;
};

#define IS_WORKER 1u
#define IN_ASSIST 2u

struct change {
	kymo_ns time;
	uint64_t procs;
};

struct replay {
	const struct kymo_trace *t;
	struct util *out;
	unsigned flags;
	VEC(struct event) events;
	VEC(struct change) changes;  // of GOMAXPROCS
	struct idmap worker_since;   // goroutine's row -> place of its first label + 1
	uint8_t *is;                 // [goroutines] IS_WORKER, IN_ASSIST
	int64_t *gc;                 // [procs] the counters
	struct util_ids ids;         // per proc
	uint64_t procs;
	uint32_t active, stw;
};

/* ---- making the events ---- */

static bool event(struct replay *r, kymo_ns time, enum kind kind, uint32_t proc, uint32_t arg)
{
	return vec_push(&r->events, ((struct event){time, kind, proc, arg}));
}

/*
 * The starts and stops of a goroutine in (from, to]. Time in a syscall is execution. `*at_end`: where it executes at `to`.
 */
static bool transitions(struct replay *r, kymo_goroutine_ix g, kymo_ns from, kymo_ns to,
                        uint32_t *at_end)
{
	const struct kymo_trace *t = r->t;
	struct kymo_span_cursor c;
	struct kymo_span s;
	bool ok = true, was = false, first = true;
	uint32_t proc = 0;
	kymo_span_seek(t, g, from, &c);
	while (ok && kymo_span_next(&c, &s) && s.start <= to) {
		bool now = s.state == KYMO_SPAN_RUNNING || s.state == KYMO_SPAN_SYSCALL ||
		           s.state == KYMO_SPAN_SYSCALL_BLOCKED;
		if (!first && s.start > from && now != was)
			ok = event(r, s.start, now ? EV_START : EV_STOP, now ? s.proc : proc, g);
		was = now;
		first = false;
		proc = now ? s.proc : 0;
	}
	*at_end = proc;
	if (ok && was && t->g.flags.at[g] & KYMO_G_ENDED && t->g.end.at[g] <= to &&
	    t->g.end.at[g] > from)
		ok = event(r, t->g.end.at[g], EV_STOP, proc, g);
	return ok;
}

/* The proc on which a goroutine executes at a time. */
static uint32_t proc_at(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_span_seek(t, g, at, &c);
	return kymo_span_next(&c, &s) && s.start <= at && s.state == KYMO_SPAN_RUNNING ? s.proc : 0;
}

static bool labels(struct replay *r)
{
	const struct kymo_labels *l = &r->t->labels;
	for (uint32_t i = 0; i < l->count; i++) {
		kymo_goroutine_ix g = l->goroutine[i];
		int mode = gc_label_mode(r->t, l->label[i]);
		if (!g || mode < 0 || mode == GC_IDLE ||
		    (mode == GC_DEDICATED && r->flags & KYMO_UTIL_PER_PROC))
			continue;
		uint32_t *since = idmap_put(&r->worker_since, g);
		if (!since || !event(r, l->time[i], EV_LABEL, proc_at(r->t, g, l->time[i]), g))
			return false;
		if (*since)
			continue;
		*since = i + 1;
		uint32_t unused;
		if (!transitions(r, g, l->time[i], r->t->info.duration, &unused))
			return false;
	}
	return true;
}

static bool assist(struct replay *r, uint32_t i)
{
	const struct kymo_ranges *all = &r->t->ranges;
	kymo_goroutine_ix g = all->goroutine[i];
	kymo_ns start = all->start[i], end = all->end[i];
	bool open = all->flags[i] & KYMO_RANGE_NO_END;
	if (all->flags[i] & KYMO_RANGE_NO_BEGIN) {
		// It is told right after its goroutine's first status, one tick of the clock later; the store has only the
		// status. 64 ns is a tick of Go's clock where that is coarse (linux/amd64).
		start = r->t->g.seen.at[g] + 64;
		bool executes = kymo_trace_goroutine_on_proc(r->t, all->proc[i], start) != 0;
		if (!event(r, start, executes ? EV_ASSIST_ACTIVE : EV_ASSIST_BEGIN, all->proc[i], g))
			return false;
	} else if (!event(r, start, EV_ASSIST_BEGIN, all->proc[i], g)) {
		return false;
	}
	uint32_t label = idmap_peek(&r->worker_since, g), proc;
	kymo_ns to = open ? r->t->info.duration : end;
	bool labelled = label && r->t->labels.time[label - 1] < to;
	if (labelled)
		to = r->t->labels.time[label - 1];  // from there on the worker's are there already
	if (!transitions(r, g, start, to, &proc))
		return false;
	return open || event(r, end, EV_ASSIST_END, labelled ? proc_at(r->t, g, end) : proc, g);
}

static bool sweep(struct replay *r, uint32_t i)
{
	const struct kymo_ranges *all = &r->t->ranges;
	bool active = all->flags[i] & KYMO_RANGE_NO_BEGIN;
	const struct kymo_series *m = &r->t->series[KYMO_METRIC_GOMAXPROCS];
	kymo_ns start =
		active && m->count && m->time[0] >= all->start[i] ? m->time[0] + 1 : all->start[i];
	return event(r, start, active ? EV_ACTIVE : EV_UP, all->proc[i], 0) &&
	       (all->flags[i] & KYMO_RANGE_NO_END || event(r, all->end[i], EV_DOWN, all->proc[i], 0));
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	return x->time < y->time ? -1 : x->time > y->time;
}

static bool collect(struct replay *r)
{
	const struct kymo_ranges *all = &r->t->ranges;
	const struct kymo_series *m = &r->t->series[KYMO_METRIC_GOMAXPROCS];
	bool ok = !(r->flags & KYMO_UTIL_BACKGROUND) || labels(r);
	for (uint32_t i = 0; i < m->count && ok; i++)
		ok = event(r, m->time[i], EV_GOMAXPROCS, 0, i);
	for (uint32_t i = 0; i < all->count && ok; i++) {
		if (all->kind[i] == KYMO_RANGE_STW && r->flags & KYMO_UTIL_STW &&
		    gc_is_stw_name(r->t, all->name[i]))
			ok = event(r, all->start[i], EV_STW_BEGIN, 0, 0) &&
			     (all->flags[i] & KYMO_RANGE_NO_END ||
			      event(r, all->end[i], EV_STW_END, 0, 0));
		else if (all->kind[i] == KYMO_RANGE_SWEEP && r->flags & KYMO_UTIL_SWEEP)
			ok = sweep(r, i);
		else if (all->kind[i] == KYMO_RANGE_ASSIST && r->flags & KYMO_UTIL_ASSIST &&
		         all->goroutine[i])
			ok = assist(r, i);
	}
	if (ok && r->events.count)
		qsort(r->events.at, r->events.count, sizeof *r->events.at, by_time);
	return ok;
}

/* ---- replaying them ---- */

/* A point, unless it changes nothing; of two at one time the lower. */
static bool add(struct replay *r, size_t series, kymo_ns time, double value)
{
	struct util_series *s = &r->out->series.at[series];
	struct util_point *last = s->points.count ? &s->points.at[s->points.count - 1] : NULL;
	if (last && last->value == value)
		return true;
	if (last && last->time == time) {
		if (value < last->value)
			last->value = value;
		return true;
	}
	return vec_push(&s->points, ((struct util_point){time, value}));
}

static enum kymo_status resize(struct replay *r, uint64_t procs, kymo_ns time)
{
	bool per_proc = r->flags & KYMO_UTIL_PER_PROC;
	uint64_t was = r->procs;
	if (per_proc && (procs > UTIL_MAX_SERIES || r->out->series.count > UTIL_MAX_SERIES))
		return KYMO_E_LIMIT;
	r->procs = procs;
	for (uint32_t row = 1; row < r->t->procs.count; row++) {
		uint64_t id = r->t->procs.id[row];
		if (id < procs || id >= was)
			continue;
		r->active -= r->gc[row] > 0;
		r->gc[row] = 0;
	}
	for (uint64_t id = procs; per_proc && id < was; id++)
		if (!add(r, r->ids.at[id].series, time, 0))
			return KYMO_E_MEMORY;
	if (per_proc && !util_more_ids(&r->ids, r->t, procs))
		return KYMO_E_MEMORY;
	for (uint64_t id = was; id < procs && (per_proc || !r->out->series.count); id++) {
		size_t series = util_new_series(r->out, per_proc ? id : KYMO_NONE);
		if (series == SIZE_MAX || !add(r, series, time, 1))
			return KYMO_E_MEMORY;
		if (per_proc)
			r->ids.at[id].series = series;
	}
	if (!r->changes.count || r->changes.at[r->changes.count - 1].procs != procs)
		return vec_push(&r->changes, ((struct change){time, procs})) ? KYMO_OK
		                                                             : KYMO_E_MEMORY;
	return KYMO_OK;
}

static void count(struct replay *r, uint32_t row, int by)
{
	if (!row || r->t->procs.id[row] >= r->procs)
		return;  // Go's tool would not survive this
	r->active -= r->gc[row] > 0;
	r->gc[row] += by;
	r->active += r->gc[row] > 0;
}

/* What was active before it was told of: a share less from the beginning on. */
static void count_before(struct replay *r)
{
	if (r->flags & KYMO_UTIL_PER_PROC)
		return;
	struct util_series *s = &r->out->series.at[0];
	for (size_t i = 0, c = 0; i < s->points.count; i++) {
		struct util_point *p = &s->points.at[i];
		while (c + 1 < r->changes.count && r->changes.at[c + 1].time < p->time)
			c++;
		p->value -= 1 / (double)r->changes.at[c].procs;
		if (p->value < 0)
			p->value = 0;
	}
}

static void apply(struct replay *r, const struct event *e)
{
	switch (e->kind) {
	case EV_STW_BEGIN: r->stw++; break;
	case EV_STW_END: r->stw--; break;
	case EV_ACTIVE:
		count_before(r);
		count(r, e->proc, 1);
		break;
	case EV_UP: count(r, e->proc, 1); break;
	case EV_DOWN: count(r, e->proc, -1); break;
	case EV_ASSIST_ACTIVE:
	case EV_ASSIST_BEGIN:
		if (e->kind == EV_ASSIST_ACTIVE)
			count_before(r);
		count(r, e->proc, 1);
		r->is[e->arg] |= IN_ASSIST;
		break;
	case EV_ASSIST_END:
		count(r, e->proc, -1);
		r->is[e->arg] &= (uint8_t)~IN_ASSIST;
		break;
	case EV_LABEL:
		count(r, e->proc, 1);
		r->is[e->arg] |= IS_WORKER;
		break;
	case EV_START:
	case EV_STOP:
		if (r->is[e->arg])
			count(r, e->proc, e->kind == EV_START ? 1 : -1);
		break;
	}
}

/* What holds after an event. */
static bool say(struct replay *r, const struct event *e)
{
	if (!(r->flags & KYMO_UTIL_PER_PROC)) {
		double gone = r->stw ? 1 : (double)r->active / (double)r->procs;
		return add(r, 0, e->time, 1 - gone);
	}
	if (e->kind != EV_STW_BEGIN && e->kind != EV_STW_END && e->kind != EV_GOMAXPROCS) {
		uint64_t id = e->proc ? r->t->procs.id[e->proc] : KYMO_NONE;
		double left = r->stw || r->gc[e->proc] > 0 ? 0 : 1;
		return id >= r->procs || add(r, r->ids.at[id].series, e->time, left);
	}
	bool ok = true;
	for (uint64_t id = 0; id < r->procs && ok; id++) {
		double left = r->stw || r->gc[r->ids.at[id].row] > 0 ? 0 : 1;
		ok = add(r, r->ids.at[id].series, e->time, left);
	}
	return ok;
}

enum kymo_status util_go126(const struct kymo_trace *t, unsigned flags, struct util *out)
{
	struct replay r = {.t = t, .out = out, .flags = flags};
	*out = (struct util){0};
	r.gc = calloc(t->procs.count + 1, sizeof *r.gc);
	r.is = calloc(t->goroutines.count + 1, 1);
	enum kymo_status st = r.gc && r.is && collect(&r) ? KYMO_OK : KYMO_E_MEMORY;
	for (size_t i = 0; i < r.events.count && st == KYMO_OK; i++) {
		const struct event *e = &r.events.at[i];
		if (e->kind == EV_GOMAXPROCS)
			st = resize(&r, t->series[KYMO_METRIC_GOMAXPROCS].value[e->arg], e->time);
		// Before the number of procs is known, nothing is remembered.
		if (st != KYMO_OK || !r.procs)
			continue;
		apply(&r, e);
		if (!say(&r, e))
			st = KYMO_E_MEMORY;
	}
	uint64_t open = flags & KYMO_UTIL_PER_PROC ? r.procs : r.procs != 0;
	for (uint64_t i = 0; i < open && st == KYMO_OK; i++)
		if (!add(&r, r.ids.at ? r.ids.at[i].series : 0, t->info.duration, 0))
			st = KYMO_E_MEMORY;
	vec_free(&r.events);
	vec_free(&r.changes);
	idmap_free(&r.worker_since);
	free(r.is);
	free(r.gc);
	free(r.ids.at);
	if (st != KYMO_OK)
		util_free(out);
	return st;
}
