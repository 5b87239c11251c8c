/* SPDX-License-Identifier: MIT */
/*
 * A report: the answer of one analysis as figures and tables, the same in the terminal, as JSON and CSV, and on a page of
 * the viewer. `kymo VERB FILE --key value` and `GET /api/report/VERB?key=value` are one call of report_run.
 *
 * How to add one: src/report/NAME.c with a `const struct report_def report_NAME` and its row in the table of registry.c;
 * a man page docs/man/kymo-NAME.1; a session in tests/cli; a test against an oracle.
 *
 *     static const struct column columns[] = {
 *             {"type", "type", CELL_TEXT, COL_LAST},
 *             {"count", "count", CELL_COUNT, 0},
 *     };
 *     static void row(const void *ctx, size_t i, union cell *c)          // cheap; called for the rows that are shown
 *     {
 *             const struct my_result *m = ctx;
 *             c[0].text = m->type[i];
 *             c[1].u64 = m->count[i];
 *     }
 *     static enum kymo_status run(struct report *r, struct kymo_error *err)
 *     {
 *             struct my_result *m = report_alloc(r, sizeof *m, my_result_free);
 *             if (!m) return error_memory(err);
 *             ... compute from r->trace and &r->sel ...
 *             report_head(r, "%zu types", m->count);
 *             report_table(r, &(struct table){.key = "types", .columns = columns, .column_count = 2,
 *                                             .rows = m->count, .row = row, .ctx = m, .sort = "count"});
 *             return KYMO_OK;
 *     }
 *     const struct report_def report_mine = {"mine", "what it tells", PARAM_WINDOW | PARAM_GOROUTINES, params, help, run};
 *
 * A report is immutable once run, and may be rendered by several threads; only its sort orders are made on demand,
 * beneath a lock. It looks into the trace and must not outlive it.
 */
#ifndef KYMO_REPORT_REPORT_H
#define KYMO_REPORT_REPORT_H

#include <pthread.h>

#include <kymo/analysis.h>
#include <kymo/export.h>
#include <kymo/select.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/units.h"
#include "base/vec.h"

/* ---- cells, columns, tables ---- */

/* The parts of a life's bar, in the order in which it is drawn everywhere. */
enum life {
	LIFE_RUN,
	LIFE_RUNNABLE,
	LIFE_SYSCALL,
	LIFE_GC,
	LIFE_CHAN,
	LIFE_SYNC,
	LIFE_NET,
	LIFE_SLEEP,
	LIFE_OTHER,
	LIFE_PARTS
};

enum cell_kind {
	CELL_TEXT,    // text
	CELL_NS,      // ns: a duration; negative: nothing (null)
	CELL_TIME,    // ns: an instant since the trace's first event; negative: nothing
	CELL_COUNT,   // u64
	CELL_ID,      // u64: plain digits; KYMO_NONE: nothing
	CELL_BYTES,   // u64; KYMO_NONE: nothing
	CELL_RATIO,   // f64: 0..1, shown as per cent; NaN: nothing
	CELL_NUMBER,  // f64; NaN: nothing
	CELL_BOOL,    // flag
	CELL_STACK,  // u64: a kymo_stack_ix. JSON: frames, innermost first; CSV: functions joined by ';'; terminal: innermost
	CELL_NAMED,  // named: ns by name. JSON: an object; CSV: "name=ns;…"; terminal: the largest
	CELL_HIST,  // hist: counts in buckets. JSON: [[lower bound in ns, count], …] of those not empty; terminal: a small plot
	CELL_LIFE,  // life: ns by enum life. Not in JSON nor CSV; the page's JSON: an array of nine
};

/* Five buckets a decade of ns, as Go's pages have them: bucket k holds d with floor(5·log10 d) = k; 0 ns is in bucket 0. */
#define HIST_BUCKETS 96
struct hist {
	uint64_t count[HIST_BUCKETS];
};
unsigned hist_bucket(kymo_ns d);
kymo_ns hist_lower(unsigned bucket);  // its lower bound, whole ns, as Go rounds it
static inline void hist_add(struct hist *h, kymo_ns d)
{
	h->count[hist_bucket(d)]++;
}

union cell {
	struct kymo_str text;
	kymo_ns ns;
	uint64_t u64;
	double f64;
	bool flag;
	struct {
		const struct kymo_named_ns *at;
		size_t count;
	} named;
	const struct hist *hist;
	kymo_ns life[LIFE_PARTS];
};

#define COL_LAST 1u    // terminal: at the right end, left-aligned, cut to the width that is left
#define COL_QUIET 2u   // not in the terminal (nor, unless asked, on the page): for programs
#define COL_BAR 4u     // terminal and page: with a bar of the column's largest
#define COL_GO 8u      // CELL_ID: a goroutine's id, which leads to its story
#define COL_TASK 16u   // CELL_ID: a task's id, likewise
#define COL_GROUP 32u  // CELL_TEXT: a start function, which leads to its group
#define COL_EYES 128u  // not in JSON and CSV: the sum of other columns, for people
#define COL_WIDE 256u  // terminal: left out where the table is too wide, the last one first
#define COL_ASC 64u    // sorts ascending unless told otherwise (texts do anyway)

struct column {
	const char *key;    // in JSON and CSV: a contract. Times in ns end in _ns
	const char *title;  // for people
	enum cell_kind kind;
	unsigned flags;
};

struct table {
	const char *key;    // name of the array in JSON
	const char *title;  // NULL: none; shown above it where there are several
	const struct column *columns;
	size_t column_count;
	size_t rows;
	void (*row)(const void *ctx, size_t row, union cell *cells);  // sets all cells of a row
	// Cheaper ways to the cells to sort by, or NULL: all of a row; or, where there are millions of rows, one.
	void (*keys)(const void *ctx, size_t row, union cell *cells);
	void (*sort_cell)(const void *ctx, size_t row, size_t column, union cell *cell);
	const void *ctx;
	const char *sort;  // key of the column it is sorted by unless told otherwise; NULL: as the rows stand
	bool quiet;  // not in the terminal: a curve's points
	bool fixed;  // not sorted, cut or paged by parameters (a small table beside the main one)
};

/* A drawing of a table of the same report. */
struct plot {
	const char *title;
	const char *table, *x;  // key of the table, and of its column along
	const char *y[4];       // columns up; NULL after the last
	enum cell_kind y_kind;
	bool log_x, steps;    // logarithmic along; a step function rather than straight lines
	double y_min, y_max;  // both 0: what the values need
};

/* ---- parameters ---- */

struct report_param {
	const char *key, *value;
};
/* One that a report takes beyond the common ones. */
struct report_param_def {
	const char *key;
	const char *value;  // "NAME" for help; NULL: a flag (value "1" or absent)
	const char *help;
};

/* Which common parameters apply. Always: sort, asc, top, offset, compat. */
#define PARAM_WINDOW 1u      // from, to
#define PARAM_GOROUTINES 2u  // goroutine, func, group
#define PARAM_TASK 4u        // task
#define PARAM_REGION 8u      // region, region-at, latmin, latmax

/*
 * A time since the trace's start, as units_time reads it; or, without a unit and beyond the trace's end, an event's time
 * on the trace's own clock. False if it is none.
 */
bool report_time(const struct kymo_trace *t, const char *text, kymo_ns *out);

/* ---- reports ---- */

struct report;
struct report_def {
	const char *name;
	const char *summary;
	unsigned common;
	const struct report_param_def *params;  // ends with an empty row; NULL: none
	const char *help;  // what --help says below the usage line, before the options
	enum kymo_status (*run)(struct report *r, struct kymo_error *err);
};

struct report_field {
	const char *key, *title;
	enum cell_kind kind;
	union cell value;
};

struct report {
	const struct report_def *def;
	const struct kymo_trace *trace;
	struct kymo_selection sel;
	bool compat;      // the figures of Go 1.26's tool
	bool as_array;    // JSON: the first table's rows alone, not an object
	char *text;       // printed instead of tables in the terminal, where set (a story); owned
	struct buf head;  // one sentence for people
	VEC(struct report_field) fields;
	VEC(struct table) tables;
	VEC(struct plot) plots;

	/* private to src/report */
	struct report_param *params;
	size_t param_count;
	VEC(struct report_owned) owned;
	struct report_order *orders;
	pthread_mutex_t lock;
};

/*
 * Runs one. `params` need not outlive the call. *out is NULL on failure. Errors: KYMO_E_RANGE for a parameter that is
 * unknown or has no sense, with the sentence; KYMO_E_MEMORY.
 */
enum kymo_status report_run(const struct report_def *def, const struct kymo_trace *t,
                            const struct report_param *params, size_t count, struct report **out,
                            struct kymo_error *err);
void report_free(struct report *r);

/* All there are, in the order of the help; ends with NULL. */
extern const struct report_def *const report_all[];
const struct report_def *report_find(const char *name);

/* ---- for a report's run ---- */

/* The value of a parameter; NULL if it is absent. A flag that is set: "1". */
const char *report_param(const struct report *r, const char *key);
bool report_flag(const struct report *r, const char *key);
/* Zeroed memory that is freed with the report, after `release` (may be NULL) of it. NULL: no memory. */
void *report_alloc(struct report *r, size_t size, void (*release)(void *));
/* The sentence above everything. */
void report_head(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_field(struct report *r, const char *key, const char *title, enum cell_kind kind,
                  union cell v);
/* False: no memory. */
bool report_table(struct report *r, const struct table *table);
bool report_plot(struct report *r, const struct plot *plot);

/* ---- which rows of a table ---- */

struct report_page {
	const char *sort;      // a column's key; NULL: the table's own
	int direction;         // 1 ascending, -1 descending, 0: what suits the column
	size_t offset, limit;  // limit 0: all
};
/* What the parameters sort, asc, offset, top of the run say; a page may ask for others. */
struct report_page report_page(const struct report *r);
/* Whether a parameter is one of these: it does not change what is computed. */
bool report_param_is_paging(const char *key);
/*
 * The order of a table's rows, as far as the page needs it; NULL: as they stand. KYMO_E_RANGE: no such column, or none to
 * sort by. Made once per column; of a long table first that of its first pages. Ties keep the rows' own order.
 */
enum kymo_status report_order(struct report *r, size_t table, const struct report_page *page,
                              const uint32_t **order, struct kymo_error *err);

/* Whether there is such a table, and one that can be sorted so; what a renderer would find out half-way. */
enum kymo_status report_check(const struct report *r, const char *table,
                              const struct report_page *page, struct kymo_error *err);

/* ---- rendering; `table` NULL: all ---- */

/* What `--json` prints. */
enum kymo_status report_json(struct report *r, const struct report_page *page, struct buf *out,
                             struct kymo_error *err);
/* One table with a head line, RFC 4180; `table` NULL: the first. */
enum kymo_status report_csv(struct report *r, const char *table, const struct report_page *page,
                            struct buf *out, struct kymo_error *err);
/* What the viewer's pages are made of: head, fields, columns, plots, and the rows with their cells in columns' order. */
enum kymo_status report_page_json(struct report *r, const char *table, const struct report_page *page,
                                  struct buf *out, struct kymo_error *err);
struct report_text_options {
	bool colour, terminal;
	int columns;  // of the terminal; 0: as wide as it gets
};
enum kymo_status report_text(struct report *r, const struct report_text_options *how,
                             struct buf *out, struct kymo_error *err);
/* All plots, one below the other, as an SVG document (light and dark by media query). */
enum kymo_status report_svg(const struct report *r, struct buf *out, struct kymo_error *err);

/* ---- for people; `out` has room for REPORT_NUMBER bytes; returns `out` ---- */
#define REPORT_NUMBER UNITS_SIZE
#define report_duration units_duration  // "1.23 ms", "4 ns", "0"
#define report_count units_count        // "1,234,567"
#define report_bytes units_bytes        // "12.3 MB"

#endif
