/* SPDX-License-Identifier: MIT */
/* kymo sched: how long goroutines waited for a proc, how many did, and what the procs did meanwhile. */
#include <kymo/sched.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

struct result {
	const struct report *r;
	struct kymo_sched s;
	kymo_ns bounds[HIST_BUCKETS];
	struct hist hist;
	size_t *depths;  // those at which time was spent
	size_t depth_count;
};

static void result_free(void *p)
{
	struct result *m = p;
	kymo_sched_free(&m->s);
	free(m->depths);
}

static double share(kymo_ns part, kymo_ns whole)
{
	return whole > 0 ? (double)part / (double)whole : NAN;
}

/* ---- waits ---- */

enum { COUNT, TOTAL, P50, P90, P99, MAX, NAME, GROUP_COLUMNS, CAUSE = NAME, REASON, CAUSE_COLUMNS };

#define LATENCY_CELLS \
	[COUNT] = {"count", "waits", CELL_COUNT, 0}, [TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR}, \
	[P50] = {"p50_ns", "p50", CELL_NS, 0}, [P90] = {"p90_ns", "p90", CELL_NS, COL_WIDE}, \
	[P99] = {"p99_ns", "p99", CELL_NS, 0}, [MAX] = {"max_ns", "max", CELL_NS, 0}

static const struct column group_columns[GROUP_COLUMNS] = {
	LATENCY_CELLS,
	[NAME] = {"name", "function", CELL_TEXT, COL_LAST | COL_GROUP},
};
static const struct column cause_columns[CAUSE_COLUMNS] = {
	LATENCY_CELLS,
	[CAUSE] = {"cause", "became runnable", CELL_TEXT, 0},
	[REASON] = {"reason", "reason", CELL_TEXT, 0},
};

static void put_latency(const struct kymo_latency *l, union cell *c)
{
	c[COUNT].u64 = l->count;
	c[TOTAL].ns = l->total;
	c[P50].ns = l->p50;
	c[P90].ns = l->p90;
	c[P99].ns = l->p99;
	c[MAX].ns = l->max;
}

static void group_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	put_latency(&m->s.group[i], c);
	c[NAME].text = kymo_trace_string(m->r->trace, m->s.group_name[i]);
}

static void cause_row(const void *ctx, size_t i, union cell *c)
{
	static const char *const names[] = {
		[KYMO_CAUSE_STATUS] = "before the trace",
		[KYMO_CAUSE_CREATED] = "created",
		[KYMO_CAUSE_WOKEN] = "woken",
		[KYMO_CAUSE_STOPPED] = "stopped",
		[KYMO_CAUSE_STARTED] = "started",
		[KYMO_CAUSE_SYSCALL] = "syscall",
		[KYMO_CAUSE_SYSCALL_EXIT] = "syscall exit",
		[KYMO_CAUSE_PROC_LOST] = "proc lost",
	};
	const struct result *m = ctx;
	const struct kymo_sched_cause *x = &m->s.cause[i];
	put_latency(&x->latency, c);
	c[CAUSE].text = (struct kymo_str){names[x->cause], strlen(names[x->cause])};
	c[REASON].text = kymo_trace_string(m->r->trace, x->reason);
}

static const struct column hist_columns[] = {
	{"latency_ns", "wait", CELL_NS, COL_ASC},
	{"count", "waits", CELL_COUNT, 0},
};

static void hist_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	c[0].ns = hist_lower((unsigned)i);
	c[1].u64 = m->hist.count[i];
}

/* ---- procs ---- */

enum { PROC, BUSY, RUNNING, GC, SYSCALL, SCHEDULING, IDLE, ABSENT, PROC_COLUMNS };
static const struct column proc_columns[PROC_COLUMNS] = {
	[PROC] = {"proc", "proc", CELL_ID, COL_ASC},
	[BUSY] = {"utilization", "used", CELL_RATIO, COL_BAR},
	[RUNNING] = {"running_ns", "running", CELL_NS, 0},
	[GC] = {"gc_ns", "GC workers", CELL_NS, 0},
	[SYSCALL] = {"syscall_ns", "syscall", CELL_NS, 0},
	[SCHEDULING] = {"scheduling_ns", "scheduling", CELL_NS, 0},
	[IDLE] = {"idle_ns", "idle", CELL_NS, 0},
	[ABSENT] = {"absent_ns", "absent", CELL_NS, COL_WIDE},
};

static void proc_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_sched_proc *p = &m->s.proc[i];
	kymo_ns busy = p->running + p->gc + p->syscall;
	c[PROC].u64 = p->id;
	c[BUSY].f64 = share(busy, busy + p->scheduling + p->idle);
	c[RUNNING].ns = p->running;
	c[GC].ns = p->gc;
	c[SYSCALL].ns = p->syscall;
	c[SCHEDULING].ns = p->scheduling;
	c[IDLE].ns = p->idle;
	c[ABSENT].ns = p->absent;
}

/* ---- over time ---- */

enum {
	SLICE_FROM,
	SLICE_TO,
	SLICE_COUNT,
	SLICE_TOTAL,
	SLICE_P50,
	SLICE_P90,
	SLICE_P99,
	SLICE_MAX,
	DEPTH_MEAN,
	DEPTH_MAX,
	SLICE_BUSY,
	SLICE_COLUMNS
};
static const struct column slice_columns[SLICE_COLUMNS] = {
	[SLICE_FROM] = {"from_ns", "from", CELL_TIME, COL_ASC},
	[SLICE_TO] = {"to_ns", "to", CELL_TIME, COL_ASC},
	[SLICE_COUNT] = {"count", "waits", CELL_COUNT, 0},
	[SLICE_TOTAL] = {"total_ns", "total", CELL_NS, 0},
	[SLICE_P50] = {"p50_ns", "p50", CELL_NS, 0},
	[SLICE_P90] = {"p90_ns", "p90", CELL_NS, 0},
	[SLICE_P99] = {"p99_ns", "p99", CELL_NS, 0},
	[SLICE_MAX] = {"max_ns", "max", CELL_NS, 0},
	[DEPTH_MEAN] = {"depth_mean", "mean depth", CELL_NUMBER, 0},
	[DEPTH_MAX] = {"depth_max", "most", CELL_COUNT, 0},
	[SLICE_BUSY] = {"utilization", "used", CELL_RATIO, 0},
};

static void slice_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_sched_slice *s = &m->s.slice[i];
	bool any = s->latency.count > 0;
	c[SLICE_FROM].ns = s->from;
	c[SLICE_TO].ns = s->to;
	c[SLICE_COUNT].u64 = s->latency.count;
	c[SLICE_TOTAL].ns = s->latency.total;
	c[SLICE_P50].ns = any ? s->latency.p50 : -1;
	c[SLICE_P90].ns = any ? s->latency.p90 : -1;
	c[SLICE_P99].ns = any ? s->latency.p99 : -1;
	c[SLICE_MAX].ns = any ? s->latency.max : -1;
	c[DEPTH_MEAN].f64 = s->depth_mean;
	c[DEPTH_MAX].u64 = s->depth_max;
	c[SLICE_BUSY].f64 = share(s->running + s->syscall, s->available);
}

static const struct column depth_columns[] = {
	{"depth", "runnable", CELL_COUNT, COL_ASC},
	{"time_ns", "time", CELL_NS, 0},
	{"share", "share", CELL_RATIO, 0},
};

static void depth_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	size_t depth = m->depths[i];
	c[0].u64 = depth;
	c[1].ns = m->s.at_depth[depth];
	c[2].f64 = share(m->s.at_depth[depth], m->s.to - m->s.from);
}

static const struct column starved_columns[] = {
	{"start_ns", "time", CELL_TIME, 0},
	{"duration_ns", "duration", CELL_NS, COL_BAR},
	{"runnable", "most runnable", CELL_COUNT, 0},
	{"idle_procs", "most idle procs", CELL_COUNT, 0},
};

static void starved_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	const struct kymo_sched_starved *s = &m->s.starved_longest[i];
	c[0].ns = s->from;
	c[1].ns = s->to - s->from;
	c[2].u64 = s->runnable;
	c[3].u64 = s->idle;
}

/* ---- the whole ---- */

static void put_ns(struct report *r, const char *key, const char *title, kymo_ns ns)
{
	report_field(r, key, title, CELL_NS, (union cell){.ns = ns});
}

static void put_fields(struct report *r, const struct kymo_sched *s)
{
	kymo_ns busy = 0;
	for (size_t i = 0; i < s->proc_count; i++)
		busy += s->proc[i].running + s->proc[i].gc + s->proc[i].syscall;
	report_field(r, "waits", "waits for a proc", CELL_COUNT, (union cell){.u64 = s->all.count});
	put_ns(r, "total_ns", "  in all", s->all.total);
	put_ns(r, "p50_ns", "  p50", s->all.p50);
	put_ns(r, "p90_ns", "  p90", s->all.p90);
	put_ns(r, "p99_ns", "  p99", s->all.p99);
	put_ns(r, "max_ns", "  longest", s->all.max);
	report_field(r, "depth_mean", "runnable, mean", CELL_NUMBER,
	             (union cell){.f64 = s->depth_mean});
	report_field(r, "depth_max", "  most", CELL_COUNT, (union cell){.u64 = s->depth_max});
	put_ns(r, "depth_0_ns", "  none for", s->depth_count ? s->at_depth[0] : 0);
	report_field(r, "utilization", "procs in use", CELL_RATIO,
	             (union cell){.f64 = share(busy, s->available)});
	put_ns(r, "starved_ns", "runnable while a proc is idle", s->starved);
	report_field(r, "starved_share", "  of the time", CELL_RATIO,
	             (union cell){.f64 = share(s->starved, s->to - s->from)});
	report_field(r, "starved_count", "  times", CELL_COUNT,
	             (union cell){.u64 = s->starved_count});
}

static bool put_tables(struct report *r, struct result *m, size_t buckets)
{
	const struct kymo_sched *s = &m->s;
	const struct table tables[] = {
		{.key = "groups",
	         .title = "waits by function",
	         .columns = group_columns,
	         .column_count = GROUP_COLUMNS,
	         .rows = s->group_count,
	         .row = group_row,
	         .sort = "total_ns"},
		{.key = "causes",
	         .title = "waits by cause",
	         .columns = cause_columns,
	         .column_count = CAUSE_COLUMNS,
	         .rows = s->cause_count,
	         .row = cause_row,
	         .fixed = true},
		{.key = "procs",
	         .title = "procs",
	         .columns = proc_columns,
	         .column_count = PROC_COLUMNS,
	         .rows = s->proc_count,
	         .row = proc_row,
	         .fixed = true},
		{.key = "starved",
	         .title = "the longest times in which a proc was idle though a goroutine was runnable",
	         .columns = starved_columns,
	         .column_count = 4,
	         .rows = s->starved_listed,
	         .row = starved_row,
	         .fixed = true},
		{.key = "histogram",
	         .title = "waits by length",
	         .columns = hist_columns,
	         .column_count = 2,
	         .rows = buckets,
	         .row = hist_row,
	         .quiet = true,
	         .fixed = true},
		{.key = "slices",
	         .title = "over time",
	         .columns = slice_columns,
	         .column_count = SLICE_COLUMNS,
	         .rows = s->slice_count,
	         .row = slice_row,
	         .quiet = true,
	         .fixed = true},
		{.key = "depth",
	         .title = "time by how many are runnable",
	         .columns = depth_columns,
	         .column_count = 3,
	         .rows = m->depth_count,
	         .row = depth_row,
	         .quiet = true,
	         .fixed = true},
	};
	const struct plot plots[] = {
		{.title = "runnable goroutines",
	         .table = "slices",
	         .x = "from_ns",
	         .y = {"depth_max", "depth_mean"},
	         .y_kind = CELL_COUNT,
	         .steps = true},
		{.title = "waits for a proc",
	         .table = "slices",
	         .x = "from_ns",
	         .y = {"p99_ns", "p50_ns"},
	         .y_kind = CELL_NS,
	         .steps = true},
		{.title = "waits by length",
	         .table = "histogram",
	         .x = "latency_ns",
	         .y = {"count"},
	         .y_kind = CELL_COUNT,
	         .log_x = true,
	         .steps = true},
	};
	bool ok = true;
	for (size_t i = 0; i < sizeof tables / sizeof *tables && ok; i++) {
		struct table t = tables[i];
		t.ctx = m;
		ok = report_table(r, &t);
	}
	for (size_t i = 0; i < sizeof plots / sizeof *plots && ok; i++)
		if (s->all.count && s->slice_count > 1)
			ok = report_plot(r, &plots[i]);
	return ok;
}

/* The least whole ns of each bucket: hist_lower rounds down, into the bucket before. */
static void make_bounds(struct result *m)
{
	for (unsigned k = 0; k < HIST_BUCKETS; k++) {
		kymo_ns low = hist_lower(k);
		m->bounds[k] = k && hist_bucket(low) < k && low < KYMO_NS_MAX ? low + 1 : low;
		if (k && m->bounds[k] < m->bounds[k - 1])
			m->bounds[k] = m->bounds[k - 1];
	}
}

static bool find_depths(struct result *m)
{
	m->depths = malloc((m->s.depth_count + 1) * sizeof *m->depths);
	for (size_t i = 0; m->depths && i < m->s.depth_count; i++)
		if (m->s.at_depth[i])
			m->depths[m->depth_count++] = i;
	return m->depths != NULL;
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct result *m = report_alloc(r, sizeof *m, result_free);
	char a[REPORT_NUMBER], b[REPORT_NUMBER], c[REPORT_NUMBER], d[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	make_bounds(m);
	struct kymo_sched_options options = {.bounds = m->bounds, .bound_count = HIST_BUCKETS};
	enum kymo_status st = kymo_sched_compute(r->trace, &r->sel, &options, &m->s);
	if (st == KYMO_E_LIMIT)
		return error_set(err, st, 0, 0, "too many start functions");
	if (st != KYMO_OK || !find_depths(m))
		return error_memory(err);
	size_t buckets = 0;
	for (size_t k = 0; k < HIST_BUCKETS; k++) {
		m->hist.count[k] = m->s.histogram[k];
		if (m->hist.count[k])
			buckets = k + 1;
	}
	const struct kymo_latency *all = &m->s.all;
	report_head(r, "%s wait%s for a proc, %s in all: p50 %s, p99 %s", report_count(a, all->count),
	            all->count == 1 ? "" : "s", report_duration(b, all->total),
	            report_duration(c, all->p50), report_duration(d, all->p99));
	put_fields(r, &m->s);
	return put_tables(r, m, buckets) ? KYMO_OK : error_memory(err);
}

const struct report_def report_sched = {
	"sched",
	"the scheduler: waits for a proc, how many were runnable, what the procs did",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	NULL,
	"Says how long goroutines waited for a proc once they could run: by start function, by what made them\n"
	"runnable, by length, over time; how many were runnable at once; what each proc did; and the times in\n"
	"which a proc was idle although a goroutine was runnable.\n"
	"--goroutine and the like choose whose waits count; the rest is of the whole program.\n",
	run,
};
