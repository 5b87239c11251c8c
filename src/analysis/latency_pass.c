/* SPDX-License-Identifier: MIT */
/* The two passes over the waits of a window. */
#include "analysis/latency_parts.h"

/* ---- going over the waits of a block ---- */

typedef void wait_visit(struct tally *t, uint64_t ns, uint32_t key, uint32_t slice);
typedef void wait_block(struct tally *t, const struct sched_block *b, uint32_t slice);

/* The slice in which a wait that ends at `end` counts: (its begin, its end]. */
static inline uint32_t slice_of(const struct latencies *l, kymo_ns end, uint32_t from)
{
	while (from + 1 < l->slices && end > l->slice_bound[from + 1])
		from++;
	return from;
}

static uint32_t first_slice(const struct latencies *l, kymo_ns end)
{
	uint32_t lo = 0, hi = l->slices;  // the first one that ends at `end` or later
	while (lo + 1 < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (l->slice_bound[mid] < end)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* A block of which all counts, in one slice: `many` has the arrays. Else what does: `one` by one. */
static always_inline void each_wait(struct tally *t, size_t block, wait_block *many, wait_visit *one)
{
	const struct latencies *l = t->r->l;
	const struct sched_log *log = l->log;
	const struct sched_block *b = &log->block[block];
	kymo_ns begin = sched_block_begin(log, block), end = sched_block_end(log, block);
	uint32_t slice = first_slice(l, begin + 1);
	if (likely(begin - l->from >= (kymo_ns)b->longest && end <= l->to && !b->long_count &&
	           slice == slice_of(l, end, slice))) {
		many(t, b, slice);
		return;
	}
	struct sched_ends c = sched_ends_begin(log, block);
	struct sched_end w;
	while (sched_ends_next(&c, &w) && w.end <= l->to) {
		if (w.end <= l->from || !l->keys[w.key])
			continue;
		kymo_ns most = w.end - l->from;
		slice = slice_of(l, w.end, slice);
		one(t, (uint64_t)(w.ns < most ? w.ns : most), w.key, slice);
	}
}

/* ---- the first pass ---- */

static __attribute__((noinline)) void note_odd(struct tally *t, uint64_t ns, uint32_t key,
                                               uint32_t slice, uint32_t bucket)
{
	if (bucket_is_one(&t->r->scale, bucket))
		t->ok &= vec_push(&t->odd, ((struct one_wait){(kymo_ns)ns, key, slice}));
}

static void count_wait(struct tally *t, uint64_t ns, uint32_t key, uint32_t slice)
{
	struct ranking *r = t->r;
	uint32_t bucket = bucket_of(&r->scale, ns);
	t->key_count[(size_t)key * r->buckets + bucket]++;
	t->key_total[key] += (kymo_ns)ns;
	t->slice_count[(size_t)slice * r->buckets + bucket]++;
	t->slice_total[slice] += (kymo_ns)ns;
	if (unlikely(ns & (((uint64_t)1 << r->scale.grain) - 1)))
		note_odd(t, ns, key, slice, bucket);
}

static void count_block(struct tally *t, const struct sched_block *b, uint32_t slice)
{
	const struct ranking *r = t->r;
	const unsigned grain = r->scale.grain, fine = r->scale.fine;
	const uint32_t buckets = r->buckets, waits = b->waits, tick = (1u << grain) - 1;
	const uint8_t *keys = r->l->keys;
	const uint32_t *ns = b->ns;
	const uint16_t *key = b->key;
	uint32_t *key_count = t->key_count, *slice_count = &t->slice_count[(size_t)slice * buckets];
	kymo_ns *key_total = t->key_total, total = 0;
	for (uint32_t i = 0; i < waits; i++) {
		uint32_t k = key[i], d = ns[i];
		if (unlikely(!keys[k]))
			continue;
		uint32_t bucket = bucket_of_short(d, grain, fine);
		key_count[(size_t)k * buckets + bucket]++;
		slice_count[bucket]++;
		key_total[k] += d;
		total += d;
		if (unlikely(d & tick))
			note_odd(t, d, k, slice, bucket);
	}
	t->slice_total[slice] += total;
}

void latency_count(void *job)
{
	struct tally *t = job;
	struct ranking *r = t->r;
	size_t i;
	while ((i = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed)) <
	       r->last - r->first) {
		r->owner[i] = t->number;
		each_wait(t, r->first + i, count_block, count_wait);
	}
	for (size_t k = 0; t->number == 0 && k < r->open.count; k++)
		count_wait(t, (uint64_t)r->open.at[k].ns, r->open.at[k].key, r->slices - 1);
}

/* ---- the second pass ---- */

static inline void gather_for(struct tally *t, uint32_t category, uint32_t bucket, uint64_t ns)
{
	const struct ranking *r = t->r;
	uint32_t target = target_of(r, category, bucket);
	if (target)
		r->values[t->place[target - 1]++] = (kymo_ns)ns;
}

static __attribute__((noinline)) void gather(struct tally *t, uint64_t ns, uint32_t key,
                                             uint32_t slice, uint32_t bucket)
{
	gather_for(t, 0, bucket, ns);
	gather_for(t, group_category(t->r, key), bucket, ns);
	gather_for(t, cause_category(t->r, key), bucket, ns);
	gather_for(t, slice_category(t->r, slice), bucket, ns);
}

static void gather_wait(struct tally *t, uint64_t ns, uint32_t key, uint32_t slice)
{
	uint32_t bucket = bucket_of(&t->r->scale, ns);
	if (!bucket_is_one(&t->r->scale, bucket))
		gather(t, ns, key, slice, bucket);
}

static void gather_block(struct tally *t, const struct sched_block *b, uint32_t slice)
{
	const struct ranking *r = t->r;
	const unsigned grain = r->scale.grain, fine = r->scale.fine;
	const uint8_t *wanted = &r->wanted[(size_t)slice * r->buckets], *keys = r->l->keys;
	const uint32_t *ns = b->ns, waits = b->waits, more_than_one = 2u << fine << grain;
	for (uint32_t i = 0; i < waits; i++) {
		if (likely(ns[i] < more_than_one))
			continue;
		uint32_t bucket = bucket_of_short(ns[i], grain, fine);
		if (unlikely(wanted[bucket]) && keys[b->key[i]])
			gather(t, ns[i], b->key[i], slice, bucket);
	}
}

void latency_gather(void *job)
{
	struct tally *t = job;
	struct ranking *r = t->r;
	for (size_t i = 0; i < r->last - r->first; i++)
		if (r->owner[i] == t->number)
			each_wait(t, r->first + i, gather_block, gather_wait);
	for (size_t k = 0; t->number == 0 && k < r->open.count; k++)
		gather_wait(t, (uint64_t)r->open.at[k].ns, r->open.at[k].key, r->slices - 1);
	for (size_t k = 0; k < t->odd.count; k++) {
		const struct one_wait *w = &t->odd.at[k];
		gather(t, (uint64_t)w->ns, w->key, w->slice, bucket_of(&r->scale, (uint64_t)w->ns));
	}
}
