/* SPDX-License-Identifier: MIT */
/*
 * Tiles: 512 columns of exactly 2^k ns of one lane, as bytes for the viewer (docs/internals/http.md
 * says which; the ideas are in docs/internals/tiles.md). A tile is a function of the trace alone,
 * so its bytes never change.
 */
#ifndef KYMO_SERVE_TILE_H
#define KYMO_SERVE_TILE_H

#include "base/buf.h"
#include "serve/model.h"

#define TILE_COLUMNS 512u
#define TILE_SHIFT 9u
#define TILE_MAX_LEVEL 52u
/* No tile holds more exact intervals than this (model_tuning.exact). */
#define TILE_MAX_SPANS 512u

enum tile_kind {
	TILE_EMPTY = 0,
	TILE_SPANS = 1,
	TILE_STATES = 2,
	TILE_COUNTS = 3,
	TILE_COUNTER_COLUMNS = 4,
	TILE_SHARES = 5,
	TILE_COUNTER_POINTS = 6,
	TILE_NO_LANE = 255,
};

struct tile {
	struct lane lane;
	unsigned level;
	uint32_t block;
};

/* Appends the tile; a lane that does not exist gives one of kind 255. level <= TILE_MAX_LEVEL. */
void tile_write(struct model *m, const struct tile *tile, struct buf *out);

/* ---- shared by the files that make tiles ---- */

/* The tile's window. Only for tiles that tile_in_trace accepts. */
static inline kymo_ns tile_begin(const struct tile *t)
{
	return (kymo_ns)((uint64_t)t->block << (TILE_SHIFT + t->level));
}
static inline kymo_ns tile_end(const struct tile *t)
{
	return tile_begin(t) + (kymo_ns)(1ull << (TILE_SHIFT + t->level));
}

/* The header, and space for `bytes` behind it; NULL: no memory. */
char *tile_start(struct buf *out, const struct tile *t, enum tile_kind kind, uint32_t count,
                 size_t bytes);
static inline size_t tile_plane(size_t count, size_t size)
{
	return (count * size + 7) & ~(size_t)7;
}

/* ceil(255 · ns / 2^k), at most 255. */
static inline uint8_t tile_share(uint64_t ns, unsigned k)
{
	if (ns >= 1ull << k)
		return 255;
	return (uint8_t)((ns * 255 + ((1ull << k) - 1)) >> k);
}
/* min(255, ceil(6·log2(ns + 1))) */
uint8_t tile_worst(float ns);

void tile_write_spans(struct model *m, const struct tile *t,
                      struct buf *out);  // goroutine, proc, thread lanes
void tile_write_counts(struct model *m, const struct tile *t, struct buf *out);  // all, groups
void tile_write_series(struct model *m, const struct tile *t, struct buf *out);  // heap, goal, procs
void tile_write_ranges(struct model *m, const struct tile *t, struct buf *out);  // gc, stw

/*
 * A group over an arbitrary window: exact where it is short or the group small, else to a column of
 * its pyramid.
 */
bool tile_group_window(struct model *m, uint32_t group, kymo_ns from, kymo_ns to,
                       struct group_times *out);

#endif
