/* SPDX-License-Identifier: MIT */
#include "analysis/mmu_weigh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mmu_bounds.h"

void mmu_weighing_free(struct mmu_weighing *x)
{
	for (size_t i = 0; i < x->brackets.cap; i++)
		vec_free(&x->brackets.at[i].pieces);
	for (size_t i = 0; i < MMU_LEVELS; i++)
		vec_free(&x->inside[i]);
	vec_free(&x->brackets);
	vec_free(&x->limits);
	vec_free(&x->touched);
	vec_free(&x->edges);
	vec_free(&x->low);
	vec_free(&x->high);
}

bool mmu_weighing_begin(struct mmu_weighing *x, const struct kymo_mmu *m, kymo_ns w)
{
	size_t n = 0;
	x->m = m;
	x->window = w;
	for (size_t i = 0; i < m->count; i++)
		n += mmu_room(&m->part[i], w) > 0 ? mmu_bands_of(&m->part[i], w) : 0;
	if (!vec_reserve(&x->low, n + 1) || !vec_reserve(&x->high, n + 1))
		return false;
	n = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct mmu_part *p = &m->part[i];
		if (mmu_room(p, w) <= 0)
			continue;
		size_t count = mmu_bands_of(p, w);
		mmu_bounds(&p->s->level[0], w, mmu_slack(p->s, w), mmu_band(p->s, 0, p->begin),
		           count, &x->low.at[n], &x->high.at[n]);
		n += count;
	}
	return true;
}

struct mmu_bracket *mmu_weighing_add(struct mmu_weighing *x)
{
	size_t had = x->brackets.cap;
	if (!vec_reserve(&x->brackets, x->brackets.count + 1))
		return NULL;
	memset(x->brackets.at + had, 0, (x->brackets.cap - had) * sizeof *x->brackets.at);
	return &x->brackets.at[x->brackets.count++];
}

/* ---- where stretches are ---- */

/* Where the brackets are now. */
static bool limit(struct mmu_weighing *x)
{
	x->limits.count = 0;
	x->top = -1;
	for (size_t i = 0; i < x->brackets.count; i++) {
		struct mmu_bracket *b = &x->brackets.at[i];
		struct mmu_limits is = {b->low, b->edge ? nextafter(b->high, -2) : b->high,
		                        b->high + (b->edge ? 2 * b->flat : 0), b};
		if (!b->done && !vec_push(&x->limits, is))
			return false;
		x->top = !b->done && is.top > x->top ? is.top : x->top;
	}
	return true;
}

/* Whether it is to be looked at closely. If not, it is weighed. */
static inline bool is_inside(struct mmu_weighing *x, const struct mmu_stretch *s, bool *ok)
{
	bool inside = false, edge = false;
	for (size_t i = 0; i < x->limits.count; i++) {
		const struct mmu_limits *l = &x->limits.at[i];
		inside |= (s->low <= l->last) & (s->high >= l->low);
	}
	if (inside)
		return true;
	for (size_t i = 0; i < x->limits.count; i++) {
		const struct mmu_limits *l = &x->limits.at[i];
		if (s->high < l->low)
			l->of->below += (double)(s->end - s->begin);
		else
			edge |= s->low <= l->top;
	}
	if (edge)
		*ok = *ok && vec_push(&x->edges, *s);
	return false;
}

/* The longest bands. */
static bool scan(struct mmu_weighing *x, uint32_t part, const double *low, const double *high)
{
	const struct mmu_part *p = &x->m->part[part];
	const struct mmu_series *s = p->s;
	kymo_ns to = p->end - x->window;
	size_t first = mmu_band(s, 0, p->begin), count = mmu_bands_of(p, x->window);
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++) {
		if (low[i] > x->top)
			continue;
		kymo_ns begin = mmu_band_begin(s, 0, first + i),
			end = mmu_band_begin(s, 0, first + i + 1);
		struct mmu_stretch is = {low[i], high[i], begin > p->begin ? begin : p->begin,
		                         end < to ? end : to, part};
		if (is_inside(x, &is, &ok))
			ok = ok && vec_push(&x->inside[0], is);
	}
	return ok;
}

/* Of a band those of the next level, where that is less than to go from bend to bend. */
static bool descend(struct mmu_weighing *x, size_t level, const struct mmu_stretch *s)
{
	const struct mmu_series *of = x->m->part[s->part].s;
	kymo_ns w = x->window;
	double low[1u << MMU_SPLIT], high[1u << MMU_SPLIT];
	mmu_stretches *out = &x->inside[level];
	size_t first = mmu_band(of, level, s->begin), last = mmu_band(of, level, s->end - 1);
	if (mmu_bends_in(of, w, s->begin, s->end) < MMU_FEW)
		return vec_push(out, *s);
	bool ok = true;
	mmu_bounds(&of->level[level], w, mmu_slack(of, w), first, last - first + 1, low, high);
	for (size_t i = first; i <= last && ok; i++) {
		if (low[i - first] > x->top)
			continue;
		kymo_ns begin = mmu_band_begin(of, level, i), end = mmu_band_begin(of, level, i + 1);
		struct mmu_stretch is = {low[i - first], high[i - first],
		                         begin > s->begin ? begin : s->begin,
		                         end < s->end ? end : s->end, s->part};
		if (is_inside(x, &is, &ok))
			ok = ok && vec_push(out, is);
	}
	return ok;
}

static bool narrow_by(struct mmu_weighing *x, const mmu_stretches *v)
{
	for (size_t i = 0; i < x->limits.count; i++)
		mmu_bracket_narrow(x->limits.at[i].of, v->at, v->count, &x->histogram);
	return limit(x);
}

bool mmu_find_inside(struct mmu_weighing *x)
{
	bool ok = limit(x);
	for (size_t i = 0; i < MMU_LEVELS; i++)
		x->inside[i].count = 0;
	x->edges.count = 0;
	for (size_t i = 0, at = 0; i < x->m->count && ok; i++)
		if (mmu_room(&x->m->part[i], x->window) > 0) {
			ok = scan(x, (uint32_t)i, &x->low.at[at], &x->high.at[at]);
			at += mmu_bands_of(&x->m->part[i], x->window);
		}
	ok = ok && narrow_by(x, &x->inside[0]);
	for (size_t level = 1; level < MMU_LEVELS && ok; level++) {
		const mmu_stretches *from = &x->inside[level - 1];
		for (size_t i = 0; i < from->count && ok; i++)
			if (is_inside(x, &from->at[i], &ok))
				ok = descend(x, level, &from->at[i]);
		ok = ok && narrow_by(x, &x->inside[level]);
	}
	return ok;
}

/* ---- from bend to bend ---- */

#define CHAIN 8u  // stretches; sums from bend to bend have an error that grows

/* What lies in brackets. `at` is where the last one ended. */
static bool weigh_bends(struct mmu_weighing *x, const struct mmu_stretch *s, struct mmu_bends *at)
{
	struct mmu_run run;
	x->touched.count = 0;
	for (size_t i = 0; i < x->limits.count; i++) {
		const struct mmu_limits *l = &x->limits.at[i];
		if (s->high < l->low)
			l->of->below += (double)(s->end - s->begin);
		else if (s->low <= l->top && !vec_push(&x->touched, l->of))
			return false;
	}
	while (at->time < s->end) {
		run.count = mmu_bends_next(at, s->end, MMU_RUN, run.value, run.mass);
		mmu_run_make(&run);
		for (size_t i = 0; i < x->touched.count; i++)
			if (!mmu_bracket_weigh(x->touched.at[i], &run))
				return false;
	}
	return true;
}

static void weigh_edge(const struct mmu_weighing *x, struct mmu_bracket *b,
                       const struct mmu_stretch *s)
{
	double mean[MMU_BATCH + 1], mass[MMU_BATCH];
	struct mmu_bends at = mmu_bends_from(x->m->part[s->part].s, x->window, s->begin);
	while (at.time < s->end) {
		size_t n = mmu_bends_next(&at, s->end, MMU_BATCH, mean, mass);
		for (size_t i = 0; i < n; i++)
			if (fabs(mean[i + 1] - mean[i]) < b->flat && mean[i] >= b->high &&
			    mean[i] <= b->high + 2 * b->flat)
				b->at_edge += mass[i];
	}
}

#define AHEAD 2u

/* Where a stretch begins and its windows end, for one that is soon to be looked at. */
static void prefetch(const struct mmu_weighing *x, const struct mmu_stretch *s)
{
	const struct mmu_series *of = x->m->part[s->part].s;
	const struct util_point *l = &of->at[of->first[mmu_band(of, MMU_FINEST, s->begin)]];
	const struct util_point *r =
		&of->at[of->first[mmu_band(of, MMU_FINEST, s->begin + x->window)]];
	for (size_t i = 0; i < 32; i += 4) {
		__builtin_prefetch(l + i);
		__builtin_prefetch(r + i);
	}
}

bool mmu_weigh_inside(struct mmu_weighing *x)
{
	const mmu_stretches *finest = &x->inside[MMU_FINEST];
	struct mmu_bends at = {.time = INT64_MIN};
	uint32_t part = 0;
	unsigned chain = 0;
	bool ok = limit(x);
	for (size_t i = 0; i < finest->count && ok; i++) {
		const struct mmu_stretch *s = &finest->at[i];
		if (i + AHEAD < finest->count)
			prefetch(x, s + AHEAD);
		if (!is_inside(x, s, &ok))
			continue;
		if (at.time != s->begin || part != s->part || chain++ % CHAIN == 0)
			at = mmu_bends_from(x->m->part[s->part].s, x->window, s->begin);
		part = s->part;
		ok = ok && weigh_bends(x, s, &at);
	}
	for (size_t k = 0; k < x->limits.count && ok; k++) {
		const struct mmu_limits *l = &x->limits.at[k];
		for (size_t i = 0; i < x->edges.count && mmu_bracket_needs_edge(l->of); i++) {
			const struct mmu_stretch *s = &x->edges.at[i];
			if (s->low > l->last && s->low <= l->top)
				weigh_edge(x, l->of, s);
		}
	}
	return ok;
}
