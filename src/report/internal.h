/* SPDX-License-Identifier: MIT */
/* What the files of this folder share; the rest of the program knows report.h only. */
#ifndef KYMO_REPORT_INTERNAL_H
#define KYMO_REPORT_INTERNAL_H

#include "report/report.h"

struct report_owned {
	void *ptr;
	void (*release)(void *);
};

/* A sort order that was made. */
struct report_order {
	size_t table, column;
	int direction;
	uint32_t *rows;
	size_t count;  // of them: of a long table maybe only those of its first pages
	struct report_order *next;
};

/* Reads the common parameters into the selection and the switches; refuses those the report does not take. */
enum kymo_status report_take_params(struct report *r, struct kymo_error *err);
/* KYMO_E_RANGE: the filter names a goroutine, group, task or region that the trace has not. */
enum kymo_status report_check_named(const struct kymo_trace *t, const struct kymo_filter *f,
                                    const struct kymo_selection *sel, struct kymo_error *err);

/* The rows of a table that a page shows: rows[0..count) through `order`, or `first`.. as they stand. */
struct report_rows {
	const uint32_t *order;  // NULL: as they stand
	size_t first, count;
};
enum kymo_status report_rows(struct report *r, size_t table, const struct report_page *page,
                             struct report_rows *out, struct kymo_error *err);
static inline size_t report_row(const struct report_rows *rows, size_t i)
{
	return rows->order ? rows->order[rows->first + i] : rows->first + i;
}

/* Cells for one row, zeroed. Free with free(). NULL: no memory. */
union cell *report_cells(const struct table *t);
static inline void report_fill(const struct table *t, size_t row, union cell *cells)
{
	t->row(t->ctx, row, cells);
}
/* Whether JSON and CSV have the column. A life is for the eye; its numbers stand beside it. */
static inline bool report_in_files(const struct column *c)
{
	return c->kind != CELL_LIFE && !(c->flags & COL_EYES);
}
/* False if the cell says "nothing". */
bool report_cell_present(enum cell_kind kind, const union cell *c);
/* A cell as a number: for sorting, bars and plots. NaN: none. */
double report_cell_number(enum cell_kind kind, const union cell *c);
size_t report_table_index(const struct report *r, const char *key);  // SIZE_MAX: none
size_t report_column_index(const struct table *t, const char *key);  // SIZE_MAX: none
/* "count", "ns" …: what a page calls the kind. */
const char *report_kind_name(enum cell_kind kind);
const char *report_life_name(enum life part);

void report_json_cell(struct json *j, const struct report *r, enum cell_kind kind,
                      const union cell *c);
/* The function of a stack's innermost frame that is worth naming, and its place; empty strings if there is none. */
struct kymo_frame report_site(const struct kymo_trace *t, kymo_stack_ix stack);

/* The points of a plot's line. Freed with free(). */
struct report_points {
	size_t count;
	double *x, *y;  // one block; y may hold NaN
};
enum kymo_status report_plot_points(const struct report *r, const struct plot *p, unsigned line,
                                    struct report_points *out, struct kymo_error *err);
/* Draws the plot with Braille dots. */
enum kymo_status report_plot_text(struct report *r, const struct plot *p,
                                  const struct report_text_options *how, struct buf *out,
                                  struct kymo_error *err);
/* "10 µs", "2.5 MB", "40 %": a value on an axis. */
const char *report_axis_label(char *out, enum cell_kind kind, double v);

#endif
