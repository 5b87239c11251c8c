/* SPDX-License-Identifier: MIT */
/*
 * Utilisation by the exact rules: what takes from the program are intervals, on a proc or on all; a step function is
 * the count of those that are open, at each time at which one begins or ends.
 */
#include "analysis/util.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/gc_work.h"
#include "analysis/parallel.h"
#include "analysis/select.h"
#include "base/radix.h"
#include "base/threads.h"

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

/* ---- edges ---- */

/* Something begins (+1) or ends (-1) on a proc's row, or on all: */
#define EVERYWHERE 0u
#define GOMAXPROCS UINT32_MAX  // `value` is the new one's place in the metric's series
struct edge {
	kymo_ns time;
	uint32_t where;
	int32_t value;
};

/*
 * Edges in order of time, made by one thread. Ranges come in order of their begins, and what begins with its range is over
 * after a few others have begun: its edges belong a few places before the last one, and are moved there. Where that takes
 * too many moves, all are sorted when all are there.
 */
struct edges {
	VEC(struct radix_item) at;  // see edge_of
	uint64_t moves;
	bool loose;  // not in order
};
#define MOVES 32u  // an edge, at most; to sort costs as much

struct build {
	const struct kymo_trace *t;
	struct util *out;
	unsigned flags;
	kymo_ns from, to;          // all of the trace
	kymo_ns at;                // begin of the range at hand
	struct edges edges, late;  // what begins later than its range: an assist after a wait
	VEC(uint32_t)
	now;              // per proc: the rows of those on which something begins or ends at a time
	uint32_t *open;   // [procs] intervals open on each
	uint32_t active;  // procs with open ones
	uint32_t stopped;
	uint64_t procs;       // GOMAXPROCS
	size_t most;          // points that there may be
	struct util_ids ids;  // per proc
};

static bool push_item(struct edges *e, struct radix_item x)
{
	if (!vec_push(&e->at, x))
		return false;
	size_t i = e->at.count - 1;
	if (e->loose)
		return true;
	for (; i > 0 && e->at.at[i - 1].key > x.key; i--)
		e->at.at[i] = e->at.at[i - 1];
	e->at.at[i] = x;
	e->moves += e->at.count - 1 - i;
	e->loose = e->moves > (uint64_t)MOVES * (e->at.count + 1024);
	return true;
}

static bool push_edge(struct edges *e, kymo_ns time, uint32_t where, int32_t value)
{
	return push_item(e, (struct radix_item){radix_of_i64(time),
	                                        (uint64_t)where << 32 | (uint32_t)value});
}

static bool in_order(struct edges *e)
{
	return !e->loose || radix_sort(e->at.at, e->at.count);
}

static inline struct edge edge_of(struct radix_item x)
{
	return (struct edge){(kymo_ns)(x.key ^ (uint64_t)1 << 63), (uint32_t)(x.value >> 32),
	                     (int32_t)(uint32_t)x.value};
}

static bool interval(struct build *b, kymo_ns from, kymo_ns to, uint32_t where)
{
	from = from > b->from ? from : b->from;
	to = to < b->to ? to : b->to;
	struct edges *e = from > b->at ? &b->late : &b->edges;
	return to <= from || (push_edge(e, from, where, 1) && push_edge(e, to, where, -1));
}

static bool on_proc(void *ctx, const struct gc_piece *p)
{
	return interval(ctx, p->from, p->to, p->proc);
}

static bool on_worker(void *ctx, const struct gc_piece *p)
{
	struct build *b = ctx;
	if (p->mode == GC_IDLE || (p->mode == GC_DEDICATED && b->flags & KYMO_UTIL_PER_PROC))
		return true;
	return interval(b, p->from, p->to, p->proc);
}

static bool add_range(struct build *b, uint32_t i)
{
	const struct kymo_trace *t = b->t;
	const struct kymo_ranges *r = &t->ranges;
	switch (r->kind[i]) {
	case KYMO_RANGE_STW:
		if (b->flags & KYMO_UTIL_ALL_STW ||
		    (b->flags & KYMO_UTIL_STW && gc_is_stw_name(t, r->name[i])))
			return interval(b, r->start[i], r->end[i], EVERYWHERE);
		break;
	case KYMO_RANGE_SWEEP:
		if (b->flags & KYMO_UTIL_SWEEP && r->proc[i])
			return interval(b, r->start[i], r->end[i], r->proc[i]);
		break;
	case KYMO_RANGE_ASSIST:
		if (b->flags & KYMO_UTIL_ASSIST)
			return gc_executing(t, i, b->from, b->to, on_proc, b);
		break;
	}
	return true;
}

/*
 * A stretch of the ranges, with edges of its own: where an assist executes takes a look at its goroutine. Others' edges (of
 * workers, of GOMAXPROCS) come in between.
 */
struct stretch {
	alignas(PARALLEL_LINE) struct build b;
	uint32_t from, to;
	const struct radix_item *others, *others_end;
	bool ok;
};

static void add_stretch(void *arg)
{
	struct stretch *s = arg;
	const kymo_ns *start = s->b.t->ranges.start;
	// Room that is not used is never touched; to grow step by step would touch more than there is.
	s->ok = vec_reserve(&s->b.edges.at, 2 * (size_t)(s->to - s->from) +
	                                            (size_t)(s->others_end - s->others) + 1) &&
	        vec_reserve(&s->b.late.at, (size_t)(s->to - s->from) + 1);
	for (uint32_t i = s->from; i < s->to && s->ok; i++) {
		gc_prefetch(s->b.t, i + GC_AHEAD);
		for (; s->ok && s->others < s->others_end && s->others->key <= radix_of_i64(start[i]);
		     s->others++)
			s->ok = push_item(&s->b.edges, *s->others);
		s->b.at = start[i] > s->b.from ? start[i] : s->b.from;
		s->ok = s->ok && add_range(&s->b, i);
	}
	for (; s->ok && s->others < s->others_end; s->others++)
		s->ok = push_item(&s->b.edges, *s->others);
	s->ok = s->ok && in_order(&s->b.edges) && in_order(&s->b.late);
}

#define WORTH_A_THREAD 8192u  // ranges: about a millisecond

/* How many of sorted items come before a key. */
static size_t before(const struct radix_item *at, size_t count, uint64_t key)
{
	size_t lo = 0;
	while (lo < count) {
		size_t mid = lo + (count - lo) / 2;
		if (at[mid].key < key)
			lo = mid + 1;
		else
			count = mid;
	}
	return lo;
}

/* All edges, in `n` runs that are in order. */
struct runs {
	struct stretch s[PARALLEL_MAX];
	const struct radix_item *next[2 * PARALLEL_MAX], *end[2 * PARALLEL_MAX];
	unsigned stretches, n;
};

static bool collect(struct build *b, struct runs *runs)
{
	const struct kymo_series *m = &b->t->series[KYMO_METRIC_GOMAXPROCS];
	uint32_t count = b->t->ranges.count;
	bool ok = vec_reserve(&b->edges.at, 1);
	for (uint32_t i = 0; i < m->count && ok; i++)
		if (m->value[i])
			ok = push_edge(&b->edges, m->time[i], GOMAXPROCS, (int32_t)i);
	if (ok && b->flags & KYMO_UTIL_BACKGROUND)
		ok = gc_workers(b->t, b->from, b->to, on_worker, b);
	if (!ok || !in_order(&b->edges))
		return false;
	struct radix_item *others = b->edges.at.at, *others_end = others + b->edges.at.count;
	runs->stretches = threads_worth(PARALLEL_MAX, count / WORTH_A_THREAD);
	for (unsigned i = 0; i < runs->stretches; i++) {
		uint32_t to = (uint32_t)((uint64_t)count * (i + 1) / runs->stretches);
		size_t some = (size_t)(others_end - others);
		if (i + 1 < runs->stretches)
			some = before(others, some, radix_of_i64(b->t->ranges.start[to]));
		runs->s[i] = (struct stretch){
			.b = {.t = b->t,
		              .flags = b->flags,
		              .from = b->from,
		              .to = b->to,
		              .late.loose = true},
			.from = (uint32_t)((uint64_t)count * i / runs->stretches),
			.to = to,
			.others = others,
			.others_end = others + some,
		};
		others += some;
	}
	parallel_run(runs->stretches, runs->s, sizeof *runs->s, add_stretch);
	for (unsigned i = 0; i < runs->stretches; i++) {
		const struct edges *e[2] = {&runs->s[i].b.edges, &runs->s[i].b.late};
		ok = ok && runs->s[i].ok;
		for (int k = 0; k < 2; k++)
			if (e[k]->at.count) {
				runs->next[runs->n] = e[k]->at.at;
				runs->end[runs->n++] = e[k]->at.at + e[k]->at.count;
			}
	}
	return ok;
}

/* The run with the earliest edge that is left; NULL: there is none. */
static const struct radix_item **earliest(struct runs *runs)
{
	const struct radix_item **first = NULL;
	uint64_t key = UINT64_MAX;
	for (unsigned i = 0; i < runs->n; i++) {
		uint64_t its = runs->next[i] < runs->end[i] ? runs->next[i]->key : UINT64_MAX;
		first = its < key ? &runs->next[i] : first;
		key = its < key ? its : key;
	}
	return first;
}

/* ---- from edges to points ---- */

static bool put(struct build *b, size_t series, kymo_ns time, double value)
{
	struct util_series *s = &b->out->series.at[series];
	size_t n = s->points.count;
	if (n && s->points.at[n - 1].value == value)
		return true;
	return vec_push(&s->points, ((struct util_point){time, value}));
}

static bool finish(struct build *b, size_t series, kymo_ns time)
{
	return vec_push(&b->out->series.at[series].points, ((struct util_point){time, 0}));
}

static double proc_value(const struct build *b, uint32_t row)
{
	return b->stopped || (row && b->open[row]) ? 0 : 1;
}

static bool put_system(struct build *b, kymo_ns time)
{
	double left = b->stopped ? 0 : 1 - (double)b->active / (double)b->procs;
	return put(b, 0, time, left > 0 ? left : 0);
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
	if (!(b->flags & KYMO_UTIL_PER_PROC)) {
		bool ok = was || (util_new_series(b->out, KYMO_NONE) != SIZE_MAX &&
		                  vec_reserve(&b->out->series.at[0].points, b->most + 2));
		return ok ? KYMO_OK : KYMO_E_MEMORY;
	}
	if (procs > UTIL_MAX_SERIES || b->out->series.count > UTIL_MAX_SERIES)
		return KYMO_E_LIMIT;
	for (uint64_t id = procs; id < was; id++)
		if (!finish(b, b->ids.at[id].series, time))
			return KYMO_E_MEMORY;
	if (!util_more_ids(&b->ids, b->t, procs))
		return KYMO_E_MEMORY;
	for (uint64_t id = was; id < procs; id++) {
		b->ids.at[id].series = util_new_series(b->out, id);
		if (b->ids.at[id].series == SIZE_MAX)
			return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

static void apply(struct build *b, const struct edge *e)
{
	if (e->where == EVERYWHERE) {
		b->stopped = (uint32_t)((int32_t)b->stopped + e->value);
	} else {
		uint32_t *open = &b->open[e->where];
		b->active -= *open != 0;
		*open = (uint32_t)((int32_t)*open + e->value);
		b->active += *open != 0;
	}
}

/* What holds from a time on. `all`: not only on the procs of `now` something begins or ends. */
static bool put_now(struct build *b, kymo_ns time, bool all)
{
	if (!b->procs)
		return true;  // not begun
	if (!(b->flags & KYMO_UTIL_PER_PROC))
		return put_system(b, time);
	if (all)
		return put_all_procs(b, time);
	for (size_t i = 0; i < b->now.count; i++) {
		uint32_t row = b->now.at[i];
		uint64_t id = b->t->procs.id[row];
		if (id < b->procs && !put(b, b->ids.at[id].series, time, proc_value(b, row)))
			return false;
	}
	return true;
}

/* Everything at the time of the earliest edge, which is in the run. */
static enum kymo_status step(struct build *b, struct runs *runs, const struct radix_item **run)
{
	const struct kymo_series *m = &b->t->series[KYMO_METRIC_GOMAXPROCS];
	const uint64_t key = (*run)->key;
	const kymo_ns time = edge_of(**run).time;
	bool all = false;
	b->now.count = 0;
	for (; run && (*run)->key == key; run = earliest(runs)) {
		struct edge e = edge_of(*(*run)++);
		if (e.where == GOMAXPROCS) {
			enum kymo_status st = resize(b, m->value[e.value], time);
			if (st != KYMO_OK)
				return st;
			all = true;
		} else {
			all |= e.where == EVERYWHERE;
			apply(b, &e);
			if (b->flags & KYMO_UTIL_PER_PROC && !vec_push(&b->now, e.where))
				return KYMO_E_MEMORY;
		}
	}
	return put_now(b, time, all) ? KYMO_OK : KYMO_E_MEMORY;
}

enum kymo_status util_exact(const struct kymo_trace *t, unsigned flags, struct util *out)
{
	struct build b = {.t = t,
	                  .out = out,
	                  .flags = flags,
	                  .from = select_from(NULL),
	                  .to = select_to(NULL, t),
	                  .at = INT64_MAX};
	*out = (struct util){0};
	b.open = calloc(t->procs.count + 1, sizeof *b.open);
	struct runs runs = {.n = 0};
	enum kymo_status st = b.open && collect(&b, &runs) ? KYMO_OK : KYMO_E_MEMORY;
	for (unsigned i = 0; i < runs.n; i++)
		b.most += (size_t)(runs.end[i] - runs.next[i]);
	for (const struct radix_item **run; st == KYMO_OK && (run = earliest(&runs));)
		st = step(&b, &runs, run);
	uint64_t open = flags & KYMO_UTIL_PER_PROC ? b.procs : b.procs != 0;
	for (uint64_t i = 0; i < open && st == KYMO_OK; i++)
		if (!finish(&b, b.ids.at ? b.ids.at[i].series : 0, t->info.duration))
			st = KYMO_E_MEMORY;
	for (unsigned i = 0; i < runs.stretches; i++) {
		vec_free(&runs.s[i].b.edges.at);
		vec_free(&runs.s[i].b.late.at);
	}
	vec_free(&b.edges.at);
	vec_free(&b.now);
	free(b.open);
	free(b.ids.at);
	if (st != KYMO_OK)
		util_free(out);
	return st;
}
