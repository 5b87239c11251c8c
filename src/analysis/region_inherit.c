/* SPDX-License-Identifier: MIT */
/*
 * Region events and creations in order of time, with the stack of open regions that Go's summarizer would have: of each
 * goroutine the innermost one, each region knowing the one around it. What has ended is taken off when next looked at.
 */
#include "analysis/region_inherit.h"

#include <stdlib.h>

struct walk_inherit {
	const struct kymo_trace *t;
	struct region_inherit *h;
	uint32_t *top;  // [goroutines] the region begun last and not yet known to be over; KYMO_NO_ROW: none
	uint32_t *around;  // [regions] the one that was open when it began
	uint32_t *own;     // [goroutines] its inherited region + 1; 0: none, or ended
};

static uint32_t innermost(struct walk_inherit *w, kymo_goroutine_ix g, kymo_ns at)
{
	const struct kymo_regions *r = &w->t->regions;
	while (w->top[g] != KYMO_NO_ROW && r->flags[w->top[g]] & KYMO_REGION_ENDED &&
	       r->end[w->top[g]] <= at)
		w->top[g] = w->around[w->top[g]];
	return w->top[g];
}

static void apply_region(struct walk_inherit *w, uint32_t i)
{
	const struct kymo_regions *r = &w->t->regions;
	kymo_goroutine_ix g = r->goroutine[i];
	if (r->flags[i] & KYMO_REGION_BEGUN) {
		w->around[i] = innermost(w, g, r->begin[i]);
		w->top[g] = i;
	} else if (innermost(w, g, r->end[i]) == KYMO_NO_ROW && w->own[g]) {
		w->h->rows.at[w->own[g] - 1].ended_by = i;
		w->h->swallowed[i] = 1;
		w->own[g] = 0;
	}
}

static bool apply_creation(struct walk_inherit *w, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = w->t;
	kymo_goroutine_ix creator = t->g.creator.at[g];
	if (t->g.flags.at[g] & KYMO_G_EXISTED || !creator || creator >= g)
		return true;
	uint32_t i = innermost(w, creator, t->g.begin.at[g]);
	if (i == KYMO_NO_ROW && !w->own[creator])
		return true;
	uint64_t task =
		i != KYMO_NO_ROW ? t->regions.task[i] : w->h->rows.at[w->own[creator] - 1].task;
	if (!vec_push(&w->h->rows, ((struct inherited){g, task, KYMO_NO_ROW})))
		return false;
	w->own[g] = (uint32_t)w->h->rows.count;
	return true;
}

bool region_inherit_find(struct region_inherit *h, const struct kymo_trace *t)
{
	const struct kymo_regions *r = &t->regions;
	uint32_t count = t->goroutines.count;
	struct walk_inherit w = {.t = t, .h = h};
	w.top = malloc(count * sizeof *w.top);
	w.own = calloc(count, sizeof *w.own);
	w.around = malloc(((size_t)r->count + 1) * sizeof *w.around);
	h->swallowed = calloc((size_t)r->count + 1, 1);
	bool ok = w.top && w.own && w.around && h->swallowed;
	for (uint32_t g = 0; ok && g < count; g++)
		w.top[g] = KYMO_NO_ROW;
	for (uint32_t i = 0, g = 1; ok && (i < r->count || g < count);) {
		kymo_ns at = i == r->count                     ? KYMO_NS_MAX
		             : r->flags[i] & KYMO_REGION_BEGUN ? r->begin[i]
		                                               : r->end[i];
		if (i == r->count || (g < count && t->g.begin.at[g] < at))
			ok = apply_creation(&w, g++);
		else
			apply_region(&w, i++);
	}
	free(w.top);
	free(w.own);
	free(w.around);
	return ok;
}

void region_inherit_free(struct region_inherit *h)
{
	vec_free(&h->rows);
	free(h->swallowed);
	*h = (struct region_inherit){0};
}
