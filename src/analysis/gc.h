/* SPDX-License-Identifier: MIT */
/*
 * Assists and sweeps by the start function of who did them.
 *
 *     struct gc_groups g;
 *     if (!gc_groups_begin(&g, t)) return no_memory;
 *     struct gc_group *group = gc_groups_add(&g, t, goroutine, ns);     // NULL: no memory
 *     rows = gc_groups_publish(&g, t, &count, &all);                     // NULL: no memory. The caller's to free
 *     gc_groups_free(&g);
 */
#ifndef KYMO_ANALYSIS_GC_H
#define KYMO_ANALYSIS_GC_H

#include <kymo/gc.h>

#include "analysis/dist.h"
#include "analysis/select.h"

struct gc_group {
	kymo_string_ix name;
	uint32_t goroutines;
	struct dist times;
	kymo_ns running;
	uint64_t swept, reclaimed;
};

struct gc_groups {
	VEC(struct gc_group) at;
	uint32_t *of_name;  // [strings] place + 1
	uint8_t *seen;      // [goroutines]
};

bool gc_groups_begin(struct gc_groups *g, const struct kymo_trace *t);
struct gc_group *gc_groups_add(struct gc_groups *g, const struct kymo_trace *t,
                               kymo_goroutine_ix goroutine, kymo_ns ns);
/* The largest total first, then by name. `*all`: over all groups. Reorders the groups' times. */
struct kymo_gc_group *gc_groups_publish(struct gc_groups *g, const struct kymo_trace *t,
                                        size_t *count, struct kymo_latency *all);
void gc_groups_free(struct gc_groups *g);

struct kymo_latency gc_latency(struct dist *d);

#endif
