/* SPDX-License-Identifier: MIT */
/* Selection instead of sorting: the ranks asked for are found one inside the other. */
#include "analysis/dist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t dist_rank(size_t count, double q)
{
	double r = ceil(q * (double)count);
	return r < 1 ? 0 : r >= (double)count ? count - 1 : (size_t)r - 1;
}

static inline void swap(kymo_ns *v, size_t i, size_t j)
{
	kymo_ns x = v[i];
	v[i] = v[j];
	v[j] = x;
}

static void insertion_sort(kymo_ns *v, size_t lo, size_t hi)
{
	for (size_t i = lo + 1; i < hi; i++)
		for (size_t j = i; j > lo && v[j] < v[j - 1]; j--)
			swap(v, j, j - 1);
}

/*
 * Puts the k-th smallest of v[lo..hi) where it belongs, smaller ones before it. Three-way, for traces have millions of
 * equal values; the pivot is a median of three at places that a xorshift picks, so that no input is slow on purpose.
 */
static void select_rank(kymo_ns *v, size_t lo, size_t hi, size_t k)
{
	uint64_t seed = 0x9e3779b97f4a7c15u ^ hi;
	while (hi - lo > 16) {
		kymo_ns a[3];
		for (int i = 0; i < 3; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			a[i] = v[lo + seed % (hi - lo)];
		}
		kymo_ns low = a[0] < a[1] ? a[0] : a[1], high = a[0] < a[1] ? a[1] : a[0];
		kymo_ns pivot = a[2] < low ? low : a[2] > high ? high : a[2];
		size_t less = lo, i = lo, more = hi;
		while (i < more) {
			if (v[i] < pivot)
				swap(v, i++, less++);
			else if (v[i] > pivot)
				swap(v, i, --more);
			else
				i++;
		}
		if (k < less)
			hi = less;
		else if (k >= more)
			lo = more;
		else
			return;
	}
	insertion_sort(v, lo, hi);
}

kymo_ns dist_select(kymo_ns *values, size_t count, size_t k)
{
	select_rank(values, 0, count, k);
	return values[k];
}

kymo_ns dist_quantile(kymo_ns *values, size_t count, double q)
{
	if (count == 0)
		return 0;
	return dist_select(values, count, dist_rank(count, q));
}

/*
 * Many values are counted first, 64 buckets for each power of two: only those in the bucket of a rank are looked at again.
 */
#define MANY 8192
#define FINE 64
#define BUCKETS (59 * FINE)

static unsigned bucket_of(kymo_ns v)
{
	if (v < FINE)
		return (unsigned)v;
	unsigned shift = 63u - (unsigned)__builtin_clzll((unsigned long long)v) - 6;
	return (shift + 1) * FINE + (unsigned)((uint64_t)v >> shift & (FINE - 1));
}

/* Puts the values of wanted buckets in front of v[from..to), and says where they end. */
static size_t gather(kymo_ns *v, size_t from, size_t to, const bool wanted[BUCKETS])
{
	for (size_t i = from; i < to; i++)
		if (wanted[bucket_of(v[i])])
			swap(v, i, from++);
	return from;
}

/* The value of rank k of v[0..count), whose buckets are counted; v[0..some) holds all that are in the bucket of rank k. */
static kymo_ns rank_in_bucket(kymo_ns *v, size_t some, const size_t *buckets, size_t k)
{
	bool wanted[BUCKETS] = {0};
	unsigned b = 0;
	for (; k >= buckets[b]; b++)
		k -= buckets[b];
	wanted[b] = true;
	select_rank(v, 0, gather(v, 0, some, wanted), k);
	return v[k];
}

/* Of many values that are not negative. */
static void rank_many(kymo_ns *v, size_t count, const size_t k[3], struct dist_summary *s)
{
	size_t buckets[BUCKETS] = {0};
	bool wanted[BUCKETS] = {0};
	for (size_t i = 0; i < count; i++)
		buckets[bucket_of(v[i])]++;
	for (int r = 0; r < 3; r++) {
		size_t rest = k[r];
		unsigned b = 0;
		for (; rest >= buckets[b]; b++)
			rest -= buckets[b];
		wanted[b] = true;
	}
	size_t some = gather(v, 0, count, wanted);
	s->p50 = rank_in_bucket(v, some, buckets, k[0]);
	s->p90 = rank_in_bucket(v, some, buckets, k[1]);
	s->p99 = rank_in_bucket(v, some, buckets, k[2]);
}

struct dist_summary dist_of(kymo_ns *v, size_t count)
{
	struct dist_summary s = {.count = count};
	if (count == 0)
		return s;
	s.min = s.max = v[0];
	for (size_t i = 0; i < count; i++) {
		s.total += v[i];
		s.min = v[i] < s.min ? v[i] : s.min;
		s.max = v[i] > s.max ? v[i] : s.max;
	}
	const size_t k[3] = {dist_rank(count, 0.50), dist_rank(count, 0.90), dist_rank(count, 0.99)};
	if (count >= MANY && s.min >= 0) {
		rank_many(v, count, k, &s);
		return s;
	}
	select_rank(v, 0, count, k[0]);
	s.p50 = v[k[0]];
	if (k[1] > k[0])
		select_rank(v, k[0] + 1, count, k[1]);
	s.p90 = v[k[1]];
	if (k[2] > k[1])
		select_rank(v, k[1] + 1, count, k[2]);
	s.p99 = v[k[2]];
	return s;
}

bool dist_join(struct dist *a, struct dist *b)
{
	size_t n = a->values.count + b->values.count;
	if (a->values.count == 0) {
		struct dist empty = *a;
		*a = *b;
		*b = empty;
		return true;
	}
	if (!vec_reserve(&a->values, n))
		return false;
	if (b->values.count)
		memcpy(a->values.at + a->values.count, b->values.at,
		       b->values.count * sizeof *b->values.at);
	a->values.count = n;
	dist_free(b);
	return true;
}

struct dist_summary dist_summarize(struct dist *d)
{
	return dist_of(d->values.at, d->values.count);
}
