/* SPDX-License-Identifier: MIT */
/* One task, its sub-tasks, and what was done for them, in order of time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/tasks.h"

enum what { TASK_BEGIN, TASK_END, REGION_BEGIN, REGION_END, LOG };

struct event {
	kymo_ns time;
	uint32_t task, row;  // of the table; of the trace's regions or logs
	uint16_t depth;      // of the task below the one that is told of
	uint8_t what;
};

struct member {
	uint32_t row;
	uint16_t depth;
};

struct story {
	const struct task_rows *m;
	VEC(struct event) events;
	VEC(struct member) tree;  // the task first, each before its children
	kymo_ns start, before;    // what "since start" and the first "since previous" count from
};

static void story_free(void *p)
{
	struct story *s = p;
	vec_free(&s->events);
	vec_free(&s->tree);
}

/* ---- the events ---- */

enum {
	SINCE,
	PREVIOUS,
	GOROUTINE,
	TEXT,
	TIME,
	TASK,
	DEPTH,
	EVENT,
	TYPE,
	CATEGORY,
	MESSAGE,
	STACK,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[SINCE] = {"since_start_ns", "since start", CELL_NS, 0},
	[PREVIOUS] = {"since_previous_ns", "since previous", CELL_NS, 0},
	[GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[TEXT] = {"text", "what", CELL_TEXT, COL_EYES},
	[TIME] = {"time_ns", "time", CELL_TIME, COL_QUIET},
	[TASK] = {"task", "task", CELL_ID, COL_QUIET | COL_TASK},
	[DEPTH] = {"depth", "depth", CELL_COUNT, COL_QUIET},
	[EVENT] = {"event", "event", CELL_TEXT, COL_QUIET},
	[TYPE] = {"type", "type", CELL_TEXT, COL_QUIET},
	[CATEGORY] = {"category", "category", CELL_TEXT, COL_QUIET},
	[MESSAGE] = {"message", "message", CELL_TEXT, COL_QUIET},
	[STACK] = {"stack", "stack", CELL_STACK, COL_QUIET},
};

static kymo_string_ix type_of(const struct story *s, const struct event *e)
{
	const struct kymo_trace *t = s->m->r->trace;
	if (e->what == LOG)
		return 0;
	return e->what <= TASK_END ? s->m->tasks.at[e->task].type
	                           : kymo_trace_regions(t)->type[e->row];
}

static kymo_goroutine_ix who(const struct story *s, const struct event *e)
{
	const struct kymo_trace *t = s->m->r->trace;
	const struct kymo_task *a = &s->m->tasks.at[e->task];
	switch (e->what) {
	case TASK_BEGIN: return a->begin_goroutine;
	case TASK_END: return a->end_goroutine;
	case LOG: return kymo_trace_logs(t)->goroutine[e->row];
	default: return kymo_trace_regions(t)->goroutine[e->row];
	}
}

static kymo_stack_ix where(const struct story *s, const struct event *e)
{
	const struct kymo_trace *t = s->m->r->trace;
	const struct kymo_task *a = &s->m->tasks.at[e->task];
	switch (e->what) {
	case TASK_BEGIN: return a->begin_stack;
	case TASK_END: return a->end_stack;
	case REGION_BEGIN: return kymo_trace_regions(t)->begin_stack[e->row];
	case REGION_END: return kymo_trace_regions(t)->end_stack[e->row];
	default: return kymo_trace_logs(t)->stack[e->row];
	}
}

/* A line of words. Texts of Go end after 1 kB; what is longer is cut here, not in the columns for programs. */
#define WORDS 4096
struct words {
	char at[WORDS];
	size_t len;
};

static void say_str(struct words *w, struct kymo_str s)
{
	size_t n = s.len < WORDS - w->len ? s.len : WORDS - w->len;
	memcpy(w->at + w->len, s.ptr, n);
	w->len += n;
}

static void say(struct words *w, const char *s)
{
	say_str(w, report_str(s));
}

/* The event in words, below its task. */
static void put_words(const struct story *s, const struct event *e, struct words *w)
{
	const struct kymo_trace *t = s->m->r->trace;
	const struct kymo_task *a = &s->m->tasks.at[e->task];
	struct kymo_str type = kymo_trace_string(t, type_of(s, e));
	char n[REPORT_NUMBER];
	w->len = 2 * ((e->depth < 40 ? e->depth : 40u) + (e->what > TASK_END));
	memset(w->at, ' ', w->len);
	if (e->what == LOG) {
		struct kymo_str category = kymo_trace_string(t, kymo_trace_logs(t)->category[e->row]);
		say(w, category.len ? "log [" : "log ");
		say_str(w, category);
		say(w, category.len ? "] " : "");
		say_str(w, kymo_trace_string(t, kymo_trace_logs(t)->message[e->row]));
		return;
	}
	if (e->what <= TASK_END) {
		snprintf(n, sizeof n, "task %llu ", (unsigned long long)a->id);
		say(w, n);
	} else {
		say(w, "region ");
	}
	say_str(w, type);
	say(w, type.len ? " " : "");
	if (e->what == TASK_BEGIN || e->what == REGION_BEGIN) {
		say(w, "begins");
		return;
	}
	kymo_ns begin = e->what == TASK_END ? a->begin : kymo_trace_regions(t)->begin[e->row];
	bool begun = e->what == TASK_END ? annotation_begun(a->state)
	                                 : kymo_trace_regions(t)->flags[e->row] & KYMO_REGION_BEGUN;
	say(w, begun ? "ends after " : "ends; its begin is not in the trace");
	say(w, begun ? report_duration(n, e->time - begin) : "");
}

static void keys(const void *ctx, size_t i, union cell *c)
{
	static const char *const names[] = {"task begin", "task end", "region begin", "region end",
	                                    "log"};
	const struct story *s = ctx;
	const struct kymo_trace *t = s->m->r->trace;
	const struct event *e = &s->events.at[i];
	const struct kymo_str none = {"", 0};
	c[TIME].ns = e->time;
	c[SINCE].ns = e->time - s->start;
	c[PREVIOUS].ns = e->time - (i ? e[-1].time : s->before);
	c[GOROUTINE].u64 = annotation_goroutine(s->m->r, who(s, e));
	c[TASK].u64 = s->m->tasks.at[e->task].id;
	c[DEPTH].u64 = e->depth;
	c[EVENT].text = report_str(names[e->what]);
	c[TYPE].text = kymo_trace_string(t, type_of(s, e));
	c[CATEGORY].text =
		e->what == LOG ? kymo_trace_string(t, kymo_trace_logs(t)->category[e->row]) : none;
	c[MESSAGE].text =
		e->what == LOG ? kymo_trace_string(t, kymo_trace_logs(t)->message[e->row]) : none;
	c[STACK].u64 = where(s, e);
	c[TEXT].text = none;
}

static void row(const void *ctx, size_t i, union cell *c)
{
	// Valid until the next row on this thread: a renderer looks at one row at a time.
	static _Thread_local struct words words;
	const struct story *s = ctx;
	keys(ctx, i, c);
	put_words(s, &s->events.at[i], &words);
	c[TEXT].text = (struct kymo_str){words.at, words.len};
}

/* ---- the tree ---- */

enum {
	TREE_ID,
	TREE_TYPE,
	TREE_DEPTH,
	TREE_PARENT,
	TREE_STATE,
	TREE_BEGIN,
	TREE_DURATION,
	TREE_GOROUTINE,
	TREE_COLUMNS
};
static const struct column tree_columns[TREE_COLUMNS] = {
	[TREE_ID] = {"id", "task", CELL_ID, COL_TASK},
	[TREE_TYPE] = {"type", "type", CELL_TEXT, 0},
	[TREE_DEPTH] = {"depth", "depth", CELL_COUNT, 0},
	[TREE_PARENT] = {"parent", "parent", CELL_ID, COL_TASK},
	[TREE_STATE] = {"state", "state", CELL_TEXT, 0},
	[TREE_BEGIN] = {"begin_ns", "begin", CELL_TIME, 0},
	[TREE_DURATION] = {"duration_ns", "duration", CELL_NS, 0},
	[TREE_GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
};

static void tree_row(const void *ctx, size_t i, union cell *c)
{
	const struct story *s = ctx;
	const struct kymo_task *a = &s->m->tasks.at[s->tree.at[i].row];
	c[TREE_ID].u64 = a->id;
	c[TREE_TYPE].text = kymo_trace_string(s->m->r->trace, a->type);
	c[TREE_DEPTH].u64 = s->tree.at[i].depth;
	c[TREE_PARENT].u64 = a->parent == KYMO_NO_ROW ? KYMO_NONE : s->m->tasks.at[a->parent].id;
	c[TREE_STATE].text = annotation_state(a->state);
	c[TREE_BEGIN].ns = annotation_begun(a->state) ? a->begin : -1;
	c[TREE_DURATION].ns = a->end - a->begin;
	c[TREE_GOROUTINE].u64 = annotation_goroutine(s->m->r, a->begin_goroutine);
}

/* Each before its children; those on the way are on a stack, for a chain of tasks may be long. */
static bool climb(struct story *s, uint32_t top, bool alone)
{
	const struct kymo_task_table *tasks = &s->m->tasks;
	VEC(struct member) stack = {0};
	bool ok = vec_push(&stack, ((struct member){top, 0}));
	while (ok && stack.count) {
		struct member x = stack.at[--stack.count];
		const struct kymo_task *a = &tasks->at[x.row];
		ok = vec_push(&s->tree, x);
		uint16_t depth = (uint16_t)(x.depth + (x.depth < UINT16_MAX));
		for (uint32_t k = a[1].children_from; k-- > a->children_from && ok && !alone;)
			ok = vec_push(&stack, ((struct member){tasks->children[k], depth}));
	}
	vec_free(&stack);
	return ok;
}

/* ---- telling ---- */

static bool tell_one(struct story *s, struct member x, enum what what, uint32_t row, kymo_ns time)
{
	return vec_push(&s->events, ((struct event){time, x.row, row, x.depth, (uint8_t)what}));
}

static bool tell_task(struct story *s, struct member x)
{
	const struct kymo_task_table *tasks = &s->m->tasks;
	const struct kymo_regions *r = kymo_trace_regions(s->m->r->trace);
	const struct kymo_logs *l = kymo_trace_logs(s->m->r->trace);
	const struct kymo_task *a = &tasks->at[x.row];
	bool ok = true;
	if (annotation_begun(a->state))
		ok = tell_one(s, x, TASK_BEGIN, 0, a->begin);
	if (annotation_ended(a->state))
		ok = ok && tell_one(s, x, TASK_END, 0, a->end);
	for (uint32_t k = a->regions_from; k < a[1].regions_from && ok; k++) {
		uint32_t i = tasks->regions[k];
		if (r->flags[i] & KYMO_REGION_BEGUN)
			ok = tell_one(s, x, REGION_BEGIN, i, r->begin[i]);
		if (r->flags[i] & KYMO_REGION_ENDED)
			ok = ok && tell_one(s, x, REGION_END, i, r->end[i]);
	}
	for (uint32_t k = a->logs_from; k < a[1].logs_from && ok; k++)
		ok = tell_one(s, x, LOG, tasks->logs[k], l->time[tasks->logs[k]]);
	return ok;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->what < y->what ? -1 : x->what > y->what;
}

static void put_fields(struct report *r, const struct story *s, uint32_t row)
{
	const struct kymo_task *a = &s->m->tasks.at[row];
	struct kymo_task_gc gc = kymo_task_gc_time(&s->m->tasks, row);
	const struct report_field fields[] = {
		{"id", "task", CELL_ID, {.u64 = a->id}},
		{"type", "type", CELL_TEXT, {.text = kymo_trace_string(r->trace, a->type)}},
		{"state", "state", CELL_TEXT, {.text = annotation_state(a->state)}},
		{"parent",
	         "parent",
	         CELL_ID,
	         {.u64 = a->parent == KYMO_NO_ROW ? KYMO_NONE : s->m->tasks.at[a->parent].id}},
		{"begin_ns", "begin", CELL_TIME, {.ns = annotation_begun(a->state) ? a->begin : -1}},
		{"end_ns", "end", CELL_TIME, {.ns = annotation_ended(a->state) ? a->end : -1}},
		{"duration_ns", "duration", CELL_NS, {.ns = a->end - a->begin}},
		{"goroutines",
	         "goroutines",
	         CELL_COUNT,
	         {.u64 = a[1].goroutines_from - a->goroutines_from}},
		{"regions", "regions", CELL_COUNT, {.u64 = a[1].regions_from - a->regions_from}},
		{"logs", "logs", CELL_COUNT, {.u64 = a[1].logs_from - a->logs_from}},
		{"children", "children", CELL_COUNT, {.u64 = a[1].children_from - a->children_from}},
		{"descendants", "descendants", CELL_COUNT, {.u64 = a->descendants}},
		{"gc_ns", "GC was marking", CELL_NS, {.ns = gc.mark}},
		{"stopped_ns", "the world was stopped", CELL_NS, {.ns = gc.stopped}},
		{"assist_ns", "its goroutines assisted GC", CELL_NS, {.ns = gc.assist}},
		{"begin_stack", "begun at", CELL_STACK, {.u64 = a->begin_stack}},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		report_field(r, fields[i].key, fields[i].title, fields[i].kind, fields[i].value);
}

static enum kymo_status tell(struct report *r, struct story *s, uint32_t top, struct kymo_error *err)
{
	bool ok = climb(s, top, r->compat);
	for (size_t i = 0; i < s->tree.count && ok; i++)
		ok = tell_task(s, s->tree.at[i]);
	if (!ok)
		return error_memory(err);
	if (s->events.count)
		qsort(s->events.at, s->events.count, sizeof *s->events.at, by_time);
	const struct kymo_task *a = &s->m->tasks.at[top];
	s->start = annotation_begun(a->state) ? a->begin : 0;
	if (s->events.count && (!annotation_begun(a->state) || s->events.at[0].time < s->start))
		s->start = s->events.at[0].time;
	// Go: the first line's time is since the trace's begin.
	s->before = r->compat ? 0 : s->start;
	return KYMO_OK;
}

enum kymo_status report_task_story(struct report *r, struct task_rows *m, struct kymo_error *err)
{
	struct story *s = report_alloc(r, sizeof *s, story_free);
	char n[REPORT_NUMBER], d[REPORT_NUMBER];
	if (!s)
		return error_memory(err);
	s->m = m;
	if (!m->count)
		return error_set(err, KYMO_E_RANGE, 0, 0, "there is no task %s",
		                 report_param(r, "id"));
	uint32_t top = m->rows[0];
	enum kymo_status st = tell(r, s, top, err);
	if (st != KYMO_OK)
		return st;
	const struct kymo_task *a = &m->tasks.at[top];
	struct kymo_str type = kymo_trace_string(r->trace, a->type),
			state = annotation_state(a->state);
	report_head(r, "task %llu%s%.*s, %.*s: %s; %s event%s", (unsigned long long)a->id,
	            type.len ? " " : "", (int)type.len, type.ptr, (int)state.len, state.ptr,
	            report_duration(d, a->end - a->begin), report_count(n, s->events.count),
	            s->events.count == 1 ? "" : "s");
	if (m->count > 1)
		report_head(r, "; the first of %s tasks with this id (--from and --to choose)",
		            report_count(n, m->count));
	put_fields(r, s, top);
	const struct table events = {.key = "events",
	                             .columns = columns,
	                             .column_count = COLUMNS,
	                             .rows = s->events.count,
	                             .row = row,
	                             .keys = keys,
	                             .ctx = s};
	const struct table tree = {.key = "tree",
	                           .title = "tasks",
	                           .columns = tree_columns,
	                           .column_count = TREE_COLUMNS,
	                           .rows = s->tree.count,
	                           .row = tree_row,
	                           .ctx = s,
	                           .quiet = true};
	return report_table(r, &events) && report_table(r, &tree) ? KYMO_OK : error_memory(err);
}
