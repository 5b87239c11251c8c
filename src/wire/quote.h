/* SPDX-License-Identifier: MIT */
/* Go's string literals, both ways: the text form of traces and Go's dumps write strings so. */
#ifndef KYMO_WIRE_QUOTE_H
#define KYMO_WIRE_QUOTE_H

#include "base/buf.h"

/* Appends the double-quoted literal of these bytes, exactly as Go's strconv.Quote and %q write it. */
void quote_put(struct buf *b, const char *s, size_t len);

/*
 * Appends the bytes that a literal stands for: "..." with escapes, `...` without, or one character in '...'.
 * False if `s` is not one whole literal; `b` may then have got a part of it.
 */
bool quote_parse(const char *s, size_t len, struct buf *b);

#endif
