/* SPDX-License-Identifier: MIT */
/* Reports as such: parameters, sort orders, pages, and the same table in each form. The trace is the smallest there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/dist.h"
#include "property/gen.h"
#include "report/report.h"

static struct kymo_trace *trace;

static bool load_generated(struct kymo_trace **t)
{
	struct gen_trace g;
	struct kymo_input *in;
	gen_trace_make(
		&g, &(struct gen_options){.seed = 3, .version = 26, .generations = 2, .steps = 300});
	bool ok = kymo_input_open_memory(g.bytes, g.len, &in, NULL) == KYMO_OK &&
	          kymo_trace_load(in, NULL, t, NULL) == KYMO_OK;
	if (ok)
		kymo_input_close(in);
	gen_trace_free(&g);
	return ok;
}

static int load_trace(void **state)
{
	(void)state;
	return load_generated(&trace) ? 0 : -1;
}

static int free_trace(void **state)
{
	(void)state;
	kymo_trace_free(trace);
	return 0;
}

/* ---- a report of our own: five rows ---- */

static const char *const names[] = {"b,c", "a", "say \"hi\"", "a", "\x1b[31m"};
static const kymo_ns lengths[] = {30, -1, 2000000, 0, 30};

static void row(const void *ctx, size_t i, union cell *c)
{
	(void)ctx;
	c[0].text = (struct kymo_str){names[i], strlen(names[i])};
	c[1].ns = lengths[i];
	c[2].u64 = 10 - i;
	c[3].f64 = (double)i / 4;
	c[4].u64 = i == 2 ? KYMO_NONE : i;
	c[5].flag = i % 2;
}

static void side_row(const void *ctx, size_t i, union cell *c)
{
	union cell all[6];
	row(ctx, i, all);
	c[0] = all[0];
	c[1] = all[1];
}

static const struct column columns[] = {
	{"name", "name", CELL_TEXT, COL_LAST}, {"length_ns", "length", CELL_NS, COL_BAR},
	{"count", "count", CELL_COUNT, 0},     {"share", "share", CELL_RATIO, 0},
	{"id", "id", CELL_ID, COL_QUIET},      {"odd", "odd", CELL_BOOL, 0},
};

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	if (report_flag(r, "fail"))
		return error_set(err, KYMO_E_RANGE, 0, 0, "asked to fail with '%s'",
		                 report_param(r, "fail"));
	report_head(r, "five rows of %s", "\x1b]0;title");
	report_field(r, "rows", "rows", CELL_COUNT, (union cell){.u64 = 5});
	report_table(r, &(struct table){.key = "main",
	                                .columns = columns,
	                                .column_count = 6,
	                                .rows = 5,
	                                .row = row,
	                                .sort = "count"});
	report_table(r, &(struct table){.key = "side",
	                                .title = "beside",
	                                .columns = columns,
	                                .column_count = 2,
	                                .rows = 2,
	                                .row = side_row,
	                                .fixed = true});
	report_plot(r, &(struct plot){.title = "a < b & c",
	                              .table = "main",
	                              .x = "count",
	                              .y = {"share"},
	                              .y_kind = CELL_RATIO});
	return KYMO_OK;
}

static const struct report_param_def params[] = {{"fail", NULL, "fails"}, {0}};
static const struct report_def mine = {"mine", "five rows", PARAM_WINDOW, params, "", run};

static struct report *make(const char *key, const char *value)
{
	struct report *r;
	struct kymo_error err = {0};
	struct report_param p = {key, value};
	if (report_run(&mine, trace, &p, key != NULL, &r, &err) != KYMO_OK)
		fail_msg("%s", err.message);
	return r;
}

static char *text_of(struct buf *b)
{
	buf_putc(b, 0);
	assert_false(b->failed);
	return b->ptr;
}

/* ---- */

/* ---- many rows ---- */

#define MANY 100000u

/* Few different values, so that every page ends in the middle of equal ones. */
static kymo_ns many_value(size_t i)
{
	return (kymo_ns)(i * 2654435761u % 4294967291u % 37) - 5;
}

static void many_row(const void *ctx, size_t i, union cell *c)
{
	(void)ctx;
	c[0].ns = many_value(i);
	c[1].u64 = i * 7919 % MANY;
}

static const struct column many_columns[] = {{"value_ns", "value", CELL_NS, 0},
                                             {"number", "number", CELL_COUNT, 0}};

static enum kymo_status run_many(struct report *r, struct kymo_error *err)
{
	return report_table(r, &(struct table){.key = "main",
	                                       .columns = many_columns,
	                                       .column_count = 2,
	                                       .rows = MANY,
	                                       .row = many_row,
	                                       .sort = "value_ns"})
	               ? KYMO_OK
	               : error_memory(err);
}

/* The first pages of a long table are sorted without the rest: in the same order as with it, ties as the rows stand. */
static void test_pages(void **state)
{
	static const struct report_def many = {"many", "many rows", PARAM_WINDOW,
	                                       params, "",          run_many};
	static const struct report_page pages[] = {
		{"value_ns", 0, 0, 100},    {"value_ns", 0, 3000, 1000},
		{"value_ns", 0, 4000, 96},  {"value_ns", 0, 4000, 97},
		{"value_ns", 1, 0, 100},    {"number", 1, 0, 4096},
		{"number", -1, 50000, 100}, {"number", 0, 99990, 100},
		{NULL, 0, 10, 10},          {"value_ns", 1, 200000, 100},
		{"value_ns", -1, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct report *few, *all;
		struct report_page whole = pages[i];
		const uint32_t *a, *b;
		whole.offset = whole.limit = 0;
		assert_int_equal(report_run(&many, trace, NULL, 0, &few, NULL), KYMO_OK);
		assert_int_equal(report_run(&many, trace, NULL, 0, &all, NULL), KYMO_OK);
		assert_int_equal(report_order(all, 0, &whole, &b, NULL), KYMO_OK);
		for (size_t k = 0; k < MANY; k++) {
			bool ascends = pages[i].direction > 0;
			union cell x[2], y[2];
			many_row(NULL, b[k], x);
			many_row(NULL, b[k ? k - 1 : 0], y);
			int64_t was = pages[i].sort && pages[i].sort[0] == 'n' ? (int64_t)y[1].u64
			                                                       : y[0].ns;
			int64_t is = pages[i].sort && pages[i].sort[0] == 'n' ? (int64_t)x[1].u64
			                                                      : x[0].ns;
			assert_true(!k || (ascends ? was < is : was > is) ||
			            (was == is && b[k - 1] < b[k]));
		}
		// Asked twice, and after a longer one.
		for (int n = 0; n < 3; n++) {
			const struct report_page *page = n == 1 ? &whole : &pages[i];
			size_t from = page->offset < MANY ? page->offset : MANY;
			size_t to = page->limit && page->limit < MANY - from ? from + page->limit
			                                                     : MANY;
			assert_int_equal(report_order(few, 0, page, &a, NULL), KYMO_OK);
			assert_memory_equal(a + from, b + from, (to - from) * sizeof *a);
		}
		report_free(few);
		report_free(all);
	}
}

static void test_orders(void **state)
{
	static const struct {
		const char *sort;
		int direction;
		uint32_t rows[5];
	} cases[] = {
		{NULL, 0, {0, 1, 2, 3, 4}},  // the table's own: count, the largest first
		{"count", 1, {4, 3, 2, 1, 0}},
		{"length_ns", 0, {2, 0, 4, 3, 1}},  // ties as the rows stand; nothing is least
		{"length_ns", 1, {1, 3, 0, 4, 2}},
		{"name", 0, {4, 1, 3, 0, 2}},  // texts ascend, by bytes
		{"name", -1, {2, 0, 1, 3, 4}},
		{"id", 0, {2, 0, 1, 3, 4}},
		{"share", 0, {4, 3, 2, 1, 0}},
		{"odd", 0, {1, 3, 0, 2, 4}},
	};
	struct report *r = make(NULL, NULL);
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint32_t *order;
		struct report_page page = {.sort = cases[i].sort, .direction = cases[i].direction};
		assert_int_equal(report_order(r, 0, &page, &order, NULL), KYMO_OK);
		assert_memory_equal(order, cases[i].rows, sizeof cases[i].rows);
	}
	struct kymo_error err = {0};
	const uint32_t *order;
	assert_int_equal(report_order(r, 0, &(struct report_page){.sort = "nothing"}, &order, &err),
	                 KYMO_E_RANGE);
	assert_string_equal(err.message, "mine cannot be sorted by 'nothing'");
	report_free(r);
}

static void test_json(void **state)
{
	struct report *r = make(NULL, NULL);
	struct buf b = {0};
	(void)state;
	assert_int_equal(report_json(r, &(struct report_page){.offset = 1, .limit = 2}, &b, NULL),
	                 KYMO_OK);
	assert_string_equal(
		text_of(&b),
		"{\"rows\":5,\"main\":[\n"
		"{\"name\":\"a\",\"length_ns\":null,\"count\":9,\"share\":0.25,\"id\":1,\"odd\":true},\n"
		"{\"name\":\"say \\\"hi\\\"\",\"length_ns\":2000000,\"count\":8,\"share\":0.5,\"id\":null,\"odd\":false}\n"
		"],\"side\":[\n"
		"{\"name\":\"b,c\",\"length_ns\":30},\n"
		"{\"name\":\"a\",\"length_ns\":null}\n"
		"]}\n");
	buf_free(&b);
	report_free(r);
}

static void test_csv(void **state)
{
	struct report *r = make(NULL, NULL);
	struct buf b = {0};
	struct kymo_error err = {0};
	(void)state;
	assert_int_equal(report_csv(r, NULL, &(struct report_page){.limit = 3}, &b, NULL), KYMO_OK);
	assert_string_equal(text_of(&b), "name,length_ns,count,share,id,odd\r\n"
	                                 "\"b,c\",30,10,0,0,false\r\n"
	                                 "a,,9,0.25,1,true\r\n"
	                                 "\"say \"\"hi\"\"\",2000000,8,0.5,,false\r\n");
	buf_free(&b);
	assert_int_equal(report_csv(r, "none", &(struct report_page){0}, &b, &err), KYMO_E_RANGE);
	assert_string_equal(err.message, "mine has no table 'none'");
	report_free(r);
}

/* What a trace says cannot command the terminal, and a table keeps to its width. */
static void test_text(void **state)
{
	struct report *r = make(NULL, NULL);
	struct buf b = {0};
	(void)state;
	assert_int_equal(report_text(r, &(struct report_text_options){.terminal = true, .columns = 60},
	                             &b, NULL),
	                 KYMO_OK);
	const char *text = text_of(&b);
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "\\x1b[31m"));
	assert_non_null(strstr(text, "five rows of \\x1b]0;title\n"));
	for (const char *line = text, *nl; (nl = strchr(line, '\n')); line = nl + 1) {
		size_t width = 0;
		for (const char *p = line; p < nl; p++)
			width += ((unsigned char)*p & 0xc0) != 0x80;
		assert_in_range(width, 0, 60);
	}
	buf_free(&b);
	report_free(r);
}

static void test_svg(void **state)
{
	struct report *r = make(NULL, NULL);
	struct buf b = {0};
	struct kymo_error err = {0};
	(void)state;
	assert_int_equal(report_svg(r, &b, NULL), KYMO_OK);
	const char *text = text_of(&b);
	assert_non_null(strstr(text, "a &lt; b &amp; c"));
	assert_non_null(strstr(text, "</svg>"));
	buf_free(&b);
	r->plots.count = 0;
	assert_int_equal(report_svg(r, &b, &err), KYMO_E_RANGE);
	assert_string_equal(err.message, "mine has nothing to draw");
	assert_int_equal(b.len, 0);
	report_free(r);
}

static void test_params(void **state)
{
	static const struct {
		const char *key, *value, *message;
	} bad[] = {
		{"fial", "1", "mine does not take 'fial'"},
		{"goroutine", "1", "mine does not take 'goroutine'"},
		{"fail", "1", "asked to fail with '1'"},
		{"from", "soon",
	         "'soon' is no time for from: write 1.5ms, 2s, 100us or plain nanoseconds"},
		{"top", "-1", "'-1' is no whole number for top"},
		{"top", "1x", "'1x' is no whole number for top"},
		{"compat", "go1.20", "compat can be go1.26, not 'go1.20'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct report *r;
		struct kymo_error err = {0};
		struct report_param p = {bad[i].key, bad[i].value};
		assert_int_equal(report_run(&mine, trace, &p, 1, &r, &err), KYMO_E_RANGE);
		assert_null(r);
		assert_string_equal(err.message, bad[i].message);
	}
	// An event's time on the trace's own clock will do as well.
	const struct kymo_trace_info *info = kymo_trace_info(trace);
	assert_true(info->start > info->duration);
	char absolute[32];
	snprintf(absolute, sizeof absolute, "%jd", (intmax_t)info->start + 1000);
	struct report *r = make("from", absolute);
	assert_int_equal(r->sel.from, 1000);
	report_free(r);
	r = make("from", "1us");
	assert_int_equal(r->sel.from, 1000);
	report_free(r);
}

/* Bounds as Go's pages show them: 1, 1, 2, 3, 6, 10, 15, 25, 39, 63, 100 … */
static void test_histogram(void **state)
{
	static const kymo_ns lower[] = {1, 1, 2, 3, 6, 10, 15, 25, 39, 63, 100};
	(void)state;
	for (unsigned k = 0; k < sizeof lower / sizeof *lower; k++)
		assert_int_equal(hist_lower(k), lower[k]);
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(1), 0);
	assert_int_equal(hist_bucket(99), 9);
	assert_int_equal(hist_bucket(101), 10);
	assert_int_equal(hist_bucket(INT64_MAX), 94);  // 18.96 decades
}

static int by_size(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

/* Percentiles by selection are those by sorting. */
static void test_percentiles(void **state)
{
	uint64_t s = 88172645463325252u;
	(void)state;
	for (size_t n = 1; n < 30000; n = n * 5 / 4 + 1)
		for (unsigned distinct = 1; distinct < 1000000; distinct *= 30) {
			kymo_ns *v = malloc(n * sizeof *v), *sorted = malloc(n * sizeof *v);
			assert_true(v && sorted);
			for (size_t i = 0; i < n; i++) {
				s ^= s << 13;
				s ^= s >> 7;
				s ^= s << 17;
				v[i] = sorted[i] = (kymo_ns)(s % distinct);
			}
			qsort(sorted, n, sizeof *sorted, by_size);
			struct dist_summary d = dist_of(v, n);
			assert_int_equal(d.p50, sorted[(n * 50 + 99) / 100 - 1]);
			assert_int_equal(d.p90, sorted[(n * 90 + 99) / 100 - 1]);
			assert_int_equal(d.p99, sorted[(n * 99 + 99) / 100 - 1]);
			assert_int_equal(d.min, sorted[0]);
			assert_int_equal(d.max, sorted[n - 1]);
			free(v);
			free(sorted);
		}
}

/* ---- curves that are kept ---- */

/* The i-th request for a curve: of 20 windows of the trace, by three sets of flags, and with three lengths. */
static struct buf mmu_of(const struct kymo_trace *t, unsigned i)
{
	static const char *const flags[] = {"stw,background,assist", "stw", "allstw,perproc"},
				 *const lengths_of[] = {"1us", "20us", "1ms"};
	kymo_ns duration = kymo_trace_info(t)->duration;
	char from[32];
	snprintf(from, sizeof from, "%jdns", (intmax_t)(duration / 50 * (i % 20)));
	const struct report_param asked[] = {
		{"from", from}, {"flags", flags[i / 20 % 3]}, {"window", lengths_of[i / 3 % 3]}};
	const struct report_page all = {0};
	struct report *r;
	struct kymo_error err;
	struct buf b = {0};
	assert_int_equal(report_run(report_find("mmu"), t, asked, 3, &r, &err), KYMO_OK);
	assert_int_equal(report_json(r, &all, &b, &err), KYMO_OK);
	report_free(r);
	return b;
}

/* A trace that was asked often answers as one that nobody asked before. */
static void test_curves(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		// Some again at once, the others when they may be forgotten.
		unsigned which = i % 4 == 3 ? i - 3 : i * 7 % 60;
		struct kymo_trace *fresh;
		assert_true(load_generated(&fresh));
		struct buf a = mmu_of(trace, which), b = mmu_of(fresh, which);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.ptr, b.ptr, a.len);
		buf_free(&a);
		buf_free(&b);
		kymo_trace_free(fresh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),      cmocka_unit_test(test_pages),
		cmocka_unit_test(test_json),        cmocka_unit_test(test_csv),
		cmocka_unit_test(test_text),        cmocka_unit_test(test_svg),
		cmocka_unit_test(test_params),      cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_percentiles), cmocka_unit_test(test_curves),
	};
	return cmocka_run_group_tests(tests, load_trace, free_trace);
}
