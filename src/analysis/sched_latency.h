/* SPDX-License-Identifier: MIT */
/*
 * Millions of waits, each of a group, a cause and a slice: exact percentiles of all these at once. The waits are sorted
 * once, by a radix sort of 8-byte words (32 bits of ns, 32 of whose it is); then one pass finds everybody's ranks.
 * The few that last 4 seconds or more are kept apart and come last.
 *
 *     struct latencies l;
 *     latencies_begin(&l, groups, causes, slices);
 *     latency_list_add(&l.list, ns, group, cause, slice) ...     // or others, that latencies_join then takes over
 *     if (!latencies_rank(&l, bounds, n, histogram)) return no_memory;      // l.all, l.group[], l.cause[], l.slice[]
 *     latencies_free(&l);
 */
#ifndef KYMO_ANALYSIS_SCHED_LATENCY_H
#define KYMO_ANALYSIS_SCHED_LATENCY_H

#include <kymo/sched.h>

#include "base/vec.h"

#define LATENCY_GROUPS (1u << 19)
#define LATENCY_CAUSES (1u << 6)
#define LATENCY_SLICES (1u << 7)

struct latency_long {
	kymo_ns ns;
	uint32_t whose;
};

/* The waits; each thread gathers its own. */
struct latency_list {
	VEC(uint64_t) at;  // ns << 32 | group << 13 | cause << 7 | slice
	VEC(struct latency_long) more;
};

struct latencies {
	struct latency_list list;
	uint32_t groups, causes, slices;
	struct kymo_latency all, *group, *cause, *slice;  // after ranking
};

/* Each at most the limit above. False: no memory. */
bool latencies_begin(struct latencies *l, uint32_t groups, uint32_t causes, uint32_t slices);
void latencies_free(struct latencies *l);
bool latencies_rank(struct latencies *l, const kymo_ns *bounds, size_t bound_count,
                    uint64_t *histogram);

/* Moves the waits of `from` into l. False: no memory. */
bool latencies_join(struct latencies *l, struct latency_list *from);
void latency_list_free(struct latency_list *l);

static inline bool latency_list_add(struct latency_list *l, kymo_ns ns, uint32_t group,
                                    uint32_t cause, uint32_t slice)
{
	uint32_t whose = group << 13 | cause << 7 | slice;
	if (likely(ns <= UINT32_MAX))
		return vec_push(&l->at, (uint64_t)ns << 32 | whose);
	return vec_push(&l->more, ((struct latency_long){ns, whose}));
}

#endif
