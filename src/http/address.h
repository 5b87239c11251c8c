/* SPDX-License-Identifier: MIT */
/*
 * Where to listen, as people write it: "6060", ":6060", "host:6060", "[::1]:6060". No host means
 * this machine only; every interface has to be asked for by name ("0.0.0.0:6060"). Port 0 is a free
 * one.
 */
#ifndef KYMO_HTTP_ADDRESS_H
#define KYMO_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_address {
	char host[256];  // "" = this machine only
	uint16_t port;
};

/* False, and one sentence in `message`, if `text` is none of the forms above. */
bool http_address_parse(const char *text, struct http_address *out, char *message, size_t cap);

/* Is the `host` or `host:port` of a request's Host header a name of this machine itself? */
bool http_host_is_loopback(const char *header);
/*
 * Is it an address in numbers? A page of somebody else can not be reached under one by rebinding a
 * name.
 */
bool http_host_is_numeric(const char *header);
/* Is it `name`, in any case, whatever the port? */
bool http_host_is(const char *header, const char *name);

#endif
