/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: how long goroutines that could run waited for a proc, how many of them there were, and what the procs
 * did meanwhile.
 *
 *     struct kymo_sched s;
 *     if (kymo_sched_compute(t, NULL, NULL, &s) != KYMO_OK) ...
 *     ... s.all.p99, s.depth_max, s.starved ...
 *     kymo_sched_free(&s);
 */
#ifndef KYMO_SCHED_H
#define KYMO_SCHED_H

#include <kymo/analysis.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of waits for a proc. Percentiles are nearest ranks, exact. ns; all 0 if there are none. */
struct kymo_latency {
	uint64_t count;
	kymo_ns total, min, p50, p90, p99, max;
};

/* Why goroutines became runnable. */
struct kymo_sched_cause {
	uint8_t cause;  // enum kymo_span_cause
	kymo_string_ix reason;  // KYMO_CAUSE_STOPPED: why it stopped running ("preempted", "runtime.Gosched")
	struct kymo_latency latency;
};

/* One of the equal parts of the window. */
struct kymo_sched_slice {
	kymo_ns from, to;
	struct kymo_latency latency;  // of waits that ended in it
	double depth_mean;            // goroutines that were runnable
	uint32_t depth_max;
	kymo_ns running,
		syscall;  // of procs: time with a goroutine running; in a syscall that kept its proc
	kymo_ns available;  // GOMAXPROCS over time
};

/* What a proc did. The six add up to the window. */
struct kymo_sched_proc {
	uint64_t id;
	kymo_ns running;     // of goroutines other than GC workers
	kymo_ns gc;          // of background mark workers, from their labels
	kymo_ns syscall;     // held by a goroutine in a syscall
	kymo_ns scheduling;  // held by a thread, but by no goroutine: the scheduler looks for work
	kymo_ns idle;        // held by no thread
	kymo_ns absent;      // above GOMAXPROCS
};

/* A time in which a proc was idle although a goroutine was runnable. */
struct kymo_sched_starved {
	kymo_ns from, to;
	uint32_t runnable, idle;  // the most of each meanwhile
};

struct kymo_sched_options {
	uint32_t slices;     // at most 127; 0: 100
	size_t starved_max;  // how many of the longest are listed; 0: 20
	const kymo_ns *bounds;  // of the histogram's buckets, ascending; bucket i holds bounds[i] <= d < bounds[i + 1]
	size_t bound_count;  // 0: no histogram. What is below the first counts for it
};

struct kymo_sched {
	kymo_ns from, to;
	struct kymo_latency all;
	const uint64_t *histogram;  // [bound_count]

	size_t group_count;  // of start functions with waits: the largest total first, then by name
	const kymo_string_ix *group_name;
	const struct kymo_latency *group;

	size_t cause_count;  // the largest total first
	const struct kymo_sched_cause *cause;

	size_t slice_count;
	const struct kymo_sched_slice *slice;

	size_t depth_count;       // the most that were runnable at once, + 1
	const kymo_ns *at_depth;  // [depth_count] how long so many were
	double depth_mean;
	uint32_t depth_max;

	size_t proc_count;  // in order of the ids
	const struct kymo_sched_proc *proc;
	kymo_ns available;  // GOMAXPROCS over time: the sum that procs had

	uint64_t starved_count;  // times in which some proc was idle although a goroutine was runnable
	kymo_ns starved;
	size_t starved_listed;  // the longest first
	const struct kymo_sched_starved *starved_longest;
	void *owned;
};

/**
 * Definitions. A wait is a span in which a goroutine is runnable: from the event that made it so (created, unblocked,
 * preempted or yielded, back from a syscall without a proc) to the one that runs it. What lies partly inside of the
 * selection counts with that part; one that is not over at the end of the window is long until there; what was runnable
 * when the trace began has the cause KYMO_CAUSE_STATUS. Waits are those of the selected goroutines; everything
 * else is of the whole program, inside the window.
 *
 * The depth at a time is the number of goroutines that are runnable: on the procs' queues, the global one, or in the
 * poller's hands; the trace does not tell which. A proc is idle while no thread holds it. Starved is the time in which
 * fewer than GOMAXPROCS procs are held, at least one goroutine is runnable, and the world is not stopped: what waking
 * a thread costs, or work that nobody was woken for.
 *
 * NULL for `options`: all defaults. Free with kymo_sched_free.
 * Errors: KYMO_E_MEMORY; KYMO_E_LIMIT: more than 65,535 pairs of start function and cause. Cost: about 30 ns of processor
 * time a span, and 10 bytes a wait while it runs; of a trace that keeps KYMO_KEEP_SCHED (<kymo/keep.h>) 10 ns a wait of the
 * window.
 */
KYMO_API enum kymo_status kymo_sched_compute(const struct kymo_trace *t,
                                             const struct kymo_selection *sel,
                                             const struct kymo_sched_options *options,
                                             struct kymo_sched *out);
KYMO_API void kymo_sched_free(struct kymo_sched *s);

#ifdef __cplusplus
}
#endif

#endif
