/* SPDX-License-Identifier: MIT */
/*
 * What a program said of itself: tasks, regions, logs (package runtime/trace), related to one another and measured.
 *
 *     struct kymo_task_table tasks;
 *     if (kymo_task_table_compute(t, KYMO_RULES_EXACT, &tasks) != KYMO_OK) ...
 *     const struct kymo_task *a = &tasks.at[row];
 *     for (uint32_t i = a->children_from; i < a[1].children_from; i++)
 *             ... tasks.at[tasks.children[i]] ...
 *     kymo_task_table_free(&tasks);
 *
 *     struct kymo_region_list regions;
 *     struct kymo_region_times times;
 *     kymo_region_list_compute(t, NULL, NULL, KYMO_RULES_EXACT, &regions, &err);
 *     kymo_region_times_compute(t, NULL, KYMO_RULES_EXACT, &regions, &times);
 *     ... times.at[i].times.execution: how long region i ran ...
 *
 * Each result is immutable, refers to the trace, and is freed by its own function.
 */
#ifndef KYMO_ANNOTATIONS_H
#define KYMO_ANNOTATIONS_H

#include <kymo/analysis.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How much of a task or region the trace has. */
enum kymo_annotation_state {
	KYMO_ANNOTATION_COMPLETE = 0,  // begin and end
	KYMO_ANNOTATION_OPEN,          // no end: still open when the trace ended
	KYMO_ANNOTATION_LEFT,          // a region, no end: its goroutine ended without closing it
	KYMO_ANNOTATION_NO_BEGIN,  // it began before the trace (a region: perhaps on another goroutine)
	KYMO_ANNOTATION_MENTIONED,  // a task, neither: something names its id
	KYMO_ANNOTATION_INHERITED,  // a region of Go's tool alone: see kymo_region_list_compute
	KYMO_ANNOTATION_STATES,
};

#define KYMO_NO_ROW UINT32_MAX

/* ---- tasks ---- */

struct kymo_task {
	uint64_t id;
	kymo_ns begin, end;   // the trace's bounds where not seen
	kymo_string_ix type;  // empty if the begin was not seen
	kymo_goroutine_ix begin_goroutine, end_goroutine;
	kymo_stack_ix begin_stack, end_stack;
	uint32_t parent;       // a row; KYMO_NO_ROW: none
	uint32_t descendants;  // without itself
	uint8_t state;         // enum kymo_annotation_state
	/* Where its part of the lists below begins; it ends where the next row's begins. */
	uint32_t children_from, goroutines_from, regions_from, logs_from;
};

/* One that did something for the task: began or ended it, logged for it, had a region of it; the first and the last
 * instant of these. */
struct kymo_task_goroutine {
	kymo_goroutine_ix goroutine;
	kymo_ns from, to;
};

struct kymo_task_table {
	uint32_t count;
	const struct kymo_task *at;  // [count + 1]; those begun or ended in order of their first event, then those mentioned
	const uint32_t *children;                      // rows, in order
	const struct kymo_task_goroutine *goroutines;  // of a task by `from`
	const uint32_t *regions;  // rows of kymo_trace_regions, in order of their first event
	const uint32_t *logs;     // rows of kymo_trace_logs, in order of time
	void *owned;
};

/**
 * Relates tasks to what names them.
 *
 * KYMO_RULES_EXACT: a row for each life of a task, and one for each id that is only named (by a region, a log, as a
 * parent). An id that was used again means the last task begun before, at that time. Id 0, the runtime's word for "no
 * task", is none. If parents go in a circle (no program can make one), the circle is cut.
 *
 * KYMO_RULES_GO126: as Go's summarizer (internal/trace/summary.go) and the pages /usertasks, /usertask: a row an id, whose
 * begin is the last begin, whose end is the last end, complete if there are both; id 0 is a task without a type.
 *
 * Errors: KYMO_E_MEMORY. Cost: O(tasks + regions + logs), about 100 ns each.
 */
KYMO_API enum kymo_status kymo_task_table_compute(const struct kymo_trace *t, enum kymo_rules rules,
                                                  struct kymo_task_table *out);
KYMO_API void kymo_task_table_free(struct kymo_task_table *tasks);

/* What the garbage collector took from a task. These overlap one another. */
struct kymo_task_gc {
	kymo_ns mark;  // the concurrent mark phase was on while the task was (elapsed time, not processor time)
	kymo_ns stopped;  // the world was stopped, or being stopped, while the task was; for whatever reason
	kymo_ns assist;  // its goroutines assisted marking, each between its first and last doing for the task
};
/** O(log ranges) for each goroutine of the task. */
KYMO_API struct kymo_task_gc kymo_task_gc_time(const struct kymo_task_table *tasks, uint32_t row);

struct kymo_task_filter {
	const char *task;       // digits: the id; else the type, exactly; NULL: any
	const char *type;       // exactly; NULL: any
	const char *region;     // has a region of this type, exactly; NULL: any
	const char *region_at;  // and at this place (as in kymo_region_filter); NULL: anywhere
	const char *text;  // its type, a region's type, a log's category or message contains this; NULL: any
	int complete;  // 1: only complete ones, 0: only others, -1: both
	kymo_ns min,
		max;  // duration, both inclusive; with a bound only complete ones pass, as on Go's page
};
#define KYMO_TASK_FILTER_ALL ((struct kymo_task_filter){.complete = -1, .max = KYMO_NS_MAX})

/**
 * The rows that pass the filter (NULL: all) and are in the selection: some of the task lies in the window, and some
 * selected goroutine did something for it in the window (where not all goroutines are selected).
 * *rows is allocated with malloc. Errors: KYMO_E_RANGE: `region_at` is no place; KYMO_E_MEMORY.
 * Cost: O(tasks + their goroutines, regions, logs).
 */
KYMO_API enum kymo_status kymo_task_search(const struct kymo_trace *t,
                                           const struct kymo_task_table *tasks,
                                           const struct kymo_selection *sel,
                                           const struct kymo_task_filter *filter, uint32_t **rows,
                                           uint32_t *count, struct kymo_error *err);

/* ---- regions ---- */

struct kymo_region {
	kymo_ns begin, end;
	uint64_t task;  // 0: none
	kymo_goroutine_ix goroutine;
	kymo_string_ix type;
	kymo_stack_ix begin_stack, end_stack;  // 0: not seen
	uint32_t row;                          // of kymo_trace_regions; KYMO_NO_ROW: inherited
	uint8_t state;                         // enum kymo_annotation_state
};

struct kymo_region_list {
	uint32_t count;
	const struct kymo_region *at;
	void *owned;
};

struct kymo_region_filter {
	const char *type;  // exactly; NULL: any
	const char *at;  // "FILE:LINE" (FILE may be a path's tail) or "0xPC" of its place; NULL: any
	const char *task;  // digits: the task's id; else the task's type, exactly; NULL: any
	kymo_ns min, max;  // end - begin, both inclusive
};
#define KYMO_REGION_FILTER_ALL ((struct kymo_region_filter){.max = KYMO_NS_MAX})

/**
 * The regions that pass the filter (NULL: all) and are in the selection: some of the region lies in the window, and its
 * goroutine is selected (in pieces: some of the region lies in a piece). Their times are not cut to the window.
 *
 * Ends and begins: the runtime writes an end for the innermost open region of the goroutine, and a trace with any other is
 * damaged (docs/format/v2.md), so regions of a goroutine nest. An end that finds none open is of a region that began
 * before the trace, or on another goroutine: it is listed by itself, from the goroutine's begin.
 *
 * KYMO_RULES_EXACT: what the trace has, in order of the first event of each.
 *
 * KYMO_RULES_GO126: as Go's summarizer and the pages /userregions, /userregion: a goroutine that was created inside a region
 * has a nameless one more, of the same task, from its creation (KYMO_ANNOTATION_INHERITED; the creator's stack is its begin
 * stack), which an end that finds nothing else open ends; a region whose begin was not seen reaches back to the trace's
 * begin; blocking `forever` ends all; unfinished ones of system goroutines (start function runtime.*, but not
 * runtime.main) are dropped; of two goroutines with one id the last counts.
 *
 * Errors: KYMO_E_RANGE: `at` is no place; KYMO_E_MEMORY. Cost: O(regions + goroutines).
 */
KYMO_API enum kymo_status
kymo_region_list_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                         const struct kymo_region_filter *filter, enum kymo_rules rules,
                         struct kymo_region_list *out, struct kymo_error *err);
KYMO_API void kymo_region_list_free(struct kymo_region_list *regions);

/* The frame that a region is said to be at: the innermost of its begin stack. By Go's rules the outermost, which since
 * Go 1.24 makes regions begun at different lines of one goroutine the same. All zero if the begin was not seen. */
KYMO_API struct kymo_frame kymo_region_place(const struct kymo_trace *t,
                                             const struct kymo_region *r, enum kymo_rules rules);

struct kymo_region_time {
	struct kymo_times times;  // `total`: the time that is measured
	/* Of `named`: blocked by reason, block_count rows; then in ranges (GC mark assist, sweep, stop-the-world), which
	 * overlap the others, range_count rows. */
	uint32_t named_from, block_count, range_count;
};
struct kymo_region_times {
	const struct kymo_region_time *at;  // [regions.count]
	const struct kymo_named_ns *named;
	void *owned;
};

/**
 * What the goroutine of each region did during it, as kymo_goroutine_groups_compute says of a whole life.
 *
 * KYMO_RULES_EXACT: `total` is the part of the region inside the selection, and execution, sched_wait, syscall,
 * syscall_block and block add up to it exactly. A goroutine that blocks forever is still in its regions: that time is
 * blocked, for `forever` (kymo_goroutine_groups_compute ends the life there).
 *
 * KYMO_RULES_GO126: Go's statistics, the difference of two states of its summarizer, whatever the selection: `total` of a
 * region without begin counts from the goroutine's begin, although its interval counts from the trace's; a blocked
 * syscall at the trace's end counts twice (see kymo_goroutine_groups_compute); a sweep ended elsewhere goes on, until its
 * goroutine begins another: then what was counted of it is taken back, and a range can be negative.
 *
 * Free with kymo_region_times_free. Errors: KYMO_E_MEMORY, also if regions and reasons multiply beyond 2^28 figures.
 * Cost: O(spans of their goroutines + regions · reasons).
 */
KYMO_API enum kymo_status kymo_region_times_compute(const struct kymo_trace *t,
                                                    const struct kymo_selection *sel,
                                                    enum kymo_rules rules,
                                                    const struct kymo_region_list *regions,
                                                    struct kymo_region_times *out);
KYMO_API void kymo_region_times_free(struct kymo_region_times *times);

/* ---- tasks by type, regions by type and place ---- */

struct kymo_annotation_group {
	kymo_string_ix type;
	struct kymo_frame place;  // regions; all zero: not seen
	uint32_t count;           // all of the group
	uint32_t states[KYMO_ANNOTATION_STATES];
	uint32_t measured;  // those that have a duration: the figures below are theirs
	kymo_ns total;
	struct kymo_spread spread;
};
struct kymo_annotation_groups {
	uint32_t count;
	const struct kymo_annotation_group *at;  // in order of their first row
	const uint32_t *group_of;                // [rows]
	void *owned;
};

/**
 * Groups rows of a table of tasks, or the regions of a list. Durations are those of the complete ones; by Go's rules also
 * those of the others, cut to the trace, for regions (its page says that they are not counted, but they are).
 * Errors: KYMO_E_MEMORY. Cost: O(rows).
 */
KYMO_API enum kymo_status kymo_task_groups_compute(const struct kymo_trace *t,
                                                   const struct kymo_task_table *tasks,
                                                   const uint32_t *rows, uint32_t count,
                                                   struct kymo_annotation_groups *out);
KYMO_API enum kymo_status kymo_region_groups_compute(const struct kymo_trace *t,
                                                     const struct kymo_region_list *regions,
                                                     enum kymo_rules rules,
                                                     struct kymo_annotation_groups *out);
KYMO_API void kymo_annotation_groups_free(struct kymo_annotation_groups *groups);

/* ---- logs ---- */

struct kymo_log_filter {
	const char *category;  // exactly; NULL: any
	const char *text;      // category or message contains this; NULL: any
	bool regex;            // `text` is a regular expression, PCRE2's
	const char *task;      // digits: the task's id; else the task's type, exactly; NULL: any
};

/**
 * The logs (rows of kymo_trace_logs, in order of time) that pass the filter (NULL: all), in the selection's window, of its
 * goroutines (in its pieces). *rows is allocated with malloc.
 * Errors: KYMO_E_RANGE: not a regular expression; KYMO_E_MEMORY. Cost: O(logs), each text looked at once.
 */
KYMO_API enum kymo_status kymo_log_search(const struct kymo_trace *t,
                                          const struct kymo_selection *sel,
                                          const struct kymo_log_filter *filter, uint32_t **rows,
                                          uint32_t *count, struct kymo_error *err);

#ifdef __cplusplus
}
#endif

#endif
