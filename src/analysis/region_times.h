/* SPDX-License-Identifier: MIT */
/* What Go's summarizer does to regions beside their times. */
#ifndef KYMO_ANALYSIS_REGION_TIMES_H
#define KYMO_ANALYSIS_REGION_TIMES_H

#include <kymo/annotations.h>

#include "trace/store.h"

/* The code of the reason `forever`, which ends a life; UINT32_MAX: nobody blocked so. */
uint32_t region_forever_code(const struct kymo_trace *t);
/* When g blocked forever; -1 if it did not. */
kymo_ns region_forever(const struct kymo_trace *t, uint32_t code, kymo_goroutine_ix g);

/* Of two lives under one id Go's map keeps the last. */
static inline bool region_counted(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	return !t->ids_repeat || idmap_peek(&t->row_of_id, t->g.id.at[g]) == g;
}

#endif
