/* SPDX-License-Identifier: MIT */
/*
 * What takes from the program, as edges: where something begins and where it ends, in order of time, of one part of the
 * trace. Parts know nothing of each other, so that each can have its thread: what is open when a part begins, begins there.
 *
 *     struct util_others others = {0};
 *     if (!util_others(t, flags, &others)) return no_memory;
 *     unsigned n = util_edges_parts(t, flags, &others, parts);
 *     while (util_edges_more(&parts[0]))
 *             for (size_t i = 0; i < parts[0].ready; i++) ... util_edge_of(parts[0].at.at[i]) ...
 *     if (parts[0].failed) return no_memory;
 *     util_edges_free(&parts[0]);
 */
#ifndef KYMO_ANALYSIS_UTIL_EDGES_H
#define KYMO_ANALYSIS_UTIL_EDGES_H

#include "base/radix.h"
#include "base/vec.h"
#include "trace/store.h"

/* Something begins (+1) or ends (-1) on a proc's row, or on all: */
#define UTIL_EVERYWHERE 0u
#define UTIL_GOMAXPROCS UINT32_MAX  // `value` is the new one's place in the metric's series
struct util_edge {
	kymo_ns time;
	uint32_t where;
	int32_t value;
};
static inline struct util_edge util_edge_of(struct radix_item x)
{
	return (struct util_edge){(kymo_ns)(x.key ^ (uint64_t)1 << 63), (uint32_t)(x.value >> 32),
	                          (int32_t)(uint32_t)x.value};
}

/* What ranges do not tell of, all of the trace: mark workers, and GOMAXPROCS. */
struct util_others {
	VEC(struct radix_item) at;  // in order
};
/* False: no memory. The caller frees them, then too. */
bool util_others(const struct kymo_trace *t, unsigned flags, struct util_others *others);

struct util_edges {
	const struct kymo_trace *t;
	unsigned flags;
	// What ends at `to` or later is still open in the end, unless the trace ends there.
	kymo_ns from, to;
	bool first, last;                             // of all parts
	bool failed;                                  // no memory
	uint32_t next, end;                           // ranges that begin in the part
	const struct radix_item *others;              // all of them
	const struct radix_item *other, *others_end;  // those of the part that are left
	VEC(struct radix_item) at;
	size_t ready;  // so many are in order, and nothing comes in between any more
};
/*
 * As many parts as are worth a thread, at most PARALLEL_MAX, one after the other. A part but the first opens with an edge
 * that changes nothing, and none but the first begins where GOMAXPROCS changes.
 */
unsigned util_edges_parts(const struct kymo_trace *t, unsigned flags,
                          const struct util_others *others, struct util_edges *parts);
/* The next ones, `ready` from at.at[0] on; all of a time at once. False: there are none, or no memory. */
bool util_edges_more(struct util_edges *e);
void util_edges_free(struct util_edges *e);

#endif
