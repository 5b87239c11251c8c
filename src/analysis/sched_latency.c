/* SPDX-License-Identifier: MIT */
/* Sorting waits, and their percentiles. */
#include "analysis/sched_latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool latencies_begin(struct latencies *l, uint32_t groups, uint32_t causes, uint32_t slices)
{
	*l = (struct latencies){.groups = groups, .causes = causes, .slices = slices};
	l->group = calloc(groups + 1, sizeof *l->group);
	l->cause = calloc(causes + 1, sizeof *l->cause);
	l->slice = calloc(slices + 1, sizeof *l->slice);
	return l->group && l->cause && l->slice;
}

void latencies_free(struct latencies *l)
{
	latency_list_free(&l->list);
	free(l->group);
	free(l->cause);
	free(l->slice);
}

void latency_list_free(struct latency_list *l)
{
	vec_free(&l->at);
	vec_free(&l->more);
}

bool latencies_join(struct latencies *l, struct latency_list *from)
{
	struct latency_list *to = &l->list;
	if (to->at.count == 0 && to->more.count == 0) {
		const struct latency_list empty = *to;
		*to = *from;
		*from = empty;
		return true;
	}
	if (!vec_reserve(&to->at, to->at.count + from->at.count) ||
	    !vec_reserve(&to->more, to->more.count + from->more.count))
		return false;
	if (from->at.count)
		memcpy(to->at.at + to->at.count, from->at.at, from->at.count * sizeof *to->at.at);
	if (from->more.count)
		memcpy(to->more.at + to->more.count, from->more.at,
		       from->more.count * sizeof *to->more.at);
	to->at.count += from->at.count;
	to->more.count += from->more.count;
	latency_list_free(from);
	*from = (struct latency_list){0};
	return true;
}

/* ---- sorting ---- */

#define DIGIT 11
#define DIGITS (1u << DIGIT)
#define PASSES 3

/* By the upper halves. False: no memory. */
static bool sort_words(uint64_t **at, size_t count)
{
	if (count < 2)
		return true;
	size_t(*counts)[DIGITS] = calloc(PASSES, sizeof *counts);
	uint64_t *from = *at, *to = malloc(count * sizeof *to);
	if (!counts || !to) {
		free(counts);
		free(to);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		for (unsigned p = 0; p < PASSES; p++)
			counts[p][from[i] >> (32 + p * DIGIT) & (DIGITS - 1)]++;
	for (unsigned p = 0; p < PASSES; p++) {
		unsigned shift = 32 + p * DIGIT;
		if (counts[p][from[0] >> shift & (DIGITS - 1)] == count)
			continue;  // all have this digit
		for (size_t d = 0, sum = 0; d < DIGITS; d++) {
			size_t n = counts[p][d];
			counts[p][d] = sum;
			sum += n;
		}
		for (size_t i = 0; i < count; i++)
			to[counts[p][from[i] >> shift & (DIGITS - 1)]++] = from[i];
		uint64_t *x = from;
		from = to;
		to = x;
	}
	*at = from;
	free(to);
	free(counts);
	return true;
}

static int by_length(const void *a, const void *b)
{
	const struct latency_long *x = a, *y = b;
	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* ---- ranks ---- */

enum { RANKS = 5 };

/* What of one group (cause, slice) has gone by, and which of its waits are wanted. */
struct ranks {
	uint64_t seen, next;
	uint64_t rank[RANKS + 1];  // 1 for the first; the last never comes
	kymo_ns value[RANKS], total;
	unsigned at;
};

static void ranks_begin(struct ranks *r)
{
	uint64_t n = r->seen;
	static const double q[RANKS] = {0, 0.50, 0.90, 0.99, 1};
	for (int i = 0; i < RANKS; i++) {
		double rank = ceil(q[i] * (double)n);
		r->rank[i] = rank < 1 ? 1 : rank > (double)n ? n : (uint64_t)rank;
	}
	r->rank[RANKS] = UINT64_MAX;
	r->seen = 0;
	r->next = n ? r->rank[0] : UINT64_MAX;
}

static __attribute__((noinline)) void ranks_take(struct ranks *r, kymo_ns ns)
{
	while (r->rank[r->at] == r->seen)
		r->value[r->at++] = ns;
	r->next = r->rank[r->at];
}

static inline void ranks_see(struct ranks *r, kymo_ns ns)
{
	r->total += ns;
	if (unlikely(++r->seen == r->next))
		ranks_take(r, ns);
}

static struct kymo_latency summary(const struct ranks *r)
{
	return (struct kymo_latency){r->seen,     r->total,    r->value[0], r->value[1],
	                             r->value[2], r->value[3], r->value[4]};
}

static inline uint32_t group_of(uint32_t whose)
{
	return whose >> 13;
}
static inline uint32_t cause_of(uint32_t whose)
{
	return whose >> 7 & (LATENCY_CAUSES - 1);
}
static inline uint32_t slice_of(uint32_t whose)
{
	return whose & (LATENCY_SLICES - 1);
}

struct ranking {
	struct ranks all, *group, *cause, *slice;
	const kymo_ns *bounds;
	size_t bound_count, bound;
	uint64_t *histogram;
};

static inline void count(struct ranking *k, uint32_t whose)
{
	k->all.seen++;
	k->group[group_of(whose)].seen++;
	k->cause[cause_of(whose)].seen++;
	k->slice[slice_of(whose)].seen++;
}

static inline void see(struct ranking *k, kymo_ns ns, uint32_t whose)
{
	ranks_see(&k->all, ns);
	ranks_see(&k->group[group_of(whose)], ns);
	ranks_see(&k->cause[cause_of(whose)], ns);
	ranks_see(&k->slice[slice_of(whose)], ns);
	if (k->bound_count) {
		while (k->bound + 1 < k->bound_count && ns >= k->bounds[k->bound + 1])
			k->bound++;
		k->histogram[k->bound]++;
	}
}

bool latencies_rank(struct latencies *l, const kymo_ns *bounds, size_t bound_count,
                    uint64_t *histogram)
{
	struct ranking k = {.bounds = bounds, .bound_count = bound_count, .histogram = histogram};
	k.group = calloc(l->groups + 1, sizeof *k.group);
	k.cause = calloc(l->causes + 1, sizeof *k.cause);
	k.slice = calloc(l->slices + 1, sizeof *k.slice);
	bool ok = k.group && k.cause && k.slice && sort_words(&l->list.at.at, l->list.at.count);
	if (ok) {
		if (l->list.more.count)
			qsort(l->list.more.at, l->list.more.count, sizeof *l->list.more.at,
			      by_length);
		for (size_t i = 0; i < l->list.at.count; i++)
			count(&k, (uint32_t)l->list.at.at[i]);
		for (size_t i = 0; i < l->list.more.count; i++)
			count(&k, l->list.more.at[i].whose);
		ranks_begin(&k.all);
		for (uint32_t i = 0; i < l->groups; i++)
			ranks_begin(&k.group[i]);
		for (uint32_t i = 0; i < l->causes; i++)
			ranks_begin(&k.cause[i]);
		for (uint32_t i = 0; i < l->slices; i++)
			ranks_begin(&k.slice[i]);
		for (size_t i = 0; i < l->list.at.count; i++)
			see(&k, (kymo_ns)(l->list.at.at[i] >> 32), (uint32_t)l->list.at.at[i]);
		for (size_t i = 0; i < l->list.more.count; i++)
			see(&k, l->list.more.at[i].ns, l->list.more.at[i].whose);
		l->all = summary(&k.all);
		for (uint32_t i = 0; i < l->groups; i++)
			l->group[i] = summary(&k.group[i]);
		for (uint32_t i = 0; i < l->causes; i++)
			l->cause[i] = summary(&k.cause[i]);
		for (uint32_t i = 0; i < l->slices; i++)
			l->slice[i] = summary(&k.slice[i]);
	}
	free(k.group);
	free(k.cause);
	free(k.slice);
	return ok;
}
