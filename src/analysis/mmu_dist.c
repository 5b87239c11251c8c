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
#include <string.h>

#include "analysis/mmu_bounds.h"
#include "analysis/mmu_bracket.h"

/* ---- the sample ---- */

#define SAMPLE_MIN 512u
#define SAMPLE_MAX 4096u

static kymo_ns room_of(const struct mmu_part *p, kymo_ns w)
{
	return mmu_duration(p) > w ? mmu_duration(p) - w : 0;
}

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
		size_t bands = (size_t)w >> m->part[i].s->bands.shift;
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
		double room = (double)room_of(p, w);
		if (room <= 0)
			continue;
		for (; n < want && next < room; next += step)
			out[n++] = mmu_mean(p->s, p->begin + (kymo_ns)next, w);
		next -= room;
	}
	qsort(out, n, sizeof *out, ascending);
	return n;
}

/* So many standard deviations of a rank; on each side. */
#define SURE 3.5

static void place(struct mmu_bracket *b, double total, double least, const double *sample, size_t n)
{
	double share = b->want / total, rank = share * (double)n;
	size_t at = (size_t)rank;
	if (!b->margin)
		b->margin = (size_t)(SURE * sqrt(rank * (1 - share))) + 2;
	size_t from = at > b->margin ? at - b->margin : SIZE_MAX, to = at + b->margin;
	if (b->margin > n)
		mmu_bracket_set(b, -1, 2, false);
	else
		mmu_bracket_set(b, (from < n ? sample[from] : least) - b->flat,
		                to < n ? sample[to] - b->flat : 2, to < n);
}

/* ---- all windows ---- */

#define FEW 24u  // bends that are sooner looked at than bounds made

typedef VEC(struct mmu_stretch) stretch_vec;

struct mmu_scratch {
	stretch_vec inside;  // bands inside of a bracket
	stretch_vec fine;    // fine ones
	stretch_vec edges;   // at the edge of one, and inside of none
	VEC(struct mmu_bracket) brackets;
	VEC(struct mmu_bracket *) touched;
	VEC(double) low;  // of all bands
	VEC(double) high;
	struct mmu_histogram histogram;
	double sample[SAMPLE_MAX];
};

struct mmu_scratch *mmu_scratch_make(void)
{
	return calloc(1, sizeof(struct mmu_scratch));
}

void mmu_scratch_free(struct mmu_scratch *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->brackets.cap; i++)
		vec_free(&x->brackets.at[i].pieces);
	vec_free(&x->brackets);
	vec_free(&x->touched);
	vec_free(&x->inside);
	vec_free(&x->fine);
	vec_free(&x->edges);
	vec_free(&x->low);
	vec_free(&x->high);
	free(x);
}

static enum mmu_place place_of_all(const struct mmu_scratch *x, double low, double high)
{
	bool edge = false;
	for (size_t i = 0; i < x->brackets.count; i++) {
		enum mmu_place at = mmu_place_of(&x->brackets.at[i], low, high);
		if (at == INSIDE)
			return INSIDE;
		edge |= at == EDGE;
	}
	return edge ? EDGE : ABOVE;
}

/* Whether it is to be looked at from bend to bend. If not, it is weighed. */
static bool is_inside(struct mmu_scratch *x, const struct mmu_stretch *s, bool *ok)
{
	enum mmu_place at = place_of_all(x, s->low, s->high);
	if (at == INSIDE)
		return true;
	for (size_t i = 0; i < x->brackets.count; i++)
		if (s->high < x->brackets.at[i].low)
			x->brackets.at[i].below += (double)(s->end - s->begin);
	if (at == EDGE)
		*ok = *ok && vec_push(&x->edges, *s);
	return false;
}

/* Above it nothing matters. */
static double top_of(const struct mmu_scratch *x)
{
	double top = -1;
	for (size_t i = 0; i < x->brackets.count; i++) {
		const struct mmu_bracket *b = &x->brackets.at[i];
		double its = b->high + 2 * b->flat;
		top = !b->done && its > top ? its : top;
	}
	return top;
}

/* The bounds of all bands of all parts that a window can slide in. False: no memory. */
static bool make_bounds(struct mmu_scratch *x, const struct kymo_mmu *m, kymo_ns w)
{
	size_t n = 0;
	for (size_t i = 0; i < m->count; i++)
		n += room_of(&m->part[i], w) > 0 ? mmu_bands_of(&m->part[i], w) : 0;
	if (!vec_reserve(&x->low, n + 1) || !vec_reserve(&x->high, n + 1))
		return false;
	n = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct mmu_part *p = &m->part[i];
		if (room_of(p, w) <= 0)
			continue;
		size_t count = mmu_bands_of(p, w);
		mmu_bounds(&p->s->bands, w, mmu_slack(p->s, w), mmu_band(p->s, p->begin), count,
		           &x->low.at[n], &x->high.at[n]);
		n += count;
	}
	return true;
}

/* Band by band. */
static bool scan(struct mmu_scratch *x, const struct kymo_mmu *m, uint32_t part, kymo_ns w,
                 const double *low, const double *high)
{
	const struct mmu_part *p = &m->part[part];
	const struct mmu_series *s = p->s;
	kymo_ns to = p->end - w;
	size_t first = mmu_band(s, p->begin), count = mmu_bands_of(p, w);
	double top = top_of(x);
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++) {
		if (low[i] > top)
			continue;
		kymo_ns begin = mmu_band_begin(s, first + i), end = mmu_band_begin(s, first + i + 1);
		struct mmu_stretch is = {low[i], high[i], begin > p->begin ? begin : p->begin,
		                         end < to ? end : to, part};
		if (is_inside(x, &is, &ok))
			ok = ok && vec_push(&x->inside, is);
	}
	return ok;
}

/* Of a band the fine ones, where that is less than to go from bend to bend. */
static bool scan_fine(struct mmu_scratch *x, const struct mmu_series *of, kymo_ns w,
                      const struct mmu_stretch *s)
{
	double low[1u << MMU_FINE], high[1u << MMU_FINE];
	const struct mmu_bands *f = &of->fine;
	size_t first = (size_t)(s->begin - mmu_begin(of)) >> f->shift,
	       last = (size_t)(s->end - 1 - mmu_begin(of)) >> f->shift,
	       behind = (size_t)w >> f->shift;
	size_t bends = of->first[last + 1] - of->first[first] + of->first[last + behind + 1] -
	               of->first[first + behind];
	if (bends < FEW)
		return vec_push(&x->fine, *s);
	bool ok = true;
	mmu_bounds(f, w, mmu_slack(of, w), first, last - first + 1, low, high);
	for (size_t i = first; i <= last && ok; i++) {
		kymo_ns begin = mmu_begin(of) + (kymo_ns)(i << f->shift),
			end = mmu_begin(of) + (kymo_ns)((i + 1) << f->shift);
		struct mmu_stretch is = {low[i - first], high[i - first],
		                         begin > s->begin ? begin : s->begin,
		                         end < s->end ? end : s->end, s->part};
		if (is_inside(x, &is, &ok))
			ok = ok && vec_push(&x->fine, is);
	}
	return ok;
}

/* What lies in brackets, from bend to bend. */
static bool weigh_bends(struct mmu_scratch *x, const struct mmu_series *of, kymo_ns w,
                        const struct mmu_stretch *s)
{
	double mean[MMU_BATCH + 1], mass[MMU_BATCH];
	x->touched.count = 0;
	for (size_t i = 0; i < x->brackets.count; i++) {
		struct mmu_bracket *b = &x->brackets.at[i];
		enum mmu_place in = mmu_place_of(b, s->low, s->high);
		if (in == BELOW)
			b->below += (double)(s->end - s->begin);
		if ((in == INSIDE || in == EDGE) && !vec_push(&x->touched, b))
			return false;
	}
	struct mmu_bends at = mmu_bends_from(of, w, s->begin);
	while (at.time < s->end) {
		size_t n = mmu_bends_next(&at, s->end, MMU_BATCH, mean, mass);
		for (size_t i = 0; i < x->touched.count; i++)
			if (!mmu_bracket_weigh(x->touched.at[i], mean, mass, n))
				return false;
	}
	return true;
}

static void weigh_edge(struct mmu_bracket *b, const struct mmu_series *of, kymo_ns w,
                       const struct mmu_stretch *s)
{
	double mean[MMU_BATCH + 1], mass[MMU_BATCH];
	struct mmu_bends at = mmu_bends_from(of, w, s->begin);
	while (at.time < s->end) {
		size_t n = mmu_bends_next(&at, s->end, MMU_BATCH, mean, mass);
		for (size_t i = 0; i < n; i++)
			if (fabs(mean[i + 1] - mean[i]) < b->flat && mean[i] >= b->high &&
			    mean[i] <= b->high + 2 * b->flat)
				b->at_edge += mass[i];
	}
}

static void narrow_by(struct mmu_scratch *x, const stretch_vec *v)
{
	for (size_t i = 0; i < x->brackets.count; i++)
		if (!x->brackets.at[i].done)
			mmu_bracket_narrow(&x->brackets.at[i], v->at, v->count, &x->histogram);
}

/* Weighs all windows for all brackets that are not done. */
static bool weigh_all(struct mmu_scratch *x, const struct kymo_mmu *m, kymo_ns w)
{
	bool ok = true;
	x->inside.count = x->fine.count = x->edges.count = 0;
	for (size_t i = 0, at = 0; i < m->count && ok; i++)
		if (room_of(&m->part[i], w) > 0) {
			ok = scan(x, m, (uint32_t)i, w, &x->low.at[at], &x->high.at[at]);
			at += mmu_bands_of(&m->part[i], w);
		}
	narrow_by(x, &x->inside);
	for (size_t i = 0; i < x->inside.count && ok; i++) {
		const struct mmu_stretch *s = &x->inside.at[i];
		if (is_inside(x, s, &ok))
			ok = scan_fine(x, m->part[s->part].s, w, s);
	}
	narrow_by(x, &x->fine);
	for (size_t i = 0; i < x->fine.count && ok; i++) {
		const struct mmu_stretch *s = &x->fine.at[i];
		if (is_inside(x, s, &ok))
			ok = weigh_bends(x, m->part[s->part].s, w, s);
	}
	for (size_t k = 0; k < x->brackets.count && ok; k++) {
		struct mmu_bracket *b = &x->brackets.at[k];
		for (size_t i = 0; i < x->edges.count && mmu_bracket_needs_edge(b); i++) {
			const struct mmu_stretch *s = &x->edges.at[i];
			if (mmu_place_of(b, s->low, s->high) == EDGE)
				weigh_edge(b, m->part[s->part].s, w, s);
		}
	}
	return ok;
}

/* ---- points ---- */

/* The mass of all windows, and what is known of them. */
struct all {
	const struct kymo_mmu *m;
	kymo_ns w;
	double total, least;
	size_t sampled;
};

/* The quantile is not in the bracket: after a guess, right below or above it is the next one. */
static void widen(struct mmu_bracket *b)
{
	double by = 8 * (b->high - b->low) + 1e-3;
	if (b->guesses && --b->guesses) {
		if (b->below >= b->want)
			mmu_bracket_set(b, b->low - by, b->low, true);
		else
			mmu_bracket_set(b, b->high, b->high + by, true);
	}
	b->margin *= 8;
}

static enum kymo_status quantiles_of(struct mmu_scratch *x, struct all *a)
{
	size_t left = x->brackets.count;
	while (left) {
		for (size_t i = 0; i < x->brackets.count; i++) {
			struct mmu_bracket *b = &x->brackets.at[i];
			if (b->done || b->guesses)
				continue;
			if (!a->sampled)
				a->sampled = draw_sample(a->m, a->w, a->total, x->sample);
			place(b, a->total, a->least, x->sample, a->sampled);
		}
		if (!weigh_all(x, a->m, a->w))
			return KYMO_E_MEMORY;
		for (size_t i = 0; i < x->brackets.count; i++) {
			struct mmu_bracket *b = &x->brackets.at[i];
			if (b->done)
				continue;
			// In the end everything is in it.
			b->done = mmu_bracket_has_it(b) || b->margin > a->sampled;
			left -= b->done;
			if (b->done && !mmu_bracket_solve(b, &x->histogram))
				return KYMO_E_MEMORY;
			if (!b->done)
				widen(b);
		}
	}
	return KYMO_OK;
}

/* One more, which may have memory from before. */
static bool add_bracket(struct mmu_scratch *x, double want, double flat, const struct mmu_guess *guess)
{
	size_t n = x->brackets.count, had = x->brackets.cap;
	if (!vec_reserve(&x->brackets, n + 1))
		return false;
	memset(x->brackets.at + had, 0, (x->brackets.cap - had) * sizeof *x->brackets.at);
	struct mmu_bracket *b = &x->brackets.at[n];
	b->want = want;
	b->flat = flat;
	b->margin = 0;
	b->done = false;
	b->guesses = guess ? 2 : 0;
	if (guess)
		mmu_bracket_set(b, guess->low - flat, guess->high - flat, true);
	x->brackets.count++;
	return true;
}

enum kymo_status mmu_point(const struct kymo_mmu *m, kymo_ns window, const double *q, size_t count,
                           const struct mmu_guess *guess, struct mmu_scratch *x, double *least,
                           double *out)
{
	double slack = 0;
	struct all a = {.m = m, .w = window};
	bool some;
	for (size_t i = 0; i < m->count && window > 0; i++) {
		double its = mmu_slack(m->part[i].s, window);
		a.total += (double)room_of(&m->part[i], window);
		slack = its > slack ? its : slack;
	}
	bool spread = a.total > 0 && m->whole->rules == KYMO_RULES_EXACT;
	double zero = spread ? mmu_mass_at_zero(m, window, &some) : 0;
	x->brackets.count = 0;
	for (size_t i = 0; i < count; i++) {
		bool at_zero = zero > 0 && zero >= q[i] * a.total, looked_for = spread && q[i] > 0;
		out[i] = looked_for && at_zero ? 0 : NAN;
		if (looked_for && !at_zero &&
		    !add_bracket(x, q[i] * a.total, 1e-11 + 4 * slack, guess ? &guess[i] : NULL))
			return KYMO_E_MEMORY;
	}
	bool any = x->brackets.count;
	if (any && !make_bounds(x, m, window))
		return KYMO_E_MEMORY;
	*least = mmu_least(m, window, any ? x->low.at : NULL);
	a.least = *least;
	if (any && quantiles_of(x, &a) != KYMO_OK)
		return KYMO_E_MEMORY;
	for (size_t i = 0, k = 0; i < count; i++)
		if (isnan(out[i]))
			out[i] = spread && q[i] > 0 ? x->brackets.at[k++].answer : *least;
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
