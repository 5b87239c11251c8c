/* SPDX-License-Identifier: MIT */
/* Ranks, the depth's sweep, and the tables that come of them. */
#include <stdlib.h>
#include <string.h>

#include "analysis/sched_work.h"
#include "base/threads.h"

/* ---- procs ---- */

/* How long GOMAXPROCS was above `id`, inside the window. */
static kymo_ns existed(const struct sched_work *w, uint64_t id)
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

static void make_procs(struct sched_work *w, struct kymo_sched_proc *out)
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

static bool publish_groups(struct sched_work *w, struct kymo_sched *out, struct sched_owned *o)
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

static bool publish_causes(struct sched_work *w, struct kymo_sched *out, struct sched_owned *o)
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

static void publish_depth(struct sched_work *w, struct kymo_sched *out, struct sched_owned *o)
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

/* The two long sorts, each on a thread of its own where there are many waits: they share nothing. */
struct ranking {
	struct sched_work *w;
	const struct kymo_sched_options *opt;
	uint64_t *histogram;
	bool ok;
};

static void *rank(void *arg)
{
	struct ranking *k = arg;
	k->ok = latencies_rank(&k->w->waits, k->opt->bounds, k->opt->bound_count, k->histogram);
	return NULL;
}

#define MANY (1u << 18)  // waits: some milliseconds

static bool rank_and_sweep(struct sched_work *w, const struct kymo_sched_options *opt,
                           uint64_t *histogram)
{
	struct ranking k = {w, opt, histogram, false};
	pthread_t thread;
	size_t waits = 0;
	for (unsigned i = 0; i < PARALLEL_MAX; i++)
		waits += w->waits.list[i].at.count;
	bool threaded = waits > MANY && threads_allowed(2) > 1 && thread_start(&thread, rank, &k);
	bool swept = depth_sweep(&w->depth);
	if (threaded)
		pthread_join(thread, NULL);
	else
		rank(&k);
	return swept && k.ok;
}

bool sched_publish(struct sched_work *w, const struct kymo_sched_options *opt,
                   struct kymo_sched *out, struct sched_owned *o)
{
	o->histogram = calloc(opt->bound_count + 1, sizeof *o->histogram);
	o->proc = calloc(w->t->procs.count + 1, sizeof *o->proc);
	if (!o->histogram || !o->proc || !rank_and_sweep(w, opt, o->histogram))
		return false;
	out->from = w->from;
	out->to = w->to;
	out->all = w->waits.all;
	out->histogram = o->histogram;
	make_procs(w, o->proc);
	out->proc_count = w->t->procs.count ? w->t->procs.count - 1 : 0;
	out->proc = o->proc;
	if (!publish_groups(w, out, o) || !publish_causes(w, out, o))
		return false;
	publish_depth(w, out, o);
	return true;
}
