/* SPDX-License-Identifier: MIT */
/*
 * Exact percentiles of many values. A percentile is the nearest rank: of n values in order, q is the
 * ceil(q·n)-th, at least the first.
 *
 *     struct dist d = {0};
 *     for (...) if (!dist_add(&d, ns)) return no_memory;
 *     struct dist_summary s = dist_summarize(&d);      // reorders the values
 *     dist_free(&d);
 */
#ifndef KYMO_ANALYSIS_DIST_H
#define KYMO_ANALYSIS_DIST_H

#include <kymo/analysis.h>

#include "base/vec.h"

struct dist {
	VEC(kymo_ns) values;
};

struct dist_summary {
	uint64_t count;
	kymo_ns total, min, p50, p90, p99, max;  // 0 if there is nothing
};

static inline bool dist_add(struct dist *d, kymo_ns ns)
{
	return vec_push(&d->values, ns);
}

/* O(n). Reorders the values, keeps them. */
struct dist_summary dist_summarize(struct dist *d);
/* The same of an array. */
struct dist_summary dist_of(kymo_ns *values, size_t count);
/* The k-th smallest, k < count. O(n). Reorders the values. */
kymo_ns dist_select(kymo_ns *values, size_t count, size_t k);
/* One percentile, 0 < q <= 1. O(n). */
kymo_ns dist_quantile(kymo_ns *values, size_t count, double q);

/* The rank, from 0, of percentile q among `count` values, at least one. */
size_t dist_rank(size_t count, double q);

/* Moves the values of `b` to `a`. False: no memory. */
bool dist_join(struct dist *a, struct dist *b);

static inline void dist_free(struct dist *d)
{
	vec_free(&d->values);
}

#endif
