/* SPDX-License-Identifier: MIT */
#include "report/profile.h"

#include <string.h>

#include "trace/store.h"

struct mine {
	const struct report *r;
	struct kymo_profile p;
	struct kymo_profile_options o;
};

static void mine_free(void *p)
{
	kymo_profile_free(&((struct mine *)p)->p);
}

enum { STACK, COUNT, DELAY, LONGEST, LONGEST_AT, LONGEST_OF, GROUP, REASON, REGION, TASK, COLUMNS };
static const struct column columns[COLUMNS] = {
	[STACK] = {"stack", "stack", CELL_STACK, COL_LAST},
	[COUNT] = {"count", "count", CELL_COUNT, 0},
	[DELAY] = {"delay_ns", "time", CELL_NS, COL_BAR},
	[LONGEST] = {"longest_ns", "longest", CELL_NS, 0},
	[LONGEST_AT] = {"longest_at_ns", "at", CELL_TIME, 0},
	[LONGEST_OF] = {"longest_goroutine", "of", CELL_ID, COL_GO},
	[GROUP] = {"group", "group", CELL_TEXT, COL_GROUP},
	[REASON] = {"reason", "reason", CELL_TEXT, 0},
	[REGION] = {"region", "region", CELL_TEXT, COL_QUIET},
	[TASK] = {"task", "task", CELL_TEXT, COL_QUIET},
};

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct mine *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_profile_sample *s = &m->p.samples[i];
	c[STACK].u64 = s->stack;
	c[COUNT].u64 = s->count;
	c[DELAY].ns = s->ns;
	c[LONGEST].ns = s->longest;
	c[LONGEST_AT].ns = s->longest_goroutine ? s->longest_at : -1;
	c[LONGEST_OF].u64 = s->longest_goroutine ? t->g.id.at[s->longest_goroutine] : KYMO_NONE;
	c[GROUP].text = kymo_trace_string(t, s->group);
	c[REASON].text = kymo_trace_string(t, s->reason);
	c[REGION].text = kymo_trace_string(t, s->region);
	c[TASK].text = kymo_trace_string(t, s->task);
}

static enum kymo_status take_options(const struct report *r, struct kymo_profile_options *o,
                                     struct kymo_error *err)
{
	const char *kind = report_param(r, "kind"), *stack = report_param(r, "stack");
	*o = (struct kymo_profile_options){.kind = kymo_profile_find(kind ? kind : ""),
	                                   .rules = r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT,
	                                   .labels = !r->compat};
	if (o->kind == KYMO_PROFILE_COUNT || (r->compat && o->kind > KYMO_PROFILE_SCHED))
		return error_set(err, KYMO_E_RANGE, 0, 0, "there is no profile '%s'%s",
		                 kind ? kind : "", r->compat ? " of Go's" : "");
	if (stack && strcmp(stack, "waiter") != 0 && strcmp(stack, "waker") != 0)
		return error_set(err, KYMO_E_RANGE, 0, 0, "stack can be waiter or waker, not '%s'",
		                 stack);
	if (stack)
		o->stack = strcmp(stack, "waker") == 0 ? KYMO_STACK_WAKER : KYMO_STACK_WAITER;
	return KYMO_OK;
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct mine *m = report_alloc(r, sizeof *m, mine_free);
	char n[REPORT_NUMBER], d[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	enum kymo_status st = take_options(r, &m->o, err);
	if (st != KYMO_OK)
		return st;
	if (kymo_profile_compute(r->trace, &r->sel, &m->o, &m->p) != KYMO_OK)
		return error_memory(err);
	report_head(r, "%s of %s, %s", report_count(n, m->p.total), kymo_profile_name(m->o.kind),
	            report_duration(d, m->p.total_ns));
	r->as_array = true;
	return report_table(r, &(struct table){.key = "samples",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->p.count,
	                                       .row = row,
	                                       .ctx = m})
	               ? KYMO_OK
	               : error_memory(err);
}

const struct kymo_profile *report_profile_of(const struct report *r)
{
	const struct mine *m = r->tables.at[0].ctx;
	return &m->p;
}

const struct kymo_profile_options *report_profile_options(const struct report *r)
{
	const struct mine *m = r->tables.at[0].ctx;
	return &m->o;
}

static const struct report_param_def params[] = {
	{"kind", "KIND", "net, sync, syscall, sched, block, create, stw, cpu"},
	{"stack", "WHOSE", "waiter or waker"},
	{0},
};

const struct report_def report_profile = {
	"profile",
	"waiting by stack",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	params,
	"",
	run,
};
