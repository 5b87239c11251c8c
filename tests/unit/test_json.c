/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/json.h"

static void expect(struct buf *b, const char *want)
{
	buf_putc(b, 0);
	assert_string_equal(b->ptr, want);
	buf_free(b);
}

static void test_nesting(void **state)
{
	(void)state;
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_object(&j);
	json_key(&j, "a");
	json_array(&j);
	json_u64(&j, 1);
	json_array(&j);
	json_end(&j);
	json_object(&j);
	json_end(&j);
	json_i64(&j, -2);
	json_end(&j);
	json_key(&j, "b");
	json_bool(&j, true);
	json_key(&j, "c");
	json_null(&j);
	json_key(&j, "d");
	json_object(&j);
	json_key(&j, "e");
	json_bool(&j, false);
	json_end(&j);
	json_end(&j);
	expect(&b, "{\"a\":[1,[],{},-2],\"b\":true,\"c\":null,\"d\":{\"e\":false}}");
}

static void test_row_a_line(void **state)
{
	(void)state;
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_array(&j);
	for (unsigned i = 0; i < 2; i++) {
		json_break(&j);
		json_u64(&j, i);
	}
	json_break(&j);
	json_end(&j);
	expect(&b, "[\n0,\n1\n]");
}

static void one_string(const char *s, size_t len, const char *want)
{
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_str(&j, s, len);
	expect(&b, want);
}

static void test_strings(void **state)
{
	(void)state;
	one_string("", 0, "\"\"");
	one_string("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	one_string("\n\r\t\b\f", 5, "\"\\n\\r\\t\\u0008\\u000c\"");
	one_string("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
	one_string("\xc3\xa4\xe4\xb8\x96\xf0\x9f\x98\x80", 9,
	           "\"\xc3\xa4\xe4\xb8\x96\xf0\x9f\x98\x80\"");
	// Not UTF-8: a stray byte, a cut sequence, an overlong form, a surrogate. One U+FFFD for each byte.
	one_string("a\xff"
	           "b",
	           3,
	           "\"a\xef\xbf\xbd"
	           "b\"");
	one_string("\xe4\xb8", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	one_string("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	one_string("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void one_double(double v, const char *want)
{
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_f64(&j, v);
	expect(&b, want);
}

static void test_doubles(void **state)
{
	(void)state;
	one_double(0, "0");
	one_double(0.1, "0.1");
	one_double(-1.5, "-1.5");
	one_double(1.0 / 3, "0.3333333333333333");
	one_double((double)NAN, "null");
	one_double((double)INFINITY, "null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_row_a_line),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_doubles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
