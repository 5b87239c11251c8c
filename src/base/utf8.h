/* SPDX-License-Identifier: MIT */
/* Which bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
#ifndef KYMO_BASE_UTF8_H
#define KYMO_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the sequence that begins at `s` (`len` >= 1), 0 if it is none; *rune is what it encodes. */
static inline size_t utf8_decode(const char *s, size_t len, uint32_t *rune)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char c = p[0];
	if (c < 0x80) {
		*rune = c;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf && len >= 2 && (p[1] & 0xc0) == 0x80) {
		*rune = (c & 0x1fu) << 6 | (p[1] & 0x3fu);
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef && len >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
		*rune = (c & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return *rune >= 0x800 && (*rune < 0xd800 || *rune > 0xdfff) ? 3 : 0;
	}
	if (c >= 0xf0 && c <= 0xf4 && len >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 &&
	    (p[3] & 0xc0) == 0x80) {
		*rune = (c & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
		return *rune >= 0x10000 && *rune <= 0x10ffff ? 4 : 0;
	}
	return 0;
}

/* Writes the rune's bytes (at most 4) to `out`; how many. The rune must be a valid one. */
static inline size_t utf8_encode(uint32_t rune, char *out)
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xc0 | rune >> 6);
		out[1] = (char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xe0 | rune >> 12);
		out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		out[2] = (char)(0x80 | (rune & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | rune >> 18);
	out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	out[3] = (char)(0x80 | (rune & 0x3f));
	return 4;
}

#endif
