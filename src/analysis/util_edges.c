/* SPDX-License-Identifier: MIT */
/*
 * Ranges come in order of their begins; what begins with its range, or later, is over when many others have begun. So
 * edges are gathered until the processor's cache has enough of them to sort, and those are done that come before the begin
 * of the next range. A few that come later wait for the next time.
 */
#include "analysis/util_edges.h"

#include <string.h>

#include "analysis/gc_work.h"
#include "analysis/parallel.h"
#include "analysis/select.h"
#include "base/threads.h"

#include <kymo/mmu.h>

#define MANY 16384u           // edges; twice as much memory is in use while they are sorted
#define WORTH_A_THREAD 8192u  // ranges: about a millisecond

static bool push_edge(struct util_edges *e, kymo_ns time, uint32_t where, int32_t value)
{
	return vec_push(&e->at, ((struct radix_item){radix_of_i64(time),
	                                             (uint64_t)where << 32 | (uint32_t)value}));
}

/* What of it lies in the part. */
static bool interval(struct util_edges *e, kymo_ns from, kymo_ns to, uint32_t where)
{
	from = from > e->from ? from : e->from;
	to = to < e->to ? to : e->to;
	return to <= from || (push_edge(e, from, where, 1) &&
	                      ((to == e->to && !e->last) || push_edge(e, to, where, -1)));
}

static bool on_proc(void *ctx, const struct gc_piece *p)
{
	return interval(ctx, p->from, p->to, p->proc);
}

static bool on_worker(void *ctx, const struct gc_piece *p)
{
	struct util_edges *e = ctx;
	if (p->mode == GC_IDLE || (p->mode == GC_DEDICATED && e->flags & KYMO_UTIL_PER_PROC))
		return true;
	return interval(e, p->from, p->to, p->proc);
}

static bool add_range(struct util_edges *e, uint32_t i)
{
	const struct kymo_trace *t = e->t;
	const struct kymo_ranges *r = &t->ranges;
	switch (r->kind[i]) {
	case KYMO_RANGE_STW:
		if (e->flags & KYMO_UTIL_ALL_STW ||
		    (e->flags & KYMO_UTIL_STW && gc_is_stw_name(t, r->name[i])))
			return interval(e, r->start[i], r->end[i], UTIL_EVERYWHERE);
		break;
	case KYMO_RANGE_SWEEP:
		if (e->flags & KYMO_UTIL_SWEEP && r->proc[i])
			return interval(e, r->start[i], r->end[i], r->proc[i]);
		break;
	case KYMO_RANGE_ASSIST:
		if (e->flags & KYMO_UTIL_ASSIST)
			return gc_executing(t, i, e->from, e->to, on_proc, e);
		break;
	}
	return true;
}

bool util_others(const struct kymo_trace *t, unsigned flags, struct util_others *others)
{
	const struct kymo_series *m = &t->series[KYMO_METRIC_GOMAXPROCS];
	struct util_edges e = {.t = t,
	                       .flags = flags,
	                       .from = select_from(NULL),
	                       .to = select_to(NULL, t),
	                       .last = true};
	bool ok = vec_reserve(&e.at, 1);
	for (uint32_t i = 0; i < m->count && ok; i++)
		if (m->value[i])
			ok = push_edge(&e, m->time[i], UTIL_GOMAXPROCS, (int32_t)i);
	if (ok && flags & KYMO_UTIL_BACKGROUND)
		ok = gc_workers(t, e.from, e.to, on_worker, &e);
	ok = ok && radix_sort(e.at.at, e.at.count);
	others->at.at = e.at.at;
	others->at.count = e.at.count;
	others->at.cap = e.at.cap;
	return ok;
}

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

static bool resized_at(const struct util_edges *e, kymo_ns time)
{
	uint64_t key = radix_of_i64(time);
	for (const struct radix_item *x = e->other; x < e->others_end && x->key == key; x++)
		if (util_edge_of(*x).where == UTIL_GOMAXPROCS)
			return true;
	return false;
}

unsigned util_edges_parts(const struct kymo_trace *t, unsigned flags,
                          const struct util_others *others, struct util_edges *parts)
{
	const struct radix_item *all = others->at.at;
	const uint32_t count = t->ranges.count;
	unsigned most = threads_worth(PARALLEL_MAX, count / WORTH_A_THREAD), n = 1;
	parts[0] = (struct util_edges){.t = t,
	                               .flags = flags,
	                               .from = select_from(NULL),
	                               .to = select_to(NULL, t),
	                               .first = true,
	                               .last = true,
	                               .end = count,
	                               .others = all,
	                               .other = all,
	                               .others_end = all + others->at.count};
	for (unsigned i = 1; i < most; i++) {
		// The last part is cut in two. Of ranges with the same begin there may be many.
		struct util_edges *e = &parts[n - 1], *rest = &parts[n];
		uint32_t range = (uint32_t)((uint64_t)count * i / most);
		if (range >= count || t->ranges.start[range] <= e->from ||
		    t->ranges.start[range] >= e->to)
			continue;
		*rest = *e;
		rest->first = false;
		rest->from = t->ranges.start[range];
		rest->next = range;
		rest->other += before(e->other, (size_t)(e->others_end - e->other),
		                      radix_of_i64(rest->from));
		if (resized_at(rest, rest->from))
			continue;
		e->last = false;
		e->to = rest->from;
		e->end = range;
		e->others_end = rest->other;
		n++;
	}
	return n;
}

/* What is open when the part begins. */
static bool begin(struct util_edges *e)
{
	if (!vec_reserve(&e->at, MANY + MANY / 2))
		return false;
	if (e->first)
		return true;
	bool ok = push_edge(e, e->from, UTIL_EVERYWHERE, 0);
	for (uint32_t i = 0; i < e->next && ok; i++)
		if (e->t->ranges.end[i] > e->from)
			ok = add_range(e, i);
	return ok;
}

/* Goes on until there are `many`, or no more ranges, and sorts them. */
static bool gather(struct util_edges *e, size_t many)
{
	bool ok = true;
	for (; e->next < e->end && e->at.count < many && ok; e->next++) {
		gc_prefetch(e->t, e->next + GC_AHEAD);
		ok = add_range(e, e->next);
	}
	bool rest = e->next < e->end;
	uint64_t key = rest ? radix_of_i64(e->t->ranges.start[e->next]) : 0;
	for (; ok && e->other < e->others_end && (!rest || e->other->key < key); e->other++)
		ok = vec_push(&e->at, *e->other);
	ok = ok && radix_sort(e->at.at, e->at.count);
	e->ready = rest ? before(e->at.at, e->at.count, key) : e->at.count;
	return ok;
}

bool util_edges_more(struct util_edges *e)
{
	bool ok = e->at.cap || begin(e);
	e->failed = !ok;
	if (!ok)
		return false;
	e->at.count -= e->ready;
	memmove(e->at.at, e->at.at + e->ready, e->at.count * sizeof *e->at.at);
	e->ready = 0;
	do {
		// What waits is sorted again each time: there have to be as many others.
		size_t many = 2 * e->at.count;
		ok = ok && gather(e, many > MANY ? many : MANY);
	} while (ok && !e->ready && e->next < e->end);
	e->failed = !ok;
	return ok && e->ready;
}

void util_edges_free(struct util_edges *e)
{
	vec_free(&e->at);
}
