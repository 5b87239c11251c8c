/* SPDX-License-Identifier: MIT */
/*
 * The routes under /api, a function each. They run on several threads at once; what they see is
 * immutable but for what has a lock of its own. How to add one: a handler here, a row in api.c, a
 * paragraph in docs/internals/http.md, a case in tests/unit/test_serve.c.
 */
#ifndef KYMO_SERVE_API_H
#define KYMO_SERVE_API_H

#include "base/json.h"
#include "http/router.h"
#include "serve/model.h"
#include "serve/shelf.h"
#include "serve/warm.h"

/* A trace that is loaded and ready. */
struct api {
	struct kymo_trace *trace;
	struct model *model;
	char id[17];     // names the trace and the version of the answers
	char name[256];  // of the file, without its folder
	struct shelf *shelf;
	struct warm *warm;
};

/* Answers a request under /api/. */
void api_handle(struct api *a, struct http_request *req);

/* The handlers; `ctx` is the struct api. */
void api_trace(void *ctx, struct http_request *req, const struct http_args *args);
void api_groups(void *ctx, struct http_request *req, const struct http_args *args);
void api_group_goroutines(void *ctx, struct http_request *req, const struct http_args *args);
void api_goroutine(void *ctx, struct http_request *req, const struct http_args *args);
void api_profile(void *ctx, struct http_request *req, const struct http_args *args);
void api_report(void *ctx, struct http_request *req, const struct http_args *args);
void api_reports(void *ctx, struct http_request *req, const struct http_args *args);
void api_search(void *ctx, struct http_request *req, const struct http_args *args);
void api_span(void *ctx, struct http_request *req, const struct http_args *args);
void api_string(void *ctx, struct http_request *req, const struct http_args *args);
void api_tile(void *ctx, struct http_request *req, const struct http_args *args);
void api_tiles(void *ctx, struct http_request *req, const struct http_args *args);

/* ---- shared by the handlers ---- */

/* A document under way. `= API_DOC(&doc)` */
struct api_doc {
	struct buf buf;
	struct json j;
};
/*
 * Sends it as JSON and frees it. `immutable`: it is the same for ever (its address holds the
 * trace's id).
 */
void api_send(struct http_request *req, struct api_doc *d);

/*
 * The window `from`, `to` of a request (default: everything), within the trace. Replies and returns
 * false if it is none.
 */
bool api_window(const struct api *a, struct http_request *req, kymo_ns *from, kymo_ns *to);
/*
 * A number in [0, max], or `otherwise` where it is absent. Replies and returns false if it is no
 * such number.
 */
bool api_number(struct http_request *req, const char *name, uint64_t max, uint64_t otherwise,
                uint64_t *out);

/* Members of an object. */
void api_put_ns(struct json *j, const char *key, kymo_ns ns);
void api_put_u64(struct json *j, const char *key, uint64_t v);
void api_put_string(struct json *j, const char *key, const struct kymo_trace *t, kymo_string_ix ix);
void api_put_stack(struct json *j, const char *key, const struct kymo_trace *t, kymo_stack_ix ix);
void api_put_goroutine_ref(struct json *j, const char *key, const struct kymo_trace *t,
                           kymo_goroutine_ix g);
void api_put_proc(struct json *j, const char *key, const struct kymo_trace *t, kymo_proc_ix p);
/* "goroutine": {...} all about one. */
void api_put_goroutine(struct json *j, const struct api *a, kymo_goroutine_ix g);
/* One group as an array's element. */
void api_put_group(struct json *j, const struct api *a, uint32_t group,
                   const struct group_times *times);

#endif
