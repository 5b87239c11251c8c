/* SPDX-License-Identifier: MIT */
/*
 * Lanes that count goroutines. At or above the base level of the group's pyramid a tile is a copy.
 * Below it the spans of those goroutines are summed that exist in the window: each has few there.
 * What that costs is kept (tile.c).
 */
#include <string.h>

#include "serve/tile.h"

static const struct density *density_of(const struct model *m, struct lane lane)
{
	return lane.kind == LANE_ALL ? &m->all : &m->density[lane.ix];
}

/* Adds what `group` (GROUPS_ALL) did within the sum's cells. */
static void sum_members(const struct model *m, uint32_t group, struct density_sum *s)
{
	struct groups_cursor members;
	kymo_goroutine_ix g;
	kymo_ns t0 = (kymo_ns)(s->first << s->k), t1 = (kymo_ns)((s->first + s->count) << s->k);
	groups_seek(&m->groups, group, t0, t1, &members);
	while ((g = groups_next(&members)) != 0) {
		struct kymo_span_cursor c;
		struct kymo_span span;
		kymo_span_seek(m->trace, g, t0, &c);
		while (kymo_span_next(&c, &span) && span.start < t1) {
			enum plane plane = model_plane(span.state);
			kymo_ns from = span.start > t0 ? span.start : t0,
				to = span.end < t1 ? span.end : t1;
			if (to > from && plane != PLANE_COUNT)
				density_sum_add(s, from, to, plane,
				                plane == PLANE_RUNNABLE
				                        ? (float)(span.end - span.start)
				                        : 0);
		}
	}
	density_sum_settle(s);
}

static uint32_t group_of_lane(struct lane lane)
{
	return lane.kind == LANE_ALL ? GROUPS_ALL : lane.ix;
}

static void write_below(const struct model *m, const struct tile *t, struct buf *out)
{
	struct density_sum s;
	double width = (double)(1ull << t->level);
	if (!density_sum_init(&s, t->level, (uint64_t)t->block * TILE_COLUMNS, TILE_COLUMNS)) {
		out->failed = true;
		return;
	}
	sum_members(m, group_of_lane(t->lane), &s);
	char *p = tile_start(out, t, TILE_COUNTS, TILE_COLUMNS,
	                     DENSITY_PLANES * TILE_COLUMNS * sizeof(float));
	if (p) {
		float *to = (float *)(void *)p;
		for (unsigned i = 0; i < PLANE_COUNT; i++)
			for (unsigned c = 0; c < TILE_COLUMNS; c++)
				*to++ = (float)((double)s.ns[i][c] / width);
		memcpy(to, s.worst, TILE_COLUMNS * sizeof *to);
	}
	density_sum_free(&s);
}

static void write_from(const struct density *d, const struct tile *t, struct buf *out)
{
	unsigned k = t->level < d->top ? t->level : d->top, up = t->level - k;
	uint32_t have = d->levels[k - d->base].count;
	uint64_t first = ((uint64_t)t->block * TILE_COLUMNS) << up;
	char *p = tile_start(out, t, TILE_COUNTS, TILE_COLUMNS,
	                     DENSITY_PLANES * TILE_COLUMNS * sizeof(float));
	if (!p || first >= have)
		return;
	uint32_t n = have - (uint32_t)first < TILE_COLUMNS ? have - (uint32_t)first : TILE_COLUMNS;
	float *to = (float *)(void *)p;
	for (unsigned i = 0; i < DENSITY_PLANES; i++, to += TILE_COLUMNS)
		memcpy(to, density_values(d, k, i) + first, n * sizeof *to);
	if (up == 0)
		return;
	/*
	 * Coarser than the pyramid's single cell: the same goroutines, in the mean over a longer
	 * column.
	 */
	to = (float *)(void *)p;
	for (unsigned i = 0; i < PLANE_COUNT; i++)
		to[i * TILE_COLUMNS] /= (float)(1ull << up);
}

void tile_write_counts(struct model *m, const struct tile *t, struct buf *out)
{
	const struct density *d = density_of(m, t->lane);
	if (t->level < d->base)
		write_below(m, t, out);
	else
		write_from(d, t, out);
}

/* ---- a window that is no tile ---- */

/* Windows of fewer cells than this are summed from the spans. */
#define WINDOW_CELLS 64u

static uint64_t count_alive(const struct model *m, uint32_t group, kymo_ns from, kymo_ns to)
{
	struct groups_cursor c;
	uint64_t n = 0;
	groups_seek(&m->groups, group, from, to, &c);
	while (groups_next(&c))
		n++;
	return n;
}

static void window_of_spans(const struct model *m, uint32_t group, kymo_ns from, kymo_ns to,
                            struct group_times *out, double sum[PLANE_COUNT])
{
	struct groups_cursor members;
	kymo_goroutine_ix g;
	groups_seek(&m->groups, group, from, to, &members);
	while ((g = groups_next(&members)) != 0) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		kymo_span_seek(m->trace, g, from, &c);
		while (kymo_span_next(&c, &s) && s.start < to) {
			enum plane plane = model_plane(s.state);
			kymo_ns a = s.start > from ? s.start : from, b = s.end < to ? s.end : to;
			if (b <= a || plane == PLANE_COUNT)
				continue;
			sum[plane] += (double)(b - a);
			if (plane == PLANE_RUNNABLE && (double)(s.end - s.start) > out->worst_wait)
				out->worst_wait = (double)(s.end - s.start);
		}
	}
}

static void window_of_cells(const struct density *d, kymo_ns from, kymo_ns to,
                            struct group_times *out, double sum[PLANE_COUNT])
{
	unsigned k = d->base;
	double width = (double)(1ull << k);
	uint64_t c0 = (uint64_t)from >> k, c1 = (uint64_t)(to - 1) >> k;
	if (c1 >= d->levels[0].count)
		c1 = d->levels[0].count - 1u;
	for (uint64_t c = c0; c <= c1; c++) {
		double left = (double)(c << k), right = left + width;
		double part = ((double)to < right ? (double)to : right) -
		              ((double)from > left ? (double)from : left);
		for (unsigned i = 0; i < PLANE_COUNT; i++)
			sum[i] += (double)density_values(d, k, i)[c] * part;
		if ((double)density_values(d, k, PLANE_COUNT)[c] > out->worst_wait)
			out->worst_wait = (double)density_values(d, k, PLANE_COUNT)[c];
	}
}

bool tile_group_window(struct model *m, uint32_t group, kymo_ns from, kymo_ns to,
                       struct group_times *out)
{
	const struct density *d = &m->density[group];
	double sum[PLANE_COUNT] = {0};
	*out = (struct group_times){.alive = count_alive(m, group, from, to)};
	if (to <= from)
		return true;
	if ((uint64_t)(to - from) >> d->base < WINDOW_CELLS)
		window_of_spans(m, group, from, to, out, sum);
	else
		window_of_cells(d, from, to, out, sum);
	out->execution = sum[PLANE_RUN];
	out->sched_wait = sum[PLANE_RUNNABLE];
	out->syscall = sum[PLANE_SYSCALL];
	out->block = sum[PLANE_WAIT];
	out->total = sum[PLANE_RUN] + sum[PLANE_RUNNABLE] + sum[PLANE_SYSCALL] + sum[PLANE_WAIT];
	return true;
}
