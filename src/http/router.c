/* SPDX-License-Identifier: MIT */
/* Patterns are matched segment by segment against the path; a handful of routes needs no tree. */
#include "http/router.h"

static bool match(const char *pattern, const char *path, struct http_args *args)
{
	*args = (struct http_args){0};
	for (;;) {
		if (*pattern == ':') {
			const char *begin = path;
			while (*path && *path != '/')
				path++;
			if (path == begin || args->count == HTTP_ROUTE_ARGS)
				return false;
			args->at[args->count].ptr = begin;
			args->at[args->count++].len = (size_t)(path - begin);
			pattern++;
		} else if (*pattern != *path) {
			return false;
		} else if (*pattern == 0) {
			return true;
		} else {
			pattern++, path++;
		}
	}
}

void http_route(const struct http_route *routes, size_t count, void *ctx, struct http_request *req)
{
	struct http_args args;
	bool known = false;
	for (size_t i = 0; i < count; i++) {
		if (!match(routes[i].pattern, http_request_path(req), &args))
			continue;
		if (routes[i].methods & http_request_method(req)) {
			routes[i].handle(ctx, req, &args);
			return;
		}
		known = true;
	}
	if (known || http_request_method(req) == HTTP_OTHER)
		http_reply_error(req, 405, "this method is not answered here");
	else
		http_reply_error(req, 404, "there is nothing at this address");
}

bool http_arg_u64(const struct http_args *args, unsigned i, uint64_t *v)
{
	uint64_t n = 0;
	if (i >= args->count || args->at[i].len == 0)
		return false;
	for (size_t at = 0; at < args->at[i].len; at++) {
		char c = args->at[i].ptr[at];
		if (c < '0' || c > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(c - '0'), &n))
			return false;
	}
	*v = n;
	return true;
}
