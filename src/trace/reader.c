/* SPDX-License-Identifier: MIT */
/* The public stream of events: a consumer of order_run.h that fills a small buffer. */
#include <stdlib.h>

#include "base/error.h"
#include "trace/order.h"
#include "wire/spec.h"

#define BUFFER 256u
#define MOST_PER_STEP 4u  // one wire event makes at most three events

struct kymo_reader {
	struct order o;
	struct kymo_event buf[BUFFER];
	size_t count, pos;
	size_t step_from;  // count before the wire event at hand
	bool in_generation, finished;
};

#define SINK struct kymo_reader

static inline bool on_full(const SINK *k)
{
	return k->count + MOST_PER_STEP > BUFFER;
}

static inline void on_step(SINK *k)
{
	k->step_from = k->count;
}

/* Go decodes one event ahead, and drops what the event before made. Only output that must equal Go's does so. */
static inline void on_cut(SINK *k)
{
	if (k->o.reader.go_frames)
		k->count = k->step_from;
}

static inline struct kymo_event *push(SINK *k, const struct order *o, struct ctx x, kymo_ns t,
                                      enum kymo_event_kind kind, kymo_stack_ix stack)
{
	struct kymo_event *e = &k->buf[k->count++];
	e->time = t;
	e->kind = (uint8_t)kind;
	e->wire_type = o->wire_type;
	e->thread = x.m ? o->ms.at[x.m].id : KYMO_NONE;
	e->proc = x.p ? o->ps.at[x.p].id : KYMO_NONE;
	e->goroutine = x.g ? o->gs.at[x.g].id : KYMO_NONE;
	e->stack = stack;
	return e;
}

static inline void on_g(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t g, int from,
                        int to, kymo_string_ix reason, kymo_stack_ix tstack, kymo_stack_ix stack)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_STATE_TRANSITION, stack);
	e->u.transition.resource = KYMO_RESOURCE_GOROUTINE;
	e->u.transition.from = (uint8_t)from;
	e->u.transition.to = (uint8_t)to;
	e->u.transition.id = o->gs.at[g].id;
	e->u.transition.reason = reason;
	e->u.transition.stack = tstack;
}

static inline void on_p(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t p, int from,
                        int to)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_STATE_TRANSITION, 0);
	e->u.transition.resource = KYMO_RESOURCE_PROC;
	e->u.transition.from = (uint8_t)from;
	e->u.transition.to = (uint8_t)to;
	e->u.transition.id = o->ps.at[p].id;
	e->u.transition.reason = 0;
	e->u.transition.stack = 0;
}

static inline void on_bind(SINK *k, struct order *o, uint32_t m, kymo_ns t)
{
	(void)k, (void)o, (void)m, (void)t;
}

static void on_range(SINK *k, struct order *o, struct ctx x, kymo_ns t, int kind, int phase,
                     kymo_string_ix name, uint32_t g, uint32_t p, uint32_t *user,
                     kymo_stack_ix stack, uint64_t swept, uint64_t reclaimed)
{
	(void)user;
	enum kymo_event_kind ev = phase == PHASE_BEGIN ? KYMO_EV_RANGE_BEGIN
	                          : phase == PHASE_END ? KYMO_EV_RANGE_END
	                                               : KYMO_EV_RANGE_ACTIVE;
	struct kymo_event *e = push(k, o, x, t, ev, stack);
	e->u.range.name = name;
	e->u.range.scope = g   ? KYMO_RESOURCE_GOROUTINE
	                   : p ? KYMO_RESOURCE_PROC
	                       : KYMO_RESOURCE_NONE;
	e->u.range.scope_id = g ? o->gs.at[g].id : p ? o->ps.at[p].id : KYMO_NONE;
	e->u.range.has_swept = kind == KYMO_RANGE_SWEEP && ev == KYMO_EV_RANGE_END;
	e->u.range.swept_bytes = swept;
	e->u.range.reclaimed_bytes = reclaimed;
}

static void on_metric(SINK *k, struct order *o, struct ctx x, kymo_ns t, int metric, uint64_t value,
                      kymo_stack_ix stack)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_METRIC, stack);
	e->u.metric.name = metric == KYMO_METRIC_GOMAXPROCS  ? o->name_gomaxprocs
	                   : metric == KYMO_METRIC_HEAP_LIVE ? o->name_heap_live
	                                                     : o->name_heap_goal;
	e->u.metric.value = value;
}

static void on_label(SINK *k, struct order *o, struct ctx x, kymo_ns t, kymo_string_ix label)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_LABEL, 0);
	e->u.label.label = label;
	e->u.label.goroutine = e->goroutine;
}

static void on_task(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t id,
                    uint64_t parent, kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	(void)user;
	struct kymo_event *e = push(k, o, x, t, begin ? KYMO_EV_TASK_BEGIN : KYMO_EV_TASK_END, stack);
	e->u.task.id = id;
	e->u.task.parent = parent;
	e->u.task.type = name;
}

static void on_region(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t task,
                      kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	(void)user;
	struct kymo_event *e =
		push(k, o, x, t, begin ? KYMO_EV_REGION_BEGIN : KYMO_EV_REGION_END, stack);
	e->u.region.task = task;
	e->u.region.type = name;
}

static void on_log(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint64_t task,
                   kymo_string_ix category, kymo_string_ix message, kymo_stack_ix stack)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_LOG, stack);
	e->u.log.task = task;
	e->u.log.category = category;
	e->u.log.message = message;
}

static void on_sample(SINK *k, struct order *o, kymo_ns t, const struct gen_sample *s,
                      kymo_stack_ix stack)
{
	struct kymo_event *e = push(k, o, (struct ctx){0}, t, KYMO_EV_STACK_SAMPLE, stack);
	e->wire_type = WIRE_CPUSample;
	e->thread = s->thread;
	e->proc = s->proc;
	e->goroutine = s->goroutine;
}

static void on_experimental(SINK *k, struct order *o, struct ctx x, kymo_ns t, unsigned type,
                            const uint64_t *args, unsigned n)
{
	struct kymo_event *e = push(k, o, x, t, KYMO_EV_EXPERIMENTAL, 0);
	e->wire_type = (uint8_t)type;
	e->u.experimental.arg_count = (uint8_t)n;
	for (unsigned i = 0; i < 4; i++)
		e->u.experimental.args[i] = args[i];
}

#include "trace/order_run.h"

static void push_sync(struct kymo_reader *r, kymo_ns raw, bool opens)
{
	kymo_ns t = order_sync(&r->o, raw);
	struct kymo_event *e = push(r, &r->o, (struct ctx){0}, t, KYMO_EV_SYNC, 0);
	e->wire_type = 0;
	e->u.sync.number = r->o.sync_count;
	e->u.sync.clock = opens ? r->o.gen.clock : (struct kymo_clock_snapshot){0};
}

/* Fills the buffer; leaves it empty only at the end or at an error. */
static void fill(struct kymo_reader *r)
{
	r->count = r->pos = 0;
	while (r->count == 0 && !r->finished) {
		if (!r->in_generation) {
			kymo_ns raw;
			bool sync_due;
			enum gen_outcome g = order_next_generation(&r->o, &raw, &sync_due);
			if (g == GEN_READY) {
				push_sync(r, raw, true);
				r->in_generation = true;
			} else {
				if (sync_due)
					push_sync(r, 0, false);
				r->finished = true;
			}
			continue;
		}
		switch (run(&r->o, r)) {
		case RUN_FULL: break;
		case RUN_GENERATION_DONE:
			order_end_generation(&r->o);
			r->in_generation = false;
			break;
		case RUN_BROKEN: r->finished = true; break;
		}
	}
}

enum kymo_status kymo_reader_open(struct kymo_input *in, const struct kymo_reader_options *options,
                                  struct kymo_reader **out, struct kymo_error *err)
{
	*out = NULL;
	struct kymo_reader *r = calloc(1, sizeof *r);
	if (!r)
		return error_memory(err);
	enum kymo_status st = order_open(&r->o, in, options, err);
	if (st != KYMO_OK) {
		kymo_reader_close(r);
		return st;
	}
	*out = r;
	return KYMO_OK;
}

const struct kymo_event *kymo_reader_next(struct kymo_reader *r)
{
	if (r->pos == r->count) {
		if (r->finished)
			return NULL;
		fill(r);
		if (r->count == 0)
			return NULL;
	}
	return &r->buf[r->pos++];
}

enum kymo_status kymo_reader_status(const struct kymo_reader *r, struct kymo_error *err)
{
	if (err)
		*err = r->o.err;
	return r->o.err.status;
}

unsigned kymo_reader_version(const struct kymo_reader *r)
{
	return r->o.version;
}

struct kymo_str kymo_reader_string(const struct kymo_reader *r, kymo_string_ix ix)
{
	return ix < r->o.tables.strings.count ? r->o.tables.strings.at[ix] : (struct kymo_str){"", 0};
}

const struct kymo_frame *kymo_reader_stack(const struct kymo_reader *r, kymo_stack_ix ix,
                                           size_t *count)
{
	if (ix >= r->o.tables.stacks.count)
		ix = 0;
	struct stack_span s = r->o.tables.stacks.at[ix];
	*count = s.count;
	return s.count ? &r->o.tables.frames.at[s.from] : NULL;
}

void kymo_reader_close(struct kymo_reader *r)
{
	if (!r)
		return;
	order_close(&r->o);
	free(r);
}
