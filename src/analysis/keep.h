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

#endif
