/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum kymo_status error_set(struct kymo_error *err, enum kymo_status status, uint64_t offset,
                           uint64_t generation, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		*err = (struct kymo_error){
			.status = status, .offset = offset, .generation = generation};
		va_start(ap, fmt);
		vsnprintf(err->message, sizeof err->message, fmt, ap);
		va_end(ap);
	}
	return status;
}

const char *kymo_status_name(enum kymo_status status)
{
	switch (status) {
	case KYMO_OK: return "ok";
	case KYMO_E_IO: return "input/output error";
	case KYMO_E_NOT_TRACE: return "not a trace";
	case KYMO_E_TOO_OLD: return "format too old";
	case KYMO_E_TOO_NEW: return "format too new";
	case KYMO_E_DAMAGED: return "damaged";
	case KYMO_E_CANCELLED: return "cancelled";
	case KYMO_E_MEMORY: return "no memory";
	case KYMO_E_RANGE: return "argument out of range";
	case KYMO_E_LIMIT: return "too large";
	}
	return "unknown status";
}
