/* SPDX-License-Identifier: MIT */
/* kymo net, syscalls, locks, chans: waits by stack, and who ended them. */
#include "report/waits.h"

#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

static void mine_free(void *p)
{
	struct waits_report *m = p;
	kymo_waits_free(&m->w);
	free(m->sites);
	free(m->pairs);
	free(m->wakers);
}

static int by_stack(const void *a, const void *b)
{
	const struct kymo_waker *x = a, *y = b;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->open - y->open;
}

/* The sites in this function (NULL: all), and who ended their waits. */
static bool choose(struct waits_report *m, const char *func)
{
	size_t all = 0;
	for (size_t i = 0; i < m->w.count; i++)
		all += m->w.sites[i].waker_to - m->w.sites[i].waker_from;
	m->sites = malloc((m->w.count + 1) * sizeof *m->sites);
	m->pairs = malloc((all + 1) * sizeof *m->pairs);
	m->wakers = malloc((all + 1) * sizeof *m->wakers);
	if (!m->sites || !m->pairs || !m->wakers)
		return false;
	for (uint32_t i = 0; i < m->w.count; i++) {
		const struct kymo_wait_site *x = &m->w.sites[i];
		struct kymo_str s =
			kymo_trace_string(m->r->trace, report_site(m->r->trace, x->stack).func);
		if (func && (s.len != strlen(func) || memcmp(s.ptr, func, s.len) != 0))
			continue;
		m->sites[m->site_count++] = i;
		m->waits += x->count;
		m->total += x->total;
		for (size_t k = x->waker_from; k < x->waker_to; k++) {
			m->wakers[m->pair_count] = m->w.wakers[k];
			m->pairs[m->pair_count++] = (struct waits_pair){i, (uint32_t)k};
		}
	}
	return true;
}

static void sum_wakers(struct waits_report *m)
{
	size_t n = 0;
	if (m->pair_count)
		qsort(m->wakers, m->pair_count, sizeof *m->wakers, by_stack);
	for (size_t i = 0; i < m->pair_count; i++) {
		struct kymo_waker x = m->wakers[i];
		if (n && by_stack(&m->wakers[n - 1], &x) == 0) {
			m->wakers[n - 1].count += x.count;
			m->wakers[n - 1].ns += x.ns;
		} else {
			m->wakers[n++] = x;
		}
	}
	m->waker_count = n;
}

/*
 * A wake without a stack is the scheduler's own work: it found the network ready (or a deadline over), or a timer sent
 * to the channel. It also looks at the network where a goroutine starts the world again, beneath that one's stack; only
 * those that close a connection or set its deadline come by package internal/poll.
 */
const char *waits_by(const struct waits_report *m, const struct kymo_waker *x)
{
	if (x->open)
		return "nobody yet";
	if (m->kind != KYMO_WAITS_NET)
		return x->stack ? "goroutine" : m->kind == KYMO_WAITS_CHANS ? "timer" : "runtime";
	static const char poll[] = "internal/poll.";
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(m->r->trace, x->stack, &n);
	for (size_t i = 0; i < n; i++) {
		struct kymo_str s = kymo_trace_string(m->r->trace, f[i].func);
		if (s.len >= strlen(poll) && memcmp(s.ptr, poll, strlen(poll)) == 0)
			return "goroutine";
	}
	return "network";
}

static enum kymo_status run(struct report *r, enum kymo_waits_kind kind, const char *what,
                            struct kymo_error *err)
{
	struct waits_report *m = report_alloc(r, sizeof *m, mine_free);
	char n[REPORT_NUMBER];
	if (!m)
		return error_memory(err);
	if (r->compat)
		return error_set(
			err, KYMO_E_RANGE, 0, 0,
			"Go's tool has no such table: leave compat away, or see 'kymo pprof'");
	m->r = r;
	m->kind = kind;
	if (kymo_waits_compute(r->trace, &r->sel, kind, &m->w) != KYMO_OK ||
	    !choose(m, report_param(r, "site")))
		return error_memory(err);
	sum_wakers(m);
	report_head(r, "%s, at %s stack%s", what, report_count(n, m->site_count),
	            m->site_count == 1 ? "" : "s");
	report_field(r, "count", kind == KYMO_WAITS_SYSCALLS ? "calls" : "waits", CELL_COUNT,
	             (union cell){.u64 = m->waits});
	report_field(r, "total_ns", "time", CELL_NS, (union cell){.ns = m->total});
	return waits_tables(r, m) ? KYMO_OK : error_memory(err);
}

static const struct report_param_def params[] = {
	{"site", "FUNC", "only waits in this function, as the table names it"},
	{0},
};
#define COMMON (PARAM_WINDOW | PARAM_GOROUTINES | PARAM_TASK | PARAM_REGION)
#define HELP_END \
	"A row is a stack, named by its innermost frame outside of the runtime and of the packages sync,\n" \
	"syscall and internal; --json has all its frames.\n" \
	"A wait that lies partly in what is selected counts once, with that part.\n"

static enum kymo_status run_net(struct report *r, struct kymo_error *err)
{
	return run(r, KYMO_WAITS_NET, "Waits for the network", err);
}
static enum kymo_status run_syscalls(struct report *r, struct kymo_error *err)
{
	return run(r, KYMO_WAITS_SYSCALLS, "System calls", err);
}
static enum kymo_status run_locks(struct report *r, struct kymo_error *err)
{
	return run(r, KYMO_WAITS_LOCKS, "Waits for locks", err);
}
static enum kymo_status run_chans(struct report *r, struct kymo_error *err)
{
	return run(r, KYMO_WAITS_CHANS, "Waits for channels", err);
}

const struct report_def report_net = {
	"net",
	"waits for the network by stack",
	COMMON,
	params,
	"Says where goroutines waited for the network, how often and how long, and who woke them.\n" HELP_END,
	run_net,
};
const struct report_def report_syscalls = {
	"syscalls",
	"system calls by stack",
	COMMON,
	params,
	"Says where goroutines were in system calls, how often and how long, and how many of the calls\n"
	"lost their processor to others.\n" HELP_END,
	run_syscalls,
};
const struct report_def report_locks = {
	"locks",
	"waits for mutexes, conditions, wait groups by stack",
	COMMON,
	params,
	"Says where goroutines waited for mutexes, wait groups, semaphores and conditions, how often and how\n"
	"long, and who woke them.\n" HELP_END,
	run_locks,
};
const struct report_def report_chans = {
	"chans",
	"waits for channels and in select by stack",
	COMMON,
	params,
	"Says where goroutines waited to send, to receive and in select, how often and how long, and who\n"
	"woke them.\n" HELP_END,
	run_chans,
};
