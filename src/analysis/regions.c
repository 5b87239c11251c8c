/* SPDX-License-Identifier: MIT */
/* The list of regions, as the store has them or as Go's summarizer would have made them. */
#include <kymo/annotations.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/annot_of_task.h"
#include "analysis/annot_text.h"
#include "analysis/place.h"
#include "analysis/region_inherit.h"
#include "analysis/region_times.h"
#include "analysis/select.h"
#include "base/error.h"
#include "base/vec.h"

struct kymo_frame kymo_region_place(const struct kymo_trace *t, const struct kymo_region *r,
                                    enum kymo_rules rules)
{
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(t, r->begin_stack, &n);
	return !n ? (struct kymo_frame){0} : f[rules == KYMO_RULES_GO126 ? n - 1 : 0];
}

/* ---- filter and selection ---- */

struct listing {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	const struct kymo_region_filter *f;
	enum kymo_rules rules;
	struct text_test type;
	struct place at;
	struct of_task task;
	struct region_inherit inherit;
	uint32_t forever;  // Go: reason code
	VEC(struct kymo_region) found;
};

static bool in_selection(const struct listing *w, const struct kymo_region *r)
{
	const struct kymo_selection *s = w->sel;
	if (!s || s->whole)
		return true;
	if (!select_has(s, r->goroutine))
		return false;
	if (!s->piece_from)
		return select_instant(w->t, s, r->begin) || (r->begin < s->to && r->end > s->from);
	uint32_t lo = s->piece_from[r->goroutine], hi = s->piece_from[r->goroutine + 1];
	while (lo < hi) {  // the first piece that ends after the region's begin
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->pieces[mid].to <= r->begin)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->piece_from[r->goroutine + 1] && s->pieces[lo].from < r->end;
}

static bool take(struct listing *w, const struct kymo_region *r)
{
	if (!text_test(&w->type, r->type) || r->end - r->begin < w->f->min ||
	    r->end - r->begin > w->f->max || !in_selection(w, r))
		return true;
	if (w->f->at) {
		struct kymo_frame f = kymo_region_place(w->t, r, w->rules);
		if (!place_is(w->t, &f, &w->at))
			return true;
	}
	return vec_push(&w->found, *r);
}

/* ---- one region ---- */

static struct kymo_region region_of(const struct kymo_trace *t, uint32_t i)
{
	const struct kymo_regions *r = &t->regions;
	bool begun = r->flags[i] & KYMO_REGION_BEGUN, ended = r->flags[i] & KYMO_REGION_ENDED;
	bool left = t->g.flags.at[r->goroutine[i]] & KYMO_G_ENDED;
	return (struct kymo_region){
		.begin = r->begin[i],
		.end = r->end[i],
		.task = r->task[i],
		.goroutine = r->goroutine[i],
		.type = r->type[i],
		.begin_stack = r->begin_stack[i],
		.end_stack = r->end_stack[i],
		.row = i,
		.state = !begun  ? KYMO_ANNOTATION_NO_BEGIN
	                 : ended ? KYMO_ANNOTATION_COMPLETE
	                 : left  ? KYMO_ANNOTATION_LEFT
	                         : KYMO_ANNOTATION_OPEN,
	};
}

/* Go: these have no unfinished regions. */
static bool is_system(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	struct kymo_str s = kymo_trace_string(t, t->g.name.at[g]);
	if (s.len == 0)
		return true;
	return s.len >= 8 && memcmp(s.ptr, "runtime.", 8) == 0 &&
	       !(s.len == 12 && memcmp(s.ptr, "runtime.main", 12) == 0);
}

/* Go: when an unfinished region of g ends. */
static kymo_ns go_end(const struct listing *w, kymo_goroutine_ix g, uint8_t *state)
{
	kymo_ns forever = region_forever(w->t, w->forever, g);
	if (forever >= 0 || w->t->g.flags.at[g] & KYMO_G_ENDED)
		*state = KYMO_ANNOTATION_LEFT;
	return forever >= 0 ? forever : w->t->g.end.at[g];
}

static bool take_as_go(struct listing *w, uint32_t i)
{
	struct kymo_region r = region_of(w->t, i);
	if (w->inherit.swallowed[i] || !region_counted(w->t, r.goroutine))
		return true;
	if (r.state == KYMO_ANNOTATION_NO_BEGIN) {
		r.begin = 0;
	} else if (r.state != KYMO_ANNOTATION_COMPLETE) {
		if (is_system(w->t, r.goroutine))
			return true;
		r.end = go_end(w, r.goroutine, &r.state);
	}
	return !of_task_region(&w->task, i) || take(w, &r);
}

static bool take_inherited(struct listing *w, const struct inherited *h)
{
	const struct kymo_regions *regions = &w->t->regions;
	struct kymo_region r = {
		.begin = w->t->g.begin.at[h->goroutine],
		.task = h->task,
		.goroutine = h->goroutine,
		.begin_stack = w->t->g.create_stack.at[h->goroutine],
		.row = KYMO_NO_ROW,
	};
	uint8_t state;
	if (!region_counted(w->t, h->goroutine) ||
	    (!w->task.any && !(w->task.by_id && w->task.id == h->task)))
		return true;
	if (h->ended_by != KYMO_NO_ROW) {
		r.end = regions->end[h->ended_by];
		r.end_stack = regions->end_stack[h->ended_by];
	} else if (is_system(w->t, h->goroutine)) {
		return true;
	} else {
		r.end = go_end(w, h->goroutine, &state);
	}
	r.state = KYMO_ANNOTATION_INHERITED;
	return take(w, &r);
}

static bool list(struct listing *w)
{
	bool ok = vec_reserve(&w->found, 1);
	if (w->rules == KYMO_RULES_EXACT) {
		for (uint32_t i = 0; ok && i < w->t->regions.count; i++) {
			struct kymo_region r = region_of(w->t, i);
			ok = !of_task_region(&w->task, i) || take(w, &r);
		}
		return ok;
	}
	ok = ok && region_inherit_find(&w->inherit, w->t);
	w->forever = region_forever_code(w->t);
	for (uint32_t i = 0; ok && i < w->t->regions.count; i++)
		ok = take_as_go(w, i);
	for (size_t i = 0; ok && i < w->inherit.rows.count; i++)
		ok = take_inherited(w, &w->inherit.rows.at[i]);
	return ok;
}

enum kymo_status kymo_region_list_compute(const struct kymo_trace *t,
                                          const struct kymo_selection *sel,
                                          const struct kymo_region_filter *filter,
                                          enum kymo_rules rules, struct kymo_region_list *out,
                                          struct kymo_error *err)
{
	struct kymo_region_filter all = KYMO_REGION_FILTER_ALL;
	struct listing w = {.t = t, .sel = sel, .f = filter ? filter : &all, .rules = rules};
	*out = (struct kymo_region_list){0};
	if (w.f->at && !place_parse(&w.at, w.f->at))
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "'%s' is no place: write FILE:LINE or 0xPC", w.f->at);
	enum kymo_status st = text_test_make(&w.type, t, w.f->type, TEXT_IS, err);
	if (st == KYMO_OK && !(of_task_make(&w.task, t, w.f->task) && list(&w)))
		st = error_memory(err);
	if (st == KYMO_OK)
		*out = (struct kymo_region_list){(uint32_t)w.found.count, w.found.at, w.found.at};
	else
		vec_free(&w.found);
	text_test_end(&w.type, NULL);
	of_task_free(&w.task);
	region_inherit_free(&w.inherit);
	return st;
}

void kymo_region_list_free(struct kymo_region_list *regions)
{
	if (!regions)
		return;
	free(regions->owned);
	*regions = (struct kymo_region_list){0};
}
