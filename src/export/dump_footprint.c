/* SPDX-License-Identifier: MIT */
/* `go tool trace -d=footprint`: how many bytes and records each of the 256 possible events takes. */
#include <stdio.h>
#include <string.h>

#include "export/export.h"
#include "export/pdqsort.h"
#include "wire/encode.h"
#include "wire/scan.h"
#include "wire/varint.h"

#define TYPES 256
#define COLUMNS 5
#define CELL 40    // bytes; the longest is a name or a number of 20 digits
#define PADDING 2  // blanks between columns

/* What the record takes with minimal varints: Go counts that, not the bytes of the file. */
static uint64_t encoded_bytes(const struct wire_record *r)
{
	uint64_t n = 1;
	for (unsigned i = 0; r->event && i < r->event->arg_count; i++)
		n += wire_varint_bytes(r->args[i]);
	if (r->type == WIRE_Stack)
		for (const uint8_t *p = r->frames; p < r->frames_end;) {
			uint64_t v = 0;
			varint_read(&p, r->frames_end, &v);
			n += wire_varint_bytes(v);
		}
	if (r->has_data)
		n += wire_varint_bytes(r->data_len) + r->data_len;
	return n;
}

static void percent(char *cell, uint64_t part, uint64_t whole)
{
	if (whole == 0 && part == 0)
		snprintf(cell, CELL, "NaN%%");  // as Go prints 0/0
	else
		snprintf(cell, CELL, "%.2f%%", (double)part / (double)whole * 100);
}

static void fill_row(char cells[COLUMNS][CELL], const struct pdq_row *row, unsigned version,
                     uint64_t bytes, uint64_t records)
{
	const struct wire_event *e = wire_event(row->tag);
	if (row->tag >= wire_type_limit(version))
		snprintf(cells[0], CELL, "<unknown (%u)>", row->tag);
	else
		snprintf(cells[0], CELL, "%s", e ? e->name : "");
	snprintf(cells[1], CELL, "%llu", (unsigned long long)row->key);
	percent(cells[2], row->key, bytes);
	snprintf(cells[3], CELL, "%llu", (unsigned long long)row->value);
	percent(cells[4], row->value, records);
}

/* Left-aligned columns as wide as their widest cell and the padding; the last one is as wide as it is. */
static void put_table(struct buf *out, char (*rows)[COLUMNS][CELL], size_t count)
{
	size_t width[COLUMNS] = {0};
	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			if (strlen(rows[i][c]) + PADDING > width[c])
				width[c] = strlen(rows[i][c]) + PADDING;
	for (size_t i = 0; i < count; i++) {
		for (size_t c = 0; c < COLUMNS - 1; c++)
			buf_printf(out, "%-*s", (int)width[c], rows[i][c]);
		buf_printf(out, "%s\n", rows[i][COLUMNS - 1]);
	}
}

enum kymo_status kymo_export_footprint(struct kymo_input *in, const struct kymo_sink *sink,
                                       struct kymo_error *err)
{
	struct pdq_row stats[TYPES] = {0};
	char rows[TYPES + 2][COLUMNS][CELL] = {{"Event", "Bytes", "%", "Count", "%"},
	                                       {"-", "-", "-", "-", "-"}};
	struct wire_scan s;
	struct wire_record r;
	uint64_t records = 0;
	size_t len;
	const uint8_t *bytes = kymo_input_bytes(in, &len);
	export_no_error(err);
	enum kymo_status st = wire_scan_begin(&s, bytes, len, err);
	if (st != KYMO_OK)
		return st;
	for (unsigned i = 0; i < TYPES; i++)
		stats[i].tag = i;
	for (; wire_scan_next(&s, &r); records++) {
		stats[r.type].key += encoded_bytes(&r);
		stats[r.type].value++;
	}
	st = wire_scan_error(&s, err);
	// A cut between two numbers is the end for Go; any other damage leaves no table.
	if (st != KYMO_OK && s.end != WIRE_SCAN_CUT)
		return st;
	pdq_sort(stats, TYPES);
	for (unsigned i = 0; i < TYPES; i++)
		fill_row(rows[i + 2], &stats[i], s.version, len, records);
	struct buf out = export_buf(sink);
	put_table(&out, rows, TYPES + 2);
	return export_finish(&out, KYMO_OK, err);
}
