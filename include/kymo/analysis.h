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

/* Goroutines grouped by start function, longest execution first, then by name. */
struct kymo_goroutine_groups {
	size_t count;
	const kymo_string_ix *name;      // [count] 0 for the group without a stack
	const uint32_t *goroutines;      // [count] how many
	const struct kymo_times *times;  // [count] sums
	const uint32_t *block_from;  // [count + 1] rows of `block` that belong to group i: block_from[i] .. block_from[i+1]
	const struct kymo_named_ns *block;  // by reason, sorted by name's text
	const uint32_t *range_from;         // [count + 1] likewise
	const struct kymo_named_ns *range;  // by range name
	const uint32_t *group_of;  // [goroutines.count] the group of each goroutine; UINT32_MAX for those not counted
	void *owned;
};

/**
 * Sums per group what Go's summarizer says of each goroutine, to the nanosecond (rules of Go 1.26,
 * internal/trace/summary.go): the time before a goroutine's first event counts for the state that this event names;
 * blocking `forever` ends a life; a goroutine in a blocked syscall at the trace's end has that time as scheduler
 * wait, and the whole call as syscall; the loss of a proc in a syscall may go unnoticed (src/trace/load.c); of two lives
 * under one id the last counts.
 * Free with kymo_goroutine_groups_free. Errors: KYMO_E_MEMORY. Cost: O(spans).
 */
KYMO_API enum kymo_status kymo_goroutine_groups_compute(const struct kymo_trace *t,
                                                        struct kymo_goroutine_groups *out);
KYMO_API void kymo_goroutine_groups_free(struct kymo_goroutine_groups *g);

/** The same of one goroutine. `block` and `range` get up to `cap` rows each; `*block_count`, `*range_count` how many there are. */
KYMO_API void kymo_goroutine_times(const struct kymo_trace *t, kymo_goroutine_ix g,
                                   struct kymo_times *times, struct kymo_named_ns *block,
                                   size_t *block_count, struct kymo_named_ns *range,
                                   size_t *range_count, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
