/* SPDX-License-Identifier: MIT */
/* Which tasks pass a filter and lie in a selection. */
#include <kymo/annotations.h>

#include <stdlib.h>

#include "analysis/annot_of_task.h"
#include "analysis/annot_text.h"
#include "analysis/select.h"
#include "base/error.h"
#include "base/vec.h"

struct search {
	const struct kymo_trace *t;
	const struct kymo_task_table *tasks;
	const struct kymo_selection *sel;
	const struct kymo_task_filter *f;
	struct text_test task_type, type, text;
	uint8_t *regions;  // [regions] the filter takes it; NULL: it asks for none
	bool by_id;
	uint64_t id;
};

/* [from, to] has a part in [a, b), or the trace's last instant. */
static bool meets(const struct search *s, kymo_ns from, kymo_ns to)
{
	return select_instant(s->t, s->sel, from) || select_instant(s->t, s->sel, to) ||
	       (from < s->sel->from && to > s->sel->from);
}

static bool goroutine_meets(const struct search *s, const struct kymo_task_goroutine *g)
{
	if (!select_has(s->sel, g->goroutine) || !meets(s, g->from, g->to))
		return false;
	if (!s->sel->piece_from)
		return true;
	for (uint32_t i = s->sel->piece_from[g->goroutine];
	     i < s->sel->piece_from[g->goroutine + 1]; i++)
		if (s->sel->pieces[i].from <= g->to && s->sel->pieces[i].to >= g->from)
			return true;
	return false;
}

static bool in_selection(const struct search *s, const struct kymo_task *a)
{
	if (!s->sel || s->sel->whole)
		return true;
	if (!meets(s, a->begin, a->end))
		return false;
	if (!s->sel->goroutines && !s->sel->piece_from)
		return true;
	for (uint32_t i = a->goroutines_from; i < a[1].goroutines_from; i++)
		if (goroutine_meets(s, &s->tasks->goroutines[i]))
			return true;
	return false;
}

static bool has_region(const struct search *s, const struct kymo_task *a)
{
	for (uint32_t i = a->regions_from; i < a[1].regions_from; i++)
		if (s->regions[s->tasks->regions[i]])
			return true;
	return false;
}

static bool has_text(struct search *s, const struct kymo_task *a)
{
	if (text_test(&s->text, a->type))
		return true;
	for (uint32_t i = a->regions_from; i < a[1].regions_from; i++)
		if (text_test(&s->text, s->t->regions.type[s->tasks->regions[i]]))
			return true;
	for (uint32_t i = a->logs_from; i < a[1].logs_from; i++) {
		uint32_t log = s->tasks->logs[i];
		if (text_test(&s->text, s->t->logs.category[log]) ||
		    text_test(&s->text, s->t->logs.message[log]))
			return true;
	}
	return false;
}

static bool passes(struct search *s, const struct kymo_task *a)
{
	const struct kymo_task_filter *f = s->f;
	bool complete = a->state == KYMO_ANNOTATION_COMPLETE;
	if (s->by_id ? a->id != s->id : !text_test(&s->task_type, a->type))
		return false;
	if (!text_test(&s->type, a->type) || (f->complete >= 0 && complete != (f->complete > 0)))
		return false;
	if ((f->min > 0 || f->max != KYMO_NS_MAX) &&
	    (!complete || a->end - a->begin < f->min || a->end - a->begin > f->max))
		return false;
	return in_selection(s, a) && (!s->regions || has_region(s, a)) &&
	       (!f->text || has_text(s, a));
}

static enum kymo_status mark_regions(struct search *s, struct kymo_error *err)
{
	struct kymo_region_filter f = KYMO_REGION_FILTER_ALL;
	struct kymo_region_list list;
	f.type = s->f->region;
	f.at = s->f->region_at;
	if (!f.type && !f.at)
		return KYMO_OK;
	enum kymo_status st = kymo_region_list_compute(s->t, NULL, &f, KYMO_RULES_EXACT, &list, err);
	if (st != KYMO_OK)
		return st;
	s->regions = calloc((size_t)s->t->regions.count + 1, 1);
	for (uint32_t i = 0; s->regions && i < list.count; i++)
		s->regions[list.at[i].row] = 1;
	kymo_region_list_free(&list);
	return s->regions ? KYMO_OK : error_memory(err);
}

enum kymo_status kymo_task_search(const struct kymo_trace *t, const struct kymo_task_table *tasks,
                                  const struct kymo_selection *sel,
                                  const struct kymo_task_filter *filter, uint32_t **rows,
                                  uint32_t *count, struct kymo_error *err)
{
	struct kymo_task_filter all = KYMO_TASK_FILTER_ALL;
	struct search s = {.t = t, .tasks = tasks, .sel = sel, .f = filter ? filter : &all};
	VEC(uint32_t) found = {0};
	*rows = NULL;
	*count = 0;
	s.by_id = s.f->task && of_task_id(s.f->task, &s.id);
	enum kymo_status st =
		text_test_make(&s.task_type, t, s.by_id ? NULL : s.f->task, TEXT_IS, err);
	if (st == KYMO_OK)
		st = text_test_make(&s.type, t, s.f->type, TEXT_IS, err);
	if (st == KYMO_OK)
		st = text_test_make(&s.text, t, s.f->text, TEXT_CONTAINS, err);
	if (st == KYMO_OK)
		st = mark_regions(&s, err);
	bool ok = st == KYMO_OK && vec_reserve(&found, 1);
	for (uint32_t i = 0; ok && i < tasks->count; i++)
		if (passes(&s, &tasks->at[i]))
			ok = vec_push(&found, i);
	if (st == KYMO_OK && !ok)
		st = error_memory(err);
	if (st == KYMO_OK) {
		*rows = found.at;
		*count = (uint32_t)found.count;
	} else {
		vec_free(&found);
	}
	text_test_end(&s.task_type, NULL);
	text_test_end(&s.type, NULL);
	text_test_end(&s.text, NULL);
	free(s.regions);
	return st;
}
