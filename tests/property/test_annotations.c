/* SPDX-License-Identifier: MIT */
/*
 * Tasks, regions and logs of generated traces, against what the ordered events say when each is looked at the obvious
 * way: a stack per goroutine, all tasks so far for each id, all spans for each region.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/gen.h"

#define SEEDS 60
#define MOST 4096

/* ---- the obvious way ---- */

struct slow_task {
	uint64_t id, parent;
	kymo_ns begin, end;  // -1: not seen
	kymo_ns first;       // event
	kymo_string_ix type;
};
struct slow_region {
	uint64_t goroutine, task;
	kymo_ns begin, end;  // -1: not seen
	char type[64];
	bool open;
};
struct slow_log {
	uint64_t goroutine, task;
	kymo_ns time;
};

struct slow {
	struct slow_task tasks[MOST];
	struct slow_region regions[MOST];
	struct slow_log logs[MOST];
	unsigned task_count, region_count, log_count;
};

static void slow_event(struct slow *s, const struct kymo_reader *r, const struct kymo_event *ev,
                       kymo_ns at)
{
	unsigned i;
	assert_true(s->task_count < MOST && s->region_count < MOST && s->log_count < MOST);
	switch (ev->kind) {
	case KYMO_EV_TASK_BEGIN:
		s->tasks[s->task_count++] = (struct slow_task){
			ev->u.task.id, ev->u.task.parent, at, -1, at, ev->u.task.type};
		break;
	case KYMO_EV_TASK_END:
		for (i = 0; i < s->task_count; i++)
			if (s->tasks[i].id == ev->u.task.id && s->tasks[i].end < 0)
				break;
		if (i == s->task_count)
			s->tasks[s->task_count++] =
				(struct slow_task){ev->u.task.id, KYMO_NONE, -1, at, at, 0};
		s->tasks[i].end = at;
		break;
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END: {
		struct kymo_str type = kymo_reader_string(r, ev->u.region.type);
		for (i = s->region_count; ev->kind == KYMO_EV_REGION_END && i-- > 0;)
			if (s->regions[i].open && s->regions[i].goroutine == ev->goroutine) {
				s->regions[i].open = false;
				s->regions[i].end = at;
				return;
			}
		struct slow_region *x = &s->regions[s->region_count++];
		*x = (struct slow_region){
			.goroutine = ev->goroutine, .task = ev->u.region.task, .begin = -1, .end = -1};
		assert_true(type.len < sizeof x->type);
		memcpy(x->type, type.ptr, type.len);
		if (ev->kind == KYMO_EV_REGION_BEGIN) {
			x->begin = at;
			x->open = true;
		} else {
			x->end = at;
		}
		break;
	}
	case KYMO_EV_LOG:
		s->logs[s->log_count++] = (struct slow_log){ev->goroutine, ev->u.log.task, at};
		break;
	default: break;
	}
}

struct sample {
	struct gen_trace g;
	struct kymo_trace *t;
	struct slow *slow;
};

static struct sample sample(uint64_t seed)
{
	struct sample x;
	struct kymo_input *in;
	struct kymo_reader *r;
	const struct kymo_event *ev;
	kymo_ns first = -1;
	gen_trace_make(&x.g, &(struct gen_options){
				     .seed = seed + 31000,
				     .version = (unsigned[]){22, 23, 25, 26}[seed % 4],
				     .generations = 1 + (unsigned)(seed % 4),
				     .steps = 100 + (unsigned)(seed % 11) * 150,
				     .skew = seed % 5 == 0,
			     });
	assert_int_equal(kymo_input_open_memory(x.g.bytes, x.g.len, &in, NULL), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &x.t, NULL), KYMO_OK);
	kymo_input_close(in);
	assert_int_equal(kymo_input_open_memory(x.g.bytes, x.g.len, &in, NULL), KYMO_OK);
	assert_int_equal(kymo_reader_open(in, NULL, &r, NULL), KYMO_OK);
	x.slow = calloc(1, sizeof *x.slow);
	assert_non_null(x.slow);
	while ((ev = kymo_reader_next(r)) != NULL) {
		first = first < 0 ? ev->time : first;
		slow_event(x.slow, r, ev, ev->time - first);
	}
	kymo_reader_close(r);
	kymo_input_close(in);
	return x;
}

static void drop(struct sample *x)
{
	kymo_trace_free(x->t);
	gen_trace_free(&x->g);
	free(x->slow);
}

/* The task that an id means at that time: the last one begun by then, else the first there ever is. -1: only an id. */
static int meaning(const struct slow *s, uint64_t id, kymo_ns at)
{
	int found = -1;
	for (unsigned i = 0; i < s->task_count; i++)
		if (s->tasks[i].id == id && (found < 0 || s->tasks[i].first <= at))
			found = (int)i;
	return found;
}

/* ---- tasks ---- */

static uint64_t goroutine_id(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	return kymo_trace_goroutines(t)->id[g];
}

/* What of row `i` is said to have been done, checked against every region and log. */
static void check_members(const struct sample *x, const struct kymo_task_table *tasks, uint32_t row)
{
	const struct slow *s = x->slow;
	const struct kymo_task *a = &tasks->at[row];
	unsigned regions = 0, logs = 0;
	kymo_ns first = INT64_MAX, last = -1;
	for (unsigned i = 0; i < s->region_count; i++) {
		kymo_ns at = s->regions[i].begin >= 0 ? s->regions[i].begin : s->regions[i].end;
		int task = meaning(s, s->regions[i].task, at);
		regions += s->regions[i].task != 0 &&
		           (task >= 0 ? (uint32_t)task == row
		                      : s->regions[i].task == a->id && row >= s->task_count);
	}
	for (unsigned i = 0; i < s->log_count; i++) {
		int task = meaning(s, s->logs[i].task, s->logs[i].time);
		bool mine = s->logs[i].task != 0 &&
		            (task >= 0 ? (uint32_t)task == row
		                       : s->logs[i].task == a->id && row >= s->task_count);
		logs += mine;
		if (!mine)
			continue;
		bool there = false;
		for (uint32_t k = a->goroutines_from; k < a[1].goroutines_from; k++)
			there |= goroutine_id(x->t, tasks->goroutines[k].goroutine) ==
			                 s->logs[i].goroutine &&
			         tasks->goroutines[k].from <= s->logs[i].time &&
			         tasks->goroutines[k].to >= s->logs[i].time;
		assert_true(there);
	}
	assert_int_equal(regions, a[1].regions_from - a->regions_from);
	assert_int_equal(logs, a[1].logs_from - a->logs_from);
	for (uint32_t k = a->goroutines_from; k < a[1].goroutines_from; k++) {
		const struct kymo_task_goroutine *g = &tasks->goroutines[k];
		assert_true(g->from <= g->to);
		assert_true(k == a->goroutines_from || g[-1].from <= g->from);
		for (uint32_t n = a->goroutines_from; n < k; n++)
			assert_int_not_equal(tasks->goroutines[n].goroutine, g->goroutine);
		first = g->from < first ? g->from : first;
		last = g->to > last ? g->to : last;
	}
	if (a->state == KYMO_ANNOTATION_COMPLETE || a->state == KYMO_ANNOTATION_OPEN)
		assert_true(first <= a->begin);
	if (a->state == KYMO_ANNOTATION_COMPLETE || a->state == KYMO_ANNOTATION_NO_BEGIN)
		assert_true(last >= a->end);
}

static uint32_t count_below(const struct kymo_task_table *tasks, uint32_t row)
{
	uint32_t n = 0;
	for (uint32_t k = tasks->at[row].children_from; k < tasks->at[row + 1].children_from; k++) {
		assert_int_equal(tasks->at[tasks->children[k]].parent, row);
		n += 1 + count_below(tasks, tasks->children[k]);
	}
	return n;
}

static bool during(const struct kymo_ranges *r, uint8_t kind, kymo_goroutine_ix g, kymo_ns at)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (r->kind[i] == kind && (!g || r->goroutine[i] == g) && r->start[i] <= at &&
		    at < r->end[i])
			return true;
	return false;
}

static int by_number(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

/* How much of [from, to) such ranges cover: between each two bounds either all or nothing. */
static kymo_ns covered(const struct kymo_ranges *r, uint8_t kind, kymo_goroutine_ix g, kymo_ns from,
                       kymo_ns to)
{
	kymo_ns *bounds = malloc((2 * (size_t)r->count + 2) * sizeof *bounds), sum = 0;
	size_t n = 0;
	assert_non_null(bounds);
	bounds[n++] = from;
	bounds[n++] = to;
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->start[i] > from && r->start[i] < to)
			bounds[n++] = r->start[i];
		if (r->end[i] > from && r->end[i] < to)
			bounds[n++] = r->end[i];
	}
	qsort(bounds, n, sizeof *bounds, by_number);
	for (size_t i = 1; i < n; i++)
		if (during(r, kind, g, bounds[i - 1]))
			sum += bounds[i] - bounds[i - 1];
	free(bounds);
	return from < to ? sum : 0;
}

static void check_gc(const struct sample *x, const struct kymo_task_table *tasks, uint32_t row)
{
	const struct kymo_ranges *r = kymo_trace_ranges(x->t);
	const struct kymo_task *a = &tasks->at[row];
	struct kymo_task_gc gc = kymo_task_gc_time(tasks, row);
	kymo_ns assist = 0;
	for (uint32_t k = a->goroutines_from; k < a[1].goroutines_from; k++) {
		const struct kymo_task_goroutine *g = &tasks->goroutines[k];
		assist += covered(r, KYMO_RANGE_ASSIST, g->goroutine, g->from, g->to);
	}
	assert_int_equal(gc.mark, covered(r, KYMO_RANGE_GC, 0, a->begin, a->end));
	assert_int_equal(gc.stopped, covered(r, KYMO_RANGE_STW, 0, a->begin, a->end));
	assert_int_equal(gc.assist, assist);
}

static void test_tasks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sample x = sample(seed);
		struct kymo_task_table tasks;
		kymo_ns end = kymo_trace_info(x.t)->duration;
		assert_int_equal(kymo_task_table_compute(x.t, KYMO_RULES_EXACT, &tasks), KYMO_OK);
		assert_true(tasks.count >= x.slow->task_count);
		for (uint32_t i = 0; i < tasks.count; i++) {
			const struct kymo_task *a = &tasks.at[i];
			const struct slow_task mentioned = {a->id, KYMO_NONE, -1, -1, 0, 0};
			const struct slow_task *want =
				i < x.slow->task_count ? &x.slow->tasks[i] : &mentioned;
			assert_int_equal(a->id, want->id);
			assert_int_equal(a->begin, want->begin < 0 ? 0 : want->begin);
			assert_int_equal(a->end, want->end < 0 ? end : want->end);
			assert_int_equal(a->state, want->begin >= 0
			                                   ? want->end >= 0 ? KYMO_ANNOTATION_COMPLETE
			                                                    : KYMO_ANNOTATION_OPEN
			                           : want->end >= 0 ? KYMO_ANNOTATION_NO_BEGIN
			                                            : KYMO_ANNOTATION_MENTIONED);
			if (want->parent == KYMO_NONE) {
				assert_int_equal(a->parent, KYMO_NO_ROW);
			} else if (a->parent !=
			           KYMO_NO_ROW) {  // a skewed clock can make a circle, which is cut
				int parent = meaning(x.slow, want->parent, want->first);
				assert_int_equal(tasks.at[a->parent].id, want->parent);
				assert_true(parent < 0 ? a->parent >= x.slow->task_count
				                       : a->parent == (uint32_t)parent);
			}
			assert_int_equal(a->descendants, count_below(&tasks, i));
			check_members(&x, &tasks, i);
			if (i % 7 == 0)
				check_gc(&x, &tasks, i);
		}
		kymo_task_table_free(&tasks);
		drop(&x);
	}
}

/* ---- regions ---- */

static void test_regions(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sample x = sample(seed);
		struct kymo_region_list list;
		assert_int_equal(
			kymo_region_list_compute(x.t, NULL, NULL, KYMO_RULES_EXACT, &list, NULL),
			KYMO_OK);
		assert_int_equal(list.count, x.slow->region_count);
		for (uint32_t i = 0; i < list.count; i++) {
			const struct kymo_region *r = &list.at[i];
			const struct slow_region *want = &x.slow->regions[i];
			const struct kymo_goroutines *gs = kymo_trace_goroutines(x.t);
			struct kymo_str type = kymo_trace_string(x.t, r->type);
			assert_int_equal(goroutine_id(x.t, r->goroutine), want->goroutine);
			assert_int_equal(r->task, want->task);
			assert_int_equal(r->begin,
			                 want->begin < 0 ? gs->begin[r->goroutine] : want->begin);
			assert_int_equal(r->end, want->end < 0 ? gs->end[r->goroutine] : want->end);
			assert_int_equal(type.len, strlen(want->type));
			assert_memory_equal(type.ptr, want->type, type.len);
			uint8_t unfinished = gs->flags[r->goroutine] & KYMO_G_ENDED
			                             ? KYMO_ANNOTATION_LEFT
			                             : KYMO_ANNOTATION_OPEN;
			assert_int_equal(r->state, want->begin < 0 ? KYMO_ANNOTATION_NO_BEGIN
			                           : want->end < 0 ? unfinished
			                                           : KYMO_ANNOTATION_COMPLETE);
		}
		kymo_region_list_free(&list);
		drop(&x);
	}
}

struct sums {
	struct kymo_times times;
	kymo_ns block;
};

static void add_overlap(struct sums *s, const struct kymo_span *span, kymo_ns from, kymo_ns to)
{
	from = span->start > from ? span->start : from;
	to = span->end < to ? span->end : to;
	if (from >= to)
		return;
	s->times.total += to - from;
	bool no_proc = span->cause == KYMO_CAUSE_STATUS && span->proc == 0;
	switch (span->state) {
	case KYMO_SPAN_RUNNING: s->times.execution += to - from; break;
	case KYMO_SPAN_RUNNABLE: s->times.sched_wait += to - from; break;
	case KYMO_SPAN_WAITING: s->block += to - from; break;
	case KYMO_SPAN_SYSCALL:
		*(no_proc ? &s->times.syscall_block : &s->times.syscall) += to - from;
		break;
	default: s->times.syscall_block += to - from; break;
	}
}

static struct sums slow_times(const struct kymo_trace *t, const struct kymo_region *r, kymo_ns from,
                              kymo_ns to)
{
	struct kymo_span_cursor c;
	struct kymo_span span;
	struct sums s = {0};
	kymo_span_seek(t, r->goroutine, 0, &c);
	while (kymo_span_next(&c, &span))
		add_overlap(&s, &span, r->begin > from ? r->begin : from, r->end < to ? r->end : to);
	return s;
}

static kymo_ns slow_range(const struct kymo_trace *t, const struct kymo_region *r,
                          kymo_string_ix name, kymo_ns from, kymo_ns to)
{
	const struct kymo_ranges *k = kymo_trace_ranges(t);
	kymo_ns sum = 0;
	from = r->begin > from ? r->begin : from;
	to = r->end < to ? r->end : to;
	for (uint32_t i = 0; i < k->count; i++) {
		kymo_ns a = k->start[i] > from ? k->start[i] : from,
			b = k->end[i] < to ? k->end[i] : to;
		if (k->name[i] == name && k->goroutine[i] == r->goroutine && a < b)
			sum += b - a;
	}
	return sum;
}

static void check_times(const struct sample *x, const struct kymo_region_list *list, kymo_ns from,
                        kymo_ns to, struct sums *all)
{
	struct kymo_filter f = KYMO_FILTER_ALL;
	struct kymo_selection sel;
	struct kymo_region_times times;
	f.from = from;
	f.to = to;
	assert_int_equal(kymo_select(x->t, &f, &sel, NULL), KYMO_OK);
	assert_int_equal(kymo_region_times_compute(x->t, &sel, KYMO_RULES_EXACT, list, &times),
	                 KYMO_OK);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct kymo_region_time *got = &times.at[i];
		const struct kymo_named_ns *named = times.named + got->named_from;
		struct sums want = slow_times(x->t, &list->at[i], from, to);
		kymo_ns block = 0;
		for (uint32_t k = 0; k < got->block_count; k++)
			block += named[k].ns;
		assert_int_equal(got->times.total, want.times.total);
		assert_int_equal(got->times.execution, want.times.execution);
		assert_int_equal(got->times.sched_wait, want.times.sched_wait);
		assert_int_equal(got->times.syscall, want.times.syscall);
		assert_int_equal(got->times.syscall_block, want.times.syscall_block);
		assert_int_equal(block, want.block);
		assert_int_equal(got->times.total, got->times.execution + got->times.sched_wait +
		                                           got->times.syscall +
		                                           got->times.syscall_block + block);
		for (uint32_t k = 0; k < got->range_count; k++)
			assert_int_equal(named[got->block_count + k].ns,
			                 slow_range(x->t, &list->at[i],
			                            named[got->block_count + k].name, from, to));
		all[i].times.total += got->times.total;
	}
	kymo_region_times_free(&times);
	kymo_selection_free(&sel);
}

/* Whole, and cut into windows: each is right, and they add up. */
static void test_region_times(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sample x = sample(seed);
		struct kymo_region_list list;
		kymo_ns end = kymo_trace_info(x.t)->duration;
		kymo_ns cuts[] = {0, (kymo_ns)(seed * 7919) % (end + 1),
		                  (kymo_ns)(seed * 104729) % (end + 1), end};
		assert_int_equal(
			kymo_region_list_compute(x.t, NULL, NULL, KYMO_RULES_EXACT, &list, NULL),
			KYMO_OK);
		struct sums *whole = calloc(list.count + 1, sizeof *whole);
		struct sums *parts = calloc(list.count + 1, sizeof *parts);
		assert_true(whole && parts);
		check_times(&x, &list, 0, end, whole);
		qsort(cuts, 4, sizeof *cuts, by_number);
		for (int i = 0; i < 3; i++)
			check_times(&x, &list, cuts[i], cuts[i + 1], parts);
		for (uint32_t i = 0; i < list.count; i++) {
			assert_int_equal(whole[i].times.total, list.at[i].end - list.at[i].begin);
			assert_int_equal(parts[i].times.total, whole[i].times.total);
		}
		free(whole);
		free(parts);
		kymo_region_list_free(&list);
		drop(&x);
	}
}

/* ---- groups, logs ---- */

static void test_groups(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sample x = sample(seed);
		struct kymo_region_list list;
		struct kymo_annotation_groups groups;
		assert_int_equal(
			kymo_region_list_compute(x.t, NULL, NULL, KYMO_RULES_EXACT, &list, NULL),
			KYMO_OK);
		assert_int_equal(kymo_region_groups_compute(x.t, &list, KYMO_RULES_EXACT, &groups),
		                 KYMO_OK);
		uint32_t sum = 0;
		for (uint32_t k = 0; k < groups.count; k++) {
			const struct kymo_annotation_group *g = &groups.at[k];
			kymo_ns lengths[MOST];
			uint32_t n = 0, count = 0;
			for (uint32_t i = 0; i < list.count; i++) {
				struct kymo_frame f =
					kymo_region_place(x.t, &list.at[i], KYMO_RULES_EXACT);
				bool mine = list.at[i].type == g->type && f.pc == g->place.pc &&
				            f.line == g->place.line && f.func == g->place.func &&
				            f.file == g->place.file;
				assert_int_equal(mine, groups.group_of[i] == k);
				count += mine;
				if (mine && list.at[i].state == KYMO_ANNOTATION_COMPLETE)
					lengths[n++] = list.at[i].end - list.at[i].begin;
			}
			assert_int_equal(g->count, count);
			assert_int_equal(g->measured, n);
			sum += count;
			if (!n)
				continue;
			qsort(lengths, n, sizeof *lengths, by_number);
			assert_int_equal(g->spread.p50, lengths[(n + 1) / 2 - 1]);
			assert_int_equal(g->spread.p90, lengths[(n * 9 + 9) / 10 - 1]);
			assert_int_equal(g->spread.max, lengths[n - 1]);
		}
		assert_int_equal(sum, list.count);
		kymo_annotation_groups_free(&groups);
		kymo_region_list_free(&list);
		drop(&x);
	}
}

static void test_logs(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sample x = sample(seed);
		const struct kymo_logs *l = kymo_trace_logs(x.t);
		kymo_ns end = kymo_trace_info(x.t)->duration;
		struct kymo_filter f = KYMO_FILTER_ALL;
		struct kymo_selection sel;
		struct kymo_log_filter want = {.text = "er"};
		uint32_t *rows, count, k = 0;
		f.from = end / 4;
		f.to = end / 4 * 3;
		assert_int_equal(kymo_select(x.t, &f, &sel, NULL), KYMO_OK);
		assert_int_equal(kymo_log_search(x.t, &sel, &want, &rows, &count, NULL), KYMO_OK);
		for (uint32_t i = 0; i < l->count; i++) {
			struct kymo_str a = kymo_trace_string(x.t, l->category[i]),
					b = kymo_trace_string(x.t, l->message[i]);
			bool has = memmem(a.ptr, a.len, "er", 2) || memmem(b.ptr, b.len, "er", 2);
			if (!has || l->time[i] < f.from || l->time[i] >= f.to)
				continue;
			assert_true(k < count);
			assert_int_equal(rows[k++], i);
		}
		assert_int_equal(k, count);
		free(rows);
		kymo_selection_free(&sel);
		drop(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks),        cmocka_unit_test(test_regions),
		cmocka_unit_test(test_region_times), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_logs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
