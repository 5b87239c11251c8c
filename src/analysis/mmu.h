/* SPDX-License-Identifier: MIT */
/*
 * The windowed utilisation of a series: the mean over [t, t + w) as a function of t. It is continuous, and straight
 * between the times at which an edge of the window meets a change of the utilisation; so its least value is at one of
 * these, and its distribution is a sum of even ones.
 *
 * A series is cut into bands of equal length. For the windows that begin in a band there is a bound: what a window of
 * length w holds wherever it begins in [s, s + b) is at least the whole of [s + b, s + w), and for the length b that
 * is left the least value near either end. Bands are looked at exactly only where their bound says it may matter.
 */
#ifndef KYMO_ANALYSIS_MMU_H
#define KYMO_ANALYSIS_MMU_H

#include <pthread.h>

#include <kymo/mmu.h>

#include "analysis/util.h"

struct mmu_series {
	size_t count;  // points; at least 2
	struct util_point *at;
	kymo_ns band;  // length
	size_t bands;
	size_t *first;   // [bands + 1] the point that holds at the band's begin
	double *least;   // [bands] in [begin, end) of each
	double *before;  // [bands + 1] the integral to the band's begin
	kymo_ns *zero;   // [zeros] lengths of the stretches of 0, the longest first
	size_t zeros;
	uint64_t proc;
	struct kymo_mmu_series shown;  // made when it is asked for
};

struct kymo_mmu {
	size_t count;
	struct mmu_series *series;
	kymo_ns span;
	enum kymo_rules rules;
	pthread_mutex_t lock;  // of what is shown
};

/* Of step functions, whose points it takes; frees the rest. KYMO_E_MEMORY. */
enum kymo_status mmu_of_util(struct util *u, enum kymo_rules rules, struct kymo_mmu **out);

/* Where in a series an edge of the window is. Goes forward only. */
struct mmu_edge {
	const struct mmu_series *s;
	size_t at;
};

static inline double mmu_integral(struct mmu_edge *e, kymo_ns time)
{
	const struct mmu_series *s = e->s;
	size_t i = e->at, step = 1;
	while (i + step < s->count && s->at[i + step].time <= time) {
		i += step;
		step *= 2;
	}
	for (; step; step /= 2)
		if (i + step < s->count && s->at[i + step].time <= time)
			i += step;
	e->at = i;
	return s->at[i].time == time
	               ? s->at[i].sum
	               : s->at[i].sum + s->at[i].value * (double)(time - s->at[i].time);
}

/* The next change after the time last asked for; INT64_MAX: none. */
static inline kymo_ns mmu_next(const struct mmu_edge *e)
{
	return e->at + 1 < e->s->count ? e->s->at[e->at + 1].time : INT64_MAX;
}

/* Positions near a time, by its band. */
struct mmu_edge mmu_edge_at(const struct mmu_series *s, kymo_ns time);

static inline kymo_ns mmu_begin(const struct mmu_series *s)
{
	return s->at[0].time;
}
static inline kymo_ns mmu_duration(const struct mmu_series *s)
{
	return s->at[s->count - 1].time - s->at[0].time;
}

#define MMU_SLACK 1e-12  // taken from bounds, for what rounding may add

/* Bands of all series, the one with the lowest bound first. */
struct mmu_band {
	double bound;
	kymo_ns begin, end;  // where windows may begin, both inclusive
	uint32_t series;
};
struct mmu_heap {
	struct mmu_band *at;
	size_t count, cap;
	size_t all;    // count, and those that were popped: they lie behind
	size_t total;  // and the many that hardly anybody asks for, with higher bounds, in no order
	const struct kymo_mmu *m;
	kymo_ns window;
};
/*
 * False: no memory. Windows longer than a series are cut to it, unless `fitting`: then the series is left out. `out` is
 * empty, or an earlier one whose memory it takes.
 */
bool mmu_heap_make(const struct kymo_mmu *m, kymo_ns window, bool fitting, struct mmu_heap *out);
/* The same, where not all are going to be popped; of several series with equal bounds at one time, any may come first. */
bool mmu_heap_make_some(const struct kymo_mmu *m, kymo_ns window, bool fitting, struct mmu_heap *out);
bool mmu_heap_copy(const struct mmu_heap *h, struct mmu_heap *out);
/* There is one. If it was not the last, h->at[0] is the next one. */
struct mmu_band mmu_heap_pop(struct mmu_heap *h);
/* As if nothing had been popped. */
void mmu_heap_undo(struct mmu_heap *h);
void mmu_heap_free(struct mmu_heap *h);

/* MMU(window), of the bands of windows that are cut. They are still there afterwards. NaN: no memory, or nothing. */
double mmu_least(const struct kymo_mmu *m, kymo_ns window, struct mmu_heap *h);

/*
 * A point of the curve: MMU(window) and quantiles, for little more than either costs, by one thread. The scratch is memory
 * that goes from one point to the next.
 */
struct mmu_scratch;
struct mmu_scratch *mmu_scratch_make(void);  // NULL: no memory
void mmu_scratch_free(struct mmu_scratch *x);
enum kymo_status mmu_point(const struct kymo_mmu *m, kymo_ns window, const double *q, size_t count,
                           struct mmu_scratch *x, double *least, double *out);

#endif
