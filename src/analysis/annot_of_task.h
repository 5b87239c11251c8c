/* SPDX-License-Identifier: MIT */
/*
 * Which regions and logs are of a task: by its id, or by its type.
 *
 *     struct of_task f = {0};
 *     if (!of_task_make(&f, t, "request")) return no_memory;
 *     if (of_task_region(&f, i)) ...
 *     of_task_free(&f);
 */
#ifndef KYMO_ANALYSIS_ANNOT_OF_TASK_H
#define KYMO_ANALYSIS_ANNOT_OF_TASK_H

#include <kymo/annotations.h>

struct of_task {
	const struct kymo_trace *t;
	bool any, by_id;
	uint64_t id;
	uint8_t *regions, *logs;  // by type: of a task that has it
};

/* `task`: digits: the id; else the type; NULL: any. False: no memory; free all the same. */
bool of_task_make(struct of_task *f, const struct kymo_trace *t, const char *task);
bool of_task_region(const struct of_task *f, uint32_t region);
bool of_task_log(const struct of_task *f, uint32_t log);
void of_task_free(struct of_task *f);

/* Whether `text` is digits and so an id. */
bool of_task_id(const char *text, uint64_t *id);

#endif
