/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void expect(struct buf *b, const char *want)
{
	assert_false(b->failed);
	assert_int_equal(b->len, strlen(want));
	assert_memory_equal(b->ptr, want, b->len);
	buf_free(b);
}

static void test_buf_numbers(void **state)
{
	(void)state;
	static const uint64_t values[] = {0,         1,   9,    10,    99,         100,
	                                  101,       999, 1000, 12345, UINT32_MAX, UINT64_MAX - 1,
	                                  UINT64_MAX};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct buf fast = {0}, slow = {0};
		buf_u64(&fast, values[i]);
		buf_putc(&fast, ' ');
		buf_i64(&fast, (int64_t)values[i]);
		buf_printf(&slow, "%llu %lld", (unsigned long long)values[i], (long long)values[i]);
		assert_int_equal(fast.len, slow.len);
		assert_memory_equal(fast.ptr, slow.ptr, slow.len);
		buf_free(&fast);
		buf_free(&slow);
	}
}

struct taker {
	struct buf got;
	size_t calls, refuse_after;
};

static bool take(void *ctx, const void *bytes, size_t len)
{
	struct taker *t = ctx;
	if (t->calls++ >= t->refuse_after)
		return false;
	buf_put(&t->got, bytes, len);
	return true;
}

/* What arrives is what was put, in order, whatever the sizes of the pieces. */
static void test_buf_writer(void **state)
{
	(void)state;
	struct taker t = {.refuse_after = SIZE_MAX};
	struct buf b = {.write = take, .write_ctx = &t}, want = {0};
	static char piece[300000];
	memset(piece, 'x', sizeof piece);
	for (size_t i = 0; i < 3000; i++) {
		size_t len = i % 500 == 499 ? sizeof piece : i * 7 % 400;
		piece[0] = (char)('a' + i % 26);
		buf_put(&b, piece, len);
		buf_put(&want, piece, len);
	}
	assert_true(buf_flush(&b));
	assert_true(t.calls > 1);
	assert_int_equal(t.got.len, want.len);
	assert_memory_equal(t.got.ptr, want.ptr, want.len);
	buf_free(&b);
	buf_free(&want);
	buf_free(&t.got);
}

/* A refusal is kept; nothing more is handed over. */
static void test_buf_refused(void **state)
{
	(void)state;
	struct taker t = {.refuse_after = 1};
	struct buf b = {.write = take, .write_ctx = &t};
	for (size_t i = 0; i < 100000; i++)
		buf_puts(&b, "sixteen bytes ..");
	assert_true(b.failed);
	assert_false(buf_flush(&b));
	assert_int_equal(t.calls, 2);
	buf_free(&b);
	buf_free(&t.got);
}

static void test_json_nesting(void **state)
{
	(void)state;
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_object(&j);
	json_key(&j, "a");
	json_array(&j);
	json_u64(&j, UINT64_MAX);
	json_i64(&j, INT64_MIN);
	json_array(&j);
	json_end(&j);
	json_object(&j);
	json_end(&j);
	json_bool(&j, true);
	json_end(&j);
	json_key(&j, "b");
	json_null(&j);
	json_key_str(&j, "c\0d", 3);
	json_object(&j);
	json_key(&j, "");
	json_bool(&j, false);
	json_end(&j);
	json_end(&j);
	expect(&b, "{\"a\":[18446744073709551615,-9223372036854775808,[],{},true],\"b\":null,"
	           "\"c\\u0000d\":{\"\":false}}");
}

static void test_json_lines(void **state)
{
	(void)state;
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_array(&j);
	for (uint64_t i = 0; i < 2; i++) {
		json_break(&j);
		json_u64(&j, i);
	}
	json_break(&j);
	json_end(&j);
	expect(&b, "[\n0,\n1\n]");
}

/* Control characters are escaped, UTF-8 goes through, and every byte that is none becomes U+FFFD. */
static void test_json_strings(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", "\"\""},
		{"a\"\\/\b\f\n\r\t\x1f\x7f", "\"a\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u001f\\u007f\""},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\xff", "\"\xef\xbf\xbd\""},
		{"a\xc3", "\"a\xef\xbf\xbd\""},
		{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // a surrogate
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // too large
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		struct json j = {.buf = &b};
		json_cstr(&j, cases[i].in);
		expect(&b, cases[i].out);
	}
}

/* As few digits as read back as the same number. */
static void test_json_floats(void **state)
{
	(void)state;
	static const struct {
		double in;
		const char *out;
	} cases[] = {{0, "0"},
	             {0.1, "0.1"},
	             {1.5, "1.5"},
	             {1e300, "1e+300"},
	             {1.0 / 3, "0.3333333333333333"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		struct json j = {.buf = &b};
		json_f64(&j, cases[i].in);
		assert_true(buf_reserve(&b, 1));
		b.ptr[b.len] = 0;
		assert_true(strtod(b.ptr, NULL) == cases[i].in);
		expect(&b, cases[i].out);
	}
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_array(&j);
	json_f64(&j, NAN);
	json_f64(&j, -INFINITY);
	json_end(&j);
	expect(&b, "[null,null]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_numbers), cmocka_unit_test(test_buf_writer),
		cmocka_unit_test(test_buf_refused), cmocka_unit_test(test_json_nesting),
		cmocka_unit_test(test_json_lines),  cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_floats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
