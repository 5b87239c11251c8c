/* SPDX-License-Identifier: MIT */
/*
 * The smallest HTTP client: one request a connection, headers as they are given, so that a test can
 * send any nonsense.
 */
#ifndef KYMO_TESTS_SUPPORT_HTTP_CLIENT_H
#define KYMO_TESTS_SUPPORT_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

struct answer {
	int status;  // 0: the server hung up without one
	char *head;  // status line and headers
	char *body;
	size_t len;
};

static inline int client_connect(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	                         .sin_port = htons(port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return fd;
}

static inline struct answer client_send(uint16_t port, const char *bytes, size_t len)
{
	struct answer a = {0};
	size_t cap = 1 << 16, have = 0;
	char *all = malloc(cap);
	int fd = client_connect(port);
	assert_non_null(all);
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			break;  // refused halfway: what it had to say is read below
		bytes += n;
		len -= (size_t)n;
	}
	for (;;) {
		if (have + 1 == cap)
			all = realloc(all, cap *= 2);
		assert_non_null(all);
		ssize_t n = recv(fd, all + have, cap - have - 1, 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	all[have] = 0;
	a.head = all;
	char *end = memmem(all, have, "\r\n\r\n", 4);
	if (end && sscanf(all, "HTTP/1.1 %d", &a.status) == 1) {
		*end = 0;
		a.body = end + 4;
		a.len = have - (size_t)(a.body - all);
	} else {
		a.body = all + have;
	}
	return a;
}

/* `headers`: further ones, each ended by CRLF; with a Host unless they hold one. */
static inline struct answer client_ask(uint16_t port, const char *method, const char *path,
                                       const char *headers, const char *body)
{
	char host[64];
	size_t cap = strlen(path) + strlen(headers) + strlen(body) + 300;
	char *text = malloc(cap);
	assert_non_null(text);
	snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", port);
	int n = snprintf(text, cap, "%s %s HTTP/1.1\r\n%s%sConnection: close\r\n", method, path,
	                 strstr(headers, "Host:") ? "" : host, headers);
	if (strcmp(method, "POST") == 0 && !strstr(headers, "Content-Length") &&
	    !strstr(headers, "chunked"))
		n += snprintf(text + n, cap - (size_t)n, "Content-Length: %zu\r\n", strlen(body));
	n += snprintf(text + n, cap - (size_t)n, "\r\n%s", body);
	struct answer a = client_send(port, text, (size_t)n);
	free(text);
	return a;
}

static inline struct answer client_get(uint16_t port, const char *path)
{
	return client_ask(port, "GET", path, "", "");
}

static inline void answer_free(struct answer *a)
{
	free(a->head);
}

/* The status of a GET. */
static inline int client_status(uint16_t port, const char *path, const char *headers)
{
	struct answer a = client_ask(port, "GET", path, headers, "");
	int status = a.status;
	answer_free(&a);
	return status;
}

#endif
