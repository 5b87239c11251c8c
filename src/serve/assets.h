/* SPDX-License-Identifier: MIT */
/*
 * The viewer's files, put into the program while it is built: tools/embed writes the table below
 * from web/dist, or an empty one where the viewer was not built. See src/serve/meson.build.
 */
#ifndef KYMO_SERVE_ASSETS_H
#define KYMO_SERVE_ASSETS_H

#include "http/server.h"

struct asset {
	const char *path;  // as the browser asks for it: "/", "/favicon.svg"
	const char *content_type;
	const char *etag;  // quoted hash of the bytes
	const unsigned char *bytes;
	size_t len;
};

extern const struct asset assets_table[];
extern const size_t assets_count;

/* Answers with the file of the request's path ("/" is the page); 404 if there is none. */
void assets_handle(struct http_request *req);

#endif
