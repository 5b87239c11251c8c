/* SPDX-License-Identifier: MIT */
/* The curve's data, and the least mean of all windows. */
#include "analysis/mmu.h"

#include <math.h>
#include <stdlib.h>

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

/* ---- the least ---- */

struct mmu_edge mmu_edge_at(const struct mmu_series *s, kymo_ns time)
{
	size_t band = (size_t)((time - s->at[0].time) / s->band);
	return (struct mmu_edge){s, s->first[band < s->bands ? band : s->bands]};
}

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

#define GO_BANDS 1000

/*
 * Go: begins of windows are looked at in bands of ceil(length / bands), and one band more than there are; the last that a
 * window is thought to fit behind may begin too late for it. What sticks out of the trace is no utilisation.
 */
static double sticking_out(const struct mmu_series *s, kymo_ns window)
{
	kymo_ns bands = s->count < GO_BANDS ? (kymo_ns)s->count : GO_BANDS;
	kymo_ns length = mmu_duration(s), w = window < length ? window : length;
	kymo_ns band = length / bands + (length % bands != 0);
	band = band > 1 ? band : 1;
	kymo_ns spans =
		w / band + (w % band + 2 * (band - 1)) / band;  // bands that a window may touch
	kymo_ns begin = (bands + 1 - spans) * band;
	if (spans > bands || begin <= length - w || begin >= length)
		return 1;
	struct mmu_edge left = mmu_edge_at(s, mmu_begin(s) + begin);
	return (s->at[s->count - 1].sum - mmu_integral(&left, mmu_begin(s) + begin)) / (double)w;
}

double mmu_least(const struct kymo_mmu *m, kymo_ns window, struct mmu_heap *h)
{
	struct best best = worst(m, window, &(struct taken){0}, h);
	mmu_heap_undo(h);
	for (size_t i = 0; m->rules == KYMO_RULES_GO126 && i < m->count; i++) {
		double mean = sticking_out(&m->series[i], window);
		best.mean = mean < best.mean ? mean : best.mean;
	}
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
