/* SPDX-License-Identifier: MIT */
/* The parts of kymo_keep (<kymo/keep.h>): each makes its own and puts it into its slot (trace/kept.h). */
#ifndef KYMO_ANALYSIS_KEEP_H
#define KYMO_ANALYSIS_KEEP_H

#include <kymo/keep.h>

#include "trace/store.h"

static inline bool keep_stopped(const bool *stop)
{
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

/* Of a part that was not made for want of memory, or because it was stopped. */
static inline enum kymo_status keep_failed(const bool *stop)
{
	return keep_stopped(stop) ? KYMO_E_LIMIT : KYMO_E_MEMORY;
}

#endif
