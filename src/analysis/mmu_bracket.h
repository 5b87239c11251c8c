/* SPDX-License-Identifier: MIT */
/*
 * Where a quantile is looked for: between two values. What weighs less is counted, what lies inside is remembered, and then
 * looked for in ever narrower brackets.
 */
#ifndef KYMO_ANALYSIS_MMU_BRACKET_H
#define KYMO_ANALYSIS_MMU_BRACKET_H

#include <kymo/analysis.h>

#include "base/vec.h"

/* A straight part of the distribution; where low is high, all of it is at one value. */
struct mmu_piece {
	double low, high, mass;
};

struct mmu_bracket {
	double want;       // mass up to the quantile
	double low, high;  // where it is looked for
	double flat;       // what varies less is at one value
	double below;      // mass that lies lower
	double through;  // mass for each unit of value, of the pieces that pass all through the bracket
	double inside;  // mass of the others, as far as they lie inside
	VEC(struct mmu_piece) pieces;
	/*
	 * Many windows may have one and the same mean, right above the bracket (all procs but one, say). They are counted only
	 * until it is clear that the quantile is not above it, either.
	 */
	bool edge;
	double at_edge;
	size_t margin;     // of the sample's ranks
	bool sampled;      // at its first margin
	unsigned guesses;  // that are left before a sample is drawn
	bool done;
	double answer;
};

/* Windows that begin in [begin, end), whose means are between low and high. */
struct mmu_stretch {
	double low, high;
	kymo_ns begin, end;
	uint32_t part;
};

#define MMU_RUN 64u
#define MMU_GROUP 8u

/* Pieces next to one another, from value[i] to value[i + 1] or the other way; most of their groups lie on one side of brackets. */
struct mmu_run {
	size_t count;
	double value[MMU_RUN + 1], mass[MMU_RUN];
	double least[MMU_RUN / MMU_GROUP], most[MMU_RUN / MMU_GROUP], sum[MMU_RUN / MMU_GROUP];
};

#define MMU_BUCKETS 1024u

/* Mass by value between two values. What is spread over several buckets is kept as differences. */
struct mmu_histogram {
	double low, per;                // buckets for each unit of value
	double at[MMU_BUCKETS];         // in the bucket alone
	double slope[MMU_BUCKETS + 1];  // in each from here on
};

/* Nothing was weighed; what lies at `high` or a hair above it is at the edge, if there is to be one. */
void mmu_bracket_set(struct mmu_bracket *b, double low, double high, bool edge);
/* Its groups, of the values. */
void mmu_run_make(struct mmu_run *r);
/* Weighs the pieces of a run that was made. False: no memory. */
bool mmu_bracket_weigh(struct mmu_bracket *b, const struct mmu_run *r);
/*
 * Between what the stretches say it must lie, of which all that is not counted below is there, or above. For each, what it
 * weighs surely lies up to its high value, and may lie up to its low one.
 */
void mmu_bracket_narrow(struct mmu_bracket *b, const struct mmu_stretch *s, size_t count,
                        struct mmu_histogram *spare);
/* What was weighed so far does not tell whether the quantile is at the edge or above. */
bool mmu_bracket_needs_edge(const struct mmu_bracket *b);
/* Everything is weighed: whether the quantile is in the bracket. */
bool mmu_bracket_has_it(const struct mmu_bracket *b);
/* Then b->answer. False: no memory. */
bool mmu_bracket_solve(struct mmu_bracket *b, struct mmu_histogram *spare);

#endif
