/* SPDX-License-Identifier: MIT */
/* kymo tasks: the tasks of each type and how long they took. */
#include "report/tasks.h"

#include <stdlib.h>
#include <string.h>

/* ---- what tasks and regions say alike ---- */

struct kymo_str annotation_state(uint8_t state)
{
	static const char *const names[KYMO_ANNOTATION_STATES] = {
		[KYMO_ANNOTATION_COMPLETE] = "complete",
		[KYMO_ANNOTATION_OPEN] = "no end",
		[KYMO_ANNOTATION_LEFT] = "left open",
		[KYMO_ANNOTATION_NO_BEGIN] = "no begin",
		[KYMO_ANNOTATION_MENTIONED] = "mentioned",
		[KYMO_ANNOTATION_INHERITED] = "inherited",
	};
	return report_str(names[state]);
}

uint64_t annotation_goroutine(const struct report *r, kymo_goroutine_ix g)
{
	return g ? kymo_trace_goroutines(r->trace)->id[g] : KYMO_NONE;
}

enum kymo_status annotation_time(const struct report *r, const char *key, kymo_ns *out,
                                 struct kymo_error *err)
{
	const char *v = report_param(r, key);
	if (v && !units_time(v, out))
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "'%s' is no time for %s: write 1.5ms, 2s, 100us or plain nanoseconds",
		                 v, key);
	return KYMO_OK;
}

bool annotation_types_make(struct annotation_types *m)
{
	m->hist = calloc((size_t)m->groups.count + 1, sizeof *m->hist);
	return m->hist != NULL;
}

void annotation_types_add(struct annotation_types *m, uint32_t row, kymo_ns duration)
{
	hist_add(&m->hist[m->groups.group_of[row]], duration);
}

void annotation_types_free(void *p)
{
	struct annotation_types *m = p;
	kymo_annotation_groups_free(&m->groups);
	free(m->hist);
}

/* ---- which tasks ---- */

static void rows_free(void *p)
{
	struct task_rows *m = p;
	kymo_task_table_free(&m->tasks);
	free(m->rows);
}

static enum kymo_status read_filter(const struct report *r, struct kymo_task_filter *f,
                                    struct kymo_error *err)
{
	const char *complete = report_param(r, "complete"), *id = report_param(r, "id");
	*f = KYMO_TASK_FILTER_ALL;
	f->task = id ? id : report_param(r, "task");
	f->type = report_param(r, "type");
	f->region = report_param(r, "region");
	f->region_at = report_param(r, "region-at");
	f->text = report_param(r, "logtext");
	if (f->text && !*f->text)
		f->text = NULL;
	if (id && (!*id || id[strspn(id, "0123456789")] || strlen(id) > 20))
		return error_set(err, KYMO_E_RANGE, 0, 0, "'%s' is no whole number for id", id);
	if (complete) {
		bool yes = !strcmp(complete, "1") || !strcmp(complete, "true");
		if (!yes && strcmp(complete, "0") != 0 && strcmp(complete, "false") != 0)
			return error_set(err, KYMO_E_RANGE, 0, 0,
			                 "complete can be 1 or 0, not '%s'", complete);
		f->complete = yes;
	}
	enum kymo_status st = annotation_time(r, "latmin", &f->min, err);
	return st == KYMO_OK ? annotation_time(r, "latmax", &f->max, err) : st;
}

struct task_rows *tasks_select(struct report *r, enum kymo_status *st, struct kymo_error *err)
{
	struct task_rows *m = report_alloc(r, sizeof *m, rows_free);
	struct kymo_task_filter f;
	// The common parameters cut goroutines into the pieces of regions and tasks; here these choose among the tasks.
	struct kymo_selection sel = r->sel;
	sel.piece_from = NULL;
	sel.pieces = NULL;
	sel.whole = !sel.goroutines && sel.from == 0 && sel.to == kymo_trace_info(r->trace)->duration;
	*st = m ? read_filter(r, &f, err) : error_memory(err);
	if (*st != KYMO_OK)
		return NULL;
	m->r = r;
	*st = kymo_task_table_compute(r->trace, r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT,
	                              &m->tasks);
	if (*st == KYMO_OK)
		*st = kymo_task_search(r->trace, &m->tasks, &sel, &f, &m->rows, &m->count, err);
	else
		*st = error_memory(err);
	return *st == KYMO_OK ? m : NULL;
}

/* ---- types ---- */

enum { TYPE, COUNT, COMPLETE, OPEN, NO_BEGIN, MENTIONED, TOTAL, P50, P90, P99, MAX, HIST, COLUMNS };
static const struct column columns[COLUMNS] = {
	[TYPE] = {"type", "type", CELL_TEXT, COL_LAST},
	[COUNT] = {"count", "count", CELL_COUNT, COL_BAR},
	[COMPLETE] = {"complete", "complete", CELL_COUNT, 0},
	[OPEN] = {"no_end", "no end", CELL_COUNT, 0},
	[NO_BEGIN] = {"no_begin", "no begin", CELL_COUNT, COL_QUIET},
	[MENTIONED] = {"mentioned", "mentioned", CELL_COUNT, COL_QUIET},
	[TOTAL] = {"total_ns", "total", CELL_NS, COL_QUIET},
	[P50] = {"p50_ns", "p50", CELL_NS, 0},
	[P90] = {"p90_ns", "p90", CELL_NS, 0},
	[P99] = {"p99_ns", "p99", CELL_NS, 0},
	[MAX] = {"max_ns", "max", CELL_NS, 0},
	[HIST] = {"histogram", "durations", CELL_HIST, 0},
};

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct annotation_types *m = ctx;
	const struct kymo_annotation_group *g = &m->groups.at[i];
	c[TYPE].text = kymo_trace_string(m->r->trace, g->type);
	c[COUNT].u64 = g->count;
	c[COMPLETE].u64 = g->states[KYMO_ANNOTATION_COMPLETE];
	c[OPEN].u64 = g->states[KYMO_ANNOTATION_OPEN];
	c[NO_BEGIN].u64 = g->states[KYMO_ANNOTATION_NO_BEGIN];
	c[MENTIONED].u64 = g->states[KYMO_ANNOTATION_MENTIONED];
	c[TOTAL].ns = g->measured ? g->total : -1;
	c[P50].ns = g->measured ? g->spread.p50 : -1;
	c[P90].ns = g->measured ? g->spread.p90 : -1;
	c[P99].ns = g->measured ? g->spread.p99 : -1;
	c[MAX].ns = g->measured ? g->spread.max : -1;
	c[HIST].hist = &m->hist[i];
}

static enum kymo_status list_types(struct report *r, const struct task_rows *m, struct kymo_error *err)
{
	struct annotation_types *types = report_alloc(r, sizeof *types, annotation_types_free);
	char n[REPORT_NUMBER], k[REPORT_NUMBER];
	if (!types)
		return error_memory(err);
	types->r = r;
	if (kymo_task_groups_compute(r->trace, &m->tasks, m->rows, m->count, &types->groups) !=
	            KYMO_OK ||
	    !annotation_types_make(types))
		return error_memory(err);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct kymo_task *a = &m->tasks.at[m->rows[i]];
		if (a->state == KYMO_ANNOTATION_COMPLETE)
			annotation_types_add(types, i, a->end - a->begin);
	}
	report_head(r, "%s task%s of %s type%s; durations of the complete ones",
	            report_count(n, m->count), m->count == 1 ? "" : "s",
	            report_count(k, types->groups.count), types->groups.count == 1 ? "" : "s");
	return report_table(r, &(struct table){.key = "types",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = types->groups.count,
	                                       .row = row,
	                                       .ctx = types,
	                                       .sort = "count"})
	               ? KYMO_OK
	               : error_memory(err);
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	enum kymo_status st;
	struct task_rows *m = tasks_select(r, &st, err);
	if (!m)
		return st;
	if (report_param(r, "id"))
		return report_task_story(r, m, err);
	if (report_param(r, "type") || report_flag(r, "list"))
		return report_task_list(r, m, err);
	return list_types(r, m, err);
}

static const struct report_param_def params[] = {
	{"type", "TYPE", "list the tasks of this type"},
	{"id", "ID", "tell this task's story, with its sub-tasks"},
	{"list", NULL, "list tasks of all types"},
	{"complete", "1|0", "only complete tasks, or only others"},
	{"logtext", "TEXT", "only tasks whose type, regions or logs contain this"},
	{0},
};

const struct report_def report_tasks = {
	"tasks",
	"tasks by type, with durations; one task's story",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	params,
	"Counts the tasks (runtime/trace.NewTask) of each type and says how long the complete ones took.\n"
	"--type TYPE lists the tasks of a type: their goroutines, regions, logs, parent, children, and\n"
	"the garbage collector's share; --id ID tells one task's story.\n"
	"\n"
	"Here the common options choose among tasks: --from and --to those of which a part lies in the\n"
	"window, --goroutine and the like those that such a goroutine did something for, --region and\n"
	"--region-at those that have such a region, --latmin and --latmax those that are complete and\n"
	"took so long.\n",
	run,
};
