/* SPDX-License-Identifier: MIT */
/* The request's accessors, and replies with the headers that every one of them carries. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "http/request.h"

/*
 * Nothing but what this server itself serves is ever fetched, and nobody may frame it. `data:` is
 * for icons in CSS.
 */
#define CONTENT_SECURITY_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " \
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'"
/* A drawing has its style inside, and nothing else: looked at on its own it would be black without. */
#define DRAWING_SECURITY_POLICY \
	"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

enum http_method http_request_method(const struct http_request *req)
{
	return req->method;
}

const char *http_request_path(const struct http_request *req)
{
	return req->path;
}

const char *http_request_query(const struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct each_query {
	bool (*each)(void *ctx, const char *name, const char *value);
	void *ctx;
};

static enum MHD_Result pass_on(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct each_query *q = ctx;
	(void)kind;
	return q->each(q->ctx, name, value) ? MHD_YES : MHD_NO;
}

void http_request_query_each(const struct http_request *req,
                             bool (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
	struct each_query q = {each, ctx};
	MHD_get_connection_values(req->connection, MHD_GET_ARGUMENT_KIND, pass_on, &q);
}

int http_request_query_u64(const struct http_request *req, const char *name, uint64_t *v)
{
	const char *s = http_request_query(req, name);
	uint64_t n = 0;
	if (!s)
		return 0;
	if (*s == 0)
		return -1;
	for (; *s; s++)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return -1;
	*v = n;
	return 1;
}

const char *http_request_body(const struct http_request *req, size_t *len)
{
	*len = req->body_len;
	return req->body ? req->body : "";
}

static void add_headers(struct MHD_Response *r, const struct http_reply *reply)
{
	bool drawing = reply->type && strcmp(reply->type, "image/svg+xml") == 0;
	const char *const always[][2] = {
		{"Content-Security-Policy",
	         drawing ? DRAWING_SECURITY_POLICY : CONTENT_SECURITY_POLICY},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
	};
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		MHD_add_response_header(r, always[i][0], always[i][1]);
	if (reply->type)
		MHD_add_response_header(r, "Content-Type", reply->type);
	if (reply->etag)
		MHD_add_response_header(r, "ETag", reply->etag);
	if (reply->location)
		MHD_add_response_header(r, "Location", reply->location);
	if (reply->attachment) {
		char text[128];
		snprintf(text, sizeof text, "attachment; filename=\"%.80s\"", reply->attachment);
		MHD_add_response_header(r, "Content-Disposition", text);
	}
	MHD_add_response_header(r, "Cache-Control",
	                        reply->immutable ? "public, max-age=31536000, immutable"
	                        : reply->etag    ? "no-cache"
	                                         : "no-store");
}

void http_reply(struct http_request *req, const struct http_reply *reply)
{
	static const enum MHD_ResponseMemoryMode modes[] = {
		[HTTP_COPY] = MHD_RESPMEM_MUST_COPY,
		[HTTP_STATIC] = MHD_RESPMEM_PERSISTENT,
		[HTTP_FREE] = MHD_RESPMEM_MUST_FREE,
	};
	unsigned status = reply->status ? reply->status : 200;
	const char *known =
		MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "If-None-Match");
	bool same = reply->etag && known && strstr(known, reply->etag);
	if (same && reply->own == HTTP_FREE)
		free((void *)(uintptr_t)reply->body);
	/* The library takes non-const memory and does not write to it. */
	struct MHD_Response *r =
		same ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
		     : MHD_create_response_from_buffer(reply->len, (void *)(uintptr_t)reply->body,
	                                               modes[reply->own]);
	if (!r) {
		if (!same && reply->own == HTTP_FREE)
			free((void *)(uintptr_t)reply->body);
		return;
	}
	add_headers(r, reply);
	if (status == 405)
		MHD_add_response_header(r, "Allow", "GET, POST");
	req->replied = MHD_queue_response(req->connection, same ? 304 : status, r) == MHD_YES;
	MHD_destroy_response(r);
}

void http_reply_error(struct http_request *req, unsigned status, const char *fmt, ...)
{
	char sentence[512];
	struct buf b = {0};
	struct json j = {.buf = &b};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	json_object(&j);
	json_key(&j, "error");
	json_cstr(&j, sentence);
	json_end(&j);
	buf_putc(&b, '\n');
	if (!b.failed)
		http_reply(req, &(struct http_reply){.status = status,
		                                     .type = "application/json",
		                                     .body = b.ptr,
		                                     .len = b.len,
		                                     .own = HTTP_COPY});
	buf_free(&b);
}
