/* SPDX-License-Identifier: MIT */
/* kymo mmu: the minimum mutator utilisation as a curve, and its worst windows. */
#include <kymo/mmu.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/mmu.h"
#include "report/curves.h"
#include "report/report.h"

#define WORST 10
#define WORST_MAX 1000

static const double quantiles[CURVE_QUANTILES] = {0.001, 0.01, 0.05};

/* 1 µs to 1 s: which of them are 0 says where the curve begins, and four are fields. */
static const kymo_ns decades[CURVE_DECADES] = {1000,     10000,     100000,    1000000,
                                               10000000, 100000000, 1000000000};

struct result {
	struct kymo_mmu *mmu;  // while the report runs
	struct curve curve;
	struct kymo_mmu_window worst[WORST_MAX];
	size_t worst_count;
	kymo_ns window;
};

static void result_free(void *p)
{
	kymo_mmu_free(((struct result *)p)->mmu);
}

/* ---- tables ---- */

static const struct column curve_columns[] = {
	{"window_ns", "window", CELL_NS, COL_ASC}, {"mmu", "minimum", CELL_RATIO, 0},
	{"p99_9", "99.9 % have", CELL_RATIO, 0},   {"p99", "99 % have", CELL_RATIO, 0},
	{"p95", "95 % have", CELL_RATIO, 0},
};

static void curve_row(const void *ctx, size_t i, union cell *c)
{
	const struct curve_point *p = &((const struct result *)ctx)->curve.points[i];
	c[0].ns = p->window;
	c[1].f64 = p->mmu;
	for (int k = 0; k < CURVE_QUANTILES; k++)
		c[2 + k].f64 = p->at[k];
}

static const struct column worst_columns[] = {
	{"time_ns", "time", CELL_TIME, 0},
	{"window_ns", "window", CELL_NS, 0},
	{"utilization", "utilisation", CELL_RATIO, COL_ASC},
	{"proc", "proc", CELL_ID, 0},
};

static void worst_row(const void *ctx, size_t i, union cell *c)
{
	const struct result *m = ctx;
	c[0].ns = m->worst[i].time;
	c[1].ns = m->window;
	c[2].f64 = m->worst[i].utilization;
	c[3].u64 = m->worst[i].proc;
}

/* ---- parameters ---- */

static const struct {
	const char *name;
	unsigned bit;
	const char *says;
} flags[] = {
	{"stw", KYMO_UTIL_STW, "stops for GC"},
	{"background", KYMO_UTIL_BACKGROUND, "background workers"},
	{"assist", KYMO_UTIL_ASSIST, "assists"},
	{"sweep", KYMO_UTIL_SWEEP, "sweeping"},
	{"allstw", KYMO_UTIL_ALL_STW, "all stops of the world"},
	{"perproc", KYMO_UTIL_PER_PROC, NULL},
};

/* Names apart by commas, or by bars as Go's pages have them. */
static enum kymo_status read_flags(const char *text, unsigned *out, struct kymo_error *err)
{
	*out = 0;
	for (const char *p = text; *p; p += strspn(p, ",|")) {
		size_t n = strcspn(p, ",|"), i = 0;
		for (; i < sizeof flags / sizeof *flags; i++)
			if (strlen(flags[i].name) == n && strncasecmp(flags[i].name, p, n) == 0)
				break;
		if (i == sizeof flags / sizeof *flags)
			return error_set(err, KYMO_E_RANGE, 0, 0,
			                 "'%.*s' is no flag: there are stw, background, assist, sweep, "
			                 "allstw and perproc",
			                 (int)(n < 100 ? n : 100), p);
		*out |= flags[i].bit;
		p += n;
	}
	return KYMO_OK;
}

static enum kymo_status read_worst(const struct report *r, struct result *m, size_t *count,
                                   struct kymo_error *err)
{
	const char *window = report_param(r, "window"), *worst = report_param(r, "worst");
	m->window = 10000000;
	*count = WORST;
	if (window && (!units_time(window, &m->window) || m->window <= 0))
		return error_set(
			err, KYMO_E_RANGE, 0, 0,
			"'%s' is no length for window: write 1.5ms, 2s, 100us or plain nanoseconds",
			window);
	if (worst) {
		char *end;
		unsigned long n = strtoul(worst, &end, 10);
		if (*worst < '0' || *worst > '9' || *end || n > WORST_MAX)
			return error_set(err, KYMO_E_RANGE, 0, 0, "worst can be 0 to %d, not '%s'",
			                 WORST_MAX, worst);
		*count = n;
	}
	return KYMO_OK;
}

/* ---- the curve ---- */

/* From the longest window of a power of ten in which nothing may be left, but from 1 µs at least, to the whole. */
static enum kymo_status compute_curve(struct result *m)
{
	kymo_ns span = kymo_mmu_span(m->mmu);
	kymo_ns window[CURVE_POINTS];
	double least[CURVE_POINTS], at[CURVE_POINTS * CURVE_QUANTILES];
	size_t fit = 0, first = CURVE_DECADES - 1, n = 0;
	for (size_t i = 0; i < CURVE_DECADES; i++) {
		m->curve.at_decade[i] = NAN;
		fit += decades[i] <= span;
	}
	if (span <= 0)
		return KYMO_OK;
	enum kymo_status st = mmu_curve(m->mmu, decades, fit, NULL, 0, m->curve.at_decade, at);
	if (st != KYMO_OK)
		return st;
	while (first > 0 && !(m->curve.at_decade[first] < 1e-4))
		first--;
	kymo_ns from = decades[first] < span ? decades[first] : span;
	for (int i = 0; i < CURVE_POINTS; i++) {
		double x = (double)from * pow((double)span / (double)from, i / (CURVE_POINTS - 1.0));
		kymo_ns w = i == CURVE_POINTS - 1 ? span : (kymo_ns)llround(x);
		if (!n || window[n - 1] < w)
			window[n++] = w;
	}
	st = mmu_curve(m->mmu, window, n, quantiles, CURVE_QUANTILES, least, at);
	for (size_t i = 0; st == KYMO_OK && i < n; i++) {
		struct curve_point *p = &m->curve.points[m->curve.count++];
		p->window = window[i];
		p->mmu = least[i];
		memcpy(p->at, &at[i * CURVE_QUANTILES], sizeof p->at);
	}
	return st;
}

static void put_head(struct report *r, const struct result *m, unsigned bits)
{
	char n[REPORT_NUMBER];
	double mean = kymo_mmu_mean(m->mmu);
	const char *apart = "";
	if (isnan(mean)) {
		report_head(r, "nothing to measure: no GOMAXPROCS in the window");
		return;
	}
	report_head(r, "%.1f %% of %s left to the program by ", mean * 100,
	            bits & KYMO_UTIL_PER_PROC ? "each proc is" : "the procs is");
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (bits & flags[i].bit && flags[i].says) {
			report_head(r, "%s%s", apart, flags[i].says);
			apart = ", ";
		}
	report_head(r, "%s over %s%s", *apart ? "" : "nothing",
	            report_duration(n, kymo_mmu_span(m->mmu)),
	            r->compat ? " (as Go 1.26 counts)" : "");
}

static void put_fields(struct report *r, const struct result *m)
{
	static const struct {
		const char *key, *title;
	} of[CURVE_DECADES] = {
		[3] = {"mmu_1ms", "in the worst 1 ms"},
		[4] = {"mmu_10ms", "in the worst 10 ms"},
		[5] = {"mmu_100ms", "in the worst 100 ms"},
		[6] = {"mmu_1s", "in the worst second"},
	};
	kymo_ns span = kymo_mmu_span(m->mmu);
	report_field(r, "span_ns", "measured", CELL_NS, (union cell){.ns = span});
	report_field(r, "mean", "mean", CELL_RATIO, (union cell){.f64 = kymo_mmu_mean(m->mmu)});
	for (size_t i = 0; i < CURVE_DECADES; i++)
		if (of[i].key)
			report_field(r, of[i].key, of[i].title, CELL_RATIO,
			             (union cell){.f64 = m->curve.at_decade[i]});
}

static enum kymo_status run(struct report *r, struct kymo_error *err)
{
	struct result *m = report_alloc(r, sizeof *m, result_free);
	const char *text = report_param(r, "flags");
	unsigned bits = KYMO_UTIL_DEFAULT;
	size_t worst;
	if (!m)
		return error_memory(err);
	enum kymo_status st = text ? read_flags(text, &bits, err) : KYMO_OK;
	if (st == KYMO_OK)
		st = read_worst(r, m, &worst, err);
	if (st != KYMO_OK)
		return st;
	st = kymo_mmu_new(r->trace, &r->sel, bits, r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT,
	                  &m->mmu);
	if (st == KYMO_E_LIMIT)
		return error_set(err, st, 0, 0, "too many procs to look at each");
	if (st == KYMO_OK) {
		// No window is longer than what was measured; Go's tool lists such all the same.
		kymo_ns span = kymo_mmu_span(m->mmu);
		m->window = !r->compat && span > 0 && m->window > span ? span : m->window;
		const struct curve_key key = {r->sel.from, r->sel.to, bits, r->compat};
		if (!curves_find(r->trace, &key, &m->curve)) {
			st = compute_curve(m);
			if (st == KYMO_OK)
				curves_add(r->trace, &key, &m->curve);
		}
	}
	if (st == KYMO_OK)
		st = kymo_mmu_worst(m->mmu, m->window, worst, m->worst, &m->worst_count);
	if (st != KYMO_OK)
		return error_memory(err);
	put_head(r, m, bits);
	put_fields(r, m);
	kymo_mmu_free(m->mmu);  // as large as the trace's GC is busy, and the report may be kept
	m->mmu = NULL;
	bool ok = report_table(r, &(struct table){.key = "curve",
	                                          .title = "curve",
	                                          .columns = curve_columns,
	                                          .column_count = 2 + CURVE_QUANTILES,
	                                          .rows = m->curve.count,
	                                          .row = curve_row,
	                                          .ctx = m,
	                                          .quiet = true,
	                                          .fixed = true});
	ok = ok && report_table(r, &(struct table){.key = "worst",
	                                           .title = "worst windows",
	                                           .columns = worst_columns,
	                                           .column_count = bits & KYMO_UTIL_PER_PROC ? 4 : 3,
	                                           .rows = m->worst_count,
	                                           .row = worst_row,
	                                           .ctx = m});
	if (m->curve.count > 1)
		ok = ok && report_plot(r, &(struct plot){.title = "least utilisation in a window",
		                                         .table = "curve",
		                                         .x = "window_ns",
		                                         .y = {"mmu", "p99_9", "p99", "p95"},
		                                         .y_kind = CELL_RATIO,
		                                         .log_x = true,
		                                         .y_max = 1});
	return ok ? KYMO_OK : error_memory(err);
}

static const struct report_param_def params[] = {
	{"flags", "LIST",
         "what takes from the program: of stw, background, assist, sweep, allstw, perproc; else stw,background,assist"},
	{"window", "TIME", "list the worst windows of this length; else 10ms"},
	{"worst", "N", "how many of them; else 10"},
	{0},
};

const struct report_def report_mmu = {
	"mmu",
	"minimum mutator utilisation: what the garbage collector leaves to the program",
	PARAM_WINDOW,
	params,
	"Says how much of the processors is left to the program in the worst window of each length (the\n"
	"minimum mutator utilisation), and in all but the worst 0.1, 1 and 5 % of the windows; and lists the\n"
	"worst windows, apart from one another. --flags chooses what counts as the collector's:\n"
	"stw (the world stopped for GC), background (dedicated and fractional mark workers), assist, sweep;\n"
	"allstw (stopped for whatever reason); perproc looks at each proc by itself.\n"
	"\n"
	"--compat go1.26: background workers' runs leak in Go's tool, so that its curves are too low and end\n"
	"early; kymo-mmu(1) has the details.\n",
	run,
};
