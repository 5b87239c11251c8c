/* SPDX-License-Identifier: MIT */
/*
 * Points of the curve. Some cost a hundred times what others do: threads take one after another. Every fourth is computed
 * for itself; of the others it is known about where their quantiles lie.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/mmu.h"
#include "analysis/parallel.h"
#include "base/threads.h"

#define STRIDE 4u

struct curve {
	const struct kymo_mmu *m;
	const kymo_ns *window;
	const double *q;
	size_t count, quantiles;
	double *least, *out;
	size_t next;   // of all threads
	bool between;  // those that lie between the ones that are there
};

struct job {
	struct curve *curve;
	enum kymo_status status;
};

/* Of a curve through four points at equal distances, between the second and the third. (Catmull and Rom.) */
static double between(const double *v, double part)
{
	double a = (v[2] - v[0]) / 2, b = (v[3] - v[1]) / 2, rise = v[2] - v[1];
	return v[1] + part * (a + part * (3 * rise - 2 * a - b + part * (a + b - 2 * rise)));
}

static void guess_between(const struct curve *c, size_t i, struct mmu_guess *guess)
{
	size_t last = c->count - 1, at[4] = {0, i - i % STRIDE, 0, 0};
	at[0] = at[1] >= STRIDE ? at[1] - STRIDE : at[1];
	at[2] = at[1] + STRIDE < last ? at[1] + STRIDE : last;
	at[3] = at[2] + STRIDE < last ? at[2] + STRIDE : last;
	double part = (double)(i - at[1]) / (double)(at[2] - at[1]);
	for (size_t k = 0; k < c->quantiles; k++) {
		double v[4];
		for (int n = 0; n < 4; n++)
			v[n] = c->out[at[n] * c->quantiles + k];
		double u = between(v, part), off = fabs(u - v[1] - (v[2] - v[1]) * part) / 2;
		// Where both neighbours have one value, so has this one: so many windows are there that have just that.
		off = fabs(v[2] - v[1]) < 1e-9 ? 0 : off + fabs(v[2] - v[1]) / 4 + 1e-3;
		guess[k] = off > 0 ? (struct mmu_guess){u - off, u + off}
		                   : (struct mmu_guess){v[1], v[1]};
	}
}

/* The next one that is to be computed; c->count: there is none. */
static size_t take(struct curve *c)
{
	size_t k = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED), last = c->count - 1;
	if (c->between) {
		size_t i = k / (STRIDE - 1) * STRIDE + k % (STRIDE - 1) + 1;
		return i < last ? i : c->count;
	}
	if (k * STRIDE < last)
		return k * STRIDE;
	return (k - 1) * STRIDE < last || !k ? last : c->count;
}

static void work(void *arg)
{
	struct job *job = arg;
	struct curve *c = job->curve;
	struct mmu_scratch *scratch = mmu_scratch_make();
	struct mmu_guess *guess = malloc((c->quantiles + 1) * sizeof *guess);
	job->status = scratch && guess ? KYMO_OK : KYMO_E_MEMORY;
	for (size_t i; job->status == KYMO_OK && (i = take(c)) < c->count;) {
		if (c->between)
			guess_between(c, i, guess);
		job->status =
			mmu_point(c->m, c->window[i], c->q, c->quantiles, c->between ? guess : NULL,
		                  scratch, &c->least[i], &c->out[i * c->quantiles]);
	}
	mmu_scratch_free(scratch);
	free(guess);
}

enum kymo_status mmu_curve(const struct kymo_mmu *m, const kymo_ns *window, size_t count,
                           const double *q, size_t quantiles, double *least, double *out)
{
	struct curve c = {.m = m,
	                  .window = window,
	                  .q = q,
	                  .count = count,
	                  .quantiles = quantiles,
	                  .least = least,
	                  .out = out};
	struct job jobs[PARALLEL_MAX];
	unsigned n = threads_allowed(PARALLEL_MAX);
	for (int pass = 0; pass < 2 && count; pass++) {
		c.between = pass;
		c.next = 0;
		for (unsigned i = 0; i < n; i++)
			jobs[i] = (struct job){.curve = &c};
		parallel_run(n, jobs, sizeof *jobs, work);
		for (unsigned i = 0; i < n; i++)
			if (jobs[i].status != KYMO_OK)
				return jobs[i].status;
	}
	return KYMO_OK;
}
