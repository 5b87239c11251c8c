/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server for a page of our own: a thin face on libmicrohttpd. It listens, keeps
 * strangers' pages out, hands each complete request to one function (from several threads at once),
 * and sends the reply.
 *
 *     struct http_options o = {.address = a, .handle = handle, .ctx = &app};
 *     struct http_server *s;
 *     if (!http_server_start(&o, &s, message, sizeof message)) ...
 *     printf("%s\n", http_server_url(s));
 *     http_server_stop(s);
 *
 * Guards, before `handle` is called: `Host` must name this machine (or the host that was asked for;
 * with every interface, also any address in numbers), so that a name rebound to 127.0.0.1 reads
 * nothing; an `Origin`, where there is one, must be that of the Host. Anything else is answered
 * 403.
 */
#ifndef KYMO_HTTP_SERVER_H
#define KYMO_HTTP_SERVER_H

#include "http/address.h"

struct http_server;
struct http_request;

enum http_method {
	HTTP_GET = 1,  // HEAD too: the body is left out on the way
	HTTP_POST = 2,
	HTTP_OTHER = 4,
};

struct http_options {
	struct http_address address;
	unsigned threads;  // 0: 3
	size_t max_body;   // of a POST, bytes; larger ones are answered 413. 0: 64 KiB
	void (*handle)(void *ctx, struct http_request *req);  // must reply
	void *ctx;
};

/*
 * Listens and answers from now on. False, and one sentence in `message`, if the port is taken,
 * forbidden ...
 */
bool http_server_start(const struct http_options *options, struct http_server **out, char *message,
                       size_t cap);
/*
 * "http://127.0.0.1:6060/": where a browser on this machine finds it. Lives as long as the server.
 */
const char *http_server_url(const struct http_server *s);
/* Does it answer other machines, too? */
bool http_server_is_public(const struct http_server *s);
uint16_t http_server_port(const struct http_server *s);
/* Waits for the replies under way. NULL is fine. */
void http_server_stop(struct http_server *s);

/* ---- a request, valid while it is handled ---- */

enum http_method http_request_method(const struct http_request *req);
/* Unescaped, begins with '/'. */
const char *http_request_path(const struct http_request *req);
/* NULL if absent. */
const char *http_request_query(const struct http_request *req, const char *name);
/* Calls `each` for every argument of the query, in any order; `value` is NULL without a '='. False from it stops. */
void http_request_query_each(const struct http_request *req,
                             bool (*each)(void *ctx, const char *name, const char *value), void *ctx);
/* 1: there, a plain decimal number in `*v`; 0: absent; -1: there, and no such number. */
int http_request_query_u64(const struct http_request *req, const char *name, uint64_t *v);
const char *http_request_body(const struct http_request *req, size_t *len);

/* ---- its reply, exactly one ---- */

enum http_own {
	HTTP_COPY,    // the reply takes a copy
	HTTP_STATIC,  // outlives the server
	HTTP_FREE,    // malloc'ed: the reply frees it
};

struct http_reply {
	unsigned status;   // 0: 200
	const char *type;  // "text/html; charset=utf-8"
	const void *body;
	size_t len;
	enum http_own own;
	const char *etag;      // quoted, or NULL; a request that has it already is answered 304
	bool immutable;        // the same bytes for ever under this address
	const char *location;  // of a 302: where to look instead, or NULL
	const char *attachment;  // a browser saves it under this name (letters, digits, dots, dashes), or NULL
};
void http_reply(struct http_request *req, const struct http_reply *reply);
/* {"error": "one sentence"} */
void http_reply_error(struct http_request *req, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
