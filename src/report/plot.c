/* SPDX-License-Identifier: MIT */
/* A plot's points, and their drawing in a terminal with Braille dots: two by four to a character. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

#define ROWS 12
#define LABEL 10
#define WIDEST 100

enum kymo_status report_plot_points(const struct report *r, const struct plot *p, unsigned line,
                                    struct report_points *out, struct kymo_error *err)
{
	size_t table = report_table_index(r, p->table);
	*out = (struct report_points){0};
	if (table == SIZE_MAX)
		return error_set(err, KYMO_E_RANGE, 0, 0, "the plot's table '%s' is missing",
		                 p->table);
	const struct table *t = &r->tables.at[table];
	size_t x = report_column_index(t, p->x), y = report_column_index(t, p->y[line]);
	if (x == SIZE_MAX || y == SIZE_MAX)
		return error_set(err, KYMO_E_RANGE, 0, 0, "the plot's column is missing");
	double *block = malloc((2 * t->rows + 1) * sizeof *block);
	union cell *cells = report_cells(t);
	if (!block || !cells) {
		free(block);
		free(cells);
		return error_memory(err);
	}
	*out = (struct report_points){t->rows, block, block + t->rows};
	for (size_t i = 0; i < t->rows; i++) {
		report_fill(t, i, cells);
		out->x[i] = report_cell_number(t->columns[x].kind, &cells[x]);
		out->y[i] = report_cell_number(t->columns[y].kind, &cells[y]);
	}
	free(cells);
	return KYMO_OK;
}

const char *report_axis_label(char *out, enum cell_kind kind, double v)
{
	switch (kind) {
	case CELL_NS:
	case CELL_TIME: units_duration(out, (kymo_ns)v); break;
	case CELL_BYTES: units_bytes(out, v > 0 ? (uint64_t)v : 0); break;
	case CELL_RATIO: snprintf(out, UNITS_SIZE, "%.3g %%", v * 100); break;
	case CELL_COUNT:
		if (v >= 0 && v == floor(v)) {
			units_count(out, (uint64_t)v);
			break;
		}  // fall through
	default: snprintf(out, UNITS_SIZE, "%.3g", v); break;
	}
	return out;
}

struct canvas {
	unsigned columns;  // characters
	uint8_t dots[ROWS][WIDEST], line[ROWS][WIDEST];
	double x0, x1, y0, y1;
	bool log_x;
};

static double across(const struct canvas *c, double x)
{
	double a = c->x0, b = c->x1;
	if (c->log_x) {
		x = log(x > 0 ? x : 1);
		a = log(a > 0 ? a : 1);
		b = log(b > 0 ? b : 1);
	}
	return b > a ? (x - a) / (b - a) * (c->columns * 2 - 1) : 0;
}

static double up(const struct canvas *c, double y)
{
	return c->y1 > c->y0 ? (y - c->y0) / (c->y1 - c->y0) * (ROWS * 4 - 1) : 0;
}

static void dot(struct canvas *c, double px, double py, unsigned line)
{
	static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	int x = (int)lround(px), y = ROWS * 4 - 1 - (int)lround(py);
	if (x < 0 || y < 0 || x >= (int)c->columns * 2 || y >= ROWS * 4)
		return;
	c->dots[y / 4][x / 2] |= bits[y % 4][x % 2];
	c->line[y / 4][x / 2] = (uint8_t)line;
}

static void stroke(struct canvas *c, double x0, double y0, double x1, double y1, unsigned line)
{
	double n = ceil(fmax(fabs(x1 - x0), fabs(y1 - y0)));
	for (double i = 0; i <= n; i++)
		dot(c, n > 0 ? x0 + (x1 - x0) * i / n : x0, n > 0 ? y0 + (y1 - y0) * i / n : y0,
		    line);
}

static void draw(struct canvas *c, const struct plot *p, const struct report_points *pts,
                 unsigned line)
{
	double px = NAN, py = NAN;
	for (size_t i = 0; i < pts->count; i++) {
		if (isnan(pts->y[i]) || isnan(pts->x[i])) {
			px = NAN;
			continue;
		}
		double x = across(c, pts->x[i]), y = up(c, pts->y[i]);
		if (isnan(px)) {
			dot(c, x, y, line);
		} else if (p->steps) {
			stroke(c, px, py, x, py, line);
			stroke(c, x, py, x, y, line);
		} else {
			stroke(c, px, py, x, y, line);
		}
		px = x;
		py = y;
	}
}

static void span(struct canvas *c, const struct plot *p, const struct report_points *pts,
                 unsigned lines)
{
	c->x0 = c->y0 = INFINITY;
	c->x1 = c->y1 = -INFINITY;
	for (unsigned l = 0; l < lines; l++)
		for (size_t i = 0; i < pts[l].count; i++) {
			double x = pts[l].x[i], y = pts[l].y[i];
			if (isnan(x) || isnan(y))
				continue;
			c->x0 = fmin(c->x0, x);
			c->x1 = fmax(c->x1, x);
			c->y0 = fmin(c->y0, y);
			c->y1 = fmax(c->y1, y);
		}
	if (p->y_min != 0 || p->y_max != 0) {
		c->y0 = p->y_min;
		c->y1 = p->y_max;
	} else if (c->y0 > 0) {
		c->y0 = 0;
	}
}

static const char *const colours[4] = {"36", "33", "35", "32"};

static void print(const struct canvas *c, const struct plot *p, enum cell_kind x_kind, unsigned lines,
                  const struct table *t, const struct report_text_options *how, struct buf *out)
{
	char a[UNITS_SIZE], b[UNITS_SIZE];
	buf_printf(out, "%s", p->title);
	for (unsigned l = 0; l < lines && lines > 1; l++) {
		const char *title = t->columns[report_column_index(t, p->y[l])].title;
		if (how->colour)
			buf_printf(out, "  \033[%sm\xe2\xa0\xa4\033[0m %s", colours[l], title);
		else
			buf_printf(out, "%s %s", l ? "," : ":", title);
	}
	buf_putc(out, '\n');
	for (int row = 0; row < ROWS; row++) {
		double y = c->y1 - (c->y1 - c->y0) * row / (ROWS - 1);
		bool label = row == 0 || row == ROWS - 1 || row == ROWS / 2;
		const char *text = label ? report_axis_label(a, p->y_kind, y) : "";
		int width = LABEL;
		for (const char *s = text; *s; s++)
			width += (*s & 0xc0) == 0x80;
		buf_printf(out, "%*s \xe2\x94\x82", width, text);
		int ink = -1;  // the line whose colour is on
		for (unsigned col = 0; col < c->columns; col++) {
			uint8_t d = c->dots[row][col];
			const char cell[4] = {(char)0xe2, (char)(0xa0 | d >> 6),
			                      (char)(0x80 | (d & 0x3f)), 0};
			if (d && how->colour && ink != c->line[row][col]) {
				ink = c->line[row][col];
				buf_printf(out, "\033[%sm", colours[ink]);
			}
			buf_puts(out, d ? cell : " ");
		}
		if (ink >= 0)
			buf_puts(out, "\033[0m");
		buf_putc(out, '\n');
	}
	report_axis_label(a, x_kind, c->x0);
	report_axis_label(b, x_kind, c->x1);
	size_t used = strlen(a) + strlen(b);
	buf_printf(out, "%*s  %s", LABEL, "", a);
	for (size_t i = used; i < c->columns; i++)
		buf_putc(out, ' ');
	buf_printf(out, "%s\n", b);
}

enum kymo_status report_plot_text(struct report *r, const struct plot *p,
                                  const struct report_text_options *how, struct buf *out,
                                  struct kymo_error *err)
{
	struct report_points pts[4] = {0};
	unsigned lines = 0;
	enum kymo_status st = KYMO_OK;
	struct canvas *c = calloc(1, sizeof *c);
	if (!c)
		return error_memory(err);
	for (; lines < 4 && p->y[lines] && st == KYMO_OK; lines++)
		st = report_plot_points(r, p, lines, &pts[lines], err);
	if (st == KYMO_OK) {
		int wide = (how->columns > 0 ? how->columns : 80) - LABEL - 4;
		c->columns = wide < 20 ? 20 : wide > WIDEST ? WIDEST : (unsigned)wide;
		c->log_x = p->log_x;
		span(c, p, pts, lines);
		const struct table *t = &r->tables.at[report_table_index(r, p->table)];
		if (c->x0 <= c->x1) {
			for (unsigned l = lines; l-- > 0;)
				draw(c, p, &pts[l], l);
			print(c, p, t->columns[report_column_index(t, p->x)].kind, lines, t, how,
			      out);
		} else {
			buf_printf(out, "%s: nothing to draw\n", p->title);
		}
	}
	for (unsigned l = 0; l < lines; l++)
		free(pts[l].x);
	free(c);
	return st;
}
