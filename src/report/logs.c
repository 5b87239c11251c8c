/* SPDX-License-Identifier: MIT */
/* kymo logs: what the program logged into its trace. */
#include <stdlib.h>

#include <kymo/annotations.h>

#include "report/tasks.h"

struct logs {
	const struct report *r;
	uint32_t *rows, count;
};

static void logs_free(void *p)
{
	free(((struct logs *)p)->rows);
}

enum { TIME, GOROUTINE, NAME, TASK, CATEGORY, MESSAGE, STACK, COLUMNS };
static const struct column columns[COLUMNS] = {
	[TIME] = {"time_ns", "time", CELL_TIME, 0},
	[GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[NAME] = {"name", "function", CELL_TEXT, COL_QUIET | COL_GROUP},
	[TASK] = {"task", "task", CELL_ID, COL_TASK},
	[CATEGORY] = {"category", "category", CELL_TEXT, 0},
	[MESSAGE] = {"message", "message", CELL_TEXT, 0},
	[STACK] = {"stack", "at", CELL_STACK, COL_QUIET},
};

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct logs *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_logs *l = kymo_trace_logs(t);
	uint32_t at = m->rows[i];
	c[TIME].ns = l->time[at];
	c[GOROUTINE].u64 = annotation_goroutine(m->r, l->goroutine[at]);
	c[NAME].text = kymo_trace_string(t, kymo_trace_goroutines(t)->name[l->goroutine[at]]);
	c[TASK].u64 = l->task[at] ? l->task[at] : KYMO_NONE;
	c[CATEGORY].text = kymo_trace_string(t, l->category[at]);
	c[MESSAGE].text = kymo_trace_string(t, l->message[at]);
	c[STACK].u64 = l->stack[at];
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct logs *m = report_alloc(r, sizeof *m, logs_free);
	const struct kymo_log_filter f = {.category = report_param(r, "category"),
	                                  .text = report_param(r, "text"),
	                                  .regex = report_flag(r, "regex"),
	                                  .task = report_param(r, "task")};
	// --task chooses logs of the task, not all of what its goroutines logged meanwhile.
	struct kymo_selection sel = r->sel;
	char n[REPORT_NUMBER], k[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	if (!report_param(r, "region") && !report_param(r, "region-at") &&
	    !report_param(r, "latmin") && !report_param(r, "latmax")) {
		sel.piece_from = NULL;
		sel.pieces = NULL;
	}
	sel.whole = false;
	enum kymo_status st = kymo_log_search(r->trace, &sel, &f, &m->rows, &m->count, err);
	if (st != KYMO_OK)
		return st;
	report_head(r, "%s of %s log%s", report_count(n, m->count),
	            report_count(k, kymo_trace_logs(r->trace)->count),
	            kymo_trace_logs(r->trace)->count == 1 ? "" : "s");
	return report_table(r, &(struct table){.key = "logs",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->count,
	                                       .row = row,
	                                       .ctx = m})
	               ? KYMO_OK
	               : error_memory(err);
}

static const struct report_param_def params[] = {
	{"category", "NAME", "only logs of this category"},
	{"text", "TEXT", "only logs whose message or category contains this"},
	{"regex", NULL, "the TEXT of --text is a regular expression"},
	{0},
};

const struct report_def report_logs = {
	"logs",
	"what the program logged: by category, text, task, goroutine, time",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	params,
	"Lists the logs (runtime/trace.Log) in order of time. --task chooses those of a task; --region and\n"
	"the like those that a goroutine wrote inside such a region.\n",
	run,
};
