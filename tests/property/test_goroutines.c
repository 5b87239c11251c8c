/* SPDX-License-Identifier: MIT */
/*
 * Where goroutines spent their time, over windows, pieces and groups of generated traces, against sums that look at
 * every span with the public cursor (which test_store.c holds to the truth).
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

#include "analysis/times_sums.h"
#include "property/traces.h"

#define SEEDS 40
#define NAMED 64

/* The slow way: all spans, each cut to each piece. */
struct sums {
	struct kymo_times x;
	kymo_ns blocked;
};

static bool is_forever(const struct kymo_trace *t, kymo_string_ix reason)
{
	struct kymo_str s = kymo_trace_string(t, reason);
	return s.len == 7 && memcmp(s.ptr, "forever", 7) == 0;
}

static struct sums slow(const struct kymo_trace *t, kymo_goroutine_ix g,
                        const struct kymo_interval *pieces, size_t count)
{
	struct sums sum = {0};
	for (size_t i = 0; i < count; i++) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		kymo_span_seek(t, g, 0, &c);
		while (kymo_span_next(&c, &s)) {
			if (s.state == KYMO_SPAN_WAITING && is_forever(t, s.reason))
				break;
			kymo_ns from = s.start > pieces[i].from ? s.start : pieces[i].from;
			kymo_ns to = s.end < pieces[i].to ? s.end : pieces[i].to;
			if (from >= to)
				continue;
			sum.x.total += to - from;
			switch (s.state) {
			case KYMO_SPAN_RUNNING: sum.x.execution += to - from; break;
			case KYMO_SPAN_RUNNABLE: sum.x.sched_wait += to - from; break;
			case KYMO_SPAN_WAITING: sum.blocked += to - from; break;
			case KYMO_SPAN_SYSCALL:
				// In a syscall since before the trace, and nobody knows of a proc.
				if (s.cause == KYMO_CAUSE_STATUS && s.proc == 0)
					sum.x.syscall_block += to - from;
				else
					sum.x.syscall += to - from;
				break;
			default: sum.x.syscall_block += to - from; break;
			}
		}
	}
	return sum;
}

static void assert_same(const struct kymo_trace *t, kymo_goroutine_ix g,
                        const struct kymo_selection *sel, const struct sums *want)
{
	struct kymo_named_ns block[NAMED], range[NAMED];
	struct kymo_times x;
	size_t blocks, ranges;
	kymo_ns blocked = 0;
	kymo_goroutine_times(t, g, sel, KYMO_RULES_EXACT, &x, block, &blocks, range, &ranges, NAMED);
	assert_in_range(blocks, 0, NAMED);
	for (size_t i = 0; i < blocks; i++)
		blocked += block[i].ns;
	assert_int_equal(x.total, want->x.total);
	assert_int_equal(x.execution, want->x.execution);
	assert_int_equal(x.sched_wait, want->x.sched_wait);
	assert_int_equal(x.syscall, want->x.syscall);
	assert_int_equal(x.syscall_block, want->x.syscall_block);
	assert_int_equal(blocked, want->blocked);
	assert_int_equal(x.execution + x.sched_wait + x.syscall + x.syscall_block + blocked, x.total);
}

static void test_windows(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		kymo_ns end = kymo_trace_info(t)->duration;
		uint64_t rnd = seed * 0x9e3779b97f4a7c15u;
		for (int n = 0; n < 6; n++) {
			struct kymo_filter f = KYMO_FILTER_ALL;
			struct kymo_selection sel;
			if (n) {
				kymo_ns a = (kymo_ns)(random_next(&rnd) % (uint64_t)(end + 1)),
					b = (kymo_ns)(random_next(&rnd) % (uint64_t)(end + 1));
				f.from = a < b ? a : b;
				f.to = a < b ? b : a;
			}
			assert_int_equal(kymo_select(t, &f, &sel, NULL), KYMO_OK);
			struct kymo_interval window = {sel.from, sel.to};
			for (kymo_goroutine_ix g = 1; g < kymo_trace_goroutines(t)->count; g++) {
				struct sums want = slow(t, g, &window, 1);
				assert_same(t, g, &sel, &want);
				if (n == 0)
					assert_same(t, g, NULL, &want);
			}
			kymo_selection_free(&sel);
		}
		kymo_trace_free(t);
	}
}

/* Regions cut goroutines into pieces: the union of those of the type. */
static void test_pieces(void **state)
{
	size_t tried = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		const struct kymo_regions *r = kymo_trace_regions(t);
		for (uint32_t i = 0; i < r->count && i < 5; i++) {
			struct kymo_filter f = KYMO_FILTER_ALL;
			struct kymo_selection sel;
			struct kymo_str type = kymo_trace_string(t, r->type[i]);
			char name[256];
			assert_in_range(type.len, 0, sizeof name - 1);
			memcpy(name, type.ptr, type.len);
			name[type.len] = 0;
			f.region = name;
			assert_int_equal(kymo_select(t, &f, &sel, NULL), KYMO_OK);
			for (kymo_goroutine_ix g = 1; g < kymo_trace_goroutines(t)->count; g++) {
				// A nanosecond counts if any region of the type has it: add the regions one by one, without what was added.
				struct kymo_interval *pieces =
					malloc((r->count + 1) * sizeof *pieces);
				size_t n = 0;
				assert_non_null(pieces);
				for (uint32_t k = 0; k < r->count; k++)
					if (r->goroutine[k] == g && r->type[k] == r->type[i]) {
						struct kymo_interval p = {r->begin[k], r->end[k]};
						bool inside = false;
						for (uint32_t m = 0; m < r->count;
						     m++)  // regions of one goroutine nest
							inside |= m != k && r->goroutine[m] == g &&
							          r->type[m] == r->type[i] &&
							          r->begin[m] <= p.from &&
							          r->end[m] >= p.to &&
							          (r->end[m] - r->begin[m] >
							                   p.to - p.from ||
							           m < k);
						if (!inside)
							pieces[n++] = p;
					}
				struct sums want = slow(t, g, pieces, n);
				assert_same(t, g, &sel, &want);
				free(pieces);
				tried += n;
			}
			kymo_selection_free(&sel);
		}
		kymo_trace_free(t);
	}
	assert_true(tried > 50);
}

static int by_size(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

/* A group is the sum of its goroutines; its percentiles are ranks among them. */
static void test_groups(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
		struct kymo_goroutine_groups groups;
		uint32_t counted = 0;
		kymo_ns *total = malloc((gs->count + 1) * sizeof *total);
		assert_non_null(total);
		assert_int_equal(kymo_goroutine_groups_compute(t, NULL, KYMO_RULES_EXACT, &groups),
		                 KYMO_OK);
		for (size_t i = 0; i < groups.count; i++) {
			struct kymo_times sum = {0};
			size_t n = 0;
			for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
				if (groups.group_of[g] != i)
					continue;
				struct kymo_interval all = {0, kymo_trace_info(t)->duration};
				struct sums one = slow(t, g, &all, 1);
				assert_int_equal(gs->name[g], groups.name[i]);
				sum.total += one.x.total;
				sum.execution += one.x.execution;
				sum.sched_wait += one.x.sched_wait;
				total[n++] = one.x.total;
			}
			assert_int_equal(n, groups.goroutines[i]);
			assert_int_equal(sum.total, groups.times[i].total);
			assert_int_equal(sum.execution, groups.times[i].execution);
			assert_int_equal(sum.sched_wait, groups.times[i].sched_wait);
			qsort(total, n, sizeof *total, by_size);
			assert_int_equal(groups.total[i].p50, total[(n + 1) / 2 - 1]);
			assert_int_equal(groups.total[i].p99, total[(n * 99 + 99) / 100 - 1]);
			assert_int_equal(groups.total[i].max, total[n - 1]);
			counted += (uint32_t)n;
		}
		assert_int_equal(counted, gs->count - 1);
		free(total);
		kymo_goroutine_groups_free(&groups);
		kymo_trace_free(t);
	}
}

/* Windows side by side add up to the whole. */
static void test_windows_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		kymo_ns end = kymo_trace_info(t)->duration, sum = 0, waited = 0, whole = 0,
			whole_wait = 0;
		uint64_t rnd = seed;
		struct kymo_goroutine_groups groups;
		for (kymo_ns from = 0; from < end;) {
			struct kymo_filter f = KYMO_FILTER_ALL;
			struct kymo_selection sel;
			f.from = from;
			f.to = from + 1 + (kymo_ns)(random_next(&rnd) % (uint64_t)(end / 4 + 1));
			from = f.to;
			assert_int_equal(kymo_select(t, &f, &sel, NULL), KYMO_OK);
			assert_int_equal(
				kymo_goroutine_groups_compute(t, &sel, KYMO_RULES_EXACT, &groups),
				KYMO_OK);
			for (size_t i = 0; i < groups.count; i++) {
				sum += groups.times[i].total;
				waited += groups.times[i].sched_wait;
			}
			kymo_goroutine_groups_free(&groups);
			kymo_selection_free(&sel);
		}
		assert_int_equal(kymo_goroutine_groups_compute(t, NULL, KYMO_RULES_EXACT, &groups),
		                 KYMO_OK);
		for (size_t i = 0; i < groups.count; i++) {
			whole += groups.times[i].total;
			whole_wait += groups.times[i].sched_wait;
		}
		kymo_goroutine_groups_free(&groups);
		assert_int_equal(sum, whole);
		assert_int_equal(waited, whole_wait);
		kymo_trace_free(t);
	}
}

/* ---- sums of chunks that are kept ---- */

/* Busy goroutines of a real program, before and after their sums are kept. */
static void test_kept(void **state)
{
	(void)state;
	struct kymo_trace *t = trace_real("go1.23-large/mix-1m.trace.zst");
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	kymo_ns duration = kymo_trace_info(t)->duration;
	uint64_t rnd = 0x9e3779b97f4a7c15u;
	enum { WINDOWS = 12 };
	struct kymo_selection sel[WINDOWS];
	struct sums *want = calloc((size_t)WINDOWS * gs->count, sizeof *want);
	for (int n = 0; n < WINDOWS; n++) {
		kymo_ns a = n ? (kymo_ns)(random_next(&rnd) % (uint64_t)duration) : 0,
			b = n ? (kymo_ns)(random_next(&rnd) % (uint64_t)duration) : duration;
		sel[n] = (struct kymo_selection){.from = a < b ? a : b, .to = a < b ? b : a};
		for (kymo_goroutine_ix g = 1; g < gs->count; g++)
			want[(size_t)n * gs->count + g] =
				slow(t, g, &(struct kymo_interval){sel[n].from, sel[n].to}, 1);
	}
	assert_int_equal(kymo_keep(t, KYMO_KEEP_TIMES, NULL), KYMO_OK);
	const struct times_sums *kept = kept_get(&t->kept[KEPT_TIMES]);
	size_t rows = 0;
	for (uint32_t i = 0; i < t->span_chunks.from[gs->count]; i++)
		rows += kept->row[i] != TIMES_NO_SUMS;
	assert_true(rows > 50);
	for (int n = 0; n < WINDOWS; n++)
		for (kymo_goroutine_ix g = 1; g < gs->count; g++)
			assert_same(t, g, &sel[n], &want[(size_t)n * gs->count + g]);
	free(want);
	kymo_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),        cmocka_unit_test(test_kept),
		cmocka_unit_test(test_pieces),         cmocka_unit_test(test_groups),
		cmocka_unit_test(test_windows_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
