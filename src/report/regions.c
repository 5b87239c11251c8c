/* SPDX-License-Identifier: MIT */
/* kymo regions: the regions of each type and place and how long they took. */
#include "report/regions.h"

#include <stdio.h>
#include <string.h>

#include "report/tasks.h"

struct regions {
	struct annotation_types types;
	struct kymo_region_list list;
};

static void regions_free(void *p)
{
	struct regions *m = p;
	annotation_types_free(&m->types);
	kymo_region_list_free(&m->list);
}

enum {
	TYPE,
	COUNT,
	COMPLETE,
	NO_END,
	LEFT,
	NO_BEGIN,
	INHERITED,
	TOTAL,
	P50,
	P90,
	P99,
	MAX,
	HIST,
	PLACE,
	FUNC,
	SOURCE,
	LINE,
	PC,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[TYPE] = {"type", "type", CELL_TEXT, 0},
	[COUNT] = {"count", "count", CELL_COUNT, COL_BAR},
	[COMPLETE] = {"complete", "complete", CELL_COUNT, COL_QUIET},
	[NO_END] = {"no_end", "no end", CELL_COUNT, 0},
	[LEFT] = {"left_open", "left open", CELL_COUNT, 0},
	[NO_BEGIN] = {"no_begin", "no begin", CELL_COUNT, 0},
	[INHERITED] = {"inherited", "inherited", CELL_COUNT, COL_QUIET},
	[TOTAL] = {"total_ns", "total", CELL_NS, 0},
	[P50] = {"p50_ns", "p50", CELL_NS, 0},
	[P90] = {"p90_ns", "p90", CELL_NS, 0},
	[P99] = {"p99_ns", "p99", CELL_NS, 0},
	[MAX] = {"max_ns", "max", CELL_NS, 0},
	[HIST] = {"histogram", "durations", CELL_HIST, COL_WIDE},
	[PLACE] = {"place", "begun at", CELL_TEXT, COL_LAST | COL_EYES},
	[FUNC] = {"func", "function", CELL_TEXT, COL_QUIET},
	[SOURCE] = {"file", "file", CELL_TEXT, COL_QUIET},
	[LINE] = {"line", "line", CELL_COUNT, COL_QUIET},
	[PC] = {"pc", "pc", CELL_ID, COL_QUIET},
};

static void keys(const void *ctx, size_t i, union cell *c)
{
	const struct annotation_types *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_annotation_group *g = &m->groups.at[i];
	c[TYPE].text = kymo_trace_string(t, g->type);
	c[COUNT].u64 = g->count;
	c[COMPLETE].u64 = g->states[KYMO_ANNOTATION_COMPLETE];
	c[NO_END].u64 = g->states[KYMO_ANNOTATION_OPEN];
	c[LEFT].u64 = g->states[KYMO_ANNOTATION_LEFT];
	c[NO_BEGIN].u64 = g->states[KYMO_ANNOTATION_NO_BEGIN];
	c[INHERITED].u64 = g->states[KYMO_ANNOTATION_INHERITED];
	c[TOTAL].ns = g->measured ? g->total : -1;
	c[P50].ns = g->measured ? g->spread.p50 : -1;
	c[P90].ns = g->measured ? g->spread.p90 : -1;
	c[P99].ns = g->measured ? g->spread.p99 : -1;
	c[MAX].ns = g->measured ? g->spread.max : -1;
	c[HIST].hist = &m->hist[i];
	c[FUNC].text = c[PLACE].text = kymo_trace_string(t, g->place.func);
	c[SOURCE].text = kymo_trace_string(t, g->place.file);
	c[LINE].u64 = g->place.line;
	c[PC].u64 = g->place.pc ? g->place.pc : KYMO_NONE;
}

static void row(const void *ctx, size_t i, union cell *c)
{
	// Valid until the next row on this thread: a renderer looks at one row at a time.
	static _Thread_local char place[1024];
	keys(ctx, i, c);
	struct kymo_str func = c[FUNC].text, file = c[SOURCE].text;
	while (memchr(file.ptr, '/', file.len)) {
		file.ptr++;
		file.len--;
	}
	int n = snprintf(place, sizeof place, "%.*s%s%.*s:%llu", func.len < 480 ? (int)func.len : 480,
	                 func.ptr, func.len ? " " : "", file.len < 480 ? (int)file.len : 480,
	                 file.ptr, (unsigned long long)c[LINE].u64);
	c[PLACE].text = c[PC].u64 == KYMO_NONE && !func.len ? report_str("-")
	                                                    : (struct kymo_str){place, (size_t)n};
}

static enum kymo_status list_types(struct report *r, struct regions *m, struct kymo_error *err)
{
	enum kymo_rules rules = r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	char n[REPORT_NUMBER], k[REPORT_NUMBER];
	m->types.r = r;
	if (kymo_region_groups_compute(r->trace, &m->list, rules, &m->types.groups) != KYMO_OK ||
	    !annotation_types_make(&m->types))
		return error_memory(err);
	for (uint32_t i = 0; i < m->list.count; i++)
		if (r->compat || m->list.at[i].state == KYMO_ANNOTATION_COMPLETE)
			annotation_types_add(&m->types, i, m->list.at[i].end - m->list.at[i].begin);
	report_head(r, "%s region%s of %s type%s and place%s; durations of %s",
	            report_count(n, m->list.count), m->list.count == 1 ? "" : "s",
	            report_count(k, m->types.groups.count), m->types.groups.count == 1 ? "" : "s",
	            m->types.groups.count == 1 ? "" : "s",
	            r->compat ? "all, cut to the trace" : "the complete ones");
	return report_table(r, &(struct table){.key = "types",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->types.groups.count,
	                                       .row = row,
	                                       .keys = keys,
	                                       .ctx = &m->types,
	                                       .sort = "count"})
	               ? KYMO_OK
	               : error_memory(err);
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct regions *m = report_alloc(r, sizeof *m, regions_free);
	struct kymo_region_filter f = KYMO_REGION_FILTER_ALL;
	const char *type = report_param(r, "type"), *at = report_param(r, "at");
	if (!m)
		return error_memory(err);
	f.type = type ? type : report_param(r, "region");
	f.at = at ? at : report_param(r, "region-at");
	f.task = report_param(r, "task");
	enum kymo_status st = annotation_time(r, "latmin", &f.min, err);
	if (st == KYMO_OK)
		st = annotation_time(r, "latmax", &f.max, err);
	if (st != KYMO_OK)
		return st;
	// The common parameters cut goroutines into the pieces of regions and tasks; here these choose among the regions.
	struct kymo_selection sel = r->sel;
	sel.piece_from = NULL;
	sel.pieces = NULL;
	sel.whole = !sel.goroutines && sel.from == 0 && sel.to == kymo_trace_info(r->trace)->duration;
	st = kymo_region_list_compute(
		r->trace, &sel, &f, r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT, &m->list, err);
	if (st != KYMO_OK)
		return st;
	if (type || at || report_flag(r, "list"))
		return report_region_list(r, &m->list, err);
	return list_types(r, m, err);
}

static const struct report_param_def params[] = {
	{"type", "TYPE", "list the regions of this type"},
	{"at", "FILE:LINE|0xPC", "list the regions that begin at this place"},
	{"list", NULL, "list regions of all types"},
	{0},
};

const struct report_def report_regions = {
	"regions",
	"regions by type and place, with durations and states",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	params,
	"Counts the regions (runtime/trace.StartRegion) of each type and place and says how long the\n"
	"complete ones took; those whose begin or end is not in the trace are counted beside them.\n"
	"--type TYPE and --at PLACE list regions, with what their goroutine did meanwhile.\n"
	"\n"
	"Here the common options choose among regions: --from and --to those of which a part lies in the\n"
	"window (and their times are those inside the window), --task those of a task, --region and\n"
	"--region-at those of a type and at a place, --latmin and --latmax those that took so long.\n",
	run,
};
