/* SPDX-License-Identifier: MIT */
/* The sixteen bytes that a trace begins with: "go 1.N trace" and NULs. */
#ifndef KYMO_WIRE_HEADER_H
#define KYMO_WIRE_HEADER_H

#include <kymo/error.h>

/*
 * Reads the header of a trace and gives N. Only the versions that this reader takes (22, 23, 25, 26) are KYMO_OK.
 * Errors, three kinds: KYMO_E_NOT_TRACE (also empty or cut short), KYMO_E_TOO_OLD (5 to 21, known), KYMO_E_TOO_NEW.
 */
enum kymo_status wire_header_read(const uint8_t *bytes, size_t len, unsigned *version,
                                  struct kymo_error *err);

#endif
