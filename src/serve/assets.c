/* SPDX-License-Identifier: MIT */
/*
 * Files are asked for again each time and answered 304 by their hash: a new version of kymo is seen
 * at once.
 */
#include "serve/assets.h"

#include <string.h>

/* What a program without its viewer shows. */
static const char no_viewer[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Kymo</title>\n"
	"<h1>This kymo was built without its viewer</h1>\n"
	"<p>The viewer is made with Node. Install it (version 20 or later; on Debian and Ubuntu: "
	"<code>apt install nodejs npm</code>), then in Kymo's source folder run <code>make web all</code> and start "
	"<code>build/kymo</code> again.</p>\n"
	"<p>What the viewer would show can be had as data: <a href=\"/api/trace\">/api/trace</a>, "
	"<a href=\"/api/report/goroutines\">/api/report/goroutines</a>.</p>\n";

static const struct asset *find(const char *path)
{
	for (size_t i = 0; i < assets_count; i++)
		if (strcmp(assets_table[i].path, path) == 0)
			return &assets_table[i];
	return NULL;
}

void assets_handle(struct http_request *req)
{
	const char *path = http_request_path(req);
	bool page = strcmp(path, "/") == 0;
	const struct asset *a = find(path);
	if (http_request_method(req) != HTTP_GET)
		http_reply_error(req, 405, "this method is not answered here");
	else if (a)
		http_reply(req, &(struct http_reply){.type = a->content_type,
		                                     .body = a->bytes,
		                                     .len = a->len,
		                                     .own = HTTP_STATIC,
		                                     .etag = a->etag});
	else if (page)
		http_reply(req, &(struct http_reply){.type = "text/html; charset=utf-8",
		                                     .body = no_viewer,
		                                     .len = sizeof no_viewer - 1,
		                                     .own = HTTP_STATIC});
	else
		http_reply_error(req, 404, "there is nothing at this address");
}
