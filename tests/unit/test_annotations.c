/* SPDX-License-Identifier: MIT */
/*
 * Tasks, regions and logs of traces made by hand, each for one question; where Go's tool answers another than Kymo, both
 * answers, and why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/gen_write.h"
#include "report/report.h"
#include "wire/spec.h"

#define THREAD 500
#define UNIT 64  // ns of one unit of time

/* A trace of one thread, which runs goroutine 1 on proc 0 from the start. */
struct maker {
	struct gen_rng rng;
	struct gen_writer w;
	uint64_t now;
};

static void make_begin(struct maker *m)
{
	*m = (struct maker){.rng = {1}, .now = 1000};
	gen_writer_begin(&m->w, &m->rng, 26);
	gen_generation_begin(&m->w, 1, m->now);
}

static void put(struct maker *m, uint64_t at, unsigned type, const uint64_t *args, unsigned count)
{
	m->now = 1000 + at;
	gen_event(&m->w, THREAD, m->now, type, args, count);
}
#define AT(m, at, type, ...) \
	do { \
		const uint64_t args_[] = {__VA_ARGS__}; \
		put(m, at, WIRE_##type, args_, sizeof args_ / sizeof *args_); \
	} while (0)
#define TEXT(m, text) gen_string(&(m)->w, text)
#define RUNNING 2
#define WAITING 4

/* Goroutine 1 runs; 2 waits, and has done so since before the trace. */
static void start(struct maker *m)
{
	make_begin(m);
	AT(m, 0, ProcStatus, 0, 1);
	AT(m, 0, GoStatus, 1, THREAD, RUNNING);
	AT(m, 0, GoStatus, 2, KYMO_NONE, WAITING);
}

static struct kymo_trace *finish(struct maker *m)
{
	struct kymo_input *in;
	struct kymo_trace *t;
	struct kymo_error err;
	gen_generation_end(&m->w, m->now + 1);
	assert_int_equal(kymo_input_open_memory(m->w.out.at, m->w.out.len, &in, &err), KYMO_OK);
	if (kymo_trace_load(in, NULL, &t, &err) != KYMO_OK)
		fail_msg("%s", err.message);
	if (kymo_trace_info(t)->damage_count)
		fail_msg("%s", kymo_trace_info(t)->damage[0].message);
	kymo_input_close(in);
	gen_writer_free(&m->w);
	return t;
}

static struct kymo_task_table tasks_of(const struct kymo_trace *t, enum kymo_rules rules)
{
	struct kymo_task_table tasks;
	assert_int_equal(kymo_task_table_compute(t, rules, &tasks), KYMO_OK);
	return tasks;
}

static uint32_t find(const struct kymo_task_table *tasks, uint64_t id, unsigned nth)
{
	for (uint32_t i = 0; i < tasks->count; i++)
		if (tasks->at[i].id == id && nth-- == 0)
			return i;
	return KYMO_NO_ROW;
}

static bool is(const struct kymo_trace *t, kymo_string_ix ix, const char *text)
{
	struct kymo_str s = kymo_trace_string(t, ix);
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

/* An id used again is another task. To Go's tool it is one: the last begin, the last end, all logs. */
static void test_id_used_again(void **state)
{
	struct maker m;
	(void)state;
	start(&m);
	AT(&m, 10, UserTaskBegin, 5, 0, TEXT(&m, "first"), 0);
	AT(&m, 20, UserTaskEnd, 5, 0);
	AT(&m, 30, UserLog, 5, 0, TEXT(&m, "late"), 0);
	AT(&m, 40, UserTaskBegin, 6, 5, TEXT(&m, "child of the first"), 0);
	AT(&m, 50, UserTaskBegin, 5, 0, TEXT(&m, "second"), 0);
	AT(&m, 60, UserLog, 5, 0, TEXT(&m, "of the second"), 0);
	AT(&m, 70, UserTaskBegin, 7, 5, TEXT(&m, "child of the second"), 0);
	struct kymo_trace *t = finish(&m);
	struct kymo_task_table tasks = tasks_of(t, KYMO_RULES_EXACT);
	uint32_t a = find(&tasks, 5, 0), b = find(&tasks, 5, 1);
	assert_int_equal(tasks.count, 4);
	assert_true(is(t, tasks.at[a].type, "first") && is(t, tasks.at[b].type, "second"));
	assert_int_equal(tasks.at[a].state, KYMO_ANNOTATION_COMPLETE);
	assert_int_equal(tasks.at[b].state, KYMO_ANNOTATION_OPEN);
	assert_int_equal(tasks.at[a].end - tasks.at[a].begin, 10 * UNIT);
	assert_int_equal(tasks.at[a + 1].logs_from - tasks.at[a].logs_from, 1);
	assert_int_equal(tasks.logs[tasks.at[a].logs_from], 0);
	assert_int_equal(tasks.logs[tasks.at[b].logs_from], 1);
	assert_int_equal(tasks.at[find(&tasks, 6, 0)].parent, a);
	assert_int_equal(tasks.at[find(&tasks, 7, 0)].parent, b);
	kymo_task_table_free(&tasks);

	tasks = tasks_of(t, KYMO_RULES_GO126);
	a = find(&tasks, 5, 0);
	assert_int_equal(find(&tasks, 5, 1), KYMO_NO_ROW);
	assert_true(is(t, tasks.at[a].type, "second"));
	assert_int_equal(tasks.at[a].state, KYMO_ANNOTATION_COMPLETE);
	assert_int_equal(tasks.at[a].end - tasks.at[a].begin, -30 * UNIT);
	assert_int_equal(tasks.at[a + 1].logs_from - tasks.at[a].logs_from, 2);
	assert_int_equal(tasks.at[a + 1].children_from - tasks.at[a].children_from, 2);
	kymo_task_table_free(&tasks);
	kymo_trace_free(t);
}

/* Id 0 is no task, though regions and logs of no task name it. Go's pages show it as a task without a type. */
static void test_no_task(void **state)
{
	struct maker m;
	(void)state;
	start(&m);
	AT(&m, 10, UserLog, 0, 0, TEXT(&m, "of none"), 0);
	AT(&m, 20, UserRegionBegin, 0, TEXT(&m, "of none"), 0);
	AT(&m, 30, UserLog, 9, 0, TEXT(&m, "of one that began before"), 0);
	AT(&m, 40, UserTaskBegin, 3, 8, TEXT(&m, "child"), 0);
	struct kymo_trace *t = finish(&m);
	struct kymo_task_table tasks = tasks_of(t, KYMO_RULES_EXACT);
	assert_int_equal(tasks.count, 3);
	assert_int_equal(find(&tasks, 0, 0), KYMO_NO_ROW);
	assert_int_equal(tasks.at[find(&tasks, 9, 0)].state, KYMO_ANNOTATION_MENTIONED);
	assert_int_equal(tasks.at[find(&tasks, 8, 0)].state, KYMO_ANNOTATION_MENTIONED);
	assert_int_equal(tasks.at[find(&tasks, 8, 0)].descendants, 1);
	kymo_task_table_free(&tasks);
	tasks = tasks_of(t, KYMO_RULES_GO126);
	uint32_t none = find(&tasks, 0, 0);
	assert_int_equal(tasks.count, 4);
	assert_int_not_equal(none, KYMO_NO_ROW);
	assert_int_equal(tasks.at[none].type, 0);
	assert_int_equal(tasks.at[none + 1].regions_from - tasks.at[none].regions_from, 1);
	kymo_task_table_free(&tasks);
	kymo_trace_free(t);
}

/* Parents in a circle, and one that is its own: no program can write them, a file can. */
static void test_circle(void **state)
{
	struct maker m;
	(void)state;
	start(&m);
	AT(&m, 10, UserTaskBegin, 1, 3, TEXT(&m, "a"), 0);
	AT(&m, 20, UserTaskBegin, 2, 1, TEXT(&m, "b"), 0);
	AT(&m, 30, UserTaskBegin, 3, 2, TEXT(&m, "c"), 0);
	AT(&m, 40, UserTaskBegin, 4, 4, TEXT(&m, "its own"), 0);
	struct kymo_trace *t = finish(&m);
	struct kymo_task_table tasks = tasks_of(t, KYMO_RULES_EXACT);
	uint32_t roots = 0, below = 0;
	for (uint32_t i = 0; i < tasks.count; i++) {
		roots += tasks.at[i].parent == KYMO_NO_ROW;
		below = tasks.at[i].descendants > below ? tasks.at[i].descendants : below;
	}
	assert_int_equal(tasks.count, 4);
	assert_int_equal(roots, 2);
	assert_int_equal(below, 2);
	kymo_task_table_free(&tasks);
	const struct report_param param = {"id", "1"};
	struct report *r;
	assert_int_equal(report_run(report_find("tasks"), t, &param, 1, &r, NULL), KYMO_OK);
	report_free(r);
	kymo_trace_free(t);
}

/* Task 7, 100 to 900: the mark phase is on 200 to 500; the world stops 150 to 210 and, within another stop, 490 to 520;
 * goroutine 1 assists 300 to 400, and again after its last doing for the task. */
static void test_gc(void **state)
{
	struct maker m;
	(void)state;
	start(&m);
	AT(&m, 50, GCBegin, 1, 0);
	AT(&m, 60, GCEnd, 2);
	AT(&m, 100, UserTaskBegin, 7, 0, TEXT(&m, "t"), 0);
	AT(&m, 150, STWBegin, TEXT(&m, "GC sweep termination"), 0);
	AT(&m, 200, GCBegin, 3, 0);
	AT(&m, 210, STWEnd);
	AT(&m, 300, GCMarkAssistBegin, 0);
	AT(&m, 400, GCMarkAssistEnd);
	AT(&m, 490, STWBegin, TEXT(&m, "GC mark termination"), 0);
	AT(&m, 500, GCEnd, 4);
	AT(&m, 520, STWEnd);
	AT(&m, 900, UserTaskEnd, 7, 0);
	AT(&m, 950, GCMarkAssistBegin, 0);
	AT(&m, 960, GCMarkAssistEnd);
	struct kymo_trace *t = finish(&m);
	struct kymo_task_table tasks = tasks_of(t, KYMO_RULES_EXACT);
	struct kymo_task_gc gc = kymo_task_gc_time(&tasks, 0);
	assert_int_equal(gc.mark, 300 * UNIT);
	assert_int_equal(gc.stopped, 90 * UNIT);
	assert_int_equal(gc.assist, 100 * UNIT);
	kymo_task_table_free(&tasks);
	kymo_trace_free(t);
}

static struct kymo_region_list regions_of(const struct kymo_trace *t, enum kymo_rules rules)
{
	struct kymo_region_list list;
	assert_int_equal(kymo_region_list_compute(t, NULL, NULL, rules, &list, NULL), KYMO_OK);
	return list;
}

static const struct kymo_annotation_group *
group_of(const struct kymo_trace *t, const struct kymo_annotation_groups *groups, const char *type)
{
	for (uint32_t i = 0; i < groups->count; i++)
		if (is(t, groups->at[i].type, type))
			return &groups->at[i];
	fail_msg("no group %s", type);
	return NULL;
}

/*
 * Regions that have no begin or no end are counted beside the complete ones, and have no duration. Go's page says so
 * too, but mixes them in, cut to the trace: what began before the trace reaches to its begin even if the goroutine is
 * younger.
 */
static void test_unfinished(void **state)
{
	struct maker m;
	struct kymo_annotation_groups groups;
	(void)state;
	start(&m);
	AT(&m, 100, UserRegionBegin, 0, TEXT(&m, "r"), 0);
	AT(&m, 110, UserRegionEnd, 0, TEXT(&m, "r"), 0);
	AT(&m, 150, UserRegionEnd, 0, TEXT(&m, "r"), 0);
	AT(&m, 200, UserRegionBegin, 0, TEXT(&m, "r"), 0);
	AT(&m, 600, UserLog, 0, 0, 0, 0);
	struct kymo_trace *t = finish(&m);
	struct kymo_region_list list = regions_of(t, KYMO_RULES_EXACT);
	assert_int_equal(kymo_region_groups_compute(t, &list, KYMO_RULES_EXACT, &groups), KYMO_OK);
	const struct kymo_annotation_group *g = group_of(t, &groups, "r");
	assert_int_equal(groups.count, 1);
	assert_int_equal(g->count, 3);
	assert_int_equal(g->measured, 1);
	assert_int_equal(g->states[KYMO_ANNOTATION_NO_BEGIN], 1);
	assert_int_equal(g->states[KYMO_ANNOTATION_OPEN], 1);
	assert_int_equal(g->spread.max, 10 * UNIT);
	kymo_annotation_groups_free(&groups);
	kymo_region_list_free(&list);

	list = regions_of(t, KYMO_RULES_GO126);
	assert_int_equal(kymo_region_groups_compute(t, &list, KYMO_RULES_GO126, &groups), KYMO_OK);
	// Goroutine 1 has no stack, so no name, so it is a system goroutine, and its unfinished region is dropped.
	g = group_of(t, &groups, "r");
	assert_int_equal(g->count, 2);
	assert_int_equal(g->measured, 2);
	assert_int_equal(g->spread.max, 150 * UNIT);
	kymo_annotation_groups_free(&groups);
	kymo_region_list_free(&list);
	kymo_trace_free(t);
}

/* A goroutine created in a region has a region of its own only for Go's tool, and an end that it did not begin ends that. */
static void test_inherited(void **state)
{
	struct maker m;
	struct kymo_region_times times;
	(void)state;
	start(&m);
	AT(&m, 100, UserRegionBegin, 4, TEXT(&m, "around"), 0);
	AT(&m, 110, GoCreate, 3, gen_stack(&m.w, 1), gen_stack(&m.w, 2));
	AT(&m, 120, UserRegionEnd, 4, TEXT(&m, "around"), 0);
	AT(&m, 130, GoStop, TEXT(&m, "preempted"), gen_stack(&m.w, 3));
	AT(&m, 140, GoStart, 3, 1);
	AT(&m, 150, UserRegionEnd, 4, TEXT(&m, "handed over"), 0);
	AT(&m, 160, UserRegionEnd, 4, TEXT(&m, "handed over too"), 0);
	AT(&m, 170, GoDestroy);
	struct kymo_trace *t = finish(&m);
	struct kymo_region_list list = regions_of(t, KYMO_RULES_EXACT);
	assert_int_equal(list.count, 3);
	assert_true(is(t, list.at[1].type, "handed over"));
	assert_int_equal(list.at[1].state, KYMO_ANNOTATION_NO_BEGIN);
	assert_int_equal(list.at[1].end - list.at[1].begin, 40 * UNIT);
	assert_int_equal(kymo_region_times_compute(t, NULL, KYMO_RULES_EXACT, &list, &times),
	                 KYMO_OK);
	assert_int_equal(times.at[1].times.sched_wait, 30 * UNIT);
	assert_int_equal(times.at[1].times.execution, 10 * UNIT);
	kymo_region_times_free(&times);
	kymo_region_list_free(&list);

	list = regions_of(t, KYMO_RULES_GO126);
	assert_int_equal(list.count, 3);
	assert_true(is(t, list.at[1].type, "handed over too"));
	assert_int_equal(list.at[1].end - list.at[1].begin,
	                 160 * UNIT);  // from the trace's begin, before there was a goroutine
	assert_int_equal(list.at[2].state, KYMO_ANNOTATION_INHERITED);
	assert_int_equal(list.at[2].type, 0);
	assert_int_equal(list.at[2].task, 4);
	assert_int_equal(list.at[2].end - list.at[2].begin, 40 * UNIT);
	kymo_region_list_free(&list);
	kymo_trace_free(t);
}

/* By default a region is where it was begun; since 1.24 Go's tool takes the outermost frame, so that all are one. */
static void test_place(void **state)
{
	struct maker m;
	struct kymo_annotation_groups groups;
	(void)state;
	start(&m);
	for (unsigned n = 1; n <= 6; n++) {
		AT(&m, n * 10, UserRegionBegin, 0, TEXT(&m, "r"), gen_stack(&m.w, n));
		AT(&m, n * 10 + 5, UserRegionEnd, 0, TEXT(&m, "r"), 0);
	}
	struct kymo_trace *t = finish(&m);
	for (int go = 0; go < 2; go++) {
		struct kymo_region_list list = regions_of(t, (enum kymo_rules)go);
		for (uint32_t i = 0; i < list.count; i++) {
			size_t n;
			const struct kymo_frame *f = kymo_trace_stack(t, list.at[i].begin_stack, &n);
			struct kymo_frame place =
				kymo_region_place(t, &list.at[i], (enum kymo_rules)go);
			assert_true(n > 0);
			assert_int_equal(place.pc, f[go ? n - 1 : 0].pc);
		}
		assert_int_equal(kymo_region_groups_compute(t, &list, (enum kymo_rules)go, &groups),
		                 KYMO_OK);
		uint32_t sum = 0;
		for (uint32_t i = 0; i < groups.count; i++)
			sum += groups.at[i].count;
		assert_int_equal(sum, 6);
		kymo_annotation_groups_free(&groups);
		kymo_region_list_free(&list);
	}
	kymo_trace_free(t);
}

static uint32_t count_tasks(const struct kymo_trace *t, const struct kymo_task_filter *f)
{
	struct kymo_task_table tasks = tasks_of(t, KYMO_RULES_EXACT);
	uint32_t *rows, count;
	assert_int_equal(kymo_task_search(t, &tasks, NULL, f, &rows, &count, NULL), KYMO_OK);
	free(rows);
	kymo_task_table_free(&tasks);
	return count;
}

static void test_filters(void **state)
{
	struct maker m;
	struct kymo_error err;
	(void)state;
	start(&m);
	AT(&m, 10, UserTaskBegin, 1, 0, TEXT(&m, "short"), 0);
	AT(&m, 20, UserTaskEnd, 1, 0);
	AT(&m, 30, UserTaskBegin, 2, 0, TEXT(&m, "long"), 0);
	AT(&m, 40, UserRegionBegin, 2, TEXT(&m, "needle's eye"), gen_stack(&m.w, 1));
	AT(&m, 50, UserRegionEnd, 2, TEXT(&m, "needle's eye"), 0);
	AT(&m, 60, UserTaskEnd, 2, 0);
	AT(&m, 70, UserTaskBegin, 3, 0, TEXT(&m, "open"), 0);
	AT(&m, 80, UserLog, 3, TEXT(&m, "sewing"), TEXT(&m, "a needle"), 0);
	AT(&m, 90, UserLog, 3, TEXT(&m, "needles"), TEXT(&m, "none"), 0);
	struct kymo_trace *t = finish(&m);
	struct kymo_task_filter f = KYMO_TASK_FILTER_ALL;
	assert_int_equal(count_tasks(t, &f), 3);
	f.complete = 1;
	assert_int_equal(count_tasks(t, &f), 2);
	f.complete = 0;
	assert_int_equal(count_tasks(t, &f), 1);
	f = KYMO_TASK_FILTER_ALL;
	f.min = 30 * UNIT;  // inclusive; what is not complete has no duration to pass with
	assert_int_equal(count_tasks(t, &f), 1);
	f.min++;
	assert_int_equal(count_tasks(t, &f), 0);
	f.min = 0;
	f.max = 30 * UNIT;
	assert_int_equal(count_tasks(t, &f), 2);
	f = KYMO_TASK_FILTER_ALL;
	f.text = "needle";
	assert_int_equal(count_tasks(t, &f), 2);
	f.text = "Needle";
	assert_int_equal(count_tasks(t, &f), 0);
	f = KYMO_TASK_FILTER_ALL;
	f.region = "needle's eye";
	assert_int_equal(count_tasks(t, &f), 1);
	f.region_at = "elsewhere.go:1";
	assert_int_equal(count_tasks(t, &f), 0);
	f = KYMO_TASK_FILTER_ALL;
	f.task = "2";
	assert_int_equal(count_tasks(t, &f), 1);
	f.task = "open";
	assert_int_equal(count_tasks(t, &f), 1);

	struct kymo_region_list list;
	struct kymo_region_filter rf = KYMO_REGION_FILTER_ALL;
	rf.at = "no place";
	assert_int_equal(kymo_region_list_compute(t, NULL, &rf, KYMO_RULES_EXACT, &list, &err),
	                 KYMO_E_RANGE);
	rf = KYMO_REGION_FILTER_ALL;
	rf.task = "long";
	assert_int_equal(kymo_region_list_compute(t, NULL, &rf, KYMO_RULES_EXACT, &list, &err),
	                 KYMO_OK);
	assert_int_equal(list.count, 1);
	kymo_region_list_free(&list);
	rf.task = "short";
	assert_int_equal(kymo_region_list_compute(t, NULL, &rf, KYMO_RULES_EXACT, &list, &err),
	                 KYMO_OK);
	assert_int_equal(list.count, 0);
	kymo_region_list_free(&list);

	uint32_t *rows, count;
	struct kymo_log_filter lf = {.text = "needle"};
	assert_int_equal(kymo_log_search(t, NULL, &lf, &rows, &count, &err), KYMO_OK);
	assert_int_equal(count, 2);
	free(rows);
	lf = (struct kymo_log_filter){.text = "^a? n|e$", .regex = true, .category = "needles"};
	assert_int_equal(kymo_log_search(t, NULL, &lf, &rows, &count, &err), KYMO_OK);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0], 1);
	free(rows);
	lf = (struct kymo_log_filter){.text = "(", .regex = true};
	assert_int_equal(kymo_log_search(t, NULL, &lf, &rows, &count, &err), KYMO_E_RANGE);
	assert_null(rows);
	lf = (struct kymo_log_filter){.task = "open"};
	assert_int_equal(kymo_log_search(t, NULL, &lf, &rows, &count, &err), KYMO_OK);
	assert_int_equal(count, 2);
	free(rows);
	kymo_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_used_again), cmocka_unit_test(test_no_task),
		cmocka_unit_test(test_circle),        cmocka_unit_test(test_gc),
		cmocka_unit_test(test_unfinished),    cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_place),         cmocka_unit_test(test_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
