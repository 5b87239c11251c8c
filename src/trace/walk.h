/* SPDX-License-Identifier: MIT */
/*
 * All spans of a goroutine, front to back, for analyses: what kymo_span_next gives and who ended a wait, at a quarter
 * of its cost.
 *
 *     static always_inline bool visit(void *ctx, const struct walk_span *s) { ...; return true; }
 *     walk_each(t, g, visit, &mine);         // `visit` is inlined into the loop; false from it ends the walk
 */
#ifndef KYMO_TRACE_WALK_H
#define KYMO_TRACE_WALK_H

#include "trace/store.h"

struct walk_span {
	kymo_ns start, end;
	kymo_ns episode;  // where the syscall began that this is a part of; else `start`
	uint8_t state;    // enum kymo_span_state
	uint8_t cause;    // enum kymo_span_cause
	bool open;  // nothing ended it: still so at the trace's end (or at the end of a life cut short)
	bool goes_on;   // SYSCALL: the next span is the rest of the same call, without a proc
	uint32_t proc;  // RUNNING, SYSCALL: where, 0 none
	uint32_t reason;  // code, an index into the store's `reasons`: WAITING for what, RUNNABLE by STOPPED why
	kymo_stack_ix stack;  // its own when the span began, of both parts of a syscall; 0 if not recorded
	kymo_stack_ix waker_stack;  // RUNNABLE by CREATED, WOKEN: the creator's, the waker's. WAITING: who ended it
	uint32_t waker_proc;  // likewise; 0 none
};

static always_inline void walk_begin_span(struct walk_span *s, const struct kymo_trace *t,
                                          kymo_goroutine_ix g, const struct span_rec *r)
{
	kymo_stack_ix call = s->stack;
	kymo_ns episode = s->episode;
	bool goes_on = s->goes_on;
	*s = (struct walk_span){.start = r->start, .episode = r->start};
	switch (r->kind) {
	case REC_RUNNING:
		s->state = KYMO_SPAN_RUNNING;
		s->cause = KYMO_CAUSE_STARTED;
		s->proc = r->aux;
		break;
	case REC_WOKEN:
		s->state = KYMO_SPAN_RUNNABLE;
		s->cause = KYMO_CAUSE_WOKEN;
		s->waker_proc = r->aux;
		s->waker_stack = r->stack;
		break;
	case REC_STOPPED:
	case REC_WAITING:
		s->state = r->kind == REC_WAITING ? KYMO_SPAN_WAITING : KYMO_SPAN_RUNNABLE;
		s->cause = KYMO_CAUSE_STOPPED;
		s->reason = r->aux;
		s->stack = r->stack;
		break;
	case REC_SYSCALL:
		s->state = KYMO_SPAN_SYSCALL;
		s->cause = KYMO_CAUSE_SYSCALL;
		s->proc = r->aux;
		s->stack = r->stack;
		break;
	case REC_CREATED:
		s->state = r->stack ? KYMO_SPAN_WAITING : KYMO_SPAN_RUNNABLE;
		s->cause = KYMO_CAUSE_CREATED;
		s->waker_proc = r->aux;
		s->waker_stack = t->g.create_stack.at[g];
		break;
	default:
		if (r->aux == MISC_SYSCALL_EXIT) {
			s->state = KYMO_SPAN_RUNNABLE;
			s->cause = KYMO_CAUSE_SYSCALL_EXIT;
		} else {
			s->state = KYMO_SPAN_SYSCALL_BLOCKED;
			s->cause = KYMO_CAUSE_PROC_LOST;
			if (goes_on) {
				s->stack = call;
				s->episode = episode;
			}
		}
		break;
	}
}

typedef bool walk_visit(void *ctx, const struct walk_span *s);

/*
 * Puts the scan a little before what holds at `at`, on a record that begins an episode of its own: the second part of a
 * syscall, or being woken, is told by what stands before it.
 */
static inline bool walk_seek(struct span_scan *scan, const struct kymo_trace *t,
                             kymo_goroutine_ix g, kymo_ns at, struct span_rec *r)
{
	for (;;) {
		span_scan_seek(scan, t, g, at);
		bool first = scan->chunk == 0;
		if (!span_scan_next(scan, r))
			return false;
		if (first || (r->kind != REC_MISC && r->kind != REC_WOKEN))
			return true;
		at = r->start - 1;
	}
}

/* Kinds of record whose spans a walk wants: bits 1 << REC_*. Those of the rare kinds come anyway. */
#define WALK_ALL 0xffu
#define WALK_PLAIN \
	(1u << REC_RUNNING | 1u << REC_WOKEN | 1u << REC_STOPPED | 1u << REC_WAITING | \
	 1u << REC_SYSCALL)

/* Past plain records that nobody wants, within the chunk. */
static always_inline void walk_skip(struct span_scan *scan, unsigned wanted)
{
	const uint32_t *p = scan->p, *end = scan->end;
	const unsigned dull = WALK_PLAIN & ~wanted;
	kymo_ns time = scan->time;
	for (; p != end && dull >> (p[1] & 7) & 1; p += 2)
		time += p[0];
	scan->p = p;
	scan->time = time;
}

/* Those of the spans that may touch [from, to), and a few before. */
static always_inline void walk_window(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns from,
                                      kymo_ns to, unsigned wanted, walk_visit *visit, void *ctx)
{
	struct span_scan scan;
	struct span_rec r;
	struct walk_span s = {0};
	if (from <= t->g.begin.at[g]) {
		span_scan_begin(&scan, t, g);
		if (!span_scan_next(&scan, &r))
			return;
	} else if (!walk_seek(&scan, t, g, from, &r)) {
		return;
	}
	walk_begin_span(&s, t, g, &r);
	if (scan.chunk == 0 && t->g.flags.at[g] & KYMO_G_EXISTED)
		s.cause = KYMO_CAUSE_STATUS;
	bool have = true;  // is `s` wanted
	for (;;) {
		if (wanted != WALK_ALL && !have)
			walk_skip(&scan, wanted);
		if (!span_scan_next(&scan, &r))
			break;
		if (have) {
			s.end = r.start;
			if (s.state == KYMO_SPAN_WAITING) {
				s.waker_stack = r.kind == REC_WOKEN ? r.stack : 0;
				s.waker_proc = r.kind == REC_WOKEN ? r.aux : 0;
			}
			s.goes_on = s.state == KYMO_SPAN_SYSCALL && r.kind == REC_MISC &&
			            r.aux != MISC_SYSCALL_EXIT;
			if (!visit(ctx, &s))
				return;
		}
		if (unlikely(r.start >= to) &&
		    !(have && s.goes_on))  // the second part tells of the whole
			return;
		have = wanted == WALK_ALL || (wanted | ~WALK_PLAIN) >> r.kind & 1;
		if (have)
			walk_begin_span(&s, t, g, &r);
		else
			s.goes_on = false;
	}
	if (!have)
		return;
	s.end = t->g.end.at[g];
	s.open = !(t->g.flags.at[g] & KYMO_G_ENDED);
	if (s.state == KYMO_SPAN_WAITING)  // one that was created so has its creator there
		s.waker_stack = s.waker_proc = 0;
	visit(ctx, &s);
}

/* All of them. */
static always_inline void walk_each(const struct kymo_trace *t, kymo_goroutine_ix g,
                                    walk_visit *visit, void *ctx)
{
	walk_window(t, g, INT64_MIN, INT64_MAX, WALK_ALL, visit, ctx);
}

#endif
