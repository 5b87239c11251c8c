/* SPDX-License-Identifier: MIT */
/*
 * The MMU, its quantiles and worst windows over step functions of many points, where most bands are not looked at closely,
 * against means at every bend. (tests/property/test_mmu.c has functions that come from traces, and short ones.)
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/mmu_bounds.h"

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
		struct util_point p = {time, i + 1 < many ? value : 0};
		assert_true(vec_push(&u->series.at[at].points, p));
		time += 1 + (kymo_ns)draw(draw(4) ? 1000 : 300000);
	}
}

/* The integral at any time, from that at each point. */
struct slow_edge {
	const struct kymo_mmu_series *s;
	const long double *sum;
	size_t at;
};

static long double *slow_sums(const struct kymo_mmu_series *s)
{
	long double *sum = malloc(s->count * sizeof *sum);
	assert_non_null(sum);
	sum[0] = 0;
	for (size_t i = 1; i < s->count; i++)
		sum[i] = sum[i - 1] + (long double)s->value[i - 1] * (s->time[i] - s->time[i - 1]);
	return sum;
}

/* Goes forward only. */
static long double slow_integral(struct slow_edge *e, kymo_ns time)
{
	while (e->at + 1 < e->s->count && e->s->time[e->at + 1] <= time)
		e->at++;
	return e->sum[e->at] + (long double)e->s->value[e->at] * (time - e->s->time[e->at]);
}

/* Means of windows at each bend. */
struct slow {
	double least, total;
	size_t count, cap;
	struct {
		double low, high, mass;
	} * at;
};

static kymo_ns slow_next(const struct slow_edge *e)
{
	return e->at + 1 < e->s->count ? e->s->time[e->at + 1] : INT64_MAX;
}

static kymo_ns length_of(const struct kymo_mmu_series *s)
{
	return s->time[s->count - 1] - s->time[0];
}

static void slow_series(struct slow *x, const struct kymo_mmu_series *s, kymo_ns w)
{
	kymo_ns begin = s->time[0], last = begin + length_of(s) - w;
	long double *sum = slow_sums(s);
	struct slow_edge left = {s, sum, 0}, right = {s, sum, 0};
	double was = 0;
	for (kymo_ns time = begin, from = begin;;) {
		double mean =
			(double)((slow_integral(&right, time + w) - slow_integral(&left, time)) / w);
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
			break;
		was = mean;
		from = time;
		kymo_ns a = slow_next(&left), b = slow_next(&right);
		time = b == INT64_MAX || a < b - w ? a : b - w;
		time = time < last ? time : last;
	}
	free(sum);
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

static struct slow slow_of(const struct kymo_mmu *m, kymo_ns w)
{
	struct slow x = {.least = 1};
	const struct kymo_mmu_series *s;
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++)
		slow_series(&x, s, w < length_of(s) ? w : length_of(s));
	return x;
}

static const double q[] = {0.001, 0.05, 0.6, 1};

static void check_quantiles(const struct slow *x, const double *u)
{
	for (int i = 0; i < 4; i++) {
		if (x->total <= 0) {
			assert_true(u[i] == x->least || fabs(u[i] - x->least) < EPS);
			continue;
		}
		assert_true(slow_upto(x, u[i] - EPS) <= q[i] + EPS);
		assert_true(slow_upto(x, u[i] + EPS) >= q[i] - EPS);
	}
}

static void check(const struct kymo_mmu *m, struct mmu_scratch *scratch, unsigned steps, kymo_ns w)
{
	struct slow x = slow_of(m, w);
	double least, u[4], alone[4];
	assert_int_equal(mmu_point(m, w, q, 4, NULL, scratch, &least, u), KYMO_OK);
	assert_true(fabs(least - x.least) < EPS);
	assert_true(kymo_mmu_at(m, w) == least);
	check_quantiles(&x, u);
	// What the scratch had before does not matter.
	assert_int_equal(kymo_mmu_quantiles(m, w, q, 4, alone), KYMO_OK);
	for (int i = 0; i < 4; i++)
		assert_true(u[i] == alone[i]);
	// Nor does a guess, good or bad.
	for (int n = 0; n < 6; n++) {
		static const double off[] = {0, 1e-6, 0.01, -0.01, 0.3, -0.3};
		struct mmu_guess guess[4];
		for (int i = 0; i < 4; i++)
			guess[i] = (struct mmu_guess){u[i] + off[n] - (n ? 1e-3 : 0),
			                              u[i] + off[n] + (n ? 1e-3 : 0)};
		assert_int_equal(mmu_point(m, w, q, 4, guess, scratch, &least, alone), KYMO_OK);
		check_quantiles(&x, alone);
	}
	// Nor one value that many windows have.
	for (unsigned n = 0; n <= steps; n += 1 + steps / 8) {
		struct mmu_guess guess[4];
		for (int i = 0; i < 4; i++)
			guess[i] = (struct mmu_guess){(double)n / steps, (double)n / steps};
		assert_int_equal(mmu_point(m, w, q, 4, guess, scratch, &least, alone), KYMO_OK);
		check_quantiles(&x, alone);
	}
	free(x.at);
}

static struct kymo_mmu *make(struct util *u, kymo_ns from, kymo_ns to)
{
	struct kymo_mmu *m;
	struct mmu_whole *whole = mmu_whole_make(u, 0, KYMO_RULES_EXACT);
	assert_non_null(whole);
	assert_int_equal(mmu_of_whole(whole, from, to, &m), KYMO_OK);
	return m;
}

/* Of some, and of a part of it. */
static struct kymo_mmu *make_some(size_t series, size_t many, unsigned steps, bool part)
{
	struct util u = {0};
	for (size_t i = 0; i < series; i++)
		add_series(&u, many + (size_t)draw(many), steps);
	const struct util_point *at = u.series.at[0].points.at;
	size_t n = u.series.at[0].points.count;
	kymo_ns from = at[n / 5].time + (kymo_ns)draw(1000), to = at[n / 5 * 4].time;
	return make(&u, part ? from : INT64_MIN, part ? to : INT64_MAX);
}

static void check_all(size_t series, size_t many, unsigned steps)
{
	struct mmu_scratch *scratch = mmu_scratch_make();
	assert_non_null(scratch);
	for (int part = 0; part < 2; part++) {
		struct kymo_mmu *m = make_some(series, many, steps, part);
		for (double w = 100; w < 2 * (double)kymo_mmu_span(m); w *= part ? 17 : 3.9)
			check(m, scratch, steps, (kymo_ns)w);
		check(m, scratch, steps, kymo_mmu_span(m));
		kymo_mmu_free(m);
	}
	mmu_scratch_free(scratch);
}

static void test_points(void **cmocka)
{
	(void)cmocka;
	check_all(1, 60000, 8);
	check_all(1, 60000, 3);
	check_all(1, 40000, 64);
	check_all(3, 20000, 1);  // as procs have
	check_all(1, 100, 4);
	check_all(1, 12, 1);
}

/* The last window of one series begins when the first one of the next does; and all may have the quantiles. */
static void test_one_after_the_other(void **cmocka)
{
	(void)cmocka;
	struct mmu_scratch *scratch = mmu_scratch_make();
	assert_non_null(scratch);
	for (kymo_ns w = 10; w < 100000; w *= 3) {
		struct util u = {0};
		add_series(&u, 3000, 64);
		add_series(&u, 3000, 64);
		const struct util_series *a = &u.series.at[0], *b = &u.series.at[1];
		kymo_ns by = a->points.at[a->points.count - 1].time - w - b->points.at[0].time;
		for (size_t i = 0; i < b->points.count; i++)
			b->points.at[i].time += by;
		struct kymo_mmu *m = make(&u, INT64_MIN, INT64_MAX);
		check(m, scratch, 64, w);
		kymo_mmu_free(m);
	}
	mmu_scratch_free(scratch);
}

/* Points of a curve are the points by themselves. */
static void test_curve(void **cmocka)
{
	(void)cmocka;
	static const unsigned steps[] = {1, 4, 64};
	for (size_t n = 0; n < 3; n++) {
		struct kymo_mmu *m = make_some(1, 30000, steps[n], false);
		kymo_ns window[40];
		double least[40], u[40 * 4], span = (double)kymo_mmu_span(m);
		for (int i = 0; i < 40; i++)
			window[i] = (kymo_ns)(1000 * pow(span / 1000, i / 39.0));
		for (size_t count = 0; count <= 40; count += count < 11 ? 1 : 29) {
			assert_int_equal(mmu_curve(m, window, count, q, 4, least, u), KYMO_OK);
			for (size_t i = 0; i < count; i++) {
				struct slow x = slow_of(m, window[i]);
				assert_true(kymo_mmu_at(m, window[i]) == least[i]);
				check_quantiles(&x, &u[i * 4]);
				free(x.at);
			}
		}
		kymo_mmu_free(m);
	}
}

/* No mean is outside of its band's bounds, and those of long windows are close. */
static void test_bounds(void **cmocka)
{
	(void)cmocka;
	for (unsigned steps = 1; steps < 100; steps *= 3) {
		struct kymo_mmu *m = make_some(1, 20000, steps, false);
		const struct kymo_mmu_series *shown = kymo_mmu_series(m, 0);
		const struct mmu_series *s = m->part[0].s;
		long double *sum = slow_sums(shown);
		size_t most = s->level[MMU_FINEST].count + 1;
		double *low = malloc(most * sizeof *low), *high = malloc(most * sizeof *high);
		assert_true(low && high);
		for (kymo_ns w = 1; w < length_of(shown); w = w * 5 + 3)
			for (size_t level = 0; level < MMU_LEVELS; level++) {
				const struct mmu_bands *b = &s->level[level];
				kymo_ns begin = shown->time[0], last = length_of(shown) - w;
				size_t count = (size_t)(last >> b->shift) + 1;
				mmu_bounds(b, w, 1e-10, 0, count, low, high);
				struct slow_edge left = {shown, sum, 0}, right = {shown, sum, 0};
				double wide = 0;
				for (kymo_ns t = 0; t <= last; t += ((kymo_ns)1 << b->shift) / 7 + 1) {
					size_t k = (size_t)(t >> b->shift);
					double mean = (double)((slow_integral(&right, begin + t + w) -
					                        slow_integral(&left, begin + t)) /
					                       w);
					assert_true(low[k] <= mean && mean <= high[k]);
					wide = high[k] - low[k] > wide ? high[k] - low[k] : wide;
				}
				// In a band the mean falls or rises by a band's length at most, and what is not known
				// of a sum is less.
				assert_true(wide <= 2.0 * (double)((kymo_ns)1 << b->shift) /
				                                    (double)w +
				                            1e-9 ||
				            wide <= 1 + 1e-9);
			}
		free(low);
		free(high);
		free(sum);
		kymo_mmu_free(m);
	}
}

/* The least of windows that keep apart from those that were found, at every bend and right beside these; the earliest. */
static double slow_apart(const struct kymo_mmu *m, kymo_ns w, const struct kymo_mmu_window *apart,
                         size_t count, kymo_ns *when)
{
	double least = 2;
	const struct kymo_mmu_series *s;
	for (size_t n = 0; (s = kymo_mmu_series(m, n)); n++) {
		long double *sum = slow_sums(s);
		for (int side = 0; side < 2; side++)
			for (size_t i = 0; i < s->count + 2 * count; i++) {
				kymo_ns t = i < s->count ? s->time[i] - (side ? w : 0)
				                         : apart[(i - s->count) / 2].time +
				                                   (i % 2 ? w : -w);
				bool free = t >= s->time[0] && t + w <= s->time[s->count - 1];
				for (size_t k = 0; k < count && free; k++)
					free = t >= apart[k].time + w || t <= apart[k].time - w;
				if (!free)
					continue;
				size_t lo = 0, hi = s->count;
				while (hi - lo > 1) {
					size_t mid = lo + (hi - lo) / 2;
					if (s->time[mid] <= t)
						lo = mid;
					else
						hi = mid;
				}
				struct slow_edge left = {s, sum, lo}, right = {s, sum, lo};
				double mean = (double)((slow_integral(&right, t + w) -
				                        slow_integral(&left, t)) /
				                       w);
				if (mean < least || (mean == least && t < *when)) {
					least = mean;
					*when = t;
				}
			}
		free(sum);
	}
	return least;
}

/* Of a series that is shorter than a window, all is one window: slow_apart has none. */
static kymo_ns shortest(const struct kymo_mmu *m)
{
	kymo_ns least = kymo_mmu_span(m);
	const struct kymo_mmu_series *s;
	for (size_t i = 0; (s = kymo_mmu_series(m, i)); i++)
		least = length_of(s) < least ? length_of(s) : least;
	return least;
}

static void test_worst(void **cmocka)
{
	(void)cmocka;
	for (int n = 0; n < 5; n++) {
		struct kymo_mmu *m =
			make_some(n == 3 ? 2 : 1, 3000, n == 0 ? 7 : 1u << n / 2, n == 2);
		for (kymo_ns w = 300; w < shortest(m); w *= 9) {
			struct kymo_mmu_window worst[30];
			size_t count;
			assert_int_equal(kymo_mmu_worst(m, w, 30, worst, &count), KYMO_OK);
			for (size_t i = 0; i < count; i++) {
				kymo_ns when = 0;
				double want = slow_apart(m, w, worst, i, &when);
				assert_true(fabs(worst[i].utilization - want) < EPS);
				// Of sevenths, sums are rounded.
				if (n)
					assert_true(worst[i].time == when);
				for (size_t k = 0; k < i; k++)
					assert_true(llabs(worst[i].time - worst[k].time) >= w);
			}
			kymo_ns when = 0;
			if (count < 30)
				assert_true(slow_apart(m, w, worst, count, &when) > 1.5);
		}
		kymo_mmu_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points), cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_curve),  cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_worst),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
