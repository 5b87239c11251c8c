/* SPDX-License-Identifier: MIT */
/* Reports as JSON: rows as objects for programs, rows as arrays with their columns' descriptions for the viewer. */
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

static void put_str(struct json *j, struct kymo_str s)
{
	json_str(j, s.ptr, s.len);
}

static void put_stack(struct json *j, const struct kymo_trace *t, kymo_stack_ix stack)
{
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, stack, &n);
	json_array(j);
	for (size_t i = 0; i < n; i++) {
		json_object(j);
		json_key(j, "func");
		put_str(j, kymo_trace_string(t, f[i].func));
		json_key(j, "file");
		put_str(j, kymo_trace_string(t, f[i].file));
		json_key(j, "line");
		json_u64(j, f[i].line);
		json_end(j);
	}
	json_end(j);
}

static void put_hist(struct json *j, const struct hist *h)
{
	json_array(j);
	for (unsigned k = 0; k < HIST_BUCKETS; k++) {
		if (!h->count[k])
			continue;
		json_array(j);
		json_i64(j, hist_lower(k));
		json_u64(j, h->count[k]);
		json_end(j);
	}
	json_end(j);
}

void report_json_cell(struct json *j, const struct report *r, enum cell_kind kind,
                      const union cell *c)
{
	if (!report_cell_present(kind, c)) {
		json_null(j);
		return;
	}
	switch (kind) {
	case CELL_TEXT: put_str(j, c->text); break;
	case CELL_NS:
	case CELL_TIME: json_i64(j, c->ns); break;
	case CELL_COUNT:
	case CELL_ID:
	case CELL_BYTES: json_u64(j, c->u64); break;
	case CELL_RATIO:
	case CELL_NUMBER: json_f64(j, c->f64); break;
	case CELL_BOOL: json_bool(j, c->flag); break;
	case CELL_STACK: put_stack(j, r->trace, (kymo_stack_ix)c->u64); break;
	case CELL_NAMED:
		json_object(j);
		for (size_t i = 0; i < c->named.count; i++) {
			struct kymo_str name = kymo_trace_string(r->trace, c->named.at[i].name);
			json_key_str(j, name.ptr, name.len);
			json_i64(j, c->named.at[i].ns);
		}
		json_end(j);
		break;
	case CELL_HIST: put_hist(j, c->hist); break;
	case CELL_LIFE:
		json_array(j);
		for (int i = 0; i < LIFE_PARTS; i++)
			json_i64(j, c->life[i]);
		json_end(j);
		break;
	}
}

/* ---- for programs ---- */

static enum kymo_status put_rows(struct json *j, struct report *r, size_t table,
                                 const struct report_page *page, struct kymo_error *err)
{
	const struct table *t = &r->tables.at[table];
	struct report_rows rows;
	enum kymo_status st = report_rows(r, table, page, &rows, err);
	union cell *cells = report_cells(t);
	if (st == KYMO_OK && !cells)
		st = error_memory(err);
	json_array(j);
	for (size_t i = 0; st == KYMO_OK && i < rows.count && !j->buf->failed; i++) {
		report_fill(t, report_row(&rows, i), cells);
		json_break(j);
		json_object(j);
		for (size_t c = 0; c < t->column_count; c++) {
			if (!report_in_files(&t->columns[c]))
				continue;
			json_key(j, t->columns[c].key);
			report_json_cell(j, r, t->columns[c].kind, &cells[c]);
		}
		json_end(j);
	}
	json_break(j);
	json_end(j);
	free(cells);
	return st;
}

enum kymo_status report_json(struct report *r, const struct report_page *page, struct buf *out,
                             struct kymo_error *err)
{
	struct json j = {.buf = out};
	enum kymo_status st = KYMO_OK;
	if (r->as_array) {
		st = put_rows(&j, r, 0, page, err);
	} else {
		json_object(&j);
		for (size_t i = 0; i < r->fields.count; i++) {
			const struct report_field *f = &r->fields.at[i];
			json_key(&j, f->key);
			report_json_cell(&j, r, f->kind, &f->value);
		}
		for (size_t i = 0; i < r->tables.count && st == KYMO_OK; i++) {
			json_key(&j, r->tables.at[i].key);
			st = put_rows(&j, r, i, page, err);
		}
		json_end(&j);
	}
	buf_putc(out, '\n');
	return st;
}

/* ---- for the viewer ---- */

#define CURVE_ROWS 2000  // of a quiet table that is sent whole

static void put_text(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	if (text)
		json_cstr(j, text);
	else
		json_null(j);
}

static void put_flags(struct json *j, unsigned flags)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{COL_LAST, "last"},    {COL_QUIET, "quiet"}, {COL_BAR, "bar"},
	             {COL_GO, "goroutine"}, {COL_TASK, "task"},   {COL_GROUP, "group"}};
	json_key(j, "flags");
	json_array(j);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].bit)
			json_cstr(j, names[i].name);
	json_end(j);
}

static enum kymo_status put_table(struct json *j, struct report *r, size_t table,
                                  const struct report_page *page, struct kymo_error *err)
{
	const struct table *t = &r->tables.at[table];
	struct report_rows rows;
	enum kymo_status st = report_rows(r, table, page, &rows, err);
	union cell *cells = report_cells(t);
	if (st == KYMO_OK && !cells)
		st = error_memory(err);
	if (st != KYMO_OK) {
		free(cells);
		return st;
	}
	const char *sort = page->sort && !t->fixed && report_column_index(t, page->sort) != SIZE_MAX
	                           ? page->sort
	                           : t->sort;
	json_object(j);
	put_text(j, "key", t->key);
	put_text(j, "title", t->title);
	put_text(j, "sort", sort);
	json_key(j, "quiet");
	json_bool(j, t->quiet);
	json_key(j, "fixed");
	json_bool(j, t->fixed);
	json_key(j, "total");
	json_u64(j, t->rows);
	json_key(j, "offset");
	json_u64(j, rows.first);
	json_key(j, "columns");
	json_array(j);
	for (size_t c = 0; c < t->column_count; c++) {
		json_object(j);
		put_text(j, "key", t->columns[c].key);
		put_text(j, "title", t->columns[c].title);
		put_text(j, "kind", report_kind_name(t->columns[c].kind));
		put_flags(j, t->columns[c].flags);
		json_end(j);
	}
	json_end(j);
	json_key(j, "rows");
	json_array(j);
	for (size_t i = 0; i < rows.count && !j->buf->failed; i++) {
		report_fill(t, report_row(&rows, i), cells);
		json_array(j);
		for (size_t c = 0; c < t->column_count; c++)
			report_json_cell(j, r, t->columns[c].kind, &cells[c]);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	free(cells);
	return KYMO_OK;
}

static void put_plot(struct json *j, const struct plot *p)
{
	json_object(j);
	put_text(j, "title", p->title);
	put_text(j, "table", p->table);
	put_text(j, "x", p->x);
	json_key(j, "y");
	json_array(j);
	for (size_t i = 0; i < sizeof p->y / sizeof *p->y && p->y[i]; i++)
		json_cstr(j, p->y[i]);
	json_end(j);
	put_text(j, "y_kind", report_kind_name(p->y_kind));
	json_key(j, "log_x");
	json_bool(j, p->log_x);
	json_key(j, "steps");
	json_bool(j, p->steps);
	json_key(j, "y_min");
	json_f64(j, p->y_min);
	json_key(j, "y_max");
	json_f64(j, p->y_max);
	json_end(j);
}

enum kymo_status report_page_json(struct report *r, const char *table, const struct report_page *page,
                                  struct buf *out, struct kymo_error *err)
{
	struct json j = {.buf = out};
	enum kymo_status st = KYMO_OK;
	json_object(&j);
	put_text(&j, "report", r->def->name);
	put_text(&j, "summary", r->def->summary);
	json_key(&j, "head");
	json_str(&j, r->head.ptr, r->head.len);
	put_text(&j, "text", r->text);
	json_key(&j, "from_ns");
	json_i64(&j, r->sel.from);
	json_key(&j, "to_ns");
	json_i64(&j, r->sel.to);
	json_key(&j, "fields");
	json_array(&j);
	for (size_t i = 0; i < r->fields.count; i++) {
		const struct report_field *f = &r->fields.at[i];
		json_object(&j);
		put_text(&j, "key", f->key);
		put_text(&j, "title", f->title);
		put_text(&j, "kind", report_kind_name(f->kind));
		json_key(&j, "value");
		report_json_cell(&j, r, f->kind, &f->value);
		json_end(&j);
	}
	json_end(&j);
	json_key(&j, "tables");
	json_array(&j);
	for (size_t i = 0; i < r->tables.count && st == KYMO_OK; i++) {
		// A curve is sent whole; a long table that people see only on demand, when it is asked for by name.
		static const struct report_page all = {0}, none = {.offset = SIZE_MAX};
		const struct table *t = &r->tables.at[i];
		if (table && strcmp(t->key, table) != 0)
			continue;
		bool curve = t->quiet && t->rows <= CURVE_ROWS;
		st = put_table(&j, r, i, curve ? &all : t->quiet && !table ? &none : page, err);
	}
	json_end(&j);
	json_key(&j, "plots");
	json_array(&j);
	for (size_t i = 0; i < r->plots.count; i++)
		put_plot(&j, &r->plots.at[i]);
	json_end(&j);
	json_end(&j);
	return st;
}
