/* SPDX-License-Identifier: MIT */
/*
 * The garbage collector: its cycles, the stops of the world, assists, sweeping, and the heap over time.
 *
 *     struct kymo_gc gc;
 *     if (kymo_gc_compute(t, NULL, &gc) != KYMO_OK) ...
 *     for (size_t i = 0; i < gc.cycle_count; i++) ... gc.cycle[i].mark_ns ...
 *     kymo_gc_free(&gc);
 */
#ifndef KYMO_GC_H
#define KYMO_GC_H

#include <kymo/analysis.h>
#include <kymo/sched.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KYMO_GC_NO_BEGIN 1u  // under way when the trace began: start is the trace's
#define KYMO_GC_NO_END 2u    // under way at its end

/* How a mark worker runs. */
enum kymo_gc_worker { KYMO_GC_DEDICATED = 0, KYMO_GC_FRACTIONAL, KYMO_GC_IDLE, KYMO_GC_WORKERS };

/* One cycle, from the begin of its mark phase ("GC concurrent mark phase") to the end of mark termination. */
struct kymo_gc_cycle {
	kymo_ns start, end;
	uint8_t flags;
	kymo_goroutine_ix goroutine;  // who began it
	/* phases; -1: not in the trace */
	kymo_ns sweep_termination;  // the first stop of the world
	kymo_ns mark;               // from its end to the begin of the last stop
	kymo_ns mark_termination;   // the last stop
	uint32_t stops;   // of the world for GC, from this cycle's start to the next one's
	kymo_ns stopped;  // their sum
	/* the heap, bytes; UINT64_MAX: the trace has no figure */
	uint64_t heap_start, heap_peak,
		heap_end;  // objects: at the start, the most, at the end (what is marked)
	uint64_t goal;     // that the cycle was to stay below
	/* inside the selection */
	kymo_ns worker[KYMO_GC_WORKERS];  // execution of background workers
	uint32_t assists;                 // begun in it
	kymo_ns assist, assist_running;   // begin to end; of which the goroutine executed
	kymo_ns sweep;                    // of what this cycle freed
	uint64_t swept_bytes, reclaimed_bytes;
};

/* A stop of the world. */
struct kymo_gc_stop {
	kymo_ns start, end;   // all of it
	kymo_ns inside;       // how much of it lies in the window
	kymo_ns stopping;     // until the goroutines that ran when it began have left their procs
	kymo_string_ix name;  // "stop-the-world (REASON)"
	kymo_goroutine_ix goroutine;
	kymo_stack_ix stack;
	uint8_t flags;  // KYMO_RANGE_*
};

/* Assists, or sweeps, of the goroutines of one start function. */
struct kymo_gc_group {
	kymo_string_ix name;
	uint32_t goroutines;
	struct kymo_latency time;               // of each, begin to end
	kymo_ns running;                        // assists: of which the goroutine executed
	uint64_t swept_bytes, reclaimed_bytes;  // sweeps
};

/* The heap in one of the equal parts of the window. UINT64_MAX: not known yet. */
struct kymo_gc_heap {
	kymo_ns from;
	uint64_t live_min, live_max;
	uint64_t goal;  // at its end
};

struct kymo_gc {
	kymo_ns from, to;
	size_t cycle_count;
	const struct kymo_gc_cycle *cycle;  // those of which a part lies in the window
	size_t stop_count;
	const struct kymo_gc_stop *stop;  // likewise, for all reasons
	size_t assist_count, sweep_count;
	const struct kymo_gc_group *assist, *sweep;  // groups, the largest total first
	size_t heap_count;
	const struct kymo_gc_heap *heap;

	/* sums inside the selection */
	struct kymo_latency stops;  // of all stops
	kymo_ns stopped_for_gc;
	kymo_ns marking;  // time in mark phases
	kymo_ns worker[KYMO_GC_WORKERS];
	struct kymo_latency assists, sweeps;
	kymo_ns assist_running;
	uint64_t swept_bytes, reclaimed_bytes;
	kymo_ns available;  // GOMAXPROCS over time: what all procs had
	void *owned;
};

/**
 * Definitions. A cycle is the range "GC concurrent mark phase", which Go opens before it stops the world to end sweeping
 * and closes after it has stopped it to end marking; so the two stops are those with these reasons that begin inside of
 * it. (A mark termination may be given up and tried again: all are stops of the cycle, the last one ends it.) A stop
 * begins when it is asked for, so that it contains the wait for running goroutines, which `stopping` names.
 * Background workers count by their labels, from the label until they stop executing. An assist lasts from its begin to
 * its end, waits included. What is swept was freed by the last cycle that had ended its mark phase by then.
 *
 * The selection: times count with the part that lies inside of the window; assists and sweeps only of the goroutines
 * selected (a sweep is of the goroutine that began it). Phases of a cycle and the heap are of the whole program, and whole.
 * A cycle's range and a stop are counted if they touch the window.
 *
 * Free with kymo_gc_free. Errors: KYMO_E_MEMORY. Cost: O(ranges + their spans), 0.1 µs an assist.
 */
KYMO_API enum kymo_status kymo_gc_compute(const struct kymo_trace *t,
                                          const struct kymo_selection *sel, struct kymo_gc *out);
KYMO_API void kymo_gc_free(struct kymo_gc *gc);

#ifdef __cplusplus
}
#endif

#endif
