/* SPDX-License-Identifier: MIT */
/* Which rows, in which order. A column is looked at once; the order is kept for the next page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/radix.h"
#include "report/internal.h"

static bool ascends(const struct column *c)
{
	return c->kind == CELL_TEXT || c->kind == CELL_TIME || c->kind == CELL_ID ||
	       c->flags & COL_ASC;
}

static bool sortable(enum cell_kind kind)
{
	return kind <= CELL_BOOL;  // the others are no single value
}

/* ---- numbers, as keys that compare as they do ---- */

static uint64_t key_of(enum cell_kind kind, const union cell *c)
{
	switch (kind) {
	case CELL_NS:
	case CELL_TIME: return radix_of_i64(c->ns);
	case CELL_ID: return c->u64 == KYMO_NONE ? 0 : c->u64 + 1;
	case CELL_RATIO:
	case CELL_NUMBER: return radix_of_double(isnan(c->f64) ? -INFINITY : c->f64);
	case CELL_BOOL: return c->flag;
	default: return c->u64;
	}
}

/* The cell to sort by. */
static inline void fill_key(const struct table *t, size_t row, size_t column, union cell *cells)
{
	if (t->sort_cell)
		t->sort_cell(t->ctx, row, column, &cells[column]);
	else if (t->keys)
		t->keys(t->ctx, row, cells);
	else
		report_fill(t, row, cells);
}

/* The first `count` rows of those in order. */
static bool order_numbers(const struct table *t, size_t column, int direction, uint32_t *rows,
                          size_t count)
{
	uint64_t *key = malloc((t->rows + 1) * sizeof *key);
	struct radix_item *a = malloc((count + 1) * sizeof *a);
	union cell *cells = report_cells(t);
	bool ok = key && a && cells;
	for (size_t i = 0; ok && i < t->rows; i++) {
		fill_key(t, i, column, cells);
		uint64_t k = key_of(t->columns[column].kind, &cells[column]);
		key[i] = direction > 0 ? k : ~k;
	}
	// Of those with the last key that is wanted, so many as there is room for: the first ones.
	uint64_t last = ok && count < t->rows ? radix_nth(key, t->rows, count) : UINT64_MAX;
	size_t equal = count, n = 0;
	for (size_t i = 0; ok && i < t->rows && count < t->rows; i++)
		equal -= key[i] < last;
	for (size_t i = 0; ok && i < t->rows; i++) {
		bool tie = key[i] == last;
		if (key[i] > last || (tie && !equal && count < t->rows))
			continue;
		equal -= tie && count < t->rows;
		a[n++] = (struct radix_item){key[i], i};
	}
	ok = ok && radix_sort(a, n);
	for (size_t i = 0; ok && i < n; i++)
		rows[i] = (uint32_t)a[i].value;
	free(key);
	free(a);
	free(cells);
	return ok;
}

/* ---- texts ---- */

struct text_row {
	struct kymo_str text;
	uint32_t row;
};

static int by_text(const void *a, const void *b, void *ctx)
{
	const struct text_row *x = a, *y = b;
	size_t n = x->text.len < y->text.len ? x->text.len : y->text.len;
	int c = n ? memcmp(x->text.ptr, y->text.ptr, n) : 0;
	if (c == 0)
		c = x->text.len < y->text.len ? -1 : x->text.len > y->text.len;
	if (c)
		return *(int *)ctx > 0 ? c : -c;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool order_texts(const struct table *t, size_t column, int direction, uint32_t *rows)
{
	struct text_row *a = malloc((t->rows + 1) * sizeof *a);
	union cell *cells = report_cells(t);
	bool ok = a && cells;
	for (size_t i = 0; ok && i < t->rows; i++) {
		fill_key(t, i, column, cells);
		a[i] = (struct text_row){cells[column].text, (uint32_t)i};
	}
	if (ok && t->rows)
		qsort_r(a, t->rows, sizeof *a, by_text, &direction);
	for (size_t i = 0; ok && i < t->rows; i++)
		rows[i] = a[i].row;
	free(a);
	free(cells);
	return ok;
}

/* To sort all of a long table takes longer than to find its first pages. */
#define LONG 65536u
#define PAGES 4096u

/* Beneath the lock. The first `need` rows, at least. */
static const uint32_t *find_order(struct report *r, size_t table, size_t column, int direction,
                                  size_t need)
{
	for (struct report_order *o = r->orders; o; o = o->next)
		if (o->table == table && o->column == column && o->direction == direction &&
		    o->count >= need)
			return o->rows;
	const struct table *t = &r->tables.at[table];
	bool text = t->columns[column].kind == CELL_TEXT;
	size_t count = t->rows < LONG || need > PAGES || text ? t->rows : PAGES;
	struct report_order *o = calloc(1, sizeof *o);
	uint32_t *rows = malloc((count + 1) * sizeof *rows);
	bool ok = o && rows &&
	          (text ? order_texts(t, column, direction, rows)
	                : order_numbers(t, column, direction, rows, count));
	if (!ok) {
		free(o);
		free(rows);
		return NULL;
	}
	*o = (struct report_order){table, column, direction, rows, count, r->orders};
	r->orders = o;
	return rows;
}

enum kymo_status report_order(struct report *r, size_t table, const struct report_page *page,
                              const uint32_t **order, struct kymo_error *err)
{
	const struct table *t = &r->tables.at[table];
	const char *key = page && page->sort && !t->fixed ? page->sort : t->sort;
	*order = NULL;
	if (!key || t->rows > UINT32_MAX)
		return KYMO_OK;
	size_t column = report_column_index(t, key);
	if (column == SIZE_MAX || !sortable(t->columns[column].kind)) {
		bool elsewhere =
			false;  // a report with several tables sorts those that have the column
		for (size_t i = 0; i < r->tables.count; i++)
			elsewhere |= !r->tables.at[i].fixed &&
			             report_column_index(&r->tables.at[i], key) != SIZE_MAX;
		if (column == SIZE_MAX && elsewhere)
			return KYMO_OK;
		return error_set(err, KYMO_E_RANGE, 0, 0, "%s cannot be sorted by '%s'",
		                 r->def->name, key);
	}
	int direction = page && page->direction && !t->fixed ? page->direction
	                : ascends(&t->columns[column])       ? 1
	                                                     : -1;
	size_t need = t->rows;
	if (page && page->limit && page->offset < t->rows && page->limit < t->rows - page->offset)
		need = page->offset + page->limit;
	pthread_mutex_lock(&r->lock);
	*order = find_order(r, table, column, direction, need);
	pthread_mutex_unlock(&r->lock);
	return *order ? KYMO_OK : error_memory(err);
}

enum kymo_status report_rows(struct report *r, size_t table, const struct report_page *page,
                             struct report_rows *out, struct kymo_error *err)
{
	const struct table *t = &r->tables.at[table];
	*out = (struct report_rows){.count = t->rows};
	enum kymo_status st = report_order(r, table, page, &out->order, err);
	if (st != KYMO_OK || t->fixed || !page)
		return st;
	out->first = page->offset < t->rows ? page->offset : t->rows;
	out->count = t->rows - out->first;
	if (page->limit && page->limit < out->count)
		out->count = page->limit;
	return KYMO_OK;
}

enum kymo_status report_check(const struct report *r, const char *table,
                              const struct report_page *page, struct kymo_error *err)
{
	bool sorts = page->sort == NULL || r->tables.count == 0;
	if (table && report_table_index(r, table) == SIZE_MAX)
		return error_set(err, KYMO_E_RANGE, 0, 0, "%s has no table '%.60s'", r->def->name,
		                 table);
	for (size_t i = 0; i < r->tables.count && !sorts; i++) {
		const struct table *t = &r->tables.at[i];
		size_t column = report_column_index(t, page->sort);
		sorts = !t->fixed && column != SIZE_MAX && sortable(t->columns[column].kind);
	}
	return sorts ? KYMO_OK
	             : error_set(err, KYMO_E_RANGE, 0, 0, "%s cannot be sorted by '%.60s'",
	                         r->def->name, page->sort);
}
