/* SPDX-License-Identifier: MIT */
/* What the files that make a table of tasks share. */
#ifndef KYMO_ANALYSIS_TASK_BUILD_H
#define KYMO_ANALYSIS_TASK_BUILD_H

#include <kymo/annotations.h>

#include "analysis/annot_cover.h"
#include "base/vec.h"
#include "trace/store.h"

/* When the garbage collector was at work, for all tasks. */
struct task_gc {
	struct cover mark, stopped, assist;
	uint32_t *assist_from;  // [goroutines + 1] rows of `assist`
};

/* False: no memory; free all the same. */
bool task_gc_make(struct task_gc *gc, const struct kymo_trace *t);
void task_gc_free(struct task_gc *gc);

/* What a table owns. */
struct task_owned {
	VEC(struct kymo_task) rows;
	VEC(struct kymo_task_goroutine) goroutines;
	uint32_t *children, *regions, *logs;
	struct task_gc gc;
};

/* Cuts circles of parents; then `descendants`, `children_from`, and the children. False: no memory. */
bool task_tree_make(struct task_owned *o, uint32_t count);

#endif
