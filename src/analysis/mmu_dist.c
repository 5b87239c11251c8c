/* SPDX-License-Identifier: MIT */
/*
 * The distribution of windowed utilisation. Each straight piece of it is an even distribution over the values that it
 * passes, as heavy as it is long. A histogram of them says in which bucket a quantile lies, and the pieces that touch the
 * bucket, sorted, where exactly. Bands whose windows all have more than that are never looked at.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mmu.h"
#include "base/radix.h"

#define BUCKETS 1024
#define FLAT 1e-11

struct piece {
	double low, high, mass;
};

struct dist_work {
	VEC(struct piece) pieces;
	VEC(uint32_t) reach;        // of each: its first bucket and its last
	size_t limit;               // nobody asks for what begins in later buckets
	double mass[BUCKETS + 1];   // in the buckets in which pieces begin or end
	double slope[BUCKETS + 2];  // mass a bucket in those between, as differences
	double refined;             // mass of all pieces
};

static inline size_t bucket_of(double v)
{
	double at = v * BUCKETS;
	at = at > 0 ? at : 0;
	at = at < BUCKETS ? at : BUCKETS;
	return (size_t)(int32_t)at;
}

/* Pieces that follow one another. To find them is a chain of loads, to judge them is not: so the two go apart. */
#define BATCH 64u
struct batch {
	unsigned count;
	double mean[BATCH + 1];  // at the begin of each, and at the end
	double mass[BATCH];
};

static bool add(struct dist_work *d, const struct batch *b)
{
	double low[BATCH], high[BATCH], refined = d->refined;
	int32_t first[BATCH], last[BATCH];
	size_t at = d->pieces.count;
	if (!vec_reserve(&d->pieces, at + b->count) || !vec_reserve(&d->reach, at + b->count))
		return false;
	for (unsigned i = 0; i < b->count; i++) {
		double x = b->mean[i], y = b->mean[i + 1];
		low[i] = x < y ? x : y;
		high[i] = x < y ? y : x;
		// What is flat but for rounding would be so dense that nothing else were left of a sum of densities.
		high[i] = high[i] - low[i] < FLAT ? low[i] : high[i];
		first[i] = (int32_t)bucket_of(low[i]);
		last[i] = (int32_t)bucket_of(high[i]);
	}
	for (unsigned i = 0; i < b->count; i++) {
		double mass = b->mass[i];
		size_t from = (size_t)first[i], to = (size_t)last[i];
		refined += mass;
		if (from > d->limit)
			continue;
		if (from == to) {
			d->mass[from] += mass;
		} else {
			double density = mass / (high[i] - low[i]) / BUCKETS;  // a bucket
			d->mass[from] += density * ((double)(from + 1) - low[i] * BUCKETS);
			d->mass[to] += density * (high[i] * BUCKETS - (double)to);
			d->slope[from + 1] += density;
			d->slope[to] -= density;
		}
		d->pieces.at[at] = (struct piece){low[i], high[i], mass};
		d->reach.at[at++] = (uint32_t)(from << 16 | to);
	}
	d->pieces.count = d->reach.count = at;
	d->refined = refined;
	return true;
}

/* All pieces of the windows that begin in a band. From one to the next, one edge of the window meets a change. */
static bool refine(struct dist_work *d, const struct mmu_series *s, const struct mmu_band *band,
                   kymo_ns w)
{
	struct mmu_edge left = mmu_edge_at(s, band->begin), right = mmu_edge_at(s, band->begin + w);
	const struct util_point *at = s->at;
	const size_t last = s->count - 1;
	double scale = 1 / (double)w;
	struct batch b;
	b.count = 0;
	b.mean[0] = (mmu_integral(&right, band->begin + w) - mmu_integral(&left, band->begin)) /
	            (double)w;
	size_t l = left.at, r = right.at;
	for (kymo_ns time = band->begin; time < band->end;) {
		kymo_ns x = l < last ? at[l + 1].time : INT64_MAX;
		kymo_ns y = r < last ? at[r + 1].time - w : INT64_MAX;
		kymo_ns next = x < y ? x : y;
		next = next < band->end ? next : band->end;
		l += x == next;
		r += y == next;
		double upto_l = at[l].sum + at[l].value * (double)(next - at[l].time);
		double upto_r = at[r].sum + at[r].value * (double)(next + w - at[r].time);
		b.mass[b.count++] = (double)(next - time);
		b.mean[b.count] = (upto_r - upto_l) * scale;
		time = next;
		if (b.count == BATCH || time >= band->end) {
			if (!add(d, &b))
				return false;
			b.mean[0] = b.mean[b.count];
			b.count = 0;
		}
	}
	return true;
}

/* The bucket in which the mass reaches `want`, and how much there is in those before; BUCKETS + 1: not reached. */
static size_t bucket_with(const struct dist_work *d, double want, double *before)
{
	double sum = 0, slope = 0;
	for (size_t i = 0; i <= BUCKETS; i++) {
		slope += d->slope[i];
		double here = d->mass[i] + slope;
		if (sum + here >= want) {
			*before = sum;
			return i;
		}
		sum += here;
	}
	*before = sum;
	return BUCKETS + 1;
}

/* Ends of slopes, in order of value. */
struct bend {
	double value, density;
	double point;  // mass at this very value
};

typedef VEC(struct bend) bend_vec;

/*
 * The bends of one bucket, sorted by counting into slots and, within the slots that are needed, by radix: of what lies above
 * the answer the order does not matter.
 */
#define SLOTS_MIN 64u
#define SLOTS_MAX 16384u

struct bends {
	size_t bucket;  // whose they are; SIZE_MAX: none yet
	bend_vec at;
	VEC(struct radix_item) order;
	uint32_t slots;           // a power of two: about one for each eight
	uint32_t sorted;          // those in order
	uint32_t end[SLOTS_MAX];  // of each, in `order`
};

static size_t slot_of(const struct bends *x, double value)
{
	double slot = (value - (double)x->bucket / BUCKETS) * BUCKETS * x->slots, last = x->slots - 1;
	slot = slot > 0 ? slot : 0;
	return (size_t)(int32_t)(slot < last ? slot : last);
}

/* The parts of pieces in a bucket. False: no memory. */
static bool collect(struct bends *x, const struct dist_work *d, size_t bucket)
{
	double low = (double)bucket / BUCKETS, high = (double)(bucket + 1) / BUCKETS;
	x->bucket = bucket;
	x->at.count = 0;
	x->sorted = 0;
	for (size_t i = 0; i < d->pieces.count; i++) {
		if (d->reach.at[i] >> 16 > bucket || (d->reach.at[i] & 0xffff) < bucket)
			continue;
		const struct piece *p = &d->pieces.at[i];
		if (p->high <= p->low) {
			if (!vec_push(&x->at, ((struct bend){p->low, 0, p->mass})))
				return false;
			continue;
		}
		double a = p->low > low ? p->low : low, b = p->high < high ? p->high : high;
		double per = p->mass / (p->high - p->low);
		if (b > a && (!vec_push(&x->at, ((struct bend){a, per, 0})) ||
		              !vec_push(&x->at, ((struct bend){b, -per, 0}))))
			return false;
	}
	return true;
}

/* Into slots, in each in the order in which they were collected. */
static bool spread(struct bends *x)
{
	uint32_t sum = 0;
	if (x->at.count >= UINT32_MAX || !vec_reserve(&x->order, x->at.count))
		return false;
	for (x->slots = SLOTS_MIN; x->slots < SLOTS_MAX && x->slots < x->at.count / 8;)
		x->slots *= 2;
	memset(x->end, 0, x->slots * sizeof *x->end);
	for (size_t i = 0; i < x->at.count; i++)
		x->end[slot_of(x, x->at.at[i].value)]++;
	for (size_t k = 0; k < x->slots; k++) {
		uint32_t count = x->end[k];
		x->end[k] = sum;
		sum += count;
	}
	for (size_t i = 0; i < x->at.count; i++) {
		double value = x->at.at[i].value;
		x->order.at[x->end[slot_of(x, value)]++] =
			(struct radix_item){radix_of_double(value), i};
	}
	return true;
}

/* Within a bucket: the parts of pieces by value, until their mass is reached. NaN: no memory. */
static double find_in(struct bends *x, const struct dist_work *d, size_t bucket, double want)
{
	if (x->bucket != bucket && !(collect(x, d, bucket) && spread(x)))
		return NAN;
	if (!x->at.count)
		return (double)bucket / BUCKETS;
	double value = 0, density = 0, sum = 0;
	for (size_t k = 0, i = 0; k < x->slots; k++) {
		if (k == x->sorted) {
			if (!radix_sort(x->order.at + i, x->end[k] - i))
				return NAN;
			x->sorted++;
		}
		for (; i < x->end[k]; i++) {
			const struct bend *b = &x->at.at[x->order.at[i].value];
			double gain = i ? density * (b->value - value) : 0;
			if (sum + gain >= want && density > 0)
				return value + (want - sum) / density;
			sum += gain + b->point;
			density += b->density;
			value = b->value;
			if (sum >= want)
				return value;
		}
	}
	return value;
}

/* How many ns of begins there are whose windows are 0 all through. */
static double mass_at_zero(const struct kymo_mmu *m, kymo_ns w)
{
	double sum = 0;
	for (size_t i = 0; i < m->count; i++)
		for (size_t k = 0; k < m->series[i].zeros && m->series[i].zero[k] > w; k++)
			sum += (double)(m->series[i].zero[k] - w);
	return sum;
}

struct mmu_scratch {
	struct mmu_heap bands;
	struct dist_work dist;
	struct bends bends;
};

struct mmu_scratch *mmu_scratch_make(void)
{
	return calloc(1, sizeof(struct mmu_scratch));
}

void mmu_scratch_free(struct mmu_scratch *x)
{
	if (!x)
		return;
	mmu_heap_free(&x->bands);
	vec_free(&x->dist.pieces);
	vec_free(&x->dist.reach);
	vec_free(&x->bends.at);
	vec_free(&x->bends.order);
	free(x);
}

static void dist_begin(struct dist_work *d)
{
	d->pieces.count = d->reach.count = 0;
	d->limit = BUCKETS + 1;
	d->refined = 0;
	memset(d->mass, 0, sizeof d->mass);
	memset(d->slope, 0, sizeof d->slope);
}

/* Bands come in no order of time: what the next one needs is asked for while this one is looked at. */
static void prefetch_band(const struct mmu_series *s, const struct mmu_band *b, kymo_ns w)
{
	const struct util_point *left = &s->at[mmu_edge_at(s, b->begin).at],
				*right = &s->at[mmu_edge_at(s, b->begin + w).at];
	for (int i = 0; i < 32; i += 4) {
		__builtin_prefetch(left + i);
		__builtin_prefetch(right + i);
	}
}

/* Until nothing that is left can have a part in the lowest `want`. */
static bool refine_lowest(struct dist_work *d, const struct kymo_mmu *m, kymo_ns window,
                          struct mmu_heap *h, double want)
{
	size_t looked = 0, again = 0;
	while (h->count) {
		if (d->refined >= want && looked >= again) {
			double before;
			size_t bucket = bucket_with(d, want * (1 + 1e-12), &before);
			d->limit = bucket;
			again = looked + 1 + looked / 16;
		}
		// There is no bucket BUCKETS + 1: that is "not reached".
		if (d->limit <= BUCKETS && h->at[0].bound >= (double)(d->limit + 1) / BUCKETS)
			return true;
		struct mmu_band b = mmu_heap_pop(h);
		if (h->count)
			prefetch_band(&m->series[h->at[0].series], &h->at[0], window);
		if (!refine(d, &m->series[b.series], &b, window))
			return false;
		looked++;
	}
	return true;
}

/* Those of out[] that are not known yet, and more than 0. */
static enum kymo_status quantiles_of(struct mmu_scratch *x, const struct kymo_mmu *m,
                                     kymo_ns window, const double *q, size_t count, double total,
                                     double most, double *out)
{
	dist_begin(&x->dist);
	x->bends.bucket = SIZE_MAX;
	if (!refine_lowest(&x->dist, m, window, &x->bands, most * total))
		return KYMO_E_MEMORY;
	for (size_t i = 0; i < count; i++) {
		double before;
		if (q[i] <= 0 || !isnan(out[i]))
			continue;
		size_t bucket = bucket_with(&x->dist, q[i] * total, &before);
		// What rounding took from the last one.
		if (bucket > BUCKETS)
			bucket = BUCKETS;
		out[i] = find_in(&x->bends, &x->dist, bucket, q[i] * total - before);
		if (isnan(out[i]))
			return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

enum kymo_status mmu_point(const struct kymo_mmu *m, kymo_ns window, const double *q, size_t count,
                           struct mmu_scratch *x, double *least, double *out)
{
	double total = 0, most = 0;
	bool all_fit = true;
	for (size_t i = 0; i < m->count; i++)
		if (mmu_duration(&m->series[i]) > window)
			total += (double)(mmu_duration(&m->series[i]) - window);
		else
			all_fit = false;
	if (m->rules == KYMO_RULES_GO126)
		total = 0;
	double zero = total > 0 ? mass_at_zero(m, window) : 0;
	for (size_t i = 0; i < count; i++) {
		out[i] = q[i] > 0 && zero >= q[i] * total && zero > 0 ? 0 : NAN;
		if (isnan(out[i]) && q[i] > most)
			most = q[i];
	}
	bool spread = window > 0 && total > 0 && most > 0;
	// Where all windows have room to slide, the bands of the one are the bands of the other.
	if (window <= 0 || !m->count)
		*least = kymo_mmu_at(m, window);
	else if (mmu_heap_make_some(m, window, false, &x->bands))
		*least = mmu_least(m, window, &x->bands);
	else
		return KYMO_E_MEMORY;
	if (spread && !all_fit && !mmu_heap_make_some(m, window, true, &x->bands))
		return KYMO_E_MEMORY;
	enum kymo_status st =
		spread ? quantiles_of(x, m, window, q, count, total, most, out) : KYMO_OK;
	for (size_t i = 0; i < count; i++)
		if (isnan(out[i]))
			out[i] = *least;
	return st;
}

enum kymo_status kymo_mmu_quantiles(const struct kymo_mmu *m, kymo_ns window, const double *q,
                                    size_t count, double *out)
{
	struct mmu_scratch *x = mmu_scratch_make();
	double least;
	enum kymo_status st = x ? mmu_point(m, window, q, count, x, &least, out) : KYMO_E_MEMORY;
	mmu_scratch_free(x);
	return st;
}
