/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "export/pdqsort.h"
#include "export/wall.h"

/* Rows come out sorted, each of them once. That equal ones lie as Go leaves them, the footprints of real traces show. */
static void test_pdqsort(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int round = 0; round < 4000; round++) {
		struct pdq_row rows[256];
		bool seen[256] = {false};
		size_t count = (size_t)round % 257;
		for (size_t i = 0; i < count; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			uint64_t key = random >> 33;
			switch (round / 257 % 5) {
			case 0: key %= 4; break;         // few keys
			case 1: key = i; break;          // backwards
			case 2: key = count - i; break;  // sorted already
			case 3: key = i < 60 ? key : 0; break;
			default: break;
			}
			rows[i] = (struct pdq_row){.key = key, .tag = (unsigned)i};
		}
		pdq_sort(rows, count);
		for (size_t i = 0; i < count; i++) {
			assert_true(i == 0 || rows[i - 1].key >= rows[i].key);
			assert_false(seen[rows[i].tag]);
			seen[rows[i].tag] = true;
		}
	}
}

static void expect_wall(int64_t sec, uint32_t nsec, const char *want)
{
	struct buf b = {0};
	wall_put(&b, sec, nsec);
	assert_int_equal(b.len, strlen(want));
	assert_memory_equal(b.ptr, want, b.len);
	buf_free(&b);
}

static void test_wall(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	expect_wall(0, 0, "1970-01-01T00:00:00Z");
	expect_wall(-1, 0, "1969-12-31T23:59:59Z");
	expect_wall(951782400, 120000000, "2000-02-29T00:00:00.12Z");
	expect_wall(1795232875, 397765281, "2026-11-21T03:47:55.397765281Z");
	expect_wall(4107542399, 1, "2100-02-28T23:59:59.000000001Z");
	expect_wall(4107542400, 1000000, "2100-03-01T00:00:00.001Z");
	setenv("TZ", "<+0530>-5:30", 1);
	expect_wall(0, 0, "1970-01-01T05:30:00+05:30");
	setenv("TZ", "<-0330>3:30", 1);
	expect_wall(0, 500000000, "1969-12-31T20:30:00.5-03:30");
	setenv("TZ", "UTC", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pdqsort),
		cmocka_unit_test(test_wall),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
