/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/guard.h"
#include "wire/encode.h"
#include "wire/text.h"
#include "wire/txtar.h"

/* Every kind of line, and what may stand between lines. */
static const char sample[] = "Trace Go1.26\n"
			     "EventBatch gen=1 m=18446744073709551615 time=9 size=16\n"
			     "Sync\n"
			     "Frequency freq=1000000000\n"
			     "Stacks\n"
			     "Stack id=1 nframes=2\n"
			     "\tpc=1 func=2 file=3 line=4\n"
			     "\tpc=300 func=65536 file=18446744073709551615 line=0\n"
			     "Stack id=2 nframes=0\n"
			     "Strings\n"
			     "String id=1\n"
			     "\tdata=\"a\\n\\xff\\u2028\"\n"
			     "String id=2\n"
			     "\tdata=\"\"\n"
			     "ExperimentalBatch exp=1 gen=1 m=2 time=3\n"
			     "\tdata=\"\\x00\"\n"
			     "UserLog dt=1 task=2 key_string=3 value_string=4 stack=5\n"
			     "GoroutineStackFree dt=1 id=2\n"
			     "EndOfGeneration\n";

static void test_both_ways(void **state)
{
	(void)state;
	struct buf bytes = {0}, text = {0};
	struct wire_text_error err;
	struct guard g = guard_copy(sample, strlen(sample));
	assert_true(wire_text_assemble((const char *)g.ptr, g.len, &bytes, &err));
	struct guard h = guard_copy(bytes.ptr, bytes.len);
	assert_int_equal(wire_text_disassemble(h.ptr, h.len, &text, NULL), KYMO_OK);
	assert_int_equal(text.len, strlen(sample));
	assert_memory_equal(text.ptr, sample, text.len);
	buf_free(&bytes);
	buf_free(&text);
	guard_free(&g);
	guard_free(&h);
}

static void test_bytes(void **state)
{
	(void)state;
	struct buf got = {0}, want = {0}, batch = {0};
	static const char text[] = "# what follows is small\n\n  Trace\tGo1.22\r\n"
				   "EventBatch gen=1 m=300 time=5 size=4\n"
				   "ProcStart dt=1 p=0 p_seq=1\n"
				   "# a string\nString id=7\n# its data\n  data = \"hi\"  \n";
	assert_true(wire_text_assemble(text, strlen(text), &got, NULL));
	wire_put_header(&want, 22);
	wire_put(&batch, WIRE_ProcStart, (uint64_t[]){1, 0, 1});
	wire_put_batch(&want, 1, 300, 5, &batch);
	wire_put_data(&want, WIRE_String, (uint64_t[]){7}, "hi", 2);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.ptr, want.ptr, got.len);
	assert_memory_equal(got.ptr, "go 1.22 trace\0\0\0\1\1\xac\2\5\4\x0a\1\0\1\5\7\2hi", 29);
	buf_free(&got);
	buf_free(&want);
	buf_free(&batch);
}

static void test_mistakes(void **state)
{
	(void)state;
	static const struct {
		size_t line;
		const char *text;
	} bad[] = {
		{1, ""},
		{1, "# nothing"},
		{1, "Tracer Go1.22\n"},
		{1, "Trace 1.22\n"},
		{1, "Trace Go1.\n"},
		{1, "Trace Go1.21\n"},
		{1, "Trace Go1.22 # no comment here\n"},
		{2, "Trace Go1.22\nNonsense\n"},
		{2, "Trace Go1.22\nGoSwitch dt=1 g=2 g_seq=3\n"},  // of 1.23
		{2, "Trace Go1.25\nEndOfGeneration\n"},            // of 1.26
		{2, "Trace Go1.22\nProcStop\n"},
		{2, "Trace Go1.22\nProcStop dt\n"},
		{2, "Trace Go1.22\nProcStop dt=\n"},
		{2, "Trace Go1.22\nProcStop dt=-1\n"},
		{2, "Trace Go1.22\nProcStop dt=0x1\n"},
		{2, "Trace Go1.22\nProcStop dt=18446744073709551616\n"},
		{2, "Trace Go1.22\nProcStop p=1\n"},
		{2, "Trace Go1.22\nProcStop dt=1 p=1\n"},
		{2, "Trace Go1.22\nProcStop dt = 1\n"},
		{2, "Trace Go1.22\nProcStart p=1 dt=1 p_seq=1\n"},
		{2, "Trace Go1.22\nStack id=1 nframes=1\n"},
		{3, "Trace Go1.22\nStack id=1 nframes=1\nStrings\n"},
		{2, "Trace Go1.22\nString id=1\n"},
		{3, "Trace Go1.22\nString id=1\ndata\n"},
		{3, "Trace Go1.22\nString id=1\ndata=\"x\n"},
		{3, "Trace Go1.22\nString id=1\ndatum=\"x\"\n"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct guard g = guard_copy(bad[i].text, strlen(bad[i].text));
		struct buf out = {0};
		struct wire_text_error err = {0};
		if (wire_text_assemble((const char *)g.ptr, g.len, &out, &err))
			fail_msg("accepted %s", bad[i].text);
		if (err.line != bad[i].line)
			fail_msg("line %zu, not %zu: %s", err.line, bad[i].line, bad[i].text);
		assert_true(err.message[0]);
		buf_free(&out);
		guard_free(&g);
	}
}

static enum wire_scan_end scan_to_end(const struct buf *bytes, size_t *records)
{
	struct guard g = guard_copy(bytes->ptr, bytes->len);
	struct wire_scan s;
	struct wire_record r;
	*records = 0;
	assert_int_equal(wire_scan_begin(&s, g.ptr, g.len, NULL), KYMO_OK);
	while (wire_scan_next(&s, &r))
		++*records;
	assert_false(wire_scan_next(&s, &r));
	assert_int_equal(wire_scan_error(&s, NULL) == KYMO_OK, s.end == WIRE_SCAN_END);
	guard_free(&g);
	return s.end;
}

/* Cut anywhere, it is the end or a cut, never more records than there were, and no byte is read that is not there. */
static void test_cuts(void **state)
{
	(void)state;
	struct buf bytes = {0};
	size_t records, last = 0;
	assert_true(wire_text_assemble(sample, strlen(sample), &bytes, NULL));
	struct buf part = bytes;
	for (part.len = WIRE_HEADER_BYTES; part.len <= bytes.len; part.len++) {
		enum wire_scan_end end = scan_to_end(&part, &records);
		assert_true(end == WIRE_SCAN_END || end == WIRE_SCAN_CUT ||
		            end == WIRE_SCAN_CUT_NUMBER);
		assert_in_range(records, last, last + 1);
		last = records;
	}
	assert_int_equal(last, 13);
	buf_free(&bytes);
}

static void test_no_records(void **state)
{
	(void)state;
	static const struct {
		enum wire_scan_end end;
		unsigned version;
		const char *bytes;
		size_t len;
	} bad[] = {
		{WIRE_SCAN_TYPE, 22, "\0", 1},
		{WIRE_SCAN_TYPE, 22, "\x2d", 1},
		{WIRE_SCAN_TYPE, 23, "\x32", 1},
		{WIRE_SCAN_TYPE, 25, "\x34", 1},
		{WIRE_SCAN_TYPE, 26, "\x89", 1},
		{WIRE_SCAN_TYPE, 26, "\xff", 1},
		{WIRE_SCAN_OVERFLOW, 22, "\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},
		{WIRE_SCAN_OVERFLOW, 22, "\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
		{WIRE_SCAN_CUT, 22, "\5\1\5abcd", 7},
		{WIRE_SCAN_CUT, 22, "\3\1\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	         11},                            // a stack of 2^63 - 1 frames
		{WIRE_SCAN_END, 26, "\x40", 1},  // within the range, unassigned: Go's raw reader takes it
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b = {0};
		size_t records;
		wire_put_header(&b, bad[i].version);
		buf_put(&b, bad[i].bytes, bad[i].len);
		assert_int_equal(scan_to_end(&b, &records), bad[i].end);
		buf_free(&b);
	}
}

static void section(const char *archive, const char *name, const char *want)
{
	struct guard g = guard_copy(archive, strlen(archive));
	struct kymo_str s;
	bool found = txtar_find((const char *)g.ptr, g.len, name, &s);
	assert_int_equal(found, want != NULL);
	if (want) {
		assert_int_equal(s.len, strlen(want));
		assert_true(s.len == 0 || memcmp(s.ptr, want, s.len) == 0);
	}
	guard_free(&g);
}

static void test_txtar(void **state)
{
	(void)state;
	static const char archive[] =
		"a comment\n-- expect --\nSUCCESS\n-- trace --\nTrace Go1.22\n-- x--\n--  two words  --\n-- -- --\nlast";
	section(archive, "expect", "SUCCESS\n");
	section(archive, "trace", "Trace Go1.22\n-- x--\n");
	section(archive, "two words", "");
	section(archive, "--", "last");
	section(archive, "comment", NULL);
	section("", "trace", NULL);
	section("-- trace --", "trace", "");
	section("-- trace --\r\nx", "trace", "x");
	section("-- a --\n1\n-- a --\n2\n", "a", "1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),  cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_mistakes),   cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_no_records), cmocka_unit_test(test_txtar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
