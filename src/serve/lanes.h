/* SPDX-License-Identifier: MIT */
/*
 * Lanes: what a row of the timeline shows, by name ("g:17"), and the intervals of those that are
 * made of intervals of goroutines: a goroutine's own spans, a proc's goroutines, a thread's.
 *
 *     struct lane_cursor c;
 *     struct lane_span s;
 *     lane_seek(model, lane, t0, &c);
 *     while (lane_next(&c, &s) && s.start < t1) ...
 */
#ifndef KYMO_SERVE_LANES_H
#define KYMO_SERVE_LANES_H

#include <kymo/trace.h>

struct model;

enum lane_kind {
	LANE_ALL,
	LANE_GROUP,
	LANE_GOROUTINE,
	LANE_PROC,
	LANE_THREAD,
	LANE_GC,
	LANE_STW,
	LANE_HEAP,
	LANE_GOAL,
	LANE_PROCS,
};

struct lane {
	enum lane_kind kind;
	uint32_t ix;  // of the group, goroutine, proc, thread
};

/* The lane of a name; false if it is not one (it may still not exist). */
bool lane_parse(const char *name, size_t len, struct lane *out);
bool lane_exists(const struct model *m, struct lane lane);

struct lane_span {
	kymo_ns start, end;
	kymo_goroutine_ix goroutine;  // 0: the proc is held, nobody runs
	kymo_proc_ix proc;            // 0: none
	kymo_string_ix reason;
	uint8_t state;  // enum kymo_span_state
	uint8_t class;  // enum serve_class
};

/*
 * Goroutines that a proc comes back to, whose spans are then read on instead of looked up: a lookup
 * costs a hundred spans.
 */
#define LANE_MEMORY 8u

struct lane_cursor {
	const struct model *m;
	struct lane lane;
	kymo_ns at;           // nothing that ends before it is asked for
	kymo_ns from, until;  // runs of a proc: only what lies in [from, until) is given, clipped
	struct kymo_span_cursor spans;  // goroutine lanes
	struct lane_memory {  // runs with syscalls: where the spans of some goroutines were left
		kymo_goroutine_ix goroutine;
		struct kymo_span_cursor spans;
	} memory[LANE_MEMORY];
	struct lane_memory *inside;  // that of the run
	struct kymo_run_cursor runs;
	struct kymo_run run;
	bool in_run;
	uint32_t binding, binding_end;  // thread lanes: rows left
	bool in_binding;
	kymo_ns held_until;  // thread lanes: how far the proc's runs have been given
	struct lane_span pending;
	bool has_pending;
};

/*
 * Positions on the first interval that ends after `at` (or begins there). Goroutine, proc and
 * thread lanes only.
 */
void lane_seek(const struct model *m, struct lane lane, kymo_ns at, struct lane_cursor *c);
bool lane_next(struct lane_cursor *c, struct lane_span *out);

#endif
