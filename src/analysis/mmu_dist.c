/* SPDX-License-Identifier: MIT */
/*
 * The distribution of windowed utilisation. Each straight piece of it is an even distribution over the values that it
 * passes, as heavy as it is long; a quantile is the value up to which they weigh as much as is asked for.
 *
 * It is found as numbers are selected by R. W. Floyd and R. L. Rivest ("Expected time bounds for selection", CACM 1975):
 * a sample says between which two values it lies, in its bracket (mmu_bracket.h); then all windows are weighed that have
 * less, and those that may lie in it are looked at from bend to bend. Should the sample have misled, then the weights say
 * so, and a wider bracket is tried.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/mmu_bounds.h"
#include "analysis/mmu_weigh.h"

/* ---- the sample ---- */

#define SAMPLE_MIN 512u
#define SAMPLE_MAX 2048u
#define CLOSER 4096u

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Where windows are hardly longer than bands, these say little of them. */
static size_t sample_for(const struct kymo_mmu *m, kymo_ns w)
{
	size_t want = SAMPLE_MIN;
	for (size_t i = 0; i < m->count; i++) {
		size_t bands = (size_t)w >> m->part[i].s->level[1].shift;
		size_t its = SAMPLE_MAX / (bands > 4 ? bands / 4 : 1);
		want = its > want ? its : want;
	}
	return want;
}

/* Means of windows that begin in the midst of equal stretches of all begins. Sorted. */
static size_t draw_sample(const struct kymo_mmu *m, kymo_ns w, double total, double *out)
{
	size_t n = 0, want = sample_for(m, w);
	double step = total / (double)want, next = step / 2;  // from the begin of the part at hand
	for (size_t i = 0; i < m->count && n < want; i++) {
		const struct mmu_part *p = &m->part[i];
		double room = (double)mmu_room(p, w);
		if (room <= 0)
			continue;
		for (; n < want && next < room; next += step)
			out[n++] = mmu_bends_from(p->s, w, p->begin + (kymo_ns)next).mean;
		next -= room;
	}
	qsort(out, n, sizeof *out, ascending);
	return n;
}

/* So many standard deviations of a rank; on each side. */
#define SURE 3.5

static size_t margin_of(double rank, size_t n)
{
	double share = rank / (double)n;
	return (size_t)(share > 0 && share < 1 ? SURE * sqrt(rank * (1 - share)) : 0) + 2;
}

/* Which of a sample of n are lower and higher than one of that rank; n: none is. */
static void around(double rank, size_t margin, size_t n, size_t *lower, size_t *higher)
{
	double from = rank - (double)margin, to = rank + (double)margin;
	*lower = from >= 0 && from < (double)n ? (size_t)from : n;
	*higher = to >= 0 && to < (double)n ? (size_t)to : n;
}

static void place(struct mmu_bracket *b, double total, double least, const double *sample, size_t n)
{
	double rank = b->want / total * (double)n;
	size_t lower, higher;
	b->sampled = !b->margin;
	if (!b->margin)
		b->margin = margin_of(rank, n);
	around(rank, b->margin, n, &lower, &higher);
	if (b->margin > n)
		mmu_bracket_set(b, -1, 2, false);
	else
		mmu_bracket_set(b, (lower < n ? sample[lower] : least) - b->flat,
		                higher < n ? sample[higher] - b->flat : 2, higher < n);
}

/* ---- a closer one ---- */

struct mmu_scratch {
	struct mmu_weighing all;
	double sample[SAMPLE_MAX];
	double closer[CLOSER];
};

struct mmu_scratch *mmu_scratch_make(void)
{
	return calloc(1, sizeof(struct mmu_scratch));
}

void mmu_scratch_free(struct mmu_scratch *x)
{
	if (!x)
		return;
	mmu_weighing_free(&x->all);
	free(x);
}

static bool any_sampled(const struct mmu_weighing *all)
{
	bool any = false;
	for (size_t i = 0; i < all->brackets.count; i++)
		any |= !all->brackets.at[i].done && all->brackets.at[i].sampled;
	return any;
}

/* Of what may lie in brackets; returns how much each stands for. */
static double draw_closer(const struct mmu_weighing *all, double *out)
{
	const mmu_stretches *from = &all->inside[MMU_FINEST];
	double mass = 0;
	size_t n = 0;
	for (size_t i = 0; i < from->count; i++)
		mass += (double)(from->at[i].end - from->at[i].begin);
	double each = mass / CLOSER, next = each / 2;
	for (size_t i = 0; i < from->count; i++) {
		const struct mmu_stretch *s = &from->at[i];
		double length = (double)(s->end - s->begin);
		for (; next < length && n < CLOSER; next += each)
			out[n++] = mmu_bends_from(all->m->part[s->part].s, all->window,
			                          s->begin + (kymo_ns)next)
			                   .mean;
		next -= length;
	}
	for (; n < CLOSER; n++)
		out[n] = 2;
	qsort(out, n, sizeof *out, ascending);
	return each;
}

/*
 * Windows that may lie in brackets are few: a sample of these says more. What a bracket loses at its low end will be weighed
 * with what lies below it.
 */
static void look_closer(struct mmu_scratch *x)
{
	struct mmu_weighing *all = &x->all;
	if (all->inside[MMU_FINEST].count <= CLOSER || !any_sampled(all))
		return;
	double each = draw_closer(all, x->closer);
	for (size_t i = 0; i < all->brackets.count; i++) {
		struct mmu_bracket *b = &all->brackets.at[i];
		double rank = (b->want - b->below) / each;
		size_t lower, higher;
		if (b->done || !b->sampled)
			continue;
		around(rank, margin_of(rank, CLOSER), CLOSER, &lower, &higher);
		double low = lower < CLOSER ? x->closer[lower] - b->flat : b->low;
		double high = higher < CLOSER ? x->closer[higher] - b->flat : b->high;
		b->low = low > b->low ? low : b->low;
		b->edge = high < b->high || b->edge;
		b->high = high < b->high ? high : b->high;
	}
}

/* ---- points ---- */

/* The mass of all windows, and what is known of them. */
struct known {
	double total, least;
	size_t sampled;
};

/*
 * The quantile is not in the bracket: after a guess, right below or above it is the next one. How far off it is, is about
 * what is wanting as densely as it lies in the bracket.
 */
static void widen(struct mmu_bracket *b)
{
	double wide = b->high - b->low, most = 8 * wide + 1e-3;
	double inside = b->inside + b->through * wide;
	double wanting = b->below >= b->want ? b->below - b->want : b->want - b->below - inside;
	double by = inside > 0 ? 2 * wanting / inside * wide + wide / 4 + 1e-4 : most;
	by = by < most ? by : most;
	if (b->guesses && --b->guesses) {
		if (b->below >= b->want)
			mmu_bracket_set(b, b->low - by, b->low, true);
		else
			mmu_bracket_set(b, b->high, b->high + by, true);
	}
	b->margin *= 8;
}

static enum kymo_status quantiles_of(struct mmu_scratch *x, struct known *k)
{
	struct mmu_weighing *all = &x->all;
	size_t left = all->brackets.count;
	while (left) {
		for (size_t i = 0; i < all->brackets.count; i++) {
			struct mmu_bracket *b = &all->brackets.at[i];
			if (b->done || b->guesses)
				continue;
			if (!k->sampled)
				k->sampled = draw_sample(all->m, all->window, k->total, x->sample);
			place(b, k->total, k->least, x->sample, k->sampled);
		}
		if (!mmu_find_inside(all))
			return KYMO_E_MEMORY;
		look_closer(x);
		if (!mmu_weigh_inside(all))
			return KYMO_E_MEMORY;
		for (size_t i = 0; i < all->brackets.count; i++) {
			struct mmu_bracket *b = &all->brackets.at[i];
			if (b->done)
				continue;
			// In the end everything is in it.
			b->done = mmu_bracket_has_it(b) || b->margin > k->sampled;
			left -= b->done;
			if (b->done && !mmu_bracket_solve(b, &all->histogram))
				return KYMO_E_MEMORY;
			if (!b->done)
				widen(b);
		}
	}
	return KYMO_OK;
}

static bool add_bracket(struct mmu_weighing *all, double want, double flat,
                        const struct mmu_guess *guess)
{
	struct mmu_bracket *b = mmu_weighing_add(all);
	if (!b)
		return false;
	b->want = want;
	b->flat = flat;
	b->margin = 0;
	b->sampled = b->done = false;
	b->guesses = guess ? 2 : 0;
	if (guess)
		mmu_bracket_set(b, guess->low - flat, guess->high - flat, true);
	return true;
}

enum kymo_status mmu_point(const struct kymo_mmu *m, kymo_ns window, const double *q, size_t count,
                           const struct mmu_guess *guess, struct mmu_scratch *x, double *least,
                           double *out)
{
	struct mmu_weighing *all = &x->all;
	struct known known = {0};
	double slack = 0;
	bool some;
	for (size_t i = 0; i < m->count && window > 0; i++) {
		double its = mmu_slack(m->part[i].s, window);
		known.total += (double)mmu_room(&m->part[i], window);
		slack = its > slack ? its : slack;
	}
	bool spread = known.total > 0 && m->whole->rules == KYMO_RULES_EXACT;
	double zero = spread ? mmu_mass_at_zero(m, window, &some) : 0;
	all->brackets.count = 0;
	for (size_t i = 0; i < count; i++) {
		bool at_zero = zero > 0 && zero >= q[i] * known.total;
		bool looked_for = spread && q[i] > 0;
		out[i] = looked_for && at_zero ? 0 : NAN;
		if (looked_for && !at_zero &&
		    !add_bracket(all, q[i] * known.total, 1e-11 + 4 * slack, guess ? &guess[i] : NULL))
			return KYMO_E_MEMORY;
	}
	bool any = all->brackets.count;
	if (any && !mmu_weighing_begin(all, m, window))
		return KYMO_E_MEMORY;
	*least = mmu_least(m, window, any ? all->low.at : NULL);
	known.least = *least;
	if (any && quantiles_of(x, &known) != KYMO_OK)
		return KYMO_E_MEMORY;
	for (size_t i = 0, k = 0; i < count; i++)
		if (isnan(out[i]))
			out[i] = spread && q[i] > 0 ? all->brackets.at[k++].answer : *least;
	return KYMO_OK;
}

enum kymo_status kymo_mmu_quantiles(const struct kymo_mmu *m, kymo_ns window, const double *q,
                                    size_t count, double *out)
{
	struct mmu_scratch *x = mmu_scratch_make();
	double least;
	enum kymo_status st =
		x ? mmu_point(m, window, q, count, NULL, x, &least, out) : KYMO_E_MEMORY;
	mmu_scratch_free(x);
	return st;
}
