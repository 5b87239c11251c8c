/* SPDX-License-Identifier: MIT */
/*
 * The viewer's server: the page, and what it asks for of one trace (docs/internals/http.md). It
 * listens before there is a trace, so that the page is there at once and shows the loading.
 *
 *     struct serve *s;
 *     if (!serve_start(&address, &s, message, sizeof message)) ...
 *     if (serve_load(s, in, &options, &err) != KYMO_OK) ...       // in any thread; answers 503 until it is done
 *     ...
 *     serve_stop(s);
 */
#ifndef KYMO_SERVE_SERVE_H
#define KYMO_SERVE_SERVE_H

#include <kymo/trace.h>

#include "http/server.h"

struct serve;

/* False, and one sentence, if it can not listen there. */
bool serve_start(const struct http_address *address, struct serve **out, char *message, size_t cap);
const char *serve_url(const struct serve *s);
/* Does it answer other machines, too? */
bool serve_is_public(const struct serve *s);
/*
 * Loads the trace and makes what the viewer needs of it; once per server. The input may be closed
 * afterwards. Errors: as kymo_trace_load; everything else goes on answering 503 then.
 */
enum kymo_status serve_load(struct serve *s, struct kymo_input *in,
                            const struct kymo_load_options *options, struct kymo_error *err);
/* The trace that is served; NULL before serve_load is done. */
const struct kymo_trace *serve_trace(const struct serve *s);
/*
 * Makes a serve_load under way in another thread end with KYMO_E_CANCELLED. May be called from a
 * signal handler.
 */
void serve_cancel(struct serve *s);
/* serve_load must have returned. NULL is fine. */
void serve_stop(struct serve *s);

#endif
