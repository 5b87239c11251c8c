/* SPDX-License-Identifier: MIT */
/*
 * Where time was lost, by stack: what `go tool trace` calls its four blocking profiles, and more of the kind.
 *
 *     struct kymo_profile p;
 *     const struct kymo_profile_options o = {.kind = KYMO_PROFILE_SYNC};
 *     if (kymo_profile_compute(t, NULL, &o, &p) != KYMO_OK) ...
 *     for (size_t i = 0; i < p.count; i++)
 *             ... p.samples[i].stack, .count, .ns ...
 *     kymo_profile_free(&p);
 */
#ifndef KYMO_PROFILE_H
#define KYMO_PROFILE_H

#include <kymo/analysis.h>
#include <kymo/export.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kymo_profile_kind {
	KYMO_PROFILE_NET = 0,  // waiting for the network: reason "network"
	KYMO_PROFILE_SYNC,  // waiting for other goroutines: reasons that contain "chan", "sync" or "select"
	KYMO_PROFILE_SYSCALL,  // in syscalls, with a proc or without
	KYMO_PROFILE_SCHED,    // runnable: waiting for a proc
	KYMO_PROFILE_BLOCK,    // waiting for anything at all
	KYMO_PROFILE_CREATE,  // goroutines created, by the creator's stack; their time: until they first ran
	KYMO_PROFILE_STW,  // the world stopped, by the stack that stopped it
	KYMO_PROFILE_CPU,  // CPU samples; no time, because a trace does not say how often they were taken
	KYMO_PROFILE_COUNT,
};
/* "net", "sync" ...; the kind of a name, KYMO_PROFILE_COUNT if it is none. */
KYMO_API const char *kymo_profile_name(enum kymo_profile_kind kind);
KYMO_API enum kymo_profile_kind kymo_profile_find(const char *name);

/* Whose stack a sample shows. */
enum kymo_profile_stack {
	KYMO_STACK_USUAL =
		0,  // as Go's tool: the waker's (the creator's) for SCHED, the waiting goroutine's else
	KYMO_STACK_WAITER,  // where the goroutine itself stopped
	KYMO_STACK_WAKER,  // where somebody ended the wait; none where that was the runtime: a timer, the network poller
};

struct kymo_profile_options {
	enum kymo_profile_kind kind;
	enum kymo_profile_stack stack;  // of NET, SYNC, SCHED, BLOCK
	enum kymo_rules rules;
	bool labels;  // samples apart by group, reason, region and task; else these are 0
};

struct kymo_profile_sample {
	kymo_stack_ix stack;
	kymo_string_ix group;  // start function of the goroutine
	kymo_string_ix reason;  // of the wait; of SCHED: why it had stopped running, if it was that; of STW the range's name
	kymo_string_ix region;  // the innermost user region that the goroutine was in
	kymo_string_ix task;    // type of that region's task
	uint64_t count;
	kymo_ns ns;
	kymo_ns longest,
		longest_at;  // the longest of them, as far as it is selected, and when it began
	kymo_goroutine_ix longest_goroutine;  // whose it was; 0 where `longest` is 0
};

struct kymo_profile {
	enum kymo_profile_kind kind;
	enum kymo_profile_stack stack;  // never USUAL
	size_t count;
	const struct kymo_profile_sample *samples;  // longest first
	uint64_t total;                             // sum of the counts
	kymo_ns total_ns;
	void *owned;
};

/**
 * Adds up, by stack, the parts of goroutines' spans that `sel` (NULL: all) selects; a span of which some part is
 * selected counts once.
 *
 * KYMO_RULES_EXACT: every nanosecond in the state counts, before a goroutine's first run, at the trace's edges and at
 * those of the window too: with everything selected SCHED's sum is the sum of `sched_wait`, BLOCK's that of all waits.
 *
 * KYMO_RULES_GO126: the samples of Go 1.26 (cmd/trace/pprof.go): of NET, SYNC, SYSCALL and SCHED nothing counts before
 * the goroutine first ran in the trace (so the latency from creation to first run is missing), unless the selection is
 * one of regions; and nothing that the trace does not see the end of. Of a selection only goroutines and pieces (regions)
 * count.
 *
 * Free with kymo_profile_free. Errors: KYMO_E_MEMORY. Cost: O(spans), some 5 ns each, on two threads;
 * after kymo_keep, for KYMO_RULES_EXACT and without pieces, of waits a few milliseconds.
 */
KYMO_API enum kymo_status kymo_profile_compute(const struct kymo_trace *t,
                                               const struct kymo_selection *sel,
                                               const struct kymo_profile_options *options,
                                               struct kymo_profile *out);
KYMO_API void kymo_profile_free(struct kymo_profile *p);

/**
 * Writes a profile as `go tool pprof` reads it: protobuf, packed with gzip; the same bytes for the same trace and
 * options. KYMO_RULES_GO126: laid out as Go 1.26 does (a location per PC, stacks cut at 128 frames, no labels). Errors:
 * KYMO_E_MEMORY, KYMO_E_IO if the sink refused.
 */
KYMO_API enum kymo_status kymo_export_pprof(const struct kymo_trace *t, const struct kymo_profile *p,
                                            const struct kymo_profile_options *options,
                                            const struct kymo_sink *sink, struct kymo_error *err);

#ifdef __cplusplus
}
#endif

#endif
