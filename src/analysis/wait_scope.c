/* SPDX-License-Identifier: MIT */
#include "analysis/wait_scope.h"

#include <stdlib.h>

static bool lives_in(const struct wait_scope *s, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = s->t;
	for (unsigned k = 0; k < s->part_count; k++)
		if (t->g.begin.at[g] < s->parts[k].to && t->g.end.at[g] > s->parts[k].from)
			return true;
	return false;
}

static bool list_rows(struct wait_scope *s)
{
	VEC(kymo_goroutine_ix) rows = {0};
	bool ok = vec_reserve(&rows, 1);
	for (kymo_goroutine_ix g = 1; s->part_count && g < s->t->goroutines.count && ok; g++)
		if (lives_in(s, g) && select_has(s->sel, g))
			ok = vec_push(&rows, g);
	if (!ok) {
		vec_free(&rows);
		return false;
	}
	s->rows = rows.at;
	s->row_count = rows.count;
	return true;
}

/* The first edge at or after `at`, or the last. */
static uint32_t edge_from(const struct wait_index *x, kymo_ns at)
{
	uint32_t lo = 0, hi = x->block_count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (x->edges[mid] < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool use_blocks(struct wait_scope *s, const struct wait_index *x)
{
	kymo_ns from = select_from(s->sel), to = select_to(s->sel, s->t);
	uint32_t first = edge_from(x, from), last = edge_from(x, to);
	// What goes on behind the window's end is met by a walk up to there; behind the trace's nothing does.
	if (last < x->block_count || to < x->edges[last])
		last -= last > 0;
	if (first >= last || !select_groups(s->t, s->sel, &s->groups))
		return false;
	s->part_count = 0;
	if (from < x->edges[first])
		s->parts[s->part_count++] =
			(struct wait_part){from, x->edges[first], INT64_MIN, x->edges[first]};
	if (x->edges[last] < to)
		s->parts[s->part_count++] =
			(struct wait_part){x->edges[last], to, x->edges[last], INT64_MAX};
	if (!list_rows(s))
		return false;
	s->index = x;
	s->first = first;
	s->end = last;
	return true;
}

void wait_scope_make(struct wait_scope *s, const struct kymo_trace *t,
                     const struct kymo_selection *sel, bool kept)
{
	const struct wait_index *x = kept ? wait_index_of(t) : NULL;
	*s = (struct wait_scope){.t = t, .sel = sel};
	if (x && !(sel && sel->piece_from) && use_blocks(s, x))
		return;
	wait_scope_free(s);
	s->part_count = 1;
	s->parts[0] = (struct wait_part){select_from(sel), select_to(sel, t), INT64_MIN, INT64_MAX};
	if (sel)  // short windows: most goroutines have no part in them
		list_rows(s);
	s->parts[0].from = INT64_MIN;
	s->parts[0].to = INT64_MAX;
}

void wait_scope_free(struct wait_scope *s)
{
	free(s->rows);
	free(s->groups);
	s->rows = NULL;
	s->groups = NULL;
}
