/* SPDX-License-Identifier: MIT */
/* A block's waits and begins, sorted and packed by whoever takes it. */
#include <stdlib.h>
#include <string.h>

#include "analysis/sched_log_parts.h"

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
RADIX(sort_waits, struct sched_item, END_OF)
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

static bool pack_waits(struct sched_share *s, struct sched_block *b, const struct sched_item *at,
                       size_t n)
{
	struct sched_making *m = s->m;
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
		if (unlikely(at[i].ns & SCHED_HUGE)) {
			pthread_mutex_lock(&m->lock);
			ns = (uint64_t)m->huge.at[ns & ~(SCHED_HUGE >> 16)];
			pthread_mutex_unlock(&m->lock);
		}
		if (unlikely(ns >= SCHED_LONG) && !pack_long(b, k, (kymo_ns)ns))
			return false;
		b->ns[k] = ns < SCHED_LONG ? (uint32_t)ns : SCHED_LONG;
		b->dt[k] = (uint16_t)dt;
		b->key[k] = (uint16_t)at[i].ns;
		b->longest = b->ns[k] > b->longest ? b->ns[k] : b->longest;
		s->grains[__builtin_ctz((uint32_t)ns | 1u << SCHED_GRAIN_MAX)]++;
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
static bool pack_block(struct sched_share *s, size_t k)
{
	struct sched_making *m = s->m;
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
	struct sched_item *w = s->sorted.at;
	uint64_t *g = s->begins.at;
	for (unsigned i = 0; i < s->shares; i++) {
		struct sched_heap *h = &s->all[i].heap[k];
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
		return sched_fail(s, KYMO_E_LIMIT);
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

void sched_log_pack(void *job)
{
	struct sched_share *s = job;
	size_t k;
	while (!s->status && (k = atomic_fetch_add(&s->m->next, 1)) < s->m->count)
		if (!pack_block(s, k))
			sched_fail(s, KYMO_E_MEMORY);
}
