/* SPDX-License-Identifier: MIT */
/* The other tables: what threads had, ranges, tasks, regions, logs, labels, samples, metrics. */
#include "trace/write.h"

static void name(struct writer *w, const struct change *c)
{
	uint32_t row = writer_row(w, c->g);
	w->t->g.name.at[row] = c->p;
	w->t->g.start_stack.at[row] = c->stack;
}

void writer_close_binding(struct writer *w, struct held *h, uint32_t thread, kymo_ns end)
{
	if ((h->p || h->row) && end > h->since)
		WRITE(w, &w->bindings, ((struct binding_row){h->since, end, thread, h->p, h->row}));
	h->p = h->row = 0;
}

static void bind(struct writer *w, const struct change *c)
{
	uint32_t row = writer_row(w, c->stack);
	WRITER_SLOT(w, &w->threads, c->g, (struct held){0});
	if (w->failed != KYMO_OK)
		return;
	struct held *h = &w->threads.at[c->g];
	if (c->p == h->p && row == h->row)
		return;
	writer_close_binding(w, h, c->g, c->at);
	*h = (struct held){c->at, c->p, row};
}

/*
 * Where in its records the goroutine of a slot is. Not known, and so searched for, where one record does not say all, and
 * where it is later than the time, as it can be of what was under way when the trace began.
 */
static struct span_mark mark_of(const struct writer *w, uint32_t g, kymo_ns at)
{
	static const struct span_mark unknown = {0};
	if (g >= w->lives.count || !w->lives.at[g].chunks)
		return unknown;
	const struct life *s = &w->lives.at[g];
	uint32_t used = chunk_records(s->chunks - 1) - (uint32_t)((s->wend - s->w) / 2);
	uint64_t since = (uint64_t)(at - s->last);
	if (!used || since >> 32 || (used > 1 && (s->w[-3] & 7) == REC_ESCAPE))
		return unknown;
	return (struct span_mark){chunk_records_before(s->chunks - 1) + used, (uint32_t)since};
}

static void range_begin(struct writer *w, const struct change *c, const struct change_more *more)
{
	uint32_t aux = CHANGE_AUX(c->what);
	struct range_row r = {
		.start = c->at,
		.name = (kymo_string_ix)more->a,
		.goroutine = writer_row(w, c->g),
		.proc = c->p,
		.stack = c->stack,
		.mark = mark_of(w, c->g, c->at),
		.kind = (uint8_t)(aux >> 1),
		.flags = (uint8_t)(KYMO_RANGE_NO_END | (aux & 1 ? KYMO_RANGE_NO_BEGIN : 0)),
	};
	WRITE(w, &w->ranges, r);
}

static void range_end(struct writer *w, const struct change *c, const struct change_more *more)
{
	struct range_row *r = &w->ranges.at[c->p];
	r->end = c->at;
	r->end_goroutine = writer_row(w, c->g);
	r->swept = more->a;
	r->reclaimed = more->b;
	r->flags &= (uint8_t)~KYMO_RANGE_NO_END;
}

static void metric(struct writer *w, const struct change *c)
{
	WRITE(w, &w->t->metric[c->g].time, c->at);
	WRITE(w, &w->t->metric[c->g].value, c->p | (uint64_t)c->stack << 32);
}

static void label(struct writer *w, const struct change *c)
{
	WRITE(w, &w->t->label_time, c->at);
	WRITE(w, &w->t->label_g, writer_row(w, c->g));
	WRITE(w, &w->t->label_text, c->p);
	WRITE(w, &w->t->label_mark, mark_of(w, c->g, c->at));
}

static void task(struct writer *w, const struct change *c, const struct change_more *more, bool begin)
{
	struct kymo_trace *t = w->t;
	uint32_t row = writer_row(w, c->g);
	WRITE(w, &t->task_id, more->a);
	WRITE(w, &t->task_parent, more->b);
	WRITE(w, &t->task_begin, begin ? c->at : 0);
	WRITE(w, &t->task_end, begin ? 0 : c->at);
	WRITE(w, &t->task_type, c->p);
	WRITE(w, &t->task_begin_g, begin ? row : 0);
	WRITE(w, &t->task_end_g, begin ? 0 : row);
	WRITE(w, &t->task_begin_stack, begin ? c->stack : 0);
	WRITE(w, &t->task_end_stack, begin ? 0 : c->stack);
	WRITE(w, &t->task_flags, begin ? KYMO_TASK_BEGUN : KYMO_TASK_ENDED);
}

static void task_end(struct writer *w, const struct change *c)
{
	struct kymo_trace *t = w->t;
	t->task_end.at[c->p] = c->at;
	t->task_end_g.at[c->p] = writer_row(w, c->g);
	t->task_end_stack.at[c->p] = c->stack;
	t->task_flags.at[c->p] |= KYMO_TASK_ENDED;
}

static void region(struct writer *w, const struct change *c, const struct change_more *more,
                   bool begin)
{
	struct kymo_trace *t = w->t;
	uint32_t row = writer_row(w, c->g);
	uint16_t depth = 0;
	if (begin && more->b < t->region_depth.count) {
		depth = t->region_depth.at[more->b];
		depth = (uint16_t)(depth + (depth < UINT16_MAX));
	}
	WRITE(w, &t->region_task, more->a);
	WRITE(w, &t->region_begin, begin ? c->at : t->g.begin.at[row]);
	WRITE(w, &t->region_end, begin ? -1 : c->at);
	WRITE(w, &t->region_type, c->p);
	WRITE(w, &t->region_g, row);
	WRITE(w, &t->region_begin_stack, begin ? c->stack : 0);
	WRITE(w, &t->region_end_stack, begin ? 0 : c->stack);
	WRITE(w, &t->region_depth, depth);
	WRITE(w, &t->region_flags, begin ? KYMO_REGION_BEGUN : KYMO_REGION_ENDED);
}

static void region_end(struct writer *w, const struct change *c)
{
	w->t->region_end.at[c->p] = c->at;
	w->t->region_end_stack.at[c->p] = c->stack;
	w->t->region_flags.at[c->p] |= KYMO_REGION_ENDED;
}

static void log_line(struct writer *w, const struct change *c, const struct change_more *more)
{
	WRITE(w, &w->t->log_time, c->at);
	WRITE(w, &w->t->log_task, more->a);
	WRITE(w, &w->t->log_g, writer_row(w, c->g));
	WRITE(w, &w->t->log_category, c->p);
	WRITE(w, &w->t->log_message, (kymo_string_ix)more->b);
	WRITE(w, &w->t->log_stack, c->stack);
}

static void sample(struct writer *w, const struct change *c, const struct change_more *more)
{
	WRITE(w, &w->t->sample_time, c->at);
	WRITE(w, &w->t->sample_g, writer_row(w, c->g));
	WRITE(w, &w->t->sample_p, c->p);
	WRITE(w, &w->t->sample_m, (uint32_t)more->a);
	WRITE(w, &w->t->sample_stack, c->stack);
}

void writer_other(struct writer *w, const struct change *c)
{
	const struct change_more *more = (const void *)(c + 1);
	switch ((enum change_kind)CHANGE_KIND(c->what)) {
	case CHANGE_NAME: name(w, c); break;
	case CHANGE_BIND: bind(w, c); break;
	case CHANGE_METRIC: metric(w, c); break;
	case CHANGE_LABEL: label(w, c); break;
	case CHANGE_TASK_END: task_end(w, c); break;
	case CHANGE_REGION_END: region_end(w, c); break;
	case CHANGE_RANGE_BEGIN: range_begin(w, c, more); break;
	case CHANGE_RANGE_END: range_end(w, c, more); break;
	case CHANGE_TASK_BEGIN: task(w, c, more, true); break;
	case CHANGE_TASK_LOST: task(w, c, more, false); break;
	case CHANGE_REGION_BEGIN: region(w, c, more, true); break;
	case CHANGE_REGION_LOST: region(w, c, more, false); break;
	case CHANGE_LOG: log_line(w, c, more); break;
	case CHANGE_SAMPLE: sample(w, c, more); break;
	}
}
