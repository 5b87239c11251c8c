/* SPDX-License-Identifier: MIT */
#include "support/slow_spans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slow_span {
	kymo_ns start, end;
	uint8_t state;
	uint64_t proc;    // id; only of RUNNING
	uint64_t reason;  // hash of the text; only of WAITING
};

struct slow_life {
	uint64_t id;
	kymo_ns begin, end;
	bool open;
	struct slow_span *spans;
	size_t count, cap;
};

struct slow {
	struct slow_life *lives;
	size_t count, cap;
	kymo_ns first, last_sync, end;
	uint64_t held_p[256], held_life[256];  // which life is in a syscall on which proc
	size_t held;
	enum kymo_status status;
	uint64_t events;
};

static uint64_t hash_text(struct kymo_str s)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.ptr[i]) * 1099511628211u;
	return h;
}

static void *grown(void *p, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 16;
	p = realloc(p, *cap * size);
	if (!p)
		abort();
	return p;
}

static struct slow_life *find_open(struct slow *s, uint64_t id)
{
	for (size_t i = s->count; i-- > 0;)
		if (s->lives[i].open && s->lives[i].id == id)
			return &s->lives[i];
	return NULL;
}

static void close_span(struct slow_life *l, kymo_ns at)
{
	if (l->count)
		l->spans[l->count - 1].end = at;
}

static void add_span(struct slow_life *l, kymo_ns at, uint8_t state, uint64_t proc, uint64_t reason)
{
	close_span(l, at);
	if (l->count == l->cap)
		l->spans = grown(l->spans, &l->cap, sizeof *l->spans);
	l->spans[l->count++] = (struct slow_span){at, at, state, proc, reason};
}

static void drop_held(struct slow *s, uint64_t life)
{
	for (size_t i = 0; i < s->held; i++)
		if (s->held_life[i] == life)
			s->held_p[i] = KYMO_NONE;
}

static void hold(struct slow *s, uint64_t proc, uint64_t life)
{
	size_t i = 0;
	while (i < s->held && s->held_p[i] != KYMO_NONE)
		i++;
	if (i == sizeof s->held_p / sizeof *s->held_p)
		abort();
	if (i == s->held)
		s->held++;
	s->held_p[i] = proc;
	s->held_life[i] = life;
}

static void on_proc(struct slow *s, const struct kymo_event *ev, kymo_ns r)
{
	if (ev->u.transition.to != KYMO_PROC_IDLE || ev->u.transition.from == KYMO_PROC_IDLE)
		return;
	for (size_t i = 0; i < s->held; i++)
		if (s->held_p[i] == ev->u.transition.id) {
			add_span(&s->lives[s->held_life[i]], r, KYMO_SPAN_SYSCALL_BLOCKED, 0, 0);
			s->held_p[i] = KYMO_NONE;
		}
}

static void on_goroutine(struct slow *s, struct kymo_reader *reader, const struct kymo_event *ev,
                         kymo_ns r)
{
	static const uint8_t states[] = {
		[KYMO_GO_RUNNABLE] = KYMO_SPAN_RUNNABLE,
		[KYMO_GO_RUNNING] = KYMO_SPAN_RUNNING,
		[KYMO_GO_WAITING] = KYMO_SPAN_WAITING,
		[KYMO_GO_SYSCALL] = KYMO_SPAN_SYSCALL,
	};
	uint8_t from = ev->u.transition.from, to = ev->u.transition.to;
	if (from == to)
		return;
	struct slow_life *l;
	kymo_ns at = r;
	if (from == KYMO_GO_UNDETERMINED || from == KYMO_GO_NOT_EXIST) {
		if (from == KYMO_GO_UNDETERMINED)
			at = s->last_sync - s->first;
		if (s->count == s->cap)
			s->lives = grown(s->lives, &s->cap, sizeof *s->lives);
		l = &s->lives[s->count++];
		*l = (struct slow_life){.id = ev->u.transition.id, .begin = at, .open = true};
	} else {
		l = find_open(s, ev->u.transition.id);
		if (!l)
			abort();
	}
	uint64_t life = (uint64_t)(l - s->lives);
	drop_held(s, life);
	if (to == KYMO_GO_NOT_EXIST) {
		close_span(l, r);
		l->end = r;
		l->open = false;
		return;
	}
	if (to == KYMO_GO_SYSCALL && ev->proc != KYMO_NONE)
		hold(s, ev->proc, life);
	add_span(l, at, states[to], to == KYMO_GO_RUNNING ? ev->proc : 0,
	         to == KYMO_GO_WAITING
	                 ? hash_text(kymo_reader_string(reader, ev->u.transition.reason))
	                 : 0);
}

static bool work_out(struct kymo_input *in, struct slow *s)
{
	struct kymo_reader *reader;
	s->status = kymo_reader_open(in, NULL, &reader, NULL);
	if (s->status != KYMO_OK)
		return false;
	const struct kymo_event *ev;
	while ((ev = kymo_reader_next(reader)) != NULL) {
		if (s->events++ == 0)
			s->first = ev->time;
		s->end = ev->time - s->first;
		if (ev->kind == KYMO_EV_SYNC)
			s->last_sync = ev->time;
		if (ev->kind != KYMO_EV_STATE_TRANSITION)
			continue;
		if (ev->u.transition.resource == KYMO_RESOURCE_PROC)
			on_proc(s, ev, s->end);
		else if (ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE)
			on_goroutine(s, reader, ev, s->end);
	}
	s->status = kymo_reader_status(reader, NULL);
	kymo_reader_close(reader);
	for (size_t i = 0; i < s->count; i++)
		if (s->lives[i].open) {
			close_span(&s->lives[i], s->end);
			s->lives[i].end = s->end;
		}
	return true;
}

#define FAIL_IF(cond, ...) \
	do { \
		if (cond) { \
			snprintf(why, 256, __VA_ARGS__); \
			return false; \
		} \
	} while (0)

static bool same_life(const struct kymo_trace *t, kymo_goroutine_ix g, const struct slow_life *l,
                      char why[256])
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	FAIL_IF(gs->id[g] != l->id, "row %u is goroutine %" PRIu64 ", not %" PRIu64, g, gs->id[g],
	        l->id);
	FAIL_IF(gs->begin[g] != l->begin || gs->end[g] != l->end,
	        "goroutine %" PRIu64 " lives %" PRId64 "..%" PRId64 ", not %" PRId64 "..%" PRId64,
	        l->id, gs->begin[g], gs->end[g], l->begin, l->end);
	FAIL_IF(((gs->flags[g] & KYMO_G_ENDED) == 0) != l->open,
	        "goroutine %" PRIu64 ": ended or not?", l->id);
	struct kymo_span_cursor c;
	struct kymo_span span;
	size_t n = 0;
	kymo_ns sum = 0, last = l->begin;
	kymo_span_seek(t, g, 0, &c);
	while (kymo_span_next(&c, &span)) {
		FAIL_IF(span.start != last,
		        "goroutine %" PRIu64 ": span %zu begins at %" PRId64
		        ", the last ended at %" PRId64,
		        l->id, n, span.start, last);
		last = span.end;
		sum += span.end - span.start;
		FAIL_IF(n >= l->count, "goroutine %" PRIu64 " has more than %zu spans", l->id,
		        l->count);
		const struct slow_span *want = &l->spans[n];
		FAIL_IF(span.start != want->start || span.end != want->end ||
		                span.state != want->state,
		        "goroutine %" PRIu64 " span %zu: state %d %" PRId64 "..%" PRId64
		        ", not %d %" PRId64 "..%" PRId64,
		        l->id, n, span.state, span.start, span.end, want->state, want->start,
		        want->end);
		if (span.state == KYMO_SPAN_RUNNING) {
			uint64_t proc = span.proc ? kymo_trace_procs(t)->id[span.proc] : KYMO_NONE;
			FAIL_IF(proc != want->proc,
			        "goroutine %" PRIu64 " span %zu: on proc %" PRIu64 ", not %" PRIu64,
			        l->id, n, proc, want->proc);
		}
		if (span.state == KYMO_SPAN_WAITING)
			FAIL_IF(hash_text(kymo_trace_string(t, span.reason)) != want->reason,
			        "goroutine %" PRIu64 " span %zu: another reason", l->id, n);
		n++;
	}
	FAIL_IF(n != l->count, "goroutine %" PRIu64 " has %zu spans, not %zu", l->id, n, l->count);
	FAIL_IF(sum != l->end - l->begin, "goroutine %" PRIu64 ": spans do not sum to its life",
	        l->id);
	FAIL_IF(gs->span_records[g] < n, "goroutine %" PRIu64 ": span_records is no upper bound",
	        l->id);
	return true;
}

/* From any time, the cursor stands where the list of all spans says. */
static bool same_seek(const struct kymo_trace *t, kymo_goroutine_ix g, const struct slow_life *l,
                      char why[256])
{
	for (size_t i = 0; i < l->count; i += 1 + l->count / 16)
		for (int off = -1; off <= 1; off++) {
			kymo_ns at = l->spans[i].start + off;
			size_t want = 0;
			while (want < l->count && l->spans[want].end <= at)
				want++;
			struct kymo_span_cursor c;
			struct kymo_span span;
			kymo_span_seek(t, g, at, &c);
			bool any = kymo_span_next(&c, &span);
			// A span of no length at the very end may be given or not.
			if (want == l->count && (!any || span.start == span.end))
				continue;
			FAIL_IF(!any || want == l->count || span.start != l->spans[want].start,
			        "goroutine %" PRIu64 ": a seek to %" PRId64 " gives %" PRId64
			        ", not %" PRId64,
			        l->id, at, any ? span.start : -1,
			        want < l->count ? l->spans[want].start : -1);
		}
	return true;
}

static bool compare(const struct kymo_trace *t, const struct slow *s, char why[256])
{
	const struct kymo_trace_info *info = kymo_trace_info(t);
	FAIL_IF(info->events != s->events,
	        "the store counted %" PRIu64 " events, the reader %" PRIu64, info->events, s->events);
	FAIL_IF(info->duration != s->end, "the store ends at %" PRId64 ", the reader at %" PRId64,
	        info->duration, s->end);
	FAIL_IF((info->damage_count != 0) != (s->status != KYMO_OK),
	        "only one of reader and store found damage");
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	FAIL_IF(gs->count != s->count + 1, "%u goroutines, not %zu", gs->count - 1, s->count);
	for (kymo_goroutine_ix g = 1; g < gs->count; g++)
		if (!same_life(t, g, &s->lives[g - 1], why) ||
		    !same_seek(t, g, &s->lives[g - 1], why))
			return false;
	return true;
}

bool slow_spans_agree(const void *bytes, size_t len, char why[256])
{
	struct kymo_input *in;
	if (kymo_input_open_memory(bytes, len, &in, NULL) != KYMO_OK)
		return true;
	struct slow s = {0};
	bool opened = work_out(in, &s), ok;
	kymo_input_close(in);
	if (kymo_input_open_memory(bytes, len, &in, NULL) != KYMO_OK)
		abort();
	struct kymo_trace *t;
	struct kymo_error err = {0};
	enum kymo_status st = kymo_trace_load(in, NULL, &t, &err);
	kymo_input_close(in);
	if (st == KYMO_OK) {
		ok = opened && compare(t, &s, why);
		if (!opened)
			snprintf(why, 256, "the store loads what the reader refuses");
		kymo_trace_free(t);
	} else {
		// The store refuses what holds nothing: at most the Sync that opens a trace.
		ok = !opened || (s.status != KYMO_OK && s.count == 0);
		if (!ok)
			snprintf(why, 256,
			         "the reader gave %" PRIu64 " events, the store says: %.160s",
			         s.events, err.message);
	}
	for (size_t i = 0; i < s.count; i++)
		free(s.lives[i].spans);
	free(s.lives);
	return ok;
}
