/* SPDX-License-Identifier: MIT */
/*
 * The spans of every goroutine, worked out from the ordered events in the most obvious way, and compared with what
 * the store says: same lives, same bounds, states, procs, reasons and stacks; and what must hold of spans anyway
 * (no gap, no overlap, they sum to the life).
 */
#ifndef KYMO_TESTS_SUPPORT_SLOW_SPANS_H
#define KYMO_TESTS_SUPPORT_SLOW_SPANS_H

#include <kymo/kymo.h>

/* True if reader and store agree on these bytes (both refusing them is agreement); else `why` says where not. */
bool slow_spans_agree(const void *bytes, size_t len, char why[256]);

#endif
