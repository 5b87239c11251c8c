/* SPDX-License-Identifier: MIT */
/*
 * How many goroutines of a group were in each state: the mean per column, at every resolution, and
 * the longest runnable span that touches it. Made in two steps: a `density_sum` collects intervals
 * in any order, each in O(log n) however long; a `density` is the finished, narrow pyramid that
 * tiles are copied from.
 *
 *     struct density_sum s;
 *     density_sum_init(&s, k, first_cell, cells);
 *     density_sum_add(&s, start, end, PLANE_WAIT, 0);
 *     density_sum_settle(&s);                      // now s.ns and s.worst hold the answer for level k
 *     density_make(&d, &s);                        // and d that of level k and all above
 */
#ifndef KYMO_SERVE_DENSITY_H
#define KYMO_SERVE_DENSITY_H

#include "serve/pyramid.h"

struct density_sum {
	unsigned k;
	uint32_t count;               // cells
	uint64_t first;               // index of the first one
	unsigned heights;             // levels of `tree`
	int64_t *ns[PLANE_COUNT];     // [count] time in the state, of intervals' ends
	int32_t *whole[PLANE_COUNT];  // [count + 1] differences: how many cover the cell
	float *worst;  // [count] the longest runnable span; then the levels above, see tree_at
	uint32_t tree_at[33];  // offset of each level in `worst`
	void *memory;
	size_t memory_bytes;
};

/* False: no memory. */
bool density_sum_init(struct density_sum *s, unsigned k, uint64_t first, uint32_t count);
/* Empties it for cells of another place or width; `count` must not have grown. */
void density_sum_reset(struct density_sum *s, unsigned k, uint64_t first, uint32_t count);
void density_sum_free(struct density_sum *s);

void density_sum_add_long(struct density_sum *s, kymo_ns start, kymo_ns end, enum plane plane,
                          float worst);

/*
 * [start, end) must lie within the cells. `worst` > 0 only for a runnable one: the length of the
 * whole span.
 */
static inline void density_sum_add(struct density_sum *s, kymo_ns start, kymo_ns end,
                                   enum plane plane, float worst)
{
	uint64_t c0 = ((uint64_t)start >> s->k) - s->first;
	uint64_t c1 = ((uint64_t)(end > start ? end - 1 : start) >> s->k) - s->first;
	if (c0 != c1) {
		density_sum_add_long(s, start, end, plane, worst);
		return;
	}
	s->ns[plane][c0] += end - start;
	if (worst > s->worst[c0])
		s->worst[c0] = worst;
}

/* Adds cells of a lane's pyramid at the level of the sum (which it must have). */
void density_sum_add_cells(struct density_sum *s, const struct pyramid *p);
/* Adds a sum over the same cells that is not settled either. */
void density_sum_merge(struct density_sum *s, const struct density_sum *other);
/* Adds a settled sum over cells of an equal or finer grid from the same first instant. */
void density_sum_add_finer(struct density_sum *s, const struct density_sum *finer);
/* Resolves what long intervals left behind. Call once, after the last add. */
void density_sum_settle(struct density_sum *s);

/* The five planes of one level, `count` values each, one after another. */
struct density_level {
	uint32_t count, offset;
};

struct density {
	uint8_t base, top;
	struct density_level *levels;  // [top - base + 1]; the first cell of each has index 0
	float *values;
	size_t value_count;
};

#define DENSITY_PLANES (PLANE_COUNT + 1)

/* All levels from a settled sum whose first cell is 0; the sum is used up. False: no memory. */
bool density_make(struct density *d, struct density_sum *s);
/* Plane `i` (PLANE_COUNT: worst_ns) of level k, which must exist. */
static inline const float *density_values(const struct density *d, unsigned k, unsigned i)
{
	const struct density_level *l = &d->levels[k - d->base];
	return d->values + l->offset + (size_t)l->count * i;
}
size_t density_bytes(const struct density *d);
void density_free(struct density *d);

#endif
