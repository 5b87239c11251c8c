/* SPDX-License-Identifier: MIT */
/*
 * All windows, weighed for brackets: which bands may have means inside of one is looked for from level to level; what they
 * have is taken from bend to bend; all others are counted as what they are, below or above.
 */
#ifndef KYMO_ANALYSIS_MMU_WEIGH_H
#define KYMO_ANALYSIS_MMU_WEIGH_H

#include "analysis/mmu.h"
#include "analysis/mmu_bracket.h"

typedef VEC(struct mmu_stretch) mmu_stretches;

/* Where a bracket is, in short. */
struct mmu_limits {
	double low, last;  // what lies between these may be inside
	double top;        // of its edge
	struct mmu_bracket *of;
};

struct mmu_weighing {
	const struct kymo_mmu *m;
	kymo_ns window;
	VEC(double) low;  // of all of the longest bands
	VEC(double) high;
	VEC(struct mmu_bracket) brackets;
	VEC(struct mmu_limits) limits;  // of those that are not done
	double top;                     // of all: what is above it does not matter
	VEC(struct mmu_bracket *) touched;
	mmu_stretches inside[MMU_LEVELS];  // bands inside of a bracket
	mmu_stretches edges;               // at the edge of one, and inside of none
	struct mmu_histogram histogram;
};

static inline kymo_ns mmu_room(const struct mmu_part *p, kymo_ns w)
{
	return mmu_duration(p) > w ? mmu_duration(p) - w : 0;
}

/* Bounds of the longest bands. False: no memory. */
bool mmu_weighing_begin(struct mmu_weighing *x, const struct kymo_mmu *m, kymo_ns window);
/* One more bracket, which may have memory from before; of its fields only `pieces` is of use. NULL: no memory. */
struct mmu_bracket *mmu_weighing_add(struct mmu_weighing *x);
/*
 * For all brackets that are not done, after they were set: finds what may be inside, in x->inside[MMU_FINEST], and narrows
 * brackets by that. Then they may be narrowed further, and all is weighed. False: no memory.
 */
bool mmu_find_inside(struct mmu_weighing *x);
bool mmu_weigh_inside(struct mmu_weighing *x);
void mmu_weighing_free(struct mmu_weighing *x);

#endif
