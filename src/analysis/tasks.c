/* SPDX-License-Identifier: MIT */
/*
 * The table of tasks. Tasks, regions and logs lie in the store each in order of time; they are walked together, so that
 * "the task with this id, at that time" is one look into a map.
 */
#include <kymo/annotations.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/annot_lists.h"
#include "analysis/region_inherit.h"
#include "analysis/task_build.h"
#include "base/idmap.h"

struct build {
	const struct kymo_trace *t;
	struct task_owned *o;
	bool go;
	struct idmap first;                      // id -> its first row + 1; Go: its only one
	struct idmap current;                    // id -> the row of the task begun last + 1
	uint32_t next;                           // task of the store
	uint32_t *of_life, *of_region, *of_log;  // rows
	struct region_inherit inherit;           // Go
};

/* ---- which row an id means now ---- */

/* KYMO_NO_ROW: none; false: no memory. */
static bool find_row(struct build *b, uint64_t id, uint32_t *row)
{
	*row = KYMO_NO_ROW;
	if (id == 0 && !b->go)
		return true;
	uint32_t *v = b->go ? NULL : idmap_get(&b->current, id);
	if (!v || !*v) {
		v = idmap_put(&b->first, id);
		if (!v)
			return false;
	}
	if (!*v) {
		struct kymo_task a = {.id = id,
		                      .end = b->t->info.duration,
		                      .parent = KYMO_NO_ROW,
		                      .state = KYMO_ANNOTATION_MENTIONED};
		if (!vec_push(&b->o->rows, a))
			return false;
		*v = (uint32_t)b->o->rows.count;
	}
	*row = *v - 1;
	return true;
}

static uint8_t state_of(uint8_t flags)
{
	return flags & KYMO_TASK_BEGUN
	               ? flags & KYMO_TASK_ENDED ? KYMO_ANNOTATION_COMPLETE : KYMO_ANNOTATION_OPEN
	               : KYMO_ANNOTATION_NO_BEGIN;
}

static struct kymo_task life(const struct kymo_tasks *k, uint32_t i)
{
	return (struct kymo_task){
		.id = k->id[i],
		.begin = k->begin[i],
		.end = k->end[i],
		.type = k->type[i],
		.begin_goroutine = k->begin_goroutine[i],
		.end_goroutine = k->end_goroutine[i],
		.begin_stack = k->begin_stack[i],
		.end_stack = k->end_stack[i],
		.parent = KYMO_NO_ROW,
		.state = state_of(k->flags[i]),
	};
}

/* Go: what another life of the id overwrites. */
static void overwrite(struct kymo_task *a, const struct kymo_task *b)
{
	bool begun = a->state == KYMO_ANNOTATION_COMPLETE || a->state == KYMO_ANNOTATION_OPEN;
	bool ended = a->state == KYMO_ANNOTATION_COMPLETE || a->state == KYMO_ANNOTATION_NO_BEGIN;
	a->type = b->type;
	if (b->state != KYMO_ANNOTATION_NO_BEGIN) {
		a->begin = b->begin;
		a->begin_goroutine = b->begin_goroutine;
		a->begin_stack = b->begin_stack;
		begun = true;
	}
	if (b->state != KYMO_ANNOTATION_OPEN) {
		a->end = b->end;
		a->end_goroutine = b->end_goroutine;
		a->end_stack = b->end_stack;
		ended = true;
	}
	a->state = state_of((uint8_t)((begun ? KYMO_TASK_BEGUN : 0) | (ended ? KYMO_TASK_ENDED : 0)));
}

/* ---- the walk ---- */

static kymo_ns first_event(uint8_t begun, kymo_ns begin, kymo_ns end)
{
	return begun ? begin : end;
}

static bool take_task(struct build *b)
{
	const struct kymo_tasks *k = &b->t->tasks;
	uint32_t i = b->next++, row = i, parent;
	if (b->go) {
		if (!find_row(b, k->id[i], &row))
			return false;
		struct kymo_task a = life(k, i);
		overwrite(&b->o->rows.at[row], &a);
		b->of_life[i] = row;
	}
	if (k->parent[i] != KYMO_NONE && b->o->rows.at[row].parent == KYMO_NO_ROW) {
		if (!find_row(b, k->parent[i], &parent))
			return false;
		b->o->rows.at[row].parent = parent;
	}
	if (b->go)
		return true;
	uint32_t *v = idmap_put(&b->current, k->id[i]);
	if (v)
		*v = row + 1;
	return v != NULL;
}

/* The rows of all lives are there from the start, in the store's order. */
static bool take_lives(struct build *b)
{
	const struct kymo_tasks *k = &b->t->tasks;
	if (!vec_reserve(&b->o->rows, (size_t)k->count + 1))
		return false;
	for (uint32_t i = 0; i < k->count; i++) {
		uint32_t *v = idmap_put(&b->first, k->id[i]);
		if (!v)
			return false;
		if (!*v)
			*v = i + 1;
		b->o->rows.at[i] = life(k, i);
		b->of_life[i] = i;
	}
	b->o->rows.count = k->count;
	return true;
}

static bool walk(struct build *b)
{
	const struct kymo_tasks *k = &b->t->tasks;
	const struct kymo_regions *r = &b->t->regions;
	const struct kymo_logs *l = &b->t->logs;
	uint32_t region = 0, log = 0;
	bool ok = b->go || take_lives(b);
	while (ok) {
		kymo_ns task_at = b->next < k->count
		                          ? first_event(k->flags[b->next] & KYMO_TASK_BEGUN,
		                                        k->begin[b->next], k->end[b->next])
		                          : KYMO_NS_MAX;
		kymo_ns region_at = region < r->count
		                            ? first_event(r->flags[region] & KYMO_REGION_BEGUN,
		                                          r->begin[region], r->end[region])
		                            : KYMO_NS_MAX;
		kymo_ns log_at = log < l->count ? l->time[log] : KYMO_NS_MAX;
		if (task_at <= region_at && task_at <= log_at) {
			if (task_at == KYMO_NS_MAX)
				break;
			ok = take_task(b);
		} else if (region_at <= log_at) {
			b->of_region[region] = KYMO_NO_ROW;
			if (!b->go || !b->inherit.swallowed[region])
				ok = find_row(b, r->task[region], &b->of_region[region]);
			region++;
		} else {
			ok = find_row(b, l->task[log], &b->of_log[log]);
			log++;
		}
	}
	return ok;
}

/* ---- lists ---- */

/* Takes the items; sets one *_from of every row, the one after the last included. */
#define TAKE_LISTS(o, l, field, to) \
	do { \
		for (size_t i_ = 0; i_ <= count; i_++) \
			(o)->rows.at[i_].field = (l).from[i_]; \
		(to) = (l).items; \
		(l).items = NULL; \
	} while (0)

static int by_first(const void *a, const void *b)
{
	const struct kymo_task_goroutine *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->goroutine < y->goroutine ? -1 : x->goroutine > y->goroutine;
}

/* Collects who did something for one task after another; slot[g] is where g stands, if that is in this task's part. */
struct collect {
	struct build *b;
	uint32_t *slot;
	size_t from;
};

static bool doing(struct collect *c, kymo_goroutine_ix g, kymo_ns from, kymo_ns to)
{
	struct task_owned *o = c->b->o;
	if (!g)
		return true;
	if (c->b->go && c->b->t->ids_repeat)  // Go: a goroutine is its id
		g = idmap_peek(&c->b->t->row_of_id, c->b->t->g.id.at[g]);
	if (c->slot[g] > c->from) {
		struct kymo_task_goroutine *x = &o->goroutines.at[c->slot[g] - 1];
		x->from = from < x->from ? from : x->from;
		x->to = to > x->to ? to : x->to;
		return true;
	}
	c->slot[g] = (uint32_t)o->goroutines.count + 1;
	return vec_push(&o->goroutines, ((struct kymo_task_goroutine){g, from, to}));
}

static bool collect_task(struct collect *c, uint32_t row, const struct lists *lives)
{
	const struct kymo_trace *t = c->b->t;
	const struct kymo_tasks *k = &t->tasks;
	struct task_owned *o = c->b->o;
	const struct kymo_task *a = &o->rows.at[row];
	bool ok = true;
	c->from = o->goroutines.count;
	for (uint32_t n = lives->from[row]; n < lives->from[row + 1] && ok; n++) {
		uint32_t i = lives->items[n];
		if (k->flags[i] & KYMO_TASK_BEGUN)
			ok = doing(c, k->begin_goroutine[i], k->begin[i], k->begin[i]);
		if (ok && k->flags[i] & KYMO_TASK_ENDED)
			ok = doing(c, k->end_goroutine[i], k->end[i], k->end[i]);
	}
	for (uint32_t n = a->regions_from; n < a[1].regions_from && ok; n++) {
		uint32_t i = o->regions[n];
		ok = doing(c, t->regions.goroutine[i], t->regions.begin[i], t->regions.end[i]);
	}
	for (uint32_t n = a->logs_from; n < a[1].logs_from && ok; n++) {
		uint32_t i = o->logs[n];
		ok = doing(c, t->logs.goroutine[i], t->logs.time[i], t->logs.time[i]);
	}
	if (ok && o->goroutines.count - c->from > 1)
		qsort(o->goroutines.at + c->from, o->goroutines.count - c->from,
		      sizeof *o->goroutines.at, by_first);
	return ok;
}

static bool collect_goroutines(struct build *b, uint32_t count)
{
	struct collect c = {.b = b};
	struct lists lives = {0};
	c.slot = calloc(b->t->goroutines.count, sizeof *c.slot);
	bool ok = c.slot && lists_make(&lives, b->of_life, b->t->tasks.count, count);
	for (uint32_t i = 0; i < count && ok; i++) {
		b->o->rows.at[i].goroutines_from = (uint32_t)b->o->goroutines.count;
		ok = collect_task(&c, i, &lives);
	}
	b->o->rows.at[count].goroutines_from = (uint32_t)b->o->goroutines.count;
	lists_free(&lives);
	free(c.slot);
	return ok;
}

static bool make_lists(struct build *b)
{
	struct task_owned *o = b->o;
	struct lists l = {0};
	uint32_t count = (uint32_t)o->rows.count;
	if (!vec_push(&o->rows, ((struct kymo_task){.parent = KYMO_NO_ROW})))
		return false;
	bool ok = lists_make(&l, b->of_region, b->t->regions.count, count);
	if (ok)
		TAKE_LISTS(o, l, regions_from, o->regions);
	lists_free(&l);
	ok = ok && lists_make(&l, b->of_log, b->t->logs.count, count);
	if (ok)
		TAKE_LISTS(o, l, logs_from, o->logs);
	lists_free(&l);
	return ok && collect_goroutines(b, count) && task_tree_make(o, count);
}

enum kymo_status kymo_task_table_compute(const struct kymo_trace *t, enum kymo_rules rules,
                                         struct kymo_task_table *out)
{
	struct build b = {.t = t, .go = rules == KYMO_RULES_GO126};
	struct task_owned *o = calloc(1, sizeof *o);
	*out = (struct kymo_task_table){.owned = o};
	b.o = o;
	b.of_life = malloc(((size_t)t->tasks.count + 1) * sizeof *b.of_life);
	b.of_region = malloc(((size_t)t->regions.count + 1) * sizeof *b.of_region);
	b.of_log = malloc(((size_t)t->logs.count + 1) * sizeof *b.of_log);
	bool ok = o && b.of_life && b.of_region && b.of_log;
	ok = ok && (!b.go || region_inherit_find(&b.inherit, t));
	ok = ok && walk(&b) && make_lists(&b) && task_gc_make(&o->gc, t);
	if (ok) {
		out->count = (uint32_t)o->rows.count - 1;
		out->at = o->rows.at;
		out->children = o->children;
		out->goroutines = o->goroutines.at;
		out->regions = o->regions;
		out->logs = o->logs;
	} else {
		kymo_task_table_free(out);
	}
	idmap_free(&b.first);
	idmap_free(&b.current);
	region_inherit_free(&b.inherit);
	free(b.of_life);
	free(b.of_region);
	free(b.of_log);
	return ok ? KYMO_OK : KYMO_E_MEMORY;
}

void kymo_task_table_free(struct kymo_task_table *tasks)
{
	struct task_owned *o = tasks ? tasks->owned : NULL;
	if (!o)
		return;
	vec_free(&o->rows);
	vec_free(&o->goroutines);
	free(o->children);
	free(o->regions);
	free(o->logs);
	task_gc_free(&o->gc);
	free(o);
	*tasks = (struct kymo_task_table){0};
}
