/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's figures of any window from what is kept with the trace, against those that are made for the window
 * (which test_sched.c holds against the obvious): all fields, of windows that begin and end anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "analysis/sched_parts.h"
#include "base/vec.h"
#include "property/traces.h"

/* The same trace twice: one keeps. */
struct pair {
	struct kymo_trace *plain, *keeps;
};

static struct pair keep(struct pair p, uint32_t block_waits)
{
	assert_int_equal(sched_keep_blocks(p.keeps, block_waits, NULL), KYMO_OK);
	return p;
}

static struct pair generated(uint64_t seed, uint32_t frequency, uint32_t block_waits)
{
	return keep((struct pair){trace_generated(seed, frequency), trace_generated(seed, frequency)},
	            block_waits);
}

static struct pair real(const char *name, uint32_t block_waits)
{
	return keep((struct pair){trace_real(name), trace_real(name)}, block_waits);
}

static void pair_free(struct pair *p)
{
	kymo_trace_free(p->plain);
	kymo_trace_free(p->keeps);
}

/* ---- the same ---- */

#define SAME(field) assert_int_equal(a->field, b->field)

static void same_latency(const struct kymo_latency *a, const struct kymo_latency *b)
{
	SAME(count);
	SAME(total);
	SAME(min);
	SAME(p50);
	SAME(p90);
	SAME(p99);
	SAME(max);
}

static void same(const struct kymo_sched *a, const struct kymo_sched *b, size_t bounds)
{
	same_latency(&a->all, &b->all);
	for (size_t i = 0; i < bounds; i++)
		SAME(histogram[i]);
	SAME(group_count);
	for (size_t i = 0; i < a->group_count; i++) {
		SAME(group_name[i]);
		same_latency(&a->group[i], &b->group[i]);
	}
	SAME(cause_count);
	for (size_t i = 0; i < a->cause_count; i++) {
		SAME(cause[i].cause);
		SAME(cause[i].reason);
		same_latency(&a->cause[i].latency, &b->cause[i].latency);
	}
	SAME(slice_count);
	for (size_t i = 0; i < a->slice_count; i++) {
		same_latency(&a->slice[i].latency, &b->slice[i].latency);
		assert_true(a->slice[i].depth_mean == b->slice[i].depth_mean);
		SAME(slice[i].from);
		SAME(slice[i].to);
		SAME(slice[i].depth_max);
		SAME(slice[i].running);
		SAME(slice[i].syscall);
		SAME(slice[i].available);
	}
	SAME(depth_count);
	for (size_t i = 0; i < a->depth_count; i++)
		SAME(at_depth[i]);
	assert_true(a->depth_mean == b->depth_mean);
	SAME(depth_max);
	SAME(proc_count);
	for (size_t i = 0; i < a->proc_count; i++) {
		SAME(proc[i].id);
		SAME(proc[i].running);
		SAME(proc[i].gc);
		SAME(proc[i].syscall);
		SAME(proc[i].scheduling);
		SAME(proc[i].idle);
		SAME(proc[i].absent);
	}
	SAME(available);
	SAME(starved_count);
	SAME(starved);
	SAME(starved_listed);
	for (size_t i = 0; i < a->starved_listed; i++) {
		SAME(starved_longest[i].from);
		SAME(starved_longest[i].to);
		SAME(starved_longest[i].runnable);
		SAME(starved_longest[i].idle);
	}
}

static void check(const struct pair *p, const struct kymo_selection *sel,
                  const struct kymo_sched_options *opt)
{
	struct kymo_sched a, b;
	assert_int_equal(kymo_sched_compute(p->plain, sel, opt, &a), KYMO_OK);
	assert_int_equal(kymo_sched_compute(p->keeps, sel, opt, &b), KYMO_OK);
	same(&a, &b, opt ? opt->bound_count : 0);
	kymo_sched_free(&a);
	kymo_sched_free(&b);
}

/* ---- windows ---- */

/* A time: of an event, the edge of a block, or any. */
static kymo_ns somewhere(const struct kymo_trace *t, uint64_t *rnd)
{
	const struct sched_kept *k = kept_get(&t->kept[KEPT_SCHED]);
	kymo_ns duration = kymo_trace_info(t)->duration;
	struct kymo_span_cursor c;
	struct kymo_span s;
	switch (random_next(rnd) % 4) {
	case 0: {
		uint32_t g = 1 + (uint32_t)(random_next(rnd) % (t->goroutines.count - 1));
		kymo_span_seek(t, g, (kymo_ns)(random_next(rnd) % (uint64_t)duration), &c);
		return kymo_span_next(&c, &s) ? s.start : 0;
	}
	case 1: return sched_block_begin(&k->log, random_next(rnd) % k->log.blocks);
	case 2: return random_next(rnd) % 2 ? 0 : duration;
	default: return (kymo_ns)(random_next(rnd) % (uint64_t)(duration + 1));
	}
}

static void check_windows(const struct pair *p, uint64_t rnd, int count)
{
	static const kymo_ns bounds[] = {0, 1, 63, 64, 65, 200, 1000, 5000, 20000, 1000000};
	uint32_t goroutines = p->plain->goroutines.count;
	uint8_t *chosen = calloc(goroutines, 1);
	for (int i = 0; i < count; i++) {
		kymo_ns a = somewhere(p->keeps, &rnd), b = somewhere(p->keeps, &rnd);
		struct kymo_selection sel = {.from = a < b ? a : b, .to = a < b ? b : a};
		uint64_t how = random_next(&rnd) % 4;
		for (uint32_t g = 1; g < goroutines; g++)
			chosen[g] =
				(how == 0 ? p->plain->g.name.at[g] % 2 : random_next(&rnd) % 3) == 0;
		sel.goroutines = how < 2 ? chosen : NULL;
		check(p, &sel,
		      &(struct kymo_sched_options){.slices = (uint32_t)(random_next(&rnd) % 130),
		                                   .starved_max = random_next(&rnd) % 30,
		                                   .bounds = bounds,
		                                   .bound_count = random_next(&rnd) % 11});
	}
	free(chosen);
	check(p, NULL, NULL);
}

static void test_generated(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 24; seed++) {
		// Of a slow clock, waits are longer than 32 bits of ns, and the times between them than 16.
		uint32_t frequency = (uint32_t[]){0, 1000000000, 1, 3000000}[seed / 4 % 4];
		struct pair p = generated(seed, frequency, (uint32_t[]){1, 4, 16, 300}[seed % 4]);
		check_windows(&p, seed * 0x9e3779b97f4a7c15u, 40);
		pair_free(&p);
	}
}

static void test_real(void **state)
{
	static const char *const names[] = {"go1.22/files.trace.zst", "go1.26/leak.trace",
	                                    "go1.26/cond.trace", "go1.23-large/mix-1m.trace.zst"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct pair p = real(names[i], i == 3 ? 512 : 20);
		check_windows(&p, 0x2545f4914f6cdd1du + i, 25);
		pair_free(&p);
	}
}

/* Time inside of regions: goroutines in pieces. */
static void test_pieces(void **state)
{
	(void)state;
	struct pair p = real("go1.23-large/mix-1m.trace.zst", 512);
	const struct kymo_regions *r = kymo_trace_regions(p.plain);
	assert_true(r->count > 0);
	struct kymo_str type = kymo_trace_string(p.plain, r->type[0]);
	char *name = strndup(type.ptr, type.len);
	kymo_ns duration = kymo_trace_info(p.plain)->duration;
	struct kymo_filter f = KYMO_FILTER_ALL;
	f.region = name;
	for (int i = 0; i < 5; i++) {
		struct kymo_selection sel;
		f.from = duration / 7 * i;
		f.to = duration - duration / 11 * i;
		assert_int_equal(kymo_select(p.plain, &f, &sel, NULL), KYMO_OK);
		check(&p, &sel, NULL);
		kymo_selection_free(&sel);
	}
	free(name);
	pair_free(&p);
}

/* ---- one stretch of blocks, or many ---- */

static int by_all(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sched_end));
}

/* All waits of a log, in an order of their own; the key is the start function and the cause. */
static struct sched_end *waits_of(const struct sched_log *log, size_t *count)
{
	VEC(struct sched_end) v = {0};
	for (size_t i = 0; i < log->blocks; i++) {
		struct sched_ends c = sched_ends_begin(log, i);
		struct sched_end e;
		memset(&e, 0, sizeof e);
		while (sched_ends_next(&c, &e)) {
			const struct sched_key *k = &log->key[e.key];
			e.key = log->groups.name[k->group] * SCHED_CAUSES + k->cause;
			assert_true(vec_push(&v, e));
		}
	}
	if (v.count)
		qsort(v.at, v.count, sizeof *v.at, by_all);
	*count = v.count;
	return v.at;
}

static void same_log(const struct kymo_trace *t, struct sched_log_options opt, size_t *stretches)
{
	struct sched_log few, many;
	size_t a, b;
	assert_int_equal(sched_log_make(&few, t, &opt), KYMO_OK);
	opt.block_waits = 1;
	assert_int_equal(sched_log_make(&many, t, &opt), KYMO_OK);
	struct sched_end *x = waits_of(&few, &a), *y = waits_of(&many, &b);
	assert_int_equal(a, b);
	assert_true(a == 0 || memcmp(x, y, a * sizeof *x) == 0);
	*stretches += many.blocks > 128;
	free(x);
	free(y);
	sched_log_free(&few);
	sched_log_free(&many);
}

static void test_stretches(void **state)
{
	(void)state;
	size_t stretches = 0;
	struct pair p = real("go1.23-large/mix-1m.trace.zst", 0);
	kymo_ns duration = kymo_trace_info(p.plain)->duration;
	uint32_t goroutines = kymo_trace_goroutines(p.plain)->count;
	const struct kymo_interval three[] = {{duration / 10, duration / 3},
	                                      {duration / 3, duration / 2},
	                                      {duration / 2 + 99, duration}};
	// Of every goroutine three pieces, or none.
	uint32_t *from = calloc(goroutines + 1, sizeof *from);
	struct kymo_interval *pieces = calloc((size_t)goroutines * 3, sizeof *pieces);
	for (uint32_t g = 1, n = 0; g <= goroutines; g++) {
		from[g] = n;
		for (uint32_t i = 0; g < goroutines && g % 5 && i < 3; i++)
			pieces[n++] = three[i];
	}
	struct kymo_selection sel = {.to = duration, .piece_from = from, .pieces = pieces};
	same_log(p.plain, (struct sched_log_options){0, duration, .sel = &sel}, &stretches);
	same_log(p.plain, (struct sched_log_options){duration / 7, duration / 2, .begins = true},
	         &stretches);
	assert_int_equal(stretches, 2);
	free(from);
	free(pieces);
	pair_free(&p);
}

/* What is kept stays so; and who stops it gets nothing that is half made. */
static void test_keep(void **state)
{
	(void)state;
	struct pair p = generated(5, 0, 0);
	void *kept = kept_get(&p.keeps->kept[KEPT_SCHED]);
	bool stop = true;
	assert_int_equal(kymo_keep(p.keeps, KYMO_KEEP_SCHED, NULL), KYMO_OK);
	assert_ptr_equal(kept_get(&p.keeps->kept[KEPT_SCHED]), kept);
	kymo_keep(p.plain, KYMO_KEEP_SCHED, &stop);
	assert_null(kept_get(&p.plain->kept[KEPT_SCHED]));
	assert_int_not_equal(sched_keep_blocks(p.plain, 1, &stop), KYMO_OK);
	assert_null(kept_get(&p.plain->kept[KEPT_SCHED]));
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated), cmocka_unit_test(test_real),
		cmocka_unit_test(test_pieces),    cmocka_unit_test(test_stretches),
		cmocka_unit_test(test_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
