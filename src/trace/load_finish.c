/* SPDX-License-Identifier: MIT */
/* The end of loading: what is open ends with the trace, short tables are sorted, indices built, columns published. */
#include <stdlib.h>
#include <string.h>

#include "trace/load.h"

bool load_begin(struct loader *k)
{
	return vec_push(&k->t->reasons, 0) && vec_push(&k->reason_code, 0) &&
	       writer_begin(&k->writer, k->t) &&
	       changes_begin(&k->changes, writer_apply, &k->writer);
}

/*
 * A stable sort of rows that are nearly in order, as they nearly always are: those behind a later one are taken out,
 * sorted, and merged in again. Without memory for that, a plain sort.
 */
static void sort_rows(void *at, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *row = at, *last = at;  // of those that stay
	size_t late = 0;
	for (size_t i = 1; i < count; i++)
		if (compare(last, row + i * size) > 0)
			late++;
		else
			last = row + i * size;
	char *side = late ? malloc(late * size) : NULL;
	if (!side) {
		if (late)
			qsort(at, count, size, compare);
		return;
	}
	size_t kept = 1, out = 0;
	for (size_t i = 1; i < count; i++)
		if (compare(row + (kept - 1) * size, row + i * size) > 0)
			memcpy(side + out++ * size, row + i * size, size);
		else
			memmove(row + kept++ * size, row + i * size, size);
	qsort(side, late, size, compare);
	// From the end. Of equal ones those that stayed were first.
	for (size_t to = count; late > 0; to--) {
		bool from_side = kept == 0 ||
		                 compare(row + (kept - 1) * size, side + (late - 1) * size) <= 0;
		const char *from = from_side ? side + --late * size : row + --kept * size;
		memmove(row + (to - 1) * size, from, size);
	}
	free(side);
}

/* Stable counting sort of the chunk lists by row; the first chunk of each proc is listed too, of goroutines not. */
static bool index_chunks(struct chunk_index *ix, const struct chunk_of *all, size_t count, size_t rows)
{
	ix->from = calloc(rows + 2, sizeof *ix->from);
	ix->at = malloc((count + 1) * sizeof *ix->at);
	if (!ix->from || !ix->at)
		return false;
	for (size_t i = 0; i < count; i++)
		ix->from[all[i].row + 2]++;
	for (size_t r = 2; r < rows + 2; r++)
		ix->from[r] += ix->from[r - 1];
	for (size_t i = 0; i < count; i++)
		ix->at[ix->from[all[i].row + 1]++] = all[i].chunk;
	return true;
}

static bool publish_goroutines(struct kymo_trace *t)
{
	struct goroutine_columns *c = &t->g;
	vec_trim(&c->id);
	vec_trim(&c->begin);
	vec_trim(&c->end);
	vec_trim(&c->seen);
	vec_trim(&c->name);
	vec_trim(&c->start_stack);
	vec_trim(&c->create_stack);
	vec_trim(&c->creator);
	vec_trim(&c->span_records);
	vec_trim(&c->flags);
	vec_trim(&c->first_chunk);
	t->goroutines = (struct kymo_goroutines){
		.count = (uint32_t)c->id.count,
		.id = c->id.at,
		.begin = c->begin.at,
		.end = c->end.at,
		.seen = c->seen.at,
		.name = c->name.at,
		.start_stack = c->start_stack.at,
		.create_stack = c->create_stack.at,
		.creator = c->creator.at,
		.span_records = c->span_records.at,
		.flags = c->flags.at,
	};
	for (uint32_t g = 1; g < t->goroutines.count; g++) {
		uint32_t *v = idmap_put(&t->row_of_id, c->id.at[g]);
		if (!v)
			return false;
		t->ids_repeat |= *v != 0;
		*v = g;
	}
	return true;
}

static bool publish_procs_and_threads(struct loader *k)
{
	struct kymo_trace *t = k->t;
	struct order *o = k->o;
	for (size_t i = 0; i < o->ps.count; i++)
		if (!vec_push(&t->proc_id, o->ps.at[i].id) ||
		    !vec_push(&t->proc_records,
		              i < k->writer.procs.count ? k->writer.procs.at[i].records : 0))
			return false;
	for (size_t i = 0; i < o->ms.count; i++)
		if (!vec_push(&t->thread_id, o->ms.at[i].id))
			return false;
	t->procs = (struct kymo_procs){(uint32_t)t->proc_id.count, t->proc_id.at, t->proc_records.at};
	t->threads = (struct kymo_threads){(uint32_t)t->thread_id.count, t->thread_id.at};
	return true;
}

static int binding_by_thread(const void *a, const void *b)
{
	const struct binding_row *x = a, *y = b;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static int binding_by_proc(const void *a, const void *b)
{
	const struct binding_row *x = a, *y = b;
	if (x->proc != y->proc)
		return x->proc < y->proc ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool publish_bindings(struct loader *k)
{
	struct kymo_trace *t = k->t;
	size_t n = k->writer.bindings.count;
	if (n >= UINT32_MAX)
		return false;
	kymo_ns *start = malloc((n + 1) * sizeof *start), *end = malloc((n + 1) * sizeof *end);
	uint32_t *thread = malloc((n + 1) * 4), *proc = malloc((n + 1) * 4), *g = malloc((n + 1) * 4);
	uint32_t *by_thread = calloc((size_t)t->threads.count + 1, 4);
	t->bindings = (struct kymo_bindings){(uint32_t)n, start, end, thread, proc, g, by_thread};
	t->proc_bindings = calloc((size_t)t->procs.count + 1, 4);
	t->binding_by_proc = malloc((n + 1) * 4);
	if (!start || !end || !thread || !proc || !g || !by_thread || !t->proc_bindings ||
	    !t->binding_by_proc)
		return false;
	sort_rows(k->writer.bindings.at, n, sizeof *k->writer.bindings.at, binding_by_thread);
	for (size_t i = 0; i < n; i++) {
		struct binding_row b = k->writer.bindings.at[i];
		start[i] = b.start;
		end[i] = b.end;
		thread[i] = b.thread;
		proc[i] = b.proc;
		g[i] = b.goroutine;
		by_thread[b.thread + 1]++;
	}
	for (uint32_t i = 1; i <= t->threads.count; i++)
		by_thread[i] += by_thread[i - 1];
	// The same rows once more by proc: the row number rides in `goroutine`.
	for (size_t i = 0; i < n; i++)
		k->writer.bindings.at[i].goroutine = (uint32_t)i;
	sort_rows(k->writer.bindings.at, n, sizeof *k->writer.bindings.at, binding_by_proc);
	for (size_t i = 0; i < n; i++) {
		t->binding_by_proc[i] = k->writer.bindings.at[i].goroutine;
		if (k->writer.bindings.at[i].proc + 1 <= t->procs.count)
			t->proc_bindings[k->writer.bindings.at[i].proc + 1]++;
	}
	for (uint32_t i = 1; i <= t->procs.count; i++)
		t->proc_bindings[i] += t->proc_bindings[i - 1];
	return true;
}

static int range_by_start(const void *a, const void *b)
{
	const struct range_row *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

static bool publish_ranges(struct loader *k, kymo_ns end)
{
	struct kymo_trace *t = k->t;
	size_t n = k->writer.ranges.count;
	for (size_t i = 0; i < n; i++) {
		struct range_row *r = &k->writer.ranges.at[i];
		if (r->flags & KYMO_RANGE_NO_END) {
			bool own = r->kind == KYMO_RANGE_STW || r->kind == KYMO_RANGE_ASSIST;
			r->end = own && r->goroutine ? t->g.end.at[r->goroutine] : end;
		}
	}
	sort_rows(k->writer.ranges.at, n, sizeof *k->writer.ranges.at, range_by_start);
#define COLUMN(type, field) \
	type *field = malloc((n + 1) * sizeof *field); \
	for (size_t i = 0; field && i < n; i++) \
	field[i] = k->writer.ranges.at[i].field
	COLUMN(kymo_ns, start);
	kymo_ns *end_ = malloc((n + 1) * sizeof *end_);
	for (size_t i = 0; end_ && i < n; i++)
		end_[i] = k->writer.ranges.at[i].end;
	COLUMN(uint8_t, kind);
	COLUMN(uint8_t, flags);
	COLUMN(kymo_string_ix, name);
	COLUMN(uint32_t, goroutine);
	COLUMN(uint32_t, end_goroutine);
	COLUMN(uint32_t, proc);
	COLUMN(uint32_t, stack);
	COLUMN(uint64_t, swept);
	COLUMN(uint64_t, reclaimed);
	COLUMN(struct span_mark, mark);
#undef COLUMN
	t->ranges = (struct kymo_ranges){(uint32_t)n, start,         end_, kind,  flags, name,
	                                 goroutine,   end_goroutine, proc, stack, swept, reclaimed};
	t->range_mark = mark;
	return start && end_ && kind && flags && name && goroutine && end_goroutine && proc &&
	       stack && swept && reclaimed && mark;
}

static void publish_annotations(struct kymo_trace *t, kymo_ns end)
{
	for (size_t i = 0; i < t->task_id.count; i++)
		if (!(t->task_flags.at[i] & KYMO_TASK_ENDED))
			t->task_end.at[i] = end;
	for (size_t i = 0; i < t->region_task.count; i++)
		if (!(t->region_flags.at[i] & KYMO_REGION_ENDED))
			t->region_end.at[i] = t->g.end.at[t->region_g.at[i]];
	t->tasks = (struct kymo_tasks){
		(uint32_t)t->task_id.count, t->task_id.at,    t->task_parent.at,
		t->task_begin.at,           t->task_end.at,   t->task_type.at,
		t->task_begin_g.at,         t->task_end_g.at, t->task_begin_stack.at,
		t->task_end_stack.at,       t->task_flags.at,
	};
	t->regions = (struct kymo_regions){
		(uint32_t)t->region_task.count,
		t->region_task.at,
		t->region_begin.at,
		t->region_end.at,
		t->region_type.at,
		t->region_g.at,
		t->region_begin_stack.at,
		t->region_end_stack.at,
		t->region_depth.at,
		t->region_flags.at,
	};
	t->logs = (struct kymo_logs){
		(uint32_t)t->log_time.count, t->log_time.at,    t->log_task.at, t->log_g.at,
		t->log_category.at,          t->log_message.at, t->log_stack.at};
	t->labels = (struct kymo_labels){(uint32_t)t->label_time.count, t->label_time.at,
	                                 t->label_g.at, t->label_text.at};
	t->samples = (struct kymo_samples){(uint32_t)t->sample_time.count,
	                                   t->sample_time.at,
	                                   t->sample_g.at,
	                                   t->sample_p.at,
	                                   t->sample_m.at,
	                                   t->sample_stack.at};
	for (int m = 0; m < KYMO_METRIC_COUNT; m++)
		t->series[m] = (struct kymo_series){(uint32_t)t->metric[m].time.count,
		                                    t->metric[m].time.at, t->metric[m].value.at};
}

static bool too_many_rows(const struct kymo_trace *t)
{
	size_t most = t->task_id.count;
	const size_t counts[] = {t->region_task.count,    t->log_time.count,
	                         t->label_time.count,     t->sample_time.count,
	                         t->metric[0].time.count, t->metric[1].time.count,
	                         t->metric[2].time.count};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		most = counts[i] > most ? counts[i] : most;
	return most >= UINT32_MAX;
}

bool load_finish(struct loader *k)
{
	struct kymo_trace *t = k->t;
	struct order *o = k->o;
	kymo_ns end = o->last - k->base;
	if (too_many_rows(t))
		return false;
	t->info.version = o->version;
	t->info.bytes = o->len;
	t->info.start = k->base;
	t->info.duration = end;
	if (k->failed != KYMO_OK || writer_end(&k->writer, end) != KYMO_OK ||
	    !publish_procs_and_threads(k) ||
	    !index_chunks(&t->span_chunks, k->writer.span_chunks.at, k->writer.span_chunks.count,
	                  t->g.id.count) ||
	    !index_chunks(&t->run_chunks, k->writer.run_chunks.at, k->writer.run_chunks.count,
	                  t->procs.count) ||
	    !publish_goroutines(t) || !publish_bindings(k) || !publish_ranges(k, end))
		return false;
	publish_annotations(t, end);
	tables_seal(&o->tables);
	t->tables = o->tables;
	o->tables = (struct tables){0};
	t->info.memory_bytes = arena_bytes(&t->spans) + arena_bytes(&t->runs) +
	                       tables_bytes(&t->tables) + t->g.id.count * 57 +
	                       t->bindings.count * 32 + t->ranges.count * 66;
	return true;
}
