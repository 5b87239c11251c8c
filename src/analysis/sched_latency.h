/* SPDX-License-Identifier: MIT */
/*
 * Millions of waits, each of a group, a cause and a slice: exact percentiles of all these at once. The waits are sorted
 * once, by a radix sort of 8-byte words (22 bits of ns, 32 of whose it is) in two passes; then one pass finds everybody's
 * ranks. Those of 4 ms or more, which are few in most traces, are kept apart and come last.
 *
 *     struct latencies l;
 *     latencies_begin(&l, groups, causes, slices);
 *     latency_list_add(&l.list[i], ns, group, cause, slice) ...            // each thread has its own i < PARALLEL_MAX
 *     if (!latencies_rank(&l, bounds, n, histogram)) return no_memory;      // l.all, l.group[], l.cause[], l.slice[]
 *     latencies_free(&l);
 */
#ifndef KYMO_ANALYSIS_SCHED_LATENCY_H
#define KYMO_ANALYSIS_SCHED_LATENCY_H

#include <stdalign.h>

#include <kymo/sched.h>

#include "analysis/parallel.h"
#include "base/radix.h"
#include "base/vec.h"

#define LATENCY_GROUPS (1u << 19)
#define LATENCY_CAUSES (1u << 6)
#define LATENCY_SLICES (1u << 7)

#define LATENCY_BITS 22  // of a wait that is not long

/* The waits that one thread has found. */
struct latency_list {
	alignas(PARALLEL_LINE) VEC(uint64_t) at;  // ns << 32 | group << 13 | cause << 7 | slice
	VEC(struct radix_item) more;              // ns, the rest
};

struct latencies {
	struct latency_list list[PARALLEL_MAX];
	uint32_t groups, causes, slices;
	struct kymo_latency all, *group, *cause, *slice;  // after ranking
};

/* Each at most the limit above. False: no memory. */
bool latencies_begin(struct latencies *l, uint32_t groups, uint32_t causes, uint32_t slices);
void latencies_free(struct latencies *l);
bool latencies_rank(struct latencies *l, const kymo_ns *bounds, size_t bound_count,
                    uint64_t *histogram);

static inline bool latency_list_add(struct latency_list *l, kymo_ns ns, uint32_t group,
                                    uint32_t cause, uint32_t slice)
{
	uint32_t whose = group << 13 | cause << 7 | slice;
	if (likely(!(ns >> LATENCY_BITS)))
		return vec_push(&l->at, (uint64_t)ns << 32 | whose);
	return vec_push(&l->more, ((struct radix_item){(uint64_t)ns, whose}));
}

#endif
