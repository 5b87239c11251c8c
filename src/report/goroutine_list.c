/* SPDX-License-Identifier: MIT */
/*
 * A row per goroutine. The sums that a table may be sorted by are computed once; what else a row shows (waits by reason,
 * ranges) when it is shown, because there may be millions.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/select.h"
#include "analysis/times.h"
#include "report/goroutines.h"

#define NAMED_MAX 64

struct member {
	struct kymo_times times;
	kymo_ns blocked;
	kymo_goroutine_ix g;
	uint32_t kept;  // its waits by reason begin there in `blocks`; NOT_KEPT: found anew when they are shown
};
#define NOT_KEPT UINT32_MAX
#define KEPT_FROM 256  // records of a goroutine from which on that would take long

struct list {
	const struct report *r;
	VEC(struct member) members;
	VEC(struct kymo_named_ns)
	blocks;  // of each that is kept, and after its last one of no length
	struct life_classes classes;
	uint32_t *range_from, *ranges;  // rows of the trace's ranges by goroutine
};

static void list_free(void *p)
{
	struct list *m = p;
	vec_free(&m->members);
	vec_free(&m->blocks);
	life_classes_free(&m->classes);
	free(m->range_from);
	free(m->ranges);
}

enum {
	ID,
	NAME,
	BEGIN,
	END,
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
	CREATOR,
	CREATE_STACK,
	FIRST_STACK,
	LAST_STACK,
	COLUMNS
};
static const struct column columns[COLUMNS] = {
	[ID] = {"goroutine", "goroutine", CELL_ID, COL_GO},
	[NAME] = {"name", "function", CELL_TEXT, COL_QUIET | COL_GROUP},
	[BEGIN] = {"begin_ns", "begin", CELL_TIME, 0},
	[END] = {"end_ns", "end", CELL_TIME, COL_QUIET},
	[TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[EXECUTION] = {"execution_ns", "running", CELL_NS, 0},
	[SCHED_WAIT] = {"sched_wait_ns", "runnable", CELL_NS, 0},
	[SYSCALL] = {"syscall_ns", "syscall", CELL_NS, COL_WIDE},
	[SYSCALL_BLOCK] = {"syscall_block_ns", "no proc", CELL_NS, COL_WIDE},
	[BLOCKED] = {"blocked_ns", "blocked", CELL_NS, COL_EYES},
	[BLOCK] = {"block_ns", "mostly", CELL_NAMED, COL_WIDE},
	[RANGE] = {"range_ns", "ranges", CELL_NAMED, COL_QUIET},
	[UNKNOWN] = {"unknown_ns", "unknown", CELL_NS, COL_QUIET},
	[LIFE] = {"life", "life", CELL_LIFE, COL_WIDE},
	[CREATOR] = {"creator", "creator", CELL_ID, COL_GO | COL_WIDE},
	[CREATE_STACK] = {"create_stack", "created at", CELL_STACK, COL_LAST},
	[FIRST_STACK] = {"first_stack", "first stack", CELL_STACK, COL_QUIET},
	[LAST_STACK] = {"last_stack", "last stack", CELL_STACK, COL_QUIET},
};

/* What of a goroutine's ranges is selected, by name. */
static size_t add_ranges(const struct list *m, kymo_goroutine_ix g, struct kymo_named_ns *out)
{
	const struct kymo_trace *t = m->r->trace;
	size_t count = 0;
	for (uint32_t i = m->range_from[g]; i < m->range_from[g + 1]; i++) {
		uint32_t row = m->ranges[i];
		struct kymo_interval p;
		kymo_ns sum = 0;
		size_t k = 0;
		for (uint32_t n = 0; select_piece(t, &m->r->sel, g, n, &p); n++)
			sum += select_overlap(&p, t->ranges.start[row], t->ranges.end[row]);
		while (k < count && out[k].name != t->ranges.name[row])
			k++;
		if (sum == 0 || k == NAMED_MAX)
			continue;
		if (k == count)
			out[count++] = (struct kymo_named_ns){t->ranges.name[row], 0};
		out[k].ns += sum;
	}
	return count;
}

/* The stack that the goroutine showed last: where it waits, or stopped. */
static kymo_stack_ix last_stack(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_stack_ix last = 0;
	// From a little before the end on; from the beginning only if nothing was found there.
	const kymo_ns end = t->g.end.at[g], begin = t->g.begin.at[g];
	for (kymo_ns back = 1000000; !last; back *= 64) {
		kymo_ns at = end - begin > back ? end - back : begin;
		kymo_span_seek(t, g, at, &c);
		while (kymo_span_next(&c, &s))
			last = s.stack ? s.stack : last;
		if (at == begin)
			break;
	}
	return last ? last : t->g.start_stack.at[g];
}

/* One of the cells that cost nothing: those to sort by. */
static void sort_cell(const void *ctx, size_t i, size_t column, union cell *c)
{
	const struct list *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct member *x = &m->members.at[i];
	kymo_goroutine_ix g = x->g;
	switch (column) {
	case ID: c->u64 = t->g.id.at[g]; break;
	case NAME: c->text = kymo_trace_string(t, t->g.name.at[g]); break;
	case BEGIN: c->ns = t->g.begin.at[g]; break;
	case END: c->ns = t->g.flags.at[g] & KYMO_G_ENDED ? t->g.end.at[g] : -1; break;
	case TOTAL: c->ns = x->times.total; break;
	case EXECUTION: c->ns = x->times.execution; break;
	case SCHED_WAIT: c->ns = x->times.sched_wait; break;
	case SYSCALL: c->ns = x->times.syscall; break;
	case SYSCALL_BLOCK: c->ns = x->times.syscall_block; break;
	case BLOCKED: c->ns = x->blocked; break;
	case UNKNOWN: {
		kymo_ns known = x->times.execution + x->times.sched_wait + x->times.syscall +
		                x->times.syscall_block + x->blocked;
		c->ns = x->times.total > known ? x->times.total - known : 0;
		break;
	}
	case CREATOR:
		c->u64 = t->g.creator.at[g] ? t->g.id.at[t->g.creator.at[g]] : KYMO_NONE;
		break;
	default: break;
	}
}

static void row(const void *ctx, size_t i, union cell *c)
{
	// Valid until the next row on this thread: a renderer looks at one row at a time.
	static _Thread_local struct kymo_named_ns block[NAMED_MAX], range[NAMED_MAX];
	const struct list *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct member *x = &m->members.at[i];
	enum kymo_rules rules = m->r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	size_t blocks = 0, ranges = 0;
	for (size_t k = 0; k < COLUMNS; k++)
		sort_cell(ctx, i, k, &c[k]);
	const struct kymo_named_ns *waits = block;
	if (x->kept == NOT_KEPT) {
		struct kymo_times same;
		times_of_blocks(t, x->g, &m->r->sel, rules, &same, block, &blocks, NAMED_MAX);
		blocks = blocks < NAMED_MAX ? blocks : NAMED_MAX;
	} else {
		waits = m->blocks.at + x->kept;
		while (waits[blocks].ns)
			blocks++;
	}
	ranges = add_ranges(m, x->g, range);
	c[BLOCK].named.at = waits;
	c[BLOCK].named.count = blocks;
	c[RANGE].named.at = range;
	c[RANGE].named.count = ranges;
	life_of(&m->classes, t->g.name.at[x->g], &x->times, waits, blocks, c[LIFE].life);
	c[CREATE_STACK].u64 = t->g.create_stack.at[x->g];
	c[FIRST_STACK].u64 = t->g.start_stack.at[x->g];
	c[LAST_STACK].u64 = last_stack(t, x->g);
}

static bool index_ranges(struct list *m)
{
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_ranges *r = &t->ranges;
	uint32_t n = t->goroutines.count;
	m->range_from = calloc((size_t)n + 2, sizeof *m->range_from);
	m->ranges = malloc(((size_t)r->count + 1) * sizeof *m->ranges);
	if (!m->range_from || !m->ranges)
		return false;
	for (uint32_t i = 0; i < r->count; i++)
		if (r->kind[i] != KYMO_RANGE_GC)
			m->range_from[r->goroutine[i] + 2]++;
	for (uint32_t g = 1; g <= n; g++)
		m->range_from[g + 1] += m->range_from[g];
	for (uint32_t i = 0; i < r->count; i++)
		if (r->kind[i] != KYMO_RANGE_GC)
			m->ranges[m->range_from[r->goroutine[i] + 1]++] = i;
	return true;
}

static bool add_members(struct list *m)
{
	const struct report *r = m->r;
	const struct kymo_trace *t = r->trace;
	struct times a;
	bool ok = times_begin(&a, t, &r->sel, r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT);
	bool cut = r->sel.piece_from || r->sel.from > 0 || r->sel.to < t->info.duration;
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count && ok; g++) {
		struct member x = {.g = g};
		struct kymo_interval p;
		if (!select_has(&r->sel, g) || (cut && !select_piece(t, &r->sel, g, 0, &p)))
			continue;
		times_add(&a, g, &x.times);
		bool keep = t->g.span_records.at[g] >= KEPT_FROM;
		x.kept = keep ? (uint32_t)m->blocks.count : NOT_KEPT;
		for (size_t c = 0; c < t->reasons.count && ok; c++) {
			if (!a.block[c])
				continue;
			x.blocked += a.block[c];
			ok = !keep ||
			     vec_push(&m->blocks,
			              ((struct kymo_named_ns){t->reasons.at[c], a.block[c]}));
			a.block[c] = 0;
		}
		ok = ok && (!keep || vec_push(&m->blocks, ((struct kymo_named_ns){0, 0})));
		ok = ok && vec_push(&m->members, x);
	}
	times_end(&a);
	return ok;
}

enum kymo_status report_goroutine_list(struct report *r, struct kymo_error *err)
{
	struct list *m = report_alloc(r, sizeof *m, list_free);
	char n[REPORT_NUMBER], d[REPORT_NUMBER];
	const char *group = report_param(r, "group");
	if (!m)
		return error_memory(err);
	m->r = r;
	if (!life_classes_make(&m->classes, r->trace) || !index_ranges(m) || !add_members(m))
		return error_memory(err);
	report_head(r, "%s goroutine%s%s%s in %s", report_count(n, m->members.count),
	            m->members.count == 1 ? "" : "s", group ? " of " : "",
	            !group   ? ""
	            : *group ? group
	                     : "(no stack seen)",
	            report_duration(d, r->sel.to - r->sel.from));
	return report_table(r, &(struct table){.key = "goroutines",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->members.count,
	                                       .row = row,
	                                       .sort_cell = sort_cell,
	                                       .ctx = m,
	                                       .sort = "total_ns"})
	               ? KYMO_OK
	               : error_memory(err);
}
