/* SPDX-License-Identifier: MIT */
/*
 * Profiles and tables of waits with what is kept of a trace's waits (analysis/wait_index.h) and without: the same, field by
 * field, for any window, for blocks of any size. Over generated traces and recorded ones; test_profile.c holds those
 * without to the truth.
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

#include "analysis/dist_runs.h"
#include "analysis/wait_index.h"
#include "base/radix.h"
#include "property/traces.h"

#define SEEDS 12
#define WINDOWS 16

/* With blocks of so many spans. */
static enum kymo_status make(const struct kymo_trace *t, uint32_t block, const bool *stop,
                             struct wait_index **out)
{
	struct wait_index_tuning tuning = wait_index_tuning_default;
	tuning.block = block;
	return wait_index_make(t, &tuning, stop, out);
}

/* ---- the same, field by field ---- */

static void assert_same_profile(const struct kymo_profile *a, const struct kymo_profile *b)
{
	assert_int_equal(a->stack, b->stack);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->total_ns, b->total_ns);
	for (size_t i = 0; i < a->count; i++) {
		const struct kymo_profile_sample *x = &a->samples[i], *y = &b->samples[i];
		assert_int_equal(x->stack, y->stack);
		assert_int_equal(x->group, y->group);
		assert_int_equal(x->reason, y->reason);
		assert_int_equal(x->region, y->region);
		assert_int_equal(x->task, y->task);
		assert_int_equal(x->count, y->count);
		assert_int_equal(x->ns, y->ns);
		assert_int_equal(x->longest, y->longest);
		assert_int_equal(x->longest_at, y->longest_at);
		assert_int_equal(x->longest_goroutine, y->longest_goroutine);
	}
}

static void assert_same_waits(const struct kymo_waits *a, const struct kymo_waits *b)
{
	size_t wakers = 0;
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->total_count, b->total_count);
	assert_int_equal(a->total_ns, b->total_ns);
	for (size_t i = 0; i < a->count; i++) {
		const struct kymo_wait_site *x = &a->sites[i], *y = &b->sites[i];
		assert_int_equal(x->stack, y->stack);
		assert_int_equal(x->reason, y->reason);
		assert_int_equal(x->count, y->count);
		assert_int_equal(x->total, y->total);
		assert_int_equal(x->p50, y->p50);
		assert_int_equal(x->p90, y->p90);
		assert_int_equal(x->p99, y->p99);
		assert_int_equal(x->max, y->max);
		assert_int_equal(x->max_at, y->max_at);
		assert_int_equal(x->max_goroutine, y->max_goroutine);
		assert_int_equal(x->without_proc, y->without_proc);
		assert_int_equal(x->waker_from, y->waker_from);
		assert_int_equal(x->waker_to, y->waker_to);
		wakers = x->waker_to > wakers ? x->waker_to : wakers;
	}
	for (size_t i = 0; i < wakers; i++) {
		assert_int_equal(a->wakers[i].stack, b->wakers[i].stack);
		assert_int_equal(a->wakers[i].count, b->wakers[i].count);
		assert_int_equal(a->wakers[i].ns, b->wakers[i].ns);
		assert_int_equal(a->wakers[i].open, b->wakers[i].open);
	}
}

/* ---- what is asked ---- */

static enum kymo_status profile(struct kymo_trace *t, const struct kymo_selection *sel,
                                unsigned how, struct kymo_profile *out)
{
	const struct kymo_profile_options o = {
		.kind = (enum kymo_profile_kind)(how % (KYMO_PROFILE_BLOCK + 1)),
		.stack = (enum kymo_profile_stack)(how / 8 % 3),
		.labels = how / 32 % 2,
		.rules = how / 64 % 8 == 7 && how % 8 <= KYMO_PROFILE_SCHED ? KYMO_RULES_GO126
	                                                                    : KYMO_RULES_EXACT,
	};
	return kymo_profile_compute(t, sel, &o, out);
}

/* Answers with the index and without. */
static void assert_same(struct kymo_trace *t, struct wait_index *x,
                        const struct kymo_selection *sel, uint64_t *rnd, uint64_t *seen)
{
	struct kept_slot *slot = &t->kept[KEPT_WAITS];
	for (int i = 0; i < 6; i++) {
		struct kymo_profile with, without;
		unsigned how = (unsigned)random_next(rnd);
		atomic_store(&slot->at, x);
		assert_int_equal(profile(t, sel, how, &with), KYMO_OK);
		atomic_store(&slot->at, NULL);
		assert_int_equal(profile(t, sel, how, &without), KYMO_OK);
		assert_same_profile(&with, &without);
		*seen += with.total;
		kymo_profile_free(&with);
		kymo_profile_free(&without);
	}
	for (unsigned kind = 0; kind <= KYMO_WAITS_CHANS; kind++) {
		struct kymo_waits with, without;
		atomic_store(&slot->at, x);
		assert_int_equal(kymo_waits_compute(t, sel, (enum kymo_waits_kind)kind, &with),
		                 KYMO_OK);
		atomic_store(&slot->at, NULL);
		assert_int_equal(kymo_waits_compute(t, sel, (enum kymo_waits_kind)kind, &without),
		                 KYMO_OK);
		assert_same_waits(&with, &without);
		*seen += with.total_count;
		kymo_waits_free(&with);
		kymo_waits_free(&without);
	}
}

/* A time at which something happens, or next to one, or any. */
static kymo_ns some_time(const struct kymo_trace *t, const struct wait_index *x, uint64_t *rnd)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	kymo_ns end = kymo_trace_info(t)->duration, at = 0;
	struct kymo_span_cursor c;
	struct kymo_span s;
	uint64_t r = random_next(rnd);
	switch (r % 8) {
	case 0: at = 0; break;
	case 1: at = end; break;
	case 2:
	case 3: at = x->edges[random_next(rnd) % (x->block_count + 1)]; break;
	case 4:
	case 5:
		kymo_span_seek(t, (kymo_goroutine_ix)(1 + random_next(rnd) % (gs->count - 1)),
		               (kymo_ns)(random_next(rnd) % (uint64_t)(end + 1)), &c);
		at = kymo_span_next(&c, &s) ? s.end : 0;
		break;
	default: return (kymo_ns)(random_next(rnd) % (uint64_t)(end + 1));
	}
	at += (kymo_ns)(r / 8 % 4 == 0) - (kymo_ns)(r / 8 % 4 == 1);
	return at < 0 ? 0 : at > end ? end : at;
}

/* Any window, of any goroutines. */
static void choose(const struct kymo_trace *t, const struct wait_index *x, uint64_t *rnd,
                   struct kymo_selection *sel)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	const struct kymo_regions *regions = kymo_trace_regions(t);
	kymo_goroutine_ix g = 1 + (kymo_goroutine_ix)(random_next(rnd) % (gs->count - 1));
	struct kymo_filter f = KYMO_FILTER_ALL;
	kymo_ns a = some_time(t, x, rnd), b = some_time(t, x, rnd);
	char name[512];
	struct kymo_str s = kymo_trace_string(t, gs->name[g]);
	f.from = a < b ? a : b;
	f.to = a < b ? b : a;
	switch (random_next(rnd) % 16) {
	case 0: f.to = f.from; break;
	case 1: f.to = f.from + 1; break;
	case 2: f.goroutine = gs->id[g]; break;
	case 3:
	case 4:
	case 5: f.group = name; break;
	case 6: f.func = "[aeiou].*[a-m]$"; break;
	case 7:
		if (regions->count) {
			s = kymo_trace_string(t, regions->type[random_next(rnd) % regions->count]);
			f.region = name;
		}
		break;
	default: break;
	}
	snprintf(name, sizeof name, "%.*s", (int)s.len, s.ptr);
	assert_int_equal(kymo_select(t, &f, sel, NULL), KYMO_OK);
}

/* With blocks of so many spans. */
static void check(struct kymo_trace *t, uint64_t seed, const uint32_t sizes[4], unsigned windows,
                  uint64_t *seen)
{
	uint64_t rnd = seed * 0x9e3779b97f4a7c15u;
	for (unsigned i = 0; i < 4; i++) {
		struct wait_index *x;
		assert_int_equal(make(t, sizes[i], NULL, &x), KYMO_OK);
		assert_same(t, x, NULL, &rnd, seen);
		for (unsigned n = 0; n < windows; n++) {
			struct kymo_selection sel;
			choose(t, x, &rnd, &sel);
			assert_same(t, x, &sel, &rnd, seen);
			kymo_selection_free(&sel);
		}
		wait_index_free(x);
	}
}

/* ---- the tests ---- */

static void test_generated(void **state)
{
	uint64_t seen = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		check(t, seed, (const uint32_t[]){1, 20, 300, 5000}, WINDOWS, &seen);
		kymo_trace_free(t);
	}
	assert_true(seen > 50000);
}

static void test_recorded(void **state)
{
	static const char *const files[] = {
		"go1.26/mix.trace.zst", "go1.26/http.trace.zst", "go1.26/tasktree.trace.zst",
		"go1.22/gc.trace.zst",  "go1.23/pool.trace.zst", "go1.23-large/mix-1m.trace.zst"};
	uint64_t seen = 0;
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct kymo_trace *t = trace_real(files[i]);
		check(t, i + 1, (const uint32_t[]){100, 1000, 10000, 1u << 17}, 6, &seen);
		kymo_trace_free(t);
	}
	assert_true(seen > 1000000);
}

/* Blocks have each wait once, in order, and as many spans as they should. */
static void test_blocks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		struct wait_index *x;
		assert_int_equal(make(t, 50, NULL, &x), KYMO_OK);
		assert_true(x->block_count > 1);
		assert_int_equal(x->edges[0], 0);
		assert_int_equal(x->edges[x->block_count], kymo_trace_info(t)->duration);
		for (uint32_t b = 0; b < x->block_count; b++) {
			assert_true(x->edges[b] < x->edges[b + 1]);
			for (uint32_t i = 0; i < x->blocks[b].single_count; i++) {
				const struct wait_single *one = &x->blocks[b].singles[i];
				assert_true(one->start < x->edges[b]);
				assert_true(one->end > x->edges[b] && one->end <= x->edges[b + 1]);
				assert_true(one->lost >= one->start && one->lost <= one->end);
				assert_true(one->key < x->key_count);
			}
		}
		wait_index_free(x);
		kymo_trace_free(t);
	}
}

/* What is too large is given up. */
static void test_limit(void **state)
{
	const struct wait_index_tuning tight = {.block = 50, .base = 1000, .per_wait = 1},
				       wide = {.block = 50, .base = 1000, .per_wait = 200};
	struct kymo_trace *t = trace_generated(3, 0);
	struct wait_index *x;
	(void)state;
	assert_int_equal(wait_index_make(t, &tight, NULL, &x), KYMO_E_LIMIT);
	assert_null(x);
	assert_int_equal(wait_index_make(t, &wide, NULL, &x), KYMO_OK);
	wait_index_free(x);
	kymo_trace_free(t);
}

static void test_keep(void **state)
{
	struct kymo_trace *t = trace_generated(3, 0);
	bool stop = true;
	(void)state;
	kymo_keep(t, KYMO_KEEP_WAITS, &stop);
	assert_null(wait_index_of(t));
	struct wait_index *x;
	assert_int_equal(make(t, 50, &stop, &x), KYMO_E_LIMIT);
	assert_null(x);
	assert_int_equal(kymo_keep(t, KYMO_KEEP_WAITS, NULL), KYMO_OK);
	const struct wait_index *kept = wait_index_of(t);
	assert_non_null(kept);
	assert_int_equal(kymo_keep(t, KYMO_KEEP_WAITS, NULL), KYMO_OK);
	assert_ptr_equal(wait_index_of(t), kept);
	kymo_trace_free(t);
}

/* Percentiles of values in runs, as those of the values in one place. */
static void test_ranks(void **state)
{
	uint64_t rnd = 0x9e3779b97f4a7c15u;
	(void)state;
	for (unsigned n = 0; n < 60; n++) {
		const size_t most[] = {3, 100, 9000, 300000};
		struct dist_runs d[2] = {0};
		struct dist all[2] = {0};
		uint32_t *run[2][8], *spare = malloc(300000 * sizeof *spare);
		for (unsigned set = 0; set < 2; set++) {
			unsigned narrow = 23 + (unsigned)(random_next(&rnd) % 41), runs = n / 4 % 8;
			for (size_t i = random_next(&rnd) % most[n % 4] + (runs == 0); i > 0; i--) {
				kymo_ns v = (kymo_ns)(random_next(&rnd) >> 1 >> narrow);
				assert_true(dist_add(&d[set].values, v) && dist_add(&all[set], v));
			}
			for (unsigned r = 0; r < runs; r++) {
				size_t count = 1 + random_next(&rnd) % most[n % 4];
				run[set][r] = malloc(count * sizeof *run[set][r]);
				assert_non_null(run[set][r]);
				for (size_t i = 0; i < count; i++) {
					run[set][r][i] =
						(uint32_t)(random_next(&rnd) >> 32 >> narrow % 32);
					assert_true(dist_add(&all[set], run[set][r][i]));
				}
				radix_sort_u32(run[set][r], spare, count);
				assert_true(vec_push(&d[set].runs,
				                     ((struct dist_run){run[set][r], count})));
			}
		}
		free(spare);
		for (unsigned set = 0; set < 2; set++) {
			struct dist_summary want = dist_summarize(&all[set]);
			assert_true(dist_runs_ranks(&d[set]));
			assert_int_equal(d[set].p50, want.p50);
			assert_int_equal(d[set].p90, want.p90);
			assert_int_equal(d[set].p99, want.p99);
			dist_runs_free(&d[set]);
			dist_free(&all[set]);
			for (unsigned r = 0; r < n / 4 % 8; r++)
				free(run[set][r]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated), cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_ranks),     cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_limit),     cmocka_unit_test(test_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
