/* SPDX-License-Identifier: MIT */
/*
 * The gc and stw lanes: whole-program intervals, exact where they are few, else shares of each
 * column.
 */
#include <math.h>
#include <string.h>

#include "serve/tile.h"

static bool touches(const struct kymo_ranges *r, uint32_t row, kymo_ns t0)
{
	return r->end[row] > t0 || r->start[row] >= t0;
}

static void write_exact(const struct model *m, const struct tile *t, const uint32_t *rows,
                        uint32_t n, struct buf *out)
{
	const struct kymo_ranges *r = kymo_trace_ranges(m->trace);
	size_t wide = tile_plane(n, 8), narrow = tile_plane(n, 4), bytes = tile_plane(n, 1);
	char *p = tile_start(out, t, n ? TILE_SPANS : TILE_EMPTY, n,
	                     3 * wide + 2 * narrow + 2 * bytes);
	if (!p || n == 0)
		return;
	double *start = (double *)(void *)p, *end = (double *)(void *)(p + wide),
	       *id = (double *)(void *)(p + 2 * wide);
	uint32_t *name = (uint32_t *)(void *)(p + 3 * wide),
		 *group = (uint32_t *)(void *)(p + 3 * wide + narrow);
	uint8_t *class = (uint8_t *)(p + 3 * wide + 2 * narrow) + bytes;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = rows[i];
		start[i] = (double)r->start[row];
		end[i] = (double)r->end[row];
		id[i] = r->goroutine[row] ? (double)m->groups.all->id[r->goroutine[row]] : NAN;
		name[i] = r->name[row];
		group[i] = m->groups.group_of[r->goroutine[row]];
		class[i] = t->lane.kind == LANE_GC ? CLASS_GC : CLASS_STW;
	}
}

static void write_shares(const struct model *m, const struct tile *t,
                         const struct mark_ranges *list, uint32_t from, struct buf *out)
{
	const struct kymo_ranges *r = kymo_trace_ranges(m->trace);
	kymo_ns t0 = tile_begin(t), t1 = tile_end(t);
	uint64_t ns[TILE_COLUMNS] = {0};
	kymo_ns worst[TILE_COLUMNS] = {0};
	for (uint32_t i = from; i < list->count && r->start[list->row[i]] < t1; i++) {
		kymo_ns start = r->start[list->row[i]], end = r->end[list->row[i]];
		if (!touches(r, list->row[i], t0))
			continue;
		kymo_ns a = start > t0 ? start : t0, b = end < t1 ? end : t1;
		uint64_t c0 = (uint64_t)(a - t0) >> t->level,
			 c1 = (uint64_t)((b > a ? b - 1 : a) - t0) >> t->level;
		for (uint64_t c = c0; c <= c1; c++) {
			kymo_ns left = t0 + (kymo_ns)(c << t->level),
				right = left + (kymo_ns)(1ull << t->level);
			ns[c] += (uint64_t)((b < right ? b : right) - (a > left ? a : left));
			if (end - start > worst[c])
				worst[c] = end - start;
		}
	}
	char *p = tile_start(out, t, TILE_SHARES, TILE_COLUMNS, 2 * TILE_COLUMNS);
	for (unsigned c = 0; p && c < TILE_COLUMNS; c++) {
		p[c] = (char)tile_share(ns[c], t->level);
		p[TILE_COLUMNS + c] = (char)tile_worst((float)worst[c]);
	}
}

void tile_write_ranges(struct model *m, const struct tile *t, struct buf *out)
{
	const struct mark_ranges *list = t->lane.kind == LANE_GC ? &m->marks.gc : &m->marks.stw;
	const struct kymo_ranges *r = kymo_trace_ranges(m->trace);
	uint32_t rows[TILE_MAX_SPANS];
	uint32_t n = 0, from = marks_ranges_seek(list, tile_begin(t));
	for (uint32_t i = from; i < list->count && r->start[list->row[i]] < tile_end(t); i++) {
		if (!touches(r, list->row[i], tile_begin(t)))
			continue;
		if (n == m->tuning.exact) {
			write_shares(m, t, list, from, out);
			return;
		}
		rows[n++] = list->row[i];
	}
	write_exact(m, t, rows, n, out);
}
