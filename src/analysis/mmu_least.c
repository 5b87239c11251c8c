/* SPDX-License-Identifier: MIT */
/* The least mean of all windows, and the worst ones that keep apart. */
#include <math.h>
#include <stdlib.h>

#include "analysis/mmu_bounds.h"

/* ---- one part ---- */

static void consider(struct mmu_best *best, double mean, kymo_ns time, size_t part)
{
	if (!best->found || mean < best->mean || (mean == best->mean && time < best->time))
		*best = (struct mmu_best){mean, time, part, true};
}

/* None is lower than 0, and none from here on is earlier. */
static bool is_over(const struct mmu_best *best, kymo_ns time)
{
	return best->found && best->mean <= 0 && best->time <= time;
}

/* Rounding in sums from bend to bend is another than in those from their begin: what may be the best is told exactly. */
static void seek_bends(const struct mmu_series *s, kymo_ns w, kymo_ns from, kymo_ns to, size_t part,
                       struct mmu_best *best)
{
	double mean[MMU_BATCH + 1], length[MMU_BATCH], slack = mmu_slack(s, w);
	struct mmu_bends b = mmu_bends_from(s, w, from);
	if (b.mean - slack <= best->mean)
		consider(best, mmu_mean(s, from, w), from, part);
	while (b.time < to) {
		kymo_ns time = b.time;
		size_t n = mmu_bends_next(&b, to, MMU_BATCH, mean, length);
		for (size_t i = 0; i < n; i++) {
			time += (kymo_ns)length[i];
			if (mean[i + 1] - slack <= best->mean)
				consider(best, mmu_mean(s, time, w), time, part);
		}
	}
}

/* The first window that is 0 all through; false: there is none. */
static bool seek_zero(const struct mmu_series *s, kymo_ns w, kymo_ns from, kymo_ns to, size_t part,
                      struct mmu_best *best)
{
	size_t i = 0, n = s->zeros;
	const struct mmu_zero *longest = n ? &s->zero[s->longest[0]] : NULL;
	if (!n || longest->end - longest->begin < w)
		return false;
	while (n) {
		size_t half = n / 2;
		if (s->zero[i + half].end <= from) {
			i += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	for (; i < s->zeros && s->zero[i].begin <= to; i++) {
		kymo_ns begin = s->zero[i].begin > from ? s->zero[i].begin : from;
		if (s->zero[i].end - begin < w)
			continue;
		consider(best, 0, begin, part);
		return true;
	}
	return false;
}

/* A band of a level, or what of it lies in [from, to]. */
static void seek_band(const struct mmu_series *s, size_t level, kymo_ns w, kymo_ns from, kymo_ns to,
                      size_t part, struct mmu_best *best)
{
	double low[1u << MMU_SPLIT], high[1u << MMU_SPLIT];
	if (is_over(best, from))
		return;
	if (level == MMU_FINEST || mmu_bends_in(s, w, from, to + 1) < MMU_FEW) {
		seek_bends(s, w, from, to, part, best);
		return;
	}
	level++;
	size_t first = mmu_band(s, level, from), last = mmu_band(s, level, to);
	// The end of one is the begin of the next; it belongs to this one, too.
	last -= last > first && mmu_band_begin(s, level, last) == to;
	mmu_bounds(&s->level[level], w, mmu_slack(s, w), first, last - first + 1, low, high);
	for (size_t i = first; i <= last; i++) {
		kymo_ns begin = mmu_band_begin(s, level, i), end = mmu_band_begin(s, level, i + 1);
		if (low[i - first] <= best->mean)
			seek_band(s, level, w, begin > from ? begin : from, end < to ? end : to,
			          part, best);
	}
}

/* The longest bands from that of `from` on, whose bounds are known. */
static void seek_bands(const struct mmu_series *s, kymo_ns w, kymo_ns from, kymo_ns to, size_t part,
                       const double *low, size_t count, struct mmu_best *best)
{
	size_t band = mmu_band(s, 0, from), lowest = 0;
	for (size_t i = 1; i < count; i++)
		lowest = low[i] < low[lowest] ? i : lowest;
	// With a low best few bands are left.
	for (size_t k = 0; k <= count; k++) {
		size_t i = k ? k - 1 : lowest;
		if (low[i] > best->mean || (k && i == lowest))
			continue;
		kymo_ns begin = mmu_band_begin(s, 0, band + i),
			end = mmu_band_begin(s, 0, band + i + 1);
		if (k && is_over(best, begin))
			return;
		seek_band(s, 0, w, begin > from ? begin : from, end < to ? end : to, part, best);
	}
}

#define BATCH 1024u

void mmu_seek(const struct kymo_mmu *m, size_t part, kymo_ns w, kymo_ns from, kymo_ns to,
              const double *low, struct mmu_best *best)
{
	const struct mmu_series *s = m->part[part].s;
	size_t band = mmu_band(s, 0, from), last = mmu_band(s, 0, to);
	double its_low[BATCH], its_high[BATCH];
	if (is_over(best, from) || seek_zero(s, w, from, to, part, best))
		return;
	consider(best, mmu_mean(s, from, w), from, part);
	if (low)
		seek_bands(s, w, from, to, part, low, last - band + 1, best);
	for (; !low && band <= last; band += BATCH) {
		kymo_ns begin = mmu_band_begin(s, 0, band);
		size_t count = last - band + 1 < BATCH ? last - band + 1 : BATCH;
		mmu_bounds(&s->level[0], w, mmu_slack(s, w), band, count, its_low, its_high);
		seek_bands(s, w, begin > from ? begin : from, to, part, its_low, count, best);
	}
}

/* ---- all parts ---- */

double mmu_mass_at_zero(const struct kymo_mmu *m, kymo_ns w, bool *some)
{
	double sum = 0;
	*some = false;
	for (size_t i = 0; i < m->count; i++) {
		const struct mmu_part *p = &m->part[i];
		for (size_t k = 0; k < p->s->zeros; k++) {
			const struct mmu_zero *zero = &p->s->zero[p->s->longest[k]];
			kymo_ns from = zero->begin, to = zero->end;
			if (to - from < w)
				break;
			from = from > p->begin ? from : p->begin;
			to = to < p->end ? to : p->end;
			if (to - from >= w) {
				*some = true;
				sum += (double)(to - from - w);
			}
		}
	}
	return sum;
}

#define GO_BANDS 1000

/*
 * Go: begins of windows are looked at in bands of ceil(length / bands), and one band more than there are; the last that a
 * window is thought to fit behind may begin too late for it. What sticks out of the trace is no utilisation.
 */
static double sticking_out(const struct mmu_part *p, kymo_ns window)
{
	const struct mmu_series *s = p->s;
	kymo_ns bands = s->count < GO_BANDS ? (kymo_ns)s->count : GO_BANDS;
	kymo_ns length = mmu_duration(p), w = window < length ? window : length;
	kymo_ns band = length / bands + (length % bands != 0);
	band = band > 1 ? band : 1;
	kymo_ns spans =
		w / band + (w % band + 2 * (band - 1)) / band;  // bands that a window may touch
	kymo_ns begin = (bands + 1 - spans) * band;
	if (spans > bands || begin <= length - w || begin >= length)
		return 1;
	return (mmu_sum_to(s, p->end) - mmu_sum_to(s, p->begin + begin)) / (double)w;
}

static kymo_ns cut_to(const struct mmu_part *p, kymo_ns window)
{
	return window < mmu_duration(p) ? window : mmu_duration(p);
}

double mmu_least(const struct kymo_mmu *m, kymo_ns window, const double *low)
{
	struct mmu_best best = {.mean = 1};
	bool go = m->whole->rules == KYMO_RULES_GO126, zero;
	if (window <= 0)
		return 0;
	if (!m->count)
		return go ? 1 : NAN;
	mmu_mass_at_zero(m, window, &zero);
	if (zero)
		return 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct mmu_part *p = &m->part[i];
		kymo_ns w = cut_to(p, window);
		bool slides = w < mmu_duration(p);
		mmu_seek(m, i, w, p->begin, p->end - w, slides ? low : NULL, &best);
		if (low && slides)
			low += mmu_bands_of(p, w);
	}
	for (size_t i = 0; go && i < m->count; i++) {
		double mean = sticking_out(&m->part[i], window);
		best.mean = mean < best.mean ? mean : best.mean;
	}
	return best.mean;
}

double kymo_mmu_at(const struct kymo_mmu *m, kymo_ns window)
{
	return mmu_least(m, window, NULL);
}

/* ---- the worst ---- */

/* Begins of windows that are still free, in one part. */
struct range {
	kymo_ns from, to;
	struct mmu_best best;  // or what it cannot be better than, if it was not looked at
	bool looked;
};
typedef VEC(struct range) range_vec;

static bool comes_before(const struct mmu_best *a, const struct mmu_best *b)
{
	if (a->mean != b->mean)
		return a->mean < b->mean;
	return a->time != b->time ? a->time < b->time : a->part < b->part;
}

static struct mmu_best *first_of(const struct kymo_mmu *m, kymo_ns window, range_vec *free)
{
	for (;;) {
		struct range *first = NULL;
		for (size_t i = 0; i < free->count; i++)
			if (!first || comes_before(&free->at[i].best, &first->best))
				first = &free->at[i];
		if (!first || first->looked)
			return first ? &first->best : NULL;
		size_t part = first->best.part;
		first->best = (struct mmu_best){.mean = 1};
		mmu_seek(m, part, cut_to(&m->part[part], window), first->from, first->to, NULL,
		         &first->best);
		first->looked = true;
	}
}

/* What a part of a range has is no better than all of it. */
static struct range piece_of(const struct range *r, kymo_ns from, kymo_ns to)
{
	struct range out = {from, to, r->best, r->looked};
	if (r->best.time < from || r->best.time > to) {
		out.looked = false;
		out.best.time = from;
	}
	return out;
}

/* Without (time - window, time + window). */
static bool take_out(range_vec *free, kymo_ns time, kymo_ns window)
{
	for (size_t i = free->count; i-- > 0;) {
		struct range r = free->at[i];
		kymo_ns to = time - window, from = time + window;
		bool before = to >= r.from, behind = from <= r.to;
		if (to >= r.to || from <= r.from)
			continue;
		if (before)
			free->at[i] = piece_of(&r, r.from, to);
		else if (behind)
			free->at[i] = piece_of(&r, from, r.to);
		else
			free->at[i] = free->at[--free->count];
		if (before && behind && !vec_push(free, piece_of(&r, from, r.to)))
			return false;
	}
	return true;
}

enum kymo_status kymo_mmu_worst(const struct kymo_mmu *m, kymo_ns window, size_t cap,
                                struct kymo_mmu_window *out, size_t *count)
{
	range_vec free_of = {0};
	bool ok = true;
	*count = 0;
	for (size_t i = 0; window > 0 && i < m->count && ok; i++) {
		const struct mmu_part *p = &m->part[i];
		struct range all = {p->begin, p->end - cut_to(p, window), {-1, 0, i, false}, false};
		all.best.time = all.from;
		ok = vec_push(&free_of, all);
	}
	while (ok && *count < cap) {
		const struct mmu_best *best = first_of(m, window, &free_of);
		if (!best)
			break;
		kymo_ns time = best->time;
		out[(*count)++] =
			(struct kymo_mmu_window){time, best->mean, m->part[best->part].s->proc};
		ok = take_out(&free_of, time, window);
	}
	vec_free(&free_of);
	return ok ? KYMO_OK : KYMO_E_MEMORY;
}
