/* SPDX-License-Identifier: MIT */
/*
 * Bounds of means. At the begin of a band the integral is known, and behind the window's other edge, in the midst of a band,
 * it is known between two values; from there on the mean rises and falls no faster than the values allow that either edge
 * meets. Loops without branches, which compilers make four bands at a time of.
 */
#include "analysis/mmu_bounds.h"

static inline double lesser(double a, double b)
{
	return a < b ? a : b;
}

static inline double greater(double a, double b)
{
	return a > b ? a : b;
}

/* Of the mean at the begins of bands, times w. */
static void held_at_begins(const struct mmu_bands *s, kymo_ns w, size_t band, size_t count,
                           double *restrict low, double *restrict high)
{
	size_t behind = band + ((size_t)w >> s->shift);
	const double *before = s->before + band, *sum = s->before + behind;
	const float *least = s->least + behind, *most = s->most + behind;
	kymo_ns length = (kymo_ns)1 << s->shift;
	double rest = (double)(w & (length - 1)), left = (double)length - rest;
	for (size_t i = 0; i < count; i++) {
		double a = sum[i] + (double)least[i] * rest, b = sum[i + 1] - (double)most[i] * left;
		double c = sum[i] + (double)most[i] * rest, d = sum[i + 1] - (double)least[i] * left;
		low[i] = greater(a, b) - before[i];
		high[i] = lesser(c, d) - before[i];
	}
}

/* While the window slides over a band: its left edge is in one, its right in two of the bands. */
static void held_in_bands(const struct mmu_bands *s, kymo_ns w, size_t band, size_t count,
                          const double *restrict low, const double *restrict high,
                          double *restrict out_low, double *restrict out_high)
{
	const float *l_least = s->least + band, *l_most = s->most + band;
	const float *r_least = s->least + band + ((size_t)w >> s->shift),
		    *r_most = s->most + band + ((size_t)w >> s->shift);
	double length = (double)((kymo_ns)1 << s->shift);
	for (size_t i = 0; i < count; i++) {
		double least = lesser((double)r_least[i], (double)r_least[i + 1]);
		double most = greater((double)r_most[i], (double)r_most[i + 1]);
		double down = lesser(least - (double)l_most[i], 0);
		double up = greater(most - (double)l_least[i], 0);
		// Where the line that falls from the begin meets the one that rises to the end. If neither moves, it is no
		// number: it is neither lesser nor greater than another.
		double steep = 1 / (up - down);
		double a = low[i] + down * ((up * length - (low[i + 1] - low[i])) * steep);
		double b = high[i] + up * ((high[i + 1] - high[i] - down * length) * steep);
		out_low[i] = lesser(a, lesser(low[i], low[i + 1]));
		out_high[i] = greater(b, greater(high[i], high[i + 1]));
	}
}

/* Of a window that touches three bands at most: none of their values is outside. */
static void no_wider_than_values(const struct mmu_bands *s, size_t bands, size_t band, size_t count,
                                 double slack, double *low, double *high)
{
	for (size_t i = 0; i < count; i++) {
		float least = s->least[band + i], most = s->most[band + i];
		for (size_t k = 1; k < bands; k++) {
			least = s->least[band + i + k] < least ? s->least[band + i + k] : least;
			most = s->most[band + i + k] > most ? s->most[band + i + k] : most;
		}
		low[i] = greater(low[i], (double)least - slack);
		high[i] = lesser(high[i], (double)most + slack);
	}
}

#define BATCH 256u

void mmu_bounds(const struct mmu_bands *s, kymo_ns w, double slack, size_t band, size_t count,
                double *low, double *high)
{
	double least[BATCH + 1], most[BATCH + 1];
	double scale = 1 / (double)w;
	size_t whole = (size_t)w >> s->shift;
	for (size_t n; count; count -= n, band += n, low += n, high += n) {
		n = count < BATCH ? count : BATCH;
		held_at_begins(s, w, band, n + 1, least, most);
		held_in_bands(s, w, band, n, least, most, low, high);
		for (size_t i = 0; i < n; i++) {
			low[i] = low[i] * scale - slack;
			high[i] = high[i] * scale + slack;
		}
		if (whole < 2)
			no_wider_than_values(s, whole + 2, band, n, slack, low, high);
	}
}
