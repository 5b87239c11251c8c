/* SPDX-License-Identifier: MIT */
/*
 * Making it: each thread takes a stretch of some blocks, walks all goroutines over it, and writes its blocks; so what a
 * thread has in hand is small. Threads number keys for themselves; at the end all get the first one's numbers.
 */
#include "analysis/wait_index.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"
#include "analysis/parallel.h"
#include "analysis/sample_map.h"
#include "analysis/wait_keys.h"
#include "base/radix.h"
#include "base/threads.h"

#define STRETCH 8u  // blocks

const struct wait_index_tuning wait_index_tuning_default = {
	.block = 1u << 17,
	.base = 8u << 20,
	.per_wait = 8,
};

/* What all threads share. */
struct making {
	const struct kymo_trace *t;
	struct wait_index *x;
	const struct wait_index_tuning *tuning;
	const bool *stop;
	uint8_t *maker;  // [stretches] who made each
	uint32_t next;   // block; atomic
	bool over;       // somebody cannot go on; atomic
};

/* The length of a wait in the sum of that index. */
struct draft_length {
	uint32_t sum, ns;
};

/* A block under way. */
struct draft {
	VEC(struct wait_sum) sums;
	VEC(struct wait_single) singles;
	VEC(struct draft_length) lengths;
};

/* One thread. */
struct maker {
	alignas(PARALLEL_LINE) struct making *all;
	struct wait_keys keys;
	struct draft drafts[STRETCH];
	VEC(uint32_t) sum_of;  // [keys][STRETCH]: index in the draft's sums + 1; 0: none
	VEC(uint32_t) from;    // [sums] where the lengths of each begin, then where they end
	VEC(uint32_t) spare;   // [lengths] for sorting
	uint64_t waits, bytes;
	uint32_t first, end;  // blocks of the stretch
	uint8_t number;       // of the thread
	enum kymo_status status;
};

/* ---- a stretch ---- */

struct visit {
	struct maker *m;
	kymo_goroutine_ix g;
	uint32_t block;
	kymo_ns after, by;     // of the stretch
	kymo_ns from, to;      // of the block
	kymo_stack_ix before;  // where it was when the span before began
	struct region_cursor regions;
};

static bool fail(struct maker *m, enum kymo_status st)
{
	m->status = st;
	__atomic_store_n(&m->all->over, true, __ATOMIC_RELAXED);
	return false;
}

static void to_block(struct visit *v, uint32_t block)
{
	const struct wait_index *x = v->m->all->x;
	v->block = block;
	v->from = x->edges[block];
	v->to = block + 1 == x->block_count ? INT64_MAX : x->edges[block + 1];
}

/* The sum of a key in a draft of the stretch; NULL: no memory. */
static always_inline struct wait_sum *sum_of(struct maker *m, uint32_t draft, uint32_t key,
                                             uint32_t *number)
{
	struct draft *d = &m->drafts[draft];
	size_t cells = m->keys.all.count * STRETCH;
	if (unlikely(m->sum_of.count < cells)) {
		if (!vec_reserve(&m->sum_of, cells))
			return NULL;
		memset(m->sum_of.at + m->sum_of.count, 0,
		       (cells - m->sum_of.count) * sizeof *m->sum_of.at);
		m->sum_of.count = cells;
	}
	uint32_t *at = &m->sum_of.at[(size_t)key * STRETCH + draft];
	if (unlikely(!*at)) {
		if (!vec_push(&d->sums, ((struct wait_sum){.key = key})))
			return NULL;
		*at = (uint32_t)d->sums.count;
	}
	*number = *at - 1;
	return &d->sums.at[*number];
}

static always_inline bool put(struct visit *v, const struct wait *w)
{
	struct maker *m = v->m;
	kymo_ns ns = w->end - w->start;
	uint32_t key = wait_keys_id(&m->keys, w->key), draft = v->block - m->first, number;
	struct draft *d = &m->drafts[draft];
	if (key == UINT32_MAX)
		return false;
	m->waits++;
	if (unlikely(w->start < v->from || ns > UINT32_MAX))
		return vec_push(&d->singles,
		                ((struct wait_single){w->start, w->end, w->lost, key, v->g}));
	struct wait_sum *sum = sum_of(m, draft, key, &number);
	if (!sum)
		return false;
	sum->count++;
	sum->ns += ns;
	sum->without += w->end - w->lost;
	if (longer(ns, w->start, v->g, sum->longest, sum->longest_at, sum->longest_goroutine)) {
		sum->longest = ns;
		sum->longest_at = w->start;
		sum->longest_goroutine = v->g;
	}
	return w->key.what == WAIT_READY ||
	       vec_push(&d->lengths, ((struct draft_length){number, (uint32_t)ns}));
}

static always_inline bool take(struct visit *v, const struct walk_span *s, enum wait_what what,
                               kymo_stack_ix before)
{
	struct wait w = wait_of(v->m->all->t, s, what, before);
	if (w.end == w.start || w.end <= v->after)
		return true;
	if (w.end > v->by)
		return false;
	while (w.end > v->to)
		to_block(v, v->block + 1);
	w.key = wait_label(w.key, v->m->all->t, v->g, &v->regions, w.start);
	return put(v, &w) || fail(v->m, KYMO_E_MEMORY);
}

static always_inline bool visit_span(void *ctx, const struct walk_span *s)
{
	struct visit *v = ctx;
	kymo_stack_ix before = v->before;
	v->before = s->stack;
	if (wait_is(s, WAIT_READY))
		return take(v, s, WAIT_READY, before);
	if (wait_is(s, WAIT_BLOCKED))
		return take(v, s, WAIT_BLOCKED, before);
	if (wait_is(s, WAIT_CALL))
		return take(v, s, WAIT_CALL, before);
	return true;
}

/* Exactly as much memory as a block needs, for as long as the trace lives. */
static bool settle(struct maker *m, struct draft *d, struct wait_block *b)
{
	size_t lengths = 0;
	if (!vec_reserve(&m->from, d->sums.count + 1))
		return false;
	for (size_t i = 0; i < d->sums.count; i++) {
		m->from.at[i] = (uint32_t)lengths;
		lengths += m->keys.all.at[d->sums.at[i].key].what == WAIT_READY
		                   ? 0
		                   : d->sums.at[i].count;
	}
	b->sums = malloc(d->sums.count * sizeof *b->sums + 1);
	b->singles = malloc(d->singles.count * sizeof *b->singles + 1);
	b->lengths = malloc(lengths * sizeof *b->lengths + 1);
	if (!b->sums || !b->singles || !b->lengths)
		return false;
	b->sum_count = (uint32_t)d->sums.count;
	b->single_count = (uint32_t)d->singles.count;
	if (d->sums.count)
		memcpy(b->sums, d->sums.at, d->sums.count * sizeof *b->sums);
	if (d->singles.count)
		memcpy(b->singles, d->singles.at, d->singles.count * sizeof *b->singles);
	for (size_t i = 0; i < d->lengths.count; i++)
		b->lengths[m->from.at[d->lengths.at[i].sum]++] = d->lengths.at[i].ns;
	if (!vec_reserve(&m->spare, lengths))
		return false;
	for (size_t i = 0, from = 0; i < d->sums.count; from = m->from.at[i++])
		radix_sort_u32(b->lengths + from, m->spare.at, m->from.at[i] - from);
	m->bytes += d->sums.count * sizeof *b->sums + d->singles.count * sizeof *b->singles;
	return true;
}

static bool walk_stretch(struct maker *m)
{
	struct making *all = m->all;
	const struct kymo_trace *t = all->t;
	const struct wait_index *x = all->x;
	struct visit v = {.m = m, .after = x->edges[m->first], .by = x->edges[m->end]};
	kymo_ns to = v.by;
	if (m->end == x->block_count)
		v.by = to = INT64_MAX;
	if (m->first == 0)
		v.after = INT64_MIN;
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count; g++) {
		if (t->g.begin.at[g] >= to || t->g.end.at[g] <= v.after)
			continue;
		if (keep_stopped(all->stop) || __atomic_load_n(&all->over, __ATOMIC_RELAXED))
			return fail(m, KYMO_E_LIMIT);
		v.g = g;
		v.before = 0;
		v.regions = region_cursor_begin(&x->regions, g);
		to_block(&v, m->first);
		walk_window(t, g, v.after, to, WALK_ALL, visit_span, &v);
		if (m->status)
			return false;
	}
	return true;
}

static bool make_stretch(struct maker *m)
{
	m->all->maker[m->first / STRETCH] = m->number;
	if (m->sum_of.count)
		memset(m->sum_of.at, 0, m->sum_of.count * sizeof *m->sum_of.at);
	for (uint32_t i = 0; i < STRETCH; i++)
		m->drafts[i].sums.count = m->drafts[i].singles.count = m->drafts[i].lengths.count = 0;
	if (!walk_stretch(m))
		return false;
	for (uint32_t b = m->first; b < m->end; b++)
		if (!settle(m, &m->drafts[b - m->first], &m->all->x->blocks[b]))
			return fail(m, KYMO_E_MEMORY);
	uint64_t most = m->all->tuning->base + m->waits * m->all->tuning->per_wait;
	return m->bytes + m->keys.all.count * sizeof *m->keys.all.at <= most || fail(m, KYMO_E_LIMIT);
}

static void make_stretches(void *job)
{
	struct maker *m = job;
	uint32_t count = m->all->x->block_count;
	do {
		m->first = __atomic_fetch_add(&m->all->next, STRETCH, __ATOMIC_RELAXED);
		m->end = m->first + STRETCH < count ? m->first + STRETCH : count;
	} while (m->first < count && make_stretch(m));
	for (uint32_t i = 0; i < STRETCH; i++) {
		vec_free(&m->drafts[i].sums);
		vec_free(&m->drafts[i].singles);
		vec_free(&m->drafts[i].lengths);
	}
	vec_free(&m->sum_of);
	vec_free(&m->from);
	vec_free(&m->spare);
}

/* ---- the whole ---- */

/* Gives the keys of all threads the numbers of the first one's. */
static bool join_keys(struct maker *makers, const struct making *all)
{
	struct wait_index *x = all->x;
	uint32_t *ids[PARALLEL_MAX] = {0};
	struct wait_keys *keys = &makers[0].keys;
	bool ok = true;
	for (unsigned i = 1; i < PARALLEL_MAX && ok; i++) {
		const struct wait_keys *others = &makers[i].keys;
		ids[i] = malloc((others->all.count + 1) * sizeof *ids[i]);
		ok = ids[i] != NULL;
		for (size_t k = 0; k < others->all.count && ok; k++) {
			ids[i][k] = wait_keys_id(keys, others->all.at[k]);
			ok = ids[i][k] != UINT32_MAX;
		}
	}
	for (uint32_t b = 0; b < x->block_count && ok; b++) {
		const uint32_t *id = ids[all->maker[b / STRETCH]];
		for (uint32_t i = 0; id && i < x->blocks[b].sum_count; i++)
			x->blocks[b].sums[i].key = id[x->blocks[b].sums[i].key];
		for (uint32_t i = 0; id && i < x->blocks[b].single_count; i++)
			x->blocks[b].singles[i].key = id[x->blocks[b].singles[i].key];
	}
	for (unsigned i = 1; i < PARALLEL_MAX; i++)
		free(ids[i]);
	vec_trim(&keys->all);
	x->keys = keys->all.at;
	x->key_count = (uint32_t)keys->all.count;
	keys->all.at = NULL;
	return ok;
}

#define BINS (1u << 18)

/* Spans that begin in each of BINS equal parts of the trace, about: a chunk's are taken to begin where it does. */
static uint64_t count_spans(const struct kymo_trace *t, uint32_t *bins)
{
	double scale = BINS / ((double)t->info.duration + 1);
	uint64_t all = 0;
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count; g++) {
		kymo_ns at = t->g.begin.at[g];
		uint32_t left = t->g.span_records.at[g];
		for (uint32_t chunk = 0; left; chunk++) {
			uint32_t n = chunk_records(chunk) < left ? chunk_records(chunk) : left;
			double bin = (double)(at > 0 ? at : 0) * scale;
			bins[bin < BINS ? (uint32_t)bin : BINS - 1] += n;
			all += n;
			left -= n;
			if (left)
				at = t->span_chunks.at[t->span_chunks.from[g] + chunk].base;
		}
	}
	return all;
}

/* Edges at parts' edges, where `block` spans have begun since the last. */
static bool cut(struct wait_index *x, const struct kymo_trace *t, uint32_t block, uint64_t *spans)
{
	kymo_ns duration = t->info.duration;
	uint32_t *bins = calloc(BINS, sizeof *bins);
	if (!bins)
		return false;
	*spans = count_spans(t, bins);
	uint64_t most = *spans / block + 2;
	x->edges = calloc((most < BINS ? most : BINS) + 1, sizeof *x->edges);
	for (uint64_t i = 0, since = 0; x->edges && i + 1 < BINS; i++) {
		kymo_ns at = (kymo_ns)((double)(i + 1) / BINS * (double)duration);
		since += bins[i];
		if (since >= block && at > x->edges[x->block_count] && at < duration) {
			x->edges[++x->block_count] = at;
			since = 0;
		}
	}
	if (x->edges)
		x->edges[++x->block_count] = duration;
	free(bins);
	x->blocks = calloc((size_t)x->block_count + 1, sizeof *x->blocks);
	return x->edges && x->blocks;
}

enum kymo_status wait_index_make(const struct kymo_trace *t, const struct wait_index_tuning *tuning,
                                 const bool *stop, struct wait_index **out)
{
	struct wait_index *x = calloc(1, sizeof *x);
	struct making all = {.t = t, .x = x, .tuning = tuning, .stop = stop};
	struct maker *m = NULL;
	uint64_t spans;
	enum kymo_status st = KYMO_E_MEMORY;
	unsigned n = 0;
	*out = NULL;
	if (!x || !cut(x, t, tuning->block, &spans) || !regions_by_goroutine_make(&x->regions, t))
		goto end;
	m = aligned_alloc(PARALLEL_LINE, PARALLEL_MAX * sizeof *m);
	all.maker = calloc(x->block_count / STRETCH + 1, 1);
	if (!m || !all.maker)
		goto end;
	memset(m, 0, PARALLEL_MAX * sizeof *m);
	n = threads_worth(PARALLEL_MAX, spans / tuning->block / STRETCH);
	for (unsigned i = 0; i < n; i++) {
		m[i].all = &all;
		m[i].number = (uint8_t)i;
	}
	parallel_run(n, m, sizeof *m, make_stretches);
	st = KYMO_OK;
	for (unsigned i = 0; i < n; i++)
		if (st == KYMO_OK || m[i].status == KYMO_E_MEMORY)
			st = m[i].status;
	if (st == KYMO_OK && !join_keys(m, &all))
		st = KYMO_E_MEMORY;
end:
	for (unsigned i = 0; i < n; i++)
		wait_keys_free(&m[i].keys);
	free(m);
	free(all.maker);
	if (st != KYMO_OK)
		wait_index_free(x);
	else
		*out = x;
	return st;
}

void wait_index_free(void *index)
{
	struct wait_index *x = index;
	if (!x)
		return;
	for (uint32_t i = 0; x->blocks && i < x->block_count; i++) {
		free(x->blocks[i].sums);
		free(x->blocks[i].singles);
		free(x->blocks[i].lengths);
	}
	free(x->blocks);
	free(x->edges);
	free(x->keys);
	regions_by_goroutine_free(&x->regions);
	free(x);
}

enum kymo_status wait_index_keep(struct kymo_trace *t, const bool *stop)
{
	struct wait_index *x;
	enum kymo_status st = wait_index_make(t, &wait_index_tuning_default, stop, &x);
	if (st == KYMO_OK)
		kept_put(&t->kept[KEPT_WAITS], x, wait_index_free);
	return st;
}
