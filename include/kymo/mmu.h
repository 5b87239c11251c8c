/* SPDX-License-Identifier: MIT */
/*
 * Mutator utilisation: how much of the processors the garbage collector leaves to the program, and the least that it
 * leaves in any window of a length.
 *
 *     struct kymo_mmu *m;
 *     if (kymo_mmu_new(t, NULL, KYMO_UTIL_DEFAULT, KYMO_RULES_EXACT, &m) != KYMO_OK) ...
 *     double least = kymo_mmu_at(m, 10000000);     // in the worst 10 ms
 *     kymo_mmu_free(m);
 */
#ifndef KYMO_MMU_H
#define KYMO_MMU_H

#include <kymo/analysis.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What takes from the program. The first five have the bits of Go's UtilFlags. */
#define KYMO_UTIL_STW 1u  // the world stopped by the collector: nothing is left
#define KYMO_UTIL_BACKGROUND \
	2u  // dedicated and fractional mark workers; idle ones use only what nobody wants
#define KYMO_UTIL_ASSIST 4u  // goroutines made to mark, while they execute
#define KYMO_UTIL_SWEEP 8u   // sweeping, on its proc
#define KYMO_UTIL_PER_PROC \
	16u  // every proc by itself rather than their mean; dedicated workers do not count then
#define KYMO_UTIL_ALL_STW 32u  // the world stopped for any reason (the exact rules only)
#define KYMO_UTIL_DEFAULT (KYMO_UTIL_STW | KYMO_UTIL_BACKGROUND | KYMO_UTIL_ASSIST)

struct kymo_mmu;

/**
 * The utilisation of a trace (inside the window of `sel`, NULL: all; which goroutines are selected does not matter)
 * and what the calls below need to be fast.
 *
 * Definition. At any time the utilisation is 0 while the world is stopped, else 1 - a/n: n is GOMAXPROCS, a the number
 * of procs on which something of `flags` is active; per proc it is 0 or 1. It begins where the trace first names
 * GOMAXPROCS and ends with the trace. MMU(w) is the least mean over all windows of length w inside of it (P. Cheng and
 * G. Blelloch, "A Parallel, Real-Time Garbage Collector", PLDI 2001); a window longer than the trace counts as the whole.
 *
 * KYMO_RULES_EXACT: a mark worker counts from the label that names its mode until it stops executing, in every run
 * anew. A worker that runs when the trace begins is not labelled and does not count until its next run. An assist counts
 * while its goroutine executes, on the proc where it does.
 *
 * KYMO_RULES_GO126: what Go's tool reports. There a worker's second and later runs count twice when they begin and once
 * when they end, so that procs soon seem busy with GC for good; a series that has fallen to 0 ends there, and the
 * rest of the trace is not looked at; of an assist that a trace begins in, the procs may be mixed up; and of windows some
 * are looked at that reach past the trace's end, by less than a 1000th of it, which counts as none left to the program.
 *
 * Errors: KYMO_E_MEMORY; KYMO_E_LIMIT: per proc, with more than 65,536 of them. Cost: O(n log n) of all of the trace's ranges
 * and workers' runs, about 0.1 µs of each, whatever the window; the result has 25 bytes a change of the utilisation. A trace
 * that keeps KYMO_KEEP_MMU (<kymo/keep.h>) has those of the usual flags and of those asked for last at hand: nothing is
 * computed then. Any number of threads may ask the result.
 */
KYMO_API enum kymo_status kymo_mmu_new(const struct kymo_trace *t, const struct kymo_selection *sel,
                                       unsigned flags, enum kymo_rules rules, struct kymo_mmu **out);
KYMO_API void kymo_mmu_free(struct kymo_mmu *m);

/** The length of the longest series; 0 if there is none (no GOMAXPROCS, an empty window). */
KYMO_API kymo_ns kymo_mmu_span(const struct kymo_mmu *m);
/** The mean utilisation over everything; NaN if there is nothing. */
KYMO_API double kymo_mmu_mean(const struct kymo_mmu *m);

/**
 * MMU(window), exact but for the rounding of doubles. 0 for a window <= 0; NaN if there is nothing (Go's tool says 1).
 * Cost: about 0.5 µs a thousand changes, and what lies about the worst windows.
 */
KYMO_API double kymo_mmu_at(const struct kymo_mmu *m, kymo_ns window);

/**
 * Of all windows of this length, each start as likely as any other: out[i] is the least utilisation u such that the
 * share q[i] of them have u or less. (0.01: 99 of 100 windows have more.) Where windows have no room to slide: MMU(window).
 * KYMO_RULES_GO126: MMU(window), always: Go's tool collects no distribution, and falls back to the minimum.
 * Errors: KYMO_E_MEMORY. Cost: 1 to 20 ms a million changes; the most where windows are about as long as the times between
 * changes.
 */
KYMO_API enum kymo_status kymo_mmu_quantiles(const struct kymo_mmu *m, kymo_ns window,
                                             const double *q, size_t count, double *out);

struct kymo_mmu_window {
	kymo_ns time;  // of its begin, since the trace's first event
	double utilization;
	uint64_t proc;  // its id; KYMO_NONE unless per proc
};
/**
 * The worst windows that do not overlap: the worst first (of equal ones the earliest, of these the first proc's), then the
 * worst of those that keep apart from it, and so on. `out` has room for `cap`; *count is how many there are. Errors:
 * KYMO_E_MEMORY.
 * (Go's tool makes no promise which ones it lists.)
 */
KYMO_API enum kymo_status kymo_mmu_worst(const struct kymo_mmu *m, kymo_ns window, size_t cap,
                                         struct kymo_mmu_window *out, size_t *count);

/**
 * The utilisation itself: from time[i] on it is value[i]; the last point is the end. NULL if there is no series `i`, or no
 * memory: the arrays are made when somebody asks for them first.
 */
struct kymo_mmu_series {
	size_t count;
	const kymo_ns *time;
	const double *value;
	uint64_t proc;  // KYMO_NONE: the mean of all
};
KYMO_API const struct kymo_mmu_series *kymo_mmu_series(const struct kymo_mmu *m, size_t i);

#ifdef __cplusplus
}
#endif

#endif
