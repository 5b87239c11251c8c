/* SPDX-License-Identifier: MIT */
/* Reading the store: look-ups, cursors, and its end. */
#include "trace/store.h"

#include <stdlib.h>

/* The chunk of a list whose times begin at or before `at`: its number, 0 if all begin later. */
static uint32_t find_chunk(const struct chunk_index *ix, uint32_t row, kymo_ns at)
{
	uint32_t lo = ix->from[row], hi = ix->from[row + 1], first = lo;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (ix->at[mid].base <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - first;
}

/* ---- spans ---- */

void span_scan_seek(struct span_scan *s, const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at)
{
	span_scan_begin(s, t, g);
	// A chunk counts from the record before its first, so the record that holds at `at` may end the chunk before.
	for (uint32_t n = find_chunk(&t->span_chunks, g, at); n > 0; n--) {
		struct chunk c = t->span_chunks.at[t->span_chunks.from[g] + n - 1];
		struct span_scan peek;
		struct span_rec r;
		s->chunk = n;
		s->time = c.base;
		span_scan_chunk(s, c.ref, t->g.span_records.at[g] - chunk_records_before(n));
		peek = *s;
		if (span_scan_next(&peek, &r) && r.start <= at)
			return;
	}
	span_scan_begin(s, t, g);
}

void span_scan_mark(struct span_scan *s, const struct kymo_trace *t, kymo_goroutine_ix g,
                    kymo_ns at, struct span_mark mark)
{
	if (!mark.record) {
		span_scan_seek(s, t, g, at);
		return;
	}
	uint32_t record = mark.record - 1, n = chunk_of_record(record);
	uint32_t records = t->g.span_records.at[g], end = chunk_records_before(n + 1);
	end = end < records ? end : records;
	const uint32_t *p = span_at(t, g, record);
	*s = (struct span_scan){.t = t,
	                        .p = p,
	                        .end = p + (size_t)(end - record) * 2,
	                        .time = at - mark.since - p[0],
	                        .g = g,
	                        .chunk = n,
	                        .left = records - end};
}

static void to_span(const struct kymo_trace *t, kymo_goroutine_ix g, const struct span_rec *r,
                    bool first, struct kymo_span *out)
{
	*out = (struct kymo_span){.start = r->start};
	switch (r->kind) {
	case REC_RUNNING:
		out->state = KYMO_SPAN_RUNNING;
		out->cause = KYMO_CAUSE_STARTED;
		out->proc = r->aux;
		break;
	case REC_WOKEN:
		out->state = KYMO_SPAN_RUNNABLE;
		out->cause = KYMO_CAUSE_WOKEN;
		out->proc = r->aux;
		out->waker_stack = r->stack;
		break;
	case REC_STOPPED:
		out->state = KYMO_SPAN_RUNNABLE;
		out->cause = KYMO_CAUSE_STOPPED;
		out->reason = t->reasons.at[r->aux];
		out->stack = r->stack;
		break;
	case REC_WAITING:
		out->state = KYMO_SPAN_WAITING;
		out->cause = KYMO_CAUSE_STOPPED;
		out->reason = t->reasons.at[r->aux];
		out->stack = r->stack;
		break;
	case REC_SYSCALL:
		out->state = KYMO_SPAN_SYSCALL;
		out->cause = KYMO_CAUSE_SYSCALL;
		out->proc = r->aux;
		out->stack = r->stack;
		break;
	case REC_CREATED:
		out->state = r->stack ? KYMO_SPAN_WAITING : KYMO_SPAN_RUNNABLE;
		out->cause = KYMO_CAUSE_CREATED;
		out->proc = r->aux;
		out->waker_stack = t->g.create_stack.at[g];
		break;
	default:
		out->state = r->aux == MISC_SYSCALL_EXIT ? KYMO_SPAN_RUNNABLE
		                                         : KYMO_SPAN_SYSCALL_BLOCKED;
		out->cause = r->aux == MISC_SYSCALL_EXIT ? KYMO_CAUSE_SYSCALL_EXIT
		                                         : KYMO_CAUSE_PROC_LOST;
		break;
	}
	if (first && t->g.flags.at[g] & KYMO_G_EXISTED)
		out->cause = KYMO_CAUSE_STATUS;
}

/* The public cursor carries a scan: the two have the same fields in another form. */
_Static_assert(sizeof(struct span_scan) <= sizeof(((struct kymo_span_cursor *)0)->opaque),
               "a scan fits into a cursor");

void kymo_span_seek(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at,
                    struct kymo_span_cursor *c)
{
	struct span_scan *s = (struct span_scan *)c->opaque;
	struct span_rec r;
	c->more = false;
	if (g == 0 || g >= t->goroutines.count)
		return;
	span_scan_seek(s, t, g, at);
	bool first = s->chunk == 0;  // then its first record is the goroutine's first
	if (!span_scan_next(s, &r))
		return;
	to_span(t, g, &r, first, &c->next);
	c->more = true;
	struct kymo_span_cursor here = *c;
	struct kymo_span span;
	// Forward to the span that holds at `at`: at most one chunk, or two.
	while (kymo_span_next(c, &span)) {
		if (span.end > at)
			break;
		here = *c;
	}
	*c = here;
}

bool kymo_span_next(struct kymo_span_cursor *c, struct kymo_span *out)
{
	if (!c->more)
		return false;
	struct span_scan *s = (struct span_scan *)c->opaque;
	struct span_rec r;
	*out = c->next;
	if (span_scan_next(s, &r)) {
		out->end = r.start;
		to_span(s->t, s->g, &r, false, &c->next);
	} else {
		out->end = s->t->g.end.at[s->g];
		c->more = false;
	}
	return true;
}

/* ---- runs ---- */

static void run_chunk(struct kymo_run_cursor *c, uint32_t n, uint32_t left)
{
	c->chunk = n;
	c->pos = 0;
	c->left = left;
}

static const uint32_t *run_at(const struct kymo_run_cursor *c)
{
	const struct kymo_trace *t = c->t;
	return (const uint32_t *)arena_at(
		       &t->runs, t->run_chunks.at[t->run_chunks.from[c->p] + c->chunk].ref) +
	       (size_t)c->pos * 3;
}

/* The record under the cursor; moves on. False at the end. */
static bool run_record(struct kymo_run_cursor *c, uint32_t rec[3])
{
	if (!c->left)
		return false;
	if (c->pos == chunk_records(c->chunk))
		run_chunk(c, c->chunk + 1, c->left);
	const uint32_t *w = run_at(c);
	rec[0] = w[0];
	rec[1] = w[1];
	rec[2] = w[2];
	c->pos++;
	c->left--;
	return true;
}

bool kymo_run_next(struct kymo_run_cursor *c, struct kymo_run *out)
{
	uint32_t w[3];
	for (;;) {
		if (!run_record(c, w))
			return false;
		if (w[2] & RUN_ROW)
			break;
		c->time += (kymo_ns)w[1] << 32;
	}
	c->time += w[0];
	*out = (struct kymo_run){c->time, c->time + w[1], w[2] & RUN_ROW, (w[2] & RUN_SYSCALL) != 0};
	// Pieces of one run longer than a record can say.
	while (w[1] == UINT32_MAX && c->left) {
		struct kymo_run_cursor peek = *c;
		if (!run_record(&peek, w) || !(w[2] & RUN_CONTINUES))
			break;
		*c = peek;
		c->time += w[0];
		out->end = c->time + w[1];
	}
	return true;
}

/* Past the runs of this chunk that end by `at`, as long as each is one record. */
static void skip_plain_runs(struct kymo_run_cursor *c, kymo_ns at)
{
	const uint32_t *w = run_at(c);
	uint32_t n = chunk_records(c->chunk);
	for (; c->left && c->pos < n; w += 3) {
		kymo_ns start = c->time + w[0];
		if (!(w[2] & RUN_ROW) || w[1] == UINT32_MAX || start + w[1] > at)
			return;
		c->time = start;
		c->pos++;
		c->left--;
	}
}

void kymo_run_seek(const struct kymo_trace *t, kymo_proc_ix p, kymo_ns at, struct kymo_run_cursor *c)
{
	*c = (struct kymo_run_cursor){.t = t, .p = p};
	if (p == 0 || p >= t->procs.count || t->proc_records.at[p] == 0)
		return;
	// The last chunk whose first run begins by then; only the run before that one could reach further, and ends there.
	uint32_t n = find_chunk(&t->run_chunks, p, at);
	for (n = n ? n - 1 : 0;; n--) {
		run_chunk(c, n, t->proc_records.at[p] - chunk_records_before(n));
		c->time = t->run_chunks.at[t->run_chunks.from[p] + n].base;
		const uint32_t *w = run_at(c);
		if (n == 0 || ((w[2] & RUN_ROW) && !(w[2] & RUN_CONTINUES) && c->time + w[0] <= at))
			break;
	}
	skip_plain_runs(c, at);
	struct kymo_run_cursor here = *c;
	struct kymo_run r;
	while (kymo_run_next(c, &r)) {
		if (r.end > at)
			break;
		here = *c;
	}
	*c = here;
}

kymo_goroutine_ix kymo_trace_goroutine_on_proc(const struct kymo_trace *t, kymo_proc_ix p, kymo_ns at)
{
	struct kymo_run_cursor c;
	struct kymo_run r;
	kymo_run_seek(t, p, at, &c);
	return kymo_run_next(&c, &r) && r.start <= at && at < r.end ? r.goroutine : 0;
}

kymo_thread_ix kymo_trace_thread_of_proc(const struct kymo_trace *t, kymo_proc_ix p, kymo_ns at)
{
	if (p == 0 || p >= t->procs.count)
		return 0;
	uint32_t lo = t->proc_bindings[p], hi = t->proc_bindings[p + 1], first = lo;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (t->bindings.start[t->binding_by_proc[mid]] <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == first)
		return 0;
	uint32_t row = t->binding_by_proc[lo - 1];
	return at < t->bindings.end[row] ? t->bindings.thread[row] : 0;
}

/* ---- tables ---- */

const struct kymo_trace_info *kymo_trace_info(const struct kymo_trace *t)
{
	return &t->info;
}

struct kymo_str kymo_trace_string(const struct kymo_trace *t, kymo_string_ix ix)
{
	return ix < t->tables.strings.count ? t->tables.strings.at[ix] : (struct kymo_str){"", 0};
}

const struct kymo_frame *kymo_trace_stack(const struct kymo_trace *t, kymo_stack_ix ix, size_t *count)
{
	if (ix >= t->tables.stacks.count)
		ix = 0;
	struct stack_span s = t->tables.stacks.at[ix];
	*count = s.count;
	return s.count ? &t->tables.frames.at[s.from] : NULL;
}

uint32_t kymo_trace_string_count(const struct kymo_trace *t)
{
	return (uint32_t)t->tables.strings.count;
}

uint32_t kymo_trace_stack_count(const struct kymo_trace *t)
{
	return (uint32_t)t->tables.stacks.count;
}

kymo_goroutine_ix kymo_trace_find_goroutine(const struct kymo_trace *t, uint64_t id)
{
	return idmap_peek(&t->row_of_id, id);
}

#define TABLE(name, field) \
	const struct kymo_##name *kymo_trace_##name(const struct kymo_trace *t) \
	{ \
		return &t->field; \
	}
TABLE(goroutines, goroutines)
TABLE(procs, procs)
TABLE(threads, threads)
TABLE(bindings, bindings)
TABLE(ranges, ranges)
TABLE(tasks, tasks)
TABLE(regions, regions)
TABLE(logs, logs)
TABLE(labels, labels)
TABLE(samples, samples)

const struct kymo_series *kymo_trace_metric(const struct kymo_trace *t, enum kymo_metric metric)
{
	return &t->series[metric];
}

/* ---- the end ---- */

static void free_chunks(struct chunk_index *ix)
{
	free(ix->from);
	free(ix->at);
}

void kymo_trace_free(struct kymo_trace *t)
{
	if (!t)
		return;
	for (int i = 0; i < KEPT_COUNT; i++)
		kept_drop(&t->kept[i]);
	tables_free(&t->tables);
	arena_free(&t->spans);
	arena_free(&t->runs);
	free_chunks(&t->span_chunks);
	free_chunks(&t->run_chunks);
	vec_free(&t->g.id);
	vec_free(&t->g.begin);
	vec_free(&t->g.end);
	vec_free(&t->g.seen);
	vec_free(&t->g.name);
	vec_free(&t->g.start_stack);
	vec_free(&t->g.create_stack);
	vec_free(&t->g.creator);
	vec_free(&t->g.span_records);
	vec_free(&t->g.flags);
	vec_free(&t->g.first_chunk);
	idmap_free(&t->row_of_id);
	vec_free(&t->reasons);
	vec_free(&t->proc_id);
	vec_free(&t->proc_records);
	vec_free(&t->thread_id);
	const void *const columns[] = {
		t->bindings.start,
		t->bindings.end,
		t->bindings.thread,
		t->bindings.proc,
		t->bindings.goroutine,
		t->bindings.by_thread,
		t->binding_by_proc,
		t->proc_bindings,
		t->ranges.start,
		t->ranges.end,
		t->ranges.kind,
		t->ranges.flags,
		t->ranges.name,
		t->ranges.goroutine,
		t->ranges.end_goroutine,
		t->ranges.proc,
		t->ranges.stack,
		t->ranges.swept_bytes,
		t->ranges.reclaimed_bytes,
		t->range_mark,
	};
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		free((void *)(uintptr_t)columns[i]);
	vec_free(&t->task_id);
	vec_free(&t->task_parent);
	vec_free(&t->task_begin);
	vec_free(&t->task_end);
	vec_free(&t->task_type);
	vec_free(&t->task_begin_g);
	vec_free(&t->task_end_g);
	vec_free(&t->task_begin_stack);
	vec_free(&t->task_end_stack);
	vec_free(&t->task_flags);
	vec_free(&t->region_task);
	vec_free(&t->region_begin);
	vec_free(&t->region_end);
	vec_free(&t->region_type);
	vec_free(&t->region_g);
	vec_free(&t->region_begin_stack);
	vec_free(&t->region_end_stack);
	vec_free(&t->region_depth);
	vec_free(&t->region_flags);
	vec_free(&t->log_time);
	vec_free(&t->log_task);
	vec_free(&t->log_g);
	vec_free(&t->log_category);
	vec_free(&t->log_message);
	vec_free(&t->log_stack);
	vec_free(&t->label_time);
	vec_free(&t->label_g);
	vec_free(&t->label_text);
	vec_free(&t->label_mark);
	vec_free(&t->sample_time);
	vec_free(&t->sample_g);
	vec_free(&t->sample_p);
	vec_free(&t->sample_m);
	vec_free(&t->sample_stack);
	for (int m = 0; m < KYMO_METRIC_COUNT; m++) {
		vec_free(&t->metric[m].time);
		vec_free(&t->metric[m].value);
	}
	free(t);
}
