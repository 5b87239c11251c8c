/* SPDX-License-Identifier: MIT */
/* Bands, what the windows that begin in one hold at least, and the heap that gives the lowest ones first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mmu.h"

/* ---- bounds ---- */

/* The least of bands a to b. */
static double least_of(const struct mmu_series *s, size_t a, size_t b)
{
	double least = 1;
	for (; a <= b && a < s->bands; a++)
		least = s->least[a] < least ? s->least[a] : least;
	return least;
}

/* The bands of one series, from the first on. Places are told by counting: to divide for each would cost more than all else. */
struct bounds {
	const struct mmu_series *s;
	kymo_ns w;
	size_t whole;  // w is so many bands
	kymo_ns rest;  // and so many ns
	double part;   // that is this part of a band
};

/* The integral to begin + w, where band i begins at `begin`. Points are spread about evenly over a band: a guess is near. */
static inline double right_of(const struct bounds *x, size_t i, kymo_ns time)
{
	const struct mmu_series *s = x->s;
	size_t band = i + x->whole, from = s->first[band];
	size_t to = s->first[band < s->bands ? band + 1 : band];
	size_t p = from + (size_t)((double)(to - from) * x->part);
	while (s->at[p].time > time)
		p--;
	while (p + 1 < s->count && s->at[p + 1].time <= time)
		p++;
	return s->at[p].sum + s->at[p].value * (double)(time - s->at[p].time);
}

/* The band that holds begin + w + `more`, where band i begins at `begin`; less than a band more. */
static inline size_t band_behind(const struct bounds *x, size_t i, kymo_ns more)
{
	kymo_ns rest = x->rest + more;
	return i + x->whole + (rest >= x->s->band) + (rest >= 2 * x->s->band);
}

/*
 * What every window of length w holds at least, as a mean, that begins in [begin, end], which is band i or, of the last
 * one, a part of it. A hair lower, for rounding.
 */
static inline double bound_of(const struct bounds *x, size_t i, kymo_ns begin, kymo_ns end)
{
	const struct mmu_series *s = x->s;
	kymo_ns w = x->w, slide = end - begin, whole = w > slide ? w - slide : 0;
	double held = 0, left = least_of(s, i, i), right;
	if (whole) {
		// Of the last band a part is left out, which may begin before its end.
		bool aligned = slide == s->band;
		struct mmu_edge last = {s, s->first[i]};
		held = right_of(x, i, begin + w) -
		       (aligned ? s->before[i + 1] : mmu_integral(&last, end));
		right = slide ? least_of(s, band_behind(x, i, 0), band_behind(x, i, slide - 1)) : 1;
	} else {
		right = least_of(s, i, band_behind(x, i, slide - 1));
	}
	double rest = (double)(w - whole) * (left < right ? left : right);
	return (held + rest) / (double)w - MMU_SLACK;
}

static bool before(const struct mmu_band *a, const struct mmu_band *b)
{
	return a->bound < b->bound || (a->bound == b->bound && a->begin < b->begin);
}

static void swap(struct mmu_heap *h, size_t i, size_t k)
{
	struct mmu_band b = h->at[i];
	h->at[i] = h->at[k];
	h->at[k] = b;
}

static void sink(struct mmu_heap *h, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;
		if (child < h->count && before(&h->at[child], &h->at[least]))
			least = child;
		if (child + 1 < h->count && before(&h->at[child + 1], &h->at[least]))
			least = child + 1;
		if (least == i)
			return;
		swap(h, i, least);
		i = least;
	}
}

static void heapify(struct mmu_heap *h, size_t count)
{
	h->count = count;
	for (size_t i = count / 2; i-- > 0;)
		sink(h, i);
}

/* ---- the heap ---- */

static struct bounds bounds_of(const struct mmu_series *s, kymo_ns window)
{
	kymo_ns duration = mmu_duration(s), w = window < duration ? window : duration;
	return (struct bounds){s, w, (size_t)(w / s->band), w % s->band,
	                       (double)(w % s->band) / (double)s->band};
}

/* Where the windows of band i begin; false: there are none. The last band may be cut. */
static inline bool begins_of(const struct bounds *x, size_t i, struct mmu_band *b)
{
	kymo_ns begin = mmu_begin(x->s), last = begin + mmu_duration(x->s) - x->w;
	b->begin = begin + (kymo_ns)i * x->s->band;
	b->end = b->begin + x->s->band < last ? b->begin + x->s->band : last;
	return b->begin <= last && (i == 0 || b->begin < last);
}

/*
 * Less than the bound, and had for less than a tenth of its cost: without the part of the window behind its last whole
 * band. The hair more is for rounding.
 */
static inline double rough_bound(const struct bounds *x, size_t i)
{
	const struct mmu_series *s = x->s;
	return x->whole ? (s->before[i + x->whole] - s->before[i + 1]) / (double)x->w - 1e-9 : -1;
}

/* All bands are in the heap; those that were popped behind it. */
static void take_others(struct mmu_heap *h)
{
	// They change places with those that were popped.
	size_t others = h->total - h->all, n = others < h->all ? others : h->all;
	for (size_t i = 0; i < n; i++)
		swap(h, i, h->total - 1 - i);
	for (size_t i = 0; i < others; i++) {
		struct mmu_band *b = &h->at[i];
		const struct mmu_series *s = &h->m->series[b->series];
		if (isnan(b->bound)) {
			struct bounds x = bounds_of(s, h->window);
			b->bound = bound_of(&x, (size_t)((b->begin - mmu_begin(s)) / s->band),
			                    b->begin, b->end);
		}
	}
	h->all = h->total;
	heapify(h, others);
}

#define SAMPLES 256u

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* A bound that is more than a sixth of the bands have, by a sample. */
static double likely_bound(const struct kymo_mmu *m, kymo_ns window, bool fitting, size_t bands)
{
	double bound[SAMPLES + 1];
	size_t n = 0, step = bands / SAMPLES, next = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct bounds x = bounds_of(&m->series[i], window);
		struct mmu_band b;
		if (fitting && window >= mmu_duration(x.s))
			continue;
		for (; n < SAMPLES && begins_of(&x, next, &b); next += step)
			bound[n++] = bound_of(&x, next, b.begin, b.end);
		next = 0;
	}
	if (!n)
		return 1;
	qsort(bound, n, sizeof *bound, by_value);
	return bound[n / 6];
}

/* Bands with no higher bound than `likely` in front, the others behind them; some of these have none yet: NaN. */
static bool list_bands(const struct kymo_mmu *m, kymo_ns window, bool fitting, double likely,
                       struct mmu_heap *h)
{
	size_t most = 0, others;
	for (size_t i = 0; i < m->count; i++)
		most += m->series[i].bands + 1;
	h->count = 0;
	if (!vec_reserve(h, most + 1))
		return false;
	others = most;
	for (size_t i = 0; i < m->count; i++) {
		struct bounds x = bounds_of(&m->series[i], window);
		struct mmu_band b = {.series = (uint32_t)i};
		if (fitting && window >= mmu_duration(x.s))
			continue;
		for (size_t k = 0; begins_of(&x, k, &b); k++) {
			b.bound = NAN;
			if (likely >= 1 || rough_bound(&x, k) <= likely)
				b.bound = bound_of(&x, k, b.begin, b.end);
			if (b.bound <= likely)
				h->at[h->count++] = b;
			else
				h->at[--others] = b;
		}
	}
	h->m = m;
	h->window = window;
	h->all = h->count;
	h->total = h->all + most - others;
	memmove(h->at + h->all, h->at + others, (most - others) * sizeof *h->at);
	if (h->all || !h->total)
		heapify(h, h->all);
	else
		take_others(h);
	return true;
}

bool mmu_heap_make(const struct kymo_mmu *m, kymo_ns window, bool fitting, struct mmu_heap *h)
{
	return list_bands(m, window, fitting, 1, h);
}

bool mmu_heap_make_some(const struct kymo_mmu *m, kymo_ns window, bool fitting, struct mmu_heap *h)
{
	size_t bands = 0;
	for (size_t i = 0; i < m->count; i++)
		bands += m->series[i].bands;
	double likely = bands < 4 * SAMPLES ? 1 : likely_bound(m, window, fitting, bands);
	return list_bands(m, window, fitting, likely, h);
}

struct mmu_band mmu_heap_pop(struct mmu_heap *h)
{
	struct mmu_band top = h->at[0];
	h->at[0] = h->at[--h->count];
	h->at[h->count] = top;
	if (h->count)
		sink(h, 0);
	else if (h->all < h->total)
		take_others(h);
	return top;
}

void mmu_heap_undo(struct mmu_heap *h)
{
	if (h->all - h->count > h->all / 16)
		heapify(h, h->all);
	while (h->count < h->all) {
		size_t i = h->count++;
		for (; i && before(&h->at[i], &h->at[(i - 1) / 2]); i = (i - 1) / 2)
			swap(h, i, (i - 1) / 2);
	}
}

bool mmu_heap_copy(const struct mmu_heap *h, struct mmu_heap *out)
{
	if (!vec_reserve(out, h->total + 1))
		return false;
	memcpy(out->at, h->at, h->total * sizeof *h->at);
	out->count = h->count;
	out->all = h->all;
	out->total = h->total;
	return true;
}

void mmu_heap_free(struct mmu_heap *h)
{
	vec_free(h);
}
