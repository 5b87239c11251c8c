/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd calls `access_handler` several times per request: once when the headers are there
 * (guards), then for each piece of the body (collected), then with an empty piece (handled). The
 * listening socket is ours, made before the library starts, so that a taken port gives a sentence
 * and not a silence.
 */
#include "http/server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/request.h"

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_options options;
	bool any_interface, loopback;
	uint16_t port;
	char url[300];
};

/*
 * A body that is too large is read to its end, so that the answer gets through; one that goes on is
 * cut off.
 */
#define BODY_PATIENCE 16u

static bool guard(const struct http_server *s, struct http_request *req)
{
	const char *host = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Host");
	const char *origin = MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, "Origin");
	const char *named = s->options.address.host;
	if (!host || !(http_host_is_loopback(host) || (named[0] && http_host_is(host, named)) ||
	               (s->any_interface && http_host_is_numeric(host)))) {
		http_reply_error(
			req, 403,
			"this server does not answer to that name; use the address it printed");
		return false;
	}
	if (origin && (strncmp(origin, "http://", 7) != 0 || strcasecmp(origin + 7, host) != 0)) {
		http_reply_error(req, 403, "pages of other origins get nothing here");
		return false;
	}
	return true;
}

static enum http_method method_of(const char *name)
{
	if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0)
		return HTTP_GET;
	return strcmp(name, "POST") == 0 ? HTTP_POST : HTTP_OTHER;
}

/* Keeps what fits; false if the connection is to be closed. */
static bool body_take(const struct http_server *s, struct http_request *req, const char *bytes,
                      size_t len)
{
	req->body_seen += len;
	if (req->body_seen > s->options.max_body)
		return req->body_seen <= (uint64_t)s->options.max_body * BODY_PATIENCE;
	if (req->body_len + len > req->body_cap) {
		size_t cap = req->body_cap ? req->body_cap * 2 : 4096;
		while (cap < req->body_len + len)
			cap *= 2;
		char *grown = realloc(req->body, cap);
		if (!grown)
			return false;
		req->body = grown;
		req->body_cap = cap;
	}
	memcpy(req->body + req->body_len, bytes, len);
	req->body_len += len;
	return true;
}

static enum MHD_Result access_handler(void *ctx, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version, const char *upload,
                                      size_t *upload_len, void **slot)
{
	const struct http_server *s = ctx;
	struct http_request *req = *slot;
	(void)version;
	if (!req) {
		req = calloc(1, sizeof *req);
		if (!req)
			return MHD_NO;
		req->connection = connection;
		req->path = url;
		req->method = method_of(method);
		*slot = req;
		guard(s, req);
		return MHD_YES;
	}
	if (*upload_len > 0) {
		bool go_on = body_take(s, req, upload, *upload_len);
		*upload_len = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (req->replied)
		return MHD_YES;
	if (req->body_seen > s->options.max_body)
		http_reply_error(req, 413, "the request is larger than %zu bytes",
		                 s->options.max_body);
	else
		s->options.handle(s->options.ctx, req);
	return req->replied ? MHD_YES : MHD_NO;
}

static void request_done(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
	struct http_request *req = *slot;
	(void)ctx, (void)connection, (void)code;
	if (req)
		free(req->body);
	free(req);
	*slot = NULL;
}

/* Binds and listens; -1 with a sentence. Fills in where that is. */
static int listen_on(struct http_server *s, char *message, size_t cap)
{
	const struct http_address *a = &s->options.address;
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	                         .ai_socktype = SOCK_STREAM,
	                         .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char port[8];
	const char *host = a->host[0] ? a->host : "127.0.0.1";
	int fd = -1, error = 0, one = 1;
	snprintf(port, sizeof port, "%u", a->port);
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0) {
		snprintf(message, cap, "cannot listen on %s:%s: %s", host, port, gai_strerror(rc));
		return -1;
	}
	for (struct addrinfo *i = found; i && fd < 0; i = i->ai_next) {
		fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		            i->ai_protocol);
		if (fd < 0) {
			error = errno;
			continue;
		}
		/*
		 * A port whose last connections still linger is free; one that somebody listens on
		 * stays taken.
		 */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		if (bind(fd, i->ai_addr, i->ai_addrlen) != 0 || listen(fd, 128) != 0) {
			error = errno;
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	if (fd < 0)
		snprintf(message, cap, "cannot listen on %s:%s: %s", host, port, strerror(error));
	return fd;
}

static void learn_address(struct http_server *s, int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof at;
	char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "0";
	memset(&at, 0, sizeof at);
	getsockname(fd, (struct sockaddr *)&at, &len);
	getnameinfo((struct sockaddr *)&at, len, host, sizeof host, port, sizeof port,
	            NI_NUMERICHOST | NI_NUMERICSERV);
	s->port = (uint16_t)strtoul(port, NULL, 10);
	s->any_interface = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
	bool v6 = at.ss_family == AF_INET6;
	char bracketed[NI_MAXHOST + 2];
	snprintf(bracketed, sizeof bracketed, v6 ? "[%s]" : "%s", host);
	s->loopback = http_host_is_loopback(bracketed);
	const char *shown = s->options.address.host;
	if (s->any_interface)
		snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/", s->port);
	else if (v6 || !shown[0])
		snprintf(s->url, sizeof s->url, "http://%.200s:%u/", bracketed, s->port);
	else
		snprintf(s->url, sizeof s->url, "http://%s:%u/", shown, s->port);
}

bool http_server_start(const struct http_options *options, struct http_server **out, char *message,
                       size_t cap)
{
	struct http_server *s = calloc(1, sizeof *s);
	if (!s) {
		snprintf(message, cap, "no memory left");
		return false;
	}
	s->options = *options;
	if (s->options.threads == 0)
		s->options.threads = 3;
	if (s->options.max_body == 0)
		s->options.max_body = 65536;
	int fd = listen_on(s, message, cap);
	if (fd < 0) {
		free(s);
		return false;
	}
	learn_address(s, fd);
	s->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
	                             access_handler, s, MHD_OPTION_LISTEN_SOCKET, fd,          //
	                             MHD_OPTION_THREAD_POOL_SIZE, s->options.threads,          //
	                             MHD_OPTION_CONNECTION_TIMEOUT, 120u,                      //
	                             MHD_OPTION_CONNECTION_LIMIT, 60u * s->options.threads,    //
	                             MHD_OPTION_NOTIFY_COMPLETED, request_done, (void *)NULL,  //
	                             MHD_OPTION_END);
	if (!s->daemon) {
		snprintf(message, cap, "cannot start the web server: %s", strerror(errno));
		close(fd);
		free(s);
		return false;
	}
	*out = s;
	return true;
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

bool http_server_is_public(const struct http_server *s)
{
	return !s->loopback;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_stop(struct http_server *s)
{
	if (!s)
		return;
	MHD_stop_daemon(s->daemon);
	free(s);
}
