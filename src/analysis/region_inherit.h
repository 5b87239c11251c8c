/* SPDX-License-Identifier: MIT */
/*
 * Regions that only Go's summarizer has: a goroutine created inside a region gets a nameless one.
 *
 *     struct region_inherit h = {0};
 *     if (!region_inherit_find(&h, t)) return no_memory;
 *     region_inherit_free(&h);
 */
#ifndef KYMO_ANALYSIS_REGION_INHERIT_H
#define KYMO_ANALYSIS_REGION_INHERIT_H

#include <kymo/annotations.h>

#include "base/vec.h"
#include "trace/store.h"

struct inherited {
	kymo_goroutine_ix goroutine;
	uint64_t task;
	uint32_t ended_by;  // a row of regions: its end found nothing else open, so it ended this; KYMO_NO_ROW: nobody
};
struct region_inherit {
	VEC(struct inherited) rows;  // in order of creation
	uint8_t *swallowed;  // [regions] this end ended an inherited region, and makes no region of its own
};

bool region_inherit_find(struct region_inherit *h, const struct kymo_trace *t);
void region_inherit_free(struct region_inherit *h);

#endif
