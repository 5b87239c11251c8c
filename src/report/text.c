/* SPDX-License-Identifier: MIT */
/* Reports in a terminal: aligned tables with bars and colours where there is a terminal, plain where there is none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "report/internal.h"

#define BAR_CELLS 8
#define LIFE_CELLS 20
#define SHORT_ROWS 40  // shown on a terminal unless --top says otherwise
#define LEAST_LAST 24

static const struct {
	char letter;
	const char *colour;
} life_ink[LIFE_PARTS] = {
	[LIFE_RUN] = {'#', "32"},         [LIFE_RUNNABLE] = {'+', "33"},
	[LIFE_SYSCALL] = {'=', "36"},     [LIFE_GC] = {'g', "38;5;169"},
	[LIFE_CHAN] = {'c', "38;5;97"},   [LIFE_SYNC] = {'s', "38;5;131"},
	[LIFE_NET] = {'n', "34"},         [LIFE_SLEEP] = {'z', "38;5;245"},
	[LIFE_OTHER] = {'.', "38;5;250"},
};

struct text {
	struct report *r;
	const struct report_text_options *how;
	struct buf *out;
};

/* Text of a trace, with what would command the terminal made visible. */
static void put_safe(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t rune;
		size_t n = utf8_decode(s + i, len - i, &rune);
		if (n == 0 || rune < 0x20 || (rune >= 0x7f && rune < 0xa0)) {
			buf_printf(b, "\\x%02x", (unsigned char)s[i]);
			i++;
			continue;
		}
		buf_put(b, s + i, n);
		i += n;
	}
}

/* Characters, taken as one column each. */
static size_t width_of(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void pad(struct buf *b, size_t n)
{
	while (n--)
		buf_putc(b, ' ');
}

static void ink(struct text *x, const char *code)
{
	if (x->how->colour)
		buf_printf(x->out, "\033[%sm", code);
}

/* ---- cells as text ---- */

static void put_place(struct buf *b, const struct kymo_trace *t, const struct kymo_frame *f)
{
	struct kymo_str func = kymo_trace_string(t, f->func), file = kymo_trace_string(t, f->file);
	size_t from = file.len;
	while (from && file.ptr[from - 1] != '/')
		from--;
	put_safe(b, func.ptr, func.len);
	if (file.len) {
		buf_putc(b, ' ');
		put_safe(b, file.ptr + from, file.len - from);
		buf_printf(b, ":%llu", (unsigned long long)f->line);
	}
}

static void put_largest(struct buf *b, const struct kymo_trace *t, const union cell *c)
{
	char n[UNITS_SIZE];
	size_t best = 0;
	if (!c->named.count)
		return;
	for (size_t i = 1; i < c->named.count; i++)
		if (c->named.at[i].ns > c->named.at[best].ns)
			best = i;
	struct kymo_str s = kymo_trace_string(t, c->named.at[best].name);
	if (s.len)
		put_safe(b, s.ptr, s.len);
	else
		buf_puts(b, "(no reason)");
	buf_printf(b, " %s", units_duration(n, c->named.at[best].ns));
}

static void put_cell(struct buf *b, const struct report *r, enum cell_kind kind, const union cell *c)
{
	char n[UNITS_SIZE];
	if (!report_cell_present(kind, c)) {
		buf_puts(b, "-");
		return;
	}
	switch (kind) {
	case CELL_TEXT: put_safe(b, c->text.ptr, c->text.len); break;
	case CELL_NS: buf_puts(b, c->ns ? units_duration(n, c->ns) : "-"); break;
	case CELL_TIME: buf_printf(b, "%.6f s", (double)c->ns / 1e9); break;
	case CELL_COUNT: buf_puts(b, c->u64 ? units_count(n, c->u64) : "-"); break;
	case CELL_ID: buf_u64(b, c->u64); break;
	case CELL_BYTES: buf_puts(b, units_bytes(n, c->u64)); break;
	case CELL_RATIO: buf_printf(b, "%.1f %%", c->f64 * 100); break;
	case CELL_NUMBER: buf_printf(b, "%.4g", c->f64); break;
	case CELL_BOOL: buf_puts(b, c->flag ? "yes" : "no"); break;
	case CELL_STACK: {
		struct kymo_frame f = report_site(r->trace, (kymo_stack_ix)c->u64);
		if (f.func || f.file)
			put_place(b, r->trace, &f);
		else
			buf_puts(b, "(no stack)");
		break;
	}
	case CELL_NAMED: put_largest(b, r->trace, c); break;
	case CELL_HIST:
	case CELL_LIFE: break;  // drawn
	}
}

/* ---- cells as drawings ---- */

/* Eighths of a cell's height, of counts from bucket `from` to `to`, on a root scale so that few stay visible beside many. */
static void draw_hist(struct text *x, const struct hist *h, unsigned from, unsigned to)
{
	uint64_t most = 0;
	for (unsigned k = from; k <= to; k++)
		most = h->count[k] > most ? h->count[k] : most;
	for (unsigned k = from; k <= to; k++) {
		if (!h->count[k]) {
			buf_putc(x->out, ' ');
			continue;
		}
		int level = (int)ceil(sqrt((double)h->count[k] / (double)most) * 8);
		const char block[4] = {(char)0xe2, (char)0x96, (char)(0x80 + level), 0};
		buf_puts(x->out, block);
	}
}

/* A part that exists has at least one cell, if there is room. */
static void draw_life(struct text *x, const kymo_ns life[LIFE_PARTS])
{
	int cells[LIFE_PARTS] = {0}, left = LIFE_CELLS, largest = 0;
	double sum = 0;
	for (int p = 0; p < LIFE_PARTS; p++)
		sum += life[p] > 0 ? (double)life[p] : 0;
	if (sum <= 0) {
		pad(x->out, LIFE_CELLS);
		return;
	}
	for (int p = 0; p < LIFE_PARTS; p++) {
		cells[p] = life[p] <= 0 ? 0 : (int)((double)life[p] / sum * LIFE_CELLS + 0.5);
		if (life[p] > 0 && cells[p] == 0)
			cells[p] = 1;
		left -= cells[p];
		largest = life[p] > life[largest] ? p : largest;
	}
	cells[largest] += left;
	for (int p = 0; p < LIFE_PARTS; p++) {
		if (cells[p] <= 0)
			continue;
		ink(x, life_ink[p].colour);
		for (int i = 0; i < cells[p]; i++)
			x->how->colour ? buf_puts(x->out, "\xe2\x96\x88")
				       : buf_putc(x->out, life_ink[p].letter);
		ink(x, "0");
	}
}

static void draw_bar(struct text *x, double share)
{
	int eighths = share > 0 ? (int)ceil(share * BAR_CELLS * 8) : 0, cells = 0;
	buf_putc(x->out, ' ');
	ink(x, "36");
	for (; eighths >= 8; eighths -= 8, cells++)
		buf_puts(x->out, "\xe2\x96\x88");
	if (eighths > 0) {
		const char part[4] = {(char)0xe2, (char)0x96, (char)(0x90 - eighths), 0};
		buf_puts(x->out, part);
		cells++;
	}
	ink(x, "0");
	pad(x->out, (size_t)(BAR_CELLS - cells));
}

/* ---- a table ---- */

/* How a column is laid out. */
struct layout {
	bool shown, left;
	size_t width;
	double most;  // for its bar
};

struct view {
	const struct table *t;
	struct report_rows rows;
	union cell *cells;
	struct layout *columns;
	unsigned hist_from, hist_to;
	bool no_bars;
	struct buf cell;  // one cell's text
};

static void measure_hist(struct view *v, const struct hist *h)
{
	for (unsigned k = 0; h && k < HIST_BUCKETS; k++)
		if (h->count[k]) {
			v->hist_from = k < v->hist_from ? k : v->hist_from;
			v->hist_to = k > v->hist_to ? k : v->hist_to;
		}
}

static bool bars(const struct text *x, const struct view *v, size_t c)
{
	return v->t->columns[c].flags & COL_BAR && x->how->terminal && !v->no_bars;
}

static bool left_aligned(const struct column *c)
{
	return c->kind == CELL_TEXT || c->kind == CELL_STACK || c->kind == CELL_NAMED ||
	       c->kind == CELL_HIST || c->kind == CELL_LIFE || c->kind == CELL_BOOL;
}

static void measure(struct text *x, struct view *v)
{
	const struct table *t = v->t;
	v->hist_from = HIST_BUCKETS;
	for (size_t c = 0; c < t->column_count; c++) {
		const struct column *col = &t->columns[c];
		v->columns[c].shown = !(col->flags & COL_QUIET);
		v->columns[c].left = left_aligned(col);
		v->columns[c].width = width_of(col->title, strlen(col->title));
	}
	for (size_t i = 0; i < v->rows.count; i++) {
		report_fill(t, report_row(&v->rows, i), v->cells);
		for (size_t c = 0; c < t->column_count; c++) {
			struct layout *l = &v->columns[c];
			if (!l->shown)
				continue;
			if (t->columns[c].kind == CELL_HIST) {
				measure_hist(v, v->cells[c].hist);
				continue;
			}
			v->cell.len = 0;
			put_cell(&v->cell, x->r, t->columns[c].kind, &v->cells[c]);
			size_t w = width_of(v->cell.ptr, v->cell.len);
			l->width = w > l->width ? w : l->width;
			double n = report_cell_number(t->columns[c].kind, &v->cells[c]);
			l->most = n > l->most ? n : l->most;
		}
	}
	for (size_t c = 0; c < t->column_count; c++) {
		struct layout *l = &v->columns[c];
		size_t least = t->columns[c].kind == CELL_LIFE ? LIFE_CELLS
		               : t->columns[c].kind == CELL_HIST && v->hist_from < HIST_BUCKETS
		                       ? v->hist_to - v->hist_from + 1
		                       : 0;
		l->width = least > l->width ? least : l->width;
	}
}

/* Columns of the terminal that the table takes without its last column, which is *last (SIZE_MAX: there is none). */
static size_t width_before_last(const struct text *x, const struct view *v, size_t *last)
{
	size_t used = 0;
	*last = SIZE_MAX;
	for (size_t c = 0; c < v->t->column_count; c++) {
		if (!v->columns[c].shown)
			continue;
		if (v->t->columns[c].flags & COL_LAST)
			*last = c;
		else
			used += v->columns[c].width + 2 + (bars(x, v, c) ? BAR_CELLS + 1 : 0);
	}
	return used;
}

/* Makes the table narrower by one thing: bars, then a column that may go. False: there is none left. */
static bool narrow(struct view *v)
{
	if (!v->no_bars) {
		v->no_bars = true;
		return true;
	}
	for (int life = 0; life < 2; life++)  // a life's bar tells most, so it goes last
		for (size_t c = v->t->column_count; c-- > 0;)
			if (v->columns[c].shown && v->t->columns[c].flags & COL_WIDE &&
			    (v->t->columns[c].kind == CELL_LIFE) == life) {
				v->columns[c].shown = false;
				return true;
			}
	return false;
}

/* The last column gets what the others leave, where there is an edge. */
static void fit(struct text *x, struct view *v)
{
	size_t last, used = width_before_last(x, v, &last), room = (size_t)x->how->columns;
	if (!x->how->terminal || x->how->columns <= 0)
		return;
	size_t least = last == SIZE_MAX ? 0 : LEAST_LAST;
	while (used + least > room && narrow(v))
		used = width_before_last(x, v, &last);
	if (last == SIZE_MAX)
		return;
	room = room > used ? room - used : 0;
	room = room < LEAST_LAST ? LEAST_LAST : room;
	if (v->columns[last].width > room)
		v->columns[last].width = room;
}

/* Cut at the left, where it is a path or a function whose tail tells. */
static void put_cut(struct buf *out, const struct buf *cell, size_t width)
{
	size_t w = width_of(cell->ptr, cell->len), from = 0;
	if (w > width) {
		size_t drop = w - width + 1;
		while (from < cell->len && drop) {
			from++;
			while (from < cell->len && ((unsigned char)cell->ptr[from] & 0xc0) == 0x80)
				from++;
			drop--;
		}
		buf_puts(out, "\xe2\x80\xa6");
	}
	buf_put(out, cell->ptr + from, cell->len - from);
}

static void put_one(struct text *x, struct view *v, size_t c, bool at_end)
{
	const struct column *col = &v->t->columns[c];
	struct layout *l = &v->columns[c];
	if (col->kind == CELL_HIST) {
		if (v->cells[c].hist && v->hist_from < HIST_BUCKETS) {
			draw_hist(x, v->cells[c].hist, v->hist_from, v->hist_to);
			pad(x->out, l->width - (v->hist_to - v->hist_from + 1));
		} else {
			pad(x->out, l->width);
		}
		return;
	}
	if (col->kind == CELL_LIFE) {
		draw_life(x, v->cells[c].life);
		pad(x->out, at_end ? 0 : l->width - LIFE_CELLS);
		return;
	}
	v->cell.len = 0;
	put_cell(&v->cell, x->r, col->kind, &v->cells[c]);
	size_t w = width_of(v->cell.ptr, v->cell.len);
	if (!l->left && w < l->width)
		pad(x->out, l->width - w);
	if (col->flags & COL_LAST)
		put_cut(x->out, &v->cell, l->width);
	else
		buf_put(x->out, v->cell.ptr, v->cell.len);
	if (l->left && w < l->width && !at_end)
		pad(x->out, l->width - w);
	if (bars(x, v, c)) {
		double n = report_cell_number(col->kind, &v->cells[c]);
		draw_bar(x, l->most > 0 && n > 0 ? n / l->most : 0);
	}
}

/* Columns in order, but the one that takes the rest of the line. */
static size_t display_order(const struct view *v, size_t *order)
{
	size_t n = 0;
	for (int last = 0; last < 2; last++)
		for (size_t c = 0; c < v->t->column_count; c++)
			if (v->columns[c].shown && !(v->t->columns[c].flags & COL_LAST) == !last)
				order[n++] = c;
	return n;
}

static void put_head(struct text *x, struct view *v, const size_t *order, size_t n)
{
	ink(x, "2");
	for (size_t i = 0; i < n; i++) {
		const struct column *col = &v->t->columns[order[i]];
		struct layout *l = &v->columns[order[i]];
		size_t w = width_of(col->title, strlen(col->title));
		buf_puts(x->out, i ? "  " : "");
		if (!l->left && w < l->width)
			pad(x->out, l->width - w);
		buf_puts(x->out, col->title);
		if (l->left && w < l->width && i + 1 < n)
			pad(x->out, l->width - w);
		if (bars(x, v, order[i]))
			pad(x->out, BAR_CELLS + 1);
	}
	ink(x, "0");
	buf_putc(x->out, '\n');
}

static void put_legends(struct text *x, const struct view *v)
{
	char a[UNITS_SIZE], b[UNITS_SIZE];
	bool life = false, hist = false;
	for (size_t c = 0; c < v->t->column_count; c++) {
		life |= v->columns[c].shown && v->t->columns[c].kind == CELL_LIFE;
		hist |= v->columns[c].shown && v->t->columns[c].kind == CELL_HIST;
	}
	if (hist && v->hist_from < HIST_BUCKETS)
		buf_printf(x->out, "distributions from %s to %s, five steps a decade\n",
		           units_duration(a, hist_lower(v->hist_from)),
		           units_duration(b, hist_lower(v->hist_to + 1)));
	if (!life || !x->how->terminal)
		return;
	for (int p = 0; p < LIFE_PARTS; p++) {
		buf_puts(x->out, p ? "  " : "");
		ink(x, life_ink[p].colour);
		x->how->colour ? buf_puts(x->out, "\xe2\x96\x88")
			       : buf_putc(x->out, life_ink[p].letter);
		ink(x, "0");
		buf_printf(x->out, " %s", report_life_name((enum life)p));
	}
	buf_putc(x->out, '\n');
}

static enum kymo_status put_table(struct text *x, size_t table, struct kymo_error *err)
{
	const struct table *t = &x->r->tables.at[table];
	struct report_page page = report_page(x->r);
	struct view v = {.t = t,
	                 .cells = report_cells(t),
	                 .columns = calloc(t->column_count + 1, sizeof *v.columns)};
	size_t *order = calloc(t->column_count + 1, sizeof *order);
	if (x->how->terminal && !report_param(x->r, "top"))
		page.limit = SHORT_ROWS;
	enum kymo_status st = report_rows(x->r, table, &page, &v.rows, err);
	if (st == KYMO_OK && !(v.cells && v.columns && order))
		st = error_memory(err);
	if (st == KYMO_OK && t->rows == 0) {
		buf_puts(x->out, "nothing\n");
	} else if (st == KYMO_OK) {
		measure(x, &v);
		fit(x, &v);
		size_t n = display_order(&v, order);
		put_head(x, &v, order, n);
		for (size_t i = 0; i < v.rows.count && !x->out->failed; i++) {
			report_fill(t, report_row(&v.rows, i), v.cells);
			for (size_t k = 0; k < n; k++) {
				buf_puts(x->out, k ? "  " : "");
				put_one(x, &v, order[k], k + 1 == n);
			}
			buf_putc(x->out, '\n');
		}
		char a[UNITS_SIZE];
		size_t left = t->rows - v.rows.first - v.rows.count;
		if (left && !t->fixed && x->how->terminal)
			buf_printf(x->out, "%s more: --top N shows N, --top 0 all\n",
			           units_count(a, left));
		put_legends(x, &v);
	}
	buf_free(&v.cell);
	free(v.cells);
	free(v.columns);
	free(order);
	return st;
}

/* ---- the whole ---- */

static void put_fields(struct text *x)
{
	size_t width = 0;
	struct buf cell = {0};
	for (size_t i = 0; i < x->r->fields.count; i++) {
		size_t w = width_of(x->r->fields.at[i].title, strlen(x->r->fields.at[i].title));
		width = w > width ? w : width;
	}
	for (size_t i = 0; i < x->r->fields.count; i++) {
		const struct report_field *f = &x->r->fields.at[i];
		cell.len = 0;
		put_cell(&cell, x->r, f->kind, &f->value);
		ink(x, "2");
		buf_puts(x->out, f->title);
		ink(x, "0");
		pad(x->out, width - width_of(f->title, strlen(f->title)) + 2);
		buf_put(x->out, cell.ptr, cell.len);
		buf_putc(x->out, '\n');
	}
	buf_free(&cell);
}

static void blank(struct text *x, bool *first)
{
	if (!*first)
		buf_putc(x->out, '\n');
	*first = false;
}

enum kymo_status report_text(struct report *r, const struct report_text_options *how,
                             struct buf *out, struct kymo_error *err)
{
	struct text x = {r, how, out};
	enum kymo_status st = KYMO_OK;
	bool first = true;
	if (r->head.len) {
		ink(&x, "1");
		put_safe(out, r->head.ptr, r->head.len);
		ink(&x, "0");
		buf_putc(out, '\n');
		first = false;
	}
	if (r->text) {
		blank(&x, &first);
		for (const char *p = r->text, *nl; *p; p = nl + (*nl != 0)) {
			nl = p + strcspn(p, "\n");
			put_safe(out, p, (size_t)(nl - p));
			buf_putc(out, '\n');
		}
		return KYMO_OK;
	}
	if (r->fields.count) {
		blank(&x, &first);
		put_fields(&x);
	}
	for (size_t i = 0; i < r->plots.count && st == KYMO_OK && how->terminal; i++) {
		blank(&x, &first);
		st = report_plot_text(r, &r->plots.at[i], how, out, err);
	}
	for (size_t i = 0; i < r->tables.count && st == KYMO_OK; i++) {
		if (r->tables.at[i].quiet)
			continue;
		blank(&x, &first);
		if (r->tables.at[i].title) {
			ink(&x, "1");
			buf_printf(out, "%s\n", r->tables.at[i].title);
			ink(&x, "0");
		}
		st = put_table(&x, i, err);
	}
	return st;
}
