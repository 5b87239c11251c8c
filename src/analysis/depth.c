/* SPDX-License-Identifier: MIT */
/* One walk over begins and ends in order, together with what the procs do. */
#include "analysis/depth.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"

/*
 * What is true from `last` on is known once all that happens at `last` has been seen: so everything is accounted for
 * when time passes, and the order of what happens at the same time does not matter.
 */
struct sweep {
	struct depth *d;
	struct depth_summary *summary;  // NULL: none is being made
	kymo_ns *at_depth;              // of depth `base` first; d->at_depth's memory
	kymo_ns last;                   // everything is told until here
	kymo_ns stop;                   // the next change of `idle`, or of the slice, after `last`
	size_t step;                    // of d->idle
	uint32_t idle, depth, base, slice;
	int64_t area;                   // of this slice
	uint32_t most;                  // in this slice
	struct kymo_sched_starved now;  // to: not set; from < 0: none
};

/* ---- starved times ---- */

static void list_starved(struct depth *d, const struct kymo_sched_starved *s)
{
	size_t i = d->listed;
	if (!d->most_listed)
		return;
	if (i == d->most_listed) {
		i--;
		if (d->longest[i].to - d->longest[i].from >= s->to - s->from)
			return;
	} else {
		d->listed++;
	}
	for (; i > 0 && d->longest[i - 1].to - d->longest[i - 1].from < s->to - s->from; i--)
		d->longest[i] = d->longest[i - 1];
	d->longest[i] = *s;
}

static void end_starved(struct sweep *w, kymo_ns time)
{
	struct depth *d = w->d;
	struct kymo_sched_starved s = w->now;
	if (s.from < 0)
		return;
	w->now.from = -1;
	s.to = time;
	if (w->summary && s.from == d->from) {
		w->summary->lead = s;
	} else if (w->summary && time == d->to) {
		w->summary->tail = s;
	} else {
		d->starved += time - s.from;
		d->starved_count++;
		list_starved(d, &s);
	}
}

/* ---- the walk ---- */

/* Nothing changes until `time`. */
static inline void pass(struct sweep *w, kymo_ns time)
{
	kymo_ns dt = time - w->last;
	if (dt == 0)
		return;
	uint32_t depth = w->depth;
	w->at_depth[depth - w->base] += dt;
	w->area += dt * (int64_t)depth;
	w->most = depth > w->most ? depth : w->most;
	if (unlikely(w->idle && depth)) {
		if (w->now.from < 0)
			w->now = (struct kymo_sched_starved){.from = w->last};
		w->now.runnable = depth > w->now.runnable ? depth : w->now.runnable;
		w->now.idle = w->idle > w->now.idle ? w->idle : w->now.idle;
	} else if (unlikely(w->now.from >= 0)) {
		end_starved(w, w->last);
	}
	w->last = time;
}

static void set_stop(struct sweep *w)
{
	const struct depth *d = w->d;
	kymo_ns slice = w->slice + 1 < d->slices ? d->slice_bound[w->slice + 1] : KYMO_NS_MAX;
	kymo_ns step = w->step + 1 < d->idle->steps.count ? d->idle->steps.at[w->step + 1].time
	                                                  : KYMO_NS_MAX;
	w->stop = slice < step ? slice : step;
}

static void end_slice(struct sweep *w)
{
	w->d->slice[w->slice++] = (struct depth_slice){w->area, w->most};
	w->area = 0;
	w->most = 0;
}

/* Changes of slices and of idle procs up to and at `time`. */
static __attribute__((noinline)) void catch_up(struct sweep *w, kymo_ns time)
{
	const struct depth *d = w->d;
	while (w->stop <= time) {
		pass(w, w->stop);
		while (w->slice + 1 < d->slices && d->slice_bound[w->slice + 1] == w->stop)
			end_slice(w);
		if (w->step + 1 < d->idle->steps.count &&
		    d->idle->steps.at[w->step + 1].time == w->stop)
			w->idle = d->idle->steps.at[++w->step].idle;
		set_stop(w);
	}
}

static inline void advance(struct sweep *w, kymo_ns time)
{
	if (unlikely(w->stop <= time))
		catch_up(w, time);
	pass(w, time);
}

/* Depths that a block may reach need room. */
static bool make_room(struct sweep *w, uint32_t most)
{
	struct depth *d = w->d;
	size_t had = d->at_depth.count, want = (size_t)most - w->base + 1;
	if (want > had) {
		if (!vec_reserve(&d->at_depth, want))
			return false;
		memset(d->at_depth.at + had, 0, (want - had) * sizeof *d->at_depth.at);
		d->at_depth.count = want;
	}
	w->at_depth = d->at_depth.at;
	return true;
}

/* What begins and ends in the part of the block that is in the window. */
static bool sweep_block(struct sweep *w, size_t block)
{
	const struct depth *d = w->d;
	const struct sched_block *b = &d->log->block[block];
	kymo_ns to = sched_block_end(d->log, block), from = w->last;
	struct sched_begins begins = sched_begins_begin(d->log, block);
	struct sched_ends ends = sched_ends_begin(d->log, block);
	struct sched_end end = {.end = KYMO_NS_MAX};
	to = to < d->to ? to : d->to;
	w->depth = b->depth;
	// Every depth on the way is one more than the one before at most; but few are as deep as all together.
	if (!make_room(w, b->depth))
		return false;
	kymo_ns next_begin = sched_begins_next(&begins);
	kymo_ns next_end = sched_ends_next(&ends, &end) ? end.end : KYMO_NS_MAX;
	for (;;) {
		bool up = next_begin < next_end;
		kymo_ns at = up ? next_begin : next_end;
		if (at >= to)
			break;
		if (likely(at > from))
			advance(w, at);
		if (up) {
			w->depth++;
			if (unlikely(w->depth - w->base >= d->at_depth.count) &&
			    !make_room(w, w->depth))
				return false;
			next_begin = sched_begins_next(&begins);
		} else {
			w->depth--;
			next_end = sched_ends_next(&ends, &end) ? end.end : KYMO_NS_MAX;
		}
	}
	advance(w, to);
	return true;
}

/* ---- summaries ---- */

static bool summarized(const struct sweep *w, size_t block)
{
	const struct depth *d = w->d;
	kymo_ns from = sched_block_begin(d->log, block), to = sched_block_end(d->log, block);
	return d->summaries && d->most_listed <= DEPTH_LISTED && w->last == from && to <= d->to &&
	       to <= d->slice_bound[w->slice + 1];
}

static bool apply(struct sweep *w, size_t block)
{
	struct depth *d = w->d;
	const struct depth_summary *s = &d->summaries->of[block];
	kymo_ns from = w->last, to = sched_block_end(d->log, block);
	if (!make_room(w, s->low + s->count))
		return false;
	for (uint32_t i = 0; i < s->count; i++)
		w->at_depth[s->low + i] += s->at_depth[i];
	w->area += s->area;
	w->most = s->most > w->most ? s->most : w->most;
	if (s->lead.from >= 0) {
		if (w->now.from < 0)
			w->now = (struct kymo_sched_starved){.from = from};
		w->now.runnable =
			s->lead.runnable > w->now.runnable ? s->lead.runnable : w->now.runnable;
		w->now.idle = s->lead.idle > w->now.idle ? s->lead.idle : w->now.idle;
		if (s->lead.to < to)
			end_starved(w, s->lead.to);
	} else {
		end_starved(w, from);
	}
	d->starved += s->starved;
	d->starved_count += s->starved_count;
	for (uint32_t i = 0; i < s->listed; i++)
		list_starved(d, &s->longest[i]);
	if (s->tail.from >= 0)
		w->now = s->tail;
	w->last = to;
	w->step = idle_procs_at(d->idle, to);
	w->idle = d->idle->steps.at[w->step].idle;
	while (w->slice + 1 < d->slices && d->slice_bound[w->slice + 1] <= to)
		end_slice(w);
	set_stop(w);
	return true;
}

/* ---- the whole ---- */

static bool sweep_all(struct sweep *w)
{
	struct depth *d = w->d;
	d->slice = calloc(d->slices + 1, sizeof *d->slice);
	d->longest = calloc(d->most_listed + 1, sizeof *d->longest);
	if (!d->slice || !d->longest || !make_room(w, w->base))
		return false;
	w->last = d->from;
	w->now.from = -1;
	w->step = idle_procs_at(d->idle, d->from);
	w->idle = d->idle->steps.at[w->step].idle;
	set_stop(w);
	bool ok = true;
	for (size_t i = sched_block_of(d->log, d->from);
	     ok && i < d->log->blocks && sched_block_begin(d->log, i) < d->to; i++)
		ok = summarized(w, i) ? apply(w, i) : sweep_block(w, i);
	if (!ok)
		return false;
	advance(w, d->to);
	end_starved(w, d->to);
	while (w->slice < d->slices)
		end_slice(w);
	return true;
}

bool depth_compute(struct depth *d)
{
	struct sweep w = {.d = d};
	if (!sweep_all(&w))
		return false;
	while (d->at_depth.count > 1 && d->at_depth.at[d->at_depth.count - 1] == 0)
		d->at_depth.count--;
	return true;
}

void depth_free(struct depth *d)
{
	vec_free(&d->at_depth);
	free(d->slice);
	free(d->longest);
}

/* ---- making summaries ---- */

static bool summarize(struct depth_summaries *s, size_t block, struct depth *d)
{
	const struct sched_block *b = &s->log->block[block];
	struct depth_summary *out = &s->of[block];
	const kymo_ns bound[2] = {sched_block_begin(s->log, block), sched_block_end(s->log, block)};
	struct sweep w = {
		.d = d, .summary = out, .base = b->depth > b->ended ? b->depth - b->ended : 0};
	out->lead.from = out->tail.from = -1;
	d->from = bound[0];
	d->to = bound[1];
	d->slice_bound = bound;
	d->slices = 1;
	if (!sweep_all(&w))
		return false;
	size_t first = 0, last = d->at_depth.count;
	while (last > 0 && d->at_depth.at[last - 1] == 0)
		last--;
	while (first < last && d->at_depth.at[first] == 0)
		first++;
	out->low = w.base + (uint32_t)first;
	out->count = (uint32_t)(last - first);
	out->at_depth =
		malloc(out->count * sizeof *out->at_depth + d->listed * sizeof *d->longest + 1);
	if (!out->at_depth)
		return false;
	memcpy(out->at_depth, d->at_depth.at + first, out->count * sizeof *out->at_depth);
	out->longest = (struct kymo_sched_starved *)(out->at_depth + out->count);
	memcpy(out->longest, d->longest, d->listed * sizeof *d->longest);
	out->listed = d->listed;
	out->area = d->slice[0].area;
	out->most = d->slice[0].most;
	out->starved = d->starved;
	out->starved_count = d->starved_count;
	return true;
}

bool depth_summaries_make(struct depth_summaries *s, const struct sched_log *log,
                          const struct idle_procs *idle, const bool *stop)
{
	*s = (struct depth_summaries){.log = log, .of = calloc(log->blocks, sizeof *s->of)};
	bool ok = s->of != NULL;
	for (size_t i = 0; ok && i < log->blocks; i++) {
		struct depth d = {.log = log, .idle = idle, .most_listed = DEPTH_LISTED};
		ok = !keep_stopped(stop) && summarize(s, i, &d);
		depth_free(&d);
	}
	if (!ok)
		depth_summaries_free(s);
	return ok;
}

void depth_summaries_free(struct depth_summaries *s)
{
	for (size_t i = 0; s->of && i < s->log->blocks; i++)
		free(s->of[i].at_depth);
	free(s->of);
	*s = (struct depth_summaries){0};
}
