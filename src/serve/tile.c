/* SPDX-License-Identifier: MIT */
/* Which function makes which tile, and what all of them begin with. */
#include "serve/tile.h"

#include <math.h>
#include <string.h>

char *tile_start(struct buf *out, const struct tile *t, enum tile_kind kind, uint32_t count,
                 size_t bytes)
{
	struct {
		uint8_t kind, level;
		uint16_t zero;
		uint32_t count, bytes, block;
	} header = {(uint8_t)kind, (uint8_t)t->level, 0, count, (uint32_t)bytes, t->block};
	_Static_assert(sizeof header == 16, "the header of a tile is 16 bytes");
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	               "tiles are written as they lie in memory");
	if (!buf_reserve(out, sizeof header + bytes))
		return NULL;
	buf_put(out, &header, sizeof header);
	char *planes = out->ptr + out->len;
	memset(planes, 0, bytes);
	out->len += bytes;
	return planes;
}

uint8_t tile_worst(float ns)
{
	if (ns <= 0)
		return 0;
	double code = ceil(6 * log2((double)ns + 1));
	return code > 255 ? 255 : (uint8_t)code;
}

/*
 * The tiles whose making may take more than a fraction of a millisecond: far out, or below a
 * group's pyramid.
 */
static bool worth_keeping(const struct model *m, const struct tile *t)
{
	switch (t->lane.kind) {
	case LANE_ALL: return t->level < m->all.base;
	case LANE_GROUP: return t->level < m->density[t->lane.ix].base;
	default: return false;
	}
}

static void write_lane(struct model *m, const struct tile *t, struct buf *out)
{
	switch (t->lane.kind) {
	case LANE_ALL:
	case LANE_GROUP: tile_write_counts(m, t, out); return;
	case LANE_GOROUTINE:
	case LANE_PROC:
	case LANE_THREAD: tile_write_spans(m, t, out); return;
	case LANE_GC:
	case LANE_STW: tile_write_ranges(m, t, out); return;
	case LANE_HEAP:
	case LANE_GOAL:
	case LANE_PROCS: tile_write_series(m, t, out); return;
	}
}

void tile_write(struct model *m, const struct tile *t, struct buf *out)
{
	if (!lane_exists(m, t->lane)) {
		tile_start(out, t, TILE_NO_LANE, 0, 0);
		return;
	}
	if (t->block > (uint64_t)m->duration >> (TILE_SHIFT + t->level)) {
		tile_start(out, t, TILE_EMPTY, 0, 0);
		return;
	}
	if (!worth_keeping(m, t)) {
		write_lane(m, t, out);
		return;
	}
	struct cache_key key = {(uint32_t)t->lane.kind, t->lane.ix, t->level, t->block};
	if (cache_get(m->cache, key, out))
		return;
	size_t begin = out->len;
	write_lane(m, t, out);
	if (!out->failed)
		cache_put(m->cache, key, out->ptr + begin, out->len - begin);
}
