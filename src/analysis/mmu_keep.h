/* SPDX-License-Identifier: MIT */
/*
 * Step functions that are kept with a trace, of the usual set of flags and the one that was last asked for: a window of
 * them is had for nothing.
 */
#ifndef KYMO_ANALYSIS_MMU_KEEP_H
#define KYMO_ANALYSIS_MMU_KEEP_H

#include "analysis/keep.h"
#include "analysis/mmu.h"

/* KYMO_KEEP_MMU: the usual set, and room for one more. */
enum kymo_status mmu_keep(struct kymo_trace *t, const bool *stop);

/* One more user of those that are kept; NULL: they are not. */
struct mmu_whole *mmu_kept_find(const struct kymo_trace *t, unsigned flags, enum kymo_rules rules);
/* Keeps them, too, if the trace keeps any; but the usual set, what was kept goes. */
void mmu_kept_add(const struct kymo_trace *t, struct mmu_whole *x);

#endif
