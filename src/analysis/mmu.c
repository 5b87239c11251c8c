/* SPDX-License-Identifier: MIT */
/* The curve's data, and the least mean of all windows. */
#include "analysis/mmu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/select.h"

/* Bands of a series: about 32 points each, between these. Fewer make bounds loose, more make the heap long. */
#define BANDS_MIN 1000
#define BANDS_MAX 16384

/* ---- making ---- */

/*
 * Sums as Go adds them, in doubles, so that its figures come out to the bit; else in long doubles. (Where GOMAXPROCS is
 * a power of two, either is without error.)
 */
static void sum_up(struct mmu_series *s, struct util_series *u, enum kymo_rules rules)
{
	struct util_point *p = u->points.at;
	vec_trim(&u->points);
	s->at = p = u->points.at;
	s->count = u->points.count;
	s->proc = u->proc;
	u->points.at = NULL;
	p[0].sum = 0;
	if (rules == KYMO_RULES_GO126) {
		for (size_t i = 1; i < s->count; i++)
			p[i].sum =
				p[i - 1].sum + p[i - 1].value * (double)(p[i].time - p[i - 1].time);
		return;
	}
	long double exact = 0;
	for (size_t i = 1; i < s->count; i++) {
		kymo_ns length = p[i].time - p[i - 1].time;
		exact += (long double)p[i - 1].value * (long double)length;
		p[i].sum = (double)exact;
	}
}

static int longest_first(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x > y ? -1 : x < y;
}

/* How long the utilisation is 0 at a time; a window within is 0 too. */
static bool list_zeros(struct mmu_series *s)
{
	s->zero = malloc(s->count * sizeof *s->zero);
	if (!s->zero)
		return false;
	for (size_t i = 0; i + 1 < s->count; i++)
		if (s->at[i].value <= 0)
			s->zero[s->zeros++] = s->at[i + 1].time - s->at[i].time;
	if (s->zeros)
		qsort(s->zero, s->zeros, sizeof *s->zero, longest_first);
	return true;
}

static bool cut_into_bands(struct mmu_series *s)
{
	kymo_ns duration = mmu_duration(s);
	size_t want = s->count / 32;
	want = want < BANDS_MIN ? BANDS_MIN : want > BANDS_MAX ? BANDS_MAX : want;
	want = want < s->count ? want : s->count;
	s->band = (duration + (kymo_ns)want - 1) / (kymo_ns)want;
	s->bands = (size_t)((duration + s->band - 1) / s->band);
	s->first = malloc((s->bands + 1) * sizeof *s->first);
	s->least = malloc((s->bands + 1) * sizeof *s->least);
	s->before = malloc((s->bands + 1) * sizeof *s->before);
	if (!s->first || !s->least || !s->before)
		return false;
	size_t p = 0;
	for (size_t b = 0; b <= s->bands; b++) {
		kymo_ns begin = s->at[0].time + (kymo_ns)b * s->band, end = begin + s->band;
		double least = 1;
		while (p + 1 < s->count && s->at[p + 1].time <= begin)
			p++;
		s->first[b] = p;
		s->before[b] = mmu_integral(&(struct mmu_edge){s, p}, begin);
		for (size_t i = p; i + 1 < s->count && s->at[i].time < end; i++)
			least = s->at[i].value < least ? s->at[i].value : least;
		s->least[b] = least;
	}
	return true;
}

enum kymo_status mmu_of_util(struct util *u, enum kymo_rules rules, struct kymo_mmu **out)
{
	struct kymo_mmu *m = calloc(1, sizeof *m);
	bool ok = m && (m->series = calloc(u->series.count + 1, sizeof *m->series));
	*out = NULL;
	if (m) {
		m->rules = rules;
		pthread_mutex_init(&m->lock, NULL);
	}
	for (size_t i = 0; ok && i < u->series.count; i++) {
		struct mmu_series *s = &m->series[m->count++];
		sum_up(s, &u->series.at[i], rules);
		ok = list_zeros(s) && cut_into_bands(s);
		if (ok && mmu_duration(s) > m->span)
			m->span = mmu_duration(s);
	}
	util_free(u);
	if (!ok) {
		kymo_mmu_free(m);
		return KYMO_E_MEMORY;
	}
	*out = m;
	return KYMO_OK;
}

enum kymo_status kymo_mmu_new(const struct kymo_trace *t, const struct kymo_selection *sel,
                              unsigned flags, enum kymo_rules rules, struct kymo_mmu **out)
{
	struct util u;
	*out = NULL;
	enum kymo_status st = rules == KYMO_RULES_GO126
	                              ? util_go126(t, flags, &u)
	                              : util_exact(t, flags, select_from(sel), select_to(sel, t), &u);
	if (st != KYMO_OK)
		return st;
	util_clip(&u, select_from(sel), select_to(sel, t));
	return mmu_of_util(&u, rules, out);
}

void kymo_mmu_free(struct kymo_mmu *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		free(m->series[i].at);
		free((void *)(uintptr_t)m->series[i].shown.time);
		free((void *)(uintptr_t)m->series[i].shown.value);
		free(m->series[i].first);
		free(m->series[i].least);
		free(m->series[i].before);
		free(m->series[i].zero);
	}
	free(m->series);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

kymo_ns kymo_mmu_span(const struct kymo_mmu *m)
{
	return m->span;
}

double kymo_mmu_mean(const struct kymo_mmu *m)
{
	double sum = 0, length = 0;
	for (size_t i = 0; i < m->count; i++) {
		sum += m->series[i].at[m->series[i].count - 1].sum;
		length += (double)mmu_duration(&m->series[i]);
	}
	return length > 0 ? sum / length : NAN;
}

const struct kymo_mmu_series *kymo_mmu_series(const struct kymo_mmu *m, size_t i)
{
	if (i >= m->count)
		return NULL;
	struct mmu_series *s = &m->series[i];
	struct kymo_mmu_series *shown = &s->shown;
	pthread_mutex_lock((pthread_mutex_t *)&m->lock);
	if (!shown->count) {
		kymo_ns *time = malloc(s->count * sizeof *time);
		double *value = malloc(s->count * sizeof *value);
		for (size_t k = 0; time && value && k < s->count; k++) {
			time[k] = s->at[k].time;
			value[k] = s->at[k].value;
		}
		if (time && value) {
			*shown = (struct kymo_mmu_series){s->count, time, value, s->proc};
		} else {
			free(time);
			free(value);
		}
	}
	bool ok = shown->count;
	pthread_mutex_unlock((pthread_mutex_t *)&m->lock);
	return ok ? shown : NULL;
}

/* ---- bands ---- */

struct mmu_edge mmu_edge_at(const struct mmu_series *s, kymo_ns time)
{
	size_t band = (size_t)((time - s->at[0].time) / s->band);
	return (struct mmu_edge){s, s->first[band < s->bands ? band : s->bands]};
}

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

/* As if nothing had been popped. */
static void undo(struct mmu_heap *h)
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

/* ---- the least ---- */

struct best {
	double mean;
	kymo_ns time;
	size_t series;
	bool found;
};

/* Windows that begin in [from, to]. Where the mean is far above the best, the window may skip: it cannot fall faster
 * than by 1/w a ns. */
static void look(const struct mmu_series *s, size_t series, kymo_ns from, kymo_ns to, kymo_ns w,
                 struct best *best)
{
	struct mmu_edge left = mmu_edge_at(s, from), right = mmu_edge_at(s, from + w);
	for (kymo_ns time = from;;) {
		double held = mmu_integral(&right, time + w) - mmu_integral(&left, time);
		double mean = held / (double)w;
		if (!best->found || mean < best->mean || (mean == best->mean && time < best->time))
			*best = (struct best){mean, time, series, true};
		if (time == to || mean <= 0)
			return;
		kymo_ns a = mmu_next(&left), b = mmu_next(&right);
		kymo_ns next = b == INT64_MAX || a < b - w ? a : b - w;
		kymo_ns far = time + (kymo_ns)((mean - best->mean) * (double)w);
		time = next > far ? next : far;
		if (time > to)
			time = to;
	}
}

/* Begins of windows that are not to be looked at: (time - w, time + w), of each of `without`. Sorted by time. */
struct taken {
	const kymo_ns *time;
	size_t count;
	kymo_ns window;
};

static void look_around(const struct kymo_mmu *m, const struct mmu_band *b, kymo_ns w,
                        const struct taken *taken, struct best *best)
{
	const struct mmu_series *s = &m->series[b->series];
	kymo_ns from = b->begin;
	for (size_t i = 0; i < taken->count; i++) {
		kymo_ns lo = taken->time[i] - taken->window, hi = taken->time[i] + taken->window;
		if (hi <= from)
			continue;
		if (lo >= b->end)
			break;
		if (lo >= from)
			look(s, b->series, from, lo, w, best);
		from = hi;
	}
	if (from <= b->end)
		look(s, b->series, from, b->end, w, best);
}

static struct best worst(const struct kymo_mmu *m, kymo_ns window, const struct taken *taken,
                         struct mmu_heap *h)
{
	struct best best = {.mean = 1};
	while (h->count) {
		struct mmu_band b = mmu_heap_pop(h);
		// Bands of one bound come in order of time: after a 0 none is lower, and none as low is earlier.
		if (best.found && (b.bound > best.mean || (best.mean <= 0 && b.begin > best.time)))
			break;
		kymo_ns duration = mmu_duration(&m->series[b.series]);
		look_around(m, &b, window < duration ? window : duration, taken, &best);
	}
	return best;
}

double mmu_least(const struct kymo_mmu *m, kymo_ns window, struct mmu_heap *h)
{
	struct best best = worst(m, window, &(struct taken){0}, h);
	undo(h);
	return best.found ? best.mean : NAN;
}

double kymo_mmu_at(const struct kymo_mmu *m, kymo_ns window)
{
	struct mmu_heap h = {0};
	if (window <= 0)
		return 0;
	if (!m->count && m->rules == KYMO_RULES_GO126)
		return 1;
	double least = mmu_heap_make(m, window, false, &h) ? mmu_least(m, window, &h) : NAN;
	mmu_heap_free(&h);
	return least;
}

enum kymo_status kymo_mmu_worst(const struct kymo_mmu *m, kymo_ns window, size_t cap,
                                struct kymo_mmu_window *out, size_t *count)
{
	kymo_ns *times = malloc((cap + 1) * sizeof *times);
	struct taken taken = {times, 0, window};
	struct mmu_heap all = {0}, h = {0};
	bool ok = times && mmu_heap_make(m, window > 0 ? window : 1, false, &all);
	*count = 0;
	while (ok && window > 0 && *count < cap) {
		ok = mmu_heap_copy(&all, &h);
		if (!ok)
			break;
		struct best best = worst(m, window, &taken, &h);
		if (!best.found)
			break;
		out[(*count)++] =
			(struct kymo_mmu_window){best.time, best.mean, m->series[best.series].proc};
		size_t i = taken.count++;
		for (; i > 0 && times[i - 1] > best.time; i--)
			times[i] = times[i - 1];
		times[i] = best.time;
	}
	mmu_heap_free(&all);
	mmu_heap_free(&h);
	free(times);
	return ok ? KYMO_OK : KYMO_E_MEMORY;
}
