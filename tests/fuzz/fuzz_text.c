/* SPDX-License-Identifier: MIT */
/*
 * The text form, both ways. Relations: the text of any trace assembles, and gives the same text again; what any text
 * assembles to gives the same bytes again; the bytes after assembling are never longer than those before, since numbers
 * are written as short as they can be.
 */
#include <string.h>

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "wire/text.h"

static struct buf assemble(const struct buf *text)
{
	struct buf bytes = {0};
	struct wire_text_error err = {0};
	if (!wire_text_assemble(text->ptr, text->len, &bytes, &err)) {
		fprintf(stderr, "line %zu: %s\n", err.line, err.message);
		CHECK(false);  // our own text assembles
	}
	CHECK(!bytes.failed);
	return bytes;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

/* Numbers that no version assigned yet have neither name nor arguments, and become empty lines: they are lost. */
static bool all_assigned(const uint8_t *bytes, size_t len)
{
	struct wire_scan s;
	struct wire_record r;
	if (wire_scan_begin(&s, bytes, len, NULL) != KYMO_OK)
		return false;
	while (wire_scan_next(&s, &r))
		if (!r.event)
			return false;
	return true;
}

static void from_bytes(const uint8_t *bytes, size_t len)
{
	struct buf text = {0}, again = {0};
	struct kymo_error err = {0};
	enum kymo_status st = wire_text_disassemble(bytes, len, &text, &err);
	CHECK(err.status == st && (st == KYMO_OK) == (err.message[0] == 0));
	if (st == KYMO_OK || st == KYMO_E_DAMAGED) {
		struct buf short_bytes = assemble(&text);
		CHECK(short_bytes.len <= len);
		if (all_assigned(bytes, len)) {
			CHECK(wire_text_disassemble((const uint8_t *)short_bytes.ptr,
			                            short_bytes.len, &again, NULL) == KYMO_OK);
			CHECK(same(&text, &again));
		}
		buf_free(&short_bytes);
	} else {
		CHECK(text.len == 0);
	}
	buf_free(&text);
	buf_free(&again);
}

static void from_text(const uint8_t *input, size_t len)
{
	struct buf bytes = {0}, text = {0};
	struct wire_text_error err = {0};
	if (wire_text_assemble((const char *)input, len, &bytes, &err)) {
		const uint8_t *at = (const uint8_t *)bytes.ptr;
		if (all_assigned(at, bytes.len) &&
		    wire_text_disassemble(at, bytes.len, &text, NULL) == KYMO_OK) {
			struct buf again = assemble(&text);
			CHECK(same(&bytes, &again));
			buf_free(&again);
		}
	} else {
		CHECK(err.line > 0 && err.message[0]);
	}
	buf_free(&bytes);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	from_bytes(bytes, len);
	from_text(bytes, len);
	return 0;
}
