/* SPDX-License-Identifier: MIT */
/*
 * A proc's runs name goroutines; where a run holds syscalls, the goroutine's own spans say which
 * parts. A thread's bindings name procs; what the thread ran is what its proc ran meanwhile, and
 * what is left between those runs is the proc being held by a thread that looked for work.
 */
#include "serve/lanes.h"

#include <string.h>

#include "serve/model.h"

static bool parse_ix(const char *s, size_t len, uint32_t *out)
{
	uint64_t v = 0;
	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*out = (uint32_t)v;
	return v < UINT32_MAX;
}

bool lane_parse(const char *name, size_t len, struct lane *out)
{
	static const struct {
		const char *text;
		enum lane_kind kind;
		bool numbered;
	} lanes[] = {
		{"all", LANE_ALL, false},     {"grp:", LANE_GROUP, true},
		{"g:", LANE_GOROUTINE, true}, {"p:", LANE_PROC, true},
		{"m:", LANE_THREAD, true},    {"gc", LANE_GC, false},
		{"stw", LANE_STW, false},     {"heap", LANE_HEAP, false},
		{"goal", LANE_GOAL, false},   {"procs", LANE_PROCS, false},
	};
	for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
		size_t n = strlen(lanes[i].text);
		if (len < n || memcmp(name, lanes[i].text, n) != 0)
			continue;
		*out = (struct lane){lanes[i].kind, 0};
		if (lanes[i].numbered ? parse_ix(name + n, len - n, &out->ix) : len == n)
			return true;
	}
	return false;
}

bool lane_exists(const struct model *m, struct lane lane)
{
	switch (lane.kind) {
	case LANE_GROUP: return lane.ix < m->groups.count;
	case LANE_GOROUTINE: return lane.ix > 0 && lane.ix < m->groups.all->count;
	case LANE_PROC: return lane.ix > 0 && lane.ix < kymo_trace_procs(m->trace)->count;
	case LANE_THREAD: return lane.ix > 0 && lane.ix < kymo_trace_threads(m->trace)->count;
	default: return true;
	}
}

static kymo_ns later(kymo_ns a, kymo_ns b)
{
	return a > b ? a : b;
}

static void seek_runs(struct lane_cursor *c, kymo_proc_ix p, kymo_ns from, kymo_ns until)
{
	kymo_run_seek(c->m->trace, p, later(from, c->at), &c->runs);
	c->in_run = false;
	c->from = from;
	c->until = until;
}

/*
 * Since when has proc `p`, held from `from` on, been without a goroutine at `at`? (`at` itself if
 * it is not.) Runs can not be walked backwards: seek further and further back until there is one.
 */
static kymo_ns idle_since(const struct lane_cursor *c, kymo_proc_ix p, kymo_ns from, kymo_ns at)
{
	struct kymo_run_cursor runs;
	struct kymo_run run;
	for (kymo_ns back = 65536;; back *= 8) {
		kymo_ns start = at - from > back ? at - back : from, since = from;
		bool found = false;
		kymo_run_seek(c->m->trace, p, start, &runs);
		while (kymo_run_next(&runs, &run) && run.start <= at) {
			if (run.end > at)
				return at;
			since = later(since, run.end);
			found = true;
		}
		if (found || start == from)
			return since;
	}
}

void lane_seek(const struct model *m, struct lane lane, kymo_ns at, struct lane_cursor *c)
{
	memset(c, 0, sizeof *c);
	c->m = m;
	c->lane = lane;
	c->at = at;
	if (lane.kind == LANE_GOROUTINE) {
		kymo_span_seek(m->trace, lane.ix, at, &c->spans);
	} else if (lane.kind == LANE_PROC) {
		seek_runs(c, lane.ix, 0, INT64_MAX);
	} else if (lane.kind == LANE_THREAD) {
		const struct kymo_bindings *b = kymo_trace_bindings(m->trace);
		uint32_t lo = b->by_thread[lane.ix], hi = b->by_thread[lane.ix + 1];
		c->binding_end = hi;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;
			if (b->end[mid] <= at)
				lo = mid + 1;
			else
				hi = mid;
		}
		c->binding = lo;
	}
}

/* Spans that are read over in the hope to get where a lookup would lead. */
#define READ_ON 64

/* Positions `inside` on the span of the run's goroutine that holds at `at`. */
static void enter_run(struct lane_cursor *c, kymo_ns at)
{
	struct lane_memory *mem = &c->memory[c->run.goroutine % LANE_MEMORY];
	struct kymo_span s;
	bool found = false;
	c->inside = mem;
	for (unsigned i = 0; mem->goroutine == c->run.goroutine && !found && i < READ_ON; i++) {
		struct kymo_span_cursor before = mem->spans;
		if (!kymo_span_next(&mem->spans, &s) || s.start > at)
			break;
		found = s.end > at;
		if (found)
			mem->spans = before;
	}
	if (!found) {
		mem->goroutine = c->run.goroutine;
		kymo_span_seek(c->m->trace, c->run.goroutine, at, &mem->spans);
	}
}

static bool next_of_goroutine(struct lane_cursor *c, struct lane_span *out)
{
	struct kymo_span s;
	if (!kymo_span_next(&c->spans, &s))
		return false;
	*out = (struct lane_span){.start = s.start,
	                          .end = s.end,
	                          .goroutine = c->lane.ix,
	                          .reason = s.reason,
	                          .state = s.state};
	if (s.state == KYMO_SPAN_RUNNING || s.state == KYMO_SPAN_SYSCALL)
		out->proc = s.proc;
	out->class = model_class(c->m, s.state, s.reason, model_is_gc_worker(c->m, c->lane.ix));
	return true;
}

static bool clip(struct lane_span *s, kymo_ns from, kymo_ns until)
{
	if (s->start < from)
		s->start = from;
	if (s->end > until)
		s->end = until;
	return s->start < s->end;
}

/* The next interval of the proc within [from, until). */
static bool next_of_proc(struct lane_cursor *c, kymo_proc_ix p, struct lane_span *out)
{
	struct kymo_span s;
	for (;;) {
		while (c->in_run && kymo_span_next(&c->inside->spans, &s) && s.start < c->run.end) {
			if ((s.state != KYMO_SPAN_RUNNING && s.state != KYMO_SPAN_SYSCALL) ||
			    s.proc != p)
				continue;
			*out = (struct lane_span){.start = s.start,
			                          .end = s.end,
			                          .goroutine = c->run.goroutine,
			                          .proc = p,
			                          .state = s.state};
			out->class = model_class(c->m, s.state, 0,
			                         model_is_gc_worker(c->m, out->goroutine));
			if (clip(out, c->run.start, c->run.end) && clip(out, c->from, c->until))
				return true;
		}
		c->in_run = false;
		if (!kymo_run_next(&c->runs, &c->run) || c->run.start >= c->until)
			return false;
		if (c->run.has_syscall) {
			enter_run(c, later(c->run.start, c->at));
			c->in_run = true;
			continue;
		}
		*out = (struct lane_span){.start = c->run.start,
		                          .end = c->run.end,
		                          .goroutine = c->run.goroutine,
		                          .proc = p,
		                          .state = KYMO_SPAN_RUNNING};
		out->class = model_class(c->m, KYMO_SPAN_RUNNING, 0,
		                         model_is_gc_worker(c->m, out->goroutine));
		if (clip(out, c->from, c->until))
			return true;
	}
}

/* What the thread did next; gaps between its proc's runs are intervals of their own. */
static bool next_of_thread(struct lane_cursor *c, struct lane_span *out)
{
	const struct kymo_bindings *b = kymo_trace_bindings(c->m->trace);
	for (;;) {
		if (c->has_pending) {
			c->has_pending = false;
			*out = c->pending;
			return true;
		}
		if (!c->in_binding) {
			if (c->binding >= c->binding_end)
				return false;
			uint32_t i = c->binding;
			if (b->proc[i] == 0) {
				c->binding++;
				*out = (struct lane_span){.start = b->start[i],
				                          .end = b->end[i],
				                          .goroutine = b->goroutine[i],
				                          .state = KYMO_SPAN_SYSCALL_BLOCKED,
				                          .class = CLASS_SYSCALL};
				return true;
			}
			seek_runs(c, b->proc[i], b->start[i], b->end[i]);
			c->held_until = c->at > b->start[i]
			                        ? idle_since(c, b->proc[i], b->start[i], c->at)
			                        : b->start[i];
			c->in_binding = true;
		}
		uint32_t i = c->binding;
		bool ran = next_of_proc(c, b->proc[i], &c->pending);
		kymo_ns upto = ran ? c->pending.start : b->end[i];
		c->has_pending = ran;
		bool gap = upto > c->held_until;
		*out = (struct lane_span){.start = c->held_until, .end = upto, .proc = b->proc[i]};
		if (ran) {
			c->held_until = c->pending.end;
		} else {
			c->in_binding = false;
			c->binding++;
		}
		if (gap)
			return true;
	}
}

bool lane_next(struct lane_cursor *c, struct lane_span *out)
{
	switch (c->lane.kind) {
	case LANE_GOROUTINE: return next_of_goroutine(c, out);
	case LANE_PROC: return next_of_proc(c, c->lane.ix, out);
	case LANE_THREAD: return next_of_thread(c, out);
	default: return false;
	}
}
