/* SPDX-License-Identifier: MIT */
/* Rows that share a type (and a place): counted by state, their durations summed up. */
#include <kymo/annotations.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/annot_lists.h"
#include "analysis/dist.h"
#include "base/idmap.h"
#include "trace/store.h"

struct groups_owned {
	VEC(struct kymo_annotation_group) groups;
	uint32_t *group_of;
};

struct grouping {
	struct groups_owned *o;
	struct idmap map;   // (type, place) -> group + 1
	kymo_ns *duration;  // [rows] negative: not measured
};

static bool begin(struct grouping *w, struct kymo_annotation_groups *out, uint32_t rows)
{
	*w = (struct grouping){.o = calloc(1, sizeof *w->o)};
	*out = (struct kymo_annotation_groups){.owned = w->o};
	w->duration = malloc(((size_t)rows + 1) * sizeof *w->duration);
	if (w->o)
		w->o->group_of = malloc(((size_t)rows + 1) * sizeof *w->o->group_of);
	return w->o && w->o->group_of && w->duration;
}

static bool add(struct grouping *w, uint32_t row, kymo_string_ix type, uint32_t place,
                const struct kymo_frame *frame, uint8_t state, kymo_ns duration)
{
	uint32_t *v = idmap_put(&w->map, (uint64_t)place << 32 | type);
	if (!v)
		return false;
	if (!*v) {
		if (!vec_push(&w->o->groups,
		              ((struct kymo_annotation_group){.type = type, .place = *frame})))
			return false;
		*v = (uint32_t)w->o->groups.count;
	}
	struct kymo_annotation_group *g = &w->o->groups.at[*v - 1];
	g->count++;
	g->states[state]++;
	g->measured += duration >= 0;
	w->o->group_of[row] = *v - 1;
	w->duration[row] = duration;
	return true;
}

/* The durations side by side, a stretch a group, then each stretch's percentiles. */
static bool measure(struct grouping *w, uint32_t rows)
{
	size_t count = w->o->groups.count, total = 0;
	size_t *at = malloc((count + 1) * sizeof *at);
	kymo_ns *values = malloc(((size_t)rows + 1) * sizeof *values);
	bool ok = at && values;
	for (size_t i = 0; ok && i < count; i++) {
		at[i] = total;
		total += w->o->groups.at[i].measured;
	}
	for (uint32_t i = 0; ok && i < rows; i++)
		if (w->duration[i] >= 0)
			values[at[w->o->group_of[i]]++] = w->duration[i];
	for (size_t i = 0; ok && i < count; i++) {
		struct kymo_annotation_group *g = &w->o->groups.at[i];
		struct dist_summary s = dist_of(values + at[i] - g->measured, g->measured);
		g->total = s.total;
		g->spread = (struct kymo_spread){s.p50, s.p90, s.p99, s.max};
	}
	free(at);
	free(values);
	return ok;
}

static enum kymo_status finish(struct grouping *w, bool ok, struct kymo_annotation_groups *out,
                               uint32_t rows)
{
	ok = ok && measure(w, rows);
	idmap_free(&w->map);
	free(w->duration);
	if (!ok) {
		kymo_annotation_groups_free(out);
		return KYMO_E_MEMORY;
	}
	out->count = (uint32_t)w->o->groups.count;
	out->at = w->o->groups.at;
	out->group_of = w->o->group_of;
	return KYMO_OK;
}

enum kymo_status kymo_task_groups_compute(const struct kymo_trace *t,
                                          const struct kymo_task_table *tasks, const uint32_t *rows,
                                          uint32_t count, struct kymo_annotation_groups *out)
{
	static const struct kymo_frame nowhere = {0};
	struct grouping w;
	(void)t;
	bool ok = begin(&w, out, count);
	for (uint32_t i = 0; ok && i < count; i++) {
		const struct kymo_task *a = &tasks->at[rows[i]];
		kymo_ns duration = a->end > a->begin ? a->end - a->begin
		                                     : 0;  // less: Go, with an id used again
		ok = add(&w, i, a->type, 0, &nowhere, a->state,
		         a->state == KYMO_ANNOTATION_COMPLETE ? duration : -1);
	}
	return finish(&w, ok, out, count);
}

/* ---- places: stacks with the same frame are one ---- */

struct place {
	struct kymo_frame frame;
	kymo_stack_ix stack;
};

static int by_frame(const void *a, const void *b)
{
	const struct kymo_frame *x = &((const struct place *)a)->frame,
				*y = &((const struct place *)b)->frame;
	if (x->pc != y->pc)
		return x->pc < y->pc ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->func != y->func)
		return x->func < y->func ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* [stacks] the number of each stack's place, for the stacks that regions begin with. NULL: no memory. */
static uint32_t *number_places(const struct kymo_trace *t, const struct kymo_region_list *regions,
                               enum kymo_rules rules)
{
	VEC(struct place) seen = {0};
	uint32_t *number = calloc(kymo_trace_stack_count(t), sizeof *number), next = 0;
	bool ok = number != NULL;
	for (uint32_t i = 0; ok && i < regions->count; i++) {
		kymo_stack_ix stack = regions->at[i].begin_stack;
		if (number[stack])
			continue;
		number[stack] = 1;
		ok = vec_push(&seen,
		              ((struct place){kymo_region_place(t, &regions->at[i], rules), stack}));
	}
	if (seen.count)
		qsort(seen.at, seen.count, sizeof *seen.at, by_frame);
	for (size_t i = 0; ok && i < seen.count; i++) {
		next += i > 0 && by_frame(&seen.at[i - 1], &seen.at[i]) != 0;
		number[seen.at[i].stack] = next;
	}
	vec_free(&seen);
	if (!ok) {
		free(number);
		return NULL;
	}
	return number;
}

enum kymo_status kymo_region_groups_compute(const struct kymo_trace *t,
                                            const struct kymo_region_list *regions,
                                            enum kymo_rules rules, struct kymo_annotation_groups *out)
{
	struct grouping w;
	bool ok = begin(&w, out, regions->count);
	uint32_t *place = ok ? number_places(t, regions, rules) : NULL;
	ok = ok && place;
	for (uint32_t i = 0; ok && i < regions->count; i++) {
		const struct kymo_region *r = &regions->at[i];
		struct kymo_frame frame = kymo_region_place(t, r, rules);
		bool measured = rules == KYMO_RULES_GO126 || r->state == KYMO_ANNOTATION_COMPLETE;
		ok = add(&w, i, r->type, place[r->begin_stack], &frame, r->state,
		         measured ? r->end - r->begin : -1);
	}
	free(place);
	return finish(&w, ok, out, regions->count);
}

void kymo_annotation_groups_free(struct kymo_annotation_groups *groups)
{
	struct groups_owned *o = groups ? groups->owned : NULL;
	if (!o)
		return;
	vec_free(&o->groups);
	free(o->group_of);
	free(o);
	*groups = (struct kymo_annotation_groups){0};
}
