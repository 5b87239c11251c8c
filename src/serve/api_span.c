/* SPDX-License-Identifier: MIT */
/*
 * Everything about the interval under the cursor. The store keeps transitions, not stories: who
 * woke a goroutine is who ran on the waker's proc at that instant, and what it did next is the next
 * span.
 */
#include <stdio.h>
#include <string.h>

#include "serve/api.h"
#include "serve/tile.h"

/*
 * Spans looked at for where a goroutine next stops: the stop follows the run at once, but for
 * syscalls in between.
 */
#define LOOK_AHEAD 16

static const char *const state_names[KYMO_SPAN_STATE_COUNT] = {
	"none", "runnable", "running", "waiting", "syscall", "syscall without a proc",
};

static const char *const cause_names[] = {
	[KYMO_CAUSE_STATUS] = "status",
	[KYMO_CAUSE_CREATED] = "created",
	[KYMO_CAUSE_WOKEN] = "woken",
	[KYMO_CAUSE_STOPPED] = "stopped",
	[KYMO_CAUSE_STARTED] = "started",
	[KYMO_CAUSE_SYSCALL] = "syscall",
	[KYMO_CAUSE_SYSCALL_EXIT] = "syscall-exit",
	[KYMO_CAUSE_PROC_LOST] = "proc-lost",
};

/* The span of goroutine g at `t`, and the cursor behind it. */
static bool span_at(const struct kymo_trace *trace, kymo_goroutine_ix g, kymo_ns t,
                    struct kymo_span *s, struct kymo_span_cursor *c)
{
	kymo_span_seek(trace, g, t, c);
	return kymo_span_next(c, s) && s->start <= t && t < s->end;
}

/* Its place among this goroutine's spans of the same state and reason, longest first. */
static void put_rank(struct json *j, const struct kymo_trace *t, kymo_goroutine_ix g,
                     const struct kymo_span *it)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	uint64_t rank = 1, of = 0;
	kymo_span_seek(t, g, 0, &c);
	while (kymo_span_next(&c, &s)) {
		if (s.state != it->state || s.reason != it->reason)
			continue;
		of++;
		rank += s.end - s.start > it->end - it->start;
	}
	api_put_u64(j, "rank", rank);
	api_put_u64(j, "of", of);
}

static void put_thread(struct json *j, const struct kymo_trace *t, kymo_thread_ix m)
{
	json_key(j, "thread");
	if (m == 0) {
		json_null(j);
		return;
	}
	json_object(j);
	api_put_u64(j, "row", m);
	api_put_u64(j, "id", kymo_trace_threads(t)->id[m]);
	json_end(j);
}

/* Who ended a wait, or made it runnable: that is in the runnable span, this one or the next. */
static void put_waker(struct json *j, const struct kymo_trace *t, const struct kymo_span *s,
                      struct kymo_span_cursor c)
{
	struct kymo_span woken = *s;
	json_key(j, "woken_by");
	bool known = s->state != KYMO_SPAN_WAITING || kymo_span_next(&c, &woken);
	if (!known || (woken.cause != KYMO_CAUSE_WOKEN && woken.cause != KYMO_CAUSE_CREATED)) {
		json_null(j);
		return;
	}
	json_object(j);
	api_put_goroutine_ref(j, "goroutine", t,
	                      woken.proc ? kymo_trace_goroutine_on_proc(t, woken.proc, woken.start)
	                                 : 0);
	json_key(j, "proc");
	if (woken.proc)
		json_u64(j, kymo_trace_procs(t)->id[woken.proc]);
	else
		json_null(j);
	api_put_ns(j, "time", woken.start);
	api_put_stack(j, "stack", t, woken.waker_stack);
	json_end(j);
}

static void put_next(struct json *j, const struct kymo_trace *t, struct kymo_span_cursor c)
{
	struct kymo_span next, run;
	json_key(j, "next");
	if (!kymo_span_next(&c, &next)) {
		json_null(j);
		return;
	}
	kymo_proc_ix proc =
		next.state == KYMO_SPAN_RUNNING || next.state == KYMO_SPAN_SYSCALL ? next.proc : 0;
	if (next.state == KYMO_SPAN_RUNNABLE && kymo_span_next(&c, &run) &&
	    run.state == KYMO_SPAN_RUNNING)
		proc = run.proc;
	json_object(j);
	api_put_u64(j, "state", next.state);
	api_put_ns(j, "duration", next.end - next.start);
	api_put_proc(j, "proc", t, proc);
	json_end(j);
}

/* Where the goroutine next stopped, with a stack to show for it. */
static kymo_stack_ix next_stack(struct kymo_span_cursor c)
{
	struct kymo_span s;
	for (int i = 0; i < LOOK_AHEAD && kymo_span_next(&c, &s); i++)
		if (s.stack)
			return s.stack;
	return 0;
}

static void put_ranges(struct json *j, const struct api *a, kymo_goroutine_ix g,
                       const struct kymo_span *s)
{
	const struct kymo_ranges *r = kymo_trace_ranges(a->trace);
	json_key(j, "ranges");
	json_array(j);
	for (uint32_t i = 0; i < r->count && r->start[i] < s->end; i++) {
		if (r->goroutine[i] != g || r->kind[i] == KYMO_RANGE_GC || r->end[i] <= s->start)
			continue;
		json_object(j);
		api_put_string(j, "name", a->trace, r->name[i]);
		api_put_ns(j, "start", r->start[i]);
		api_put_ns(j, "end", r->end[i]);
		json_end(j);
	}
	json_end(j);
}

static void put_span(struct json *j, const struct api *a, kymo_goroutine_ix g,
                     const struct kymo_span *s, const struct kymo_span_cursor *c)
{
	const struct kymo_trace *t = a->trace;
	const struct kymo_goroutines *gs = a->model->groups.all;
	bool on_proc = s->state == KYMO_SPAN_RUNNING || s->state == KYMO_SPAN_SYSCALL;
	char lane[16];
	snprintf(lane, sizeof lane, "g:%u", g);
	json_key(j, "span");
	json_object(j);
	json_key(j, "lane");
	json_cstr(j, lane);
	api_put_u64(j, "state", s->state);
	api_put_u64(j, "class",
	            model_class(a->model, s->state, s->reason, model_is_gc_worker(a->model, g)));
	json_key(j, "state_name");
	json_cstr(j, state_names[s->state]);
	api_put_string(j, "reason", t, s->reason);
	api_put_ns(j, "start", s->start);
	api_put_ns(j, "end", s->end);
	api_put_ns(j, "duration", s->end - s->start);
	json_key(j, "open");
	json_bool(j, s->end >= gs->end[g] && !(gs->flags[g] & KYMO_G_ENDED));
	put_rank(j, t, g, s);
	api_put_proc(j, "proc", t, on_proc ? s->proc : 0);
	put_thread(j, t, on_proc && s->proc ? kymo_trace_thread_of_proc(t, s->proc, s->start) : 0);
	api_put_stack(j, "stack", t, s->stack);
	api_put_stack(j, "end_stack", t, next_stack(*c));
	json_key(j, "cause");
	json_cstr(j, cause_names[s->cause]);
	put_waker(j, t, s, *c);
	put_next(j, t, *c);
	put_ranges(j, a, g, s);
	json_end(j);
}

/* On a proc or thread: who was there at `t`. */
static kymo_goroutine_ix goroutine_at(const struct api *a, struct lane lane, kymo_ns t)
{
	struct lane_cursor c;
	struct lane_span s;
	if (lane.kind == LANE_GOROUTINE)
		return lane.ix;
	lane_seek(a->model, lane, t, &c);
	while (lane_next(&c, &s) && s.start <= t)
		if (t < s.end)
			return s.goroutine;
	return 0;
}

/* The interval of the gc or stw lane at `t`: the one that began last, if several hold. */
static bool range_at(const struct api *a, struct lane lane, kymo_ns t, uint32_t *row)
{
	const struct mark_ranges *list =
		lane.kind == LANE_GC ? &a->model->marks.gc : &a->model->marks.stw;
	const struct kymo_ranges *r = kymo_trace_ranges(a->trace);
	bool found = false;
	for (uint32_t i = marks_ranges_seek(list, t);
	     i < list->count && r->start[list->row[i]] <= t; i++)
		if (t < r->end[list->row[i]]) {
			*row = list->row[i];
			found = true;
		}
	return found;
}

static void put_range(struct json *j, const struct api *a, struct lane lane, uint32_t row)
{
	const struct kymo_ranges *r = kymo_trace_ranges(a->trace);
	json_key(j, "span");
	json_object(j);
	json_key(j, "lane");
	json_cstr(j, lane.kind == LANE_GC ? "gc" : "stw");
	api_put_u64(j, "class", lane.kind == LANE_GC ? CLASS_GC : CLASS_STW);
	api_put_string(j, "name", a->trace, r->name[row]);
	api_put_ns(j, "start", r->start[row]);
	api_put_ns(j, "end", r->end[row]);
	api_put_ns(j, "duration", r->end[row] - r->start[row]);
	json_key(j, "open");
	json_bool(j, r->flags[row] & KYMO_RANGE_NO_END);
	api_put_stack(j, "stack", a->trace, r->stack[row]);
	api_put_goroutine_ref(j, "goroutine", a->trace, r->goroutine[row]);
	json_end(j);
	api_put_goroutine(j, a, r->goroutine[row]);
}

void api_span(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	struct lane lane;
	uint64_t at;
	uint32_t row;
	const char *name = http_request_query(req, "lane");
	(void)args;
	if (!name || !lane_parse(name, strlen(name), &lane) ||
	    http_request_query_u64(req, "t", &at) != 1 || at > INT64_MAX) {
		http_reply_error(req, 400, "a span is named by lane=LANE and t=NANOSECONDS");
		return;
	}
	if (!lane_exists(a->model, lane)) {
		http_reply_error(req, 404, "there is no such lane");
		return;
	}
	kymo_ns t = (kymo_ns)at;
	struct kymo_span_cursor c;
	struct kymo_span s;
	bool ranges = lane.kind == LANE_GC || lane.kind == LANE_STW;
	bool goroutines =
		lane.kind == LANE_GOROUTINE || lane.kind == LANE_PROC || lane.kind == LANE_THREAD;
	kymo_goroutine_ix g = goroutines ? goroutine_at(a, lane, t) : 0;
	json_object(&d.j);
	if (ranges && range_at(a, lane, t, &row)) {
		put_range(&d.j, a, lane, row);
	} else if (g && span_at(a->trace, g, t, &s, &c)) {
		put_span(&d.j, a, g, &s, &c);
		api_put_goroutine(&d.j, a, g);
	} else {
		json_key(&d.j, "span");
		json_null(&d.j);
	}
	json_end(&d.j);
	api_send(req, &d);
}
