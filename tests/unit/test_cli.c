/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli.h"

static void time_is(const char *text, kymo_ns want)
{
	kymo_ns t = -1;
	if (!units_time(text, &t) || t != want)
		fail_msg("%s: %lld, not %lld", text, (long long)t, (long long)want);
}

static void test_times(void **state)
{
	(void)state;
	time_is("0", 0);
	time_is("17", 17);
	time_is("17ns", 17);
	time_is("1.5ms", 1500000);
	time_is("2s", 2000000000);
	time_is("100us", 100000);
	time_is("100\xc2\xb5s", 100000);
	time_is("3m", 180000000000);
	time_is(".5s", 500000000);
	time_is("0.123456789s", 123456789);
	time_is("1.0000000009s", 1000000000);
	time_is("9223372036854775807", INT64_MAX);
	static const char *const bad[] = {"",
	                                  ".",
	                                  "s",
	                                  "-1",
	                                  "+1",
	                                  "1.",
	                                  "1.s",
	                                  "1 s",
	                                  "1h",
	                                  "1e3",
	                                  "1S",
	                                  "1s ",
	                                  " 1",
	                                  "9223372036854775808",
	                                  "99999999999999999999",
	                                  "9223372037s",
	                                  "0x10"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		kymo_ns t;
		if (units_time(bad[i], &t))
			fail_msg("accepted '%s'", bad[i]);
	}
}

static void test_numbers_for_people(void **state)
{
	(void)state;
	char b[UNITS_SIZE];
	assert_string_equal(units_count(b, 0), "0");
	assert_string_equal(units_count(b, 999), "999");
	assert_string_equal(units_count(b, 1000), "1,000");
	assert_string_equal(units_count(b, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(units_bytes(b, 0), "0 B");
	assert_string_equal(units_bytes(b, 999), "999 B");
	assert_string_equal(units_bytes(b, 1000), "1.00 kB");
	assert_string_equal(units_bytes(b, 12345678), "12.3 MB");
	assert_string_equal(units_bytes(b, 999999999), "1.00 GB");
	assert_string_equal(units_duration(b, 0), "0");
	assert_string_equal(units_duration(b, 4), "4 ns");
	assert_string_equal(units_duration(b, 999), "999 ns");
	assert_string_equal(units_duration(b, 1234567), "1.23 ms");
	assert_string_equal(units_duration(b, 999999), "1.00 ms");
	assert_string_equal(units_duration(b, 99960), "100 \xc2\xb5s");
	assert_string_equal(units_duration(b, 2500000000), "2.50 s");
	assert_string_equal(units_duration(b, 123456000000000), "123456 s");
	assert_string_equal(units_duration(b, -1500), "-1.50 \xc2\xb5s");
	units_duration(b, INT64_MAX);
	units_duration(b, INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_numbers_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
