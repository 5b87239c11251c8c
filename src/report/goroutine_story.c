/* SPDX-License-Identifier: MIT */
/* One goroutine, from the first to the last thing that it did. */
#include <stdlib.h>

#include "analysis/select.h"
#include "report/goroutines.h"

#define NAMED_MAX 64

struct story {
	const struct report *r;
	VEC(struct kymo_span) spans;
	VEC(kymo_goroutine_ix) waker;  // of each span; 0: nobody, or unknown
	struct kymo_named_ns block[NAMED_MAX], range[NAMED_MAX];
};

static void story_free(void *p)
{
	struct story *m = p;
	vec_free(&m->spans);
	vec_free(&m->waker);
}

enum { TIME, DURATION, STATE, REASON, PROC, WAKER, WAKER_NAME, STACK, WAKER_STACK, COLUMNS };
static const struct column columns[COLUMNS] = {
	[TIME] = {"start_ns", "since start", CELL_TIME, 0},
	[DURATION] = {"duration_ns", "for", CELL_NS, COL_BAR},
	[STATE] = {"state", "state", CELL_TEXT, 0},
	[REASON] = {"reason", "reason", CELL_TEXT, 0},
	[PROC] = {"proc", "proc", CELL_ID, 0},
	[WAKER] = {"waker", "by", CELL_ID, COL_GO},
	[WAKER_NAME] = {"waker_name", "waker", CELL_TEXT, COL_GROUP},
	[STACK] = {"stack", "at", CELL_STACK, COL_LAST},
	[WAKER_STACK] = {"waker_stack", "woken at", CELL_STACK, COL_QUIET},
};

static struct kymo_str text(const char *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return (struct kymo_str){s, n};
}

static const char *cause_text(const struct kymo_span *s)
{
	switch (s->cause) {
	case KYMO_CAUSE_CREATED: return "created";
	case KYMO_CAUSE_WOKEN: return "woken";
	case KYMO_CAUSE_SYSCALL_EXIT: return "back from a syscall";
	case KYMO_CAUSE_PROC_LOST: return "its proc was taken";
	case KYMO_CAUSE_STATUS: return "when the trace began";
	default: return "";
	}
}

static void row(const void *ctx, size_t i, union cell *c)
{
	static const char *const states[] = {"-",       "runnable", "running",
	                                     "waiting", "syscall",  "syscall, no proc"};
	const struct story *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_span *s = &m->spans.at[i];
	kymo_goroutine_ix waker = m->waker.at[i];
	bool mine = s->state == KYMO_SPAN_RUNNING || s->state == KYMO_SPAN_SYSCALL;
	c[TIME].ns = s->start;
	c[DURATION].ns = s->end - s->start;
	c[STATE].text = text(states[s->state]);
	c[REASON].text = s->reason ? kymo_trace_string(t, s->reason) : text(cause_text(s));
	c[PROC].u64 = mine && s->proc ? t->procs.id[s->proc] : KYMO_NONE;
	c[WAKER].u64 = waker ? t->g.id.at[waker] : KYMO_NONE;
	c[WAKER_NAME].text =
		waker ? kymo_trace_string(t, t->g.name.at[waker]) : (struct kymo_str){"", 0};
	c[STACK].u64 = s->stack;
	c[WAKER_STACK].u64 = s->waker_stack;
}

static bool tell(struct story *m, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = m->r->trace;
	struct kymo_interval p;
	for (uint32_t n = 0; select_piece(t, &m->r->sel, g, n, &p); n++) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		kymo_span_seek(t, g, p.from, &c);
		while (kymo_span_next(&c, &s) && s.start < p.to) {
			kymo_goroutine_ix waker = 0;
			if ((s.cause == KYMO_CAUSE_WOKEN || s.cause == KYMO_CAUSE_CREATED) && s.proc)
				waker = kymo_trace_goroutine_on_proc(t, s.proc, s.start);
			if (s.cause == KYMO_CAUSE_CREATED && t->g.creator.at[g])
				waker = t->g.creator.at[g];
			s.start = s.start < p.from ? p.from : s.start;
			s.end = s.end > p.to ? p.to : s.end;
			if (!vec_push(&m->spans, s) || !vec_push(&m->waker, waker))
				return false;
		}
	}
	return true;
}

static void ns_field(struct report *r, const char *key, const char *title, kymo_ns ns)
{
	report_field(r, key, title, CELL_NS, (union cell){.ns = ns});
}

static void put_fields(struct report *r, struct story *m, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = r->trace;
	struct kymo_times x;
	size_t blocks, ranges;
	kymo_goroutine_times(t, g, &r->sel, KYMO_RULES_EXACT, &x, m->block, &blocks, m->range,
	                     &ranges, NAMED_MAX);
	kymo_goroutine_ix creator = t->g.creator.at[g];
	report_field(r, "goroutine", "goroutine", CELL_ID, (union cell){.u64 = t->g.id.at[g]});
	report_field(r, "name", "function", CELL_TEXT,
	             (union cell){.text = kymo_trace_string(t, t->g.name.at[g])});
	report_field(r, "creator", "created by", CELL_ID,
	             (union cell){.u64 = creator ? t->g.id.at[creator] : KYMO_NONE});
	report_field(r, "create_stack", "at", CELL_STACK,
	             (union cell){.u64 = t->g.create_stack.at[g]});
	report_field(r, "begin_ns", "begin", CELL_TIME, (union cell){.ns = t->g.begin.at[g]});
	report_field(r, "end_ns", "end", CELL_TIME,
	             (union cell){.ns = t->g.flags.at[g] & KYMO_G_ENDED ? t->g.end.at[g] : -1});
	report_field(r, "existed", "existed before the trace", CELL_BOOL,
	             (union cell){.flag = t->g.flags.at[g] & KYMO_G_EXISTED});
	ns_field(r, "total_ns", "total", x.total);
	ns_field(r, "execution_ns", "running", x.execution);
	ns_field(r, "sched_wait_ns", "runnable", x.sched_wait);
	ns_field(r, "syscall_ns", "syscall", x.syscall);
	ns_field(r, "syscall_block_ns", "syscall, no proc", x.syscall_block);
	report_field(r, "block_ns", "blocked, mostly", CELL_NAMED,
	             (union cell){.named = {m->block, blocks < NAMED_MAX ? blocks : NAMED_MAX}});
	report_field(r, "range_ns", "in ranges, mostly", CELL_NAMED,
	             (union cell){.named = {m->range, ranges < NAMED_MAX ? ranges : NAMED_MAX}});
}

enum kymo_status report_goroutine_story(struct report *r, kymo_goroutine_ix g, struct kymo_error *err)
{
	struct story *m = report_alloc(r, sizeof *m, story_free);
	char n[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	if (!tell(m, g))
		return error_memory(err);
	struct kymo_str name = kymo_trace_string(r->trace, r->trace->g.name.at[g]);
	report_head(r, "goroutine %llu, %.*s: %s state%s", (unsigned long long)r->trace->g.id.at[g],
	            name.len ? (int)name.len : 15, name.len ? name.ptr : "(no stack seen)",
	            report_count(n, m->spans.count), m->spans.count == 1 ? "" : "s");
	put_fields(r, m, g);
	return report_table(r, &(struct table){.key = "states",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->spans.count,
	                                       .row = row,
	                                       .ctx = m})
	               ? KYMO_OK
	               : error_memory(err);
}
