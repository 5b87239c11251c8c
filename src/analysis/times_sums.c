/* SPDX-License-Identifier: MIT */
#include "analysis/times_sums.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"
#include "analysis/parallel.h"

static void sums_free(void *at)
{
	struct times_sums *x = at;
	free(x->row);
	free(x->sum);
	free(x);
}

/* One thread's share. */
struct share {
	alignas(PARALLEL_LINE) const struct kymo_trace *t;
	struct times_sums *x;
	struct parallel *goroutines;
	const bool *stop;
	kymo_ns plain[SLOTS];
};

static void sum_chunk(struct share *s, kymo_goroutine_ix g, uint32_t chunk)
{
	struct times_sums *x = s->x;
	uint32_t i = s->t->span_chunks.from[g] + chunk - 1;
	const uint32_t *p = arena_at(&s->t->spans, s->t->span_chunks.at[i].ref);
	if (!times_plain(s->t, p, chunk_records(chunk), s->plain)) {
		x->row[i] = TIMES_NO_SUMS;
		return;
	}
	for (uint32_t k = 0; k < x->slots; k++)
		x->sum[(size_t)x->row[i] * x->slots + k] = s->plain[x->slot_of[k]];
}

static void sum_share(void *job)
{
	struct share *s = job;
	const struct kymo_trace *t = s->t;
	for (size_t i, end; !keep_stopped(s->stop) && parallel_take(s->goroutines, &i, &end);)
		for (; i < end; i++) {
			kymo_goroutine_ix g = (kymo_goroutine_ix)i;
			uint32_t more = t->span_chunks.from[g + 1] - t->span_chunks.from[g];
			for (uint32_t c = 3; c < more; c++)  // the last one may not be full
				sum_chunk(s, g, c);
		}
}

/* Numbers the full chunks. How many there are. */
static uint32_t number(const struct kymo_trace *t, uint32_t *row)
{
	uint32_t n = 0;
	for (uint32_t g = 1; g < t->goroutines.count; g++) {
		uint32_t from = t->span_chunks.from[g], to = t->span_chunks.from[g + 1];
		for (uint32_t i = from; i < to; i++)
			row[i] = i >= from + 2 && i + 1 < to ? n++ : TIMES_NO_SUMS;
	}
	return n;
}

#define SLOTS_KEPT 64u  // of more, the sums would be a good part of the store

static bool make(struct times_sums *x, const struct kymo_trace *t, const bool *stop)
{
	x->row = malloc(((size_t)t->span_chunks.from[t->goroutines.count] + 1) * sizeof *x->row);
	if (!x->row)
		return false;
	uint32_t rows = number(t, x->row);
	for (uint32_t slot = 0; slot < SLOT_REASON + t->reasons.count; slot++)
		x->slot_of[x->slots++] = (uint16_t)slot;
	x->sum = malloc(((size_t)rows * x->slots + 1) * sizeof *x->sum);
	if (!x->sum)
		return false;
	struct parallel goroutines;
	struct share s[PARALLEL_MAX];
	unsigned n = parallel_begin(&goroutines, t, INT64_MIN, INT64_MAX);
	for (unsigned i = 0; i < n; i++)
		s[i] = (struct share){.t = t, .x = x, .goroutines = &goroutines, .stop = stop};
	parallel_run(n, s, sizeof *s, sum_share);
	parallel_end(&goroutines);
	return !keep_stopped(stop);
}

enum kymo_status times_keep(struct kymo_trace *t, const bool *stop)
{
	if (SLOT_REASON + t->reasons.count > SLOTS_KEPT)
		return KYMO_E_LIMIT;
	struct times_sums *x = calloc(1, sizeof *x);
	if (!x || !make(x, t, stop)) {
		if (x)
			sums_free(x);
		return keep_failed(stop);
	}
	kept_put(&t->kept[KEPT_TIMES], x, sums_free);
	return KYMO_OK;
}
