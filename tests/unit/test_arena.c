/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void test_empty(void **state)
{
	(void)state;
	struct arena a = {0};
	assert_int_equal(arena_bytes(&a), 0);
	arena_free(&a);
	arena_free(&a);
}

/* References are distinct, never 0, and name zeroed, aligned memory that does not overlap. */
static void test_many_sizes(void **state)
{
	(void)state;
	struct arena a = {0};
	enum { COUNT = 5000 };
	uint32_t refs[COUNT];
	size_t sizes[COUNT];
	for (size_t i = 0; i < COUNT; i++) {
		sizes[i] = 1 + i * 37 % 3000;
		refs[i] = arena_alloc(&a, sizes[i]);
		assert_int_not_equal(refs[i], 0);
		unsigned char *p = arena_at(&a, refs[i]);
		assert_int_equal((uintptr_t)p % ARENA_UNIT, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(p[k], 0);
		memset(p, (int)(i % 255) + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++) {
		const unsigned char *p = arena_at(&a, refs[i]);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(p[k], (int)(i % 255) + 1);
	}
	assert_true(arena_bytes(&a) >= COUNT * 1500);
	arena_free(&a);
}

static void test_largest(void **state)
{
	(void)state;
	struct arena a = {0};
	size_t largest = ARENA_BLOCK_BYTES - ARENA_UNIT;
	for (unsigned i = 0; i < 40; i++) {
		uint32_t ref = arena_alloc(&a, largest);
		assert_int_not_equal(ref, 0);
		memset(arena_at(&a, ref), 1, largest);
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many_sizes),
		cmocka_unit_test(test_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
