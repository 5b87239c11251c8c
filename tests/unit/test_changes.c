/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "trace/changes.h"

/* Checks that what comes is what was put, in order, a change of two parts never cut in two. */
struct seen {
	uint64_t changes, batches;
	uint64_t fail_at;  // batch; 0: none
	bool wrong;
};

static enum kymo_status see(void *ctx, const struct change *c, size_t count)
{
	struct seen *s = ctx;
	if (++s->batches == s->fail_at)
		return KYMO_E_LIMIT;
	for (const struct change *end = c + count; c < end; c++) {
		s->wrong |= c->at != (kymo_ns)s->changes++;
		if (c->what != CHANGE_OPEN)
			continue;
		if (++c == end) {
			s->wrong = true;
			break;
		}
		struct change_open more;
		memcpy(&more, c, sizeof more);
		s->wrong |= more.id != s->changes;
	}
	return KYMO_OK;
}

/* Every third one has two parts. The status that the last one met. */
static enum kymo_status put_many(struct changes *q, uint64_t count)
{
	enum kymo_status st = KYMO_OK;
	for (uint64_t i = 0; i < count && st == KYMO_OK; i++) {
		bool two = i % 3 == 0;
		*changes_place(q) = (struct change){.at = (kymo_ns)i, .what = two ? CHANGE_OPEN : 0};
		struct change_open more = {.id = i + 1};
		if (two)
			memcpy(changes_place(q), &more, sizeof more);
		st = changes_room(q);
	}
	return st;
}

static void check_counts(const char *threads)
{
	static const uint64_t counts[] = {0, 1, 2, 1022, 1023, 1024, 5000, 131072, 1000003};
	setenv("KYMO_THREADS", threads, 1);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct changes q;
		struct seen s = {0};
		assert_true(changes_begin(&q, see, &s));
		assert_int_equal(put_many(&q, counts[i]), KYMO_OK);
		assert_int_equal(changes_end(&q), KYMO_OK);
		assert_int_equal(s.changes, counts[i]);
		assert_false(s.wrong);
		changes_free(&q);
		changes_free(&q);
	}
	unsetenv("KYMO_THREADS");
}

static void test_one_thread(void **state)
{
	(void)state;
	check_counts("1");
}

static void test_two_threads(void **state)
{
	(void)state;
	check_counts("2");
}

/* Whoever puts hears of it, at the latest at the end; nobody waits for ever. */
static void test_failure(void **state)
{
	(void)state;
	for (int threads = 1; threads <= 2; threads++)
		for (uint64_t at = 1; at <= 5; at++) {
			struct changes q;
			struct seen s = {.fail_at = at};
			setenv("KYMO_THREADS", threads == 1 ? "1" : "2", 1);
			assert_true(changes_begin(&q, see, &s));
			assert_int_equal(put_many(&q, 3000000), KYMO_E_LIMIT);
			assert_int_equal(changes_end(&q), KYMO_E_LIMIT);
			assert_int_equal(s.batches, at);
			assert_false(s.wrong);
			changes_free(&q);
		}
	unsetenv("KYMO_THREADS");
}

/* An error elsewhere: what was not flushed may be lost, the thread and the memory are not. */
static void test_free_without_end(void **state)
{
	(void)state;
	setenv("KYMO_THREADS", "2", 1);
	struct changes q;
	struct seen s = {0};
	assert_true(changes_begin(&q, see, &s));
	assert_int_equal(put_many(&q, 200000), KYMO_OK);
	changes_free(&q);
	assert_false(s.wrong);
	unsetenv("KYMO_THREADS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread),
		cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_free_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
