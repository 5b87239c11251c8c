/* SPDX-License-Identifier: MIT */
/*
 * Unsigned LEB128 of up to 64 bits, as encoding/binary has it: at most ten bytes, the tenth 0 or 1; padded forms
 * are accepted.
 *
 * Two readers. The checked one stops at `end`. The fast one trusts its caller that the bytes of one whole event are
 * there; most varints have one byte, almost all at most three, so it tests byte by byte: lengths repeat, and the
 * predictor then runs ahead of the chain of loads that any branch-free form waits for.
 */
#ifndef KYMO_WIRE_VARINT_H
#define KYMO_WIRE_VARINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bug.h"

/* Reads one; advances *p. False, with *p anywhere, if it runs past `end` or past 64 bits. */
static inline bool varint_read(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
	uint64_t v = 0;
	const uint8_t *q = *p;
	for (unsigned shift = 0; q < end && shift < 70; shift += 7) {
		uint8_t b = *q++;
		if (shift == 63 && b > 1)
			return false;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*p = q;
			*out = v;
			return true;
		}
	}
	return false;
}

/* The rest of a varint of more than four bytes: `v` holds the first 28 bits. On overflow sets *bad and gives all ones. */
static __attribute__((noinline, unused)) uint64_t varint_long(const uint8_t **p, uint64_t v, bool *bad)
{
	const uint8_t *q = *p;
	for (unsigned shift = 28; shift < 70; shift += 7) {
		uint8_t b = *q++;
		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*p = q;
			return v;
		}
	}
	*p = q;
	*bad = true;
	return UINT64_MAX;
}

/* Reads one that is known to end inside the buffer, or to have ten bytes of it left. Sets *bad on overflow. */
static always_inline uint64_t varint_fast(const uint8_t **p, bool *bad)
{
	const uint8_t *q = *p;
	uint64_t v = q[0];
	if (likely(v < 0x80)) {
		*p = q + 1;
		return v;
	}
	v = (v & 0x7f) | (uint64_t)q[1] << 7;
	if (likely(q[1] < 0x80)) {
		*p = q + 2;
		return v;
	}
	v = (v & 0x3fff) | (uint64_t)q[2] << 14;
	if (likely(q[2] < 0x80)) {
		*p = q + 3;
		return v;
	}
	v = (v & 0x1fffff) | (uint64_t)q[3] << 21;
	if (likely(q[3] < 0x80)) {
		*p = q + 4;
		return v;
	}
	*p = q + 4;
	return varint_long(p, v & 0xfffffff, bad);
}

#endif
