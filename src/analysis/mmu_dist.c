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
	double mass[BUCKETS + 1];   // in the buckets in which pieces begin or end
	double slope[BUCKETS + 2];  // mass a bucket in those between, as differences
	double refined;             // mass of all pieces
};

static size_t bucket_of(double v)
{
	return v <= 0 ? 0 : v >= 1 ? BUCKETS : (size_t)(v * BUCKETS);
}

static inline bool add(struct dist_work *d, double a, double b, double mass)
{
	double low = a < b ? a : b, high = a < b ? b : a;
	// What is flat but for rounding would be so dense that nothing else were left of a sum of densities.
	if (high - low < FLAT)
		high = low;
	size_t first = bucket_of(low), last = bucket_of(high);
	d->refined += mass;
	if (first == last) {
		d->mass[first] += mass;
	} else {
		double density = mass / (high - low) / BUCKETS;  // a bucket
		d->mass[first] += density * ((double)(first + 1) - low * BUCKETS);
		d->mass[last] += density * (high * BUCKETS - (double)last);
		d->slope[first + 1] += density;
		d->slope[last] -= density;
	}
	return vec_push(&d->pieces, ((struct piece){low, high, mass}));
}

/* All pieces of the windows that begin in a band. From one to the next, one edge of the window meets a change. */
static bool refine(struct dist_work *d, const struct mmu_series *s, const struct mmu_band *b,
                   kymo_ns w)
{
	struct mmu_edge left = mmu_edge_at(s, b->begin), right = mmu_edge_at(s, b->begin + w);
	double scale = 1 / (double)w;
	double was = (mmu_integral(&right, b->begin + w) - mmu_integral(&left, b->begin)) / (double)w;
	size_t l = left.at, r = right.at;
	for (kymo_ns time = b->begin; time < b->end;) {
		kymo_ns x = l + 1 < s->count ? s->time[l + 1] : INT64_MAX;
		kymo_ns y = r + 1 < s->count ? s->time[r + 1] - w : INT64_MAX;
		kymo_ns next = x < y ? x : y;
		next = next < b->end ? next : b->end;
		l += x == next;
		r += y == next;
		double upto_l = s->sum[l] + s->value[l] * (double)(next - s->time[l]);
		double upto_r = s->sum[r] + s->value[r] * (double)(next + w - s->time[r]);
		double mean = (upto_r - upto_l) * scale;
		if (!add(d, was, mean, (double)(next - time)))
			return false;
		was = mean;
		time = next;
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

/* Which comes when; NULL: no memory. */
static struct radix_item *by_value(const bend_vec *v)
{
	struct radix_item *a = malloc(v->count * sizeof *a);
	for (size_t i = 0; a && i < v->count; i++)
		a[i] = (struct radix_item){radix_of_double(v->at[i].value), i};
	if (a && !radix_sort(a, v->count)) {
		free(a);
		a = NULL;
	}
	return a;
}

/* Within a bucket: the parts of pieces, sorted by value, until their mass is reached. NaN: no memory. */
static double find_in(const struct dist_work *d, size_t bucket, double want)
{
	double low = (double)bucket / BUCKETS, high = (double)(bucket + 1) / BUCKETS;
	bend_vec bends = {0};
	struct radix_item *order = NULL;
	bool ok = true;
	double value = NAN, density = 0, sum = 0;
	for (size_t i = 0; i < d->pieces.count && ok; i++) {
		const struct piece *p = &d->pieces.at[i];
		size_t first = bucket_of(p->low), last = bucket_of(p->high);
		if (first > bucket || last < bucket)
			continue;
		if (p->high <= p->low) {
			ok = vec_push(&bends, ((struct bend){p->low, 0, p->mass}));
			continue;
		}
		double a = p->low > low ? p->low : low, b = p->high < high ? p->high : high;
		double per = p->mass / (p->high - p->low);
		ok = b <= a || (vec_push(&bends, ((struct bend){a, per, 0})) &&
		                vec_push(&bends, ((struct bend){b, -per, 0})));
	}
	if (ok && bends.count)
		order = by_value(&bends);
	if (order) {
		value = bends.at[order[0].value].value;
		for (size_t i = 0; i < bends.count; i++) {
			const struct bend *b = &bends.at[order[i].value];
			double gain = density * (b->value - value);
			if (sum + gain >= want && density > 0) {
				value += (want - sum) / density;
				break;
			}
			sum += gain + b->point;
			density += b->density;
			value = b->value;
			if (sum >= want)
				break;
		}
	} else if (ok && bends.count == 0) {
		value = low;
	}
	free(order);
	vec_free(&bends);
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

enum kymo_status kymo_mmu_quantiles(const struct kymo_mmu *m, kymo_ns window, const double *q,
                                    size_t count, double *out)
{
	struct mmu_heap h;
	double total = 0, most = 0;
	for (size_t i = 0; i < count; i++)
		out[i] = NAN;
	for (size_t i = 0; m->rules != KYMO_RULES_GO126 && i < m->count; i++)
		if (mmu_duration(&m->series[i]) > window)
			total += (double)(mmu_duration(&m->series[i]) - window);
	double zero = total > 0 ? mass_at_zero(m, window) : 0;
	for (size_t i = 0; i < count; i++)
		if (q[i] > 0 && zero >= q[i] * total && zero > 0)
			out[i] = 0;
		else if (q[i] > most)
			most = q[i];
	if (window > 0 && total > 0 && most > 0) {
		struct dist_work *d = calloc(1, sizeof *d);
		if (!d || !mmu_heap_make(m, window, true, &h)) {
			free(d);
			return KYMO_E_MEMORY;
		}
		bool ok = true;
		size_t looked = 0, again = 0;
		while (ok && h.count) {
			double before;
			if (d->refined >= most * total && looked >= again) {
				size_t bucket = bucket_with(d, most * total * (1 + 1e-12), &before);
				if (bucket <= BUCKETS &&
				    h.at[0].bound >= (double)(bucket + 1) / BUCKETS)
					break;
				again = looked + 1 + looked / 16;
			}
			struct mmu_band b = mmu_heap_pop(&h);
			ok = refine(d, &m->series[b.series], &b, window);
			looked++;
		}
		for (size_t i = 0; i < count && ok; i++) {
			double before;
			if (q[i] <= 0 || !isnan(out[i]))
				continue;
			size_t bucket = bucket_with(d, q[i] * total, &before);
			// What rounding took from the last one.
			if (bucket > BUCKETS)
				bucket = BUCKETS;
			out[i] = find_in(d, bucket, q[i] * total - before);
			ok = !isnan(out[i]);
		}
		mmu_heap_free(&h);
		vec_free(&d->pieces);
		free(d);
		if (!ok)
			return KYMO_E_MEMORY;
	}
	for (size_t i = 0; i < count; i++)
		if (isnan(out[i]))
			out[i] = kymo_mmu_at(m, window);
	return KYMO_OK;
}
