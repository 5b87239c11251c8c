/* SPDX-License-Identifier: MIT */
/* Bytes to text. The other direction is text_parse.c. */
#include "wire/text.h"

#include <string.h>

#include "wire/quote.h"
#include "wire/varint.h"

/* No argument's name and number are longer: " reclaimed_value=18446744073709551615". */
#define MOST_ARG_BYTES 64u

static char *put_number(char *p, uint64_t v)
{
	char tmp[20];
	size_t n = 0;
	do
		tmp[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*p++ = tmp[--n];
	return p;
}

static char *put_name(char *p, const char *name)
{
	size_t n = strlen(name);
	memcpy(p, name, n);
	return p + n;
}

static void put_frames(struct buf *out, const struct wire_record *r)
{
	static const char *const heads[4] = {"\n\tpc=", " func=", " file=", " line="};
	const uint8_t *at = r->frames;
	while (at < r->frames_end && buf_reserve(out, 4 * MOST_ARG_BYTES)) {
		char *p = out->ptr + out->len;
		for (unsigned k = 0; k < 4; k++) {
			uint64_t v = 0;
			varint_read(&at, r->frames_end, &v);
			p = put_number(put_name(p, heads[k]), v);
		}
		out->len = (size_t)(p - out->ptr);
	}
}

void wire_text_put(struct buf *out, const struct wire_record *r)
{
	if (!buf_reserve(out, MOST_ARG_BYTES * (WIRE_MAX_ARGS + 1)))
		return;
	if (r->event) {
		char *p = put_name(out->ptr + out->len, r->event->name);
		for (unsigned i = 0; i < r->event->arg_count; i++) {
			*p++ = ' ';
			p = put_name(p, r->event->args[i]);
			*p++ = '=';
			p = put_number(p, r->args[i]);
		}
		out->len = (size_t)(p - out->ptr);
	}
	if (r->type == WIRE_Stack)
		put_frames(out, r);
	// Go's writer cannot tell data of no bytes from none.
	if (r->has_data && r->data_len) {
		buf_puts(out, "\n\tdata=");
		quote_put(out, (const char *)r->data, r->data_len);
	}
	buf_putc(out, '\n');
}

enum kymo_status wire_text_disassemble(const uint8_t *bytes, size_t len, struct buf *out,
                                       struct kymo_error *err)
{
	struct wire_scan s;
	struct wire_record r;
	enum kymo_status st = wire_scan_begin(&s, bytes, len, err);
	if (st != KYMO_OK)
		return st;
	buf_printf(out, "Trace Go1.%u\n", s.version);
	while (wire_scan_next(&s, &r)) {
		wire_text_put(out, &r);
		if (r.has_data && !r.data_len)  // the reader of this form wants the line all the same
			buf_puts(out, "\tdata=\"\"\n");
	}
	return wire_scan_error(&s, err);
}
