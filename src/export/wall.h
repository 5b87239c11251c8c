/* SPDX-License-Identifier: MIT */
/* Wall clock times as Go's RFC3339Nano prints them, in the local time zone. */
#ifndef KYMO_EXPORT_WALL_H
#define KYMO_EXPORT_WALL_H

#include "base/buf.h"

/* "2026-11-21T03:47:55.397765281Z": no trailing zeros in the fraction, none at all if it is 0. */
void wall_put(struct buf *out, int64_t unix_sec, uint32_t nsec);

#endif
