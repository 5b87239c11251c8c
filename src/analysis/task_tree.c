/* SPDX-License-Identifier: MIT */
/* Parents to children: circles cut, descendants counted, each in one pass over the tasks. */
#include "analysis/task_build.h"

#include "analysis/annot_lists.h"

/*
 * Walks up from each task until where somebody has been. Been there on the same walk: a circle, and the step that
 * closes it goes.
 */
static bool cut_circles(struct kymo_task *at, uint32_t count)
{
	uint32_t *walk = calloc((size_t)count + 1, sizeof *walk);
	if (!walk)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = i;
		while (!walk[k]) {
			walk[k] = i + 1;
			uint32_t up = at[k].parent;
			if (up == KYMO_NO_ROW)
				break;
			if (walk[up] == i + 1) {
				at[k].parent = KYMO_NO_ROW;
				break;
			}
			k = up;
		}
	}
	free(walk);
	return true;
}

/* From the leaves up: a task is added to its parent when all of its own children have been added to it. */
static bool count_descendants(struct kymo_task *at, uint32_t count)
{
	uint32_t *waiting = calloc((size_t)count + 1, sizeof *waiting);
	if (!waiting)
		return false;
	for (uint32_t i = 0; i < count; i++)
		waiting[i] = at[i + 1].children_from - at[i].children_from;
	for (uint32_t i = 0; i < count; i++) {
		// A task with children waits for them; one without starts a walk that ends where somebody is still awaited.
		if (at[i + 1].children_from != at[i].children_from)
			continue;
		for (uint32_t k = i, up; (up = at[k].parent) != KYMO_NO_ROW; k = up) {
			at[up].descendants += at[k].descendants + 1;
			if (--waiting[up])
				break;
		}
	}
	free(waiting);
	return true;
}

bool task_tree_make(struct task_owned *o, uint32_t count)
{
	struct kymo_task *at = o->rows.at;
	struct lists l = {0};
	if (!cut_circles(at, count))
		return false;
	uint32_t *parent = malloc(((size_t)count + 1) * sizeof *parent);
	for (uint32_t i = 0; parent && i < count; i++)
		parent[i] = at[i].parent;
	bool ok = parent && lists_make(&l, parent, count, count);
	free(parent);
	for (uint32_t i = 0; ok && i <= count; i++)
		at[i].children_from = l.from[i];
	o->children = l.items;
	l.items = NULL;
	lists_free(&l);
	return ok && count_descendants(at, count);
}
