/* SPDX-License-Identifier: MIT */
/* `go tool trace -d=wire`: every record of the file, in the file's order, numbers only. */
#include "export/export.h"
#include "wire/text.h"

/*
 * Go's reader takes a file that ends between two numbers of a record for a whole one, drops the record and says
 * nothing. The same is printed here, but not in silence: the caller gets a warning.
 */
static enum kymo_status how_it_ended(const struct wire_scan *s, struct kymo_error *err)
{
	enum kymo_status st = wire_scan_error(s, err);
	return s->end == WIRE_SCAN_CUT ? KYMO_OK : st;
}

enum kymo_status kymo_export_wire(struct kymo_input *in, const struct kymo_sink *sink,
                                  struct kymo_error *err)
{
	struct wire_scan s;
	struct wire_record r;
	size_t len;
	const uint8_t *bytes = kymo_input_bytes(in, &len);
	export_no_error(err);
	enum kymo_status st = wire_scan_begin(&s, bytes, len, err);
	if (st != KYMO_OK)
		return st;
	struct buf out = export_buf(sink);
	while (!out.failed && wire_scan_next(&s, &r))
		wire_text_put(&out, &r);
	return export_finish(&out, how_it_ended(&s, err), err);
}
