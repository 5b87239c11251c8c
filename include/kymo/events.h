/* SPDX-License-Identifier: MIT */
/*
 * The ordered, checked events of a trace, one after another, without building a store: the same sequence, with
 * the same times, as Go's own reader (golang.org/x/exp/trace) delivers.
 *
 *     struct kymo_reader *r;
 *     if (kymo_reader_open(in, NULL, &r, &err) != KYMO_OK) ...
 *     const struct kymo_event *ev;
 *     while ((ev = kymo_reader_next(r)) != NULL)
 *             if (ev->kind == KYMO_EV_LOG) ...
 *     if (kymo_reader_status(r, &err) != KYMO_OK) ...        // why it ended, if not at the end of the trace
 *     kymo_reader_close(r);
 *
 * Memory: the tables of strings and stacks of the whole trace, the live goroutines, and the input.
 */
#ifndef KYMO_EVENTS_H
#define KYMO_EVENTS_H

#include <kymo/input.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds of Go's trace.EventKind, in Go's order. */
enum kymo_event_kind {
	KYMO_EV_BAD = 0,
	KYMO_EV_SYNC,
	KYMO_EV_METRIC,
	KYMO_EV_LABEL,
	KYMO_EV_STACK_SAMPLE,
	KYMO_EV_RANGE_BEGIN,
	KYMO_EV_RANGE_ACTIVE,
	KYMO_EV_RANGE_END,
	KYMO_EV_TASK_BEGIN,
	KYMO_EV_TASK_END,
	KYMO_EV_REGION_BEGIN,
	KYMO_EV_REGION_END,
	KYMO_EV_LOG,
	KYMO_EV_STATE_TRANSITION,
	KYMO_EV_EXPERIMENTAL,
	KYMO_EV_KIND_COUNT,
};

/* What a transition, a range or a label is about. */
enum kymo_resource {
	KYMO_RESOURCE_NONE = 0,  // the whole program
	KYMO_RESOURCE_GOROUTINE,
	KYMO_RESOURCE_PROC,
	KYMO_RESOURCE_THREAD,
};

/* Goroutine states, in Go's order. */
enum kymo_go_state {
	KYMO_GO_UNDETERMINED = 0,
	KYMO_GO_NOT_EXIST,
	KYMO_GO_RUNNABLE,
	KYMO_GO_RUNNING,
	KYMO_GO_WAITING,
	KYMO_GO_SYSCALL,
};

enum kymo_proc_state {
	KYMO_PROC_UNDETERMINED = 0,
	KYMO_PROC_NOT_EXIST,
	KYMO_PROC_RUNNING,
	KYMO_PROC_IDLE,
};

/* A generation's clocks at one instant (format 1.25 and later). */
struct kymo_clock_snapshot {
	bool present;
	kymo_ns trace;     // the trace's clock
	uint64_t mono;     // the runtime's monotonic clock, ns
	int64_t wall_sec;  // Unix time
	uint32_t wall_nsec;
};

/* Strings are indices for kymo_reader_string; names that the reader makes (of ranges, metrics) too. */
struct kymo_event {
	kymo_ns time;       // strictly increasing
	uint8_t kind;       // enum kymo_event_kind
	uint8_t wire_type;  // the number of the wire event it came from; 0 for Sync
	uint64_t thread, proc,
		goroutine;    // who emitted it, before it took effect; KYMO_NONE if nobody
	kymo_stack_ix stack;  // of the emitter; 0 = none
	union {
		struct {
			uint64_t number;  // 1, 2, 3 ...
			struct kymo_clock_snapshot clock;
		} sync;
		struct {
			kymo_string_ix name;
			uint64_t value;
		} metric;
		struct {
			kymo_string_ix label;
			uint64_t goroutine;
		} label;
		struct {
			kymo_string_ix name;
			uint8_t scope;      // enum kymo_resource
			uint64_t scope_id;  // KYMO_NONE for KYMO_RESOURCE_NONE
			bool has_swept;     // end of a sweep: the two attributes below
			uint64_t swept_bytes, reclaimed_bytes;
		} range;
		struct {
			uint64_t id, parent;  // parent KYMO_NONE if none
			kymo_string_ix type;
		} task;
		struct {
			uint64_t task;
			kymo_string_ix type;
		} region;
		struct {
			uint64_t task;
			kymo_string_ix category, message;
		} log;
		struct {
			uint8_t resource;  // KYMO_RESOURCE_GOROUTINE or _PROC
			uint8_t from, to;  // enum kymo_go_state or kymo_proc_state
			uint64_t id;
			kymo_string_ix reason;
			kymo_stack_ix stack;  // of the goroutine that changes state
		} transition;
		struct {
			uint8_t arg_count;  // the names of event and arguments: kymo_wire_event_name, _arg_name
			uint64_t args[4];  // dt left out
		} experimental;
	} u;
};

struct kymo_reader_options {
	/*
	 * As Go's reader does it, only for output that must equal Go's byte for byte: every frame of one PC in one
	 * generation gets the function, file and line first seen with that PC, which loses inlined frames; and the event
	 * before one that cannot be decoded is dropped.
	 */
	bool go_frames;
	/* Called about a hundred times over the trace, with bytes consumed and in all; true stops the reader. */
	bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
	void *progress_ctx;
};

struct kymo_reader;

/**
 * Checks the header and makes a reader. `options` and `err` may be NULL. The input must outlive the reader.
 * Errors: KYMO_E_NOT_TRACE, _TOO_OLD, _TOO_NEW, _MEMORY.
 */
KYMO_API enum kymo_status kymo_reader_open(struct kymo_input *in,
                                           const struct kymo_reader_options *options,
                                           struct kymo_reader **out, struct kymo_error *err);

/** The next event, valid until the next call; NULL at the end or at an error (see kymo_reader_status). */
KYMO_API const struct kymo_event *kymo_reader_next(struct kymo_reader *r);

/** KYMO_OK, or why kymo_reader_next returned NULL. Everything delivered before is sound. */
KYMO_API enum kymo_status kymo_reader_status(const struct kymo_reader *r, struct kymo_error *err);

/** The number N of the header "go 1.N trace". */
KYMO_API unsigned kymo_reader_version(const struct kymo_reader *r);

/** A string of the trace; index 0 is "". Valid until close. O(1). */
KYMO_API struct kymo_str kymo_reader_string(const struct kymo_reader *r, kymo_string_ix ix);

/** The frames of a stack, innermost first; `*count` = 0 for index 0. Valid until the next kymo_reader_next. O(1). */
KYMO_API const struct kymo_frame *kymo_reader_stack(const struct kymo_reader *r, kymo_stack_ix ix,
                                                    size_t *count);

/** NULL is fine. */
KYMO_API void kymo_reader_close(struct kymo_reader *r);

/** Go's name of a kind: "StateTransition". */
KYMO_API const char *kymo_event_kind_name(enum kymo_event_kind kind);
/** Go's names of states: "Running", "NotExist". */
KYMO_API const char *kymo_go_state_name(enum kymo_go_state state);
KYMO_API const char *kymo_proc_state_name(enum kymo_proc_state state);
/** The wire's names of event types and of their arguments (0 is `dt` of a timed event); NULL if there is none. */
KYMO_API const char *kymo_wire_event_name(unsigned type);
KYMO_API const char *kymo_wire_arg_name(unsigned type, unsigned arg);

/* ---- what a trace holds, counted from its events ---- */

struct kymo_damage {
	uint64_t offset;      // where the bytes stop making sense
	uint64_t lost_bytes;  // of the trace, from there on, that were not used
	uint64_t generation;
	char message[256];
};

struct kymo_stat {
	unsigned version;
	uint64_t bytes, events;
	uint64_t generations;  // a broken one counts if it gave events
	kymo_ns start, end;
	uint64_t kinds[KYMO_EV_KIND_COUNT];
	uint64_t goroutines, procs, threads;  // distinct ids that events name
	uint64_t gomaxprocs;                  // the last value; 0 if the trace never says
	uint64_t gc_cycles;                   // mark phases begun or found active
	uint64_t stw_count;
	kymo_ns stw_total;
	uint64_t tasks, regions, logs, cpu_samples;
	uint64_t stacks, strings;  // distinct over all generations
	size_t damage_count;       // 0 or 1
	struct kymo_damage damage[1];
};

/**
 * Reads the whole input and counts. A damaged trace gives what came before the damage, and a row of it; it fails
 * (with the error) only where nothing could be read. Cost: about 10 ns per event.
 */
KYMO_API enum kymo_status kymo_stat_compute(struct kymo_input *in,
                                            const struct kymo_reader_options *options,
                                            struct kymo_stat *out, struct kymo_error *err);

#ifdef __cplusplus
}
#endif

#endif
