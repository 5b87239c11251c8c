/* SPDX-License-Identifier: MIT */
/*
 * Tiles of goroutines, procs and threads against brute force: the lane's intervals are put together
 * from the store in another way than src/serve does it, and each column is computed by looking at
 * all of them.
 */
#include "support/tile_bytes.h"

#include <math.h>

#define SEEDS 24
#define TILES 40

struct interval {
	kymo_ns start, end;
	kymo_goroutine_ix g;
	kymo_proc_ix proc;
	kymo_string_ix reason;
	unsigned state, class;
};

struct intervals {
	struct interval *at;
	size_t count, cap;
};

static void put(struct intervals *l, struct interval i)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->at = realloc(l->at, l->cap * sizeof *l->at);
		assert_non_null(l->at);
	}
	l->at[l->count++] = i;
}

static int by_start(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;
	return x->start != y->start ? (x->start < y->start ? -1 : 1)
	       : x->end < y->end    ? -1
	                            : x->end > y->end;
}

static unsigned slow_class(const struct fixture *f, kymo_goroutine_ix g, unsigned state,
                           kymo_string_ix reason)
{
	struct kymo_str name = kymo_trace_string(f->trace, kymo_trace_goroutines(f->trace)->name[g]);
	struct kymo_str why = kymo_trace_string(f->trace, reason);
	bool worker = name.len == 22 && memcmp(name.ptr, "runtime.gcBgMarkWorker", 22) == 0;
	static const unsigned classes[] = {CLASS_IDLE, CLASS_RUNNABLE, CLASS_RUN,
	                                   0,          CLASS_SYSCALL,  CLASS_SYSCALL};
	if (state == KYMO_SPAN_RUNNING && worker)
		return CLASS_GC;
	return state == KYMO_SPAN_WAITING ? class_of_reason(why.ptr, why.len) : classes[state];
}

static struct interval interval_of(const struct fixture *f, kymo_goroutine_ix g,
                                   const struct kymo_span *s)
{
	bool on_proc = s->state == KYMO_SPAN_RUNNING || s->state == KYMO_SPAN_SYSCALL;
	return (struct interval){s->start,
	                         s->end,
	                         g,
	                         on_proc ? s->proc : 0,
	                         s->reason,
	                         s->state,
	                         slow_class(f, g, s->state, s->reason)};
}

static void put_goroutine(const struct fixture *f, kymo_goroutine_ix g, kymo_proc_ix only,
                          struct intervals *l)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_span_seek(f->trace, g, 0, &c);
	while (kymo_span_next(&c, &s))
		if (only == 0 || ((s.state == KYMO_SPAN_RUNNING || s.state == KYMO_SPAN_SYSCALL) &&
		                  s.proc == only))
			put(l, interval_of(f, g, &s));
}

/* A proc's intervals are the spans of all goroutines that were on it. */
static void put_proc(const struct fixture *f, kymo_proc_ix p, struct intervals *l)
{
	for (kymo_goroutine_ix g = 1; g < kymo_trace_goroutines(f->trace)->count; g++)
		put_goroutine(f, g, p, l);
	qsort(l->at, l->count, sizeof *l->at, by_start);
}

static void put_thread(const struct fixture *f, kymo_thread_ix m, struct intervals *l)
{
	const struct kymo_bindings *b = kymo_trace_bindings(f->trace);
	for (uint32_t i = 0; i < b->count; i++) {
		if (b->thread[i] != m)
			continue;
		if (b->proc[i] == 0) {
			put(l, (struct interval){b->start[i], b->end[i], b->goroutine[i], 0, 0,
			                         KYMO_SPAN_SYSCALL_BLOCKED, CLASS_SYSCALL});
			continue;
		}
		struct intervals of_proc = {0};
		put_proc(f, b->proc[i], &of_proc);
		kymo_ns at = b->start[i];
		for (size_t n = 0; n < of_proc.count; n++) {
			struct interval it = of_proc.at[n];
			if (overlap(it.start, it.end, b->start[i], b->end[i]) == 0)
				continue;
			it.start = it.start > b->start[i] ? it.start : b->start[i];
			it.end = it.end < b->end[i] ? it.end : b->end[i];
			if (it.start > at)
				put(l, (struct interval){at, it.start, 0, b->proc[i], 0, 0,
				                         CLASS_IDLE});
			put(l, it);
			at = it.end;
		}
		if (at < b->end[i])
			put(l, (struct interval){at, b->end[i], 0, b->proc[i], 0, 0, CLASS_IDLE});
		free(of_proc.at);
	}
}

static struct intervals intervals_of(const struct fixture *f, struct lane lane)
{
	struct intervals l = {0};
	if (lane.kind == LANE_GOROUTINE)
		put_goroutine(f, lane.ix, 0, &l);
	else if (lane.kind == LANE_PROC)
		put_proc(f, lane.ix, &l);
	else
		put_thread(f, lane.ix, &l);
	return l;
}

/* ---- expectations ---- */

static void check_exact(const struct fixture *f, const struct tile *t, struct tile_bytes *b,
                        const struct intervals *l)
{
	const double *start = tile_take(b, 8), *end = tile_take(b, 8), *id = tile_take(b, 8);
	const uint32_t *row = tile_take(b, 4), *group = tile_take(b, 4);
	const uint8_t *state = tile_take(b, 1), *class = tile_take(b, 1);
	const struct kymo_goroutines *gs = kymo_trace_goroutines(f->trace);
	const struct kymo_procs *ps = kymo_trace_procs(f->trace);
	uint32_t n = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct interval *it = &l->at[i];
		if (!touches(it->start, it->end, tile_begin(t), tile_end(t)))
			continue;
		assert_true(n < b->count);
		assert_true(start[n] == (double)it->start);
		assert_true(end[n] == (double)it->end);
		assert_int_equal(state[n], it->state);
		assert_int_equal(class[n], it -> class);
		assert_int_equal(group[n], it->g ? f->model->groups.group_of[it->g] : UINT32_MAX);
		if (t->lane.kind == LANE_GOROUTINE) {
			assert_int_equal(row[n], it->reason);
			assert_true(it->proc ? id[n] == (double)ps->id[it->proc] : isnan(id[n]));
		} else {
			assert_int_equal(row[n], it->g);
			assert_true(id[n] == (double)(it->g ? gs->id[it->g] : ps->id[it->proc]));
		}
		n++;
	}
	assert_int_equal(n, b->count);
}

/* Bits that are no property of the intervals: GC ranges, stop-the-world, samples. */
static unsigned slow_flags(const struct fixture *f, struct lane lane, kymo_ns left, kymo_ns right)
{
	const struct kymo_ranges *r = kymo_trace_ranges(f->trace);
	const struct kymo_samples *s = kymo_trace_samples(f->trace);
	unsigned flags = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		if (!touches(r->start[i], r->end[i], left, right))
			continue;
		if (r->kind[i] == KYMO_RANGE_STW)
			flags |= MARK_STW;
		if (r->kind[i] != KYMO_RANGE_SWEEP && r->kind[i] != KYMO_RANGE_ASSIST)
			continue;
		if ((lane.kind == LANE_GOROUTINE && r->goroutine[i] == lane.ix) ||
		    (lane.kind == LANE_PROC && r->proc[i] == lane.ix))
			flags |= MARK_GC;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t who = lane.kind == LANE_GOROUTINE ? s->goroutine[i]
		               : lane.kind == LANE_PROC    ? s->proc[i]
		                                           : s->thread[i];
		if (who == lane.ix && s->time[i] >= left && s->time[i] < right)
			flags |= MARK_SAMPLE;
	}
	return flags;
}

static void check_column(const struct fixture *f, const struct tile *t, const struct intervals *l,
                         unsigned c, const uint8_t *const plane[8])
{
	static const unsigned planes[] = {9, 1, 0, 3, 2, 2};
	uint64_t width = 1ull << t->level, ns[10] = {0}, gc = 0;
	kymo_ns left = tile_begin(t) + (kymo_ns)(c * width), right = left + (kymo_ns)width;
	kymo_ns worst = 0;
	uint32_t key = 0;
	unsigned begins = 0;
	bool goroutine = t->lane.kind == LANE_GOROUTINE;
	for (size_t i = 0; i < l->count; i++) {
		const struct interval *it = &l->at[i];
		uint64_t part = overlap(it->start, it->end, left, right);
		ns[planes[it->state]] += part;
		gc += it->class == CLASS_GC && it->state == KYMO_SPAN_RUNNING ? part : 0;
		begins += it->state != KYMO_SPAN_NONE && it->start >= left && it->start < right;
		if (!touches(it->start, it->end, left, right))
			continue;
		if (it->state == KYMO_SPAN_RUNNABLE && it->end - it->start > worst)
			worst = it->end - it->start;
		uint32_t mine = pyramid_wait_key(it->end - it->start, it->class);
		if (it->state == KYMO_SPAN_WAITING && mine > key)
			key = mine;
	}
	/* Above level 31 a cell counts in units of more than a nanosecond, rounded up. */
	unsigned slack = t->level > 31 ? 1 : 0;
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(plane[i][c], slow_share(ns[i], width),
		                slow_share(ns[i], width) + slack);
	unsigned class = goroutine        ? key & 15
	                 : ns[0] == 0     ? CLASS_IDLE
	                 : gc * 2 > ns[0] ? CLASS_GC
	                                  : CLASS_RUN;
	if (goroutine || !slack)
		assert_int_equal(plane[4][c], class);
	double code = ceil(6 * log2((double)(float)worst + 1));
	assert_int_equal(plane[5][c], code > 255 ? 255 : (unsigned)code);
	assert_int_equal(plane[6][c], begins > 255 ? 255 : begins);
	unsigned flags = slow_flags(f, t->lane, left, right) | (gc ? MARK_GC : 0);
	assert_int_equal(plane[7][c], flags);
}

static void check_tile(struct fixture *f, const struct tile *t, const struct intervals *l,
                       unsigned kinds[256])
{
	struct tile_bytes b = tile_get(f, t);
	uint32_t n = 0;
	uint64_t beyond = (uint64_t)f->model->duration >> (9 + t->level);
	kinds[b.kind]++;
	if (t->block > beyond) {
		assert_int_equal(b.kind, TILE_EMPTY);
	} else {
		for (size_t i = 0; i < l->count; i++)
			n += touches(l->at[i].start, l->at[i].end, tile_begin(t), tile_end(t));
		assert_int_equal(b.kind, n == 0                        ? TILE_EMPTY
		                         : n <= f->model->tuning.exact ? TILE_SPANS
		                                                       : TILE_STATES);
	}
	if (b.kind == TILE_EMPTY) {
		assert_int_equal(b.count, 0);
		assert_int_equal(b.bytes, 0);
	} else if (b.kind == TILE_SPANS) {
		assert_int_equal(b.count, n);
		check_exact(f, t, &b, l);
	} else {
		const uint8_t *plane[8];
		assert_int_equal(b.count, TILE_COLUMNS);
		for (unsigned i = 0; i < 8; i++)
			plane[i] = tile_take(&b, 1);
		for (unsigned c = 0; c < TILE_COLUMNS; c++)
			check_column(f, t, l, c, plane);
	}
	assert_ptr_equal(b.kind == TILE_EMPTY ? b.buf.ptr + 16 : b.planes, b.buf.ptr + b.buf.len);
	buf_free(&b.buf);
}

static struct lane random_lane(struct fixture *f, enum lane_kind kind)
{
	uint32_t rows = kind == LANE_GOROUTINE ? kymo_trace_goroutines(f->trace)->count
	                : kind == LANE_PROC    ? kymo_trace_procs(f->trace)->count
	                                       : kymo_trace_threads(f->trace)->count;
	return (struct lane){kind, 1 + (uint32_t)gen_below(&f->rng, rows - 1)};
}

static void check_kind(enum lane_kind kind, const struct model_tuning *tuning, unsigned steps)
{
	unsigned kinds[256] = {0}, pyramids = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fixture f = fixture_make(seed, steps, tuning);
		for (unsigned round = 0; round < 3; round++) {
			struct lane lane = random_lane(&f, kind);
			struct intervals l = intervals_of(&f, lane);
			for (unsigned i = 0; i < TILES; i++) {
				struct tile t = random_tile(&f, lane);
				check_tile(&f, &t, &l, kinds);
			}
			pyramids += model_pyramid(f.model, lane) != NULL;
			free(l.at);
		}
		fixture_free(&f);
	}
	/* The seeds must reach what they are for. */
	assert_true(kinds[TILE_EMPTY] > 0);
	assert_true(kinds[TILE_SPANS] > 0);
	if (tuning == &tiny) {
		assert_true(kinds[TILE_STATES] > 100);
		assert_true(pyramids > 5);
	}
}

static void test_goroutines(void **state)
{
	(void)state;
	check_kind(LANE_GOROUTINE, &tiny, 1500);
}

static void test_procs(void **state)
{
	(void)state;
	check_kind(LANE_PROC, &tiny, 400);
}

static void test_threads(void **state)
{
	(void)state;
	check_kind(LANE_THREAD, &tiny, 300);
}

/* The same without a pyramid for any of them: the walk alone. */
static void test_walking(void **state)
{
	static struct model_tuning walking;
	(void)state;
	walking = model_tuning_default;
	walking.exact = 5;
	check_kind(LANE_GOROUTINE, &walking, 1000);
	check_kind(LANE_PROC, &walking, 300);
	check_kind(LANE_THREAD, &walking, 200);
}

static void test_default_tuning(void **state)
{
	(void)state;
	check_kind(LANE_GOROUTINE, &model_tuning_default, 600);
	check_kind(LANE_PROC, &model_tuning_default, 300);
}

static void test_no_lane(void **state)
{
	(void)state;
	struct fixture f = fixture_make(1, 50, &tiny);
	const struct lane lanes[] = {
		{LANE_GOROUTINE, 0},
		{LANE_GOROUTINE, kymo_trace_goroutines(f.trace)->count},
		{LANE_GOROUTINE, UINT32_MAX - 1},
		{LANE_PROC, 0},
		{LANE_PROC, UINT32_MAX - 1},
		{LANE_THREAD, 0},
		{LANE_THREAD, UINT32_MAX - 1},
		{LANE_GROUP, f.model->groups.count},
		{LANE_GROUP, UINT32_MAX - 1},
	};
	for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
		struct tile_bytes b = tile_get(&f, &(struct tile){.lane = lanes[i], .level = 3});
		assert_int_equal(b.kind, TILE_NO_LANE);
		assert_int_equal(b.bytes, 0);
		buf_free(&b.buf);
	}
	fixture_free(&f);
}

static void test_lane_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool good;
		struct lane lane;
	} cases[] = {
		{"all", true, {LANE_ALL, 0}},
		{"grp:7", true, {LANE_GROUP, 7}},
		{"g:1", true, {LANE_GOROUTINE, 1}},
		{"p:2", true, {LANE_PROC, 2}},
		{"m:3", true, {LANE_THREAD, 3}},
		{"gc", true, {LANE_GC, 0}},
		{"stw", true, {LANE_STW, 0}},
		{"heap", true, {LANE_HEAP, 0}},
		{"goal", true, {LANE_GOAL, 0}},
		{"procs", true, {LANE_PROCS, 0}},
		{"g:4294967294", true, {LANE_GOROUTINE, 4294967294u}},
		{"g:4294967295", false, {0}},
		{"g:99999999999", false, {0}},
		{"g:", false, {0}},
		{"g:-1", false, {0}},
		{"g:1x", false, {0}},
		{"", false, {0}},
		{"al", false, {0}},
		{"all ", false, {0}},
		{"x:1", false, {0}},
		{"grp", false, {0}},
		{"g", false, {0}},
		{"gcx", false, {0}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lane lane;
		assert_int_equal(lane_parse(cases[i].name, strlen(cases[i].name), &lane),
		                 cases[i].good);
		if (cases[i].good) {
			assert_int_equal(lane.kind, cases[i].lane.kind);
			assert_int_equal(lane.ix, cases[i].lane.ix);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goroutines),     cmocka_unit_test(test_procs),
		cmocka_unit_test(test_threads),        cmocka_unit_test(test_walking),
		cmocka_unit_test(test_default_tuning), cmocka_unit_test(test_no_lane),
		cmocka_unit_test(test_lane_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
