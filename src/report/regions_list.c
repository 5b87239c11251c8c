/* SPDX-License-Identifier: MIT */
/* A row per region, with what its goroutine did during it. */
#include "report/goroutines.h"
#include "report/regions.h"
#include "report/tasks.h"

struct list {
	const struct report *r;
	const struct kymo_region_list *regions;
	struct kymo_region_times times;
	struct life_classes classes;
};

static void list_free(void *p)
{
	struct list *m = p;
	kymo_region_times_free(&m->times);
	life_classes_free(&m->classes);
}

enum {
	GOROUTINE,
	TASK,
	TYPE,
	STATE,
	BEGIN,
	END,
	DURATION,
	TOTAL,
	EXECUTION,
	SCHED_WAIT,
	SYSCALL,
	SYSCALL_BLOCK,
	BLOCKED,
	BLOCK,
	RANGE,
	UNKNOWN,
	LIFE,
	BEGIN_STACK,
	END_STACK,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[TASK] = {"task", "task", CELL_ID, COL_TASK},
	[TYPE] = {"type", "type", CELL_TEXT, 0},
	[STATE] = {"state", "state", CELL_TEXT, 0},
	[BEGIN] = {"begin_ns", "begin", CELL_TIME, 0},
	[END] = {"end_ns", "end", CELL_TIME, COL_QUIET},
	[DURATION] = {"duration_ns", "duration", CELL_NS, COL_BAR},
	[TOTAL] = {"total_ns", "measured", CELL_NS, COL_QUIET},
	[EXECUTION] = {"execution_ns", "running", CELL_NS, 0},
	[SCHED_WAIT] = {"sched_wait_ns", "runnable", CELL_NS, 0},
	[SYSCALL] = {"syscall_ns", "syscall", CELL_NS, 0},
	[SYSCALL_BLOCK] = {"syscall_block_ns", "no proc", CELL_NS, COL_WIDE},
	[BLOCKED] = {"blocked_ns", "blocked", CELL_NS, COL_EYES},
	[BLOCK] = {"block_ns", "mostly", CELL_NAMED, COL_WIDE},
	[RANGE] = {"range_ns", "ranges", CELL_NAMED, COL_QUIET},
	[UNKNOWN] = {"unknown_ns", "unknown", CELL_NS, COL_QUIET},
	[LIFE] = {"life", "time", CELL_LIFE, COL_WIDE},
	[BEGIN_STACK] = {"begin_stack", "begun at", CELL_STACK, COL_LAST},
	[END_STACK] = {"end_stack", "ended at", CELL_STACK, COL_QUIET},
};

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct list *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_region *r = &m->regions->at[i];
	const struct kymo_region_time *a = &m->times.at[i];
	const struct kymo_times *x = &a->times;
	const struct kymo_named_ns *named = m->times.named + a->named_from;
	bool inherited = r->state == KYMO_ANNOTATION_INHERITED;
	c[GOROUTINE].u64 = annotation_goroutine(m->r, r->goroutine);
	c[TASK].u64 = r->task ? r->task : KYMO_NONE;
	c[TYPE].text = kymo_trace_string(t, r->type);
	c[STATE].text = annotation_state(r->state);
	c[BEGIN].ns = inherited || annotation_begun(r->state) ? r->begin : -1;
	c[END].ns = inherited || annotation_ended(r->state) ? r->end : -1;
	c[DURATION].ns = r->end - r->begin;
	c[TOTAL].ns = x->total;
	c[EXECUTION].ns = x->execution;
	c[SCHED_WAIT].ns = x->sched_wait;
	c[SYSCALL].ns = x->syscall;
	c[SYSCALL_BLOCK].ns = x->syscall_block;
	c[BLOCKED].ns = 0;
	for (uint32_t k = 0; k < a->block_count; k++)
		c[BLOCKED].ns += named[k].ns;
	c[BLOCK].named.at = named;
	c[BLOCK].named.count = a->block_count;
	c[RANGE].named.at = named + a->block_count;
	c[RANGE].named.count = a->range_count;
	kymo_ns known = x->execution + x->sched_wait + x->syscall + x->syscall_block + c[BLOCKED].ns;
	c[UNKNOWN].ns = x->total > known ? x->total - known : 0;
	life_of(&m->classes, kymo_trace_goroutines(t)->name[r->goroutine], x, named, a->block_count,
	        c[LIFE].life);
	c[BEGIN_STACK].u64 = r->begin_stack;
	c[END_STACK].u64 = r->end_stack;
}

enum kymo_status report_region_list(struct report *r, const struct kymo_region_list *regions,
                                    struct kymo_error *err)
{
	struct list *m = report_alloc(r, sizeof *m, list_free);
	enum kymo_rules rules = r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	struct kymo_selection sel = r->sel;
	const char *type = report_param(r, "type"), *at = report_param(r, "at");
	char n[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	m->regions = regions;
	sel.piece_from = NULL;
	sel.pieces = NULL;
	if (!life_classes_make(&m->classes, r->trace) ||
	    kymo_region_times_compute(r->trace, &sel, rules, regions, &m->times) != KYMO_OK)
		return error_memory(err);
	report_head(r, "%s region%s%s%s%s%s%s", report_count(n, regions->count),
	            regions->count == 1 ? "" : "s", type ? " of type \"" : "", type ? type : "",
	            type ? "\"" : "", at ? " at " : "", at ? at : "");
	return report_table(r, &(struct table){.key = "regions",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = regions->count,
	                                       .row = row,
	                                       .ctx = m,
	                                       .sort = "duration_ns"})
	               ? KYMO_OK
	               : error_memory(err);
}
