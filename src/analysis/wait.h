/* SPDX-License-Identifier: MIT */
/*
 * What counts as a wait, and what tells waits apart: for profiles, for tables of waits, and for what is kept of both.
 *
 * A wait is a time in which a goroutine was blocked, or was ready and had no proc, or was in a syscall (both of its parts
 * together). One without length is none.
 *
 *     static always_inline bool visit(void *ctx, const struct walk_span *s)       // of walk_window
 *     {
 *             if (wait_is(s, WAIT_CALL)) {
 *                     struct wait w = wait_of(t, s, WAIT_CALL, 0);
 *                     ... w.start, w.end, w.key ...
 */
#ifndef KYMO_ANALYSIS_WAIT_H
#define KYMO_ANALYSIS_WAIT_H

#include "analysis/region_labels.h"
#include "trace/walk.h"

enum wait_what { WAIT_BLOCKED, WAIT_READY, WAIT_CALL };

/* All that any question tells waits apart by. It goes by value, in registers (sample_map.h says why). */
struct wait_key {
	kymo_stack_ix own;      // where the goroutine itself stopped; 0: not recorded
	kymo_stack_ix other;    // BLOCKED: who ended it. READY: who made it so, else `own`. CALL: 0
	kymo_string_ix reason;  // BLOCKED, READY: why it stopped running; 0: that was not of itself
	uint8_t what;           // enum wait_what
	bool created;           // BLOCKED: since it was created
	bool open;              // BLOCKED, CALL: nothing ended it
	kymo_string_ix group;   // start function of the goroutine
	kymo_string_ix region, task;  // where it was in when the wait began
};

struct wait {
	kymo_ns start, end;
	kymo_ns lost;         // CALL: since when it had no proc; `end` if it had one
	struct wait_key key;  // without group, region and task: wait_label
};

/* Whether a wait ends with this span. */
static always_inline bool wait_is(const struct walk_span *s, enum wait_what what)
{
	switch (what) {
	case WAIT_BLOCKED: return s->state == KYMO_SPAN_WAITING;
	case WAIT_READY: return s->state == KYMO_SPAN_RUNNABLE;
	default:
		return (s->state == KYMO_SPAN_SYSCALL || s->state == KYMO_SPAN_SYSCALL_BLOCKED) &&
		       !s->goes_on;
	}
}

/* BLOCKED: the code of its reason, an index into the store's `reasons`. */
static always_inline uint32_t wait_reason(const struct walk_span *s)
{
	return s->cause == KYMO_CAUSE_CREATED ? 0 : s->reason;
}

/* `before`: READY: the stack of the span before, for `own` of those that were woken; 0 if nobody wants to know. */
static always_inline struct wait wait_of(const struct kymo_trace *t, const struct walk_span *s,
                                         enum wait_what what, kymo_stack_ix before)
{
	struct wait w = {
		.start = s->episode,
		.end = s->end,
		.lost = s->end,
		.key = {.own = s->stack, .what = (uint8_t)what},
	};
	switch (what) {
	case WAIT_BLOCKED:
		w.key.created = s->cause == KYMO_CAUSE_CREATED;
		w.key.open = s->open;
		w.key.other = s->waker_stack;
		w.key.reason = t->reasons.at[wait_reason(s)];
		break;
	case WAIT_READY:
		w.key.other = s->cause == KYMO_CAUSE_CREATED || s->cause == KYMO_CAUSE_WOKEN
		                      ? s->waker_stack
		                      : s->stack;
		w.key.own = s->stack ? s->stack : before;
		w.key.reason = s->cause == KYMO_CAUSE_STOPPED ? t->reasons.at[s->reason] : 0;
		break;
	default:
		w.key.open = s->open;
		if (s->state == KYMO_SPAN_SYSCALL_BLOCKED ||
		    (s->cause == KYMO_CAUSE_STATUS && s->proc == 0))
			w.lost = s->start;
		break;
	}
	return w;
}

/* The key with its group and, where there are `regions`, region and task. */
static always_inline struct wait_key wait_label(struct wait_key key, const struct kymo_trace *t,
                                                kymo_goroutine_ix g, struct region_cursor *regions,
                                                kymo_ns start)
{
	region_cursor_at(regions, t, start);
	key.group = t->g.name.at[g];
	key.region = regions->region;
	key.task = regions->task;
	return key;
}

#endif
