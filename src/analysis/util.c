/* SPDX-License-Identifier: MIT */
/*
 * Utilisation by the exact rules: what takes from the program are intervals, on a proc or on all; a step function is
 * the count of those that are open, at each time at which one begins or ends. Threads make parts of it, one after the other
 * in time, without a look at each other's; they meet when the parts are joined.
 */
#include "analysis/util.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/parallel.h"
#include "analysis/util_edges.h"

/* ---- series ---- */

size_t util_new_series(struct util *u, uint64_t proc)
{
	if (!vec_push(&u->series, ((struct util_series){.proc = proc})))
		return SIZE_MAX;
	return u->series.count - 1;
}

void util_free(struct util *u)
{
	for (size_t i = 0; i < u->series.count; i++)
		vec_free(&u->series.at[i].points);
	vec_free(&u->series);
}

bool util_more_ids(struct util_ids *ids, const struct kymo_trace *t, uint64_t count)
{
	if (count <= ids->count)
		return true;
	void *grown = realloc(ids->at, count * sizeof *ids->at);
	if (!grown)
		return false;
	ids->at = grown;
	memset(&ids->at[ids->count], 0, (count - ids->count) * sizeof *ids->at);
	ids->count = count;
	for (uint32_t row = 1; row < t->procs.count; row++)
		if (t->procs.id[row] < count)
			ids->at[t->procs.id[row]].row = row;
	return true;
}

static void tidy_series(struct util_series *s)
{
	struct util_point *p = s->points.at;
	size_t n = s->points.count, kept = n;
	while (kept > 1 && p[kept - 2].time >= p[n - 1].time)
		kept--;
	if (kept > 1)
		p[kept - 1] = p[n - 1];
	s->points.count = kept > 1 ? kept : 0;
}

void util_tidy(struct util *u)
{
	size_t kept = 0;
	for (size_t i = 0; i < u->series.count; i++) {
		struct util_series s = u->series.at[i];
		tidy_series(&s);
		if (s.points.count)
			u->series.at[kept++] = s;
		else
			vec_free(&s.points);
	}
	u->series.count = kept;
}

/* ---- from edges to points ---- */

/*
 * Those of one part of the trace. It has all series that there are until its end, with the points of the part: those with
 * the same number are joined.
 */
#define ROOM 4u  // points a range: the first part's is for all, what is not used is never touched
struct build {
	alignas(PARALLEL_LINE) const struct kymo_trace *t;
	unsigned flags;
	struct util_edges edges;
	struct util out;
	size_t room;  // for points of the mean
	VEC(uint32_t)
	now;              // per proc: the rows of those on which something begins or ends at a time
	uint32_t *open;   // [procs] intervals open on each; UTIL_EVERYWHERE is none's row
	uint32_t active;  // rows with open ones
	uint64_t procs;   // GOMAXPROCS; 0: not begun
	double divisor;   // as a double
	struct util_ids ids;  // per proc
	enum kymo_status st;
};

static bool put(struct build *b, size_t series, kymo_ns time, double value)
{
	struct util_series *s = &b->out.series.at[series];
	size_t n = s->points.count;
	if (n && s->points.at[n - 1].value == value)
		return true;
	return vec_push(&s->points, ((struct util_point){time, value}));
}

static bool finish(struct util *u, size_t series, kymo_ns time)
{
	return vec_push(&u->series.at[series].points, ((struct util_point){time, 0}));
}

static double proc_value(const struct build *b, uint32_t row)
{
	return b->open[UTIL_EVERYWHERE] || b->open[row] ? 0 : 1;
}

/* All procs: after a stop of the world, or when there are others. */
static bool put_all_procs(struct build *b, kymo_ns time)
{
	bool ok = true;
	for (uint64_t id = 0; id < b->procs && ok; id++)
		ok = put(b, b->ids.at[id].series, time, proc_value(b, b->ids.at[id].row));
	return ok;
}

/* Another number of procs: per proc, series end or begin. */
static enum kymo_status resize(struct build *b, uint64_t procs, kymo_ns time)
{
	uint64_t was = b->procs;
	b->procs = procs;
	b->divisor = (double)procs;
	if (!(b->flags & KYMO_UTIL_PER_PROC)) {
		bool ok = was || (util_new_series(&b->out, KYMO_NONE) != SIZE_MAX &&
		                  vec_reserve(&b->out.series.at[0].points, b->room));
		return ok ? KYMO_OK : KYMO_E_MEMORY;
	}
	if (procs > UTIL_MAX_SERIES || b->out.series.count > UTIL_MAX_SERIES)
		return KYMO_E_LIMIT;
	for (uint64_t id = procs; id < was; id++)
		if (!finish(&b->out, b->ids.at[id].series, time))
			return KYMO_E_MEMORY;
	if (!util_more_ids(&b->ids, b->t, procs))
		return KYMO_E_MEMORY;
	for (uint64_t id = was; id < procs; id++) {
		b->ids.at[id].series = util_new_series(&b->out, id);
		if (b->ids.at[id].series == SIZE_MAX)
			return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

static enum kymo_status resize_by(struct build *b, struct util_edge e)
{
	return resize(b, b->t->series[KYMO_METRIC_GOMAXPROCS].value[e.value], e.time);
}

/* How many have open ones then. (In a register, where edges come by the million.) */
static inline uint32_t count_edge(uint32_t *open, uint32_t active, struct util_edge e)
{
	uint32_t was = open[e.where], is = was + (uint32_t)e.value;
	open[e.where] = is;
	return active + (is != 0) - (was != 0);
}

static enum kymo_status add_to_mean(struct build *b, const struct radix_item *x,
                                    const struct radix_item *end)
{
	uint32_t *open = b->open, active = b->active;
	while (x < end) {
		const uint64_t key = x->key;
		const kymo_ns time = util_edge_of(*x).time;
		for (; x < end && x->key == key; x++) {
			struct util_edge e = util_edge_of(*x);
			if (likely(e.where != UTIL_GOMAXPROCS)) {
				active = count_edge(open, active, e);
				continue;
			}
			enum kymo_status st = resize_by(b, e);
			if (st != KYMO_OK)
				return st;
		}
		if (!b->procs)
			continue;  // not begun
		// Nobody can foretell whether all procs are busy: no branch.
		uint32_t busy = active < b->procs ? active : (uint32_t)b->procs;
		double left = 1 - (double)busy / b->divisor;
		if (!put(b, 0, time, open[UTIL_EVERYWHERE] ? 0 : left))
			return KYMO_E_MEMORY;
	}
	b->active = active;
	return KYMO_OK;
}

static enum kymo_status apply(struct build *b, struct util_edge e)
{
	if (e.where == UTIL_GOMAXPROCS)
		return resize_by(b, e);
	b->active = count_edge(b->open, b->active, e);
	return KYMO_OK;
}

static enum kymo_status add_to_procs(struct build *b, const struct radix_item *x,
                                     const struct radix_item *end)
{
	while (x < end) {
		const uint64_t key = x->key;
		const kymo_ns time = util_edge_of(*x).time;
		bool all = false, ok = true;
		b->now.count = 0;
		for (; x < end && x->key == key; x++) {
			struct util_edge e = util_edge_of(*x);
			enum kymo_status st = apply(b, e);
			if (st != KYMO_OK)
				return st;
			all |= e.where == UTIL_GOMAXPROCS || e.where == UTIL_EVERYWHERE;
			if (!all && !vec_push(&b->now, e.where))
				return KYMO_E_MEMORY;
		}
		if (all)
			ok = put_all_procs(b, time);
		for (size_t i = 0; !all && i < b->now.count && ok; i++) {
			uint32_t row = b->now.at[i];
			uint64_t id = b->t->procs.id[row];
			ok = id >= b->procs || put(b, b->ids.at[id].series, time, proc_value(b, row));
		}
		if (!ok)
			return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

/* What workers and GOMAXPROCS come to before the part. */
static enum kymo_status catch_up(struct build *b)
{
	enum kymo_status st = KYMO_OK;
	for (const struct radix_item *x = b->edges.others; x < b->edges.other && st == KYMO_OK; x++)
		st = apply(b, util_edge_of(*x));
	for (size_t i = 0; i < b->out.series.count; i++)
		b->out.series.at[i].points.count = 0;
	return st;
}

static void add_part(void *arg)
{
	struct build *b = arg;
	b->open = calloc(b->t->procs.count + 1, sizeof *b->open);
	b->st = b->open ? catch_up(b) : KYMO_E_MEMORY;
	while (b->st == KYMO_OK && util_edges_more(&b->edges)) {
		const struct radix_item *x = b->edges.at.at, *end = x + b->edges.ready;
		b->st = b->flags & KYMO_UTIL_PER_PROC ? add_to_procs(b, x, end)
		                                      : add_to_mean(b, x, end);
	}
	if (b->edges.failed)
		b->st = KYMO_E_MEMORY;
}

static void free_build(struct build *b)
{
	util_edges_free(&b->edges);
	util_free(&b->out);
	vec_free(&b->now);
	free(b->open);
	free(b->ids.at);
}

/* ---- from parts to series ---- */

/* All parts' points of a series go behind the first one's; to copy them is worth sharing. */
struct join {
	alignas(PARALLEL_LINE) const struct build *parts;
	unsigned count, share;
	struct util *out;  // with the first one's
};

static const struct util_series *series_of(const struct build *b, size_t i)
{
	return i < b->out.series.count ? &b->out.series.at[i] : NULL;
}

/* How many points it has. `copy`: this share of them. */
static size_t join_series(const struct join *j, size_t series, bool copy)
{
	const struct util_series *all = &j->out->series.at[series];
	size_t n = all->points.count;
	double last = n ? all->points.at[n - 1].value : 0;
	for (unsigned i = 1; i < j->count; i++) {
		const struct util_series *s = series_of(&j->parts[i], series);
		if (!s || !s->points.count)
			continue;
		// A part tells the value that it begins with.
		const size_t again = n && s->points.at[0].value == last;
		const struct util_point *p = s->points.at + again;
		const size_t count = s->points.count - again;
		if (copy) {
			size_t from = count * j->share / j->count;
			size_t to = count * (j->share + 1) / j->count;
			memcpy(all->points.at + n + from, p + from, (to - from) * sizeof *p);
		}
		n += count;
		last = s->points.at[s->points.count - 1].value;
	}
	return n;
}

static void copy_share(void *arg)
{
	const struct join *j = arg;
	for (size_t i = 0; i < j->out->series.count; i++)
		join_series(j, i, true);
}

/* What the last part has of each, in memory of the first one. */
static enum kymo_status join(struct build *parts, unsigned n, struct util *out)
{
	const struct util *all = &parts[n - 1].out;
	struct join jobs[PARALLEL_MAX];
	for (unsigned i = 0; i < n; i++)
		if (parts[i].st != KYMO_OK)
			return parts[i].st;
	*out = parts[0].out;
	parts[0].out = (struct util){0};
	for (size_t i = out->series.count; i < all->series.count; i++)
		if (util_new_series(out, all->series.at[i].proc) == SIZE_MAX)
			return KYMO_E_MEMORY;
	for (unsigned i = 0; i < n; i++)
		jobs[i] = (struct join){parts, n, i, out};
	for (size_t i = 0; i < out->series.count; i++)
		if (!vec_reserve(&out->series.at[i].points, join_series(jobs, i, false) + 3))
			return KYMO_E_MEMORY;
	if (n > 1)
		parallel_run(n, jobs, sizeof *jobs, copy_share);
	for (size_t i = 0; i < out->series.count; i++)
		out->series.at[i].points.count = join_series(jobs, i, false);
	return KYMO_OK;
}

/* The last part knows what is open when the trace ends. */
static enum kymo_status finish_all(const struct build *b, struct util *out)
{
	uint64_t open = b->flags & KYMO_UTIL_PER_PROC ? b->procs : b->procs != 0;
	for (uint64_t i = 0; i < open; i++)
		if (!finish(out, b->ids.at ? b->ids.at[i].series : 0, b->t->info.duration))
			return KYMO_E_MEMORY;
	return KYMO_OK;
}

enum kymo_status util_exact(const struct kymo_trace *t, unsigned flags, struct util *out)
{
	struct util_others others = {0};
	struct util_edges edges[PARALLEL_MAX];
	struct build parts[PARALLEL_MAX];
	unsigned n = 0;
	enum kymo_status st = KYMO_E_MEMORY;
	*out = (struct util){0};
	if (util_others(t, flags, &others)) {
		n = util_edges_parts(t, flags, &others, edges);
		for (unsigned i = 0; i < n; i++) {
			size_t ranges = i ? edges[i].end - edges[i].next : t->ranges.count;
			parts[i] = (struct build){
				.t = t, .flags = flags, .edges = edges[i], .room = ROOM * ranges + 2};
		}
		parallel_run(n, parts, sizeof *parts, add_part);
		st = join(parts, n, out);
		if (st == KYMO_OK)
			st = finish_all(&parts[n - 1], out);
	}
	for (unsigned i = 0; i < n; i++)
		free_build(&parts[i]);
	vec_free(&others.at);
	if (st != KYMO_OK)
		util_free(out);
	return st;
}
