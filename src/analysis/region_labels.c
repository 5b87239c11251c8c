/* SPDX-License-Identifier: MIT */
#include "analysis/region_labels.h"

#include <stdlib.h>

struct task_type {
	uint64_t id;
	kymo_ns begin;
	uint32_t row;
	kymo_string_ix type;
};

static int by_id(const void *a, const void *b)
{
	const struct task_type *x = a, *y = b;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

/* The type of a task at a time: of an id that was used again, that of the life which had begun by then, or the first. */
static kymo_string_ix type_at(const struct task_type *types, size_t count, uint64_t id, kymo_ns at)
{
	size_t lo = 0, hi = count;
	while (lo < hi) {  // the first one that lies after (id, at)
		size_t mid = lo + (hi - lo) / 2;
		if (types[mid].id < id || (types[mid].id == id && types[mid].begin <= at))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo > 0 && types[lo - 1].id == id)
		return types[lo - 1].type;
	return lo < count && types[lo].id == id ? types[lo].type : 0;
}

static bool find_types(struct regions_by_goroutine *r, const struct kymo_trace *t)
{
	const struct kymo_tasks *ts = &t->tasks;
	struct task_type *types = malloc(((size_t)ts->count + 1) * sizeof *types);
	r->task_type = calloc((size_t)t->regions.count + 1, sizeof *r->task_type);
	if (!types || !r->task_type) {
		free(types);
		return false;
	}
	for (uint32_t i = 0; i < ts->count; i++)
		types[i] = (struct task_type){ts->id[i], ts->begin[i], i, ts->type[i]};
	qsort(types, ts->count, sizeof *types, by_id);
	for (uint32_t i = 0; i < t->regions.count; i++)
		r->task_type[i] = type_at(types, ts->count, t->regions.task[i], t->regions.begin[i]);
	free(types);
	return true;
}

static int by_begin(const void *a, const void *b, void *ctx)
{
	const struct kymo_regions *x = ctx;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	if (x->begin[i] != x->begin[k])
		return x->begin[i] < x->begin[k] ? -1 : 1;
	if (x->end[i] != x->end[k])
		return x->end[i] > x->end[k] ? -1 : 1;  // the outer one first
	return i < k ? -1 : i > k;
}

/* Of one goroutine: by begin, each with the one around it. */
static void nest(struct regions_by_goroutine *r, const struct kymo_regions *x, uint32_t from,
                 uint32_t to)
{
	if (to - from > 1)
		qsort_r(r->rows + from, to - from, sizeof *r->rows, by_begin, (void *)(uintptr_t)x);
	for (uint32_t i = from; i < to; i++) {
		uint32_t around = i > from ? i - 1 : UINT32_MAX;
		while (around != UINT32_MAX && x->end[r->rows[around]] <= x->begin[r->rows[i]])
			around = r->around[around];
		r->around[i] = around;
	}
}

bool regions_by_goroutine_make(struct regions_by_goroutine *r, const struct kymo_trace *t)
{
	const struct kymo_regions *x = &t->regions;
	uint32_t n = t->goroutines.count;
	*r = (struct regions_by_goroutine){
		.from = calloc((size_t)n + 2, sizeof *r->from),
		.rows = malloc(((size_t)x->count + 1) * sizeof *r->rows),
		.around = malloc(((size_t)x->count + 1) * sizeof *r->around)};
	if (!r->from || !r->rows || !r->around || !find_types(r, t)) {
		regions_by_goroutine_free(r);
		return false;
	}
	for (uint32_t i = 0; i < x->count; i++)
		r->from[x->goroutine[i] + 2]++;
	for (uint32_t g = 1; g <= n; g++)
		r->from[g + 1] += r->from[g];
	for (uint32_t i = 0; i < x->count; i++)
		r->rows[r->from[x->goroutine[i] + 1]++] = i;
	for (uint32_t g = 1; g < n; g++)
		nest(r, x, r->from[g], r->from[g + 1]);
	return true;
}

void regions_by_goroutine_free(struct regions_by_goroutine *r)
{
	free(r->from);
	free(r->rows);
	free(r->around);
	free(r->task_type);
	*r = (struct regions_by_goroutine){0};
}

void region_cursor_move(struct region_cursor *c, const struct kymo_trace *t, kymo_ns at)
{
	const struct regions_by_goroutine *r = c->r;
	const struct kymo_regions *x = &t->regions;
	uint32_t end = r->from[c->g + 1];
	while (c->next < end && x->begin[r->rows[c->next]] <= at)
		c->next++;
	uint32_t i = c->next > r->from[c->g] ? c->next - 1 : UINT32_MAX;
	while (i != UINT32_MAX && x->end[r->rows[i]] <= at)
		i = r->around[i];
	bool in = i != UINT32_MAX;
	c->region = in ? x->type[r->rows[i]] : 0;
	c->task = in ? r->task_type[r->rows[i]] : 0;
	c->until = c->next < end ? x->begin[r->rows[c->next]] : INT64_MAX;
	if (in && x->end[r->rows[i]] < c->until)
		c->until = x->end[r->rows[i]];
}
