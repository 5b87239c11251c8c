/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"

static void expect(struct buf *b, const char *want)
{
	assert_false(b->failed);
	assert_int_equal(b->len, strlen(want));
	assert_memory_equal(b->ptr, want, b->len);
	buf_free(b);
}

static void test_numbers(void **state)
{
	(void)state;
	const uint64_t values[] = {0, 9, 10, 99, 100, 101, 999, 1000, 12345, UINT64_MAX, INT64_MAX};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct buf b = {0}, want = {0};
		buf_u64(&b, values[i]);
		buf_i64(&b, (int64_t)values[i]);
		buf_printf(&want, "%llu%lld", (unsigned long long)values[i], (long long)values[i]);
		buf_putc(&want, 0);
		expect(&b, want.ptr);
		buf_free(&want);
	}
	struct buf b = {0};
	buf_i64(&b, INT64_MIN);
	expect(&b, "-9223372036854775808");
}

static void test_grows(void **state)
{
	(void)state;
	struct buf b = {0};
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "%c", 'a' + i % 26);
	assert_int_equal(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.ptr[i], 'a' + i % 26);
	assert_true(buf_flush(&b));
	assert_int_equal(b.len, 100000);
	buf_free(&b);
	buf_puts(&b, "again");
	expect(&b, "again");
}

struct pipe {
	char got[400000];
	size_t len, calls, refuse_after;
};

static bool into_pipe(void *ctx, const void *bytes, size_t len)
{
	struct pipe *p = ctx;
	if (p->calls++ >= p->refuse_after)
		return false;
	memcpy(p->got + p->len, bytes, len);
	p->len += len;
	return true;
}

/* Everything arrives, in order and in few pieces, also what is larger than the buffer. */
static void test_writer(void **state)
{
	(void)state;
	static struct pipe p = {.refuse_after = SIZE_MAX};
	static char big[300000];
	struct buf b = {.write = into_pipe, .write_ctx = &p};
	memset(big, 'x', sizeof big);
	buf_puts(&b, "begin ");
	buf_put(&b, big, sizeof big);
	for (int i = 0; i < 10000; i++)
		buf_puts(&b, "12345");
	assert_true(buf_flush(&b));
	assert_int_equal(p.len, 6 + sizeof big + 50000);
	assert_memory_equal(p.got, "begin xx", 8);
	assert_memory_equal(p.got + p.len - 10, "1234512345", 10);
	assert_in_range(p.calls, 2, 8);
	buf_free(&b);
}

static void test_writer_that_refuses(void **state)
{
	(void)state;
	static struct pipe p = {.refuse_after = 1};
	struct buf b = {.write = into_pipe, .write_ctx = &p};
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "0123456789");
	assert_true(b.failed);
	assert_false(buf_flush(&b));
	assert_int_equal(p.calls, 2);  // it is not asked again
	buf_free(&b);
}

static void test_absurd_size(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_puts(&b, "x");
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_puts(&b, "lost");
	assert_int_equal(b.len, 1);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),     cmocka_unit_test(test_grows),
		cmocka_unit_test(test_writer),      cmocka_unit_test(test_writer_that_refuses),
		cmocka_unit_test(test_absurd_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
