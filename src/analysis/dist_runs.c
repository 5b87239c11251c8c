/* SPDX-License-Identifier: MIT */
/*
 * A rank is closed in on: of each run a part is left in which its value can be. A pivot is the middle of some part; how
 * many values are not above it is found by binary search in each part, which then loses one side. What few are left are
 * copied, and selected among.
 */
#include "analysis/dist_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/radix.h"

#define FEW 4096u

/* What is left of a run. */
struct rest {
	const uint32_t *from, *to;
	const uint32_t *middle;  // behind what is not above the pivot
};

static size_t values_of(const struct dist_runs *d)
{
	size_t n = d->values.values.count;
	for (size_t i = 0; i < d->runs.count; i++)
		n += d->runs.at[i].count;
	return n;
}

/* Behind the last value that is not above the pivot. */
static const uint32_t *behind(const uint32_t *from, const uint32_t *to, uint32_t pivot)
{
	while (from < to) {
		const uint32_t *mid = from + (to - from) / 2;
		if (*mid <= pivot)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* The middle of the part in which the value number `at` of all that are left lies. */
static uint32_t pivot_at(const struct rest *rests, size_t at)
{
	for (; at >= (size_t)(rests->to - rests->from); rests++)
		at -= (size_t)(rests->to - rests->from);
	return rests->from[(rests->to - rests->from) / 2];
}

/* Puts `middle` of all behind what is not above the pivot; how many values that are. */
static size_t split(struct rest *rests, size_t n, uint32_t pivot)
{
	size_t below = 0;
	for (size_t i = 0; i < n; i++) {
		rests[i].middle = behind(rests[i].from, rests[i].to, pivot);
		below += (size_t)(rests[i].middle - rests[i].from);
	}
	return below;
}

/* Takes one side off all, and those away of which nothing is left; how many there are then. */
static size_t cut(struct rest *rests, size_t n, bool down)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		struct rest r = rests[i];
		if (down)
			r.to = r.middle;
		else
			r.from = r.middle;
		if (r.from < r.to)
			rests[kept++] = r;
	}
	return kept;
}

/* Of `left` values in `n` parts that of rank `k`, from 0. `few` has room for FEW. */
static kymo_ns close_in(struct rest *rests, size_t n, size_t left, size_t k, kymo_ns *few)
{
	uint64_t seed = 0x9e3779b97f4a7c15u;
	while (left > FEW) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		uint32_t pivot = pivot_at(rests, seed % left);
		size_t below = split(rests, n, pivot);
		if (below == left) {
			// The pivot is the highest: either it is the value, or all that are equal to it go.
			below = pivot ? split(rests, n, pivot - 1) : 0;
			if (k >= below)
				return pivot;
		}
		n = cut(rests, n, k < below);
		if (k < below) {
			left = below;
		} else {
			left -= below;
			k -= below;
		}
	}
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		for (const uint32_t *v = rests[i].from; v < rests[i].to; v++)
			few[count++] = *v;
	return dist_select(few, count, k);
}

/* The values that are in no run become one; those that do not fit stay: they come after all others. */
static bool make_run(struct dist_runs *d, uint32_t **run)
{
	kymo_ns *v = d->values.values.at;
	size_t n = d->values.values.count, longs = 0, shorts = 0;
	*run = malloc((2 * n + 1) * sizeof **run);
	if (!*run)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v[i] > UINT32_MAX)
			v[longs++] = v[i];
		else
			(*run)[shorts++] = (uint32_t)v[i];
	radix_sort_u32(*run, *run + n, shorts);
	d->values.values.count = longs;
	return vec_push(&d->runs, ((struct dist_run){*run, shorts}));
}

static kymo_ns rank(struct dist_runs *d, size_t count, double q, struct rest *rests, kymo_ns *few)
{
	size_t k = dist_rank(count, q), longs = d->values.values.count, shorts = count - longs;
	if (k >= shorts)
		return dist_select(d->values.values.at, longs, k - shorts);
	for (size_t i = 0; i < d->runs.count; i++) {
		const struct dist_run *r = &d->runs.at[i];
		rests[i] = (struct rest){.from = r->at, .to = r->at + r->count};
	}
	return close_in(rests, d->runs.count, shorts, k, few);
}

/* Of `count` in all, which are few or in no run. */
static bool rank_values(struct dist_runs *d, size_t count)
{
	if (!vec_reserve(&d->values.values, count))
		return false;
	for (size_t i = 0; i < d->runs.count; i++)
		for (size_t k = 0; k < d->runs.at[i].count; k++)
			d->values.values.at[d->values.values.count++] = d->runs.at[i].at[k];
	d->runs.count = 0;
	struct dist_summary s = dist_summarize(&d->values);
	d->p50 = s.p50;
	d->p90 = s.p90;
	d->p99 = s.p99;
	return true;
}

bool dist_runs_ranks(struct dist_runs *d)
{
	size_t count = values_of(d);
	if (d->runs.count == 0 || count <= FEW)
		return rank_values(d, count);
	uint32_t *run = NULL;
	struct rest *rests = malloc((d->runs.count + 1) * sizeof *rests);
	kymo_ns *few = malloc(FEW * sizeof *few);
	bool ok = rests && few && make_run(d, &run);
	if (ok) {
		d->p50 = rank(d, count, 0.50, rests, few);
		d->p90 = rank(d, count, 0.90, rests, few);
		d->p99 = rank(d, count, 0.99, rests, few);
	}
	free(rests);
	free(few);
	free(run);
	return ok;
}

bool dist_runs_join(struct dist_runs *a, struct dist_runs *b)
{
	if (!dist_join(&a->values, &b->values) ||
	    !vec_reserve(&a->runs, a->runs.count + b->runs.count))
		return false;
	if (b->runs.count)
		memcpy(a->runs.at + a->runs.count, b->runs.at, b->runs.count * sizeof *b->runs.at);
	a->runs.count += b->runs.count;
	vec_free(&b->runs);
	return true;
}

void dist_runs_free(struct dist_runs *d)
{
	dist_free(&d->values);
	vec_free(&d->runs);
}
