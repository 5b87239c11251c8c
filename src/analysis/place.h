/* SPDX-License-Identifier: MIT */
/*
 * A line of the program, as people write it: "FILE:LINE", where FILE may be a path's tail, or "0xPC".
 *
 *     struct place p;
 *     if (!place_parse(&p, "server.go:42")) ...
 *     if (place_is(t, &frames[0], &p)) ...
 */
#ifndef KYMO_ANALYSIS_PLACE_H
#define KYMO_ANALYSIS_PLACE_H

#include <kymo/trace.h>

struct place {
	const char *file;  // within the text that was parsed; NULL: by pc
	size_t len;
	uint64_t line, pc;
};

/* False: it is neither. */
bool place_parse(struct place *p, const char *text);
bool place_is(const struct kymo_trace *t, const struct kymo_frame *f, const struct place *p);

#endif
