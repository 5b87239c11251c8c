/* SPDX-License-Identifier: MIT */
/* The three forms of `kymo tasks`: types, tasks, one task's story; and what tasks and regions say alike. */
#ifndef KYMO_REPORT_TASKS_H
#define KYMO_REPORT_TASKS_H

#include <kymo/annotations.h>

#include "report/report.h"

/* Tasks that a report is about. */
struct task_rows {
	const struct report *r;
	struct kymo_task_table tasks;
	uint32_t *rows, count;
};

/* The table, and the rows that the parameters select. NULL with the error set, or the table freed with the report. */
struct task_rows *tasks_select(struct report *r, enum kymo_status *st, struct kymo_error *err);
enum kymo_status report_task_list(struct report *r, struct task_rows *m, struct kymo_error *err);
enum kymo_status report_task_story(struct report *r, struct task_rows *m, struct kymo_error *err);

/* "complete", "no end", "left open", "no begin", "mentioned", "inherited". */
struct kymo_str annotation_state(uint8_t state);
static inline bool annotation_begun(uint8_t state)
{
	return state != KYMO_ANNOTATION_NO_BEGIN && state != KYMO_ANNOTATION_MENTIONED;
}
static inline bool annotation_ended(uint8_t state)
{
	return state == KYMO_ANNOTATION_COMPLETE || state == KYMO_ANNOTATION_NO_BEGIN;
}
static inline struct kymo_str report_str(const char *s)
{
	return (struct kymo_str){s, __builtin_strlen(s)};
}
/* The id of a goroutine's row as a cell: nothing for row 0. */
uint64_t annotation_goroutine(const struct report *r, kymo_goroutine_ix g);
/* A latmin, latmax as the common parameters read it; `out` keeps its value where there is none. */
enum kymo_status annotation_time(const struct report *r, const char *key, kymo_ns *out,
                                 struct kymo_error *err);
/* Groups with the durations' histograms. */
struct annotation_types {
	const struct report *r;
	struct kymo_annotation_groups groups;
	struct hist *hist;  // [groups.count]
};
bool annotation_types_make(struct annotation_types *m);
void annotation_types_add(struct annotation_types *m, uint32_t row, kymo_ns duration);
void annotation_types_free(void *types);

#endif
