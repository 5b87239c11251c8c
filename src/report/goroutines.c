/* SPDX-License-Identifier: MIT */
/* kymo goroutines: where the goroutines of each start function spent their time. */
#include "report/goroutines.h"

#include <stdlib.h>

struct groups {
	const struct report *r;
	struct kymo_goroutine_groups g;
	struct life_classes classes;
};

static void groups_free(void *p)
{
	struct groups *m = p;
	kymo_goroutine_groups_free(&m->g);
	life_classes_free(&m->classes);
}

/* The keys up to range_ns, in this order, are a contract. */
enum {
	NAME,
	COUNT,
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
	EXECUTION_P50,
	EXECUTION_P90,
	EXECUTION_P99,
	EXECUTION_MAX,
	SCHED_P50,
	SCHED_P90,
	SCHED_P99,
	SCHED_MAX,
	TOTAL_P50,
	TOTAL_P90,
	TOTAL_P99,
	TOTAL_MAX,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[NAME] = {"name", "function", CELL_TEXT, COL_LAST | COL_GROUP},
	[COUNT] = {"count", "count", CELL_COUNT, 0},
	[TOTAL] = {"total_ns", "total", CELL_NS, COL_QUIET},
	[EXECUTION] = {"execution_ns", "running", CELL_NS, COL_BAR},
	[SCHED_WAIT] = {"sched_wait_ns", "runnable", CELL_NS, 0},
	[SYSCALL] = {"syscall_ns", "syscall", CELL_NS, COL_WIDE},
	[SYSCALL_BLOCK] = {"syscall_block_ns", "no proc", CELL_NS, COL_WIDE},
	[BLOCKED] = {"blocked_ns", "blocked", CELL_NS, COL_EYES},
	[BLOCK] = {"block_ns", "mostly", CELL_NAMED, COL_WIDE},
	[RANGE] = {"range_ns", "ranges", CELL_NAMED, COL_QUIET},
	[UNKNOWN] = {"unknown_ns", "unknown", CELL_NS, COL_QUIET},
	[LIFE] = {"life", "life", CELL_LIFE, COL_WIDE},
	[EXECUTION_P50] = {"execution_p50_ns", "running p50", CELL_NS, COL_QUIET},
	[EXECUTION_P90] = {"execution_p90_ns", "running p90", CELL_NS, COL_QUIET},
	[EXECUTION_P99] = {"execution_p99_ns", "running p99", CELL_NS, COL_QUIET},
	[EXECUTION_MAX] = {"execution_max_ns", "running max", CELL_NS, COL_QUIET},
	[SCHED_P50] = {"sched_wait_p50_ns", "runnable p50", CELL_NS, COL_QUIET},
	[SCHED_P90] = {"sched_wait_p90_ns", "runnable p90", CELL_NS, COL_QUIET},
	[SCHED_P99] = {"sched_wait_p99_ns", "runnable p99", CELL_NS, COL_QUIET},
	[SCHED_MAX] = {"sched_wait_max_ns", "runnable max", CELL_NS, COL_QUIET},
	[TOTAL_P50] = {"total_p50_ns", "life p50", CELL_NS, COL_QUIET},
	[TOTAL_P90] = {"total_p90_ns", "life p90", CELL_NS, COL_QUIET},
	[TOTAL_P99] = {"total_p99_ns", "life p99", CELL_NS, COL_QUIET},
	[TOTAL_MAX] = {"total_max_ns", "life max", CELL_NS, COL_QUIET},
};

static void put_spread(union cell *c, const struct kymo_spread *s)
{
	c[0].ns = s->p50;
	c[1].ns = s->p90;
	c[2].ns = s->p99;
	c[3].ns = s->max;
}

static void row(const void *ctx, size_t i, union cell *c)
{
	const struct groups *m = ctx;
	const struct kymo_times *x = &m->g.times[i];
	const struct kymo_named_ns *block = m->g.block + m->g.block_from[i];
	size_t blocks = m->g.block_from[i + 1] - m->g.block_from[i];
	c[NAME].text = kymo_trace_string(m->r->trace, m->g.name[i]);
	c[COUNT].u64 = m->g.goroutines[i];
	c[TOTAL].ns = x->total;
	c[EXECUTION].ns = x->execution;
	c[SCHED_WAIT].ns = x->sched_wait;
	c[SYSCALL].ns = x->syscall;
	c[SYSCALL_BLOCK].ns = x->syscall_block;
	c[BLOCKED].ns = 0;
	for (size_t k = 0; k < blocks; k++)
		c[BLOCKED].ns += block[k].ns;
	c[BLOCK].named.at = block;
	c[BLOCK].named.count = blocks;
	c[RANGE].named.at = m->g.range + m->g.range_from[i];
	c[RANGE].named.count = m->g.range_from[i + 1] - m->g.range_from[i];
	kymo_ns known = x->execution + x->sched_wait + x->syscall + x->syscall_block + c[BLOCKED].ns;
	c[UNKNOWN].ns = x->total > known ? x->total - known : 0;
	life_of(&m->classes, m->g.name[i], x, block, blocks, c[LIFE].life);
	put_spread(c + EXECUTION_P50, &m->g.execution[i]);
	put_spread(c + SCHED_P50, &m->g.sched_wait[i]);
	put_spread(c + TOTAL_P50, &m->g.total[i]);
}

enum kymo_status report_goroutine_groups(struct report *r, struct kymo_error *err)
{
	struct groups *m = report_alloc(r, sizeof *m, groups_free);
	char n[REPORT_NUMBER], k[REPORT_NUMBER], d[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	m->r = r;
	enum kymo_rules rules = r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	if (!life_classes_make(&m->classes, r->trace) ||
	    kymo_goroutine_groups_compute(r->trace, r->sel.whole ? NULL : &r->sel, rules, &m->g) !=
	            KYMO_OK)
		return error_memory(err);
	uint64_t goroutines = 0;
	for (size_t i = 0; i < m->g.count; i++)
		goroutines += m->g.goroutines[i];
	report_head(r, "%s goroutine%s of %s start function%s in %s", report_count(n, goroutines),
	            goroutines == 1 ? "" : "s", report_count(k, m->g.count),
	            m->g.count == 1 ? "" : "s", report_duration(d, r->sel.to - r->sel.from));
	r->as_array = true;
	return report_table(r, &(struct table){.key = "groups",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->g.count,
	                                       .row = row,
	                                       .ctx = m})
	               ? KYMO_OK
	               : error_memory(err);
}

/* The last life under the id. */
static enum kymo_status story_of(struct report *r, const char *id, struct kymo_error *err)
{
	kymo_goroutine_ix g = kymo_trace_find_goroutine(r->trace, strtoull(id, NULL, 10));
	if (!g)
		return error_set(err, KYMO_E_RANGE, 0, 0, "the trace has no goroutine %s", id);
	return report_goroutine_story(r, g, err);
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	const char *id = report_param(r, "goroutine");
	bool cut = r->sel.piece_from || r->sel.from > 0 ||
	           r->sel.to < kymo_trace_info(r->trace)->duration;
	if (r->compat && cut)
		return error_set(
			err, KYMO_E_RANGE, 0, 0,
			"Go's tool sums up whole lives only: compat goes with no window, task or region");
	if (id && !r->compat && !report_flag(r, "list"))
		return story_of(r, id, err);
	if (report_param(r, "group") || report_flag(r, "list"))
		return report_goroutine_list(r, err);
	return report_goroutine_groups(r, err);
}

static const struct report_param_def params[] = {
	{"list", NULL, "a row per goroutine instead of one per group (--group NAME does so too)"},
	{0},
};

const struct report_def report_goroutines = {
	"goroutines",
	"time by start function and state",
	PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION,
	params,
	"Groups the goroutines by the function they began in, longest execution first, and sums\n"
	"how long each group was running, runnable (waiting for a proc), in system calls (with a\n"
	"proc, and after it was taken away: \"no proc\") and blocked. --group NAME lists the\n"
	"goroutines of one group; --goroutine ID tells one goroutine's story.\n",
	run,
};
