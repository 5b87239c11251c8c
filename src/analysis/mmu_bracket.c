/* SPDX-License-Identifier: MIT */
#include "analysis/mmu_bracket.h"

#include <stdlib.h>
#include <string.h>

/* ---- weighing ---- */

static void reset(struct mmu_bracket *b, double low, double high)
{
	b->low = low;
	b->high = high;
	b->below = b->through = b->inside = 0;
	b->pieces.count = 0;
}

void mmu_bracket_set(struct mmu_bracket *b, double low, double high, bool edge)
{
	reset(b, low, high);
	b->edge = edge;
	b->at_edge = 0;
}

/* Part of a piece. */
static bool push_piece(struct mmu_bracket *b, double low, double high, double mass)
{
	size_t n = b->pieces.count;
	struct mmu_piece *last = n ? &b->pieces.at[n - 1] : NULL;
	b->inside += mass;
	if (last && low == high && last->low == low && last->high == low) {
		last->mass += mass;
		return true;
	}
	return vec_push(&b->pieces, ((struct mmu_piece){low, high, mass}));
}

/* What is neither all below nor all above. */
static bool weigh_part(struct mmu_bracket *b, double low, double high, double mass)
{
	if (high - low < b->flat) {
		if (low < b->low)
			b->below += mass;
		else if (low <= b->high)
			return push_piece(b, low, low, mass);
		else if (b->edge)
			b->at_edge += mass;
		return true;
	}
	double density = mass / (high - low), from = low > b->low ? low : b->low,
	       to = high < b->high ? high : b->high;
	if (low < b->low)
		b->below += density * (b->low - low);
	if (low <= b->low && high >= b->high) {
		b->through += density;
		return true;
	}
	return to <= from || push_piece(b, from, to, density * (to - from));
}

/* Of a group. On which side pieces are no processor could foresee: there are no branches for it. */
static bool weigh_group(struct mmu_bracket *b, const double *value, const double *mass, size_t count)
{
	const double bottom = b->low, top = b->high + (b->edge ? 2 * b->flat : 0);
	uint8_t inside[MMU_GROUP];
	double below = 0;
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned low = (value[i] <= top) | (value[i + 1] <= top);
		unsigned high = (value[i] >= bottom) | (value[i + 1] >= bottom);
		below += high ? 0 : mass[i];
		inside[n] = (uint8_t)i;
		n += low & high;
	}
	b->below += below;
	for (size_t k = 0; k < n; k++) {
		size_t i = inside[k];
		double low = value[i] < value[i + 1] ? value[i] : value[i + 1];
		double high = value[i] < value[i + 1] ? value[i + 1] : value[i];
		if (!weigh_part(b, low, high, mass[i]))
			return false;
	}
	return true;
}

void mmu_run_make(struct mmu_run *r)
{
	size_t groups = (r->count + MMU_GROUP - 1) / MMU_GROUP;
	for (size_t g = 0; g < groups; g++) {
		const double *v = &r->value[g * MMU_GROUP], *m = &r->mass[g * MMU_GROUP];
		size_t n =
			r->count - g * MMU_GROUP < MMU_GROUP ? r->count - g * MMU_GROUP : MMU_GROUP;
		double least = v[0], most = v[0], sum = 0;
		for (size_t i = 0; i < n; i++) {
			least = v[i + 1] < least ? v[i + 1] : least;
			most = v[i + 1] > most ? v[i + 1] : most;
			sum += m[i];
		}
		r->least[g] = least;
		r->most[g] = most;
		r->sum[g] = sum;
	}
}

bool mmu_bracket_weigh(struct mmu_bracket *b, const struct mmu_run *r)
{
	const double bottom = b->low, top = b->high + (b->edge ? 2 * b->flat : 0);
	size_t groups = (r->count + MMU_GROUP - 1) / MMU_GROUP;
	double below = 0;
	for (size_t g = 0; g < groups; g++) {
		size_t at = g * MMU_GROUP;
		below += r->most[g] < bottom ? r->sum[g] : 0;
		if (r->most[g] >= bottom && r->least[g] <= top &&
		    !weigh_group(b, &r->value[at], &r->mass[at],
		                 r->count - at < MMU_GROUP ? r->count - at : MMU_GROUP))
			return false;
	}
	b->below += below;
	return true;
}

/* ---- histograms ---- */

static void histogram_reset(struct mmu_histogram *h, double low, double high)
{
	memset(h, 0, sizeof *h);
	h->low = low;
	h->per = high > low ? MMU_BUCKETS / (high - low) : 0;
}

static size_t bucket_of(const struct mmu_histogram *h, double v)
{
	double at = (v - h->low) * h->per;
	at = at > 0 ? at : 0;
	return at < MMU_BUCKETS ? (size_t)(int32_t)at : MMU_BUCKETS - 1;
}

static double value_of(const struct mmu_histogram *h, size_t bucket)
{
	return h->low + (double)bucket / h->per;
}

static void histogram_put(struct mmu_histogram *h, double low, double high, double mass)
{
	size_t a = bucket_of(h, low), b = bucket_of(h, high);
	if (a == b) {
		h->at[a] += mass;
		return;
	}
	double density = mass / ((high - low) * h->per);
	h->at[a] += density * ((double)(a + 1) - (low - h->low) * h->per);
	h->at[b] += density * ((high - h->low) * h->per - (double)b);
	h->slope[a + 1] += density;
	h->slope[b] -= density;
}

/* The bucket in which the mass reaches `want`; the last one, if it does nowhere. */
static size_t histogram_find(const struct mmu_histogram *h, double want)
{
	double sum = 0, slope = 0;
	size_t i = 0;
	for (; i + 1 < MMU_BUCKETS; i++) {
		slope += h->slope[i];
		sum += h->at[i] + slope;
		if (sum >= want)
			break;
	}
	return i;
}

/* ---- what is known of stretches ---- */

void mmu_bracket_narrow(struct mmu_bracket *b, const struct mmu_stretch *s, size_t count,
                        struct mmu_histogram *spare)
{
	// at[]: by their low values, slope[]: by their high ones.
	double below = b->below, *lows = spare->at, *highs = spare->slope;
	if (b->high <= b->low)
		return;
	histogram_reset(spare, b->low, b->high);
	for (size_t i = 0; i < count; i++) {
		double mass = (double)(s[i].end - s[i].begin);
		if (s[i].high < b->low)
			below += mass;
		else if (s[i].low <= b->high)
			lows[bucket_of(spare, s[i].low)] += mass;
		if (s[i].high >= b->low && s[i].high <= b->high)
			highs[bucket_of(spare, s[i].high)] += mass;
	}
	double may = below, must = below;
	size_t i = 0, k = 0;
	for (; i < MMU_BUCKETS && may + lows[i] < b->want; i++)
		may += lows[i];
	for (; k < MMU_BUCKETS && must + highs[k] < b->want; k++)
		must += highs[k];
	// A bucket more on either side, for what rounding does.
	double low = i > 1 && i < MMU_BUCKETS ? value_of(spare, i - 1) : b->low;
	if (k + 2 < MMU_BUCKETS) {
		b->high = value_of(spare, k + 2);
		b->edge = false;
	}
	b->low = low;
}

/* ---- the answer ---- */

/* How much there is up to its high end. */
static double mass_of(const struct mmu_bracket *b)
{
	return b->below + b->inside + b->through * (b->high - b->low);
}

bool mmu_bracket_needs_edge(const struct mmu_bracket *b)
{
	return !b->done && b->edge && mass_of(b) + b->at_edge < b->want;
}

bool mmu_bracket_has_it(const struct mmu_bracket *b)
{
	double sum = mass_of(b) + (b->edge ? b->at_edge : 0);
	// What rounding took from the last one.
	return (b->below < b->want || b->below <= 0) &&
	       (sum >= b->want * (1 - 1e-12) || b->high >= 2);
}

#define FEW 64u
#define ONE_VALUE 1e-13  // pieces that differ by less are those of one value, but for rounding

/* To the bucket that has the answer, and one at either side for what rounding does. */
static void narrow(struct mmu_bracket *b, struct mmu_histogram *h)
{
	double below = b->below, through = b->through;
	histogram_reset(h, b->low, b->high);
	for (size_t i = 0; i < b->pieces.count; i++)
		histogram_put(h, b->pieces.at[i].low, b->pieces.at[i].high, b->pieces.at[i].mass);
	h->slope[0] += through / h->per;
	size_t bucket = histogram_find(h, b->want - below), n = b->pieces.count;
	double low = value_of(h, bucket ? bucket - 1 : 0), high = value_of(h, bucket + 2);
	low = bucket > 1 ? low : b->low;
	high = bucket + 2 < MMU_BUCKETS ? high : b->high;
	below += through * (low - b->low);
	reset(b, low, high);
	b->below = below;
	b->through = through;
	// In place: what is written was read.
	for (size_t i = 0; i < n; i++) {
		struct mmu_piece p = b->pieces.at[i];
		if (p.high < low)
			b->below += p.mass;
		else if (p.low <= high)
			weigh_part(b, p.low, p.high, p.mass);
	}
}

/* Where pieces begin and end, in order of value. */
struct bend {
	double value, density;
	double point;  // mass at this very value
};

static int by_bend(const void *a, const void *b)
{
	const struct bend *x = a, *y = b;
	return x->value < y->value ? -1 : x->value > y->value;
}

bool mmu_bracket_solve(struct mmu_bracket *b, struct mmu_histogram *spare)
{
	if (b->edge && mass_of(b) < b->want * (1 - 1e-12)) {
		b->answer = b->high + b->flat;
		return true;
	}
	b->edge = false;
	while (b->pieces.count > FEW && b->high - b->low > ONE_VALUE)
		narrow(b, spare);
	if (b->pieces.count > FEW) {
		b->answer = b->pieces.at[0].low;
		return true;
	}
	struct bend *at = malloc((2 * b->pieces.count + 1) * sizeof *at);
	size_t n = 0;
	if (!at)
		return false;
	for (size_t i = 0; i < b->pieces.count; i++) {
		const struct mmu_piece *p = &b->pieces.at[i];
		double density = p->high > p->low ? p->mass / (p->high - p->low) : 0;
		at[n++] = (struct bend){p->low, density, p->high > p->low ? 0 : p->mass};
		if (p->high > p->low)
			at[n++] = (struct bend){p->high, -density, 0};
	}
	qsort(at, n, sizeof *at, by_bend);
	double value = b->low, density = b->through, want = b->want - b->below;
	size_t i = 0;
	for (; i < n && want > 0; i++) {
		double gain = density * (at[i].value - value);
		if (gain >= want)
			break;
		want -= gain + at[i].point;
		density += at[i].density;
		value = at[i].value;
	}
	if (want > 0 && density > 0)
		value += want / density;
	b->answer = value < b->high ? value : b->high;
	free(at);
	return true;
}
