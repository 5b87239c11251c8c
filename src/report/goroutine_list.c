/* SPDX-License-Identifier: MIT */
/*
 * A row per goroutine. There may be millions, of which a page shows a hundred: what a row shows is computed when it is shown.
 * How long a goroutine lived, by which rows are sorted at first, costs nothing; who sorts by another sum has that of all
 * goroutines computed. Of all of the trace they stay, so that other columns cost no more; of a window they would be more
 * memory than time.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/parallel.h"
#include "analysis/select.h"
#include "analysis/times.h"
#include "report/goroutines.h"

#define NAMED_MAX 64

struct member {
	struct kymo_times times;
	kymo_ns blocked;
};

struct list {
	const struct report *r;
	VEC(kymo_goroutine_ix) g;
	struct member *members;  // of all of the trace, once somebody has sorted by them
	kymo_ns *times;          // likewise of a window, of one column
	size_t column;
	bool lives;  // the time selected is that of a life in the window: no pieces, and nobody blocks for ever
	struct life_classes classes;
	uint32_t *range_from, *ranges;  // rows of the trace's ranges by goroutine
};

static void list_free(void *p)
{
	struct list *m = p;
	vec_free(&m->g);
	free(m->members);
	free(m->times);
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

/* ---- times ---- */

static enum kymo_rules rules_of(const struct list *m)
{
	return m->r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
}

static void add_member(struct times *a, kymo_goroutine_ix g, struct member *x)
{
	*x = (struct member){{0}, 0};
	times_add(a, g, &x->times);
	for (size_t c = 0; c < a->t->reasons.count; c++) {
		x->blocked += a->block[c];
		a->block[c] = 0;
	}
}

static kymo_ns life_in_window(const struct list *m, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = m->r->trace;
	kymo_ns begin = t->g.begin.at[g], end = t->g.end.at[g];
	if (m->r->compat)
		return end - begin;
	begin = begin > m->r->sel.from ? begin : m->r->sel.from;
	end = end < m->r->sel.to ? end : m->r->sel.to;
	return end > begin ? end - begin : 0;
}

/* ---- rows ---- */

static bool is_time(size_t column)
{
	return column == TOTAL || column == EXECUTION || column == SCHED_WAIT || column == SYSCALL ||
	       column == SYSCALL_BLOCK || column == BLOCKED || column == UNKNOWN;
}

static kymo_ns time_of(const struct member *x, size_t column)
{
	const struct kymo_times *t = &x->times;
	switch (column) {
	case TOTAL: return t->total;
	case EXECUTION: return t->execution;
	case SCHED_WAIT: return t->sched_wait;
	case SYSCALL: return t->syscall;
	case SYSCALL_BLOCK: return t->syscall_block;
	case BLOCKED: return x->blocked;
	default: {
		kymo_ns known =
			t->execution + t->sched_wait + t->syscall + t->syscall_block + x->blocked;
		return t->total > known ? t->total - known : 0;
	}
	}
}

/* Threads share them out. */
struct share {
	struct list *m;
	struct parallel *rows;
	bool ok;
};

static void add_share(void *arg)
{
	struct share *s = arg;
	struct list *m = s->m;
	struct times a;
	struct member x;
	s->ok = times_begin(&a, m->r->trace, &m->r->sel, rules_of(m));
	for (size_t i, end; s->ok && parallel_take(s->rows, &i, &end);)
		for (; i < end; i++) {
			add_member(&a, m->g.at[i], &x);
			if (m->members)
				m->members[i] = x;
			else
				m->times[i] = time_of(&x, m->column);
		}
	if (s->ok)
		times_end(&a);
}

/* Has what a column is sorted by computed. False: no memory. One order is made after another: nobody else is here. */
static bool make_times(struct list *m, size_t column)
{
	const struct kymo_selection *sel = &m->r->sel;
	bool all = !sel->piece_from && sel->from <= 0 && sel->to >= m->r->trace->info.duration;
	struct parallel rows;
	struct share s[PARALLEL_MAX];
	if (m->members || (m->times && m->column == column))
		return true;
	if (all)
		m->members = malloc((m->g.count + 1) * sizeof *m->members);
	else if (!m->times)
		m->times = malloc((m->g.count + 1) * sizeof *m->times);
	if (!m->members && !m->times)
		return false;
	m->column = column;
	unsigned n = parallel_begin_rows(&rows, m->r->trace, sel->from, sel->to, m->g.at, m->g.count);
	bool ok = true;
	for (unsigned i = 0; i < n; i++)
		s[i] = (struct share){m, &rows, true};
	parallel_run(n, s, sizeof *s, add_share);
	parallel_end(&rows);
	for (unsigned i = 0; i < n; i++)
		ok = ok && s[i].ok;
	if (!ok) {
		free(m->members);
		free(m->times);
		m->members = NULL;
		m->times = NULL;
	}
	return ok;
}

static void cell_of(const struct kymo_trace *t, kymo_goroutine_ix g, size_t column, union cell *c)
{
	switch (column) {
	case ID: c->u64 = t->g.id.at[g]; break;
	case NAME: c->text = kymo_trace_string(t, t->g.name.at[g]); break;
	case BEGIN: c->ns = t->g.begin.at[g]; break;
	case END: c->ns = t->g.flags.at[g] & KYMO_G_ENDED ? t->g.end.at[g] : -1; break;
	case CREATOR:
		c->u64 = t->g.creator.at[g] ? t->g.id.at[t->g.creator.at[g]] : KYMO_NONE;
		break;
	default: break;
	}
}

/* One goroutine's, and its waits by reason. */
static void one_member(const struct list *m, kymo_goroutine_ix g, struct member *x,
                       struct kymo_named_ns *block, size_t *blocks)
{
	const struct kymo_trace *t = m->r->trace;
	struct times a;
	*x = (struct member){{0}, 0};
	*blocks = 0;
	if (!times_begin(&a, t, &m->r->sel, rules_of(m)))
		return;
	times_add(&a, g, &x->times);
	for (size_t c = 0; c < t->reasons.count; c++) {
		x->blocked += a.block[c];
		if (a.block[c] && *blocks < NAMED_MAX)
			block[(*blocks)++] = (struct kymo_named_ns){t->reasons.at[c], a.block[c]};
	}
	times_end(&a);
}

static void sort_cell(const void *ctx, size_t i, size_t column, union cell *c)
{
	const struct list *m = ctx;
	kymo_goroutine_ix g = m->g.at[i];
	if (!is_time(column)) {
		cell_of(m->r->trace, g, column, c);
	} else if (column == TOTAL && m->lives) {
		c->ns = life_in_window(m, g);
	} else {
		// What is computed for whoever asks first is no part of what the list says.
		struct kymo_named_ns block[NAMED_MAX];
		bool made = make_times((struct list *)(uintptr_t)m, column);
		struct member alone;
		size_t blocks;
		if (!made)
			one_member(m, g, &alone, block, &blocks);
		c->ns = made && m->times ? m->times[i]
		                         : time_of(made ? &m->members[i] : &alone, column);
	}
}

static void row(const void *ctx, size_t i, union cell *c)
{
	// Valid until the next row on this thread: a renderer looks at one row at a time.
	static _Thread_local struct kymo_named_ns block[NAMED_MAX], range[NAMED_MAX];
	const struct list *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	kymo_goroutine_ix g = m->g.at[i];
	struct member x;
	size_t blocks;
	one_member(m, g, &x, block, &blocks);
	for (size_t k = 0; k < COLUMNS; k++)
		if (is_time(k))
			c[k].ns = time_of(&x, k);
		else
			cell_of(t, g, k, &c[k]);
	c[BLOCK].named.at = block;
	c[BLOCK].named.count = blocks;
	c[RANGE].named.at = range;
	c[RANGE].named.count = add_ranges(m, g, range);
	life_of(&m->classes, t->g.name.at[g], &x.times, block, blocks, c[LIFE].life);
	c[CREATE_STACK].u64 = t->g.create_stack.at[g];
	c[FIRST_STACK].u64 = t->g.start_stack.at[g];
	c[LAST_STACK].u64 = last_stack(t, g);
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

static bool list_goroutines(struct list *m)
{
	const struct report *r = m->r;
	const struct kymo_trace *t = r->trace;
	struct times a;
	bool cut = r->sel.piece_from || r->sel.from > 0 || r->sel.to < t->info.duration;
	if (!times_begin(&a, t, &r->sel, rules_of(m)))
		return false;
	m->lives = a.forever == UINT32_MAX && (r->compat || !r->sel.piece_from);
	times_end(&a);
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count; g++) {
		struct kymo_interval p;
		if (!select_has(&r->sel, g) || (cut && !select_piece(t, &r->sel, g, 0, &p)))
			continue;
		if (!vec_push(&m->g, g))
			return false;
	}
	return true;
}

enum kymo_status report_goroutine_list(struct report *r, struct kymo_error *err)
{
	struct list *m = report_alloc(r, sizeof *m, list_free);
	char n[REPORT_NUMBER], d[REPORT_NUMBER];
	const char *group = report_param(r, "group");
	if (!m)
		return error_memory(err);
	m->r = r;
	if (!life_classes_make(&m->classes, r->trace) || !index_ranges(m) || !list_goroutines(m))
		return error_memory(err);
	report_head(r, "%s goroutine%s%s%s in %s", report_count(n, m->g.count),
	            m->g.count == 1 ? "" : "s", group ? " of " : "",
	            !group   ? ""
	            : *group ? group
	                     : "(no stack seen)",
	            report_duration(d, r->sel.to - r->sel.from));
	return report_table(r, &(struct table){.key = "goroutines",
	                                       .columns = columns,
	                                       .column_count = COLUMNS,
	                                       .rows = m->g.count,
	                                       .row = row,
	                                       .sort_cell = sort_cell,
	                                       .ctx = m,
	                                       .sort = "total_ns"})
	               ? KYMO_OK
	               : error_memory(err);
}
