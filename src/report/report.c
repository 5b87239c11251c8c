/* SPDX-License-Identifier: MIT */
/* The life of a report, and what its run fills in. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

enum kymo_status report_run(const struct report_def *def, const struct kymo_trace *t,
                            const struct report_param *params, size_t count, struct report **out,
                            struct kymo_error *err)
{
	struct report *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return error_memory(err);
	r->def = def;
	r->trace = t;
	pthread_mutex_init(&r->lock, NULL);
	r->params = calloc(count + 1, sizeof *r->params);
	if (!r->params) {
		report_free(r);
		return error_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		char *key = strdup(params[i].key), *value = strdup(params[i].value);
		r->params[r->param_count++] = (struct report_param){key, value};
		if (!key || !value) {
			report_free(r);
			return error_memory(err);
		}
	}
	enum kymo_status st = report_take_params(r, err);
	if (st == KYMO_OK)
		st = def->run(r, err);
	if (st == KYMO_OK && r->head.failed)
		st = error_memory(err);
	if (st != KYMO_OK) {
		report_free(r);
		return st;
	}
	*out = r;
	return KYMO_OK;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = r->owned.count; i-- > 0;) {
		if (r->owned.at[i].release)
			r->owned.at[i].release(r->owned.at[i].ptr);
		free(r->owned.at[i].ptr);
	}
	vec_free(&r->owned);
	for (struct report_order *o = r->orders, *next; o; o = next) {
		next = o->next;
		free(o->rows);
		free(o);
	}
	for (size_t i = 0; i < r->param_count; i++) {
		free((char *)r->params[i].key);
		free((char *)r->params[i].value);
	}
	free(r->params);
	free(r->text);
	buf_free(&r->head);
	vec_free(&r->fields);
	vec_free(&r->tables);
	vec_free(&r->plots);
	kymo_selection_free(&r->sel);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void *report_alloc(struct report *r, size_t size, void (*release)(void *))
{
	void *p = calloc(1, size ? size : 1);
	if (!p || !vec_push(&r->owned, ((struct report_owned){p, release}))) {
		free(p);
		return NULL;
	}
	return p;
}

void report_head(struct report *r, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && buf_reserve(&r->head, (size_t)n + 1)) {
		vsnprintf(r->head.ptr + r->head.len, (size_t)n + 1, fmt, again);
		r->head.len += (size_t)n;
	}
	va_end(again);
}

void report_field(struct report *r, const char *key, const char *title, enum cell_kind kind,
                  union cell v)
{
	if (!vec_push(&r->fields, ((struct report_field){key, title, kind, v})))
		r->head.failed = true;
}

bool report_table(struct report *r, const struct table *table)
{
	return vec_push(&r->tables, *table);
}

bool report_plot(struct report *r, const struct plot *plot)
{
	return vec_push(&r->plots, *plot);
}

/* ---- small things about cells ---- */

union cell *report_cells(const struct table *t)
{
	return calloc(t->column_count + 1, sizeof(union cell));
}

bool report_cell_present(enum cell_kind kind, const union cell *c)
{
	switch (kind) {
	case CELL_NS:
	case CELL_TIME: return c->ns >= 0;
	case CELL_ID:
	case CELL_BYTES: return c->u64 != KYMO_NONE;
	case CELL_RATIO:
	case CELL_NUMBER: return !isnan(c->f64);
	case CELL_HIST: return c->hist != NULL;
	default: return true;
	}
}

double report_cell_number(enum cell_kind kind, const union cell *c)
{
	if (!report_cell_present(kind, c))
		return NAN;
	switch (kind) {
	case CELL_NS:
	case CELL_TIME: return (double)c->ns;
	case CELL_COUNT:
	case CELL_ID:
	case CELL_BYTES: return (double)c->u64;
	case CELL_RATIO:
	case CELL_NUMBER: return c->f64;
	case CELL_BOOL: return c->flag;
	default: return NAN;
	}
}

size_t report_table_index(const struct report *r, const char *key)
{
	for (size_t i = 0; i < r->tables.count; i++)
		if (strcmp(r->tables.at[i].key, key) == 0)
			return i;
	return SIZE_MAX;
}

size_t report_column_index(const struct table *t, const char *key)
{
	for (size_t i = 0; i < t->column_count; i++)
		if (strcmp(t->columns[i].key, key) == 0)
			return i;
	return SIZE_MAX;
}

const char *report_kind_name(enum cell_kind kind)
{
	static const char *const names[] = {
		[CELL_TEXT] = "text",   [CELL_NS] = "ns",         [CELL_TIME] = "time",
		[CELL_COUNT] = "count", [CELL_ID] = "id",         [CELL_BYTES] = "bytes",
		[CELL_RATIO] = "ratio", [CELL_NUMBER] = "number", [CELL_BOOL] = "bool",
		[CELL_STACK] = "stack", [CELL_NAMED] = "named",   [CELL_HIST] = "hist",
		[CELL_LIFE] = "life",
	};
	return names[kind];
}

const char *report_life_name(enum life part)
{
	static const char *const names[] = {"running", "runnable", "syscall", "GC",   "channel",
	                                    "sync",    "network",  "sleep",   "other"};
	return names[part];
}

static bool starts(struct kymo_str s, const char *with)
{
	size_t n = strlen(with);
	return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

/* The frames that every wait goes through say nothing about it: the first one outside of them does. */
struct kymo_frame report_site(const struct kymo_trace *t, kymo_stack_ix stack)
{
	static const char *const plumbing[] = {"runtime.", "sync.", "internal/", "syscall.",
	                                       "runtime/"};
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, stack, &n);
	for (size_t i = 0; i < n; i++) {
		struct kymo_str s = kymo_trace_string(t, f[i].func);
		bool dull = false;
		for (size_t k = 0; k < sizeof plumbing / sizeof *plumbing; k++)
			dull |= starts(s, plumbing[k]);
		if (!dull)
			return f[i];
	}
	return n ? f[0] : (struct kymo_frame){0};
}

/* ---- histograms ---- */

unsigned hist_bucket(kymo_ns d)
{
	if (d <= 1)
		return 0;
	int k = (int)(log((double)d) / log(pow(10, 0.2)));
	return k < 0 ? 0 : k >= HIST_BUCKETS ? HIST_BUCKETS - 1 : (unsigned)k;
}

kymo_ns hist_lower(unsigned bucket)
{
	double low = pow(10, (double)bucket / 5);
	return low < (double)KYMO_NS_MAX ? (kymo_ns)low : KYMO_NS_MAX;  // the end of the last
}
