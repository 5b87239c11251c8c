/* SPDX-License-Identifier: MIT */
/* The tables that come of the parts. */
#include <stdlib.h>
#include <string.h>

#include "analysis/sched_parts.h"

/* ---- procs ---- */

/* How long GOMAXPROCS was above `id`, inside the window. */
static kymo_ns existed(const struct sched_parts *w, uint64_t id)
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

static bool publish_procs(const struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	const struct kymo_trace *t = w->t;
	const struct kymo_bindings *b = &t->bindings;
	kymo_ns *holds = calloc((size_t)t->procs.count + 1, sizeof *holds);
	o->proc = calloc((size_t)t->procs.count + 1, sizeof *o->proc);
	out->proc = o->proc;
	out->proc_count = t->procs.count ? t->procs.count - 1 : 0;
	if (!holds || !o->proc) {
		free(holds);
		return false;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		kymo_ns from = b->start[i] > w->from ? b->start[i] : w->from;
		kymo_ns to = b->end[i] < w->to ? b->end[i] : w->to;
		if (from < to)
			holds[b->proc[i]] += to - from;
	}
	for (uint32_t p = 1; p < t->procs.count; p++) {
		struct work_sum work = w->work.proc[p];
		kymo_ns length = w->to - w->from, at_work = work.running + work.syscall;
		kymo_ns held = holds[p] > at_work ? holds[p] : at_work;
		kymo_ns exists = existed(w, t->procs.id[p]);
		exists = exists > held ? exists : held;
		o->proc[p - 1] = (struct kymo_sched_proc){
			.id = t->procs.id[p],
			.running = work.running - w->work.gc[p],
			.gc = w->work.gc[p],
			.syscall = work.syscall,
			.scheduling = held - at_work,
			.idle = exists - held,
			.absent = length - exists,
		};
	}
	if (out->proc_count > 1)
		qsort(o->proc, out->proc_count, sizeof *o->proc, by_id);
	free(holds);
	return true;
}

/* ---- waits ---- */

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

static bool publish_groups(const struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	void *ctx = (void *)(uintptr_t)w->t;
	const struct sched_groups *groups = &w->waits.log->groups;
	struct named_latency *all = malloc((groups->count + 1) * sizeof *all);
	size_t n = 0;
	if (!all)
		return false;
	for (uint32_t i = 0; i < groups->count; i++)
		if (w->waits.group[i].count)
			all[n++] = (struct named_latency){w->waits.group[i], groups->name[i]};
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

static bool publish_causes(const struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	o->cause = calloc(SCHED_CAUSES, sizeof *o->cause);
	if (!o->cause)
		return false;
	size_t n = 0;
	for (uint32_t i = 0; i < SCHED_CAUSES; i++) {
		if (!w->waits.cause[i].count)
			continue;
		bool stopped = i >= SCHED_CAUSE_REASONS;
		uint32_t code = stopped ? i - SCHED_CAUSE_REASONS : 0;
		o->cause[n++] = (struct kymo_sched_cause){
			.cause = (uint8_t)(stopped ? KYMO_CAUSE_STOPPED : i),
			.reason = stopped && i < SCHED_CAUSES - 1 && code < w->t->reasons.count
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

/* ---- over time ---- */

static bool publish_slices(const struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	o->slice = calloc(w->slices, sizeof *o->slice);
	if (!o->slice)
		return false;
	for (uint32_t i = 0; i < w->slices; i++) {
		const struct depth_slice *d = &w->depth.slice[i];
		kymo_ns from = w->bound[i], to = w->bound[i + 1];
		o->slice[i] = (struct kymo_sched_slice){
			.from = from,
			.to = to,
			.latency = w->waits.slice[i],
			.depth_mean = to > from ? (double)d->area / (double)(to - from) : 0,
			.depth_max = d->most,
			.running = w->work.slice[i].running,
			.syscall = w->work.slice[i].syscall,
			.available = procs_available(w->t, from, to),
		};
	}
	out->slice_count = w->to > w->from ? w->slices : 0;
	out->slice = o->slice;
	return true;
}

static void publish_depth(struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	struct depth *d = &w->depth;
	out->depth_count = d->at_depth.count;
	out->at_depth = o->at_depth = d->at_depth.at;
	d->at_depth.at = NULL;
	out->depth_max = (uint32_t)out->depth_count - 1;
	double area = 0;
	for (size_t i = 0; i < out->depth_count; i++)
		area += (double)i * (double)out->at_depth[i];
	out->depth_mean = w->to > w->from ? area / (double)(w->to - w->from) : 0;
	out->available = procs_available(w->t, w->from, w->to);
	out->starved = d->starved;
	out->starved_count = d->starved_count;
	out->starved_listed = d->listed;
	out->starved_longest = o->starved = d->longest;
	d->longest = NULL;
}

bool sched_publish(struct sched_parts *w, struct kymo_sched *out, struct sched_owned *o)
{
	out->from = w->from;
	out->to = w->to;
	out->all = w->waits.all;
	out->histogram = o->histogram = w->waits.histogram;
	w->waits.histogram = NULL;
	if (!publish_groups(w, out, o) || !publish_causes(w, out, o) ||
	    !publish_slices(w, out, o) || !publish_procs(w, out, o))
		return false;
	publish_depth(w, out, o);
	return true;
}
