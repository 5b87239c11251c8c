/* SPDX-License-Identifier: MIT */
/*
 * How many goroutines are runnable, as an exact step function of time, and what holds of it: the time at each depth, the
 * mean and the most per slice, and the times in which a proc is idle meanwhile.
 *
 *     struct depth d = {.log = log, .idle = idle, .from = from, .to = to, .slice_bound = times, .slices = n, .most_listed = 20};
 *     if (!depth_compute(&d)) return no_memory;
 *     ... d.at_depth, d.slice[], d.starved ...
 *     depth_free(&d);
 *
 * The log's begins and ends are merged block by block. Of a kept log what holds of each block is there already
 * (depth_summaries), so only those that a bound of the window or of a slice cuts are gone through.
 */
#ifndef KYMO_ANALYSIS_DEPTH_H
#define KYMO_ANALYSIS_DEPTH_H

#include <kymo/sched.h>

#include "analysis/idle_procs.h"
#include "analysis/sched_log.h"

/* What holds of a block. */
struct depth_summary {
	uint32_t low, count;  // depths
	kymo_ns *at_depth;    // [count]
	int64_t area;         // depth times ns
	uint32_t most;
	/* A starved time that goes on from the block before, one that goes on into the next (to: not set), and those between. */
	struct kymo_sched_starved lead, tail;
	kymo_ns starved;
	uint64_t starved_count;
	struct kymo_sched_starved *longest;  // [listed]
	uint32_t listed;
};

struct depth_summaries {
	const struct sched_log *log;
	struct depth_summary *of;  // [log->blocks]
};
#define DEPTH_LISTED 20u  // in a summary

struct depth_slice {
	int64_t area;
	uint32_t most;
};

struct depth {
	/* asked for */
	const struct sched_log *log;  // with begins
	const struct idle_procs *idle;
	const struct depth_summaries *summaries;  // NULL: none
	kymo_ns from, to;                         // within the log's time
	const kymo_ns *slice_bound;               // [slices + 1]
	uint32_t slices;
	uint32_t most_listed;

	/* results */
	VEC(kymo_ns) at_depth;
	struct depth_slice *slice;  // [slices]
	kymo_ns starved;
	uint64_t starved_count;
	struct kymo_sched_starved *longest;  // [listed] the longest first; of equal ones the earlier
	uint32_t listed;
};

/* False: no memory. Cost: some 5 ns for each begin and end, or a microsecond for a block that has a summary. */
bool depth_compute(struct depth *d);
void depth_free(struct depth *d);

/* False: no memory, or stopped. */
bool depth_summaries_make(struct depth_summaries *s, const struct sched_log *log,
                          const struct idle_procs *idle, const bool *stop);
void depth_summaries_free(struct depth_summaries *s);

#endif
