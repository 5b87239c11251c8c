/* SPDX-License-Identifier: MIT */
/*
 * Three things tell everything: the log of waits (percentiles from it in latency.c, the depth in depth.c), what procs
 * were held for (idle_procs.c), and how long they were at work. What is kept with the trace serves any window; else all
 * three are made for the window asked for.
 */
#include <kymo/sched.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/gc_work.h"
#include "analysis/sched_parts.h"
#include "analysis/select.h"
#include "base/threads.h"

#define SLICES 100u
#define SLICES_MAX 127u
#define STARVED 20u

struct compute {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	const struct sched_kept *kept;  // NULL: nothing is
	struct sched_parts parts;
	kymo_ns *bound;  // [slices + 1]
	struct sched_log all,
		of;  // of the window, where nothing is kept; of the selection, where it must be
	struct idle_procs idle;
	uint8_t *keys;
};

/* ---- slices ---- */

static bool cut(struct compute *c, uint32_t slices)
{
	kymo_ns length = c->parts.to - c->parts.from;
	if ((kymo_ns)slices > length)
		slices = length > 0 ? (uint32_t)length : 1;
	c->bound = malloc((slices + 1) * sizeof *c->bound);
	for (uint32_t i = 0; c->bound && i <= slices; i++) {
		// Not length * i, which may not fit.
		kymo_ns whole = length / slices, rest = length % slices;
		c->bound[i] = c->parts.from + whole * i + rest * i / slices;
	}
	c->parts.bound = c->bound;
	c->parts.slices = slices;
	return c->bound != NULL;
}

/* ---- which waits ---- */

/* The log whose waits count, and of it the keys. */
static enum kymo_status choose_waits(struct compute *c, const struct sched_log *all)
{
	struct latencies *l = &c->parts.waits;
	uint8_t *names;
	l->log = all;
	if (select_groups(c->t, c->sel, &names)) {
		if (!names)
			return KYMO_OK;
		l->keys = c->keys = calloc(all->keys, 1);
		for (uint32_t k = 1; c->keys && k < all->keys; k++)
			c->keys[k] = names[all->groups.name[all->key[k].group]];
		free(names);
		return c->keys ? KYMO_OK : KYMO_E_MEMORY;
	}
	l->log = &c->of;
	return sched_log_make(&c->of, c->t,
	                      &(struct sched_log_options){
				      .from = c->parts.from, .to = c->parts.to, .sel = c->sel});
}

/* ---- what procs did ---- */

static bool add_gc(void *ctx, const struct gc_piece *p)
{
	const struct compute *c = ctx;
	kymo_ns a = p->from > c->parts.from ? p->from : c->parts.from,
		b = p->to < c->parts.to ? p->to : c->parts.to;
	if (a < b)
		c->parts.work.gc[p->proc] += b - a;
	return true;
}

static bool work_begin(struct compute *c)
{
	size_t procs = c->t->procs.count + 1;
	struct sched_work *w = &c->parts.work;
	w->slice = calloc(c->parts.slices, sizeof *w->slice);
	w->proc = calloc(procs, sizeof *w->proc);
	w->gc = calloc(procs, sizeof *w->gc);
	return w->slice && w->proc && w->gc;
}

static struct work_sum less(struct work_sum a, struct work_sum b)
{
	return (struct work_sum){a.running - b.running, a.syscall - b.syscall};
}

static bool work_from_kept(struct compute *c)
{
	const struct sched_parts *p = &c->parts;
	const struct work_index *x = &c->kept->work;
	struct work_sum *until = calloc(x->procs + 1, sizeof *until), before, at;
	if (!until)
		return false;
	work_index_total(x, p->from, &before);
	for (uint32_t i = 0; i < p->slices; i++) {
		work_index_total(x, p->bound[i + 1], &at);
		p->work.slice[i] = less(at, before);
		before = at;
	}
	work_index_procs(x, p->from, until);
	work_index_procs(x, p->to, p->work.proc);
	for (uint32_t i = 0; i < x->procs; i++)
		p->work.proc[i] = less(p->work.proc[i], until[i]);
	free(until);
	return true;
}

/* ---- the whole ---- */

/* All three for this window alone. */
static enum kymo_status make_parts(struct compute *c)
{
	struct sched_parts *p = &c->parts;
	struct work_times work;
	uint32_t procs = c->t->procs.count + 1;
	if (!work_times_begin(&work, p->bound, p->slices, WORK_ONE_ROW, procs))
		return KYMO_E_MEMORY;
	enum kymo_status st =
		sched_log_make(&c->all, c->t,
	                       &(struct sched_log_options){
				       .from = p->from, .to = p->to, .begins = true, .work = &work});
	if (st == KYMO_OK) {
		memcpy(p->work.slice, work.cell, p->slices * sizeof *work.cell);
		memcpy(p->work.proc, work.row, procs * sizeof *work.row);
	}
	work_times_free(&work);
	if (st == KYMO_OK && !idle_procs_make(&c->idle, c->t, p->from, p->to))
		st = KYMO_E_MEMORY;
	p->depth.log = &c->all;
	p->depth.idle = &c->idle;
	return st ? st : choose_waits(c, &c->all);
}

static enum kymo_status take_kept(struct compute *c)
{
	struct sched_parts *p = &c->parts;
	p->depth.log = &c->kept->log;
	p->depth.idle = &c->kept->idle;
	p->depth.summaries = &c->kept->depth;
	return work_from_kept(c) ? choose_waits(c, &c->kept->log) : KYMO_E_MEMORY;
}

struct depth_job {
	struct depth *d;
	bool ok;
};

static void *run_depth(void *arg)
{
	struct depth_job *job = arg;
	job->ok = depth_compute(job->d);
	return NULL;
}

#define MANY (1u << 18)  // waits: some milliseconds

/* The depth on a thread of its own, where there are many waits. */
static bool rank_and_sweep(struct compute *c)
{
	struct depth_job job = {&c->parts.depth, false};
	const struct sched_log *log = job.d->log;
	pthread_t thread;
	uint64_t waits = 0;
	for (size_t i = sched_block_of(log, c->parts.from);
	     i < log->blocks && sched_block_begin(log, i) < c->parts.to; i++)
		waits += log->block[i].ended;
	bool threaded =
		waits > MANY && threads_allowed(2) > 1 && thread_start(&thread, run_depth, &job);
	bool ranked = latencies_compute(&c->parts.waits);
	if (threaded)
		pthread_join(thread, NULL);
	else
		run_depth(&job);
	return ranked && job.ok;
}

static enum kymo_status compute(struct compute *c, const struct kymo_sched_options *opt,
                                struct kymo_sched *out, struct sched_owned *o)
{
	struct sched_parts *p = &c->parts;
	if (!cut(c, opt->slices) || !work_begin(c))
		return KYMO_E_MEMORY;
	p->waits.from = p->depth.from = p->from;
	p->waits.to = p->depth.to = p->to;
	p->waits.slice_bound = p->depth.slice_bound = p->bound;
	p->waits.slices = p->depth.slices = p->slices;
	p->waits.bounds = opt->bounds;
	p->waits.bound_count = opt->bound_count;
	p->depth.most_listed =
		opt->starved_max < UINT32_MAX ? (uint32_t)opt->starved_max : UINT32_MAX;
	enum kymo_status st = c->kept ? take_kept(c) : make_parts(c);
	if (st != KYMO_OK)
		return st;
	return gc_workers(c->t, p->from, p->to, add_gc, c) && rank_and_sweep(c) &&
	                       sched_publish(p, out, o)
	               ? KYMO_OK
	               : KYMO_E_MEMORY;
}

enum kymo_status kymo_sched_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                    const struct kymo_sched_options *options, struct kymo_sched *out)
{
	struct kymo_sched_options opt = options ? *options : (struct kymo_sched_options){0};
	opt.slices = !opt.slices ? SLICES : opt.slices < SLICES_MAX ? opt.slices : SLICES_MAX;
	opt.starved_max = opt.starved_max ? opt.starved_max : STARVED;
	struct compute c = {.t = t, .sel = sel, .kept = kept_get(&t->kept[KEPT_SCHED])};
	c.parts.t = t;
	c.parts.from = select_from(sel);
	c.parts.to = select_to(sel, t);
	if (c.parts.to < c.parts.from)
		c.parts.to = c.parts.from;
	*out = (struct kymo_sched){0};
	struct sched_owned *o = calloc(1, sizeof *o);
	out->owned = o;
	enum kymo_status st = o ? compute(&c, &opt, out, o) : KYMO_E_MEMORY;
	latencies_free(&c.parts.waits);
	depth_free(&c.parts.depth);
	idle_procs_free(&c.idle);
	sched_log_free(&c.all);
	sched_log_free(&c.of);
	free(c.parts.work.slice);
	free(c.parts.work.proc);
	free(c.parts.work.gc);
	free(c.bound);
	free(c.keys);
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
