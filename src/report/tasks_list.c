/* SPDX-License-Identifier: MIT */
/* A row per task. */
#include "report/tasks.h"

enum {
	ID,
	TYPE,
	STATE,
	BEGIN,
	END,
	DURATION,
	GOROUTINES,
	REGIONS,
	LOGS,
	PARENT,
	CHILDREN,
	DESCENDANTS,
	GC,
	STOPPED,
	ASSIST,
	BEGIN_GOROUTINE,
	END_GOROUTINE,
	BEGIN_STACK,
	END_STACK,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[ID] = {"id", "task", CELL_ID, COL_TASK},
	[TYPE] = {"type", "type", CELL_TEXT, 0},
	[STATE] = {"state", "state", CELL_TEXT, 0},
	[BEGIN] = {"begin_ns", "begin", CELL_TIME, 0},
	[END] = {"end_ns", "end", CELL_TIME, COL_QUIET},
	[DURATION] = {"duration_ns", "duration", CELL_NS, COL_BAR},
	[GOROUTINES] = {"goroutines", "goroutines", CELL_COUNT, 0},
	[REGIONS] = {"regions", "regions", CELL_COUNT, 0},
	[LOGS] = {"logs", "logs", CELL_COUNT, 0},
	[PARENT] = {"parent", "parent", CELL_ID, COL_TASK},
	[CHILDREN] = {"children", "children", CELL_COUNT, 0},
	[DESCENDANTS] = {"descendants", "descendants", CELL_COUNT, COL_QUIET},
	[GC] = {"gc_ns", "GC", CELL_NS, 0},
	[STOPPED] = {"stopped_ns", "stopped", CELL_NS, COL_WIDE},
	[ASSIST] = {"assist_ns", "assist", CELL_NS, COL_WIDE},
	[BEGIN_GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[END_GOROUTINE] = {"end_goroutine", "ended by", CELL_ID, COL_GO | COL_QUIET},
	[BEGIN_STACK] = {"begin_stack", "begun at", CELL_STACK, COL_LAST},
	[END_STACK] = {"end_stack", "ended at", CELL_STACK, COL_QUIET},
};

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct task_rows *m = ctx;
	uint32_t at = m->rows[i];
	const struct kymo_task *a = &m->tasks.at[at];
	struct kymo_task_gc gc = kymo_task_gc_time(&m->tasks, at);
	c[ID].u64 = a->id;
	c[TYPE].text = kymo_trace_string(m->r->trace, a->type);
	c[STATE].text = annotation_state(a->state);
	c[BEGIN].ns = annotation_begun(a->state) ? a->begin : -1;
	c[END].ns = annotation_ended(a->state) ? a->end : -1;
	c[DURATION].ns = a->end - a->begin;
	c[GOROUTINES].u64 = a[1].goroutines_from - a->goroutines_from;
	c[REGIONS].u64 = a[1].regions_from - a->regions_from;
	c[LOGS].u64 = a[1].logs_from - a->logs_from;
	c[PARENT].u64 = a->parent == KYMO_NO_ROW ? KYMO_NONE : m->tasks.at[a->parent].id;
	c[CHILDREN].u64 = a[1].children_from - a->children_from;
	c[DESCENDANTS].u64 = a->descendants;
	c[GC].ns = gc.mark;
	c[STOPPED].ns = gc.stopped;
	c[ASSIST].ns = gc.assist;
	c[BEGIN_GOROUTINE].u64 = annotation_goroutine(m->r, a->begin_goroutine);
	c[END_GOROUTINE].u64 = annotation_goroutine(m->r, a->end_goroutine);
	c[BEGIN_STACK].u64 = a->begin_stack;
	c[END_STACK].u64 = a->end_stack;
}

enum kymo_status report_task_list(struct report *r, struct task_rows *m, struct kymo_error *err)
{
	const char *type = report_param(r, "type");
	char n[REPORT_NUMBER];
	uint32_t complete = 0;
	for (uint32_t i = 0; i < m->count; i++)
		complete += m->tasks.at[m->rows[i]].state == KYMO_ANNOTATION_COMPLETE;
	report_head(r, "%s task%s%s%s%s", report_count(n, m->count), m->count == 1 ? "" : "s",
	            type ? " of type \"" : "", type ? type : "", type ? "\"" : "");
	if (complete < m->count)
		report_head(r, "; of %s not complete the part inside the trace",
		            report_count(n, m->count - complete));
	return report_table(r, &(struct table){.key = "tasks",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->count,
	                                       .row = row,
	                                       .ctx = m,
	                                       .sort = "duration_ns"})
	               ? KYMO_OK
	               : error_memory(err);
}
