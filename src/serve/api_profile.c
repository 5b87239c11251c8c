/* SPDX-License-Identifier: MIT */
/* Profiles: for the viewer's flame graphs, and as files for pprof. */
#include "report/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/api.h"
#include "serve/api_profile.h"

#define MAX_PARAMS 40

static bool append(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return !((struct buf *)ctx)->failed;
}

/* ---- as JSON: frames once, samples by number ---- */

/* Numbers of frames, by their place in the trace's table of frames, which holds each stack's frames anew. */
struct frames {
	const struct kymo_trace *t;
	struct frame_slot {
		struct kymo_frame f;
		uint32_t number;  // + 1
	} * slots;
	uint32_t mask;
	VEC(struct kymo_frame) list;
};

static uint32_t frame_hash(const struct kymo_frame *f)
{
	uint64_t h = ((uint64_t)f->func << 32 | f->file) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32) ^ f->line) * 0xff51afd7ed558ccdu;
	return (uint32_t)(h >> 32);
}

static bool frames_make(struct frames *x, const struct kymo_trace *t, size_t most)
{
	uint32_t size = 64;
	while (size < most * 2)
		size *= 2;
	*x = (struct frames){.t = t, .mask = size - 1, .slots = calloc(size, sizeof *x->slots)};
	return x->slots != NULL;
}

/* UINT32_MAX: no memory. */
static uint32_t frame_number(struct frames *x, const struct kymo_frame *f)
{
	uint32_t at = frame_hash(f) & x->mask;
	for (; x->slots[at].number; at = (at + 1) & x->mask) {
		const struct kymo_frame *k = &x->slots[at].f;
		if (k->func == f->func && k->file == f->file && k->line == f->line)
			return x->slots[at].number - 1;
	}
	if (!vec_push(&x->list, *f))
		return UINT32_MAX;
	x->slots[at].f = *f;
	x->slots[at].number = (uint32_t)x->list.count;
	return (uint32_t)x->list.count - 1;
}

static void put_sample(struct json *j, const struct kymo_trace *t, struct frames *x,
                       const struct kymo_profile_sample *s)
{
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, s->stack, &n);
	json_object(j);
	json_key(j, "stack");
	json_array(j);
	for (size_t i = 0; i < n; i++)
		json_u64(j, frame_number(x, &f[i]));
	json_end(j);
	api_put_u64(j, "count", s->count);
	api_put_ns(j, "value", s->ns);
	api_put_string(j, "group", t, s->group);
	api_put_string(j, "reason", t, s->reason);
	api_put_ns(j, "longest", s->longest);
	api_put_ns(j, "at", s->longest_at);
	api_put_goroutine_ref(j, "of", t, s->longest_goroutine);
	json_end(j);
}

static bool put_json(struct buf *out, const struct report *r)
{
	const struct kymo_profile *p = report_profile_of(r);
	struct json j = {.buf = out};
	struct frames x;
	size_t most = 0, n;
	for (size_t i = 0; i < p->count; i++) {
		kymo_trace_stack(r->trace, p->samples[i].stack, &n);
		most += n;
	}
	if (!frames_make(&x, r->trace, most))
		return false;
	json_object(&j);
	json_key(&j, "kind");
	json_cstr(&j, kymo_profile_name(p->kind));
	json_key(&j, "head");
	json_str(&j, r->head.ptr, r->head.len);
	json_key(&j, "stack");
	json_cstr(&j, p->stack == KYMO_STACK_WAKER ? "waker" : "waiter");
	json_key(&j, "unit");
	json_cstr(&j, p->kind == KYMO_PROFILE_CPU ? "samples" : "ns");
	api_put_u64(&j, "count", p->total);
	api_put_ns(&j, "total", p->total_ns);
	json_key(&j, "samples");
	json_array(&j);
	for (size_t i = 0; i < p->count && !out->failed; i++)
		put_sample(&j, r->trace, &x, &p->samples[i]);
	json_end(&j);
	json_key(&j, "frames");
	json_array(&j);
	for (size_t i = 0; i < x.list.count; i++) {
		json_object(&j);
		api_put_string(&j, "func", r->trace, x.list.at[i].func);
		api_put_string(&j, "file", r->trace, x.list.at[i].file);
		api_put_u64(&j, "line", x.list.at[i].line);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
	buf_putc(out, '\n');
	free(x.slots);
	vec_free(&x.list);
	return true;
}

/* ---- answers ---- */

struct query {
	struct report_param params[MAX_PARAMS];
	size_t count;
	const char *format;
	bool too_many;
};

static bool take(void *ctx, const char *name, const char *value)
{
	struct query *q = ctx;
	value = value ? value : "1";
	if (strcmp(name, "format") == 0)
		q->format = value;
	else if (q->count >= MAX_PARAMS - 1)
		q->too_many = true;
	else
		q->params[q->count++] = (struct report_param){name, value};
	return true;
}

void api_profile_reply(struct api *a, struct http_request *req, const struct report_param *params,
                       size_t count, const char *format, const char *name)
{
	struct report *r;
	struct kymo_error err = {0};
	struct buf out = {0};
	const struct kymo_sink sink = {append, &out};
	bool pprof = strcmp(format, "pprof") == 0, csv = strcmp(format, "csv") == 0;
	char file[64];
	if (!pprof && !csv && strcmp(format, "json") != 0) {
		http_reply_error(req, 400, "format can be json, pprof or csv, not '%s'", format);
		return;
	}
	enum kymo_status st = shelf_get(a->shelf, &report_profile, params, count, &r, &err);
	if (st == KYMO_OK && pprof)
		st = kymo_export_pprof(a->trace, report_profile_of(r), report_profile_options(r),
		                       &sink, &err);
	else if (st == KYMO_OK && csv)
		st = report_csv(r, NULL, &(struct report_page){0}, &out, &err);
	else if (st == KYMO_OK && (!put_json(&out, r) || out.failed))
		st = error_memory(&err);
	shelf_release(a->shelf, r);
	if (st != KYMO_OK) {
		buf_free(&out);
		http_reply_error(req, st == KYMO_E_RANGE ? 400 : 500, "%s", err.message);
		return;
	}
	snprintf(file, sizeof file, "%.40s.%s", name, pprof ? "profile" : "csv");
	http_reply(req, &(struct http_reply){.type = pprof ? "application/octet-stream"
	                                             : csv ? "text/csv; charset=utf-8"
	                                                   : "application/json",
	                                     .body = out.ptr,
	                                     .len = out.len,
	                                     .own = HTTP_FREE,
	                                     .attachment = pprof || csv ? file : NULL});
}

void api_profile(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct query q = {0};
	char kind[16];
	size_t n = args->at[0].len < sizeof kind - 1 ? args->at[0].len : sizeof kind - 1;
	memcpy(kind, args->at[0].ptr, n);
	kind[n] = 0;
	if (kymo_profile_find(kind) == KYMO_PROFILE_COUNT) {
		http_reply_error(req, 404, "there is no profile '%s'", kind);
		return;
	}
	http_request_query_each(req, take, &q);
	if (q.too_many) {
		http_reply_error(req, 400, "too many parameters");
		return;
	}
	q.params[q.count++] = (struct report_param){"kind", kind};
	api_profile_reply(ctx, req, q.params, q.count, q.format ? q.format : "json", kind);
}
