/* SPDX-License-Identifier: MIT */
/*
 * A window that slides over a series: what its mean can be while it begins in a band, and what it is from bend to bend.
 */
#ifndef KYMO_ANALYSIS_MMU_BOUNDS_H
#define KYMO_ANALYSIS_MMU_BOUNDS_H

#include "analysis/mmu.h"

/*
 * Of the means of all windows of length w that begin in bands [band, band + count), wider by `slack` for what rounding does.
 * The last band may be the last in which a window begins that ends with the series. About 4 ns a band.
 */
void mmu_bounds(const struct mmu_bands *s, kymo_ns w, double slack, size_t band, size_t count,
                double *low, double *high);

#define MMU_BATCH 64u

/* Bend by bend. */
struct mmu_bends {
	const struct util_point *l, *r;
	kymo_ns time, w;
	double held, mean, scale;
};

static inline struct mmu_bends mmu_bends_from(const struct mmu_series *s, kymo_ns w, kymo_ns time)
{
	size_t l = mmu_point_at(s, time), r = mmu_point_at(s, time + w);
	double held = mmu_sum(s, r, time + w) - mmu_sum(s, l, time), scale = 1 / (double)w;
	return (struct mmu_bends){&s->at[l], &s->at[r], time, w, held, held * scale, scale};
}

/*
 * To the next ones, `max` at most, and to `end`. mean[0] is where it was, mean[i + 1] where it comes to after another
 * length[i]. Returns how many. Which edge meets a bend is nothing that a processor could foresee: there is no branch for it.
 */
static inline size_t mmu_bends_next(struct mmu_bends *b, kymo_ns end, size_t max, double *mean,
                                    double *length)
{
	const struct util_point *l = b->l, *r = b->r;
	kymo_ns time = b->time, w = b->w, x = l[1].time, y = r[1].time - w;
	double held = b->held, scale = b->scale;
	size_t n = 0;
	mean[0] = b->mean;
	while (n < max && time < end) {
		kymo_ns next = x < y ? x : y;
		bool left = x <= y, right = y <= x;
		if (next > end) {
			next = end;
			left = right = false;
		}
		double by = (double)(next - time);
		held += (r->value - l->value) * by;
		l = left ? l + 1 : l;
		r = right ? r + 1 : r;
		x = l[1].time;
		y = r[1].time - w;
		time = next;
		length[n++] = by;
		mean[n] = held * scale;
	}
	b->l = l;
	b->r = r;
	b->time = time;
	b->held = held;
	b->mean = mean[n];
	return n;
}

#endif
