/* SPDX-License-Identifier: MIT */
/*
 * How many goroutines are runnable, as an exact step function of time, and what holds of it: the time at each depth, the
 * mean and the most per slice, and the times in which a proc is idle meanwhile.
 *
 * The edges come goroutine by goroutine. They are dropped into blocks of time, 4 bytes each; a block fits into the
 * nearest cache, is sorted there by radix, and is walked once.
 *
 *     struct depth d;
 *     if (!depth_begin(&d, t, from, to, spans, slices, count, longest)) return no_memory;
 *     depth_add(&d.edges[i], a, b) ...           // a goroutine was runnable in [a, b); each thread has its own i < DEPTH_PARTS
 *     if (!depth_sweep(&d)) return no_memory;    // the results
 *     depth_free(&d);
 */
#ifndef KYMO_ANALYSIS_DEPTH_H
#define KYMO_ANALYSIS_DEPTH_H

#include <stdalign.h>

#include <kymo/sched.h>

#include "analysis/parallel.h"
#include "base/arena.h"
#include "base/vec.h"
#include "trace/store.h"

#define DEPTH_PARTS PARALLEL_MAX

/*
 * A block's edges: ns in the block << 1 | 1 for one more, 0 for one less. They lie in chunks of the arena that each name
 * the one before: growing arrays would be copied again and again, thousands of them.
 */
struct depth_block {
	uint32_t *at;          // where the next one goes
	uint32_t left, count;  // room there; of all
	uint32_t chunk;        // the last; 0: none yet
};

/* What one thread found. */
struct depth_edges {
	alignas(PARALLEL_LINE) kymo_ns from;
	kymo_ns to;
	unsigned shift;              // a block is 2^shift ns
	struct depth_block *blocks;  // NULL: see `far`
	struct arena arena;
	VEC(uint64_t) far;  // as in blocks, but of the whole window, where blocks would be too many
	bool failed;
};

struct depth {
	const struct kymo_trace *t;
	kymo_ns from, to;
	unsigned shift;
	size_t block_count;
	struct depth_edges edges[DEPTH_PARTS];
	unsigned parts;

	/* results */
	VEC(kymo_ns) at_depth;
	struct kymo_sched_slice *slice;  // [slices] from, to: the caller's; depth_*, available: ours
	size_t slices;
	kymo_ns available, starved;
	uint64_t starved_count;
	struct kymo_sched_starved *longest;  // [listed] the longest first
	size_t listed, most_listed;
};

/* `records`: about how many spans there are; `parts`: of threads. `slice` has its bounds set. */
bool depth_begin(struct depth *d, const struct kymo_trace *t, kymo_ns from, kymo_ns to,
                 uint64_t records, unsigned parts, struct kymo_sched_slice *slice, size_t slices,
                 size_t most_listed);
bool depth_sweep(struct depth *d);
void depth_free(struct depth *d);

/* A new chunk for a full block. False: no memory. */
bool depth_more(struct depth_edges *e, struct depth_block *b);

static inline void depth_edge(struct depth_edges *e, kymo_ns time, unsigned up)
{
	uint64_t at = (uint64_t)(time - e->from);
	bool ok;
	if (unlikely(!e->blocks)) {
		ok = vec_push(&e->far, at << 1 | up);
	} else {
		struct depth_block *b = &e->blocks[at >> e->shift];
		uint32_t rest = (uint32_t)(at & (((uint64_t)1 << e->shift) - 1));
		ok = likely(b->left) || depth_more(e, b);
		if (likely(ok)) {
			*b->at++ = rest << 1 | up;
			b->left--;
			b->count++;
		}
	}
	e->failed |= !ok;
}

/* [a, b) lies in the window. */
static inline void depth_add(struct depth_edges *e, kymo_ns a, kymo_ns b)
{
	depth_edge(e, a, 1);
	if (b < e->to)
		depth_edge(e, b, 0);
}

#endif
