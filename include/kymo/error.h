/* SPDX-License-Identifier: MIT */
/*
 * How calls fail: a status, and where the caller asks for it a `struct kymo_error` with the place and one
 * sentence for people. Damage that could be read past is not an error; see kymo_damage in trace.h.
 */
#ifndef KYMO_ERROR_H
#define KYMO_ERROR_H

#include <kymo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kymo_status {
	KYMO_OK = 0,
	KYMO_E_IO = -1,  // the system refused: open, read, map, write; see the message
	KYMO_E_NOT_TRACE =
		-2,  // does not begin as a Go execution trace does (empty and cut headers too)
	KYMO_E_TOO_OLD = -3,  // a known format that this version does not read yet (Go 1.5 to 1.21)
	KYMO_E_TOO_NEW = -4,  // a well-formed header of an unknown version
	KYMO_E_DAMAGED = -5,  // the bytes break the format at `offset`
	KYMO_E_CANCELLED = -6,  // the progress callback asked to stop
	KYMO_E_MEMORY = -7,     // the system has no memory left
	KYMO_E_RANGE = -8,      // an argument lies outside what the call accepts
	KYMO_E_LIMIT = -9,      // more rows than 32-bit indices can name
};

struct kymo_error {
	enum kymo_status status;
	uint64_t offset;      // bytes from the start of the (decompressed) trace
	uint64_t generation;  // 0 if the error belongs to none
	char message[256];    // one sentence without a full stop, ends with NUL
};

/** The name of a status ("damaged", "not a trace"); never NULL. */
KYMO_API const char *kymo_status_name(enum kymo_status status);

#ifdef __cplusplus
}
#endif

#endif
