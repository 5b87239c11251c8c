/* SPDX-License-Identifier: MIT */
/* One table as CSV (RFC 4180): a head line of keys, times in ns, nothing as an empty field. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

/* Quoted where it has to be. A cell that a spreadsheet would take for a formula is text as any other. */
static void put_text(struct buf *b, const char *s, size_t len)
{
	bool quote = false;
	for (size_t i = 0; i < len; i++)
		quote |= s[i] == '"' || s[i] == ',' || s[i] == '\n' || s[i] == '\r';
	if (!quote) {
		buf_put(b, s, len);
		return;
	}
	buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			buf_putc(b, '"');
		buf_putc(b, s[i]);
	}
	buf_putc(b, '"');
}

static void put_stack(struct buf *b, const struct kymo_trace *t, kymo_stack_ix stack)
{
	struct buf text = {0};
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, stack, &n);
	for (size_t i = 0; i < n; i++) {
		struct kymo_str s = kymo_trace_string(t, f[i].func);
		if (i)
			buf_putc(&text, ';');
		buf_put(&text, s.ptr, s.len);
	}
	b->failed |= text.failed;
	put_text(b, text.ptr, text.len);
	buf_free(&text);
}

static void put_named(struct buf *b, const struct kymo_trace *t, const union cell *c)
{
	struct buf text = {0};
	for (size_t i = 0; i < c->named.count; i++) {
		struct kymo_str s = kymo_trace_string(t, c->named.at[i].name);
		if (i)
			buf_putc(&text, ';');
		buf_put(&text, s.ptr, s.len);
		buf_putc(&text, '=');
		buf_i64(&text, c->named.at[i].ns);
	}
	b->failed |= text.failed;
	put_text(b, text.ptr, text.len);
	buf_free(&text);
}

static void put_cell(struct buf *b, const struct report *r, enum cell_kind kind, const union cell *c)
{
	if (!report_cell_present(kind, c))
		return;
	switch (kind) {
	case CELL_TEXT: put_text(b, c->text.ptr, c->text.len); break;
	case CELL_NS:
	case CELL_TIME: buf_i64(b, c->ns); break;
	case CELL_COUNT:
	case CELL_ID:
	case CELL_BYTES: buf_u64(b, c->u64); break;
	case CELL_RATIO:
	case CELL_NUMBER: buf_printf(b, "%.17g", c->f64); break;
	case CELL_BOOL: buf_puts(b, c->flag ? "true" : "false"); break;
	case CELL_STACK: put_stack(b, r->trace, (kymo_stack_ix)c->u64); break;
	case CELL_NAMED: put_named(b, r->trace, c); break;
	case CELL_HIST: {
		bool first = true;
		for (unsigned k = 0; k < HIST_BUCKETS; k++)
			if (c->hist->count[k]) {
				buf_printf(b, "%s%lld=%llu", first ? "" : ";",
				           (long long)hist_lower(k),
				           (unsigned long long)c->hist->count[k]);
				first = false;
			}
		break;
	}
	case CELL_LIFE: break;
	}
}

enum kymo_status report_csv(struct report *r, const char *table, const struct report_page *page,
                            struct buf *out, struct kymo_error *err)
{
	size_t ix = table ? report_table_index(r, table) : 0;
	if (ix >= r->tables.count)
		return error_set(err, KYMO_E_RANGE, 0, 0, "%s has no table '%s'", r->def->name,
		                 table ? table : "");
	const struct table *t = &r->tables.at[ix];
	struct report_rows rows;
	enum kymo_status st = report_rows(r, ix, page, &rows, err);
	if (st != KYMO_OK)
		return st;
	union cell *cells = report_cells(t);
	if (!cells)
		return error_memory(err);
	bool first = true;
	for (size_t c = 0; c < t->column_count; c++) {
		if (!report_in_files(&t->columns[c]))
			continue;
		buf_puts(out, first ? "" : ",");
		buf_puts(out, t->columns[c].key);
		first = false;
	}
	buf_puts(out, "\r\n");
	for (size_t i = 0; i < rows.count && !out->failed; i++) {
		report_fill(t, report_row(&rows, i), cells);
		first = true;
		for (size_t c = 0; c < t->column_count; c++) {
			if (!report_in_files(&t->columns[c]))
				continue;
			buf_puts(out, first ? "" : ",");
			put_cell(out, r, t->columns[c].kind, &cells[c]);
			first = false;
		}
		buf_puts(out, "\r\n");
	}
	free(cells);
	return KYMO_OK;
}
