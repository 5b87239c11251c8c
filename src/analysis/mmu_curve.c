/* SPDX-License-Identifier: MIT */
/*
 * Points of the curve. Some cost a hundred times what others do: threads take one after another. Every eighth is computed
 * for itself; of those midway between two that are there it is known about where their quantiles lie, and so on.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/mmu.h"
#include "analysis/parallel.h"
#include "base/threads.h"

#define STRIDE 8u

struct curve {
	const struct kymo_mmu *m;
	const kymo_ns *window;
	const double *q;
	size_t count, quantiles;
	double *least, *out;
	pthread_mutex_t lock;
	pthread_cond_t more;  // one is done, or it failed
	size_t taken;
	size_t *order;  // [count]
	size_t *step;   // [count] to its neighbours; 0: it has none
	bool *done;     // [count]
	enum kymo_status status;
};

/* Of a curve through four points at equal distances, between the second and the third. (Catmull and Rom.) */
static double between(const double *v, double part)
{
	double a = (v[2] - v[0]) / 2, b = (v[3] - v[1]) / 2, rise = v[2] - v[1];
	return v[1] + part * (a + part * (3 * rise - 2 * a - b + part * (a + b - 2 * rise)));
}

/* Two at either side; before the last one distances may be others. */
static void neighbours(const struct curve *c, size_t i, size_t at[4])
{
	size_t step = c->step[i], last = c->count - 1;
	at[1] = i - step;
	at[0] = at[1] >= 2 * step ? at[1] - 2 * step : at[1];
	at[2] = i + step < last ? i + step : last;
	at[3] = at[2] + 2 * step < last ? at[2] + 2 * step : last;
}

static void guess_between(const struct curve *c, size_t i, const size_t at[4], struct mmu_guess *guess)
{
	double part = (double)(i - at[1]) / (double)(at[2] - at[1]);
	for (size_t k = 0; k < c->quantiles; k++) {
		double v[4];
		for (int n = 0; n < 4; n++)
			v[n] = c->out[at[n] * c->quantiles + k];
		double u = between(v, part), off = fabs(u - v[1] - (v[2] - v[1]) * part) / 2;
		// Where both neighbours have one value, so has this one: so many windows are there that have just that.
		off = fabs(v[2] - v[1]) < 1e-9 ? 0 : off + fabs(v[2] - v[1]) / 8 + 3e-4;
		guess[k] = off > 0 ? (struct mmu_guess){u - off, u + off}
		                   : (struct mmu_guess){v[1], v[1]};
	}
}

/* Those without neighbours first; each of the others after the ones between which it lies. */
static bool put_in_order(struct curve *c)
{
	size_t n = 0, last = c->count - 1;
	c->order = malloc(c->count * sizeof *c->order);
	c->step = calloc(c->count, sizeof *c->step);
	c->done = calloc(c->count, sizeof *c->done);
	if (!c->order || !c->step || !c->done)
		return false;
	for (size_t i = 0; i < last; i += STRIDE)
		c->order[n++] = i;
	c->order[n++] = last;
	for (size_t step = STRIDE / 2; step; step /= 2)
		for (size_t i = step; i < last; i += 2 * step) {
			c->step[i] = step;
			c->order[n++] = i;
		}
	return true;
}

static bool waits(const struct curve *c, size_t i)
{
	size_t at[4];
	neighbours(c, i, at);
	return !c->done[at[0]] || !c->done[at[1]] || !c->done[at[2]] || !c->done[at[3]];
}

/* The next one, when its neighbours are done; c->count: there is none. */
static size_t take(struct curve *c)
{
	pthread_mutex_lock(&c->lock);
	size_t i = c->status == KYMO_OK && c->taken < c->count ? c->order[c->taken++] : c->count;
	while (i < c->count && c->step[i] && c->status == KYMO_OK && waits(c, i))
		pthread_cond_wait(&c->more, &c->lock);
	if (c->status != KYMO_OK)
		i = c->count;
	pthread_mutex_unlock(&c->lock);
	return i;
}

static void tell(struct curve *c, size_t i, enum kymo_status st)
{
	pthread_mutex_lock(&c->lock);
	if (st != KYMO_OK)
		c->status = st;
	else
		c->done[i] = true;
	pthread_cond_broadcast(&c->more);
	pthread_mutex_unlock(&c->lock);
}

static enum kymo_status compute(struct curve *c, size_t i, struct mmu_guess *guess,
                                struct mmu_scratch *scratch)
{
	size_t at[4];
	if (c->step[i]) {
		neighbours(c, i, at);
		guess_between(c, i, at, guess);
	}
	return mmu_point(c->m, c->window[i], c->q, c->quantiles, c->step[i] ? guess : NULL, scratch,
	                 &c->least[i], &c->out[i * c->quantiles]);
}

static void work(void *arg)
{
	struct curve *c = *(struct curve **)arg;
	struct mmu_scratch *scratch = mmu_scratch_make();
	struct mmu_guess *guess = malloc((c->quantiles + 1) * sizeof *guess);
	if (!scratch || !guess)
		tell(c, 0, KYMO_E_MEMORY);
	for (size_t i; (i = take(c)) < c->count;)
		tell(c, i, compute(c, i, guess, scratch));
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
	                  .out = out,
	                  .lock = PTHREAD_MUTEX_INITIALIZER,
	                  .more = PTHREAD_COND_INITIALIZER};
	struct curve *jobs[PARALLEL_MAX];
	unsigned n = threads_allowed(PARALLEL_MAX);
	if (!count)
		return KYMO_OK;
	for (unsigned i = 0; i < n; i++)
		jobs[i] = &c;
	if (put_in_order(&c))
		parallel_run(n, jobs, sizeof *jobs, work);
	else
		c.status = KYMO_E_MEMORY;
	free(c.order);
	free(c.step);
	free(c.done);
	return c.status;
}
