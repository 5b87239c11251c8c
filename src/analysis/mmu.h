/* SPDX-License-Identifier: MIT */
/*
 * The windowed utilisation of a series: the mean over [t, t + w) as a function of t. It is continuous, and straight
 * between the times at which an edge of the window meets a change of the utilisation; so its least value is at one of
 * these, and its distribution is a sum of even ones.
 *
 * A series is cut into bands of equal length, these into shorter ones, and these again. What the means of the windows that
 * begin in one band can be follows from the integrals to the begins of bands and from the least and most values in those
 * that either edge touches (mmu_bounds.h). Who looks for something (the least, a quantile) goes from level to level, and
 * from bend to bend only where bands may have it.
 */
#ifndef KYMO_ANALYSIS_MMU_H
#define KYMO_ANALYSIS_MMU_H

#include <pthread.h>

#include <kymo/mmu.h>

#include "analysis/util.h"

#define MMU_SUMS 8u    // points for each of which there is a sum
#define MMU_BEYOND 2u  // bands behind the end, of the last value: so that bounds need no exceptions
#define MMU_LEVELS 3u  // the longest bands first
#define MMU_FINEST (MMU_LEVELS - 1)
#define MMU_SPLIT 3u  // a band has 2^3 of the next level

/* Of 2^shift ns. The last may reach over the end. */
struct mmu_bands {
	unsigned shift;
	size_t count;
	double *before;       // [count + MMU_BEYOND + 1] the integral to the begin of each
	float *least, *most;  // [count + MMU_BEYOND] of its values; rounded down, and up
};

struct mmu_zero {
	kymo_ns begin, end;
};

/* A step function over all of the trace. */
struct mmu_series {
	size_t count;  // points, at least 2; behind the last one are two more, later than all times
	struct util_point *at;  // the last, the end, has the value before it
	double *sum;            // the integral to every MMU_SUMS-th
	double total;           // to the end
	struct mmu_bands level[MMU_LEVELS];
	uint32_t *first;  // [level[MMU_FINEST].count + 1] the point that holds at the begin of each
	struct mmu_zero *zero;  // [zeros] the stretches of 0, by time
	uint32_t *longest;      // [zeros] places in it, the longest first
	size_t zeros;
	uint64_t proc;
};

/* What a set of flags has. */
struct mmu_whole {
	unsigned users;
	unsigned flags;
	enum kymo_rules rules;
	size_t count;
	struct mmu_series *series;
};

/* The part of a series that a window of the trace has. */
struct mmu_part {
	const struct mmu_series *s;
	kymo_ns begin, end;
	struct kymo_mmu_series shown;  // made when it is asked for
};

struct kymo_mmu {
	struct mmu_whole *whole;
	size_t count;
	struct mmu_part *part;
	kymo_ns span;
	pthread_mutex_t lock;  // of what is shown
};

/* Of step functions, whose points it takes; frees the rest. One user. NULL: no memory. */
struct mmu_whole *mmu_whole_make(struct util *u, unsigned flags, enum kymo_rules rules);
struct mmu_whole *mmu_whole_share(struct mmu_whole *x);
void mmu_whole_release(struct mmu_whole *x);
/* What lies in [from, to); has what is shared from then on, also if it fails. */
enum kymo_status mmu_of_whole(struct mmu_whole *x, kymo_ns from, kymo_ns to, struct kymo_mmu **out);

static inline kymo_ns mmu_duration(const struct mmu_part *p)
{
	return p->end - p->begin;
}

static inline kymo_ns mmu_begin(const struct mmu_series *s)
{
	return s->at[0].time;
}

/* The band of a level that a time is in. */
static inline size_t mmu_band(const struct mmu_series *s, size_t level, kymo_ns time)
{
	return (size_t)(time - mmu_begin(s)) >> s->level[level].shift;
}

/* Its begin. */
static inline kymo_ns mmu_band_begin(const struct mmu_series *s, size_t level, size_t band)
{
	return mmu_begin(s) + (kymo_ns)(band << s->level[level].shift);
}

/* The point that holds at a time. */
static inline size_t mmu_point_at(const struct mmu_series *s, kymo_ns time)
{
	size_t band = mmu_band(s, MMU_FINEST, time), p = s->first[band];
	size_t n = (band < s->level[MMU_FINEST].count ? s->first[band + 1] : s->count - 1) - p + 1;
	while (n > 1) {
		size_t half = n / 2;
		p += s->at[p + half].time <= time ? half : 0;
		n -= half;
	}
	return p;
}

/* The integral to a time at which point `p` holds; from sum to sum in the order in which Go adds. */
static inline double mmu_sum(const struct mmu_series *s, size_t p, kymo_ns time)
{
	size_t i = p / MMU_SUMS * MMU_SUMS;
	double sum = s->sum[p / MMU_SUMS];
	for (; i < p; i++)
		sum += s->at[i].value * (double)(s->at[i + 1].time - s->at[i].time);
	return sum + s->at[p].value * (double)(time - s->at[p].time);
}

static inline double mmu_sum_to(const struct mmu_series *s, kymo_ns time)
{
	return mmu_sum(s, mmu_point_at(s, time), time);
}

/* The longest bands in which a window begins that slides over a part. */
static inline size_t mmu_bands_of(const struct mmu_part *p, kymo_ns w)
{
	return mmu_band(p->s, 0, p->end - w) - mmu_band(p->s, 0, p->begin) + 1;
}

/* The mean of a window. */
static inline double mmu_mean(const struct mmu_series *s, kymo_ns time, kymo_ns w)
{
	return (mmu_sum_to(s, time + w) - mmu_sum_to(s, time)) / (double)w;
}

/* How far rounding may take a mean: the longest integral has an error of about 2^-53 of its own. */
static inline double mmu_slack(const struct mmu_series *s, kymo_ns w)
{
	return 1e-12 + s->total * 0x1p-50 / (double)w;
}

/*
 * The least mean of the windows that begin in [from, to] of a part, or what was found before if that is as low; of equal
 * ones the earliest. `low`: the lower bounds of the longest bands from that of `from` on (mmu_bounds.h), NULL: they are
 * computed.
 */
struct mmu_best {
	double mean;
	kymo_ns time;
	size_t part;
	bool found;
};
void mmu_seek(const struct kymo_mmu *m, size_t part, kymo_ns w, kymo_ns from, kymo_ns to,
              const double *low, struct mmu_best *best);

/* MMU(window). `low`: of all parts that the window can slide in, NULL: they are computed. */
double mmu_least(const struct kymo_mmu *m, kymo_ns window, const double *low);

/*
 * A point of the curve: MMU(window) and quantiles, by one thread. The scratch is memory that goes from one point to the
 * next.
 */
struct mmu_scratch;
struct mmu_scratch *mmu_scratch_make(void);  // NULL: no memory
void mmu_scratch_free(struct mmu_scratch *x);
/* Between which values a quantile may lie. If it does not, it costs more. */
struct mmu_guess {
	double low, high;
};
/* `guess`: of each quantile; or NULL. */
enum kymo_status mmu_point(const struct kymo_mmu *m, kymo_ns window, const double *q, size_t count,
                           const struct mmu_guess *guess, struct mmu_scratch *x, double *least,
                           double *out);

/* Points of the curve, by several threads: window[] ascends. least[count]; out[count][quantiles]. KYMO_E_MEMORY. */
enum kymo_status mmu_curve(const struct kymo_mmu *m, const kymo_ns *window, size_t count,
                           const double *q, size_t quantiles, double *least, double *out);

/* How many begins of windows there are whose windows are 0 all through, in ns; *some: whether there is one at all. */
double mmu_mass_at_zero(const struct kymo_mmu *m, kymo_ns w, bool *some);

#endif
