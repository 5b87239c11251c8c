/* SPDX-License-Identifier: MIT */
/* Filling in a struct kymo_error. */
#ifndef KYMO_BASE_ERROR_H
#define KYMO_BASE_ERROR_H

#include <kymo/error.h>

/* Writes the error where `err` is not NULL, and returns the status. */
enum kymo_status error_set(struct kymo_error *err, enum kymo_status status, uint64_t offset,
                           uint64_t generation, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define error_memory(err) error_set(err, KYMO_E_MEMORY, 0, 0, "no memory left")

#endif
