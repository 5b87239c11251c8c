/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/guard.h"
#include "wire/quote.h"

static void quoted(const char *s, size_t len, const char *want)
{
	struct guard g = guard_copy(s, len);
	struct buf b = {0}, back = {0};
	quote_put(&b, (const char *)g.ptr, len);
	assert_int_equal(b.len, strlen(want));
	assert_memory_equal(b.ptr, want, b.len);
	assert_true(quote_parse(b.ptr, b.len, &back));
	assert_int_equal(back.len, len);
	if (len)
		assert_memory_equal(back.ptr, s, len);
	buf_free(&b);
	buf_free(&back);
	guard_free(&g);
}

static void test_quote(void **state)
{
	(void)state;
	quoted("", 0, "\"\"");
	quoted("main.main", 9, "\"main.main\"");
	quoted("a\"b\\'", 5, "\"a\\\"b\\\\'\"");
	quoted("\a\b\f\n\r\t\v", 7, "\"\\a\\b\\f\\n\\r\\t\\v\"");
	quoted("\0\x01\x7f", 3, "\"\\x00\\x01\\x7f\"");
	quoted("na\xc3\xafve \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80", 18,
	       "\"na\xc3\xafve \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80\"");
	// Code points that do not print: a no-break space, a line separator, the byte order mark, an unassigned one.
	quoted("\xc2\xa0\xe2\x80\xa8\xef\xbb\xbf", 8, "\"\\u00a0\\u2028\\ufeff\"");
	quoted("\xf3\xa0\x80\x81", 4, "\"\\U000e0001\"");
	// U+FFFD itself is a character; bytes that are not UTF-8 are bytes.
	quoted("\xef\xbf\xbd", 3, "\"\xef\xbf\xbd\"");
	quoted("\xff\xe4\xb8\xc0\x80\xed\xa0\x80", 8, "\"\\xff\\xe4\\xb8\\xc0\\x80\\xed\\xa0\\x80\"");
}

/* Whatever the bytes, they come back. */
static void test_round_trip(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int round = 0; round < 20000; round++) {
		char s[24];
		size_t len = (size_t)round % sizeof s;
		struct buf b = {0}, back = {0};
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			s[i] = (char)(seed >> 24);
		}
		quote_put(&b, s, len);
		assert_true(quote_parse(b.ptr, b.len, &back));
		assert_int_equal(back.len, len);
		assert_true(len == 0 || memcmp(back.ptr, s, len) == 0);
		buf_free(&b);
		buf_free(&back);
	}
}

static void parsed(const char *literal, const char *want, size_t len)
{
	struct guard g = guard_copy(literal, strlen(literal));
	struct buf b = {0};
	assert_true(quote_parse((const char *)g.ptr, g.len, &b));
	assert_int_equal(b.len, len);
	if (len)
		assert_memory_equal(b.ptr, want, len);
	buf_free(&b);
	guard_free(&g);
}

static void test_literals(void **state)
{
	(void)state;
	parsed("\"\\x41\\101\\u00e4\\U0001F600\\\"\"", "AA\xc3\xa4\xf0\x9f\x98\x80\"", 9);
	parsed("\"\\377\\000\"", "\xff\0", 2);
	parsed("\"'\"", "'", 1);
	parsed("`a\\n\"b`", "a\\n\"b", 5);
	parsed("`a\r\nb`", "a\nb", 3);
	parsed("``", "", 0);
	parsed("'x'", "x", 1);
	parsed("'\\''", "'", 1);
	parsed("'\xe4\xb8\x96'", "\xe4\xb8\x96", 3);
	parsed("\"\xff\"", "\xef\xbf\xbd", 3);
}

static void test_no_literals(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"\"",
		"x",
		"\"a",
		"a\"",
		"\"a'",
		"\"a\"b\"",
		"\"\\\"",
		"\"\\q\"",
		"\"\\x4\"",
		"\"\\xg0\"",
		"\"\\u123\"",
		"\"\\ud800\"",
		"\"\\U00110000\"",
		"\"\\400\"",
		"\"\\08\"",
		"\"\\'\"",
		"'\\\"'",
		"''",
		"'ab'",
		"`a`b`",
		"\"a\nb\"",
		"\"\\",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct guard g = guard_copy(bad[i], strlen(bad[i]));
		struct buf b = {0};
		if (quote_parse((const char *)g.ptr, g.len, &b))
			fail_msg("accepted %s", bad[i]);
		buf_free(&b);
		guard_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_no_literals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
