/* SPDX-License-Identifier: MIT */
/*
 * Where the collector executes: pieces of time on procs, from ranges and labels.
 *
 *     static bool add(void *ctx, const struct gc_piece *p) { ...; return true; }
 *     if (!gc_workers(t, INT64_MIN, INT64_MAX, add, &mine)) return no_memory;        // false from `add` stops, too
 */
#ifndef KYMO_ANALYSIS_GC_WORK_H
#define KYMO_ANALYSIS_GC_WORK_H

#include "trace/store.h"

/* Of a background mark worker's run. */
enum gc_mode { GC_DEDICATED, GC_FRACTIONAL, GC_IDLE, GC_MODES };

struct gc_piece {
	kymo_ns from, to;
	kymo_goroutine_ix goroutine;
	kymo_proc_ix proc;
	uint8_t mode;  // enum gc_mode; of workers only
};
typedef bool gc_visit(void *ctx, const struct gc_piece *p);

/* What a label says: an enum gc_mode, or -1 if it names none. Another "GC ..." than the three counts as fractional. */
int gc_label_mode(const struct kymo_trace *t, kymo_string_ix label);
/*
 * Each part of a range (an assist), inside [from, to), in which its goroutine executes on a proc: running, or in a syscall
 * that kept it.
 */
bool gc_executing(const struct kymo_trace *t, uint32_t range, kymo_ns from, kymo_ns to,
                  gc_visit *visit, void *ctx);
/* Ranges are visited in order, their goroutines' records lie all over the store: of one AHEAD, this asks for them. */
#define GC_AHEAD 8u
static inline void gc_prefetch(const struct kymo_trace *t, uint32_t range)
{
	if (range < t->ranges.count && t->ranges.kind[range] == KYMO_RANGE_ASSIST)
		span_prefetch_mark(t, t->ranges.goroutine[range], t->range_mark[range]);
}
/*
 * Each run of a background worker, from its label until it stops executing or is labelled anew, of those that may touch
 * [from, to). By time of the label.
 */
bool gc_workers(const struct kymo_trace *t, kymo_ns from, kymo_ns to, gc_visit *visit, void *ctx);

/* "stop-the-world (GC ...)". */
bool gc_is_stw_name(const struct kymo_trace *t, kymo_string_ix name);

#endif
