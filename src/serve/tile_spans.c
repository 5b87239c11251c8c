/* SPDX-License-Identifier: MIT */
/*
 * Lanes of intervals of goroutines. First the exact intervals are tried: up to TILE_MAX_SPANS of
 * them are as cheap to send as columns, and the viewer can show what each is. If there are more,
 * the columns come from the lane's pyramid where the tile is at or above its base level, and
 * otherwise from a walk over the intervals, which are few: below the base a column holds less than
 * a cell does.
 */
#include <math.h>
#include <string.h>

#include "serve/tile.h"

struct column {
	uint64_t ns[PLANE_COUNT];
	float worst;
	uint32_t wait_key;
	uint8_t begins;
};

struct columns {
	struct column at[TILE_COLUMNS];
};

/* ---- exact intervals ---- */

static uint64_t proc_id(const struct model *m, kymo_proc_ix p)
{
	return kymo_trace_procs(m->trace)->id[p];
}

static void write_exact(const struct model *m, const struct tile *t, const struct lane_span *spans,
                        uint32_t n, struct buf *out)
{
	size_t wide = tile_plane(n, 8), narrow = tile_plane(n, 4), bytes = tile_plane(n, 1);
	char *p = tile_start(out, t, TILE_SPANS, n, 3 * wide + 2 * narrow + 2 * bytes);
	if (!p)
		return;
	double *start = (double *)(void *)p, *end = (double *)(void *)(p + wide),
	       *id = (double *)(void *)(p + 2 * wide);
	uint32_t *row = (uint32_t *)(void *)(p + 3 * wide),
		 *group = (uint32_t *)(void *)(p + 3 * wide + narrow);
	uint8_t *state = (uint8_t *)(p + 3 * wide + 2 * narrow), *class = state + bytes;
	for (uint32_t i = 0; i < n; i++) {
		const struct lane_span *s = &spans[i];
		start[i] = (double)s->start;
		end[i] = (double)s->end;
		state[i] = s->state;
		class[i] = s->class;
		group[i] = m->groups.group_of[s->goroutine];
		if (t->lane.kind == LANE_GOROUTINE) {
			id[i] = s->proc ? (double)proc_id(m, s->proc) : NAN;
			row[i] = s->reason;
		} else {
			id[i] = s->goroutine ? (double)m->groups.all->id[s->goroutine]
			                     : (double)proc_id(m, s->proc);
			row[i] = s->goroutine;
		}
	}
}

/* Answers with the intervals themselves if there are few enough; false if there are not. */
static bool try_exact(const struct model *m, const struct tile *t, struct buf *out)
{
	struct lane_span spans[TILE_MAX_SPANS + 1];
	struct lane_cursor c;
	uint32_t n = 0;
	kymo_ns t0 = tile_begin(t), t1 = tile_end(t);
	lane_seek(m, t->lane, t0, &c);
	while (n <= m->tuning.exact && lane_next(&c, &spans[n]) && spans[n].start < t1)
		if (spans[n].end > t0 || spans[n].start >= t0)
			n++;
	if (n > m->tuning.exact)
		return false;
	if (n == 0)
		tile_start(out, t, TILE_EMPTY, 0, 0);
	else
		write_exact(m, t, spans, n, out);
	return true;
}

/* ---- columns ---- */

static void add_span(struct columns *cs, const struct tile *t, const struct lane_span *s,
                     bool gc_in_run)
{
	unsigned k = t->level;
	kymo_ns t0 = tile_begin(t), t1 = tile_end(t);
	kymo_ns from = s->start > t0 ? s->start : t0, to = s->end < t1 ? s->end : t1;
	uint64_t c0 = (uint64_t)(from - t0) >> k,
		 c1 = (uint64_t)((to > from ? to - 1 : from) - t0) >> k;
	enum plane plane = model_plane(s->state);
	float worst = plane == PLANE_RUNNABLE ? (float)(s->end - s->start) : 0;
	uint32_t key = plane == PLANE_WAIT ? pyramid_wait_key(s->end - s->start, s->class) : 0;
	if (s->state != KYMO_SPAN_NONE && s->start >= t0 && cs->at[c0].begins < 255)
		cs->at[c0].begins++;
	for (uint64_t c = c0; c <= c1; c++) {
		struct column *col = &cs->at[c];
		kymo_ns left = t0 + (kymo_ns)(c << k), right = left + (kymo_ns)(1ull << k);
		uint64_t ns = (uint64_t)((to < right ? to : right) - (from > left ? from : left));
		if (plane != PLANE_COUNT)
			col->ns[plane] += ns;
		if (gc_in_run)
			col->ns[PLANE_GC] += ns;
		if (worst > col->worst)
			col->worst = worst;
		if (key > col->wait_key)
			col->wait_key = key;
	}
}

static void fill_by_walking(const struct model *m, const struct tile *t, struct columns *cs)
{
	struct lane_cursor c;
	struct lane_span s;
	kymo_ns t0 = tile_begin(t), t1 = tile_end(t);
	lane_seek(m, t->lane, t0, &c);
	while (lane_next(&c, &s) && s.start < t1)
		if (s.end > t0 || s.start >= t0)
			add_span(cs, t, &s, t->lane.kind != LANE_GOROUTINE && s.class == CLASS_GC);
}

/*
 * From the level of the pyramid that fits, or from its single top cell where the tile is coarser
 * still.
 */
static void fill_from_pyramid(const struct pyramid *p, const struct tile *t, struct columns *cs)
{
	unsigned k = t->level < p->top ? t->level : p->top, up = t->level - k, unit = pyramid_unit(k);
	const struct pyramid_level *level = &p->levels[k - p->base];
	uint64_t first = ((uint64_t)t->block * TILE_COLUMNS) << up,
		 end = first + ((uint64_t)TILE_COLUMNS << up);
	uint64_t from = first > level->first ? first : level->first;
	uint64_t to = level->first + level->count < end ? level->first + level->count : end;
	for (uint64_t i = from; i < to; i++) {
		const struct pyramid_cell *c = &p->cells[level->offset + (i - level->first)];
		struct column *col = &cs->at[(i - first) >> up];
		for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
			col->ns[plane] = (uint64_t)c->time[plane] << unit;
		col->worst = c->worst;
		col->wait_key = c->wait_key;
		col->begins = c->begins;
	}
}

/* What a column's colour is when it is drawn in one. */
static uint8_t column_class(const struct tile *t, const struct column *c)
{
	if (t->lane.kind == LANE_GOROUTINE)
		return (uint8_t)pyramid_wait_class(c->wait_key);
	if (c->ns[PLANE_RUN] == 0)
		return CLASS_IDLE;
	return c->ns[PLANE_GC] * 2 > c->ns[PLANE_RUN] ? CLASS_GC : CLASS_RUN;
}

static void set_flags(const struct model *m, const struct tile *t, const struct columns *cs,
                      uint8_t *flags)
{
	const struct marks *marks = &m->marks;
	kymo_ns t0 = tile_begin(t);
	bool worker = t->lane.kind == LANE_GOROUTINE && model_is_gc_worker(m, t->lane.ix);
	for (unsigned i = 0; i < TILE_COLUMNS; i++)
		if (t->lane.kind == LANE_GOROUTINE ? worker && cs->at[i].ns[PLANE_RUN]
		                                   : cs->at[i].ns[PLANE_GC] > 0)
			flags[i] |= MARK_GC;
	marks_ranges_flag(&marks->stw, kymo_trace_ranges(m->trace), t0, t->level, TILE_COLUMNS,
	                  flags, MARK_STW);
	if (t->lane.kind == LANE_GOROUTINE)
		marks_list_flag(&marks->gc_of_goroutine, t->lane.ix, t0, t->level, TILE_COLUMNS,
		                flags, MARK_GC);
	if (t->lane.kind == LANE_PROC)
		marks_list_flag(&marks->gc_of_proc, t->lane.ix, t0, t->level, TILE_COLUMNS, flags,
		                MARK_GC);
	const struct mark_list *samples = t->lane.kind == LANE_GOROUTINE
	                                          ? &marks->samples_of_goroutine
	                                  : t->lane.kind == LANE_PROC ? &marks->samples_of_proc
	                                                              : &marks->samples_of_thread;
	marks_list_flag(samples, t->lane.ix, t0, t->level, TILE_COLUMNS, flags, MARK_SAMPLE);
}

static void write_states(const struct model *m, const struct tile *t, const struct columns *cs,
                         struct buf *out)
{
	char *p = tile_start(out, t, TILE_STATES, TILE_COLUMNS, 8 * TILE_COLUMNS);
	if (!p)
		return;
	uint8_t(*plane)[TILE_COLUMNS] = (uint8_t(*)[TILE_COLUMNS])(void *)p;
	bool proc = t->lane.kind != LANE_GOROUTINE;
	for (unsigned i = 0; i < TILE_COLUMNS; i++) {
		const struct column *c = &cs->at[i];
		plane[0][i] = tile_share(c->ns[PLANE_RUN], t->level);
		plane[1][i] = proc ? 0 : tile_share(c->ns[PLANE_RUNNABLE], t->level);
		plane[2][i] = tile_share(c->ns[PLANE_SYSCALL], t->level);
		plane[3][i] = proc ? 0 : tile_share(c->ns[PLANE_WAIT], t->level);
		plane[4][i] = column_class(t, c);
		plane[5][i] = tile_worst(c->worst);
		plane[6][i] = c->begins;
	}
	set_flags(m, t, cs, plane[7]);
}

void tile_write_spans(struct model *m, const struct tile *t, struct buf *out)
{
	struct columns cs;
	if (try_exact(m, t, out))
		return;
	memset(&cs, 0, sizeof cs);
	if (t->lane.kind == LANE_THREAD)
		model_need_thread(m, t->lane.ix);
	const struct pyramid *p = model_pyramid(m, t->lane);
	if (p && t->level >= p->base)
		fill_from_pyramid(p, t, &cs);
	else
		fill_by_walking(m, t, &cs);
	write_states(m, t, &cs, out);
}
