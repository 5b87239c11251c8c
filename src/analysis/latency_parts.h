/* SPDX-License-Identifier: MIT */
/*
 * What the parts of latencies_compute share: latency.c says what is wanted and makes the results, latency_pass.c goes over
 * the waits, once to count them in buckets, once to gather those of the buckets that are wanted.
 */
#ifndef KYMO_ANALYSIS_LATENCY_PARTS_H
#define KYMO_ANALYSIS_LATENCY_PARTS_H

#include <stdalign.h>

#include "analysis/latency.h"
#include "analysis/parallel.h"
#include "base/vec.h"

/* ---- buckets of length ---- */

/*
 * Lengths are counted in grains, the largest power of two that nearly all are multiples of (Go's clock ticks every 64
 * ns). There are 2^fine buckets for each power of two of these; those below 2^(fine + 1) are of one grain each, so that
 * what is in them need not be looked at again, but for the odd ones that are no multiples. What is SCHED_LONG or longer is
 * in the last one.
 */
struct scale {
	unsigned grain, fine;  // log2
	uint32_t buckets;
};

static inline struct scale scale_of(unsigned grain, unsigned fine)
{
	return (struct scale){grain, fine, ((33 - grain - fine) << fine) + 1};
}

/* Of less than SCHED_LONG. */
static always_inline uint32_t bucket_of_short(uint32_t ns, unsigned grain, unsigned fine)
{
	uint32_t v = ns >> grain;
	unsigned shift = 31 - fine - (unsigned)__builtin_clz(v | 1u << fine);
	return (shift << fine) + (v >> shift);
}

static inline uint32_t bucket_of(const struct scale *s, uint64_t ns)
{
	return ns < SCHED_LONG ? bucket_of_short((uint32_t)ns, s->grain, s->fine) : s->buckets - 1;
}

/* The least ns of a bucket. */
static inline uint64_t bucket_low(const struct scale *s, uint32_t bucket)
{
	uint32_t power = bucket >> s->fine, low = bucket & ((1u << s->fine) - 1);
	if (bucket == s->buckets - 1)
		return SCHED_LONG;
	return (power == 0 ? bucket : (uint64_t)(1u << s->fine | low) << (power - 1)) << s->grain;
}

static inline bool bucket_is_one(const struct scale *s, uint32_t bucket)
{
	return bucket >> s->fine <= 1;
}

/* ---- the work ---- */

struct one_wait {
	kymo_ns ns;
	uint32_t key, slice;
};
typedef VEC(struct one_wait) wait_vec;

/* What one thread counts. */
struct tally {
	alignas(PARALLEL_LINE) struct ranking *r;
	uint8_t number;
	uint32_t *key_count, *slice_count;  // [keys * buckets], [slices * buckets]
	kymo_ns *key_total, *slice_total;   // [keys], [slices]
	wait_vec odd;                       // in a bucket of one grain, but no multiple of it
	size_t *place;                      // [targets] where its next value goes
	bool ok;
};

/*
 * The waits of a category whose length is in one bucket, because a rank or a bound of the histogram is there, too. Of a
 * bucket of one grain only the odd ones: all others are as long as its least.
 */
struct target {
	uint32_t category, bucket;
	size_t from, count;  // in `values`
};

struct ranking {
	struct latencies *l;
	struct scale scale;
	uint32_t buckets, keys, slices, categories;  // all, groups, causes, slices: in this order
	size_t first, last;                          // blocks [first, last)
	uint8_t *owner;                              // [last - first] the thread that counted it
	_Atomic(size_t) next;
	wait_vec open;  // those that go on after the window: as long as they are at its end
	struct tally tally[PARALLEL_MAX];
	unsigned threads;

	uint32_t *count;      // [categories * buckets]
	uint64_t *of;         // [categories] waits
	kymo_ns *total;       // [categories]
	uint32_t *target_of;  // [categories * buckets] + 1; 0: not wanted
	uint8_t *wanted;      // [slices * buckets] by somebody of a wait in this slice
	VEC(struct target) targets;
	kymo_ns *values;
	struct kymo_latency *result;  // [categories]
};

static inline uint32_t group_category(const struct ranking *r, uint32_t key)
{
	return 1 + r->l->log->key[key].group;
}
static inline uint32_t cause_category(const struct ranking *r, uint32_t key)
{
	return 1 + r->l->log->groups.count + r->l->log->key[key].cause;
}
static inline uint32_t slice_category(const struct ranking *r, uint32_t slice)
{
	return 1 + r->l->log->groups.count + SCHED_CAUSES + slice;
}

/* + 1; 0: none. */
static inline uint32_t target_of(const struct ranking *r, uint32_t category, uint32_t bucket)
{
	return r->target_of[(size_t)category * r->buckets + bucket];
}

/* Jobs of parallel_run, on a struct tally. */
void latency_count(void *tally);
void latency_gather(void *tally);

#endif
