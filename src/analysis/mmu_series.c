/* SPDX-License-Identifier: MIT */
/* Step functions, with their integrals and in bands; and the parts of them that a window of the trace has. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/mmu.h"
#include "analysis/parallel.h"
#include "base/radix.h"
#include "base/threads.h"

#define NEVER (INT64_MAX / 2)  // later than all times, and no window's length from an overflow

/* What holds at least and at most, in half the memory. */
static float rounded_down(double v)
{
	float f = (float)v;
	return (double)f <= v ? f : nextafterf(f, -1);
}

static float rounded_up(double v)
{
	float f = (float)v;
	return (double)f >= v ? f : nextafterf(f, 2);
}

/*
 * Sums as Go adds them, in doubles, so that its figures come out to the bit; else in long doubles. (Where GOMAXPROCS is
 * a power of two, either is without error.)
 */
static bool sum_up(struct mmu_series *s, enum kymo_rules rules)
{
	const struct util_point *p = s->at;
	long double exact = 0;
	double sum = 0;
	s->sum = malloc((s->count / MMU_SUMS + 1) * sizeof *s->sum);
	if (!s->sum)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		if (rules != KYMO_RULES_GO126)
			sum = (double)exact;
		if (i % MMU_SUMS == 0)
			s->sum[i / MMU_SUMS] = sum;
		if (i + 1 == s->count)
			break;
		kymo_ns length = p[i + 1].time - p[i].time;
		exact += (long double)p[i].value * (long double)length;
		sum += p[i].value * (double)length;
	}
	s->total = sum;
	return true;
}

static bool make_bands(struct mmu_bands *b, uint64_t length, unsigned shift)
{
	b->shift = shift;
	b->count = (size_t)((length + (((uint64_t)1 << shift) - 1)) >> shift);
	b->before = malloc((b->count + MMU_BEYOND + 1) * sizeof *b->before);
	b->least = malloc((b->count + MMU_BEYOND) * sizeof *b->least);
	b->most = malloc((b->count + MMU_BEYOND) * sizeof *b->most);
	return b->before && b->least && b->most;
}

static void free_bands(struct mmu_bands *b)
{
	free(b->before);
	free(b->least);
	free(b->most);
}

/* The longest bands are of 128 to 256 points, on the average. */
#define BANDS_MIN 8u
#define BANDS_MAX 8192u

static bool room_for_bands(struct mmu_series *s)
{
	uint64_t length = (uint64_t)(s->at[s->count - 1].time - mmu_begin(s));
	uint64_t most = s->count / 128;
	unsigned shift = MMU_FINEST * MMU_SPLIT;
	most = most < BANDS_MIN ? BANDS_MIN : most > BANDS_MAX ? BANDS_MAX : most;
	while (length >> shift > most)
		shift++;
	if (s->count >= UINT32_MAX)
		return false;
	for (unsigned i = 0; i < MMU_LEVELS; i++)
		if (!make_bands(&s->level[i], length, shift - i * MMU_SPLIT))
			return false;
	s->first = malloc((s->level[MMU_FINEST].count + 1) * sizeof *s->first);
	return s->first;
}

/* The point that holds at a time from the begin on. */
static size_t search(const struct mmu_series *s, kymo_ns time)
{
	size_t lo = 0, hi = s->count;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->at[mid].time <= time)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Bands [from, to) of the shortest; `to` beyond all of them: and what is behind them. */
static void fill_finest(struct mmu_series *s, size_t from, size_t to)
{
	const struct util_point *at = s->at;
	const struct mmu_bands *f = &s->level[MMU_FINEST];
	kymo_ns begin = mmu_band_begin(s, MMU_FINEST, from), length = (kymo_ns)1 << f->shift;
	size_t last = s->count - 1, p = search(s, begin);
	double sum = mmu_sum(s, p, at[p].time);
	for (size_t b = from; b < to && b <= f->count + MMU_BEYOND; b++, begin += length) {
		if (b <= f->count)
			s->first[b] = (uint32_t)p;
		f->before[b] = sum + at[p].value * (double)(begin - at[p].time);
		if (b == f->count + MMU_BEYOND)
			break;
		double least = at[p].value, most = at[p].value;
		for (; p < last && at[p + 1].time < begin + length; p++) {
			double value = at[p + 1].value;
			sum += at[p].value * (double)(at[p + 1].time - at[p].time);
			sum = (p + 1) % MMU_SUMS ? sum : s->sum[(p + 1) / MMU_SUMS];
			least = value < least ? value : least;
			most = value > most ? value : most;
		}
		f->least[b] = rounded_down(least);
		f->most[b] = rounded_up(most);
		// A point at the very begin of the next band holds there.
		if (p < last && at[p + 1].time == begin + length) {
			sum += at[p].value * (double)(length + begin - at[p].time);
			p++;
			sum = p % MMU_SUMS ? sum : s->sum[p / MMU_SUMS];
		}
	}
}

/* Of those of the next level. Behind the end there is the last value. */
static void fill_level(struct mmu_series *s, size_t level)
{
	const struct mmu_bands *c = &s->level[level], *f = c + 1;
	size_t end = f->count + MMU_BEYOND - 1, last = s->count - 1;
	for (size_t b = 0; b <= c->count + MMU_BEYOND; b++) {
		size_t i = b << MMU_SPLIT, to = i + (1u << MMU_SPLIT);
		c->before[b] =
			i <= end ? f->before[i] : mmu_sum(s, last, mmu_band_begin(s, level, b));
		if (b == c->count + MMU_BEYOND)
			break;
		i = i < end ? i : end;
		to = to < end ? to : end + 1;
		c->least[b] = f->least[i];
		c->most[b] = f->most[i];
		for (; i < to; i++) {
			c->least[b] = f->least[i] < c->least[b] ? f->least[i] : c->least[b];
			c->most[b] = f->most[i] > c->most[b] ? f->most[i] : c->most[b];
		}
	}
}

/* How long the utilisation is 0 at a time; a window within is 0 too. */
static bool list_zeros(struct mmu_series *s)
{
	const struct util_point *at = s->at;
	size_t n = 0;
	for (size_t i = 0; i + 1 < s->count; i++)
		n += at[i].value <= 0;
	struct radix_item *order = malloc((n + 1) * sizeof *order);
	s->zero = malloc((n + 1) * sizeof *s->zero);
	s->longest = malloc((n + 1) * sizeof *s->longest);
	for (size_t i = 0; order && s->zero && s->longest && i + 1 < s->count; i++) {
		if (at[i].value > 0)
			continue;
		if (s->zeros && s->zero[s->zeros - 1].end == at[i].time)
			s->zero[s->zeros - 1].end = at[i + 1].time;
		else
			s->zero[s->zeros++] = (struct mmu_zero){at[i].time, at[i + 1].time};
	}
	bool ok = order && s->zero && s->longest;
	for (size_t i = 0; ok && i < s->zeros; i++)
		order[i] = (struct radix_item){
			(uint64_t)INT64_MAX - (uint64_t)(s->zero[i].end - s->zero[i].begin), i};
	ok = ok && radix_sort(order, s->zeros);
	for (size_t i = 0; ok && i < s->zeros; i++)
		s->longest[i] = (uint32_t)order[i].value;
	free(order);
	return ok;
}

static bool take_points(struct mmu_series *s, struct util_series *u)
{
	for (int i = 0; i < 2; i++)
		if (!vec_push(&u->points, ((struct util_point){NEVER, 0})))
			return false;
	vec_trim(&u->points);
	s->at = u->points.at;
	s->count = u->points.count - 2;
	s->proc = u->proc;
	u->points.at = NULL;
	s->at[s->count - 1].value = s->at[s->count - 2].value;
	return true;
}

static void fill_levels(struct mmu_series *s)
{
	for (size_t i = MMU_FINEST; i-- > 0;)
		fill_level(s, i);
}

#define WORTH_A_THREAD 65536u  // points: about a millisecond

/* Threads take one series after another. */
struct making {
	struct mmu_whole *x;
	struct util *u;
	size_t *next;
	bool ok;
};

static void make_some(void *arg)
{
	struct making *m = arg;
	for (size_t i;
	     m->ok && (i = __atomic_fetch_add(m->next, 1, __ATOMIC_RELAXED)) < m->x->count;) {
		struct mmu_series *s = &m->x->series[i];
		m->ok = take_points(s, &m->u->series.at[i]) && sum_up(s, m->x->rules) &&
		        room_for_bands(s) && list_zeros(s);
		if (m->ok) {
			fill_finest(s, 0, SIZE_MAX);
			fill_levels(s);
		}
	}
}

static bool make_all(struct mmu_whole *x, struct util *u, unsigned threads)
{
	struct making jobs[PARALLEL_MAX];
	size_t next = 0;
	bool ok = true;
	for (unsigned i = 0; i < threads; i++)
		jobs[i] = (struct making){x, u, &next, true};
	parallel_run(threads, jobs, sizeof *jobs, make_some);
	for (unsigned i = 0; i < threads; i++)
		ok = ok && jobs[i].ok;
	return ok;
}

/* Where there is but one, threads share it. */
struct sharing {
	struct mmu_series *s;
	enum kymo_rules rules;
	size_t from, to;  // of the shortest bands; of what comes before these, 0: sums, 1: zeros
	bool ok;
};

static void prepare(void *arg)
{
	struct sharing *p = arg;
	p->ok = p->from ? list_zeros(p->s) : sum_up(p->s, p->rules) && room_for_bands(p->s);
}

static void fill_some(void *arg)
{
	struct sharing *p = arg;
	fill_finest(p->s, p->from, p->to);
}

static bool make_one(struct mmu_whole *x, struct util *u, unsigned threads)
{
	struct mmu_series *s = &x->series[0];
	struct sharing jobs[PARALLEL_MAX];
	if (!take_points(s, &u->series.at[0]))
		return false;
	for (unsigned i = 0; i < 2; i++)
		jobs[i] = (struct sharing){.s = s, .rules = x->rules, .from = i};
	parallel_run(2, jobs, sizeof *jobs, prepare);
	if (!jobs[0].ok || !jobs[1].ok)
		return false;
	size_t count = s->level[MMU_FINEST].count;
	for (unsigned i = 0; i < threads; i++) {
		jobs[i].s = s;
		jobs[i].from = count * i / threads;
		jobs[i].to = i + 1 < threads ? count * (i + 1) / threads : SIZE_MAX;
	}
	parallel_run(threads, jobs, sizeof *jobs, fill_some);
	fill_levels(s);
	return true;
}

struct mmu_whole *mmu_whole_make(struct util *u, unsigned flags, enum kymo_rules rules)
{
	struct mmu_whole *x = calloc(1, sizeof *x);
	bool ok = x && (x->series = calloc(u->series.count + 1, sizeof *x->series));
	size_t count = u->series.count;
	uint64_t points = 0;
	for (size_t i = 0; i < count; i++)
		points += u->series.at[i].points.count;
	unsigned n = threads_worth(PARALLEL_MAX, points / WORTH_A_THREAD);
	if (x)
		*x = (struct mmu_whole){1, flags, rules, ok ? count : 0, x->series};
	if (ok && count == 1 && n > 1)
		ok = make_one(x, u, n);
	else if (ok && count)
		ok = make_all(x, u, n < count ? n : (unsigned)count);
	util_free(u);
	if (ok)
		return x;
	mmu_whole_release(x);
	return NULL;
}

struct mmu_whole *mmu_whole_share(struct mmu_whole *x)
{
	__atomic_fetch_add(&x->users, 1, __ATOMIC_RELAXED);
	return x;
}

void mmu_whole_release(struct mmu_whole *x)
{
	if (!x || __atomic_sub_fetch(&x->users, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < x->count; i++) {
		free(x->series[i].at);
		free(x->series[i].sum);
		for (unsigned k = 0; k < MMU_LEVELS; k++)
			free_bands(&x->series[i].level[k]);
		free(x->series[i].first);
		free(x->series[i].zero);
		free(x->series[i].longest);
	}
	free(x->series);
	free(x);
}

enum kymo_status mmu_of_whole(struct mmu_whole *x, kymo_ns from, kymo_ns to, struct kymo_mmu **out)
{
	struct kymo_mmu *m = calloc(1, sizeof *m);
	*out = m;
	if (!m || !(m->part = calloc(x->count + 1, sizeof *m->part))) {
		free(m);
		mmu_whole_release(x);
		*out = NULL;
		return KYMO_E_MEMORY;
	}
	m->whole = x;
	pthread_mutex_init(&m->lock, NULL);
	for (size_t i = 0; i < x->count; i++) {
		const struct mmu_series *s = &x->series[i];
		struct mmu_part p = {.s = s, .begin = s->at[0].time, .end = s->at[s->count - 1].time};
		p.begin = p.begin > from ? p.begin : from;
		p.end = p.end < to ? p.end : to;
		if (p.begin >= p.end)
			continue;
		m->part[m->count++] = p;
		if (mmu_duration(&p) > m->span)
			m->span = mmu_duration(&p);
	}
	return KYMO_OK;
}
