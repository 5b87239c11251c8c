/* SPDX-License-Identifier: MIT */
/* Results computed from a store: pure functions, tables owned by the result. */
#ifndef KYMO_ANALYSIS_H
#define KYMO_ANALYSIS_H

#include <kymo/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A goroutine's (or a group's) time by state. ns. */
struct kymo_times {
	kymo_ns total;          // of its life in the trace
	kymo_ns execution;      // running on a proc
	kymo_ns sched_wait;     // runnable
	kymo_ns syscall;        // in a syscall, its proc attached
	kymo_ns syscall_block;  // in a syscall, its proc taken
};

/* One named amount: time blocked for a reason, or in ranges of a name. */
struct kymo_named_ns {
	kymo_string_ix name;
	kymo_ns ns;
};

/* Whose figures: where Go's tool is wrong, the two differ. */
enum kymo_rules {
	KYMO_RULES_EXACT = 0,
	KYMO_RULES_GO126,  // what Go 1.26's tool reports
};

/* Percentiles over the goroutines of a group; nearest rank. ns. */
struct kymo_spread {
	kymo_ns p50, p90, p99, max;
};

/* Goroutines grouped by start function, longest execution first, then by name. */
struct kymo_goroutine_groups {
	size_t count;
	const kymo_string_ix *name;      // [count] 0 for the group without a stack
	const uint32_t *goroutines;      // [count] how many
	const struct kymo_times *times;  // [count] sums
	const struct kymo_spread *total, *execution, *sched_wait;  // [count] of single goroutines
	const uint32_t *block_from;  // [count + 1] rows of `block` that belong to group i: block_from[i] .. block_from[i+1]
	const struct kymo_named_ns *block;  // by reason, sorted by name's text
	const uint32_t *range_from;         // [count + 1] likewise
	const struct kymo_named_ns *range;  // by range name
	const uint32_t *group_of;  // [goroutines.count] the group of each goroutine; UINT32_MAX for those not counted
	void *owned;
};

/**
 * Sums and percentiles of the goroutines' time by state, per group, of what `sel` (NULL: all) selects; a goroutine of
 * which nothing is selected is not counted.
 *
 * KYMO_RULES_EXACT: the times add up to `total`, the time of the life inside the selection. Before a goroutine's first
 * event it was in the state that this event names. A syscall is blocked from the moment its proc is taken away, or has
 * none. Blocking `forever` (a nil channel, an empty select) ends a life. Ranges count for the goroutine that began them
 * (a GC mark assist, a stop-the-world, a sweep), begin to end; they overlap the states.
 *
 * KYMO_RULES_GO126: what Go 1.26's summarizer says (internal/trace/summary.go), to the nanosecond; of a selection only
 * the goroutines count. It differs where a goroutine is in a blocked syscall at the trace's end (that time counts as
 * scheduler wait, and the whole call as syscall); where the loss of a proc in a syscall goes unnoticed
 * (src/trace/load.c); where a sweep is ended by another goroutine (it goes on to its goroutine's end); and of two lives
 * under one id only the last counts.
 *
 * Free with kymo_goroutine_groups_free. Errors: KYMO_E_MEMORY. Cost: O(spans), about 3 ns each, on two threads.
 */
struct kymo_selection;
KYMO_API enum kymo_status kymo_goroutine_groups_compute(const struct kymo_trace *t,
                                                        const struct kymo_selection *sel,
                                                        enum kymo_rules rules,
                                                        struct kymo_goroutine_groups *out);
KYMO_API void kymo_goroutine_groups_free(struct kymo_goroutine_groups *g);

/** The same of one goroutine. `block` and `range` get up to `cap` rows each; `*block_count`, `*range_count` how many there are. */
KYMO_API void kymo_goroutine_times(const struct kymo_trace *t, kymo_goroutine_ix g,
                                   const struct kymo_selection *sel, enum kymo_rules rules,
                                   struct kymo_times *times, struct kymo_named_ns *block,
                                   size_t *block_count, struct kymo_named_ns *range,
                                   size_t *range_count, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
