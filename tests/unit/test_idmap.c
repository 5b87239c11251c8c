/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/idmap.h"

static uint64_t key_of(uint64_t i)
{
	// runs of neighbours, far jumps, and the ends of the range
	switch (i % 4) {
	case 0: return i;
	case 1: return i * 0x9e3779b97f4a7c15u;
	case 2: return UINT64_MAX - i;
	default: return i << 40;
	}
}

static void test_get_of_nothing(void **state)
{
	(void)state;
	struct idmap m = {0};
	assert_null(idmap_get(&m, 0));
	assert_null(idmap_get(&m, UINT64_MAX));
	idmap_free(&m);
}

static void test_many(void **state)
{
	(void)state;
	struct idmap m = {0};
	enum { COUNT = 40000 };
	for (uint32_t i = 1; i < COUNT; i++) {
		uint32_t *v = idmap_put(&m, key_of(i));
		assert_non_null(v);
		assert_int_equal(*v, 0);
		*v = i;
	}
	for (uint32_t i = 1; i < COUNT; i++) {
		const uint32_t *v = idmap_get(&m, key_of(i));
		assert_non_null(v);
		assert_int_equal(*v, i);
		assert_ptr_equal(idmap_put(&m, key_of(i)), v);
	}
	idmap_free(&m);
}

/* A neighbour of an id that was put is 0 or absent, never somebody else's value. */
static void test_neighbours(void **state)
{
	(void)state;
	struct idmap m = {0};
	for (uint64_t id = 0; id < 3000; id += 3)
		*idmap_put(&m, id) = (uint32_t)id + 1;
	for (uint64_t id = 0; id < 3000; id++) {
		const uint32_t *v = idmap_get(&m, id);
		if (id % 3 == 0)
			assert_int_equal(*v, id + 1);
		else
			assert_true(v == NULL || *v == 0);
	}
	idmap_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_of_nothing),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_neighbours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
