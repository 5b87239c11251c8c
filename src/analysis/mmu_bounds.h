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

/* Of a window that has few points: sums of all of the trace differ by little then, and all of their error would be in it. */
static inline double mmu_held_by_few(const struct util_point *l, const struct util_point *r,
                                     kymo_ns from, kymo_ns to)
{
	double held = 0;
	for (; l < r; from = (++l)->time)
		held += l->value * (double)(l[1].time - from);
	return held + r->value * (double)(to - from);
}

static inline struct mmu_bends mmu_bends_from(const struct mmu_series *s, kymo_ns w, kymo_ns time)
{
	size_t l = mmu_point_at(s, time), r = mmu_point_at(s, time + w);
	double scale = 1 / (double)w, held;
	if (r - l <= MMU_SUMS)
		held = mmu_held_by_few(&s->at[l], &s->at[r], time, time + w);
	else
		held = mmu_sum(s, r, time + w) - mmu_sum(s, l, time);
	return (struct mmu_bends){&s->at[l], &s->at[r], time, w, held, held * scale, scale};
}

/*
 * To the next ones, `max` at most, and to `end`. mean[0] is where it was, mean[i + 1] where it comes to after another
 * length[i]. Returns how many. Which edge meets a bend is nothing that a processor could foresee: masks choose, for compilers
 * make branches of conditions; and what comes behind the next point is read before it is needed.
 */
static inline size_t mmu_bends_next(struct mmu_bends *b, kymo_ns end, size_t max, double *mean,
                                    double *length)
{
	const struct util_point *l = b->l, *r = b->r;
	kymo_ns time = b->time, w = b->w, x = l[1].time, y = r[1].time - w;
	kymo_ns after_x = l[2].time, after_y = r[2].time - w;
	double held = b->held, scale = b->scale;
	size_t n = 0;
	mean[0] = b->mean;
	while (n < max) {
		kymo_ns next = x < y ? x : y, apart = x - y;
		kymo_ns left = (apart - 1) >> 63, right = ~apart >> 63;  // -1 or 0
		if (next > end)
			break;
		double by = (double)(next - time);
		held += (r->value - l->value) * by;
		x ^= (x ^ after_x) & left;
		y ^= (y ^ after_y) & right;
		l -= left;
		r -= right;
		after_x = l[2].time;
		after_y = r[2].time - w;
		time = next;
		length[n++] = by;
		mean[n] = held * scale;
	}
	if (n < max && time < end) {
		double by = (double)(end - time);
		held += (r->value - l->value) * by;
		time = end;
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

#define MMU_FEW 8u  // bends that are sooner looked at than bounds made

/* About how many there are while the window begins in [from, to). */
static inline size_t mmu_bends_in(const struct mmu_series *s, kymo_ns w, kymo_ns from, kymo_ns to)
{
	size_t last = s->level[MMU_FINEST].count, a = mmu_band(s, MMU_FINEST, from),
	       b = mmu_band(s, MMU_FINEST, to - 1) + 1, c = mmu_band(s, MMU_FINEST, from + w),
	       d = mmu_band(s, MMU_FINEST, to - 1 + w) + 1;
	return s->first[b < last ? b : last] - s->first[a] + s->first[d < last ? d : last] -
	       s->first[c];
}

#endif
