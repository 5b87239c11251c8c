/* SPDX-License-Identifier: MIT */
/* The tables of kymo net, syscalls, locks, chans. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/tasks.h"
#include "report/waits.h"
#include "trace/store.h"

static double share(kymo_ns part, kymo_ns whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

enum {
	S_COUNT,
	S_TOTAL,
	S_MEAN,
	S_P50,
	S_P90,
	S_P99,
	S_MAX,
	S_LONGEST_AT,
	S_LONGEST_OF,
	S_REASON,
	S_BY,
	S_WAKER,
	S_WAKER_FUNC,
	S_WAKER_SHARE,
	S_PLACE,
	S_FUNC,
	S_FILE,
	S_LINE,
	S_STACK,
	S_COLUMNS
};
static const struct column site_columns[S_COLUMNS] = {
	[S_COUNT] = {"count", "count", CELL_COUNT, 0},
	[S_TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[S_MEAN] = {"mean_ns", "mean", CELL_NS, COL_QUIET},
	[S_P50] = {"p50_ns", "p50", CELL_NS, 0},
	[S_P90] = {"p90_ns", "p90", CELL_NS, COL_WIDE},
	[S_P99] = {"p99_ns", "p99", CELL_NS, 0},
	[S_MAX] = {"max_ns", "max", CELL_NS, 0},
	[S_LONGEST_AT] = {"longest_at_ns", "at", CELL_TIME, COL_QUIET},
	[S_LONGEST_OF] = {"longest_goroutine", "of", CELL_ID, COL_QUIET | COL_GO},
	[S_REASON] = {"reason", "for", CELL_TEXT, COL_WIDE},
	[S_BY] = {"woken_by", "woken by", CELL_TEXT, COL_QUIET},
	[S_WAKER] = {"waker", "mostly woken by", CELL_TEXT, COL_WIDE | COL_EYES},
	[S_WAKER_FUNC] = {"waker_func", "waker", CELL_TEXT, COL_QUIET},
	[S_WAKER_SHARE] = {"waker_share", "its share", CELL_RATIO, COL_WIDE},
	[S_PLACE] = {"place", "where", CELL_TEXT, COL_LAST | COL_EYES},
	[S_FUNC] = {"func", "function", CELL_TEXT, COL_QUIET},
	[S_FILE] = {"file", "file", CELL_TEXT, COL_QUIET},
	[S_LINE] = {"line", "line", CELL_COUNT, COL_QUIET},
	[S_STACK] = {"stack", "stack", CELL_STACK, COL_QUIET},
};

/* Without the package's path: "http.(*conn).serve". */
static struct kymo_str brief(struct kymo_str s)
{
	for (size_t i = s.len; i-- > 0;)
		if (s.ptr[i] == '/')
			return (struct kymo_str){s.ptr + i + 1, s.len - i - 1};
	return s;
}

/* Not of Go's own packages: of a path whose first element has a dot, or main. */
static bool is_users(struct kymo_str func)
{
	const char *slash = memchr(func.ptr, '/', func.len);
	if (slash)
		return memchr(func.ptr, '.', (size_t)(slash - func.ptr)) != NULL;
	return func.len > 5 && memcmp(func.ptr, "main.", 5) == 0;
}

/* "net.(*netFD).Read, from main.fetch fetch.go:12": many stacks come by the same place in Go's packages. */
static struct kymo_str place_of(const struct kymo_trace *t, kymo_stack_ix stack)
{
	// Valid until the next row on this thread: a renderer looks at one row at a time.
	static _Thread_local char text[1024];
	size_t n, i = 0;
	const struct kymo_frame *f = kymo_trace_stack(t, stack, &n);
	struct kymo_frame site = report_site(t, stack);
	struct kymo_str func = kymo_trace_string(t, site.func), from = {0};
	if (!n)
		return report_str("(no stack)");
	while (i < n && !is_users(kymo_trace_string(t, f[i].func)))
		i++;
	if (i == n && func.len > 8 && memcmp(func.ptr, "runtime.", 8) == 0)
		i = n - 1;  // the runtime's own: what it is for stands outside
	if (i < n && f[i].func != site.func) {
		site = f[i];
		from = kymo_trace_string(t, site.func);
	}
	struct kymo_str file = brief(kymo_trace_string(t, site.file));
	int len = snprintf(text, sizeof text, "%.*s%s%.*s %.*s:%llu",
	                   (int)(func.len < 300 ? func.len : 300), func.ptr,
	                   from.len ? ", from " : "", (int)(from.len < 300 ? from.len : 300),
	                   from.len ? from.ptr : "", (int)(file.len < 300 ? file.len : 300),
	                   file.ptr, (unsigned long long)site.line);
	return (struct kymo_str){text, (size_t)len};
}

/* Who ended most of a site's time: a stack of goroutines, or all that was the runtime's own work, or nobody. */
struct most {
	const char *by;
	kymo_stack_ix stack;
	kymo_ns ns;
};

static struct most most_of(const struct waits_report *m, const struct kymo_wait_site *x)
{
	struct most own = {0}, best = {.by = ""};
	for (size_t k = x->waker_from; k < x->waker_to; k++) {
		const struct kymo_waker *w = &m->w.wakers[k];
		const char *by = waits_by(m, w);
		if (!w->open && strcmp(by, "goroutine") != 0)
			own = (struct most){by, 0, own.ns + w->ns};
		else if (w->ns > best.ns)
			best = (struct most){by, w->open ? 0 : w->stack, w->ns};
	}
	return own.ns > best.ns ? own : best;
}

static void site_row(const void *ctx, size_t i, union cell *c)
{
	const struct waits_report *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_wait_site *x = &m->w.sites[m->sites[i]];
	const struct most by = most_of(m, x);
	struct kymo_frame f = report_site(t, x->stack), w = report_site(t, by.stack);
	c[S_COUNT].u64 = x->count;
	c[S_TOTAL].ns = x->total;
	c[S_MEAN].ns = x->total / (kymo_ns)x->count;
	c[S_P50].ns = x->p50;
	c[S_P90].ns = x->p90;
	c[S_P99].ns = x->p99;
	c[S_MAX].ns = x->max;
	c[S_LONGEST_AT].ns = x->max_at;
	c[S_LONGEST_OF].u64 = t->g.id.at[x->max_goroutine];
	c[S_REASON].text = kymo_trace_string(t, x->reason);
	c[S_BY].text = report_str(by.by);
	c[S_WAKER_FUNC].text = kymo_trace_string(t, w.func);
	c[S_WAKER].text = by.stack ? brief(c[S_WAKER_FUNC].text) : c[S_BY].text;
	c[S_WAKER_SHARE].f64 = share(by.ns, x->total);
	c[S_FUNC].text = kymo_trace_string(t, f.func);
	c[S_FILE].text = kymo_trace_string(t, f.file);
	c[S_LINE].u64 = f.line;
	c[S_STACK].u64 = x->stack;
	c[S_PLACE].text = place_of(t, x->stack);
}

enum {
	C_COUNT,
	C_TOTAL,
	C_MEAN,
	C_P50,
	C_P90,
	C_P99,
	C_MAX,
	C_LONGEST_AT,
	C_LONGEST_OF,
	C_NO_PROC,
	C_CALL,
	C_PLACE,
	C_FUNC,
	C_FILE,
	C_LINE,
	C_STACK,
	C_COLUMNS
};
static const struct column call_columns[C_COLUMNS] = {
	[C_COUNT] = {"count", "count", CELL_COUNT, 0},
	[C_TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[C_MEAN] = {"mean_ns", "mean", CELL_NS, COL_QUIET},
	[C_P50] = {"p50_ns", "p50", CELL_NS, 0},
	[C_P90] = {"p90_ns", "p90", CELL_NS, COL_WIDE},
	[C_P99] = {"p99_ns", "p99", CELL_NS, 0},
	[C_MAX] = {"max_ns", "max", CELL_NS, 0},
	[C_LONGEST_AT] = {"longest_at_ns", "at", CELL_TIME, COL_QUIET},
	[C_LONGEST_OF] = {"longest_goroutine", "of", CELL_ID, COL_QUIET | COL_GO},
	[C_NO_PROC] = {"no_proc_ns", "no proc", CELL_NS, 0},
	[C_CALL] = {"call", "call", CELL_TEXT, COL_WIDE},
	[C_PLACE] = {"place", "where", CELL_TEXT, COL_LAST | COL_EYES},
	[C_FUNC] = {"func", "function", CELL_TEXT, COL_QUIET},
	[C_FILE] = {"file", "file", CELL_TEXT, COL_QUIET},
	[C_LINE] = {"line", "line", CELL_COUNT, COL_QUIET},
	[C_STACK] = {"stack", "stack", CELL_STACK, COL_QUIET},
};

/* The function that is one system call: the innermost that is not the way into the kernel. */
static struct kymo_str call_of(const struct kymo_trace *t, kymo_stack_ix stack)
{
	static const char *const ways[] = {"runtime.",           "runtime/",
	                                   "internal/runtime/",  "syscall.Syscall",
	                                   "syscall.RawSyscall", "syscall.syscall",
	                                   "syscall.rawSyscall", "golang.org/x/sys/unix.Syscall"};
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, stack, &n);
	for (size_t i = 0; i < n; i++) {
		struct kymo_str s = kymo_trace_string(t, f[i].func);
		bool way = false;
		for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
			way |= s.len >= strlen(ways[k]) &&
			       memcmp(s.ptr, ways[k], strlen(ways[k])) == 0;
		if (!way)
			return s;
	}
	return kymo_trace_string(t, n ? f[0].func : 0);
}

static void call_row(const void *ctx, size_t i, union cell *c)
{
	const struct waits_report *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_wait_site *x = &m->w.sites[m->sites[i]];
	struct kymo_frame f = report_site(t, x->stack);
	c[C_COUNT].u64 = x->count;
	c[C_TOTAL].ns = x->total;
	c[C_MEAN].ns = x->total / (kymo_ns)x->count;
	c[C_P50].ns = x->p50;
	c[C_P90].ns = x->p90;
	c[C_P99].ns = x->p99;
	c[C_MAX].ns = x->max;
	c[C_LONGEST_AT].ns = x->max_at;
	c[C_LONGEST_OF].u64 = t->g.id.at[x->max_goroutine];
	c[C_NO_PROC].ns = x->without_proc;
	c[C_CALL].text = call_of(t, x->stack);
	c[C_FUNC].text = kymo_trace_string(t, f.func);
	c[C_FILE].text = kymo_trace_string(t, f.file);
	c[C_LINE].u64 = f.line;
	c[C_STACK].u64 = x->stack;
	c[C_PLACE].text = place_of(t, x->stack);
}

enum { W_COUNT, W_TOTAL, W_SHARE, W_BY, W_START, W_FUNC, W_PLACE, W_STACK, W_COLUMNS };
static const struct column waker_columns[W_COLUMNS] = {
	[W_COUNT] = {"count", "count", CELL_COUNT, 0},
	[W_TOTAL] = {"total_ns", "waited for it", CELL_NS, COL_BAR},
	[W_SHARE] = {"share", "share", CELL_RATIO, 0},
	[W_BY] = {"woken_by", "by", CELL_TEXT, 0},
	[W_START] = {"waker_group", "group", CELL_TEXT, COL_QUIET | COL_GROUP},
	[W_FUNC] = {"waker_func", "function", CELL_TEXT, COL_QUIET},
	[W_PLACE] = {"waker_place", "where", CELL_STACK, COL_LAST | COL_EYES},
	[W_STACK] = {"waker_stack", "stack", CELL_STACK, COL_QUIET},
};

static void waker_row(const void *ctx, size_t i, union cell *c)
{
	const struct waits_report *m = ctx;
	const struct kymo_trace *t = m->r->trace;
	const struct kymo_waker *x = &m->wakers[i];
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, x->stack, &n);
	c[W_COUNT].u64 = x->count;
	c[W_TOTAL].ns = x->ns;
	c[W_SHARE].f64 = share(x->ns, m->total);
	c[W_BY].text = report_str(waits_by(m, x));
	c[W_START].text = kymo_trace_string(t, n ? f[n - 1].func : 0);
	c[W_FUNC].text = kymo_trace_string(t, report_site(t, x->stack).func);
	c[W_STACK].u64 = c[W_PLACE].u64 = x->stack;
}

enum { P_STACK, P_REASON, P_BY, P_WAKER, P_COUNT, P_TOTAL, P_SHARE, P_COLUMNS };
static const struct column pair_columns[P_COLUMNS] = {
	[P_STACK] = {"stack", "where", CELL_STACK, 0},
	[P_REASON] = {"reason", "for", CELL_TEXT, 0},
	[P_BY] = {"woken_by", "by", CELL_TEXT, 0},
	[P_WAKER] = {"waker_stack", "woken at", CELL_STACK, COL_LAST},
	[P_COUNT] = {"count", "count", CELL_COUNT, 0},
	[P_TOTAL] = {"total_ns", "total", CELL_NS, COL_BAR},
	[P_SHARE] = {"share", "share of the site", CELL_RATIO, 0},
};

static void pair_row(const void *ctx, size_t i, union cell *c)
{
	const struct waits_report *m = ctx;
	const struct kymo_wait_site *x = &m->w.sites[m->pairs[i].site];
	const struct kymo_waker *by = &m->w.wakers[m->pairs[i].waker];
	c[P_STACK].u64 = x->stack;
	c[P_REASON].text = kymo_trace_string(m->r->trace, x->reason);
	c[P_BY].text = report_str(waits_by(m, by));
	c[P_WAKER].u64 = by->stack;
	c[P_COUNT].u64 = by->count;
	c[P_TOTAL].ns = by->ns;
	c[P_SHARE].f64 = share(by->ns, x->total);
}

bool waits_tables(struct report *r, const struct waits_report *m)
{
	bool calls = m->kind == KYMO_WAITS_SYSCALLS;
	const struct table sites = {.key = "sites",
	                            .columns = calls ? call_columns : site_columns,
	                            .column_count = calls ? C_COLUMNS : S_COLUMNS,
	                            .rows = m->site_count,
	                            .row = calls ? call_row : site_row,
	                            .ctx = m,
	                            .sort = "total_ns"};
	const struct table wakers = {.key = "wakers",
	                             .title = "Who ended the waits",
	                             .columns = waker_columns,
	                             .column_count = W_COLUMNS,
	                             .rows = m->waker_count,
	                             .row = waker_row,
	                             .ctx = m,
	                             .sort = "total_ns",
	                             .quiet = m->waker_count == 0};
	const struct table pairs = {.key = "pairs",
	                            .title = "Who ended the waits where",
	                            .columns = pair_columns,
	                            .column_count = P_COLUMNS,
	                            .rows = m->pair_count,
	                            .row = pair_row,
	                            .ctx = m,
	                            .sort = "total_ns",
	                            .quiet = true};
	return report_table(r, &sites) &&
	       (calls || (report_table(r, &wakers) && report_table(r, &pairs)));
}
