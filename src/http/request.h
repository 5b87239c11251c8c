/* SPDX-License-Identifier: MIT */
/* What a request is made of; shared by the files of this folder only. */
#ifndef KYMO_HTTP_REQUEST_H
#define KYMO_HTTP_REQUEST_H

#include <microhttpd.h>

#include "http/server.h"

struct http_request {
	struct MHD_Connection *connection;
	const char *path;
	enum http_method method;
	char *body;
	size_t body_len, body_cap;
	uint64_t body_seen;  // bytes that arrived, kept or not
	bool replied;
};

#endif
