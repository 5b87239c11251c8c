/* SPDX-License-Identifier: MIT */
/*
 * Points of the MMU's curve over step functions of many points, where bands are apart in likely ones and others, against
 * means at every bend. (tests/property/test_mmu.c has functions that come from traces, and short ones.)
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/mmu.h"

#define EPS 1e-9

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* Busy and idle stretches, so that some windows are far worse than others; `many` points, a begin anywhere. */
static void add_series(struct util *u, size_t many, unsigned steps)
{
	size_t at = util_new_series(u, KYMO_NONE);
	kymo_ns time = (kymo_ns)draw(1000000000);
	unsigned most = steps;
	assert_true(at != SIZE_MAX);
	for (size_t i = 0; i < many; i++) {
		if (draw(500) == 0)
			most = (unsigned)draw(steps + 1);
		double value = (double)(steps - draw(most + 1)) / steps;
		struct util_point p = {time, i + 1 < many ? value : 0, 0};
		assert_true(vec_push(&u->series.at[at].points, p));
		time += 1 + (kymo_ns)draw(draw(4) ? 1000 : 300000);
	}
}

/* Means of windows at each bend. */
struct slow {
	double least, total;
	size_t count, cap;
	struct {
		double low, high, mass;
	} * at;
};

static void slow_series(struct slow *x, const struct mmu_series *s, kymo_ns w)
{
	kymo_ns begin = mmu_begin(s), last = begin + mmu_duration(s) - w;
	struct mmu_edge left = {s, 0}, right = {s, 0};
	double was = 0;
	for (kymo_ns time = begin, from = begin;;) {
		double mean =
			(mmu_integral(&right, time + w) - mmu_integral(&left, time)) / (double)w;
		x->least = mean < x->least ? mean : x->least;
		if (time > from) {
			if (x->count == x->cap) {
				x->cap = 2 * x->cap + 1024;
				x->at = realloc(x->at, x->cap * sizeof *x->at);
				assert_non_null(x->at);
			}
			x->at[x->count].low = was < mean ? was : mean;
			x->at[x->count].high = was < mean ? mean : was;
			x->at[x->count++].mass = (double)(time - from);
			x->total += (double)(time - from);
		}
		if (time >= last)
			return;
		was = mean;
		from = time;
		kymo_ns a = mmu_next(&left), b = mmu_next(&right);
		time = b == INT64_MAX || a < b - w ? a : b - w;
		time = time < last ? time : last;
	}
}

static double slow_upto(const struct slow *x, double u)
{
	double sum = 0;
	for (size_t i = 0; i < x->count; i++)
		if (x->at[i].high <= u)
			sum += x->at[i].mass;
		else if (x->at[i].low < u)
			sum += x->at[i].mass * (u - x->at[i].low) / (x->at[i].high - x->at[i].low);
	return sum / x->total;
}

static void check(const struct kymo_mmu *m, struct mmu_scratch *scratch, kymo_ns w)
{
	static const double q[] = {0.001, 0.05, 0.6, 1};
	struct slow x = {.least = 1};
	double least, u[4], alone[4];
	for (size_t i = 0; i < m->count; i++) {
		kymo_ns duration = mmu_duration(&m->series[i]);
		slow_series(&x, &m->series[i], w < duration ? w : duration);
	}
	assert_int_equal(mmu_point(m, w, q, 4, scratch, &least, u), KYMO_OK);
	assert_true(fabs(least - x.least) < EPS);
	assert_true(kymo_mmu_at(m, w) == least);
	// What the scratch had before does not matter.
	assert_int_equal(kymo_mmu_quantiles(m, w, q, 4, alone), KYMO_OK);
	for (int i = 0; i < 4; i++) {
		assert_true(u[i] == alone[i]);
		if (x.total <= 0) {
			assert_true(u[i] == least);
			continue;
		}
		assert_true(slow_upto(&x, u[i] - EPS) <= q[i] + EPS);
		assert_true(slow_upto(&x, u[i] + EPS) >= q[i] - EPS);
	}
	free(x.at);
}

static void check_all(size_t series, size_t many, unsigned steps)
{
	struct util u = {0};
	struct kymo_mmu *m;
	for (size_t i = 0; i < series; i++)
		add_series(&u, many + (size_t)draw(many), steps);
	assert_int_equal(mmu_of_util(&u, KYMO_RULES_EXACT, &m), KYMO_OK);
	struct mmu_scratch *scratch = mmu_scratch_make();
	assert_non_null(scratch);
	for (double w = 100; w < 2 * (double)kymo_mmu_span(m); w *= 2.7)
		check(m, scratch, (kymo_ns)w);
	check(m, scratch, kymo_mmu_span(m));
	mmu_scratch_free(scratch);
	kymo_mmu_free(m);
}

static void test_points(void **cmocka)
{
	(void)cmocka;
	check_all(1, 60000, 8);
	check_all(1, 60000, 3);
	check_all(1, 40000, 64);
	check_all(3, 20000, 1);  // as procs have
	check_all(1, 100, 4);
	check_all(1, 2, 1);
}

/* Bands in order, whichever way they were made; and again, after some were taken. */
static void test_heap(void **cmocka)
{
	(void)cmocka;
	struct util u = {0};
	struct kymo_mmu *m;
	struct mmu_heap all = {0}, some = {0}, copy = {0};
	add_series(&u, 60000, 8);
	assert_int_equal(mmu_of_util(&u, KYMO_RULES_EXACT, &m), KYMO_OK);
	for (kymo_ns w = 1000; w < kymo_mmu_span(m); w = w * 3 + 7) {
		assert_true(mmu_heap_make(m, w, false, &all));
		assert_true(mmu_heap_copy(&all, &copy));
		assert_true(mmu_heap_make_some(m, w, false, &some));
		mmu_least(m, w, &some);
		assert_int_equal(all.total, some.total);
		for (size_t i = 0, n = all.count; i < n; i++) {
			assert_true(all.count && some.count && copy.count);
			struct mmu_band a = mmu_heap_pop(&all), b = mmu_heap_pop(&some),
					c = mmu_heap_pop(&copy);
			assert_true(a.bound == b.bound && a.begin == b.begin && a.end == b.end);
			assert_true(a.bound == c.bound && a.begin == c.begin && a.end == c.end);
		}
		assert_int_equal(all.count + some.count + copy.count, 0);
	}
	mmu_heap_free(&all);
	mmu_heap_free(&some);
	mmu_heap_free(&copy);
	kymo_mmu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_points),
	                                   cmocka_unit_test(test_heap)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
