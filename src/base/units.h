/* SPDX-License-Identifier: MIT */
/* Times and sizes as people write and read them. */
#ifndef KYMO_BASE_UNITS_H
#define KYMO_BASE_UNITS_H

#include <kymo/types.h>

/* Reads 1.5ms, 2s, 100us, 3m or plain nanoseconds; not negative. False if the text is none of these. */
bool units_time(const char *text, kymo_ns *out);

/* "1.23 ms", "4 ns", "2.5 s"; "12.3 MB"; "1,234,567". `out` has room for UNITS_SIZE bytes; returns `out`. */
#define UNITS_SIZE 32
const char *units_duration(char *out, kymo_ns ns);
const char *units_bytes(char *out, uint64_t bytes);
const char *units_count(char *out, uint64_t n);

#endif
