/* SPDX-License-Identifier: MIT */
/*
 * A trace in memory: immutable columns, made once from the ordered events, read from any number of threads.
 *
 *     struct kymo_trace *t;
 *     if (kymo_trace_load(in, NULL, &t, &err) != KYMO_OK) ...
 *     const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
 *     for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
 *             struct kymo_span s;
 *             struct kymo_span_cursor c;
 *             kymo_span_seek(t, g, 0, &c);
 *             while (kymo_span_next(&c, &s))
 *                     if (s.state == KYMO_SPAN_RUNNABLE) ...
 *     }
 *     kymo_trace_free(t);
 *
 * All times are ns since the first event; add kymo_trace_info's start for the trace's own clock.
 */
#ifndef KYMO_TRACE_H
#define KYMO_TRACE_H

#include <kymo/events.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kymo_trace;

struct kymo_load_options {
	bool (*progress)(void *ctx, uint64_t done_bytes,
	                 uint64_t total_bytes);  // as in kymo_reader_options
	void *progress_ctx;
};

/**
 * Reads the whole input into a store. Damage ends the reading; what was sound before is kept, and kymo_trace_info
 * has the row of it. `options` and `err` may be NULL. The input may be closed afterwards.
 * Errors: as kymo_reader_open; KYMO_E_DAMAGED if nothing could be read; KYMO_E_CANCELLED; KYMO_E_MEMORY; KYMO_E_LIMIT.
 * Cost: about 20 ns and 14 bytes per event.
 */
KYMO_API enum kymo_status kymo_trace_load(struct kymo_input *in,
                                          const struct kymo_load_options *options,
                                          struct kymo_trace **out, struct kymo_error *err);

/** NULL is fine. Every pointer that the trace gave out dies with it. */
KYMO_API void kymo_trace_free(struct kymo_trace *t);

struct kymo_trace_info {
	unsigned version;  // N of "go 1.N trace"
	uint64_t bytes, generations, events;
	kymo_ns start;                     // of the first event on the trace's clock
	kymo_ns duration;                  // from the first event to the last
	struct kymo_clock_snapshot clock;  // the first one; `trace` on the trace's clock
	uint64_t memory_bytes;             // what the store holds
	size_t damage_count;
	const struct kymo_damage *damage;
};
KYMO_API const struct kymo_trace_info *kymo_trace_info(const struct kymo_trace *t);

/** Strings and stacks, interned over all generations. Index 0 is the empty one. O(1). */
KYMO_API struct kymo_str kymo_trace_string(const struct kymo_trace *t, kymo_string_ix ix);
KYMO_API const struct kymo_frame *kymo_trace_stack(const struct kymo_trace *t, kymo_stack_ix ix,
                                                   size_t *count);
KYMO_API uint32_t kymo_trace_string_count(const struct kymo_trace *t);
KYMO_API uint32_t kymo_trace_stack_count(const struct kymo_trace *t);

/* Flags of a goroutine's row. */
#define KYMO_G_EXISTED 1u  // before the trace began: `begin` is the start of its first generation
#define KYMO_G_ENDED 2u    // ended inside the trace; else `end` is the trace's end

/* One row a life of a goroutine, in order of first appearance. Row 0: none. */
struct kymo_goroutines {
	uint32_t count;      // rows, row 0 included
	const uint64_t *id;  // the runtime's goid. C threads' goroutines may live twice under one id
	const kymo_ns *begin, *end;  // of its life within the trace
	const kymo_ns *seen;  // its first event (differs from begin only with KYMO_G_EXISTED)
	const kymo_string_ix *name;  // start function: outermost frame of the first stack seen; 0 if none ever was
	const kymo_stack_ix *start_stack;   // the stack that named it
	const kymo_stack_ix *create_stack;  // of its creator; 0 if not seen
	const kymo_goroutine_ix *creator;   // 0 if not seen
	const uint32_t *span_records;       // about how many spans it has (an upper bound)
	const uint8_t *flags;               // KYMO_G_*
};
KYMO_API const struct kymo_goroutines *kymo_trace_goroutines(const struct kymo_trace *t);
/** The last row with this id; 0 if there is none. O(1). */
KYMO_API kymo_goroutine_ix kymo_trace_find_goroutine(const struct kymo_trace *t, uint64_t id);

struct kymo_procs {
	uint32_t count;               // row 0 included
	const uint64_t *id;           // in order of first appearance
	const uint32_t *run_records;  // about how many runs it has (an upper bound)
};
KYMO_API const struct kymo_procs *kymo_trace_procs(const struct kymo_trace *t);

struct kymo_threads {
	uint32_t count;  // row 0 included
	const uint64_t *id;
};
KYMO_API const struct kymo_threads *kymo_trace_threads(const struct kymo_trace *t);

/* ---- goroutine spans ---- */

enum kymo_span_state {
	KYMO_SPAN_NONE = 0,         // does not exist
	KYMO_SPAN_RUNNABLE,         // wants a proc
	KYMO_SPAN_RUNNING,          // on `proc`
	KYMO_SPAN_WAITING,          // for `reason`
	KYMO_SPAN_SYSCALL,          // in a syscall, holding `proc` (0: never had one)
	KYMO_SPAN_SYSCALL_BLOCKED,  // in a syscall whose proc was taken away
	KYMO_SPAN_STATE_COUNT,
};

/* How a span began. */
enum kymo_span_cause {
	KYMO_CAUSE_STATUS = 0,    // it was so when the trace began; nobody knows why
	KYMO_CAUSE_CREATED,       // go statement: `proc`, `waker_stack` are the creator's
	KYMO_CAUSE_WOKEN,         // unblocked: `proc`, `waker_stack` are the waker's
	KYMO_CAUSE_STOPPED,       // left running by itself or by preemption: `reason`, `stack`
	KYMO_CAUSE_STARTED,       // was given a proc
	KYMO_CAUSE_SYSCALL,       // entered a syscall: `stack`
	KYMO_CAUSE_SYSCALL_EXIT,  // came back from a syscall
	KYMO_CAUSE_PROC_LOST,     // its proc was taken while in a syscall
};

/* An interval in which one goroutine kept one state: [start, end). Spans of one life are gap-free and never overlap. */
struct kymo_span {
	kymo_ns start, end;
	uint8_t state;  // enum kymo_span_state
	uint8_t cause;  // enum kymo_span_cause
	kymo_proc_ix proc;  // RUNNING, SYSCALL: where. RUNNABLE by CREATED, WOKEN: the waker's proc, 0 if it had none
	kymo_string_ix reason;      // WAITING: for what. RUNNABLE by STOPPED: why it stopped
	kymo_stack_ix stack;        // the goroutine's own, when the span began; 0 if not recorded
	kymo_stack_ix waker_stack;  // CREATED, WOKEN
};

/* A position in one goroutine's spans. Plain data: copy it, drop it. */
struct kymo_span_cursor {
	uint64_t opaque[8];
	bool more;
	struct kymo_span next;
};

/** Positions on the span that contains `at`, or on the first one after it. O(log n). */
KYMO_API void kymo_span_seek(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at,
                             struct kymo_span_cursor *c);
/** The next span; false after the last. Amortised O(1), about 10 ns. */
KYMO_API bool kymo_span_next(struct kymo_span_cursor *c, struct kymo_span *out);

/** Who ran on proc `p` at `at`; 0 if nobody. With a RUNNABLE span's proc and start: who woke or created it. O(log n). */
KYMO_API kymo_goroutine_ix kymo_trace_goroutine_on_proc(const struct kymo_trace *t, kymo_proc_ix p,
                                                        kymo_ns at);
/** The thread that held proc `p` at `at`; 0 if none. O(log n). */
KYMO_API kymo_thread_ix kymo_trace_thread_of_proc(const struct kymo_trace *t, kymo_proc_ix p,
                                                  kymo_ns at);

/* ---- proc runs ---- */

/* An interval in which a proc belonged to one goroutine, running or in a short syscall. */
struct kymo_run {
	kymo_ns start, end;
	kymo_goroutine_ix goroutine;
	bool has_syscall;  // some part of it was a syscall: see the goroutine's spans
};
struct kymo_run_cursor {
	const struct kymo_trace *t;
	kymo_proc_ix p;
	uint32_t chunk, pos, left;
	kymo_ns time;
};
/** Positions on the run that contains `at`, or on the first one after it. O(log n). */
KYMO_API void kymo_run_seek(const struct kymo_trace *t, kymo_proc_ix p, kymo_ns at,
                            struct kymo_run_cursor *c);
KYMO_API bool kymo_run_next(struct kymo_run_cursor *c, struct kymo_run *out);

/* ---- thread bindings ---- */

/* An interval in which a thread held a proc, or sat in a syscall of one goroutine without a proc. Sorted by (thread, start).
 * What a thread ran while it held a proc are the proc's runs in that interval. */
struct kymo_bindings {
	uint32_t count;
	const kymo_ns *start, *end;
	const kymo_thread_ix *thread;
	const kymo_proc_ix *proc;            // 0 if it held none
	const kymo_goroutine_ix *goroutine;  // the one in a syscall, if proc is 0
	const uint32_t *by_thread;  // [threads.count + 1] rows of thread m: by_thread[m] .. by_thread[m+1]
};
KYMO_API const struct kymo_bindings *kymo_trace_bindings(const struct kymo_trace *t);

/* ---- ranges: GC, stop-the-world, sweep, assist ---- */

enum kymo_range_kind {
	KYMO_RANGE_GC = 0,  // "GC concurrent mark phase"; whole program
	KYMO_RANGE_STW,     // "stop-the-world (KIND)"; of a goroutine
	KYMO_RANGE_SWEEP,   // "GC incremental sweep"; of a proc
	KYMO_RANGE_ASSIST,  // "GC mark assist"; of a goroutine
};
#define KYMO_RANGE_NO_BEGIN 1u  // was open when the trace began: start is its generation's start
#define KYMO_RANGE_NO_END 2u    // still open at the trace's end

/* Sorted by start. */
struct kymo_ranges {
	uint32_t count;
	const kymo_ns *start, *end;
	const uint8_t *kind, *flags;
	const kymo_string_ix *name;
	const kymo_goroutine_ix *goroutine;  // scope (STW, ASSIST), or who was on the proc at its begin (SWEEP) or began it (GC)
	const kymo_goroutine_ix *end_goroutine;         // who ended it; 0 if nobody
	const kymo_proc_ix *proc;                       // where it began
	const kymo_stack_ix *stack;                     // where it began
	const uint64_t *swept_bytes, *reclaimed_bytes;  // SWEEP
};
KYMO_API const struct kymo_ranges *kymo_trace_ranges(const struct kymo_trace *t);

/* ---- user annotations ---- */

#define KYMO_TASK_BEGUN 1u
#define KYMO_TASK_ENDED 2u
/* One row a life of a task (an id may be used again after its end), in order of its first begin or end event. */
struct kymo_tasks {
	uint32_t count;
	const uint64_t *id, *parent;  // KYMO_NONE: no parent
	const kymo_ns *begin, *end;   // the trace's bounds where not seen
	const kymo_string_ix *type;
	const kymo_goroutine_ix *begin_goroutine, *end_goroutine;
	const kymo_stack_ix *begin_stack, *end_stack;
	const uint8_t *flags;
};
KYMO_API const struct kymo_tasks *kymo_trace_tasks(const struct kymo_trace *t);

#define KYMO_REGION_BEGUN 1u
#define KYMO_REGION_ENDED 2u
/* In order of the first event seen of each. Regions of one goroutine nest. */
struct kymo_regions {
	uint32_t count;
	const uint64_t *task;
	const kymo_ns *begin, *end;  // where not seen: the goroutine's begin or end
	const kymo_string_ix *type;
	const kymo_goroutine_ix *goroutine;
	const kymo_stack_ix *begin_stack, *end_stack;
	const uint16_t *depth;  // 0 = outermost
	const uint8_t *flags;
};
KYMO_API const struct kymo_regions *kymo_trace_regions(const struct kymo_trace *t);

struct kymo_logs {
	uint32_t count;
	const kymo_ns *time;
	const uint64_t *task;
	const kymo_goroutine_ix *goroutine;
	const kymo_string_ix *category, *message;
	const kymo_stack_ix *stack;
};
KYMO_API const struct kymo_logs *kymo_trace_logs(const struct kymo_trace *t);

struct kymo_labels {
	uint32_t count;
	const kymo_ns *time;
	const kymo_goroutine_ix *goroutine;
	const kymo_string_ix *label;
};
KYMO_API const struct kymo_labels *kymo_trace_labels(const struct kymo_trace *t);

/* Annotations of a signal handler: not checked against the states. */
struct kymo_samples {
	uint32_t count;
	const kymo_ns *time;
	const kymo_goroutine_ix *goroutine;
	const kymo_proc_ix *proc;
	const kymo_thread_ix *thread;
	const kymo_stack_ix *stack;
};
KYMO_API const struct kymo_samples *kymo_trace_samples(const struct kymo_trace *t);

/* ---- metrics ---- */

enum kymo_metric {
	KYMO_METRIC_GOMAXPROCS = 0,
	KYMO_METRIC_HEAP_LIVE,
	KYMO_METRIC_HEAP_GOAL,
	KYMO_METRIC_COUNT,
};
/* A step function: `value[i]` holds from `time[i]` to the next. */
struct kymo_series {
	uint32_t count;
	const kymo_ns *time;
	const uint64_t *value;
};
KYMO_API const struct kymo_series *kymo_trace_metric(const struct kymo_trace *t,
                                                     enum kymo_metric metric);

#ifdef __cplusplus
}
#endif

#endif
