/* SPDX-License-Identifier: MIT */
/*
 * Making the log: a stretch of blocks after the other, so that what is not yet packed stays small. Of each, goroutines
 * are walked on several threads that drop waits into blocks; then each block is sorted and packed by whoever takes it.
 */
#include "analysis/sched_log.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keep.h"
#include "analysis/parallel.h"
#include "analysis/select.h"
#include "analysis/work_times.h"
#include "base/threads.h"
#include "trace/walk.h"

#define STRETCH_BLOCKS 128u  // 16 bytes a wait and 8 a begin while they are not packed
#define BLOCKS_MAX (1u << 20)
#define GRAIN_MAX 16

/* A wait that is not packed yet. */
struct item {
	uint64_t end;  // ns from the block's begin, less 1
	uint64_t ns;   // ns << 16 | key; HUGE | index << 16 | key
};
#define HUGE_NS ((uint64_t)1 << 63)
#define NS_BITS 47

/* What one thread found of a block. */
struct heap {
	VEC(struct item) waits;
	VEC(uint64_t) begins;  // ns from the block's begin
};

struct making {
	struct sched_log *log;
	const struct sched_log_options *opt;
	_Atomic(uint32_t) *key_of;  // [groups * SCHED_CAUSES] 0: none yet
	kymo_goroutine_ix *rows;    // [row_count] that are selected; NULL: all
	size_t row_count;
	pthread_mutex_t lock;  // of the rest here
	uint32_t key_room;
	VEC(kymo_ns) huge;
	enum kymo_status status;

	/* the stretch at hand */
	size_t first, count;  // blocks
	kymo_ns from, to;
	bool last;
	_Atomic(size_t) next;  // to be packed
};

struct share {
	alignas(PARALLEL_LINE) struct making *m;
	struct parallel *goroutines;
	struct heap *heap;  // [STRETCH_BLOCKS]
	struct share *all;  // [shares]
	unsigned shares;
	struct work_times work;
	enum kymo_status status;
	VEC(struct item) sorted, spare;
	VEC(uint64_t) begins, begins_spare;
	uint64_t grains[GRAIN_MAX + 1];  // waits by the largest power of two in their length

	/* the goroutine at hand */
	kymo_goroutine_ix g;
	uint32_t group;
	uint32_t piece;  // of the selection: those before end where the span at hand begins, or earlier
};

static bool fail(struct share *s, enum kymo_status st)
{
	s->status = s->status ? s->status : st;
	return false;
}

/* ---- keys ---- */

static bool name_groups(struct sched_groups *out, const struct kymo_trace *t)
{
	uint32_t strings = kymo_trace_string_count(t);
	out->of_name = calloc(strings, sizeof *out->of_name);
	out->name = calloc(strings + 1, sizeof *out->name);
	if (!out->of_name || !out->name)
		return false;
	for (uint32_t g = 1; g < t->goroutines.count; g++) {
		uint32_t *group = &out->of_name[t->g.name.at[g]];
		if (*group)
			continue;
		out->name[out->count] = t->g.name.at[g];
		*group = ++out->count;
	}
	return true;
}

static always_inline uint32_t cause_of(const struct walk_span *x)
{
	if (x->cause != KYMO_CAUSE_STOPPED)
		return x->cause;
	uint32_t c = SCHED_CAUSE_REASONS + x->reason;
	return c < SCHED_CAUSES ? c : SCHED_CAUSES - 1;
}

/* 0: there is none to be had. */
static __attribute__((noinline)) uint32_t new_key(struct share *s, uint32_t group, uint32_t cause)
{
	struct making *m = s->m;
	struct sched_log *log = m->log;
	_Atomic(uint32_t) *slot = &m->key_of[(size_t)group * SCHED_CAUSES + cause];
	pthread_mutex_lock(&m->lock);
	uint32_t key = atomic_load_explicit(slot, memory_order_relaxed);
	if (key == 0 && log->keys == SCHED_KEYS_MAX) {
		fail(s, KYMO_E_LIMIT);
	} else if (key == 0) {
		if (log->keys == m->key_room) {
			struct sched_key *more = realloc(log->key, m->key_room * 2 * sizeof *more);
			if (more) {
				log->key = more;
				m->key_room *= 2;
			}
		}
		if (log->keys < m->key_room) {
			key = log->keys++;
			log->key[key] = (struct sched_key){group, cause};
			atomic_store_explicit(slot, key, memory_order_relaxed);
		} else {
			fail(s, KYMO_E_MEMORY);
		}
	}
	pthread_mutex_unlock(&m->lock);
	return key;
}

static inline uint32_t key_for(struct share *s, uint32_t cause)
{
	uint32_t key = atomic_load_explicit(&s->m->key_of[(size_t)s->group * SCHED_CAUSES + cause],
	                                    memory_order_relaxed);
	return likely(key) ? key : new_key(s, s->group, cause);
}

/* ---- the walk ---- */

static __attribute__((noinline)) uint64_t huge_ns(struct share *s, kymo_ns ns)
{
	struct making *m = s->m;
	pthread_mutex_lock(&m->lock);
	uint64_t index = m->huge.count;
	if (!vec_push(&m->huge, ns))
		fail(s, KYMO_E_MEMORY);
	pthread_mutex_unlock(&m->lock);
	return HUGE_NS >> 16 | index;
}

/* [a, b) was waited for a proc; it lies in the log's time, and ends in this stretch. */
static always_inline bool wait_ended(struct share *s, uint32_t cause, kymo_ns a, kymo_ns b)
{
	const struct making *m = s->m;
	uint64_t end = (uint64_t)(b - 1 - m->from), ns = (uint64_t)(b - a);
	uint32_t key = key_for(s, cause);
	if (unlikely(ns >> NS_BITS))
		ns = huge_ns(s, b - a);
	struct heap *h = &s->heap[end >> m->log->shift];
	const struct item item = {end & (((uint64_t)1 << m->log->shift) - 1), ns << 16 | key};
	return likely(key && vec_push(&h->waits, item)) || fail(s, KYMO_E_MEMORY);
}

/* Of [a, b), in the log's time, what the stretch is to have. */
static always_inline bool wait_of(struct share *s, uint32_t cause, kymo_ns a, kymo_ns b)
{
	const struct making *m = s->m;
	return b <= m->from || b > m->to || wait_ended(s, cause, a, b);
}

/* Where goroutines are cut into pieces. */
static __attribute__((noinline)) bool wait_in_pieces(struct share *s, uint32_t cause, kymo_ns start,
                                                     kymo_ns end)
{
	const struct sched_log *log = s->m->log;
	const struct kymo_selection *sel = s->m->opt->sel;
	uint32_t last = sel->piece_from[s->g + 1];
	while (s->piece < last && sel->pieces[s->piece].to <= start)
		s->piece++;
	for (uint32_t i = s->piece; i < last && sel->pieces[i].from < end; i++) {
		struct kymo_interval p = sel->pieces[i];
		kymo_ns a = start > p.from ? start : p.from, b = end < p.to ? end : p.to;
		a = a > log->from ? a : log->from;
		b = b < log->to ? b : log->to;
		if (a < b && !wait_of(s, cause, a, b))
			return false;
	}
	return true;
}

static inline bool wait_began(struct share *s, kymo_ns a)
{
	const struct making *m = s->m;
	uint64_t at = (uint64_t)(a - m->from);
	struct heap *h = &s->heap[at >> m->log->shift];
	return likely(vec_push(&h->begins, at & (((uint64_t)1 << m->log->shift) - 1))) ||
	       fail(s, KYMO_E_MEMORY);
}

static always_inline bool runnable(struct share *s, const struct walk_span *x)
{
	const struct making *m = s->m;
	const struct sched_log *log = m->log;
	kymo_ns a = x->start > log->from ? x->start : log->from,
		b = x->end < log->to ? x->end : log->to;
	if (m->opt->begins && a >= m->from && a < m->to && !wait_began(s, a))
		return false;
	if (unlikely(m->opt->sel && m->opt->sel->piece_from))
		return wait_in_pieces(s, cause_of(x), x->start, x->end);
	return wait_of(s, cause_of(x), a, b);
}

static always_inline bool visit(void *ctx, const struct walk_span *x)
{
	struct share *s = ctx;
	const struct making *m = s->m;
	kymo_ns a = x->start > m->from ? x->start : m->from, b = x->end < m->to ? x->end : m->to;
	if (a >= b)
		return x->start < m->to;
	switch (x->state) {
	case KYMO_SPAN_RUNNABLE: return runnable(s, x);
	case KYMO_SPAN_RUNNING:
		if (m->opt->work)
			work_times_add(&s->work, a, b, x->proc, false);
		break;
	case KYMO_SPAN_SYSCALL:
		if (m->opt->work && x->proc && x->proc < m->log->t->procs.count)
			work_times_add(&s->work, a, b, x->proc, true);
		break;
	}
	return true;
}

/* Of the goroutine at hand what is selected, if that is waits alone. */
static void walk_selected(struct share *s)
{
	const struct making *m = s->m;
	const struct kymo_selection *sel = m->opt->sel;
	struct kymo_interval all = {m->from, m->to};
	if (sel && sel->piece_from) {
		uint32_t from = sel->piece_from[s->g], to = sel->piece_from[s->g + 1], last = to - 1;
		while (from < to) {  // the first one that ends in this stretch, or later
			uint32_t mid = from + (to - from) / 2;
			if (sel->pieces[mid].to <= m->from)
				from = mid + 1;
			else
				to = mid;
		}
		s->piece = from;
		if (from > last || sel->pieces[from].from >= m->to)
			return;
		all.from = sel->pieces[from].from > m->from ? sel->pieces[from].from : m->from;
		all.to = sel->pieces[last].to < m->to ? sel->pieces[last].to : m->to;
	}
	walk_window(m->log->t, s->g, all.from, all.to, 1u << REC_WOKEN | 1u << REC_STOPPED, visit, s);
}

static void walk_share(void *job)
{
	struct share *s = job;
	const struct making *m = s->m;
	const struct kymo_trace *t = m->log->t;
	for (size_t i, end; !s->status && parallel_take(s->goroutines, &i, &end);)
		for (; i < end && !s->status; i++) {
			kymo_goroutine_ix g = m->rows ? m->rows[i] : (kymo_goroutine_ix)i;
			if (i + SPAN_AHEAD < end)
				span_prefetch(t, m->rows ? m->rows[i + SPAN_AHEAD] : g + SPAN_AHEAD);
			if (t->g.begin.at[g] >= m->to || t->g.end.at[g] <= m->from)
				continue;
			s->g = g;
			s->group = m->log->groups.of_name[t->g.name.at[g]] - 1;
			if (m->opt->work)
				walk_window(t, g, m->from, m->to, WALK_ALL, visit, s);
			else
				walk_selected(s);
		}
}

/* ---- packing ---- */

#define DIGIT_MAX 12u
#define FEW 48u

/* Sorts n items by `key_of`, which is less than 2^bits, with room for as many in `spare`; says where they lie then. */
#define RADIX(name, type, key_of) \
	static type *name(type *at, size_t n, type *spare, unsigned bits) \
	{ \
		type *from = at, *to = spare; \
		if (n < FEW) { \
			for (size_t i = 1; i < n; i++) { \
				type x = at[i]; \
				size_t k = i; \
				for (; k > 0 && key_of(at[k - 1]) > key_of(x); k--) \
					at[k] = at[k - 1]; \
				at[k] = x; \
			} \
			return at; \
		} \
		unsigned passes = (bits + DIGIT_MAX - 1) / DIGIT_MAX; \
		unsigned digit = passes ? (bits + passes - 1) / passes : 0; \
		const uint32_t digits = 1u << digit; \
		for (unsigned shift = 0; shift < bits; shift += digit) { \
			uint32_t counts[1u << DIGIT_MAX], sum = 0; \
			memset(counts, 0, digits * sizeof *counts); \
			for (size_t i = 0; i < n; i++) \
				counts[key_of(from[i]) >> shift & (digits - 1)]++; \
			for (size_t d = 0; d < digits; d++) { \
				uint32_t c = counts[d]; \
				counts[d] = sum; \
				sum += c; \
			} \
			for (size_t i = 0; i < n; i++) \
				to[counts[key_of(from[i]) >> shift & (digits - 1)]++] = from[i]; \
			type *x = from; \
			from = to; \
			to = x; \
		} \
		return from; \
	}
#define END_OF(x) ((x).end)
#define ITSELF(x) (x)
RADIX(sort_waits, struct item, END_OF)
RADIX(sort_begins, uint64_t, ITSELF)

/* How many entries pass `dt` of time before the one that ends, and what is left for it. */
static inline uint32_t passes(uint64_t *dt)
{
	uint32_t n = 0;
	while (unlikely(*dt > UINT16_MAX)) {
		*dt -= *dt < UINT32_MAX ? *dt : UINT32_MAX;
		n++;
	}
	return n;
}

static bool pack_long(struct sched_block *b, uint32_t index, kymo_ns ns)
{
	struct sched_long *more = realloc(b->longs, (b->long_count + 1) * sizeof *more);
	if (!more)
		return false;
	more[b->long_count++] = (struct sched_long){index, ns};
	b->longs = more;
	return true;
}

static bool pack_waits(struct share *s, struct sched_block *b, const struct item *at, size_t n)
{
	struct making *m = s->m;
	uint32_t k = 0;
	uint64_t last = 0;
	for (size_t i = 0; i < n; i++, k++) {
		uint64_t end = at[i].end + 1, dt = end - last, ns = at[i].ns >> 16;
		for (last = end; unlikely(dt > UINT16_MAX); k++) {
			uint32_t pass = dt < UINT32_MAX ? (uint32_t)dt : UINT32_MAX;
			b->ns[k] = pass;
			b->dt[k] = 0;
			b->key[k] = SCHED_PASS;
			dt -= pass;
		}
		if (unlikely(at[i].ns & HUGE_NS)) {
			pthread_mutex_lock(&m->lock);
			ns = (uint64_t)m->huge.at[ns & ~(HUGE_NS >> 16)];
			pthread_mutex_unlock(&m->lock);
		}
		if (unlikely(ns >= SCHED_LONG) && !pack_long(b, k, (kymo_ns)ns))
			return false;
		b->ns[k] = ns < SCHED_LONG ? (uint32_t)ns : SCHED_LONG;
		b->dt[k] = (uint16_t)dt;
		b->key[k] = (uint16_t)at[i].ns;
		b->longest = b->ns[k] > b->longest ? b->ns[k] : b->longest;
		s->grains[__builtin_ctz((uint32_t)ns | 1u << GRAIN_MAX)]++;
	}
	return true;
}

static void pack_begins(struct sched_block *b, const uint64_t *at, size_t n)
{
	uint16_t *w = b->begins;
	uint64_t last = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t dt = at[i] - last;
		last = at[i];
		if (likely(dt < SCHED_ESCAPE)) {
			*w++ = (uint16_t)dt;
			continue;
		}
		*w++ = SCHED_ESCAPE;
		for (unsigned shift = 0; shift < 64; shift += 16)
			*w++ = (uint16_t)(dt >> shift);
	}
}

/* Of a block of a stretch: what all shares have of it, sorted and packed. */
static bool pack_block(struct share *s, size_t k)
{
	struct making *m = s->m;
	struct sched_block *b = &m->log->block[m->first + k];
	size_t waits = 0, begins = 0, entries, words;
	unsigned bits = m->log->shift;
	for (unsigned i = 0; i < s->shares; i++) {
		waits += s->all[i].heap[k].waits.count;
		begins += s->all[i].heap[k].begins.count;
	}
	if (!vec_reserve(&s->sorted, waits + 1) || !vec_reserve(&s->spare, waits + 1) ||
	    !vec_reserve(&s->begins, begins + 1) || !vec_reserve(&s->begins_spare, begins + 1))
		return false;
	struct item *w = s->sorted.at;
	uint64_t *g = s->begins.at;
	for (unsigned i = 0; i < s->shares; i++) {
		struct heap *h = &s->all[i].heap[k];
		if (h->waits.count)
			memcpy(w, h->waits.at, h->waits.count * sizeof *w);
		if (h->begins.count)
			memcpy(g, h->begins.at, h->begins.count * sizeof *g);
		w += h->waits.count;
		g += h->begins.count;
		h->waits.count = h->begins.count = 0;
	}
	w = sort_waits(s->sorted.at, waits, s->spare.at, bits);
	g = sort_begins(s->begins.at, begins, s->begins_spare.at, bits);
	entries = waits;
	for (size_t i = 0; i < waits; i++) {
		uint64_t dt = w[i].end + 1 - (i ? w[i - 1].end + 1 : 0);
		entries += passes(&dt);
	}
	words = begins;
	for (size_t i = 0; i < begins; i++)
		words += g[i] - (i ? g[i - 1] : 0) >= SCHED_ESCAPE ? 4 : 0;
	if (entries + words == 0)
		return true;
	if (entries > UINT32_MAX || words > UINT32_MAX)
		return fail(s, KYMO_E_LIMIT);
	b->ns = malloc(entries * 8 + words * 2);
	if (!b->ns)
		return false;
	b->dt = (uint16_t *)(b->ns + entries);
	b->key = b->dt + entries;
	b->begins = b->key + entries;
	b->waits = (uint32_t)entries;
	b->begin_words = (uint32_t)words;
	b->ended = (uint32_t)waits;
	b->begun = (uint32_t)begins;
	pack_begins(b, g, begins);
	return pack_waits(s, b, w, waits);
}

static void pack_share(void *job)
{
	struct share *s = job;
	size_t k;
	while (!s->status && (k = atomic_fetch_add(&s->m->next, 1)) < s->m->count)
		if (!pack_block(s, k))
			fail(s, KYMO_E_MEMORY);
}

/* ---- the whole ---- */

/* About how many waits there are: a third of the records, as far as goroutines live in the log's time. */
static uint64_t about_waits(const struct making *m)
{
	const struct sched_log *log = m->log;
	const struct kymo_trace *t = log->t;
	size_t count = m->rows ? m->row_count : t->goroutines.count;
	double records = 0;
	for (size_t i = m->rows ? 0 : 1; i < count; i++) {
		uint32_t g = m->rows ? m->rows[i] : (uint32_t)i;
		kymo_ns a = t->g.begin.at[g], b = t->g.end.at[g], life = b - a;
		a = a > log->from ? a : log->from;
		b = b < log->to ? b : log->to;
		if (a < b)
			records += (double)t->g.span_records.at[g] * (double)(b - a) / (double)life;
	}
	return (uint64_t)(records / 3);
}

/* The goroutines of which something is selected. */
static bool list_rows(struct making *m)
{
	const struct kymo_trace *t = m->log->t;
	const struct kymo_selection *sel = m->opt->sel;
	VEC(kymo_goroutine_ix) rows = {0};
	bool ok = !sel || vec_reserve(&rows, 1);
	for (kymo_goroutine_ix g = 1; sel && ok && g < t->goroutines.count; g++) {
		bool lives = t->g.begin.at[g] < m->log->to && t->g.end.at[g] > m->log->from;
		bool cut = sel->piece_from && sel->piece_from[g] == sel->piece_from[g + 1];
		if (lives && !cut && select_has(sel, g))
			ok = vec_push(&rows, g);
	}
	m->rows = rows.at;
	m->row_count = rows.count;
	return ok;
}

static bool cut(const struct making *m, struct sched_log *log, uint32_t block_waits)
{
	uint64_t length = (uint64_t)(log->to - log->from), want;
	want = about_waits(m) / (block_waits ? block_waits : SCHED_BLOCK_WAITS);
	want = want < 1 ? 1 : want > BLOCKS_MAX ? BLOCKS_MAX : want;
	while (log->shift < 63 && length >> log->shift > want)
		log->shift++;
	log->blocks = (size_t)(length >> log->shift) +
	              (length == 0 || length % ((uint64_t)1 << log->shift) != 0);
	log->block = calloc(log->blocks, sizeof *log->block);
	return log->block != NULL;
}

/* The largest that 15 of 16 waits are multiples of: clocks are corrected, and the edges of a window cut anywhere. */
static unsigned common_grain(const struct share *s, unsigned n)
{
	uint64_t all = 0, with = 0;
	unsigned g = GRAIN_MAX;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k <= GRAIN_MAX; k++)
			all += s[i].grains[k];
	for (; g > 0; g--) {
		for (unsigned i = 0; i < n; i++)
			with += s[i].grains[g];
		if (with > 0 && with >= all - all / 16)
			break;
	}
	return g;
}

static enum kymo_status first_status(const struct share *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (s[i].status)
			return s[i].status;
	return KYMO_OK;
}

static enum kymo_status make_stretch(struct making *m, struct share *s, unsigned most)
{
	const struct sched_log *log = m->log;
	struct parallel goroutines;
	m->from = sched_block_begin(log, m->first);
	m->to = sched_block_end(log, m->first + m->count - 1);
	atomic_store(&m->next, 0);
	unsigned n = m->rows ? parallel_begin_rows(&goroutines, log->t, m->from, m->to, m->rows,
	                                           m->row_count)
	                     : parallel_begin(&goroutines, log->t, m->from, m->to);
	n = n < most ? n : most;
	for (unsigned i = 0; i < n; i++)
		s[i].goroutines = &goroutines;
	parallel_run(n, s, sizeof *s, walk_share);
	parallel_end(&goroutines);
	enum kymo_status st = first_status(s, n);
	if (st == KYMO_OK)
		parallel_run(n, s, sizeof *s, pack_share);
	return st ? st : first_status(s, n);
}

static enum kymo_status share_begin(struct share *s, struct making *m, struct share *all, unsigned n)
{
	const struct work_times *w = m->opt->work;
	size_t heaps = m->log->blocks < STRETCH_BLOCKS ? m->log->blocks : STRETCH_BLOCKS;
	*s = (struct share){.m = m, .all = all, .shares = n};
	s->heap = calloc(heaps, sizeof *s->heap);
	if (!s->heap ||
	    (w && !work_times_begin(&s->work, w->bound, w->cells, w->row_shift, w->procs)))
		return KYMO_E_MEMORY;
	return KYMO_OK;
}

static void share_end(struct share *s)
{
	size_t heaps = s->m->log->blocks < STRETCH_BLOCKS ? s->m->log->blocks : STRETCH_BLOCKS;
	for (size_t i = 0; s->heap && i < heaps; i++) {
		vec_free(&s->heap[i].waits);
		vec_free(&s->heap[i].begins);
	}
	free(s->heap);
	work_times_free(&s->work);
	vec_free(&s->sorted);
	vec_free(&s->spare);
	vec_free(&s->begins);
	vec_free(&s->begins_spare);
}

static enum kymo_status make_all(struct making *m)
{
	struct sched_log *log = m->log;
	struct share s[PARALLEL_MAX];
	unsigned n = threads_allowed(PARALLEL_MAX);
	enum kymo_status st = KYMO_OK;
	for (unsigned i = 0; i < n; i++) {
		enum kymo_status one = share_begin(&s[i], m, s, n);
		st = st ? st : one;
	}
	for (m->first = 0; st == KYMO_OK && m->first < log->blocks; m->first += m->count) {
		size_t left = log->blocks - m->first;
		m->count = left < STRETCH_BLOCKS ? left : STRETCH_BLOCKS;
		st = keep_stopped(m->opt->stop) ? KYMO_E_LIMIT : make_stretch(m, s, n);
	}
	log->grain = common_grain(s, n);
	for (unsigned i = 0; i < n; i++) {
		if (st == KYMO_OK && m->opt->work)
			work_times_join(m->opt->work, &s[i].work);
		share_end(&s[i]);
	}
	for (size_t i = 0; i + 1 < log->blocks && st == KYMO_OK; i++)
		log->block[i + 1].depth =
			log->block[i].depth + log->block[i].begun - log->block[i].ended;
	return st;
}

enum kymo_status sched_log_make(struct sched_log *log, const struct kymo_trace *t,
                                const struct sched_log_options *opt)
{
	struct making m = {.log = log, .opt = opt, .key_room = 256};
	*log = (struct sched_log){.t = t, .from = opt->from, .to = opt->to, .keys = 1};
	enum kymo_status st = KYMO_E_MEMORY;
	pthread_mutex_init(&m.lock, NULL);
	if (name_groups(&log->groups, t) && list_rows(&m) && cut(&m, log, opt->block_waits)) {
		m.key_of = calloc((size_t)log->groups.count * SCHED_CAUSES + 1, sizeof *m.key_of);
		log->key = calloc(m.key_room, sizeof *log->key);
		if (m.key_of && log->key)
			st = make_all(&m);
	}
	free(m.key_of);
	free(m.rows);
	vec_free(&m.huge);
	pthread_mutex_destroy(&m.lock);
	if (st != KYMO_OK)
		sched_log_free(log);
	return st;
}

void sched_log_free(struct sched_log *log)
{
	for (size_t i = 0; log->block && i < log->blocks; i++) {
		free(log->block[i].ns);
		free(log->block[i].longs);
	}
	free(log->block);
	free(log->groups.of_name);
	free(log->groups.name);
	free(log->key);
	*log = (struct sched_log){0};
}
