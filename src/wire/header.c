/* SPDX-License-Identifier: MIT */
#include "wire/header.h"

#include <string.h>

#include "base/error.h"
#include "wire/spec.h"

static const unsigned supported[] = {22, 23, 25, 26};
static const unsigned older[] = {5, 7, 8, 9, 10, 11, 19, 21};

static bool one_of(unsigned n, const unsigned *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == n)
			return true;
	return false;
}

/* "go 1." digits " trace" NULs up to 16 bytes; no leading zero. */
static bool parse(const uint8_t *b, unsigned *version)
{
	static const char head[] = "go 1.", tail[] = " trace";
	size_t i = sizeof head - 1, digits = 0;
	unsigned n = 0;
	if (memcmp(b, head, i) != 0)
		return false;
	for (; i < WIRE_HEADER_BYTES && b[i] >= '0' && b[i] <= '9'; i++, digits++)
		n = n * 10 + (unsigned)(b[i] - '0');
	if (digits == 0 || digits > 4 || b[5] == '0')
		return false;
	if (i + sizeof tail - 1 > WIRE_HEADER_BYTES || memcmp(b + i, tail, sizeof tail - 1) != 0)
		return false;
	for (i += sizeof tail - 1; i < WIRE_HEADER_BYTES; i++)
		if (b[i])
			return false;
	*version = n;
	return true;
}

enum kymo_status wire_header_read(const uint8_t *bytes, size_t len, unsigned *version,
                                  struct kymo_error *err)
{
	if (len == 0)
		return error_set(err, KYMO_E_NOT_TRACE, 0, 0,
		                 "the input is empty, not a Go execution trace");
	if (len < WIRE_HEADER_BYTES) {
		static const char start[] = "go 1.";
		size_t n = len < sizeof start - 1 ? len : sizeof start - 1;
		if (memcmp(bytes, start, n) == 0)
			return error_set(
				err, KYMO_E_NOT_TRACE, len, 0,
				"the input ends at offset %zu, inside the %u-byte header of a Go execution trace",
				len, WIRE_HEADER_BYTES);
		return error_set(err, KYMO_E_NOT_TRACE, 0, 0,
		                 "not a Go execution trace: only %zu bytes, and none of its header",
		                 len);
	}
	if (!parse(bytes, version))
		return error_set(err, KYMO_E_NOT_TRACE, 0, 0,
		                 "not a Go execution trace: it does not begin with \"go 1.N trace\"");
	if (one_of(*version, supported, sizeof supported / sizeof *supported))
		return KYMO_OK;
	if (one_of(*version, older, sizeof older / sizeof *older))
		return error_set(
			err, KYMO_E_TOO_OLD, 0, 0,
			"a trace in the older format go 1.%u; this version reads those of Go 1.22 to 1.27, the formats "
			"of Go 1.7 to 1.21 are to be supported later",
			*version);
	return error_set(
		err, KYMO_E_TOO_NEW, 0, 0,
		"unknown trace format go 1.%u, probably of a newer Go; this version knows go 1.22, 1.23, 1.25 and 1.26",
		*version);
}
