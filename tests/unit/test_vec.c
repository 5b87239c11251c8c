/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/vec.h"

static void test_push(void **state)
{
	(void)state;
	VEC(uint32_t) v = {0};
	for (uint32_t i = 0; i < 100000; i++)
		assert_true(vec_push(&v, i));
	assert_int_equal(v.count, 100000);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(v.at[i], i);
	vec_trim(&v);
	assert_int_equal(v.cap, v.count);
	assert_int_equal(v.at[99999], 99999);
	assert_true(vec_push(&v, 7));
	assert_int_equal(v.at[100000], 7);
	vec_free(&v);
	assert_null(v.at);
}

/* What is pushed may be told from the vector itself, as it was before. */
static void test_push_of_its_count(void **state)
{
	(void)state;
	struct row {
		size_t was;
	};
	VEC(struct row) v = {0};
	for (size_t i = 0; i < 100; i++) {
		assert_true(vec_push(&v, ((struct row){.was = v.count})));
		assert_int_equal(v.at[i].was, i);
	}
	vec_free(&v);
}

/* What cannot be had leaves the array as it was. */
static void test_too_much(void **state)
{
	(void)state;
	VEC(uint64_t) v = {0};
	assert_true(vec_push(&v, 1));
	assert_false(vec_reserve(&v, SIZE_MAX / 2));
	assert_false(vec_reserve(&v, SIZE_MAX / sizeof(uint64_t)));
	assert_int_equal(v.count, 1);
	assert_int_equal(v.at[0], 1);
	vec_free(&v);
}

static void test_trim_of_nothing(void **state)
{
	(void)state;
	VEC(char) v = {0};
	assert_true(vec_reserve(&v, 10));
	vec_trim(&v);
	assert_null(v.at);
	assert_int_equal(v.cap, 0);
	vec_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_push_of_its_count),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_trim_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
