/* SPDX-License-Identifier: MIT */
/*
 * Mutator utilisation and its minimum, distribution and worst windows, against the definitions taken literally: at each
 * time at which something may change, who collects on which proc; of each window that may be the worst, its mean.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "base/vec.h"
#include "property/traces.h"

#define EPS 1e-9

static bool is(const struct kymo_trace *t, kymo_string_ix ix, const char *text)
{
	struct kymo_str s = kymo_trace_string(t, ix);
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

/* ---- utilisation by definition ---- */

static bool span_at(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at, struct kymo_span *s)
{
	struct kymo_span_cursor c;
	kymo_span_seek(t, g, at, &c);
	return kymo_span_next(&c, s) && s->start <= at && at < s->end;
}

static bool executes_on(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_proc_ix p, kymo_ns at)
{
	struct kymo_span s;
	return span_at(t, g, at, &s) && s.proc == p &&
	       (s.state == KYMO_SPAN_RUNNING || s.state == KYMO_SPAN_SYSCALL);
}

/* Whether goroutine g, labelled at `since`, has executed ever since then. */
static bool has_executed(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns since, kymo_ns at)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_span_seek(t, g, since, &c);
	while (kymo_span_next(&c, &s) && s.start <= at)
		if (s.state != KYMO_SPAN_RUNNING && s.state != KYMO_SPAN_SYSCALL)
			return false;
	return true;
}

static bool worker_on(const struct kymo_trace *t, unsigned flags, kymo_proc_ix p, kymo_ns at)
{
	const struct kymo_labels *l = kymo_trace_labels(t);
	for (uint32_t i = 0; i < l->count && l->time[i] <= at; i++) {
		bool counts = is(t, l->label[i], "GC (fractional)") ||
		              (is(t, l->label[i], "GC (dedicated)") && !(flags & KYMO_UTIL_PER_PROC));
		for (uint32_t k = i + 1; k < l->count && l->time[k] <= at && counts; k++)
			counts = l->goroutine[k] != l->goroutine[i];
		if (counts && executes_on(t, l->goroutine[i], p, at) &&
		    has_executed(t, l->goroutine[i], l->time[i], at))
			return true;
	}
	return false;
}

static bool collects(const struct kymo_trace *t, unsigned flags, kymo_proc_ix p, kymo_ns at)
{
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	for (uint32_t i = 0; i < r->count && r->start[i] <= at; i++) {
		if (at >= r->end[i])
			continue;
		if (r->kind[i] == KYMO_RANGE_SWEEP && flags & KYMO_UTIL_SWEEP && r->proc[i] == p)
			return true;
		if (r->kind[i] == KYMO_RANGE_ASSIST && flags & KYMO_UTIL_ASSIST &&
		    executes_on(t, r->goroutine[i], p, at))
			return true;
	}
	return flags & KYMO_UTIL_BACKGROUND && worker_on(t, flags, p, at);
}

static bool stopped(const struct kymo_trace *t, unsigned flags, kymo_ns at)
{
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	for (uint32_t i = 0; i < r->count && r->start[i] <= at; i++) {
		struct kymo_str name = kymo_trace_string(t, r->name[i]);
		if (r->kind[i] != KYMO_RANGE_STW || at >= r->end[i])
			continue;
		if (flags & KYMO_UTIL_ALL_STW ||
		    (flags & KYMO_UTIL_STW && memmem(name.ptr, name.len, "GC", 2)))
			return true;
	}
	return false;
}

static uint64_t procs_at(const struct kymo_trace *t, kymo_ns at)
{
	const struct kymo_series *m = kymo_trace_metric(t, KYMO_METRIC_GOMAXPROCS);
	uint64_t n = 0;
	for (uint32_t i = 0; i < m->count && m->time[i] <= at; i++)
		n = m->value[i];
	return n;
}

static double slow_util(const struct kymo_trace *t, unsigned flags, uint64_t proc, kymo_ns at)
{
	const struct kymo_procs *ps = kymo_trace_procs(t);
	uint64_t n = 0;
	if (stopped(t, flags, at))
		return 0;
	for (kymo_proc_ix p = 1; p < ps->count; p++)
		if (proc == KYMO_NONE || ps->id[p] == proc)
			n += collects(t, flags, p, at);
	if (proc != KYMO_NONE)
		return n ? 0 : 1;
	double left = 1 - (double)n / (double)procs_at(t, at);
	return left > 0 ? left : 0;
}

/* ---- times at which it may change ---- */

typedef VEC(kymo_ns) times;

static void put(times *v, kymo_ns at)
{
	assert_true(vec_push(v, at));
}

static int ascending(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

static void put_spans(times *v, const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns from,
                      kymo_ns to)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_span_seek(t, g, from, &c);
	while (kymo_span_next(&c, &s) && s.start < to) {
		put(v, s.start);
		put(v, s.end);
	}
}

static times changes(const struct kymo_trace *t)
{
	times v = {0};
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	const struct kymo_labels *l = kymo_trace_labels(t);
	const struct kymo_series *m = kymo_trace_metric(t, KYMO_METRIC_GOMAXPROCS);
	for (uint32_t i = 0; i < m->count; i++)
		put(&v, m->time[i]);
	for (uint32_t i = 0; i < r->count; i++) {
		put(&v, r->start[i]);
		put(&v, r->end[i]);
		if (r->kind[i] == KYMO_RANGE_ASSIST)
			put_spans(&v, t, r->goroutine[i], r->start[i], r->end[i]);
	}
	for (uint32_t i = 0; i < l->count; i++) {
		put(&v, l->time[i]);
		put_spans(&v, t, l->goroutine[i], l->time[i], INT64_MAX);
	}
	put(&v, kymo_trace_info(t)->duration);
	qsort(v.at, v.count, sizeof *v.at, ascending);
	return v;
}

static double value_at(const struct kymo_mmu_series *s, kymo_ns at)
{
	size_t i = 0;
	while (i + 1 < s->count && s->time[i + 1] <= at)
		i++;
	return s->value[i];
}

/* Every series is what the definition says between any two changes, and changes at none but these. */
static void check_util(const struct kymo_trace *t, const struct kymo_mmu *m, unsigned flags)
{
	times v = changes(t);
	const struct kymo_mmu_series *s;
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++) {
		assert_true(s->count >= 2);
		for (size_t k = 0; k < s->count; k++)
			assert_non_null(bsearch(&s->time[k], v.at, v.count, sizeof *v.at, ascending));
		for (size_t k = 0; k < v.count; k++)
			if (v.at[k] >= s->time[0] && v.at[k] < s->time[s->count - 1]) {
				double want = slow_util(t, flags, s->proc, v.at[k]);
				if (fabs(want - value_at(s, v.at[k])) > EPS)
					fail_msg("flags %u, proc %llu, at %lld: %g, not %g", flags,
					         (unsigned long long)s->proc, (long long)v.at[k],
					         value_at(s, v.at[k]), want);
			}
		// The mean begins with the first GOMAXPROCS and ends with the trace.
		if (s->proc == KYMO_NONE) {
			assert_int_equal(s->time[0],
			                 kymo_trace_metric(t, KYMO_METRIC_GOMAXPROCS)->time[0]);
			assert_int_equal(s->time[s->count - 1], kymo_trace_info(t)->duration);
		}
	}
	vec_free(&v);
}

/* ---- windows, all of them ---- */

static double slow_mean(const struct kymo_mmu_series *s, kymo_ns from, kymo_ns w)
{
	long double sum = 0;
	for (size_t i = 0; i + 1 < s->count; i++) {
		kymo_ns a = s->time[i] > from ? s->time[i] : from;
		kymo_ns b = s->time[i + 1] < from + w ? s->time[i + 1] : from + w;
		if (b > a)
			sum += (long double)s->value[i] * (long double)(b - a);
	}
	return (double)(sum / (long double)w);
}

/* Where the mean of a window bends: an edge of it meets a change. Sorted. */
static times bends(const struct kymo_mmu_series *s, kymo_ns w)
{
	times v = {0};
	kymo_ns last = s->time[s->count - 1] - w;
	for (size_t i = 0; i < s->count; i++) {
		if (s->time[i] <= last)
			put(&v, s->time[i]);
		if (s->time[i] - w >= s->time[0])
			put(&v, s->time[i] - w);
	}
	qsort(v.at, v.count, sizeof *v.at, ascending);
	return v;
}

static kymo_ns length_of(const struct kymo_mmu_series *s)
{
	return s->time[s->count - 1] - s->time[0];
}

/* How much of the begins of windows has a mean of `u` or less: in ns. */
static double mass_upto(const struct kymo_mmu *m, kymo_ns w, double u)
{
	const struct kymo_mmu_series *s;
	double mass = 0;
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++) {
		if (length_of(s) <= w)
			continue;
		times v = bends(s, w);
		double was = slow_mean(s, v.at[0], w);
		for (size_t k = 1; k < v.count; k++) {
			double now = slow_mean(s, v.at[k], w),
			       length = (double)(v.at[k] - v.at[k - 1]);
			double low = was < now ? was : now, high = was < now ? now : was;
			if (u >= high)
				mass += length;
			else if (u > low)
				mass += length * (u - low) / (high - low);
			was = now;
		}
		vec_free(&v);
	}
	return mass;
}

/* The least mean of windows that keep apart from those listed. */
static double slow_least(const struct kymo_mmu *m, kymo_ns window,
                         const struct kymo_mmu_window *apart, size_t count)
{
	const struct kymo_mmu_series *s;
	double least = INFINITY;
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++) {
		kymo_ns w = window < length_of(s) ? window : length_of(s);
		times v = bends(s, w);
		for (size_t k = 0; k < count; k++)
			for (int side = -1; side <= 1; side += 2) {
				kymo_ns at = apart[k].time + side * window;
				if (at >= s->time[0] && at + w <= s->time[s->count - 1])
					put(&v, at);
			}
		for (size_t k = 0; k < v.count; k++) {
			bool free = true;
			for (size_t a = 0; a < count && free; a++)
				free = v.at[k] >= apart[a].time + window ||
				       v.at[k] <= apart[a].time - window;
			double mean = free ? slow_mean(s, v.at[k], w) : INFINITY;
			least = mean < least ? mean : least;
		}
		vec_free(&v);
	}
	return least;
}

static void check_windows(const struct kymo_mmu *m, kymo_ns w)
{
	static const double q[] = {0.001, 0.01, 0.05, 0.3, 0.5, 0.9, 1};
	double u[7], total = 0;
	const struct kymo_mmu_series *s;
	double least = kymo_mmu_at(m, w);
	assert_true(fabs(least - slow_least(m, w, NULL, 0)) <= EPS);
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++)
		total += length_of(s) > w ? (double)(length_of(s) - w) : 0;
	assert_int_equal(kymo_mmu_quantiles(m, w, q, 7, u), KYMO_OK);
	for (size_t i = 0; i < 7; i++) {
		if (total == 0) {
			assert_true(u[i] == least);
			continue;
		}
		double want = q[i] * total, slack = 1e-6 * total;
		if (mass_upto(m, w, u[i] + EPS) < want - slack ||
		    mass_upto(m, w, u[i] - EPS) > want + slack)
			fail_msg("window %lld: quantile %g is not %.12g: %g to %g of %g",
			         (long long)w, q[i], u[i], mass_upto(m, w, u[i] - EPS),
			         mass_upto(m, w, u[i] + EPS), want);
	}
	struct kymo_mmu_window worst[5];
	size_t count;
	assert_int_equal(kymo_mmu_worst(m, w, 5, worst, &count), KYMO_OK);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_true(llabs(worst[i].time - worst[k].time) >= w);
		assert_true(fabs(worst[i].utilization - slow_least(m, w, worst, i)) <= EPS);
	}
	// There is room for no more.
	if (count < 5)
		assert_true(isinf(slow_least(m, w, worst, count)));
}

/* ---- tests ---- */

static const unsigned flag_sets[] = {
	KYMO_UTIL_STW,
	KYMO_UTIL_BACKGROUND,
	KYMO_UTIL_ASSIST,
	KYMO_UTIL_SWEEP | KYMO_UTIL_ALL_STW,
	KYMO_UTIL_DEFAULT,
	KYMO_UTIL_DEFAULT | KYMO_UTIL_SWEEP,
	KYMO_UTIL_PER_PROC | KYMO_UTIL_ASSIST,
	KYMO_UTIL_PER_PROC | KYMO_UTIL_SWEEP | KYMO_UTIL_STW,
	KYMO_UTIL_PER_PROC | KYMO_UTIL_DEFAULT,
};
#define FLAG_SETS (sizeof flag_sets / sizeof *flag_sets)

static void check(const struct kymo_trace *t, const struct kymo_selection *sel, unsigned flags)
{
	struct kymo_mmu *m;
	assert_int_equal(kymo_mmu_new(t, sel, flags, KYMO_RULES_EXACT, &m), KYMO_OK);
	if (!sel)
		check_util(t, m, flags);
	kymo_ns span = kymo_mmu_span(m);
	if (span > 0) {
		const kymo_ns windows[] = {
			1, 7, 1000, span / 50 + 1, span / 5 + 1, span * 2 / 3 + 1, span, span + 5};
		for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
			check_windows(m, windows[i]);
	} else {
		assert_true(isnan(kymo_mmu_at(m, 1000)));
	}
	assert_true(kymo_mmu_at(m, 0) == 0);
	kymo_mmu_free(m);
}

static void test_generated(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 18; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		kymo_ns duration = kymo_trace_info(t)->duration;
		check(t, NULL, flag_sets[seed % FLAG_SETS]);
		check(t, NULL, flag_sets[(seed + 4) % FLAG_SETS]);
		struct kymo_selection sel = {.from = duration / 3, .to = duration / 3 * 2};
		check(t, &sel, flag_sets[seed % FLAG_SETS]);
		kymo_trace_free(t);
	}
}

/* With workers, which the generator has not. */
static void test_real(void **state)
{
	static const char *const names[] = {"go1.22/gc.trace.zst", "go1.26/gc.trace.zst",
	                                    "go1.25/flight-1.trace.zst"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kymo_trace *t = trace_real(names[i]);
		for (size_t k = 0; k < FLAG_SETS; k++) {
			struct kymo_mmu *m;
			assert_int_equal(kymo_mmu_new(t, NULL, flag_sets[k], KYMO_RULES_EXACT, &m),
			                 KYMO_OK);
			check_util(t, m, flag_sets[k]);
			check_windows(m, 1000000);
			kymo_mmu_free(m);
		}
		kymo_trace_free(t);
	}
}

/* A window of the trace has the utilisation that the trace has there. */
static void test_window(void **state)
{
	(void)state;
	struct kymo_trace *t = trace_real("go1.26/gc.trace.zst");
	struct kymo_mmu *all, *part;
	kymo_ns duration = kymo_trace_info(t)->duration;
	struct kymo_selection sel = {.from = duration / 4, .to = duration / 2};
	assert_int_equal(kymo_mmu_new(t, NULL, KYMO_UTIL_DEFAULT, KYMO_RULES_EXACT, &all), KYMO_OK);
	assert_int_equal(kymo_mmu_new(t, &sel, KYMO_UTIL_DEFAULT, KYMO_RULES_EXACT, &part), KYMO_OK);
	const struct kymo_mmu_series *a = kymo_mmu_series(all, 0), *b = kymo_mmu_series(part, 0);
	assert_int_equal(b->time[0], sel.from);
	assert_int_equal(b->time[b->count - 1], sel.to);
	for (size_t i = 0; i + 1 < b->count; i++)
		assert_true(value_at(a, b->time[i]) == b->value[i]);
	assert_true(fabs(kymo_mmu_mean(part) - slow_mean(a, sel.from, sel.to - sel.from)) < EPS);
	kymo_mmu_free(all);
	kymo_mmu_free(part);
	// A window of no length has no series, by either rules.
	for (int rules = 0; rules < 2; rules++) {
		sel.from = sel.to;
		assert_int_equal(kymo_mmu_new(t, &sel, KYMO_UTIL_DEFAULT,
		                              rules ? KYMO_RULES_GO126 : KYMO_RULES_EXACT, &part),
		                 KYMO_OK);
		assert_null(kymo_mmu_series(part, 0));
		assert_int_equal(kymo_mmu_span(part), 0);
		kymo_mmu_free(part);
	}
	kymo_trace_free(t);
}

/*
 * Where the exact rules and Go's differ, and how far: background workers in a trace of 161 ms. Of its 4 procs' time 80.6 ms
 * were dedicated workers', so 87.47 % were left; that is the utilisation of the whole as one window. Go 1.26 says 53.96 %:
 * it counts each run of a worker but its first twice when it begins and once when it ends, so that procs seem busy for good.
 */
static void test_leak(void **state)
{
	(void)state;
	struct kymo_trace *t = trace_real("go1.23-large/mix-1m.trace.zst");
	struct kymo_mmu *exact, *go;
	assert_int_equal(kymo_mmu_new(t, NULL, KYMO_UTIL_BACKGROUND, KYMO_RULES_EXACT, &exact),
	                 KYMO_OK);
	assert_int_equal(kymo_mmu_new(t, NULL, KYMO_UTIL_BACKGROUND, KYMO_RULES_GO126, &go), KYMO_OK);
	assert_true(fabs(kymo_mmu_at(exact, 1000000000) - 0.874656423152) < 1e-12);
	assert_true(fabs(kymo_mmu_at(go, 1000000000) - 0.539643361282) < 1e-9);
	assert_int_equal(kymo_mmu_span(exact), 160802817);
	kymo_mmu_free(exact);
	kymo_mmu_free(go);
	// Where no worker counts, they agree.
	assert_int_equal(kymo_mmu_new(t, NULL, KYMO_UTIL_STW, KYMO_RULES_EXACT, &exact), KYMO_OK);
	assert_int_equal(kymo_mmu_new(t, NULL, KYMO_UTIL_STW, KYMO_RULES_GO126, &go), KYMO_OK);
	for (kymo_ns w = 1000; w < 1000000000; w *= 3)
		assert_true(kymo_mmu_at(exact, w) == kymo_mmu_at(go, w));
	kymo_mmu_free(exact);
	kymo_mmu_free(go);
	kymo_trace_free(t);
}

static void check_same(struct kymo_mmu *a, struct kymo_mmu *b)
{
	static const double q[] = {0.001, 0.05, 0.5};
	assert_int_equal(kymo_mmu_span(a), kymo_mmu_span(b));
	for (kymo_ns w = 1000; w <= kymo_mmu_span(a); w *= 100) {
		struct kymo_mmu_window x[9], y[9];
		double u[3], v[3];
		size_t n, m;
		assert_true(kymo_mmu_at(a, w) == kymo_mmu_at(b, w));
		assert_int_equal(kymo_mmu_quantiles(a, w, q, 3, u), KYMO_OK);
		assert_int_equal(kymo_mmu_quantiles(b, w, q, 3, v), KYMO_OK);
		assert_memory_equal(u, v, sizeof u);
		assert_int_equal(kymo_mmu_worst(a, w, 9, x, &n), KYMO_OK);
		assert_int_equal(kymo_mmu_worst(b, w, 9, y, &m), KYMO_OK);
		assert_int_equal(n, m);
		for (size_t i = 0; i < n; i++)
			assert_true(x[i].time == y[i].time && x[i].proc == y[i].proc &&
			            x[i].utilization == y[i].utilization);
	}
}

/* What is kept with a trace changes nothing: sets in turns, more than are kept, by both rules, of windows. */
static void test_kept(void **state)
{
	(void)state;
	struct kymo_trace *plain = trace_real("go1.26/gc.trace.zst"),
			  *keeps = trace_real("go1.26/gc.trace.zst");
	kymo_ns duration = kymo_trace_info(plain)->duration;
	struct kymo_mmu *first = NULL;
	bool stop = true;
	assert_int_equal(kymo_keep(keeps, KYMO_KEEP_MMU, &stop), KYMO_E_LIMIT);
	assert_int_equal(kymo_keep(keeps, KYMO_KEEP_MMU, NULL), KYMO_OK);
	for (int turn = 0; turn < 3; turn++)
		for (size_t i = 0; i < 2 * FLAG_SETS; i++) {
			unsigned flags = flag_sets[turn == 1 ? i / 2 : i % FLAG_SETS];
			enum kymo_rules rules = i < FLAG_SETS ? KYMO_RULES_EXACT : KYMO_RULES_GO126;
			struct kymo_selection sel = {.from = turn ? duration / 5 : 0,
			                             .to = duration - (kymo_ns)i};
			struct kymo_mmu *a, *b;
			assert_int_equal(kymo_mmu_new(plain, &sel, flags, rules, &a), KYMO_OK);
			assert_int_equal(kymo_mmu_new(keeps, &sel, flags, rules, &b), KYMO_OK);
			check_same(a, b);
			kymo_mmu_free(a);
			if (!first)
				first = b;
			else
				kymo_mmu_free(b);
		}
	// What was asked for outlives what is kept.
	kymo_trace_free(keeps);
	struct kymo_mmu *a;
	struct kymo_selection sel = {.from = 0, .to = duration};
	assert_int_equal(kymo_mmu_new(plain, &sel, flag_sets[0], KYMO_RULES_EXACT, &a), KYMO_OK);
	check_same(a, first);
	kymo_mmu_free(a);
	kymo_mmu_free(first);
	kymo_trace_free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated), cmocka_unit_test(test_real),
		cmocka_unit_test(test_window),    cmocka_unit_test(test_leak),
		cmocka_unit_test(test_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
