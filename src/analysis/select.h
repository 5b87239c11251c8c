/* SPDX-License-Identifier: MIT */
/*
 * How analyses apply a selection.
 *
 *     struct kymo_interval p;
 *     for (uint32_t i = 0; select_piece(t, sel, g, i, &p); i++)
 *             ... the parts of g's spans inside [p.from, p.to) ...
 */
#ifndef KYMO_ANALYSIS_SELECT_H
#define KYMO_ANALYSIS_SELECT_H

#include <kymo/select.h>

#include "trace/store.h"

static inline bool select_has(const struct kymo_selection *sel, kymo_goroutine_ix g)
{
	return !sel || !sel->goroutines || sel->goroutines[g];
}

static inline kymo_ns select_from(const struct kymo_selection *sel)
{
	return sel ? sel->from : 0;
}

static inline kymo_ns select_to(const struct kymo_selection *sel, const struct kymo_trace *t)
{
	return sel ? sel->to : t->info.duration;
}

/*
 * Whether the start function alone says which goroutines are selected, and of these all in the window is. Then *names
 * has, for each string, whether goroutines that begin in it are; NULL: all are. False also where there is no memory to
 * find out. O(goroutines).
 */
bool select_groups(const struct kymo_trace *t, const struct kymo_selection *sel, uint8_t **names);

/* The i-th piece of what is selected of goroutine g, within its life; false after the last. */
static inline bool select_piece(const struct kymo_trace *t, const struct kymo_selection *sel,
                                kymo_goroutine_ix g, uint32_t i, struct kymo_interval *out)
{
	kymo_ns begin = t->g.begin.at[g], end = t->g.end.at[g];
	if (!select_has(sel, g))
		return false;
	if (sel && sel->piece_from) {
		uint32_t at = sel->piece_from[g] + i;
		if (at >= sel->piece_from[g + 1])
			return false;
		*out = sel->pieces[at];
		return true;
	}
	if (i > 0)
		return false;
	out->from = sel && sel->from > begin ? sel->from : begin;
	out->to = sel && sel->to < end ? sel->to : end;
	return out->from < out->to;
}

/* From the first to the last that is selected of goroutine g; false if nothing is. */
static inline bool select_extent(const struct kymo_trace *t, const struct kymo_selection *sel,
                                 kymo_goroutine_ix g, struct kymo_interval *out)
{
	if (!select_piece(t, sel, g, 0, out))
		return false;
	if (sel && sel->piece_from)
		out->to = sel->pieces[sel->piece_from[g + 1] - 1].to;
	return true;
}

/* The length of what [a, b) and a piece share. */
static inline kymo_ns select_overlap(const struct kymo_interval *p, kymo_ns a, kymo_ns b)
{
	kymo_ns from = a > p->from ? a : p->from, to = b < p->to ? b : p->to;
	return to > from ? to - from : 0;
}

/* What of spans that come in order is selected. */
struct select_cursor {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;  // NULL: everything
	kymo_goroutine_ix g;
	uint32_t piece;
	struct kymo_interval at;
};

/* False if nothing of g is selected; else *extent is from the first to the last that is. */
static inline bool select_begin(struct select_cursor *c, const struct kymo_trace *t,
                                const struct kymo_selection *sel, kymo_goroutine_ix g,
                                struct kymo_interval *extent)
{
	*c = (struct select_cursor){.t = t, .sel = sel, .g = g};
	*extent = (struct kymo_interval){INT64_MIN, INT64_MAX};
	return !sel || (select_extent(t, sel, g, extent) && select_piece(t, sel, g, 0, &c->at));
}

/* What of [from, to) is selected; `from` ascends from call to call. */
static inline kymo_ns select_take(struct select_cursor *c, kymo_ns from, kymo_ns to)
{
	struct kymo_interval next;
	if (!c->sel)
		return to - from;
	while (c->at.to <= from)
		if (!select_piece(c->t, c->sel, c->g, ++c->piece, &c->at)) {
			c->at = (struct kymo_interval){KYMO_NS_MAX, KYMO_NS_MAX};
			return 0;
		}
	kymo_ns sum = select_overlap(&c->at, from, to);
	for (uint32_t i = c->piece + 1; to > c->at.to && select_piece(c->t, c->sel, c->g, i, &next);
	     i++) {
		if (next.from >= to)
			break;
		sum += select_overlap(&next, from, to);
	}
	return sum;
}

/* Whether an instant lies in the window; the trace's last event does, where the window reaches to the end. */
static inline bool select_instant(const struct kymo_trace *t, const struct kymo_selection *sel,
                                  kymo_ns at)
{
	return !sel || (at >= sel->from && (at < sel->to || sel->to == t->info.duration));
}

#endif
