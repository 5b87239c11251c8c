/* SPDX-License-Identifier: MIT */
/*
 * What analyses keep with a trace so that the next question is quick (src/analysis/keep.h says what). Made once, by one
 * thread while others may be asking; read by all from then on; freed with the trace.
 */
#ifndef KYMO_TRACE_KEPT_H
#define KYMO_TRACE_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum kept { KEPT_TIMES, KEPT_SCHED, KEPT_WAITS, KEPT_MMU, KEPT_CURVES, KEPT_COUNT };

typedef void kept_freer(void *at);
struct kept_slot {
	_Atomic(void *) at;
	_Atomic(kept_freer *) free;  // set before `at`
};

/* NULL: nobody made it yet. */
static inline void *kept_get(const struct kept_slot *s)
{
	return atomic_load_explicit(&s->at, memory_order_acquire);
}

/* By the one thread that makes it. */
static inline void kept_put(struct kept_slot *s, void *at, kept_freer *free_it)
{
	atomic_store_explicit(&s->free, free_it, memory_order_relaxed);
	atomic_store_explicit(&s->at, at, memory_order_release);
}

/* By whoever comes first; the others' is freed. What is there then. */
static inline void *kept_offer(struct kept_slot *s, void *at, kept_freer *free_it)
{
	void *first = NULL;
	atomic_store_explicit(&s->free, free_it, memory_order_relaxed);
	if (atomic_compare_exchange_strong(&s->at, &first, at))
		return at;
	free_it(at);
	return first;
}

static inline void kept_drop(struct kept_slot *s)
{
	void *at = kept_get(s);
	if (at)
		atomic_load_explicit(&s->free, memory_order_relaxed)(at);
	atomic_store_explicit(&s->at, NULL, memory_order_relaxed);
}

#endif
