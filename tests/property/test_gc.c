/* SPDX-License-Identifier: MIT */
/* Cycles, stops, assists, sweeps and the heap against the trace's tables, row by row, and against `kymo stat`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/traces.h"

struct loaded {
	struct kymo_trace *t;
	struct kymo_stat stat;
};

static struct loaded generated(uint64_t seed)
{
	struct loaded l;
	l.t = trace_generated_stat(seed, &l.stat);
	return l;
}

static struct loaded real(const char *name)
{
	struct loaded l;
	l.t = trace_real_stat(name, &l.stat);
	return l;
}

static kymo_ns overlap(kymo_ns a, kymo_ns b, kymo_ns from, kymo_ns to)
{
	a = a > from ? a : from;
	b = b < to ? b : to;
	return b > a ? b - a : 0;
}

/* How long goroutine g executes in [a, b). */
static kymo_ns executed(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns a, kymo_ns b)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_ns sum = 0;
	kymo_span_seek(t, g, 0, &c);
	while (kymo_span_next(&c, &s))
		if (s.state == KYMO_SPAN_RUNNING || (s.state == KYMO_SPAN_SYSCALL && s.proc))
			sum += overlap(s.start, s.end, a, b);
	return sum;
}

/* Everything that a window's sums are made of. */
static void check_sums(const struct kymo_trace *t, const struct kymo_gc *gc, const uint8_t *chosen)
{
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	kymo_ns stops = 0, assists = 0, running = 0, sweeps = 0, marking = 0, in_groups = 0;
	uint64_t counts[3] = {0};
	for (uint32_t i = 0; i < r->count; i++) {
		kymo_ns ns = overlap(r->start[i], r->end[i], gc->from, gc->to);
		bool mine = !chosen || chosen[r->goroutine[i]];
		switch (r->kind[i]) {
		case KYMO_RANGE_STW: stops += ns; break;
		case KYMO_RANGE_GC: marking += ns; break;
		case KYMO_RANGE_ASSIST:
			if (!mine || !ns)
				break;
			assists += ns;
			counts[0]++;
			kymo_ns a = r->start[i] > gc->from ? r->start[i] : gc->from;
			kymo_ns b = r->end[i] < gc->to ? r->end[i] : gc->to;
			running += executed(t, r->goroutine[i], a, b);
			break;
		case KYMO_RANGE_SWEEP:
			if (mine && ns)
				sweeps += ns;
			break;
		}
	}
	assert_int_equal(gc->stops.total, stops);
	assert_int_equal(gc->marking, marking);
	assert_int_equal(gc->assists.total, assists);
	assert_int_equal(gc->assists.count, counts[0]);
	assert_int_equal(gc->assist_running, running);
	assert_int_equal(gc->sweeps.total, sweeps);
	for (size_t i = 0; i < gc->assist_count; i++)
		in_groups += gc->assist[i].time.total;
	assert_int_equal(in_groups, assists);
}

static void check_cycles(const struct kymo_trace *t, const struct kymo_gc *gc)
{
	for (size_t i = 0; i < gc->cycle_count; i++) {
		const struct kymo_gc_cycle *c = &gc->cycle[i];
		assert_true(c->end >= c->start);
		assert_true(i == 0 || c->start >= gc->cycle[i - 1].start);
		kymo_ns parts = (c->sweep_termination > 0 ? c->sweep_termination : 0) +
		                (c->mark > 0 ? c->mark : 0) +
		                (c->mark_termination > 0 ? c->mark_termination : 0);
		assert_true(parts <= c->end - c->start);
		const struct kymo_series *live = kymo_trace_metric(t, KYMO_METRIC_HEAP_LIVE);
		uint64_t start = UINT64_MAX, end = UINT64_MAX;
		for (uint32_t k = 0; k < live->count && live->time[k] <= c->end; k++) {
			start = live->time[k] <= c->start ? live->value[k] : start;
			end = live->value[k];
		}
		assert_true(c->heap_start == start);
		assert_true(c->heap_end == end);
	}
	for (size_t i = 0; i < gc->stop_count; i++) {
		const struct kymo_gc_stop *s = &gc->stop[i];
		assert_true(s->stopping >= 0 && s->stopping <= s->end - s->start);
	}
}

/* A sweep is of the last cycle whose marking had ended. */
static void check_sweeps(const struct kymo_trace *t, const struct kymo_gc *gc)
{
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	kymo_ns *sums = calloc(gc->cycle_count + 1, sizeof *sums);
	for (uint32_t i = 0; i < r->count; i++) {
		size_t cycle = 0, ended = 0;
		for (uint32_t k = 0; k < r->count && r->kind[i] == KYMO_RANGE_SWEEP; k++)
			if (r->kind[k] == KYMO_RANGE_GC) {
				cycle++;
				ended = r->end[k] <= r->start[i] ? cycle : ended;
			}
		if (ended)
			sums[ended - 1] += r->end[i] - r->start[i];
	}
	for (size_t i = 0; i < gc->cycle_count; i++)
		assert_int_equal(gc->cycle[i].sweep, sums[i]);
	free(sums);
}

static void check_heap(const struct kymo_trace *t, const struct kymo_gc *gc)
{
	const struct kymo_series *live = kymo_trace_metric(t, KYMO_METRIC_HEAP_LIVE);
	for (size_t i = 0; i < gc->heap_count; i++) {
		kymo_ns a = gc->heap[i].from,
			b = i + 1 < gc->heap_count ? gc->heap[i + 1].from : gc->to;
		uint64_t most = 0, least = UINT64_MAX;
		bool any = false;
		for (uint32_t k = 0; k < live->count; k++) {
			kymo_ns until = k + 1 < live->count ? live->time[k + 1] : INT64_MAX;
			if (live->time[k] >= b || until <= a)
				continue;
			any = true;
			most = live->value[k] > most ? live->value[k] : most;
			least = live->value[k] < least ? live->value[k] : least;
		}
		assert_true(gc->heap[i].live_max == (any ? most : UINT64_MAX));
		assert_true(gc->heap[i].live_min == least);
	}
}

static void check(const struct loaded *l)
{
	struct kymo_gc gc;
	assert_int_equal(kymo_gc_compute(l->t, NULL, &gc), KYMO_OK);
	assert_int_equal(gc.cycle_count, l->stat.gc_cycles);
	assert_int_equal(gc.stop_count, l->stat.stw_count);
	assert_int_equal(gc.stops.total, l->stat.stw_total);
	check_sums(l->t, &gc, NULL);
	check_cycles(l->t, &gc);
	check_sweeps(l->t, &gc);
	check_heap(l->t, &gc);
	kymo_gc_free(&gc);
}

/* Three windows have together what the whole has. */
static void check_windows(const struct kymo_trace *t)
{
	kymo_ns duration = kymo_trace_info(t)->duration,
		cuts[] = {0, duration / 4, duration / 3 * 2, duration};
	struct kymo_gc all, sum = {0};
	assert_int_equal(kymo_gc_compute(t, NULL, &all), KYMO_OK);
	for (int i = 0; i < 3; i++) {
		struct kymo_selection sel = {.from = cuts[i], .to = cuts[i + 1]};
		struct kymo_gc gc;
		assert_int_equal(kymo_gc_compute(t, &sel, &gc), KYMO_OK);
		check_sums(t, &gc, NULL);
		sum.stops.total += gc.stops.total;
		sum.stopped_for_gc += gc.stopped_for_gc;
		sum.assists.total += gc.assists.total;
		sum.assist_running += gc.assist_running;
		sum.sweeps.total += gc.sweeps.total;
		sum.swept_bytes += gc.swept_bytes;
		sum.reclaimed_bytes += gc.reclaimed_bytes;
		sum.available += gc.available;
		for (int w = 0; w < KYMO_GC_WORKERS; w++)
			sum.worker[w] += gc.worker[w];
		kymo_gc_free(&gc);
	}
	assert_int_equal(sum.stops.total, all.stops.total);
	assert_int_equal(sum.stopped_for_gc, all.stopped_for_gc);
	assert_int_equal(sum.assists.total, all.assists.total);
	assert_int_equal(sum.assist_running, all.assist_running);
	assert_int_equal(sum.sweeps.total, all.sweeps.total);
	assert_true(sum.swept_bytes == all.swept_bytes);
	assert_true(sum.reclaimed_bytes == all.reclaimed_bytes);
	assert_int_equal(sum.available, all.available);
	for (int w = 0; w < KYMO_GC_WORKERS; w++)
		assert_int_equal(sum.worker[w], all.worker[w]);
	kymo_gc_free(&all);
}

static void test_generated(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct loaded l = generated(seed);
		check(&l);
		check_windows(l.t);
		uint32_t goroutines = kymo_trace_goroutines(l.t)->count;
		uint8_t *chosen = calloc(goroutines, 1);
		for (uint32_t g = 1; g < goroutines; g++)
			chosen[g] = (g + seed) % 2 == 0;
		struct kymo_selection sel = {.to = kymo_trace_info(l.t)->duration,
		                             .goroutines = chosen};
		struct kymo_gc gc;
		assert_int_equal(kymo_gc_compute(l.t, &sel, &gc), KYMO_OK);
		check_sums(l.t, &gc, chosen);
		kymo_gc_free(&gc);
		free(chosen);
		kymo_trace_free(l.t);
	}
}

static void test_real(void **state)
{
	static const char *const names[] = {
		"go1.22/gc.trace.zst",      "go1.24/gc.trace.zst",
		"go1.26/gc.trace.zst",      "go1.26/flight-1.trace.zst",
		"go1.25/flight-2.trace.gz", "go1.23-large/mix-1m.trace.zst"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct loaded l = real(names[i]);
		check(&l);
		check_windows(l.t);
		// Each whole cycle has its three phases, and workers marked in some.
		struct kymo_gc gc;
		assert_int_equal(kymo_gc_compute(l.t, NULL, &gc), KYMO_OK);
		for (size_t k = 0; k < gc.cycle_count; k++)
			if (!gc.cycle[k].flags)
				assert_true(
					gc.cycle[k].sweep_termination > 0 && gc.cycle[k].mark > 0 &&
					gc.cycle[k].mark_termination > 0 && gc.cycle[k].stops >= 2);
		kymo_gc_free(&gc);
		kymo_trace_free(l.t);
	}
}

/* The workers' time of a trace that is known: 4 procs, 161 ms. Taken from the events that Go prints, label to stop. */
static void test_workers(void **state)
{
	(void)state;
	struct loaded l = real("go1.23-large/mix-1m.trace.zst");
	struct kymo_gc gc;
	assert_int_equal(kymo_gc_compute(l.t, NULL, &gc), KYMO_OK);
	assert_int_equal(gc.cycle_count, 5);
	assert_int_equal(gc.worker[KYMO_GC_DEDICATED], 80622401);
	assert_int_equal(gc.worker[KYMO_GC_FRACTIONAL], 0);
	assert_int_equal(gc.worker[KYMO_GC_IDLE], 2628416);
	kymo_gc_free(&gc);
	kymo_trace_free(l.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
