/* SPDX-License-Identifier: MIT */
/*
 * Exact percentiles of the waits of a window, of all of them, by start function, by cause and by slice of time.
 *
 *     struct latencies l = {.log = log, .from = from, .to = to, .slice_bound = times, .slices = n};
 *     if (!latencies_compute(&l)) return no_memory;
 *     ... l.all, l.group[], l.cause[], l.slice[], l.histogram[] ...
 *     latencies_free(&l);
 *
 * Nothing is sorted. A first pass over the log counts waits in buckets of length, up to 128 for each power of two, per
 * key and per slice; that tells in which bucket each percentile lies. A second one gathers what is in those, some
 * percent of the waits, and the percentile is selected there.
 */
#ifndef KYMO_ANALYSIS_LATENCY_H
#define KYMO_ANALYSIS_LATENCY_H

#include <kymo/sched.h>

#include "analysis/sched_log.h"

struct latencies {
	/* asked for */
	const struct sched_log *log;
	kymo_ns from, to;            // within the log's time
	const uint8_t *keys;         // [log->keys] nonzero: counts; NULL: all
	const kymo_ns *slice_bound;  // [slices + 1]
	uint32_t slices;
	const kymo_ns *bounds;  // [bound_count] of the histogram, ascending
	size_t bound_count;

	/* results */
	struct kymo_latency all, *group, *cause, *slice;  // [groups], [SCHED_CAUSES], [slices]
	uint64_t *histogram;                              // [bound_count]
};

/* All of it, on as many threads as are worth it. False: no memory. Cost: some 4 ns of processor a wait. */
bool latencies_compute(struct latencies *l);
void latencies_free(struct latencies *l);

#endif
