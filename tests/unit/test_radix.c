/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/radix.h"

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* By key, and of equal ones by value, which is the place that they had. */
static int slow(const void *a, const void *b)
{
	const struct radix_item *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* Keys of many kinds: which of their bits are by chance. */
static const uint64_t kinds[] = {UINT64_MAX, 0xff, 0x7, 0xf00000000000000f, 0x1fffffff00, 0};

static void test_sort(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 47, 48, 49, 300, 8191, 8192, 20000};
	uint64_t seed = 7;
	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (size_t m = 0; m < sizeof kinds / sizeof *kinds; m++) {
			size_t n = sizes[s];
			struct radix_item *a = malloc((n + 1) * sizeof *a),
					  *b = malloc((n + 1) * sizeof *b);
			assert_true(a && b);
			for (size_t i = 0; i < n; i++)
				a[i] = b[i] = (struct radix_item){next_random(&seed) & kinds[m], i};
			qsort(b, n, sizeof *b, slow);
			assert_true(radix_sort(a, n));
			for (size_t i = 0; i < n; i++) {
				assert_int_equal(a[i].key, b[i].key);
				assert_int_equal(a[i].value, b[i].value);
			}
			free(a);
			free(b);
		}
}

static void test_nth(void **state)
{
	static const size_t sizes[] = {1, 2, 300, 5000};
	uint64_t seed = 7;
	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (size_t m = 0; m < sizeof kinds / sizeof *kinds; m++) {
			size_t n = sizes[s];
			uint64_t *key = malloc(n * sizeof *key);
			struct radix_item *a = malloc(n * sizeof *a);
			assert_true(key && a);
			for (size_t i = 0; i < n; i++) {
				key[i] = next_random(&seed) & kinds[m];
				a[i] = (struct radix_item){key[i], i};
			}
			qsort(a, n, sizeof *a, slow);
			for (size_t k = 0; k < n; k += 1 + n / 30)
				assert_int_equal(radix_nth(key, n, k), a[k].key);
			assert_int_equal(radix_nth(key, n, n - 1), a[n - 1].key);
			free(key);
			free(a);
		}
}

static int slow_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void test_sort_u32(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 47, 48, 49, 300, 20000};
	static const uint32_t masks[] = {UINT32_MAX, 0xff, 0x7, 0xf000000f, 0x1fffff00, 0};
	uint64_t seed = 7;
	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
			size_t n = sizes[s];
			uint32_t *a = malloc((n + 1) * sizeof *a), *b = malloc((n + 1) * sizeof *b),
				 *spare = malloc((n + 1) * sizeof *spare);
			assert_true(a && b && spare);
			for (size_t i = 0; i < n; i++)
				a[i] = b[i] = (uint32_t)(next_random(&seed) >> 16) & masks[m];
			qsort(b, n, sizeof *b, slow_u32);
			radix_sort_u32(a, spare, n);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(a[i], b[i]);
			free(a);
			free(b);
			free(spare);
		}
}

static void test_keys(void **state)
{
	static const int64_t whole[] = {INT64_MIN, -5, -1, 0, 1, 64, INT64_MAX};
	static const double real[] = {-__builtin_inf(), -1e300, -1.5, -1e-310, 0,
	                              1e-310,           0.25,   1,    1e300,   __builtin_inf()};
	(void)state;
	for (size_t i = 1; i < sizeof whole / sizeof *whole; i++)
		assert_true(radix_of_i64(whole[i - 1]) < radix_of_i64(whole[i]));
	for (size_t i = 1; i < sizeof real / sizeof *real; i++)
		assert_true(radix_of_double(real[i - 1]) < radix_of_double(real[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort), cmocka_unit_test(test_nth),
	                                   cmocka_unit_test(test_sort_u32),
	                                   cmocka_unit_test(test_keys)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
