/* SPDX-License-Identifier: MIT */
/*
 * Exact percentiles (dist.h) of values most of which lie elsewhere, in runs of 32-bit numbers, each run in order.
 *
 *     struct dist_runs d = {0};
 *     ... dist_add(&d.values, ns) ... vec_push(&d.runs, ((struct dist_run){at, count})) ...
 *     dist_runs_ranks(&d);                        // d.p50, d.p90, d.p99
 *     dist_runs_free(&d);
 */
#ifndef KYMO_ANALYSIS_DIST_RUNS_H
#define KYMO_ANALYSIS_DIST_RUNS_H

#include "analysis/dist.h"

struct dist_run {
	const uint32_t *at;  // ascending
	size_t count;
};

struct dist_runs {
	struct dist values;  // in any order
	VEC(struct dist_run) runs;
	kymo_ns p50, p90, p99;  // 0 if there is nothing
};

/* Moves what `b` has to `a`. False: no memory. */
bool dist_runs_join(struct dist_runs *a, struct dist_runs *b);
/*
 * Finds the percentiles; what is in `values` and `runs` is not the same afterwards. False: no memory.
 * Cost: O(values + runs * log(what is in them)): a few microseconds a run, 10 ns a value.
 */
bool dist_runs_ranks(struct dist_runs *d);
void dist_runs_free(struct dist_runs *d);

#endif
