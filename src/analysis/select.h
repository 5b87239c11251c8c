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

/* Whether an instant lies in the window; the trace's last event does, where the window reaches to the end. */
static inline bool select_instant(const struct kymo_trace *t, const struct kymo_selection *sel,
                                  kymo_ns at)
{
	return !sel || (at >= sel->from && (at < sel->to || sel->to == t->info.duration));
}

/* The length of what [a, b) and a piece share. */
static inline kymo_ns select_overlap(const struct kymo_interval *p, kymo_ns a, kymo_ns b)
{
	kymo_ns from = a > p->from ? a : p->from, to = b < p->to ? b : p->to;
	return to > from ? to - from : 0;
}

#endif
