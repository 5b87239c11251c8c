/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/guard.h"
#include "wire/varint.h"

static size_t encode(uint64_t v, unsigned padded_to, uint8_t out[10])
{
	size_t n = 0;
	while (v >= 0x80 || n + 1 < padded_to) {
		out[n++] = (uint8_t)((v & 0x7f) | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

/* Both readers, the bytes ending right before an unmapped page. The fast one gets the slack that it asks for. */
static void expect(const uint8_t *bytes, size_t len, uint64_t want)
{
	struct guard g = guard_copy(bytes, len);
	const uint8_t *p = g.ptr;
	uint64_t v;
	assert_true(varint_read(&p, g.ptr + len, &v));
	assert_true(v == want);
	assert_ptr_equal(p, g.ptr + len);

	bool bad = false;
	p = g.ptr;
	assert_true(varint_fast(&p, &bad) == want);
	assert_false(bad);
	assert_ptr_equal(p, g.ptr + len);
	guard_free(&g);
}

static void test_every_length(void **state)
{
	(void)state;
	uint8_t b[10];
	for (unsigned bit = 0; bit < 64; bit++)
		for (int off = -1; off <= 1; off++) {
			uint64_t v = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
			expect(b, encode(v, 0, b), v);
		}
	expect(b, encode(UINT64_MAX, 0, b), UINT64_MAX);
}

/* The runtime pads a batch's length to ten bytes. */
static void test_padded(void **state)
{
	(void)state;
	uint8_t b[10];
	for (unsigned pad = 1; pad <= 10; pad++) {
		expect(b, encode(0, pad, b), 0);
		expect(b, encode(5, pad, b), 5);
	}
	expect(b, encode(65536, 10, b), 65536);
}

static void test_cut(void **state)
{
	(void)state;
	uint8_t b[10];
	for (unsigned bit = 0; bit < 64; bit++) {
		size_t len = encode(UINT64_C(1) << bit, 0, b);
		for (size_t cut = 0; cut < len; cut++) {
			struct guard g = guard_copy(b, cut);
			const uint8_t *p = g.ptr;
			uint64_t v;
			assert_false(varint_read(&p, g.ptr + cut, &v));
			guard_free(&g);
		}
	}
}

static void test_overflow(void **state)
{
	(void)state;
	static const uint8_t tenth_is_two[] = {0xff, 0xff, 0xff, 0xff, 0xff,
	                                       0xff, 0xff, 0xff, 0xff, 2};
	static const uint8_t eleven[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
	                                 0x80, 0x80, 0x80, 0x80, 0};
	const struct {
		const uint8_t *bytes;
		size_t len;
	} cases[] = {{tenth_is_two, sizeof tenth_is_two}, {eleven, sizeof eleven}};
	for (size_t i = 0; i < 2; i++) {
		struct guard g = guard_copy(cases[i].bytes, cases[i].len);
		const uint8_t *p = g.ptr;
		uint64_t v;
		assert_false(varint_read(&p, g.ptr + g.len, &v));
		bool bad = false;
		p = g.ptr;
		varint_fast(&p, &bad);
		assert_true(bad);
		guard_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_padded),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
