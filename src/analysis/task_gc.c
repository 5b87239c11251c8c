/* SPDX-License-Identifier: MIT */
/* The garbage collector's time in a task: sums before an instant, so that any interval is two look-ups. */
#include "analysis/task_build.h"

#include <stdlib.h>

#include "analysis/annot_lists.h"

static bool add_kind(struct cover *c, const struct kymo_ranges *r, uint8_t kind)
{
	bool ok = true;
	for (uint32_t i = 0; i < r->count && ok; i++)
		if (r->kind[i] == kind)
			ok = cover_add(c, 0, r->start[i], r->end[i]);
	return ok;
}

static bool add_assists(struct task_gc *gc, const struct kymo_trace *t)
{
	const struct kymo_ranges *r = &t->ranges;
	uint32_t count = t->goroutines.count;
	struct lists by_goroutine = {0};
	uint32_t *owner = malloc(((size_t)r->count + 1) * sizeof *owner);
	gc->assist_from = calloc((size_t)count + 1, sizeof *gc->assist_from);
	for (uint32_t i = 0; owner && i < r->count; i++)
		owner[i] = r->kind[i] == KYMO_RANGE_ASSIST ? r->goroutine[i] : KYMO_NO_ROW;
	bool ok = owner && gc->assist_from && lists_make(&by_goroutine, owner, r->count, count);
	for (uint32_t g = 0; ok && g < count; g++) {
		size_t lo = gc->assist.rows.count;
		for (uint32_t k = by_goroutine.from[g]; k < by_goroutine.from[g + 1] && ok; k++) {
			uint32_t i = by_goroutine.items[k];
			ok = cover_add(&gc->assist, lo, r->start[i], r->end[i]);
		}
		gc->assist_from[g + 1] = (uint32_t)gc->assist.rows.count;
	}
	lists_free(&by_goroutine);
	free(owner);
	return ok;
}

bool task_gc_make(struct task_gc *gc, const struct kymo_trace *t)
{
	return add_kind(&gc->mark, &t->ranges, KYMO_RANGE_GC) &&
	       add_kind(&gc->stopped, &t->ranges, KYMO_RANGE_STW) && add_assists(gc, t);
}

void task_gc_free(struct task_gc *gc)
{
	vec_free(&gc->mark.rows);
	vec_free(&gc->stopped.rows);
	vec_free(&gc->assist.rows);
	free(gc->assist_from);
}

static kymo_ns shared(const struct cover *c, size_t lo, size_t hi, kymo_ns a, kymo_ns b)
{
	return a < b ? cover_measure(c, lo, hi, b) - cover_measure(c, lo, hi, a) : 0;
}

struct kymo_task_gc kymo_task_gc_time(const struct kymo_task_table *tasks, uint32_t row)
{
	const struct task_gc *gc = &((const struct task_owned *)tasks->owned)->gc;
	const struct kymo_task *a = &tasks->at[row];
	struct kymo_task_gc sum = {
		.mark = shared(&gc->mark, 0, gc->mark.rows.count, a->begin, a->end),
		.stopped = shared(&gc->stopped, 0, gc->stopped.rows.count, a->begin, a->end),
	};
	for (uint32_t i = a->goroutines_from; i < a[1].goroutines_from; i++) {
		const struct kymo_task_goroutine *g = &tasks->goroutines[i];
		sum.assist += shared(&gc->assist, gc->assist_from[g->goroutine],
		                     gc->assist_from[g->goroutine + 1], g->from, g->to);
	}
	return sum;
}
