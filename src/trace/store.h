/* SPDX-License-Identifier: MIT */
/*
 * The store: how a trace lies in memory. include/kymo/trace.h says what it means; this header is for the code of the
 * library that makes it and scans it fast.
 *
 * Spans. Each goroutine's state changes are records of 8 bytes, in order, in chunks of 4, 16, 64 and then 512
 * records, written once, straight from the ordered events. Eighty busy goroutines of a typical large trace hold
 * millions each; a quarter of a million short ones hold four, one chunk of 32 bytes.
 *
 *     u32 dt    ns since the goroutine's previous record (the first: since its begin)
 *     u32       kind: 3 bits | aux: 8 bits | stack: 21 bits
 *
 *     kind            aux                        stack
 *     REC_RUNNING     proc                       -
 *     REC_WOKEN       waker's proc, 0 none       the waker's
 *     REC_STOPPED     reason code                its own          (runnable: yielded, preempted, or so at the start)
 *     REC_WAITING     reason code                its own
 *     REC_SYSCALL     proc, 0 none               its own
 *     REC_CREATED     creator's proc             1: blocked, 0: runnable   (the creator's stack is in the table)
 *     REC_MISC        MISC_*                     -
 *     REC_ESCAPE      ESC_*                      see below
 *
 * What does not fit goes into an escape record before it, always in the same chunk: ESC_TIME adds 2^32 ns `stack`
 * times; ESC_WIDE carries in its dt field the stack, in its stack field the aux of the record that follows; ESC_NOP
 * fills a chunk's end. Who woke a goroutine is not stored: it is who ran on the waker's proc at that time.
 *
 * Runs. Each proc's goroutines are records of 12 bytes in chunks alike: u32 dt since the previous run's start, u32
 * duration, u32 goroutine row | RUN_CONTINUES | RUN_SYSCALL; row 0: an escape, its second word times 2^32 ns.
 *
 * Chunks after the first are listed per goroutine (per proc) with the time they count from, for binary search.
 */
#ifndef KYMO_TRACE_STORE_H
#define KYMO_TRACE_STORE_H

#include <kymo/trace.h>

#include "base/arena.h"
#include "base/idmap.h"
#include "base/vec.h"
#include "trace/kept.h"
#include "trace/tables.h"

enum rec_kind {
	REC_RUNNING = 0,
	REC_WOKEN,
	REC_STOPPED,
	REC_WAITING,
	REC_SYSCALL,
	REC_CREATED,
	REC_MISC,
	REC_ESCAPE
};
enum rec_misc {
	MISC_PROC_LOST = 0,
	MISC_SYSCALL_EXIT,
	MISC_PROC_LOST_UNNOTICED /* by Go's summarizer: see load.c */
};
enum rec_escape { ESC_TIME = 0, ESC_WIDE, ESC_NOP };

#define REC_AUX_MAX 255u
#define REC_STACK_BITS 21
#define REC_STACK_MAX ((1u << REC_STACK_BITS) - 1)
#define REC(kind, aux, stack) ((uint32_t)(kind) | (uint32_t)(aux) << 3 | (uint32_t)(stack) << 11)

#define RUN_SYSCALL (1u << 31)
#define RUN_CONTINUES (1u << 30)
#define RUN_ROW (RUN_CONTINUES - 1)

/* Records in the i-th chunk of a goroutine or proc. */
static inline uint32_t chunk_records(uint32_t i)
{
	return i == 0 ? 4 : i == 1 ? 16 : i == 2 ? 64 : 512;
}

/* In those before it; and in which one the n-th record is, both from 0. */
static inline uint32_t chunk_records_before(uint32_t i)
{
	return i == 0 ? 0 : i == 1 ? 4 : i == 2 ? 20 : 84 + (i - 3) * 512;
}
static inline uint32_t chunk_of_record(uint32_t n)
{
	return n < 4 ? 0 : n < 20 ? 1 : n < 84 ? 2 : 3 + (n - 84) / 512;
}

/*
 * Which of its records a goroutine was at when something else happened to it: from there on its spans are read without a
 * search. The loader knows it for nothing, and it saves the chunk that a search reads.
 */
struct span_mark {
	uint32_t record;  // its number + 1; 0: not known, search for the time
	uint32_t since;   // ns from when it began
};

/* A chunk after the first: where it lies, and the time before its first record. */
struct chunk {
	uint32_t ref;
	kymo_ns base;
};

/* The chunks of all goroutines (without each one's first) or procs (all): those of row i are at[from[i]] .. at[from[i + 1]]. */
struct chunk_index {
	uint32_t *from;
	struct chunk *at;
};

struct goroutine_columns {
	VEC(uint64_t) id;
	VEC(kymo_ns) begin;
	VEC(kymo_ns) end;
	VEC(kymo_ns) seen;
	VEC(kymo_string_ix) name;
	VEC(kymo_stack_ix) start_stack;
	VEC(kymo_stack_ix) create_stack;
	VEC(kymo_goroutine_ix) creator;
	VEC(uint32_t) span_records;
	VEC(uint8_t) flags;
	VEC(uint32_t) first_chunk;
};

struct range_row {
	kymo_ns start, end;
	uint64_t swept, reclaimed;
	kymo_string_ix name;
	uint32_t goroutine, end_goroutine, proc, stack;
	struct span_mark mark;  // of `goroutine`
	uint8_t kind, flags;
};

struct binding_row {
	kymo_ns start, end;
	uint32_t thread, proc, goroutine;
};

struct kymo_trace {
	struct kymo_trace_info info;
	struct kymo_damage damage[1];
	struct tables tables;
	struct arena spans, runs;
	struct chunk_index span_chunks, run_chunks;

	struct goroutine_columns g;
	struct kymo_goroutines goroutines;
	struct idmap row_of_id;
	bool ids_repeat;              // some id had two lives
	VEC(kymo_string_ix) reasons;  // by code

	VEC(uint64_t) proc_id;
	VEC(uint32_t) proc_records;
	struct kymo_procs procs;
	VEC(uint64_t) thread_id;
	struct kymo_threads threads;

	struct kymo_bindings bindings;
	uint32_t *binding_by_proc;  // rows sorted by (proc, start)
	uint32_t *proc_bindings;    // [procs + 1]
	struct kymo_ranges ranges;
	struct span_mark *range_mark;  // [ranges] of the goroutine when it begins

	VEC(uint64_t) task_id;
	VEC(uint64_t) task_parent;
	VEC(kymo_ns) task_begin;
	VEC(kymo_ns) task_end;
	VEC(kymo_string_ix) task_type;
	VEC(uint32_t) task_begin_g;
	VEC(uint32_t) task_end_g;
	VEC(uint32_t) task_begin_stack;
	VEC(uint32_t) task_end_stack;
	VEC(uint8_t) task_flags;
	struct kymo_tasks tasks;

	VEC(uint64_t) region_task;
	VEC(kymo_ns) region_begin;
	VEC(kymo_ns) region_end;
	VEC(kymo_string_ix) region_type;
	VEC(uint32_t) region_g;
	VEC(uint32_t) region_begin_stack;
	VEC(uint32_t) region_end_stack;
	VEC(uint16_t) region_depth;
	VEC(uint8_t) region_flags;
	struct kymo_regions regions;

	VEC(kymo_ns) log_time;
	VEC(uint64_t) log_task;
	VEC(uint32_t) log_g;
	VEC(kymo_string_ix) log_category;
	VEC(kymo_string_ix) log_message;
	VEC(uint32_t) log_stack;
	struct kymo_logs logs;

	VEC(kymo_ns) label_time;
	VEC(uint32_t) label_g;
	VEC(kymo_string_ix) label_text;
	VEC(struct span_mark) label_mark;
	struct kymo_labels labels;

	VEC(kymo_ns) sample_time;
	VEC(uint32_t) sample_g;
	VEC(uint32_t) sample_p;
	VEC(uint32_t) sample_m;
	VEC(uint32_t) sample_stack;
	struct kymo_samples samples;

	struct {
		VEC(kymo_ns) time;
		VEC(uint64_t) value;
	} metric[KYMO_METRIC_COUNT];
	struct kymo_series series[KYMO_METRIC_COUNT];

	struct kept_slot kept[KEPT_COUNT];
};

/* ---- scanning spans without making struct kymo_span ---- */

/* A decoded record: the state that began at `start`. */
struct span_rec {
	kymo_ns start;
	uint32_t kind, aux, stack;
};

struct __attribute__((may_alias)) span_scan {
	const struct kymo_trace *t;
	const uint32_t *p, *end;  // in the chunk
	kymo_ns time;             // of the record before
	uint32_t g, chunk, left;  // records after this chunk
};

static inline void span_scan_chunk(struct span_scan *s, uint32_t ref, uint32_t left)
{
	uint32_t n = chunk_records(s->chunk);
	if (n > left)
		n = left;
	s->p = n ? arena_at(&s->t->spans, ref) : NULL;
	s->end = s->p + (size_t)n * 2;
	s->left = left - n;
}

static inline void span_scan_begin(struct span_scan *s, const struct kymo_trace *t,
                                   kymo_goroutine_ix g)
{
	*s = (struct span_scan){.t = t, .g = g, .time = t->g.begin.at[g]};
	span_scan_chunk(s, t->g.first_chunk.at[g], t->g.span_records.at[g]);
}

/*
 * Most goroutines are one small chunk, and the miss on it is most of what a look at them costs: whoever goes over many
 * asks for those of a few ahead.
 */
#define SPAN_AHEAD 8u
static inline void span_prefetch(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	__builtin_prefetch(arena_at(&t->spans, t->g.first_chunk.at[g]));
}

/* Where a marked record lies. */
static inline const uint32_t *span_at(const struct kymo_trace *t, kymo_goroutine_ix g, uint32_t record)
{
	uint32_t n = chunk_of_record(record);
	uint32_t ref =
		n ? t->span_chunks.at[t->span_chunks.from[g] + n - 1].ref : t->g.first_chunk.at[g];
	const uint32_t *chunk = arena_at(&t->spans, ref);
	return chunk + (size_t)(record - chunk_records_before(n)) * 2;
}
static inline void span_prefetch_mark(const struct kymo_trace *t, kymo_goroutine_ix g,
                                      struct span_mark mark)
{
	if (mark.record)
		__builtin_prefetch(span_at(t, g, mark.record - 1));
}

/* The chunk after this one; false if there is none. */
static inline bool span_scan_more(struct span_scan *s)
{
	if (!s->left)
		return false;
	s->chunk++;
	span_scan_chunk(s, s->t->span_chunks.at[s->t->span_chunks.from[s->g] + s->chunk - 1].ref,
	                s->left);
	return true;
}

static inline bool span_scan_next(struct span_scan *s, struct span_rec *r)
{
	uint32_t wide_aux = 0, wide_stack = 0;
	bool wide = false;
	for (;;) {
		if (unlikely(s->p == s->end) && !span_scan_more(s))
			return false;
		uint32_t dt = s->p[0], w = s->p[1];
		s->p += 2;
		r->kind = w & 7;
		r->aux = w >> 3 & 0xff;
		r->stack = w >> 11;
		if (unlikely(r->kind == REC_ESCAPE)) {
			if (r->aux == ESC_TIME) {
				s->time += (kymo_ns)r->stack << 32;
			} else if (r->aux == ESC_WIDE) {
				wide = true;
				wide_aux = r->stack;
				wide_stack = dt;
			}
			continue;
		}
		s->time += dt;
		r->start = s->time;
		if (unlikely(wide)) {
			r->aux = wide_aux;
			r->stack = wide_stack;
		}
		return true;
	}
}

/* Positions on the record that holds at `at` (or the first one). */
void span_scan_seek(struct span_scan *s, const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at);

/*
 * Positions on a record that holds at `at` or begins before, and all whose spans end later come after it. `mark` is the
 * goroutine's at that time, or not known.
 */
void span_scan_mark(struct span_scan *s, const struct kymo_trace *t, kymo_goroutine_ix g,
                    kymo_ns at, struct span_mark mark);

#endif
