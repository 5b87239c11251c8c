/* SPDX-License-Identifier: MIT */
/*
 * From a path to a function: a table, looked through in order.
 *
 *     static const struct http_route routes[] = {
 *             {HTTP_GET, "/api/group/:/goroutines", group_goroutines},      // ':' stands for one segment
 *     };
 *     http_route(routes, 1, ctx, req);
 */
#ifndef KYMO_HTTP_ROUTER_H
#define KYMO_HTTP_ROUTER_H

#include "http/server.h"

#define HTTP_ROUTE_ARGS 4

/* The segments that stood for ':', in order; not terminated. */
struct http_args {
	unsigned count;
	struct {
		const char *ptr;
		size_t len;
	} at[HTTP_ROUTE_ARGS];
};

struct http_route {
	unsigned methods;  // bits of enum http_method
	const char *pattern;
	void (*handle)(void *ctx, struct http_request *req, const struct http_args *args);
};

/*
 * Calls the function of the first route that fits; otherwise replies 404, or 405 if only the method
 * is wrong.
 */
void http_route(const struct http_route *routes, size_t count, void *ctx, struct http_request *req);

/* An argument that must be a plain decimal number below 2^64; false if it is not. */
bool http_arg_u64(const struct http_args *args, unsigned i, uint64_t *v);

#endif
