/* SPDX-License-Identifier: MIT */
/* What is wanted of the waits, and the percentiles among what two passes over them give. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dist.h"
#include "analysis/latency_parts.h"
#include "base/threads.h"

#define WORTH_A_THREAD (1u << 18)  // waits: about a millisecond
/* Fewer buckets where there are many keys or few waits: a thread's table of them is cleared and added up. */
#define FINE_MAX 7u
#define TABLE_MAX (3u << 17)  // numbers in it: it is to stay in a near cache

enum { RANKS = 5 };  // min, p50, p90, p99, max
static const double quantiles[RANKS] = {0, 0.50, 0.90, 0.99, 1};

/* ---- what is wanted ---- */

static void add_row(struct ranking *r, uint32_t category, const uint32_t *row)
{
	uint32_t *to = &r->count[(size_t)category * r->buckets];
	for (uint32_t b = 0; b < r->buckets; b++)
		to[b] += row[b];
}

static void add_up(struct ranking *r)
{
	for (unsigned i = 0; i < r->threads; i++) {
		const struct tally *t = &r->tally[i];
		for (uint32_t k = 1; k < r->keys; k++) {
			const uint32_t *row = &t->key_count[(size_t)k * r->buckets];
			if (t->key_total[k] == 0)  // no wait is shorter than 1 ns
				continue;
			add_row(r, 0, row);
			add_row(r, group_category(r, k), row);
			add_row(r, cause_category(r, k), row);
			r->total[0] += t->key_total[k];
			r->total[group_category(r, k)] += t->key_total[k];
			r->total[cause_category(r, k)] += t->key_total[k];
		}
		for (uint32_t s = 0; s < r->slices; s++) {
			if (t->slice_total[s] == 0)
				continue;
			add_row(r, slice_category(r, s), &t->slice_count[(size_t)s * r->buckets]);
			r->total[slice_category(r, s)] += t->slice_total[s];
		}
	}
	for (uint32_t c = 0; c < r->categories; c++)
		for (uint32_t b = 0; r->total[c] && b < r->buckets; b++)
			r->of[c] += r->count[(size_t)c * r->buckets + b];
}

static bool want(struct ranking *r, uint32_t category, uint32_t bucket)
{
	size_t at = (size_t)category * r->buckets + bucket;
	if (r->target_of[at] || r->count[at] == 0)
		return true;
	r->target_of[at] = (uint32_t)r->targets.count + 1;
	return vec_push(&r->targets, ((struct target){.category = category, .bucket = bucket}));
}

static uint64_t rank_of(uint64_t n, int i)
{
	double rank = ceil(quantiles[i] * (double)n);
	return rank < 1 ? 0 : rank > (double)n ? n - 1 : (uint64_t)rank - 1;
}

/* The bucket of rank k, which becomes the rank inside of it. */
static uint32_t bucket_with(const struct ranking *r, uint32_t category, uint64_t *k)
{
	const uint32_t *count = &r->count[(size_t)category * r->buckets];
	uint32_t b = 0;
	for (; *k >= count[b]; b++)
		*k -= count[b];
	return b;
}

static bool choose(struct ranking *r)
{
	const struct latencies *l = r->l;
	bool ok = true;
	for (uint32_t c = 0; c < r->categories && ok; c++)
		for (int i = 0; r->of[c] && i < RANKS && ok; i++) {
			uint64_t k = rank_of(r->of[c], i);
			uint32_t bucket = bucket_with(r, c, &k);
			ok = want(r, c, bucket);
		}
	for (size_t i = 1; i < l->bound_count && ok; i++)
		if (l->bounds[i] > 0)
			ok = want(r, 0, bucket_of(&r->scale, (uint64_t)l->bounds[i]));
	return ok;
}

/* A target's values of one thread, as the length of its place. */
static void mark(const struct ranking *r, struct tally *t, uint32_t category, uint32_t bucket,
                 uint32_t count)
{
	uint32_t target = target_of(r, category, bucket);
	if (target)
		t->place[target - 1] += count;
}

static void mark_wait(const struct ranking *r, struct tally *t, uint32_t key, uint32_t bucket,
                      uint32_t count)
{
	mark(r, t, 0, bucket, count);
	mark(r, t, group_category(r, key), bucket, count);
	mark(r, t, cause_category(r, key), bucket, count);
}

static bool mark_share(const struct ranking *r, struct tally *t)
{
	const uint32_t first = 2u << r->scale.fine;  // of more than one grain
	t->place = calloc(r->targets.count + 1, sizeof *t->place);
	if (!t->place)
		return false;
	for (uint32_t k = 1; k < r->keys; k++)
		for (uint32_t b = first; t->key_total[k] && b < r->buckets; b++) {
			uint32_t n = t->key_count[(size_t)k * r->buckets + b];
			if (n)
				mark_wait(r, t, k, b, n);
		}
	for (uint32_t s = 0; s < r->slices; s++)
		for (uint32_t b = first; t->slice_total[s] && b < r->buckets; b++)
			mark(r, t, slice_category(r, s), b,
			     t->slice_count[(size_t)s * r->buckets + b]);
	for (size_t i = 0; i < t->odd.count; i++) {
		const struct one_wait *w = &t->odd.at[i];
		uint32_t b = bucket_of(&r->scale, (uint64_t)w->ns);
		mark_wait(r, t, w->key, b, 1);
		mark(r, t, slice_category(r, w->slice), b, 1);
	}
	return true;
}

static bool make_places(struct ranking *r)
{
	size_t sum = 0;
	for (unsigned i = 0; i < r->threads; i++)
		if (!mark_share(r, &r->tally[i]))
			return false;
	for (size_t i = 0; i < r->targets.count; i++) {
		struct target *x = &r->targets.at[i];
		x->from = sum;
		for (unsigned k = 0; k < r->threads; k++) {
			size_t n = r->tally[k].place[i];
			r->tally[k].place[i] = sum;
			sum += n;
		}
		x->count = sum - x->from;
	}
	r->values = malloc((sum + 1) * sizeof *r->values);
	return r->values != NULL;
}

/* Buckets of which somebody wants all: most waits are in none of them. */
static void mark_wanted(struct ranking *r)
{
	uint32_t slices = slice_category(r, 0);
	for (size_t i = 0; i < r->targets.count; i++) {
		const struct target *x = &r->targets.at[i];
		if (bucket_is_one(&r->scale, x->bucket))
			continue;
		for (uint32_t s = 0; s < r->slices; s++)
			if (x->category < slices || x->category == slices + s)
				r->wanted[(size_t)s * r->buckets + x->bucket] = 1;
	}
}

/* ---- results ---- */

static kymo_ns value_at(const struct ranking *r, uint32_t category, uint64_t k)
{
	uint32_t bucket = bucket_with(r, category, &k);
	const struct target *x = &r->targets.at[target_of(r, category, bucket) - 1];
	uint64_t even = r->count[(size_t)category * r->buckets + bucket] - x->count;
	if (k < even)
		return (kymo_ns)bucket_low(&r->scale, bucket);
	return dist_select(r->values + x->from, x->count, (size_t)(k - even));
}

static void select_share(void *job)
{
	struct tally *t = job;
	struct ranking *r = t->r;
	uint32_t c;
	while ((c = (uint32_t)atomic_fetch_add(&r->next, 1)) < r->categories) {
		uint64_t n = r->of[c];
		kymo_ns v[RANKS];
		for (int i = 0; n && i < RANKS; i++)
			v[i] = value_at(r, c, rank_of(n, i));
		if (n)
			r->result[c] =
				(struct kymo_latency){n, r->total[c], v[0], v[1], v[2], v[3], v[4]};
	}
}

/* How many are shorter than `bound`. */
static uint64_t count_below(const struct ranking *r, kymo_ns bound)
{
	uint64_t sum = 0;
	if (bound <= 0)
		return 0;
	uint32_t bucket = bucket_of(&r->scale, (uint64_t)bound), target = target_of(r, 0, bucket);
	for (uint32_t b = 0; b < bucket; b++)
		sum += r->count[b];
	if (!target)  // then there is nothing in it
		return sum;
	const struct target *x = &r->targets.at[target - 1];
	if (bucket_low(&r->scale, bucket) < (uint64_t)bound)
		sum += r->count[bucket] - x->count;
	for (size_t i = 0; i < x->count; i++)
		sum += r->values[x->from + i] < bound;
	return sum;
}

static bool publish(struct ranking *r)
{
	struct latencies *l = r->l;
	uint32_t groups = l->log->groups.count;
	l->group = calloc(groups + 1, sizeof *l->group);
	l->cause = calloc(SCHED_CAUSES, sizeof *l->cause);
	l->slice = calloc(l->slices + 1, sizeof *l->slice);
	l->histogram = calloc(l->bound_count + 1, sizeof *l->histogram);
	if (!l->group || !l->cause || !l->slice || !l->histogram)
		return false;
	l->all = r->result[0];
	memcpy(l->group, r->result + 1, groups * sizeof *l->group);
	memcpy(l->cause, r->result + 1 + groups, SCHED_CAUSES * sizeof *l->cause);
	memcpy(l->slice, r->result + slice_category(r, 0), l->slices * sizeof *l->slice);
	uint64_t below = 0;  // what is below the first bound counts for it
	for (size_t i = 0; i < l->bound_count; i++) {
		uint64_t next = i + 1 < l->bound_count ? count_below(r, l->bounds[i + 1]) : r->of[0];
		l->histogram[i] = next - below;
		below = next;
	}
	return true;
}

/* ---- waits that go on after the window ---- */

/* How many goroutines were runnable before and after `at`. */
static uint64_t open_at(const struct sched_log *log, kymo_ns at)
{
	size_t block = sched_block_of(log, at);
	struct sched_begins begins = sched_begins_begin(log, block);
	struct sched_ends ends = sched_ends_begin(log, block);
	struct sched_end w;
	uint64_t n = log->block[block].depth;
	while (sched_begins_next(&begins) < at)
		n++;
	while (sched_ends_next(&ends, &w) && w.end <= at)
		n--;
	return n;
}

static bool find_open(struct ranking *r)
{
	const struct latencies *l = r->l;
	const struct sched_log *log = l->log;
	if (l->to >= log->to || l->from >= l->to)
		return true;
	uint64_t left = open_at(log, l->to);
	for (size_t i = sched_block_of(log, l->to); i < log->blocks && left; i++) {
		const struct sched_block *b = &log->block[i];
		struct sched_ends c = sched_ends_begin(log, i);
		struct sched_end w;
		if (b->longest != SCHED_LONG && c.time - (kymo_ns)b->longest >= l->to)
			continue;
		while (left && sched_ends_next(&c, &w)) {
			kymo_ns begin = w.end - w.ns;
			if (w.end <= l->to || begin >= l->to)
				continue;
			left--;
			begin = begin > l->from ? begin : l->from;
			if (l->keys[w.key] &&
			    !vec_push(&r->open,
			              ((struct one_wait){.ns = l->to - begin, .key = w.key})))
				return false;
		}
	}
	return true;
}

/* ---- the whole ---- */

static bool tally_begin(struct tally *t, struct ranking *r, unsigned number)
{
	// One piece for each thread: what they write must not lie side by side.
	size_t counts = (size_t)(r->keys + r->slices) * r->buckets, totals = r->keys + r->slices;
	*t = (struct tally){.r = r, .number = (uint8_t)number, .ok = true};
	t->key_total = calloc(1, totals * sizeof *t->key_total + counts * sizeof *t->key_count +
	                                 PARALLEL_LINE);
	if (!t->key_total)
		return false;
	t->slice_total = t->key_total + r->keys;
	t->key_count = (uint32_t *)(t->key_total + totals);
	t->slice_count = t->key_count + (size_t)r->keys * r->buckets;
	return true;
}

static bool ranking_begin(struct ranking *r)
{
	const struct sched_log *log = r->l->log;
	uint64_t waits = 0;
	r->keys = log->keys;
	r->slices = r->l->slices;
	r->categories = slice_category(r, r->slices);
	if (r->l->from < r->l->to) {
		r->first = sched_block_of(log, r->l->from);
		r->last = sched_block_of(log, r->l->to - 1) + 1;
	}
	for (size_t i = r->first; i < r->last; i++)
		waits += log->block[i].ended;
	uint64_t table = waits < TABLE_MAX ? waits : TABLE_MAX;
	r->scale = scale_of(log->grain, FINE_MAX);
	while (r->scale.fine > 1 && (uint64_t)(r->keys + r->slices) * r->scale.buckets > table)
		r->scale = scale_of(log->grain, r->scale.fine - 1);
	r->buckets = r->scale.buckets;
	r->threads = threads_worth(PARALLEL_MAX, waits / WORTH_A_THREAD);
	size_t cells = (size_t)r->categories * r->buckets;
	r->owner = malloc(r->last - r->first + 1);
	r->count = calloc(cells, sizeof *r->count);
	r->of = calloc(r->categories, sizeof *r->of);
	r->total = calloc(r->categories, sizeof *r->total);
	r->target_of = calloc(cells, sizeof *r->target_of);
	r->wanted = calloc(r->slices, r->buckets);
	r->result = calloc(r->categories, sizeof *r->result);
	bool ok = r->owner && r->count && r->of && r->total && r->target_of && r->wanted && r->result;
	for (unsigned i = 0; i < r->threads; i++)
		ok = tally_begin(&r->tally[i], r, i) && ok;
	return ok;
}

static void ranking_end(struct ranking *r)
{
	for (unsigned i = 0; i < r->threads; i++) {
		free(r->tally[i].key_total);
		free(r->tally[i].place);
		vec_free(&r->tally[i].odd);
	}
	vec_free(&r->open);
	vec_free(&r->targets);
	free(r->owner);
	free(r->count);
	free(r->of);
	free(r->total);
	free(r->target_of);
	free(r->wanted);
	free(r->values);
	free(r->result);
}

static bool rank(struct ranking *r)
{
	if (!ranking_begin(r) || !find_open(r))
		return false;
	parallel_run(r->threads, r->tally, sizeof *r->tally, latency_count);
	for (unsigned i = 0; i < r->threads; i++)
		if (!r->tally[i].ok)
			return false;
	add_up(r);
	if (!choose(r) || !make_places(r))
		return false;
	mark_wanted(r);
	if (r->targets.count)
		parallel_run(r->threads, r->tally, sizeof *r->tally, latency_gather);
	atomic_store(&r->next, 0);
	parallel_run(r->threads, r->tally, sizeof *r->tally, select_share);
	return publish(r);
}

bool latencies_compute(struct latencies *l)
{
	struct ranking r = {.l = l};
	uint8_t *all = NULL;
	if (!l->keys) {
		l->keys = all = malloc(l->log->keys);
		if (!all)
			return false;
		memset(all, 1, l->log->keys);
		all[SCHED_PASS] = 0;
	}
	bool ok = rank(&r);
	ranking_end(&r);
	if (all)
		l->keys = NULL;
	free(all);
	return ok;
}

void latencies_free(struct latencies *l)
{
	free(l->group);
	free(l->cause);
	free(l->slice);
	free(l->histogram);
}
