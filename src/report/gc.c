/* SPDX-License-Identifier: MIT */
/* kymo gc: cycles with their phases, stops of the world, assists and sweeps by group, the heap. */
#include <kymo/gc.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

struct result {
	const struct report *r;
	struct kymo_gc gc;
	size_t heap_from;  // slices before the heap is known are left out
};

static void result_free(void *p)
{
	kymo_gc_free(&((struct result *)p)->gc);
}

static uint64_t id_of(const struct result *m, kymo_goroutine_ix g)
{
	return g ? kymo_trace_goroutines(m->r->trace)->id[g] : KYMO_NONE;
}

static struct kymo_str name_of(const struct result *m, kymo_goroutine_ix g)
{
	return kymo_trace_string(m->r->trace, kymo_trace_goroutines(m->r->trace)->name[g]);
}

/* ---- cycles ---- */

enum {
	START,
	DURATION,
	SWEEP_TERM,
	MARK,
	MARK_TERM,
	STOPPED,
	STOPS,
	HEAP_START,
	HEAP_PEAK,
	HEAP_END,
	GOAL,
	DEDICATED,
	FRACTIONAL,
	IDLE,
	ASSIST_RUN,
	ASSIST,
	ASSISTS,
	SWEEP,
	SWEPT,
	RECLAIMED,
	STARTER,
	WHOLE,
	CYCLE_COLUMNS
};
static const struct column cycle_columns[CYCLE_COLUMNS] = {
	[START] = {"start_ns", "start", CELL_TIME, COL_ASC},
	[DURATION] = {"duration_ns", "duration", CELL_NS, COL_BAR},
	[SWEEP_TERM] = {"sweep_termination_ns", "sweep term", CELL_NS, COL_WIDE},
	[MARK] = {"mark_ns", "mark", CELL_NS, COL_WIDE},
	[MARK_TERM] = {"mark_termination_ns", "mark term", CELL_NS, COL_WIDE},
	[STOPPED] = {"stopped_ns", "stopped", CELL_NS, 0},
	[STOPS] = {"stops", "stops", CELL_COUNT, COL_QUIET},
	[HEAP_START] = {"heap_start_bytes", "heap", CELL_BYTES, 0},
	[HEAP_PEAK] = {"heap_peak_bytes", "peak", CELL_BYTES, COL_WIDE},
	[HEAP_END] = {"heap_end_bytes", "left", CELL_BYTES, 0},
	[GOAL] = {"heap_goal_bytes", "goal", CELL_BYTES, COL_WIDE},
	[DEDICATED] = {"dedicated_ns", "dedicated", CELL_NS, COL_WIDE},
	[FRACTIONAL] = {"fractional_ns", "fractional", CELL_NS, COL_WIDE},
	[IDLE] = {"idle_ns", "idle", CELL_NS, COL_WIDE},
	[ASSIST_RUN] = {"assist_running_ns", "assists ran", CELL_NS, COL_WIDE},
	[ASSIST] = {"assist_ns", "assists", CELL_NS, COL_QUIET},
	[ASSISTS] = {"assists", "assists", CELL_COUNT, COL_QUIET},
	[SWEEP] = {"sweep_ns", "sweep", CELL_NS, COL_WIDE},
	[SWEPT] = {"swept_bytes", "swept", CELL_BYTES, COL_QUIET},
	[RECLAIMED] = {"reclaimed_bytes", "reclaimed", CELL_BYTES, COL_QUIET},
	[STARTER] = {"goroutine", "goroutine", CELL_ID, COL_GO | COL_QUIET},
	[WHOLE] = {"whole", "whole", CELL_BOOL, COL_QUIET},
};

static void cycle_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_gc_cycle *x = &m->gc.cycle[i];
	c[START].ns = x->start;
	c[DURATION].ns = x->end - x->start;
	c[SWEEP_TERM].ns = x->sweep_termination;
	c[MARK].ns = x->mark;
	c[MARK_TERM].ns = x->mark_termination;
	c[STOPPED].ns = x->stopped;
	c[STOPS].u64 = x->stops;
	c[HEAP_START].u64 = x->heap_start;
	c[HEAP_PEAK].u64 = x->heap_peak;
	c[HEAP_END].u64 = x->heap_end;
	c[GOAL].u64 = x->goal;
	c[DEDICATED].ns = x->worker[KYMO_GC_DEDICATED];
	c[FRACTIONAL].ns = x->worker[KYMO_GC_FRACTIONAL];
	c[IDLE].ns = x->worker[KYMO_GC_IDLE];
	c[ASSIST_RUN].ns = x->assist_running;
	c[ASSIST].ns = x->assist;
	c[ASSISTS].u64 = x->assists;
	c[SWEEP].ns = x->sweep;
	c[SWEPT].u64 = x->swept_bytes;
	c[RECLAIMED].u64 = x->reclaimed_bytes;
	c[STARTER].u64 = id_of(m, x->goroutine);
	c[WHOLE].flag = !x->flags;
}

/* ---- stops ---- */

enum { AT, LENGTH, STOPPING, GOROUTINE, REASON, FUNCTION, STACK, STOP_COLUMNS };
static const struct column stop_columns[STOP_COLUMNS] = {
	[AT] = {"start_ns", "time", CELL_TIME, COL_ASC},
	[LENGTH] = {"duration_ns", "duration", CELL_NS, COL_BAR},
	[STOPPING] = {"stopping_ns", "stopping", CELL_NS, 0},
	[GOROUTINE] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[REASON] = {"reason", "reason", CELL_TEXT, 0},
	[FUNCTION] = {"function", "function", CELL_TEXT, COL_LAST | COL_GROUP},
	[STACK] = {"stack", "at", CELL_STACK, COL_QUIET},
};

/* What stands in the parentheses of "stop-the-world (REASON)". */
static struct kymo_str reason_of(struct kymo_str name)
{
	static const char before[] = "stop-the-world (";
	size_t n = sizeof before - 1;
	if (name.len > n && memcmp(name.ptr, before, n) == 0 && name.ptr[name.len - 1] == ')')
		return (struct kymo_str){name.ptr + n, name.len - n - 1};
	return name;
}

static void stop_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_gc_stop *s = &m->gc.stop[i];
	c[AT].ns = s->start;
	c[LENGTH].ns = s->end - s->start;
	c[STOPPING].ns = s->stopping;
	c[GOROUTINE].u64 = id_of(m, s->goroutine);
	c[REASON].text = reason_of(kymo_trace_string(m->r->trace, s->name));
	c[FUNCTION].text = name_of(m, s->goroutine);
	c[STACK].u64 = s->stack;
}

/* ---- groups ---- */

enum { COUNT, TOTAL, P50, P90, P99, MAX, RUNNING, MEMBERS, GROUP, ASSIST_COLUMNS };
static const struct column assist_columns[ASSIST_COLUMNS] = {
	[COUNT] = {"count", "count", CELL_COUNT, 0},
	[TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[P50] = {"p50_ns", "p50", CELL_NS, 0},
	[P90] = {"p90_ns", "p90", CELL_NS, COL_WIDE},
	[P99] = {"p99_ns", "p99", CELL_NS, 0},
	[MAX] = {"max_ns", "max", CELL_NS, 0},
	[RUNNING] = {"running_ns", "running", CELL_NS, 0},
	[MEMBERS] = {"goroutines", "goroutines", CELL_COUNT, COL_WIDE},
	[GROUP] = {"name", "function", CELL_TEXT, COL_LAST | COL_GROUP},
};

static void put_group(const struct result *m, const struct kymo_gc_group *g, union cell *c)
{
	c[COUNT].u64 = g->time.count;
	c[TOTAL].ns = g->time.total;
	c[P50].ns = g->time.p50;
	c[P90].ns = g->time.p90;
	c[P99].ns = g->time.p99;
	c[MAX].ns = g->time.max;
	c[RUNNING].ns = g->running;
	c[MEMBERS].u64 = g->goroutines;
	c[GROUP].text = kymo_trace_string(m->r->trace, g->name);
}

static void assist_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	put_group(m, &m->gc.assist[i], c);
}

enum { SWEPT_BYTES = RUNNING, RECLAIMED_BYTES = GROUP + 1, SWEEP_COLUMNS };
static const struct column sweep_columns[SWEEP_COLUMNS] = {
	[COUNT] = {"count", "count", CELL_COUNT, 0},
	[TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[P50] = {"p50_ns", "p50", CELL_NS, 0},
	[P90] = {"p90_ns", "p90", CELL_NS, COL_WIDE},
	[P99] = {"p99_ns", "p99", CELL_NS, 0},
	[MAX] = {"max_ns", "max", CELL_NS, 0},
	[SWEPT_BYTES] = {"swept_bytes", "swept", CELL_BYTES, 0},
	[MEMBERS] = {"goroutines", "goroutines", CELL_COUNT, COL_WIDE},
	[GROUP] = {"name", "function", CELL_TEXT, COL_LAST | COL_GROUP},
	[RECLAIMED_BYTES] = {"reclaimed_bytes", "reclaimed", CELL_BYTES, 0},
};

static void sweep_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	put_group(m, &m->gc.sweep[i], c);
	c[SWEPT_BYTES].u64 = m->gc.sweep[i].swept_bytes;
	c[RECLAIMED_BYTES].u64 = m->gc.sweep[i].reclaimed_bytes;
}

/* ---- the heap ---- */

static const struct column heap_columns[] = {
	{"time_ns", "time", CELL_TIME, COL_ASC},
	{"live_min_bytes", "least", CELL_BYTES, 0},
	{"live_bytes", "heap", CELL_BYTES, 0},
	{"goal_bytes", "goal", CELL_BYTES, 0},
};

static void heap_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_gc_heap *h = &m->gc.heap[m->heap_from + i];
	c[0].ns = h->from;
	c[1].u64 = h->live_min;
	c[2].u64 = h->live_max;
	c[3].u64 = h->goal;
}

/* ---- the whole ---- */

static double share(kymo_ns part, kymo_ns whole)
{
	return whole > 0 ? (double)part / (double)whole : NAN;
}

static void put_ns(struct report *r, const char *key, const char *title, kymo_ns ns)
{
	report_field(r, key, title, CELL_NS, (union cell){.ns = ns});
}

static void put_fields(struct report *r, const struct kymo_gc *gc)
{
	kymo_ns work = gc->assist_running;
	for (int i = 0; i < KYMO_GC_WORKERS; i++)
		work += gc->worker[i];
	report_field(r, "cycle_count", "cycles", CELL_COUNT, (union cell){.u64 = gc->cycle_count});
	put_ns(r, "marking_ns", "in mark phases", gc->marking);
	report_field(r, "marking_share", "  of the time", CELL_RATIO,
	             (union cell){.f64 = share(gc->marking, gc->to - gc->from)});
	report_field(r, "cpu_share", "  marking, of the procs' time", CELL_RATIO,
	             (union cell){.f64 = share(work, gc->available)});
	put_ns(r, "dedicated_ns", "dedicated workers", gc->worker[KYMO_GC_DEDICATED]);
	put_ns(r, "fractional_ns", "fractional workers", gc->worker[KYMO_GC_FRACTIONAL]);
	put_ns(r, "idle_ns", "idle workers", gc->worker[KYMO_GC_IDLE]);
	report_field(r, "assist_count", "assists", CELL_COUNT,
	             (union cell){.u64 = gc->assists.count});
	put_ns(r, "assist_ns", "  begin to end", gc->assists.total);
	put_ns(r, "assist_running_ns", "  running", gc->assist_running);
	report_field(r, "stop_count", "stops of the world", CELL_COUNT,
	             (union cell){.u64 = gc->stops.count});
	put_ns(r, "stopped_ns", "  in all", gc->stops.total);
	put_ns(r, "stopped_for_gc_ns", "  for GC", gc->stopped_for_gc);
	put_ns(r, "stop_p50_ns", "  p50", gc->stops.p50);
	put_ns(r, "stop_p99_ns", "  p99", gc->stops.p99);
	put_ns(r, "stop_max_ns", "  longest", gc->stops.max);
	report_field(r, "sweep_count", "sweeps", CELL_COUNT, (union cell){.u64 = gc->sweeps.count});
	put_ns(r, "sweep_ns", "  in all", gc->sweeps.total);
	report_field(r, "swept_bytes", "  swept", CELL_BYTES, (union cell){.u64 = gc->swept_bytes});
	report_field(r, "reclaimed_bytes", "  reclaimed", CELL_BYTES,
	             (union cell){.u64 = gc->reclaimed_bytes});
}

static bool put_tables(struct report *r, struct result *m)
{
	const struct kymo_gc *gc = &m->gc;
	const struct table tables[] = {
		{.key = "cycles",
	         .title = "cycles",
	         .columns = cycle_columns,
	         .column_count = CYCLE_COLUMNS,
	         .rows = gc->cycle_count,
	         .row = cycle_row},
		{.key = "stops",
	         .title = "stops of the world",
	         .columns = stop_columns,
	         .column_count = STOP_COLUMNS,
	         .rows = gc->stop_count,
	         .row = stop_row},
		{.key = "assists",
	         .title = "mark assists",
	         .columns = assist_columns,
	         .column_count = ASSIST_COLUMNS,
	         .rows = gc->assist_count,
	         .row = assist_row,
	         .sort = "total_ns"},
		{.key = "sweeps",
	         .title = "sweeping",
	         .columns = sweep_columns,
	         .column_count = SWEEP_COLUMNS,
	         .rows = gc->sweep_count,
	         .row = sweep_row,
	         .sort = "total_ns"},
		{.key = "heap",
	         .title = "heap",
	         .columns = heap_columns,
	         .column_count = sizeof heap_columns / sizeof *heap_columns,
	         .rows = gc->heap_count - m->heap_from,
	         .row = heap_row,
	         .quiet = true,
	         .fixed = true},
	};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct table t = tables[i];
		t.ctx = m;
		if (!report_table(r, &t))
			return false;
	}
	return gc->heap_count - m->heap_from < 2 ||
	       report_plot(r, &(struct plot){.title = "heap and its goal",
	                                     .table = "heap",
	                                     .x = "time_ns",
	                                     .y = {"live_bytes", "goal_bytes"},
	                                     .y_kind = CELL_BYTES,
	                                     .steps = true});
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct result *m = report_alloc(r, sizeof *m, result_free);
	char a[REPORT_NUMBER], b[REPORT_NUMBER], c[REPORT_NUMBER], d[REPORT_NUMBER];
	if (!m || kymo_gc_compute(r->trace, &r->sel, &m->gc) != KYMO_OK)
		return error_memory(err);
	const struct kymo_gc *gc = &m->gc;
	m->r = r;
	while (m->heap_from < gc->heap_count && gc->heap[m->heap_from].live_max == UINT64_MAX)
		m->heap_from++;
	report_head(r, "%s cycle%s in %s; the world stopped %s time%s for %s",
	            report_count(a, gc->cycle_count), gc->cycle_count == 1 ? "" : "s",
	            report_duration(b, gc->to - gc->from), report_count(c, gc->stops.count),
	            gc->stops.count == 1 ? "" : "s", report_duration(d, gc->stops.total));
	put_fields(r, gc);
	return put_tables(r, m) ? KYMO_OK : error_memory(err);
}

const struct report_def report_gc = {
	"gc",
	"the garbage collector: cycles, stops of the world, assists, sweeping, the heap",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	NULL,
	"Lists the cycles with their phases, heap and work; every stop of the world with its reason, whoever\n"
	"asked for it; mark assists and sweeping by start function; and the heap with its goal over time.\n"
	"--goroutine and the like choose whose assists and sweeps count.\n",
	run,
};
