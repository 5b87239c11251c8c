/* SPDX-License-Identifier: MIT */
/* The plots, one below the other, as an SVG document of their own: no scripts, no fonts, light and dark by what the viewer prefers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

#define WIDTH 860
#define HEIGHT 420
#define LEFT 84
#define RIGHT 20
#define TOP 52
#define BOTTOM 44

struct frame {
	double x0, x1, y0, y1;
	bool log_x;
};

static double px(const struct frame *f, double x)
{
	double a = f->x0, b = f->x1;
	if (f->log_x) {
		x = log(x > 0 ? x : 1);
		a = log(a > 0 ? a : 1);
		b = log(b > 0 ? b : 1);
	}
	return LEFT + (b > a ? (x - a) / (b - a) : 0.5) * (WIDTH - LEFT - RIGHT);
}

static double py(const struct frame *f, double y)
{
	return HEIGHT - BOTTOM -
	       (f->y1 > f->y0 ? (y - f->y0) / (f->y1 - f->y0) : 0) * (HEIGHT - TOP - BOTTOM);
}

static void put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		case '&': buf_puts(b, "&amp;"); break;
		default: buf_putc(b, *s); break;
		}
}

/* A round step that gives about `n` of them over `range`. */
static double step_of(double range, int n)
{
	double raw = range / n, mag = pow(10, floor(log10(raw)));
	double m = raw / mag;
	return (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) * mag;
}

static void tick(struct buf *b, double x, double y, bool vertical, enum cell_kind kind, double v)
{
	char label[UNITS_SIZE];
	if (vertical)
		buf_printf(b,
		           "<line class=\"g\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
		           x, TOP, x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18);
	else
		buf_printf(b,
		           "<line class=\"g\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
		           LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4);
	put_escaped(b, report_axis_label(label, kind, v));
	buf_puts(b, "</text>\n");
}

static void put_axes(struct buf *b, const struct frame *f, enum cell_kind x_kind,
                     enum cell_kind y_kind)
{
	if (f->y1 > f->y0) {
		double step = step_of(f->y1 - f->y0, 5);
		for (double y = ceil(f->y0 / step) * step; y <= f->y1 + step * 1e-9; y += step)
			tick(b, 0, py(f, y), false, y_kind, y);
	}
	if (f->x1 <= f->x0)
		return;
	if (f->log_x) {
		for (double x = pow(10, ceil(log10(f->x0 > 0 ? f->x0 : 1) - 1e-9));
		     x <= f->x1 * (1 + 1e-9); x *= 10)
			tick(b, px(f, x), 0, true, x_kind, x);
	} else {
		double step = step_of(f->x1 - f->x0, 8);
		for (double x = ceil(f->x0 / step) * step; x <= f->x1 + step * 1e-9; x += step)
			tick(b, px(f, x), 0, true, x_kind, x);
	}
}

static void put_line(struct buf *b, const struct frame *f, const struct plot *p,
                     const struct report_points *pts, unsigned line)
{
	bool pen = false;
	double last = 0;
	buf_printf(b, "<path class=\"l%u\" d=\"", line);
	for (size_t i = 0; i < pts->count; i++) {
		if (isnan(pts->x[i]) || isnan(pts->y[i])) {
			pen = false;
			continue;
		}
		double x = px(f, pts->x[i]), y = py(f, pts->y[i]);
		if (pen && p->steps)
			buf_printf(b, "L%.2f %.2f", x, last);
		buf_printf(b, "%c%.2f %.2f", pen ? 'L' : 'M', x, y);
		last = y;
		pen = true;
	}
	buf_puts(b, "\"/>\n");
}

static void put_legend(struct buf *b, const struct report *r, const struct plot *p, unsigned lines)
{
	const struct table *t = &r->tables.at[report_table_index(r, p->table)];
	int x = LEFT;
	for (unsigned l = 0; l < lines && lines > 1; l++) {
		const char *title = t->columns[report_column_index(t, p->y[l])].title;
		buf_printf(b,
		           "<line class=\"l%u\" x1=\"%d\" y1=\"40\" x2=\"%d\" y2=\"40\"/><text x=\"%d\" y=\"44\">",
		           l, x, x + 18, x + 24);
		put_escaped(b, title);
		buf_puts(b, "</text>\n");
		x += 48 + 8 * (int)strlen(title);
	}
}

static void span(struct frame *f, const struct plot *p, const struct report_points *pts,
                 unsigned lines)
{
	*f = (struct frame){INFINITY, -INFINITY, INFINITY, -INFINITY, p->log_x};
	for (unsigned l = 0; l < lines; l++)
		for (size_t i = 0; i < pts[l].count; i++) {
			if (isnan(pts[l].x[i]) || isnan(pts[l].y[i]))
				continue;
			f->x0 = fmin(f->x0, pts[l].x[i]);
			f->x1 = fmax(f->x1, pts[l].x[i]);
			f->y0 = fmin(f->y0, pts[l].y[i]);
			f->y1 = fmax(f->y1, pts[l].y[i]);
		}
	if (f->x0 > f->x1)
		*f = (struct frame){0, 1, 0, 1, false};
	if (p->y_min != 0 || p->y_max != 0) {
		f->y0 = p->y_min;
		f->y1 = p->y_max;
	} else if (f->y0 > 0) {
		f->y0 = 0;
	}
}

static const char style[] =
	"<style>"
	"text{font:12px system-ui,sans-serif;fill:#5b6068;font-variant-numeric:tabular-nums}"
	".t{font-size:15px;fill:#1d1f23}.b{fill:#fff}.g{stroke:#e4e3df}"
	"path,line{fill:none}path{stroke-width:1.6}line{stroke-width:1}"
	".l0{stroke:#2f5fd0}.l1{stroke:#e58f1c}.l2{stroke:#c2559d}.l3{stroke:#2e8b63}"
	"@media(prefers-color-scheme:dark){text{fill:#a4a9b1}.t{fill:#e7e8ea}.b{fill:#1c1f24}"
	".g{stroke:#2e3239}.l0{stroke:#8fb0ff}.l1{stroke:#f0a73c}.l2{stroke:#dd7fbd}.l3{stroke:#43b384}}"
	"</style>\n";

static enum kymo_status draw(const struct report *r, const struct plot *p, struct buf *out,
                             struct kymo_error *err)
{
	struct report_points pts[4] = {0};
	struct frame f;
	unsigned lines = 0;
	enum kymo_status st = KYMO_OK;
	for (; lines < 4 && p->y[lines] && st == KYMO_OK; lines++)
		st = report_plot_points(r, p, lines, &pts[lines], err);
	if (st == KYMO_OK) {
		const struct table *t = &r->tables.at[report_table_index(r, p->table)];
		span(&f, p, pts, lines);
		buf_printf(out, "<text class=\"t\" x=\"%d\" y=\"24\">", LEFT);
		put_escaped(out, p->title);
		buf_puts(out, "</text>\n");
		put_axes(out, &f, t->columns[report_column_index(t, p->x)].kind, p->y_kind);
		put_legend(out, r, p, lines);
		for (unsigned l = lines; l-- > 0;)
			put_line(out, &f, p, &pts[l], l);
	}
	for (unsigned l = 0; l < lines; l++)
		free(pts[l].x);
	return st;
}

enum kymo_status report_svg(const struct report *r, struct buf *out, struct kymo_error *err)
{
	enum kymo_status st = KYMO_OK;
	size_t height = r->plots.count * HEIGHT;
	if (r->plots.count == 0)
		return error_set(err, KYMO_E_RANGE, 0, 0, "%s has nothing to draw", r->def->name);
	buf_printf(out,
	           "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" width=\"%d\" height=\"%zu\">\n%s"
	           "<rect class=\"b\" width=\"%d\" height=\"%zu\"/>\n",
	           WIDTH, height, WIDTH, height, style, WIDTH, height);
	for (size_t i = 0; i < r->plots.count && st == KYMO_OK; i++) {
		buf_printf(out, "<g transform=\"translate(0 %zu)\">\n", i * HEIGHT);
		st = draw(r, &r->plots.at[i], out, err);
		buf_puts(out, "</g>\n");
	}
	buf_puts(out, "</svg>\n");
	return st;
}
