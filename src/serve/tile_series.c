/* SPDX-License-Identifier: MIT */
/*
 * Lanes of metrics. A metric is a step function: in a column it has a first value (in force when
 * the column begins), a last one, and extremes over all that were in force. Before its first point
 * it has none: NaN.
 */
#include <math.h>

#include "serve/tile.h"

static const struct kymo_series *series_of(const struct model *m, struct lane lane)
{
	static const enum kymo_metric metrics[] = {
		[LANE_HEAP] = KYMO_METRIC_HEAP_LIVE,
		[LANE_GOAL] = KYMO_METRIC_HEAP_GOAL,
		[LANE_PROCS] = KYMO_METRIC_GOMAXPROCS,
	};
	return kymo_trace_metric(m->trace, metrics[lane.kind]);
}

/* The first point at or after `at`. */
static uint32_t seek(const struct kymo_series *s, kymo_ns at)
{
	uint32_t lo = 0, hi = s->count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->time[mid] < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void write_points(const struct kymo_series *s, uint32_t from, uint32_t to,
                         const struct tile *t, struct buf *out)
{
	uint32_t n = to - from;
	char *p = tile_start(out, t, n ? TILE_COUNTER_POINTS : TILE_EMPTY, n, (size_t)n * 16);
	if (!p)
		return;
	double *time = (double *)(void *)p, *value = time + n;
	for (uint32_t i = 0; i < n; i++) {
		time[i] = (double)s->time[from + i];
		value[i] = (double)s->value[from + i];
	}
}

static void write_columns(const struct model *m, const struct kymo_series *s, uint32_t at,
                          const struct tile *t, struct buf *out)
{
	char *p = tile_start(out, t, TILE_COUNTER_COLUMNS, TILE_COLUMNS,
	                     4 * TILE_COLUMNS * sizeof(double));
	if (!p)
		return;
	double(*plane)[TILE_COLUMNS] = (double(*)[TILE_COLUMNS])(void *)p;
	double now = at > 0 ? (double)s->value[at - 1] : NAN;
	for (unsigned c = 0; c < TILE_COLUMNS; c++) {
		kymo_ns left = tile_begin(t) + (kymo_ns)((uint64_t)c << t->level);
		kymo_ns right = left + (kymo_ns)(1ull << t->level);
		if (at < s->count && s->time[at] == left)
			now = (double)s->value[at++];
		double first = now, min = now, max = now;
		for (; at < s->count && s->time[at] < right; at++) {
			now = (double)s->value[at];
			first = isnan(first) ? now : first;
			min = fmin(min, now);
			max = fmax(max, now);
		}
		bool over = left > m->duration;
		plane[0][c] = over ? NAN : first;
		plane[1][c] = over ? NAN : min;
		plane[2][c] = over ? NAN : max;
		plane[3][c] = over ? NAN : now;
	}
}

void tile_write_series(struct model *m, const struct tile *t, struct buf *out)
{
	const struct kymo_series *s = series_of(m, t->lane);
	uint32_t from = seek(s, tile_begin(t)), to = seek(s, tile_end(t));
	if (to - from <= m->tuning.exact)
		write_points(s, from > 0 ? from - 1 : 0, to, t, out);
	else
		write_columns(m, s, from, t, out);
}
