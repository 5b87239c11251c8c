/* SPDX-License-Identifier: MIT */
/*
 * Addresses to listen on, and the judgement of Host headers. Hosts come from the network: every
 * byte is doubted.
 */
#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool port_parse(const char *s, uint16_t *out)
{
	uint32_t v = 0;
	if (*s == 0)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (uint32_t)(*s - '0');
		if (v > 65535)
			return false;
	}
	*out = (uint16_t)v;
	return true;
}

/*
 * Splits "host:port", "[v6]:port" and "host"; false if neither. `*port` is "" where there is none.
 */
static bool host_split(const char *s, char *host, size_t cap, const char **port)
{
	const char *begin = s, *end;
	if (*s == '[') {
		begin = s + 1;
		end = strchr(begin, ']');
		if (!end || (end[1] != 0 && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : "";
	} else {
		end = strchr(s, ':');
		if (end && strchr(end + 1, ':'))
			return false;
		*port = end ? end + 1 : "";
		if (!end)
			end = s + strlen(s);
	}
	size_t len = (size_t)(end - begin);
	if (len >= cap)
		return false;
	memcpy(host, begin, len);
	host[len] = 0;
	return true;
}

bool http_address_parse(const char *text, struct http_address *out, char *message, size_t cap)
{
	const char *port;
	memset(out, 0, sizeof *out);
	if (port_parse(text, &out->port))
		return true;
	if (strchr(text, ':') && host_split(text, out->host, sizeof out->host, &port) &&
	    port_parse(port, &out->port)) {
		if (strcasecmp(out->host, "localhost") == 0)
			out->host[0] = 0;
		return true;
	}
	snprintf(message, cap, "malformed address \"%.100s\": expected PORT, :PORT or HOST:PORT",
	         text);
	return false;
}

/*
 * The host of a Host header; false if the header is malformed. A port, where there is one, must be
 * a number.
 */
static bool header_host(const char *header, char *host, size_t cap)
{
	const char *port;
	uint16_t ignored;
	return host_split(header, host, cap, &port) && host[0] &&
	       (*port == 0 || port_parse(port, &ignored));
}

bool http_host_is_loopback(const char *header)
{
	char host[256];
	struct in_addr a4;
	struct in6_addr a6;
	if (!header_host(header, host, sizeof host))
		return false;
	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &a4) == 1)
		return (ntohl(a4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, host, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6);
}

bool http_host_is_numeric(const char *header)
{
	char host[256];
	struct in_addr a4;
	struct in6_addr a6;
	return header_host(header, host, sizeof host) &&
	       (inet_pton(AF_INET, host, &a4) == 1 || inet_pton(AF_INET6, host, &a6) == 1);
}

bool http_host_is(const char *header, const char *name)
{
	char host[256];
	return header_host(header, host, sizeof host) && strcasecmp(host, name) == 0;
}
