/* SPDX-License-Identifier: MIT */
/*
 * One lane, at every resolution: cells of 2^k ns on the absolute grid (a cell begins at a multiple
 * of its width), each level half as many as the one below. A cell is what a column of a tile shows,
 * so any tile at or above the base level is a copy, and one below it is few enough intervals to be
 * walked over. See docs/internals/tiles.md.
 *
 *     struct pyramid p = {0};
 *     pyramid_init(&p, begin, end, records / 64);      // the base level that needs at most so many cells
 *     for (each interval) pyramid_add(&p, start, end, PLANE_RUN, 0, 0);
 *     pyramid_finish(&p);                              // the levels above
 *     pyramid_free(&p);
 */
#ifndef KYMO_SERVE_PYRAMID_H
#define KYMO_SERVE_PYRAMID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kymo/types.h>

/*
 * The planes of a states tile. On lanes of procs and threads nobody is runnable or waits: there the
 * second is time of GC workers (part of the first), which decides the class.
 */
enum plane {
	PLANE_RUN,
	PLANE_RUNNABLE,
	PLANE_SYSCALL,
	PLANE_WAIT,
	PLANE_COUNT,
	PLANE_GC = PLANE_RUNNABLE,
};

struct pyramid_cell {
	/*
	 * ns in each state; from level 32 on in units of 2^(level - 31) ns, rounded up, so that a
	 * whole cell fits.
	 */
	uint32_t time[PLANE_COUNT];
	float worst;        // ns of the longest runnable span that touches it
	uint32_t wait_key;  // the longest wait that touches it: see pyramid_wait_key
	uint8_t begins;     // spans that begin in it, at most 255
};

struct pyramid_level {
	uint64_t first;  // index of its first cell: cell i covers [i << k, (i + 1) << k)
	uint32_t count;
	uint32_t offset;  // of its cells in `cells`
};

#define PYRAMID_LEVELS 64

struct pyramid {
	uint8_t base, top;             // levels k; the top one has a single cell
	struct pyramid_level *levels;  // [top - base + 1]
	struct pyramid_cell *cells;
	size_t cell_count;
};

/*
 * A number that orders waits by length (to one part in half a million), with the class in its low
 * bits.
 */
static inline uint32_t pyramid_wait_key(kymo_ns ns, unsigned class)
{
	union {
		float f;
		uint32_t u;
	} bits = {.f = (float)ns};
	return (bits.u & ~15u) | class;
}

static inline unsigned pyramid_wait_class(uint32_t key)
{
	return key & 15u;
}

/* The unit of time in cells of level k is 2^this ns. */
static inline unsigned pyramid_unit(unsigned k)
{
	return k > 31 ? k - 31 : 0;
}

/* The lowest level whose cells, over [begin, end), are at most `cells` (at least 1). */
unsigned pyramid_base_for(kymo_ns begin, kymo_ns end, uint64_t cells);

/* Empty cells over [begin, end). False: no memory. */
bool pyramid_init(struct pyramid *p, kymo_ns begin, kymo_ns end, uint64_t max_cells);
/*
 * Adds the base of a pyramid over the same bounds, with the same base level. Before pyramid_finish.
 */
void pyramid_merge(struct pyramid *p, const struct pyramid *other);
/*
 * Adds cells first .. last of the base of another pyramid, which is no coarser and whose bounds
 * hold them.
 */
void pyramid_take_cells(struct pyramid *p, const struct pyramid *other, uint64_t first,
                        uint64_t last);
/* Fills in the levels above the base. */
void pyramid_finish(struct pyramid *p);
size_t pyramid_bytes(const struct pyramid *p);
void pyramid_free(struct pyramid *p);

static inline bool pyramid_made(const struct pyramid *p)
{
	return p->cells != NULL;
}

static inline void pyramid_grow_worst(struct pyramid_cell *c, float worst, uint32_t key)
{
	if (worst > c->worst)
		c->worst = worst;
	if (key > c->wait_key)
		c->wait_key = key;
}

/* An interval that crosses cells; the common one that does not is inline below. */
void pyramid_add_long(struct pyramid *p, kymo_ns start, kymo_ns end, enum plane plane, float worst,
                      uint32_t key);

/*
 * Adds [start, end), which lies within the pyramid's bounds: its time to `plane`; `worst`: its
 * length if it is runnable, else 0; `key`: its wait key if it is a wait, else 0.
 */
static inline void pyramid_add(struct pyramid *p, kymo_ns start, kymo_ns end, enum plane plane,
                               float worst, uint32_t key)
{
	unsigned k = p->base;
	uint64_t c0 = (uint64_t)start >> k, c1 = (uint64_t)(end > start ? end - 1 : start) >> k;
	if (c0 != c1) {
		pyramid_add_long(p, start, end, plane, worst, key);
		return;
	}
	struct pyramid_cell *c = &p->cells[c0 - p->levels[0].first];
	unsigned unit = pyramid_unit(k);
	c->time[plane] += (uint32_t)(((uint64_t)(end - start) + ((1ull << unit) - 1)) >> unit);
	c->begins = (uint8_t)(c->begins + (c->begins != 255));
	pyramid_grow_worst(c, worst, key);
}

/* A span's beginning alone, for one whose time no plane shows. */
void pyramid_add_begin(struct pyramid *p, kymo_ns start);
/* Time alone, without a span's beginning: for what is part of an interval added otherwise. */
void pyramid_add_time(struct pyramid *p, kymo_ns start, kymo_ns end, enum plane plane);

#endif
