/* SPDX-License-Identifier: MIT */
/* Every report as an address: GET /api/report/NAME?… is `kymo NAME --json` with the same parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/api.h"

#define MAX_PARAMS 40

/* The query, apart from what says how to answer. */
struct query {
	struct report_param params[MAX_PARAMS];
	size_t count;
	const char *format, *table;
	bool too_many;
};

static bool take(void *ctx, const char *name, const char *value)
{
	struct query *q = ctx;
	value = value ? value : "1";  // a flag
	if (strcmp(name, "format") == 0)
		q->format = value;
	else if (strcmp(name, "table") == 0)
		q->table = value;
	else if (q->count == MAX_PARAMS)
		q->too_many = true;
	else
		q->params[q->count++] = (struct report_param){name, value};
	return true;
}

static const char *value_of(const struct query *q, const char *key)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->params[i].key, key) == 0)
			return q->params[i].value;
	return NULL;
}

/* Which page; false: a number that is none (said). */
static bool page_of(struct http_request *req, const struct query *q, struct report_page *page)
{
	uint64_t offset, top;
	const char *asc = value_of(q, "asc");
	if (!api_number(req, "offset", UINT32_MAX, 0, &offset) ||
	    !api_number(req, "top", UINT32_MAX, 0, &top))
		return false;
	*page = (struct report_page){value_of(q, "sort"),
	                             !asc                                                 ? 0
	                             : strcmp(asc, "0") == 0 || strcmp(asc, "false") == 0 ? -1
	                                                                                  : 1,
	                             (size_t)offset, (size_t)top};
	return true;
}

struct format {
	const char *name, *type, *suffix;
};
static const struct format formats[] = {
	{"json", "application/json", NULL},
	{"page", "application/json", NULL},
	{"csv", "text/csv; charset=utf-8", "csv"},
	{"svg", "image/svg+xml", NULL},
};

static enum kymo_status render(struct report *r, const struct query *q,
                               const struct report_page *page, const char *format, struct buf *out,
                               struct kymo_error *err)
{
	if (strcmp(format, "page") == 0)
		return report_page_json(r, q->table, page, out, err);
	if (strcmp(format, "csv") == 0)
		return report_csv(r, q->table, page, out, err);
	if (strcmp(format, "svg") == 0)
		return report_svg(r, out, err);
	return report_json(r, page, out, err);
}

static void answer(struct api *a, struct http_request *req, const struct report_def *def,
                   const struct query *q, const struct format *f)
{
	struct report_page page;
	struct report *r;
	struct kymo_error err = {0};
	struct buf out = {0};
	char name[64];
	if (!page_of(req, q, &page))
		return;
	enum kymo_status st = shelf_get(a->shelf, def, q->params, q->count, &r, &err);
	if (st == KYMO_OK)
		st = report_check(r, q->table, &page, &err);
	if (st == KYMO_OK)
		st = render(r, q, &page, f->name, &out, &err);
	shelf_release(a->shelf, r);
	if (st == KYMO_OK && out.failed)
		st = error_memory(&err);
	if (st != KYMO_OK) {
		buf_free(&out);
		http_reply_error(req, st == KYMO_E_RANGE ? 400 : 500, "%s", err.message);
		return;
	}
	snprintf(name, sizeof name, "%s.%s", def->name, f->suffix ? f->suffix : "");
	http_reply(req, &(struct http_reply){.type = f->type,
	                                     .body = out.ptr,
	                                     .len = out.len,
	                                     .own = HTTP_FREE,
	                                     .attachment = f->suffix ? name : NULL});
}

void api_report(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct query q = {0};
	char name[32];
	size_t n = args->at[0].len < sizeof name - 1 ? args->at[0].len : sizeof name - 1;
	memcpy(name, args->at[0].ptr, n);
	name[n] = 0;
	const struct report_def *def = report_find(name);
	if (!def) {
		http_reply_error(req, 404, "there is no report '%s'", name);
		return;
	}
	http_request_query_each(req, take, &q);
	if (q.too_many) {
		http_reply_error(req, 400, "too many parameters");
		return;
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(q.format ? q.format : "json", formats[i].name) == 0) {
			answer(a, req, def, &q, &formats[i]);
			return;
		}
	http_reply_error(req, 400, "format can be json, page, csv or svg, not '%s'", q.format);
}

/* What there is, for a page that wants to offer it. */
void api_reports(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api_doc d = {.j.buf = &d.buf};
	(void)ctx;
	(void)args;
	json_array(&d.j);
	for (size_t i = 0; report_all[i]; i++) {
		json_object(&d.j);
		json_key(&d.j, "name");
		json_cstr(&d.j, report_all[i]->name);
		json_key(&d.j, "summary");
		json_cstr(&d.j, report_all[i]->summary);
		json_end(&d.j);
	}
	json_end(&d.j);
	api_send(req, &d);
}
