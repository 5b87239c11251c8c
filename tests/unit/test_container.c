/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/guard.h"
#include "wire/batch.h"
#include "wire/header.h"
#include "wire/spec.h"

static enum kymo_status header(const char *text, size_t len, unsigned *version, struct kymo_error *err)
{
	uint8_t bytes[16] = {0};
	memcpy(bytes, text, strlen(text));
	struct guard g = guard_copy(bytes, len);
	*err = (struct kymo_error){0};
	enum kymo_status st = wire_header_read(g.ptr, g.len, version, err);
	guard_free(&g);
	assert_int_equal(err->status, st);
	if (st != KYMO_OK)
		assert_int_not_equal(strlen(err->message), 0);
	return st;
}

static void test_header(void **state)
{
	(void)state;
	const struct {
		const char *text;
		enum kymo_status status;
		unsigned version;
	} cases[] = {
		{"go 1.22 trace", KYMO_OK, 22},
		{"go 1.23 trace", KYMO_OK, 23},
		{"go 1.25 trace", KYMO_OK, 25},
		{"go 1.26 trace", KYMO_OK, 26},
		{"go 1.5 trace", KYMO_E_TOO_OLD, 0},
		{"go 1.11 trace", KYMO_E_TOO_OLD, 0},
		{"go 1.21 trace", KYMO_E_TOO_OLD, 0},
		{"go 1.27 trace", KYMO_E_TOO_NEW, 0},
		{"go 1.99 trace", KYMO_E_TOO_NEW, 0},
		{"go 1.124 trace", KYMO_E_TOO_NEW, 0},
		{"go 1.022 trace", KYMO_E_NOT_TRACE, 0},
		{"go 1.trace", KYMO_E_NOT_TRACE, 0},
		{"go 1.22 tracE", KYMO_E_NOT_TRACE, 0},
		{"go 2.22 trace", KYMO_E_NOT_TRACE, 0},
		{"go 1.22  trace", KYMO_E_NOT_TRACE, 0},
		{"go 1.22 tracex", KYMO_E_NOT_TRACE, 0},
		{"\x7f"
	         "ELF",
	         KYMO_E_NOT_TRACE, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned version = 0;
		struct kymo_error err;
		assert_int_equal(header(cases[i].text, 16, &version, &err), cases[i].status);
		if (cases[i].status == KYMO_OK)
			assert_int_equal(version, cases[i].version);
	}
	for (size_t len = 0; len < 16; len++) {
		unsigned version;
		struct kymo_error err;
		assert_int_equal(header("go 1.23 trace", len, &version, &err), KYMO_E_NOT_TRACE);
	}
}

/* A batch of each kind, with what follows it. */
static void test_batches(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {
		1,    3, 7, 100, 2,    0x0d, 0,         // events of thread 7
		1,    3, 7, 100, 0x80, 0x80, 0,         // an empty one, its size padded
		1,    3, 9, 100, 1,    4,               // strings
		1,    3, 9, 100, 1,    2,               // stacks
		1,    3, 9, 100, 1,    6,               // samples
		1,    3, 9, 100, 2,    8,    1,         // frequency
		1,    3, 9, 100, 1,    0x32,            // sync
		0x31, 1, 3, 9,   100,  2,    'h', 'i',  // experimental
		0x34,                                   // end of generation
	};
	static const uint8_t kinds_26[] = {
		WIRE_BATCH_EVENTS, WIRE_BATCH_EVENTS,       WIRE_BATCH_STRINGS,
		WIRE_BATCH_STACKS, WIRE_BATCH_SAMPLES,      WIRE_BATCH_EVENTS,
		WIRE_BATCH_SYNC,   WIRE_BATCH_EXPERIMENTAL, WIRE_BATCH_END,
	};
	struct guard g = guard_copy(bytes, sizeof bytes);
	size_t at = 0;
	struct kymo_error err;
	for (size_t i = 0; i < sizeof kinds_26; i++) {
		struct wire_batch b;
		assert_int_equal(wire_batch_next(g.ptr, g.len, &at, 26, &b, &err), KYMO_OK);
		assert_int_equal(b.kind, kinds_26[i]);
		if (i < 8) {
			assert_int_equal(b.generation, 3);
			assert_int_equal(b.time, 100);
		}
		if (i == 7)
			assert_int_equal(b.experiment, 1);
	}
	assert_int_equal(at, sizeof bytes);

	// In a 1.23 trace the lone frequency is what 1.25's sync batch is, and there is no end of generation.
	at = 0;
	for (size_t i = 0; i < 8; i++) {
		struct wire_batch b;
		assert_int_equal(wire_batch_next(g.ptr, g.len, &at, 23, &b, &err), KYMO_OK);
		assert_int_equal(b.kind, i == 5   ? WIRE_BATCH_SYNC
		                         : i == 6 ? WIRE_BATCH_EVENTS
		                                  : kinds_26[i]);
	}
	struct wire_batch b;
	size_t before = at;
	assert_int_equal(wire_batch_next(g.ptr, g.len, &at, 23, &b, &err), KYMO_E_DAMAGED);
	assert_int_equal(at, before);
	guard_free(&g);
}

static void test_cut_batches(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {1, 0x83, 1, 0xff, 7, 0x80, 0x80, 4, 5, 1, 2, 3, 4, 5};
	for (size_t len = 1; len < sizeof bytes; len++) {
		struct guard g = guard_copy(bytes, len);
		struct wire_batch b;
		struct kymo_error err;
		size_t at = 0;
		assert_int_equal(wire_batch_next(g.ptr, g.len, &at, 23, &b, &err), KYMO_E_DAMAGED);
		assert_int_equal(at, 0);
		guard_free(&g);
	}
}

static void test_largest_batch(void **state)
{
	(void)state;
	static uint8_t bytes[8 + WIRE_MAX_BATCH_BYTES + 1];
	static const uint8_t fits[] = {1, 1, 1, 1, 0x80, 0x80, 4};  // 65536
	memcpy(bytes, fits, sizeof fits);
	struct wire_batch b;
	struct kymo_error err;
	size_t at = 0;
	assert_int_equal(wire_batch_next(bytes, sizeof bytes, &at, 23, &b, &err), KYMO_OK);
	assert_int_equal(b.len, WIRE_MAX_BATCH_BYTES);
	bytes[4] = 0x81;  // 65537
	at = 0;
	assert_int_equal(wire_batch_next(bytes, sizeof bytes, &at, 23, &b, &err), KYMO_E_DAMAGED);
}

/* The one table: what its flags say of arguments exists, and versions only ever add. */
static void test_spec(void **state)
{
	(void)state;
	unsigned known[27] = {0};
	for (unsigned type = 0; type < 256; type++) {
		const struct wire_event *e = wire_event(type);
		if (!e)
			continue;
		assert_in_range(e->since, 22, 26);
		assert_in_range(e->arg_count, 0, WIRE_MAX_ARGS);
		assert_int_equal((e->stack_args | e->string_args) >> e->arg_count, 0);
		if (e->kind != WIRE_KIND_S)
			assert_string_equal(e->args[0], "dt");
		for (unsigned version = 22; version <= 26; version++)
			known[version] += wire_event_known(e, version);
	}
	assert_int_equal(known[22], 44);
	assert_int_equal(known[23], 49 + 9);
	assert_int_equal(known[25], 51 + 9);
	assert_int_equal(known[26], 52 + 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),      cmocka_unit_test(test_batches),
		cmocka_unit_test(test_cut_batches), cmocka_unit_test(test_largest_batch),
		cmocka_unit_test(test_spec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
