/* SPDX-License-Identifier: MIT */
/*
 * Tiles of groups, metrics, GC and stop-the-world, and the sums of windows, against brute force
 * over the store.
 */
#include "support/tile_bytes.h"

#include <math.h>

#define SEEDS 20
#define TILES 40

static bool member(const struct fixture *f, struct lane lane, kymo_goroutine_ix g)
{
	return lane.kind == LANE_ALL || f->model->groups.group_of[g] == lane.ix;
}

/*
 * ns in each state, and the longest runnable span, of the lane's goroutines within [left, right).
 */
struct sums {
	uint64_t ns[KYMO_SPAN_STATE_COUNT];
	kymo_ns worst;
};

static struct sums slow_sums(const struct fixture *f, struct lane lane, kymo_ns left, kymo_ns right)
{
	struct sums sums = {0};
	for (kymo_goroutine_ix g = 1; g < kymo_trace_goroutines(f->trace)->count; g++) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		if (!member(f, lane, g))
			continue;
		kymo_span_seek(f->trace, g, 0, &c);
		while (kymo_span_next(&c, &s)) {
			uint64_t part = overlap(s.start, s.end, left, right);
			sums.ns[s.state] += part;
			if (part && s.state == KYMO_SPAN_RUNNABLE && s.end - s.start > sums.worst)
				sums.worst = s.end - s.start;
		}
	}
	return sums;
}

static void check_float(float got, double want)
{
	if (fabs((double)got - want) > 1e-6 * fabs(want) + 1e-12)
		fail_msg("%.9g instead of %.9g", (double)got, want);
}

static void check_counts(struct fixture *f, const struct tile *t)
{
	struct tile_bytes b = tile_get(f, t), again = tile_get(f, t);
	assert_int_equal(b.buf.len, again.buf.len);
	assert_memory_equal(b.buf.ptr, again.buf.ptr, b.buf.len);
	buf_free(&again.buf);
	if (t->block > (uint64_t)f->model->duration >> (9 + t->level)) {
		assert_int_equal(b.kind, TILE_EMPTY);
		buf_free(&b.buf);
		return;
	}
	assert_int_equal(b.kind, TILE_COUNTS);
	const float *plane[5];
	for (unsigned i = 0; i < 5; i++)
		plane[i] = tile_take(&b, 4);
	double width = (double)(1ull << t->level);
	unsigned step = 1 + (unsigned)gen_below(&f->rng, 7);
	for (unsigned c = 0; c < TILE_COLUMNS; c += step) {
		kymo_ns left = tile_begin(t) + (kymo_ns)((uint64_t)c << t->level);
		struct sums want = slow_sums(f, t->lane, left, left + (kymo_ns)(1ull << t->level));
		check_float(plane[0][c], (double)want.ns[KYMO_SPAN_RUNNING] / width);
		check_float(plane[1][c], (double)want.ns[KYMO_SPAN_RUNNABLE] / width);
		check_float(plane[2][c], (double)(want.ns[KYMO_SPAN_SYSCALL] +
		                                  want.ns[KYMO_SPAN_SYSCALL_BLOCKED]) /
		                                 width);
		check_float(plane[3][c], (double)want.ns[KYMO_SPAN_WAITING] / width);
		assert_true(plane[4][c] == (float)want.worst);
	}
	buf_free(&b.buf);
}

static void check_groups(const struct model_tuning *tuning)
{
	unsigned below = 0, above = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 500, tuning);
		for (unsigned i = 0; i < TILES; i++) {
			struct lane lane = {LANE_ALL, 0};
			if (gen_chance(&f.rng, 70))
				lane = (struct lane){
					LANE_GROUP,
					(uint32_t)gen_below(&f.rng, f.model->groups.count)};
			struct tile t = random_tile(&f, lane);
			unsigned base = lane.kind == LANE_ALL ? f.model->all.base
			                                      : f.model->density[lane.ix].base;
			*(t.level < base ? &below : &above) += 1;
			check_counts(&f, &t);
		}
		fixture_free(&f);
	}
	assert_true(below > 50);
	assert_true(above > 50);
}

static void test_groups(void **state)
{
	(void)state;
	check_groups(&tiny);
}

static void test_groups_default(void **state)
{
	(void)state;
	check_groups(&model_tuning_default);
}

/* The members of a window, whatever their order of begin: exactly those that exist in it. */
static void test_alive(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 2000, &tiny);
		const struct kymo_goroutines *gs = kymo_trace_goroutines(f.trace);
		for (unsigned i = 0; i < 50; i++) {
			uint64_t d = (uint64_t)f.model->duration + 1;
			kymo_ns t0 = (kymo_ns)gen_below(&f.rng, d),
				t1 = t0 + (kymo_ns)gen_below(&f.rng, d / 4 + 2);
			uint32_t group = gen_chance(&f.rng, 30)
			                         ? GROUPS_ALL
			                         : (uint32_t)gen_below(&f.rng, f.model->groups.count);
			uint8_t *seen = calloc(gs->count, 1);
			struct groups_cursor c;
			kymo_goroutine_ix g;
			groups_seek(&f.model->groups, group, t0, t1, &c);
			while ((g = groups_next(&c)) != 0)
				assert_int_equal(seen[g]++, 0);
			for (g = 1; g < gs->count; g++) {
				bool want = (group == GROUPS_ALL ||
				             f.model->groups.group_of[g] == group) &&
				            touches(gs->begin[g], gs->end[g], t0, t1);
				assert_int_equal(seen[g], want);
			}
			free(seen);
		}
		fixture_free(&f);
	}
}

static void test_windows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 800, &tiny);
		for (unsigned i = 0; i < 60; i++) {
			uint64_t d = (uint64_t)f.model->duration;
			kymo_ns from = (kymo_ns)gen_below(&f.rng, d),
				to = from + (kymo_ns)gen_below(&f.rng, d - (uint64_t)from + 1);
			if (gen_chance(&f.rng, 40))
				to = from + (to - from) / 50;
			uint32_t group = (uint32_t)gen_below(&f.rng, f.model->groups.count);
			struct group_times got;
			assert_true(tile_group_window(f.model, group, from, to, &got));
			struct sums want = slow_sums(&f, (struct lane){LANE_GROUP, group}, from, to);
			/* A long window is right but for parts of the two cells at its ends. */
			const struct density *density = &f.model->density[group];
			double members = (double)(f.model->groups.from[group + 1] -
			                          f.model->groups.from[group]);
			bool exact = (uint64_t)(to - from) >> density->base < 64;
			double slack =
				exact ? 0.5 : 2 * members * (double)(1ull << density->base) + 1;
			assert_true(fabs(got.execution - (double)want.ns[KYMO_SPAN_RUNNING]) <= slack);
			assert_true(fabs(got.sched_wait - (double)want.ns[KYMO_SPAN_RUNNABLE]) <=
			            slack);
			assert_true(fabs(got.block - (double)want.ns[KYMO_SPAN_WAITING]) <= slack);
			assert_true(got.worst_wait >=
			            (double)(float)want.worst * (exact ? 1 : 0.999999));
			if (exact)
				assert_true(got.worst_wait == (double)want.worst);
		}
		fixture_free(&f);
	}
}

/* Sums over the whole trace, the busy time of procs, and the order of groups. */
static void test_whole(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 1000, &tiny);
		const struct model *m = f.model;
		double last = INFINITY, running = 0;
		for (uint32_t i = 0; i < m->groups.count; i++) {
			uint32_t group = m->group_order[i];
			const struct group_times *t = &m->group_times[group];
			struct sums want =
				slow_sums(&f, (struct lane){LANE_GROUP, group}, 0, m->duration + 1);
			assert_true(t->execution == (double)want.ns[KYMO_SPAN_RUNNING]);
			assert_true(t->sched_wait == (double)want.ns[KYMO_SPAN_RUNNABLE]);
			assert_true(t->worst_wait == (double)want.worst);
			assert_true(t->execution + t->sched_wait <= last);
			last = t->execution + t->sched_wait;
			running += t->execution;
		}
		struct sums all = slow_sums(&f, (struct lane){LANE_ALL, 0}, 0, m->duration + 1);
		assert_true(running == (double)all.ns[KYMO_SPAN_RUNNING]);
		kymo_ns busy = 0;
		for (kymo_proc_ix p = 1; p < kymo_trace_procs(f.trace)->count; p++)
			busy += m->proc_busy[p];
		assert_true(busy <= (kymo_ns)(all.ns[KYMO_SPAN_RUNNING] + all.ns[KYMO_SPAN_SYSCALL]));
		assert_true(busy >= (kymo_ns)all.ns[KYMO_SPAN_RUNNING]);
		fixture_free(&f);
	}
}

/* ---- metrics ---- */

static void check_points(const struct kymo_series *s, const struct tile *t, struct tile_bytes *b)
{
	const double *time = tile_take(b, 8), *value = tile_take(b, 8);
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		bool inside = s->time[i] >= tile_begin(t) && s->time[i] < tile_end(t);
		bool before = s->time[i] < tile_begin(t) &&
		              (i + 1 == s->count || s->time[i + 1] >= tile_begin(t));
		if (!inside && !before)
			continue;
		assert_true(time[n] == (double)s->time[i]);
		assert_true(value[n] == (double)s->value[i]);
		n++;
	}
	assert_int_equal(n, b->count);
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void check_columns(const struct fixture *f, const struct kymo_series *s,
                          const struct tile *t, struct tile_bytes *b)
{
	const double *plane[4];
	for (unsigned i = 0; i < 4; i++)
		plane[i] = tile_take(b, 8);
	for (unsigned c = 0; c < TILE_COLUMNS; c++) {
		kymo_ns left = tile_begin(t) + (kymo_ns)((uint64_t)c << t->level),
			right = left + (kymo_ns)(1ull << t->level);
		double first = NAN, min = NAN, max = NAN, last = NAN;
		for (uint32_t i = 0; i < s->count; i++) {
			kymo_ns until = i + 1 < s->count ? s->time[i + 1] : INT64_MAX;
			double v = (double)s->value[i];
			if (left > f->model->duration || s->time[i] >= right || until <= left)
				continue;  // not in force in this column
			first = isnan(first) ? v : first;
			min = isnan(min) || v < min ? v : min;
			max = isnan(max) || v > max ? v : max;
			last = v;
		}
		assert_true(same(plane[0][c], first) && same(plane[1][c], min) &&
		            same(plane[2][c], max) && same(plane[3][c], last));
	}
}

static void test_series(void **state)
{
	static const enum lane_kind kinds[] = {LANE_HEAP, LANE_GOAL, LANE_PROCS};
	static const enum kymo_metric metrics[] = {KYMO_METRIC_HEAP_LIVE, KYMO_METRIC_HEAP_GOAL,
	                                           KYMO_METRIC_GOMAXPROCS};
	unsigned seen[256] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 3000, &tiny);
		for (unsigned i = 0; i < 60; i++) {
			unsigned which = i % 3;
			struct tile t = random_tile(&f, (struct lane){kinds[which], 0});
			const struct kymo_series *s = kymo_trace_metric(f.trace, metrics[which]);
			struct tile_bytes b = tile_get(&f, &t);
			seen[b.kind]++;
			if (b.kind == TILE_COUNTER_POINTS)
				check_points(s, &t, &b);
			else if (b.kind == TILE_COUNTER_COLUMNS)
				check_columns(&f, s, &t, &b);
			else
				assert_int_equal(b.kind, TILE_EMPTY);
			buf_free(&b.buf);
		}
		fixture_free(&f);
	}
	assert_true(seen[TILE_COUNTER_POINTS] > 10);
	assert_true(seen[TILE_COUNTER_COLUMNS] > 10);
}

/* ---- gc and stw ---- */

static void check_ranges(struct fixture *f, const struct tile *t, unsigned kinds[256])
{
	const struct kymo_ranges *r = kymo_trace_ranges(f->trace);
	unsigned kind = t->lane.kind == LANE_GC ? KYMO_RANGE_GC : KYMO_RANGE_STW;
	struct tile_bytes b = tile_get(f, t);
	kymo_ns t0 = tile_begin(t), t1 = tile_end(t);
	uint32_t n = 0;
	kinds[b.kind]++;
	if (t->block > (uint64_t)f->model->duration >> (9 + t->level)) {
		assert_int_equal(b.kind, TILE_EMPTY);
	} else if (b.kind == TILE_SHARES) {
		const uint8_t *share = tile_take(&b, 1), *worst = tile_take(&b, 1);
		for (unsigned c = 0; c < TILE_COLUMNS; c++) {
			kymo_ns left = t0 + (kymo_ns)((uint64_t)c << t->level),
				right = left + (kymo_ns)(1ull << t->level);
			uint64_t ns = 0;
			kymo_ns longest = 0;
			for (uint32_t i = 0; i < r->count; i++) {
				if (r->kind[i] != kind ||
				    !touches(r->start[i], r->end[i], left, right))
					continue;
				ns += overlap(r->start[i], r->end[i], left, right);
				longest = r->end[i] - r->start[i] > longest ? r->end[i] - r->start[i]
				                                            : longest;
			}
			assert_int_equal(share[c], slow_share(ns, 1ull << t->level));
			assert_int_equal(worst[c], tile_worst((float)longest));
		}
	} else {
		const double *start = NULL, *end = NULL;
		if (b.kind == TILE_SPANS) {
			start = tile_take(&b, 8);
			end = tile_take(&b, 8);
		}
		for (uint32_t i = 0; i < r->count; i++) {
			if (r->kind[i] != kind || !touches(r->start[i], r->end[i], t0, t1))
				continue;
			assert_true(n < b.count);
			assert_true(start[n] == (double)r->start[i] && end[n] == (double)r->end[i]);
			n++;
		}
		assert_int_equal(b.kind, n ? TILE_SPANS : TILE_EMPTY);
		assert_int_equal(n, b.count);
	}
	buf_free(&b.buf);
}

static void test_ranges(void **state)
{
	unsigned kinds[256] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, 3000, &tiny);
		for (unsigned i = 0; i < 60; i++) {
			struct tile t = random_tile(&f, (struct lane){i % 2 ? LANE_GC : LANE_STW, 0});
			check_ranges(&f, &t, kinds);
		}
		fixture_free(&f);
	}
	assert_true(kinds[TILE_SPANS] > 10);
	assert_true(kinds[TILE_SHARES] > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups), cmocka_unit_test(test_groups_default),
		cmocka_unit_test(test_alive),  cmocka_unit_test(test_windows),
		cmocka_unit_test(test_whole),  cmocka_unit_test(test_series),
		cmocka_unit_test(test_ranges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
