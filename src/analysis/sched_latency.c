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
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		vec_free(&l->list[i].at);
		vec_free(&l->list[i].more);
	}
	free(l->group);
	free(l->cause);
	free(l->slice);
}

/* ---- sorting ---- */

#define DIGIT (LATENCY_BITS / 2)
#define DIGITS (1u << DIGIT)

static inline unsigned low_digit(uint64_t x)
{
	return x >> 32 & (DIGITS - 1);
}
static inline unsigned high_digit(uint64_t x)
{
	return (unsigned)(x >> (32 + DIGIT));
}

/* Counts become places. */
static void add_up(size_t counts[DIGITS])
{
	for (size_t d = 0, sum = 0; d < DIGITS; d++) {
		size_t n = counts[d];
		counts[d] = sum;
		sum += n;
	}
}

/* All lists' words in order of length; the lists are empty then. `low` and `high` count digits. NULL: no memory. */
static uint64_t *sort_words(struct latencies *l, size_t count, size_t low[DIGITS],
                            size_t high[DIGITS])
{
	uint64_t *first = malloc((count + 1) * sizeof *first), *second = NULL;
	if (!first)
		return NULL;
	add_up(low);
	add_up(high);
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		const uint64_t *at = l->list[i].at.at;
		for (size_t k = 0; k < l->list[i].at.count; k++)
			first[low[low_digit(at[k])]++] = at[k];
		vec_free(&l->list[i].at);
	}
	second = malloc((count + 1) * sizeof *second);
	for (size_t k = 0; second && k < count; k++)
		second[high[high_digit(first[k])]++] = first[k];
	free(first);
	return second;
}

/* The long ones of all lists, in the first one, in order of length. False: no memory. */
static bool sort_long(struct latencies *l)
{
	struct latency_list *to = &l->list[0];
	for (unsigned i = 1; i < PARALLEL_MAX; i++) {
		struct latency_list *from = &l->list[i];
		if (!vec_reserve(&to->more, to->more.count + from->more.count))
			return false;
		if (from->more.count)
			memcpy(to->more.at + to->more.count, from->more.at,
			       from->more.count * sizeof *to->more.at);
		to->more.count += from->more.count;
		vec_free(&from->more);
	}
	return radix_sort(to->more.at, to->more.count);
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

/* How many there are of each, and of each digit. Their sum. */
static size_t count_words(const struct latencies *l, struct ranking *k, size_t low[DIGITS],
                          size_t high[DIGITS])
{
	size_t sum = 0;
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		const uint64_t *at = l->list[i].at.at;
		for (size_t n = 0; n < l->list[i].at.count; n++) {
			low[low_digit(at[n])]++;
			high[high_digit(at[n])]++;
			count(k, (uint32_t)at[n]);
		}
		sum += l->list[i].at.count;
	}
	return sum;
}

static bool rank_all(struct latencies *l, struct ranking *k)
{
	size_t low[DIGITS] = {0}, high[DIGITS] = {0}, words = count_words(l, k, low, high);
	uint64_t *at = sort_words(l, words, low, high);
	bool ok = at && sort_long(l);
	const struct radix_item *more = l->list[0].more.at;
	size_t longs = ok ? l->list[0].more.count : 0;
	for (size_t i = 0; i < longs; i++)
		count(k, (uint32_t)more[i].value);
	ranks_begin(&k->all);
	for (uint32_t i = 0; i < l->groups; i++)
		ranks_begin(&k->group[i]);
	for (uint32_t i = 0; i < l->causes; i++)
		ranks_begin(&k->cause[i]);
	for (uint32_t i = 0; i < l->slices; i++)
		ranks_begin(&k->slice[i]);
	for (size_t i = 0; ok && i < words; i++)
		see(k, (kymo_ns)(at[i] >> 32), (uint32_t)at[i]);
	for (size_t i = 0; i < longs; i++)
		see(k, (kymo_ns)more[i].key, (uint32_t)more[i].value);
	free(at);
	return ok;
}

bool latencies_rank(struct latencies *l, const kymo_ns *bounds, size_t bound_count,
                    uint64_t *histogram)
{
	struct ranking k = {.bounds = bounds, .bound_count = bound_count, .histogram = histogram};
	k.group = calloc(l->groups + 1, sizeof *k.group);
	k.cause = calloc(l->causes + 1, sizeof *k.cause);
	k.slice = calloc(l->slices + 1, sizeof *k.slice);
	bool ok = k.group && k.cause && k.slice && rank_all(l, &k);
	if (ok) {
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
