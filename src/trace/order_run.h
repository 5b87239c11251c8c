/* SPDX-License-Identifier: MIT */
/*
 * The inner loop of Kymo: merges the threads' streams of one generation, checks every event against the state
 * machine, and hands what happened to a consumer.
 *
 * This file is a template. It is included once by each consumer (stat, reader, store), which before that defines
 * `SINK` (its type) and the inline functions named below; they are inlined into the cases, so that a consumer pays
 * only for what it looks at. The loop runs until a generation is through, an error stops it, or on_full says stop.
 *
 *     on_g(k, o, x, t, g, from, to, reason, tstack, stack)   goroutine slot g changes state
 *     on_p(k, o, x, t, p, from, to)                           proc slot p changes state
 *     on_bind(k, o, m, t)                                     thread slot m's proc or goroutine changed
 *     on_range(k, o, x, t, kind, phase, name, g, p, user, stack, swept, reclaimed)
 *     on_metric(k, o, x, t, metric, value, stack)    on_label(k, o, x, t, label)
 *     on_task(k, o, x, t, begin, id, parent, name, stack, user)
 *     on_region(k, o, x, t, begin, task, name, stack, user)
 *     on_log(k, o, x, t, task, category, message, stack)
 *     on_step(k)  before each wire event             on_cut(k)  its thread's next one cannot be decoded
 *     on_sample(k, o, t, sample, stack)              on_experimental(k, o, x, t, c, args, count)
 *
 * x is the context: who emitted it, before it took effect. `user` points at a word of the consumer's that lives as
 * long as the range, region or task. The wire type is k-independent and stands in o->wire.
 *
 * Speed, and where it comes from: events are decoded where they lie, type and dt when the cursor arrives, the rest
 * when they are applied; a cursor keeps going while it is not later than the others (most waits between threads
 * are many events apart); goroutines are found through a paged map with its last page at hand; the rest of a case
 * is a few compares on one cache line. See ARCHITECTURE.md for figures.
 *
 * Source of the rules: docs/format/v2.md, "State machine"; ties come out as in Go's reader.
 */
#include <inttypes.h>

#include "trace/order.h"
#include "wire/spec.h"
#include "wire/varint.h"

/*
 * The next event of the cursor, fast where its bytes surely are all in the batch. The place and the time come and go
 * in registers; the cursor has them only where somebody else looks.
 */
static always_inline int advance(struct order *o, struct cursor *c, const uint8_t **place, kymo_ns *time, uint8_t *next_type)
{
	const uint8_t *p = *place;
	if (unlikely(c->end - p < 1 + WIRE_MAX_ARGS * 10))
		goto slow;
	uint8_t type = *p++;
	if (unlikely(!wire_timed[type]))
		goto slow;
	uint64_t ticks = varint_fast(&p, &o->bad_varint);
	if (unlikely(ticks > o->max_ticks || o->bad_varint)) {
		o->bad_varint = false;
		goto slow;
	}
	// With whole ns per tick (64 everywhere but on Windows) the product is exact, and is what the double gives.
	kymo_ns dt = likely(o->whole_ns != 0 && ticks < (uint64_t)1 << 40) ? (kymo_ns)(ticks * o->whole_ns)
	                                                                   : (kymo_ns)((double)ticks * o->gen.ns_per_tick);
	if (unlikely(__builtin_add_overflow(*time, dt, time))) {
		order_broken(o, c, "time out of range");
		return -1;
	}
	*next_type = type;
	*place = p;
	return 1;
slow:
	c->p = *place;
	c->time = *time;
	int r = order_advance_slow(o, c);
	*place = c->p;
	*time = c->time;
	*next_type = c->type;
	return r;
}

#define FAIL(...) \
	do { \
		c->p = p; \
		return order_broken(o, c, __VA_ARGS__); \
	} while (0)
#define ARG() varint_fast(&p, &o->bad_varint)
/* All arguments are read: are they whole? */
#define ARGS_END() \
	do { \
		if (unlikely(o->bad_varint)) \
			FAIL("found invalid uvarint"); \
	} while (0)
#define STACK(var, id) \
	kymo_stack_ix var = gen_id(&o->gen.stacks, id); \
	if (unlikely(var == GEN_NO_ID)) \
	FAIL("found invalid stack ID %" PRIu64, (uint64_t)(id))
#define STRING(var, id) \
	kymo_string_ix var = gen_id(&o->gen.strings, id); \
	if (unlikely(var == GEN_NO_ID)) \
	FAIL("found invalid string ID %" PRIu64, (uint64_t)(id))
#define NEED(what, thing) \
	if (unlikely(!x.what)) \
	FAIL("expected a " thing " but didn't have one")
#define NEED_NOT(what, thing) \
	if (unlikely(x.what)) \
	FAIL("expected not to have a " thing " but had one")
#define NEED_MPG() \
	NEED(m, "thread"); \
	NEED(p, "proc"); \
	NEED(g, "goroutine")
#define TIME() (o->last = time > o->last ? time : o->last + 1)
#define SEQ_FOLLOWS(s, value) ((s)->gen == o->gen_ordinal && (value) == (uint64_t)(s)->seq + 1)
/* The event is applied: its bytes are consumed. */
#define DONE() \
	do { \
		c->p = p; \
		return STEP_OK; \
	} while (0)
/* The same in the inlined part; and the rare cases, which take the place from the cursor and leave it there. */
#define DONE_HERE() \
	do { \
		*place = p; \
		return STEP_OK; \
	} while (0)
#define RARE(call) \
	do { \
		c->type = type; \
		enum step rare_step = (call); \
		*place = c->p; \
		return rare_step; \
	} while (0)

static const uint8_t go_state_of[5] = {KYMO_GO_UNDETERMINED, KYMO_GO_RUNNABLE, KYMO_GO_RUNNING, KYMO_GO_SYSCALL,
                                       KYMO_GO_WAITING};

static inline void bind_g(struct order *o, uint32_t m, uint32_t g)
{
	struct order_g *s = &o->gs.at[g];
	if (s->m && s->m != m && o->ms.at[s->m].g == g)
		s->shared = true;
	s->m = m;
	o->ms.at[m].g = g;
}

static inline struct order_node *find_range(struct order *o, uint32_t g, uint8_t kind, kymo_string_ix name, uint32_t **link)
{
	uint32_t *l = &o->gs.at[g].ranges;
	for (; *l; l = &o->nodes.at[*l].next)
		if (o->nodes.at[*l].kind == kind && (name == 0 || o->nodes.at[*l].name == name)) {
			if (link)
				*link = l;
			return &o->nodes.at[*l];
		}
	return NULL;
}

static inline struct order_node *open_range(struct order *o, uint32_t g, uint8_t kind, kymo_string_ix name)
{
	uint32_t n = order_new_node(o);
	if (!n)
		return NULL;
	o->nodes.at[n] = (struct order_node){.next = o->gs.at[g].ranges, .kind = kind, .name = name};
	o->gs.at[g].ranges = n;
	return &o->nodes.at[n];
}

/* ---- statuses: rare, and long ---- */

static __attribute__((noinline)) enum step apply_proc_status(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, uint64_t id,
                                                             uint64_t status, const uint8_t *p)
{
	if (status < P_RUNNING || status > P_ABANDONED)
		FAIL("invalid status for proc %" PRIu64 ": %" PRIu64, id, status);
	if (id >= (uint64_t)1 << 63)
		FAIL("proc id %" PRIu64 " out of range", id);
	uint32_t q = order_find(&o->p_ix, id), stream_m = x.m;
	bool running = status == P_RUNNING || status == P_SYSCALL;
	uint8_t now = running ? KYMO_PROC_RUNNING : KYMO_PROC_IDLE, was = now;
	if (q) {
		struct order_p *s = &o->ps.at[q];
		if (status == P_ABANDONED && s->status == P_SYSCALL) {
			// About to be stolen: its status may come from the thief. Told in the context it is bound to.
			was = now = KYMO_PROC_RUNNING;
			uint32_t m = 1;
			while (m < o->ms.count && o->ms.at[m].p != q)
				m++;
			if (m == o->ms.count)
				FAIL("failed to find sched context for proc %" PRIu64 " that's about to be stolen", id);
			x = (struct ctx){m, q, o->ms.at[m].g};
		} else if (s->status != status) {
			FAIL("inconsistent status for proc %" PRIu64 ": old %u vs. new %" PRIu64, id, s->status, status);
		}
		s->gen = o->gen_ordinal;
		s->seq = 0;
	} else {
		q = order_new_p(o, id, (uint8_t)status);
		if (!q)
			return order_no_memory(o);
		was = o->gen.number == o->initial_gen ? KYMO_PROC_UNDETERMINED : KYMO_PROC_NOT_EXIST;
	}
	kymo_ns t = TIME();
	on_p(k, o, x, t, q, was, now);
	if (running && stream_m) {
		o->ms.at[stream_m].p = q;
		on_bind(k, o, stream_m, was == KYMO_PROC_UNDETERMINED ? o->sync : t);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_go_status(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, uint64_t id,
                                                           uint64_t thread, uint64_t status, kymo_stack_ix stack,
                                                           const uint8_t *p)
{
	if (status < G_RUNNABLE || status > G_WAITING)
		FAIL("invalid status for goroutine %" PRIu64 ": %" PRIu64, id, status);
	if (id == 0 || id >= (uint64_t)1 << 63)
		FAIL("goroutine id %" PRIu64 " out of range", id);
	uint32_t g = order_find(&o->g_ix, id), stream_m = x.m;
	bool initial = o->gen.number == o->initial_gen;
	uint8_t now = go_state_of[status], was = now;
	if (g) {
		struct order_g *s = &o->gs.at[g];
		if (s->status != status)
			FAIL("inconsistent status for goroutine %" PRIu64 ": old %u vs. new %" PRIu64, id, s->status, status);
		s->gen = o->gen_ordinal;
		s->seq = 0;
	} else if (initial) {
		g = order_new_g(o, id, (uint8_t)status);
		if (!g)
			return order_no_memory(o);
		was = KYMO_GO_UNDETERMINED;
	} else {
		FAIL("found goroutine status for new goroutine after the first generation: id=%" PRIu64 " status=%" PRIu64, id,
		     status);
	}
	uint32_t bind_m = 0;
	if (status == G_RUNNING) {
		bind_m = stream_m;
	} else if (status == G_SYSCALL) {
		if (thread == KYMO_NONE)
			FAIL("found goroutine %" PRIu64 " in syscall without a thread", id);
		if (stream_m && thread == o->ms.at[stream_m].id) {
			if (!initial && x.g != g)
				FAIL("inconsistent thread for syscalling goroutine %" PRIu64, id);
			bind_m = stream_m;
		} else {
			// A thread that sat in a syscall for the whole generation.
			uint32_t m = order_find(&o->m_ix, thread);
			if (m) {
				if (o->ms.at[m].g != g)
					FAIL("inconsistent thread for syscalling goroutine %" PRIu64, id);
				x.g = g;
			} else {
				m = order_m_of(o, thread);
				if (!m)
					return order_no_memory(o);
				bind_m = m;
			}
			x.m = m;
		}
	}
	kymo_ns t = TIME();
	on_g(k, o, x, t, g, was, now, 0, stack, stack);
	if (bind_m) {
		bind_g(o, bind_m, g);
		on_bind(k, o, bind_m, was == KYMO_GO_UNDETERMINED ? o->sync : t);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_gc(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, uint64_t seq,
                                                    kymo_stack_ix stack, const uint8_t *p)
{
	bool follows = seq == o->gc_seq + 1;
	int phase;
	switch (c->type) {
	case WIRE_GCActive:
		if (o->gen.number == o->initial_gen) {
			if (o->gc != GC_UNDETERMINED)
				FAIL("GC state is known at the first GCActive");
			o->gc = GC_RUNNING;
			phase = PHASE_ACTIVE_OPENED;
			break;
		}
		if (!follows)
			return STEP_WAIT;
		if (o->gc != GC_RUNNING)
			FAIL("GCActive while the GC is not running");
		NEED_MPG();
		phase = PHASE_ACTIVE;
		break;
	case WIRE_GCBegin:
		if (o->gc != GC_UNDETERMINED) {
			if (!follows)
				return STEP_WAIT;
			if (o->gc == GC_RUNNING)
				FAIL("GCBegin while the GC is running");
			NEED_MPG();
		}
		o->gc = GC_RUNNING;
		phase = PHASE_BEGIN;
		break;
	default:
		if (!follows)
			return STEP_WAIT;
		if (o->gc != GC_RUNNING)
			FAIL("GCEnd while the GC is not running");
		NEED_MPG();
		o->gc = GC_NOT_RUNNING;
		phase = PHASE_END;
		break;
	}
	o->gc_seq = seq;
	kymo_ns t = TIME();
	on_range(k, o, x, t, KYMO_RANGE_GC, phase, o->name_gc, 0, 0, &o->gc_user, stack, 0, 0);
	DONE();
}

static __attribute__((noinline)) enum step apply_task(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	bool begin = c->type == WIRE_UserTaskBegin;
	uint64_t id = ARG(), parent = KYMO_NONE;
	kymo_string_ix name = 0;
	if (begin) {
		parent = ARG();
		if (parent == 0)
			parent = KYMO_NONE;
		uint64_t name_id = ARG();
		ARGS_END();
		STRING(found, name_id);
		name = found;
	}
	uint64_t stack_id = ARG();
	ARGS_END();
	uint32_t *v = idmap_put(&o->task_ix, id), entry = 0, no_user = UINT32_MAX;
	if (!v)
		return order_no_memory(o);
	if (begin) {
		if (*v)
			FAIL("task %" PRIu64 " already exists", id);
		NEED_MPG();
		entry = o->free_task;
		if (entry)
			o->free_task = o->tasks.at[entry].next_free;
		else if (!vec_push(&o->tasks, ((struct order_task){0})))
			return order_no_memory(o);
		else
			entry = (uint32_t)o->tasks.count - 1;
		o->tasks.at[entry] = (struct order_task){.id = id, .parent = parent, .name = name, .user = UINT32_MAX};
		*v = entry;
	} else {
		NEED_MPG();
		entry = *v;
		*v = 0;
		if (entry) {
			parent = o->tasks.at[entry].parent;
			name = o->tasks.at[entry].name;
			o->tasks.at[entry].next_free = o->free_task;
			o->free_task = entry;
		}
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_task(k, o, x, t, begin, id, parent, name, stack, entry ? &o->tasks.at[entry].user : &no_user);
	DONE();
}

static __attribute__((noinline)) enum step apply_region(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint64_t task = ARG(), name_id = ARG(), stack_id = ARG();
	uint32_t no_user = UINT32_MAX, *user = &no_user;
	ARGS_END();
	NEED_MPG();
	STRING(name, name_id);
	if (o->gs.at[x.g].status == G_FREE)
		FAIL("region event for a goroutine that doesn't exist");
	if (c->type == WIRE_UserRegionBegin) {
		uint32_t n = order_new_node(o);
		if (!n)
			return order_no_memory(o);
		o->nodes.at[n] = (struct order_node){
			.next = o->gs.at[x.g].regions, .name = name, .task = task, .user = UINT32_MAX};
		o->gs.at[x.g].regions = n;
		user = &o->nodes.at[n].user;
	} else if (o->gs.at[x.g].regions) {
		uint32_t n = o->gs.at[x.g].regions;
		struct order_node *top = &o->nodes.at[n];
		if (top->task != task || top->name != name)
			FAIL("misuse of region in goroutine %" PRIu64 ": region end of task %" PRIu64 " does not match the innermost "
			     "one open, of task %" PRIu64, o->gs.at[x.g].id, task, top->task);
		o->gs.at[x.g].regions = top->next;
		no_user = top->user;
		order_free_node(o, n);
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_region(k, o, x, t, c->type == WIRE_UserRegionBegin, task, name, stack, user);
	DONE();
}

static __attribute__((noinline)) enum step apply_go_range(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint8_t kind = c->type == WIRE_STWBegin || c->type == WIRE_STWEnd ? KYMO_RANGE_STW : KYMO_RANGE_ASSIST;
	bool begin = c->type == WIRE_STWBegin || c->type == WIRE_GCMarkAssistBegin;
	uint64_t kind_id = c->type == WIRE_STWBegin ? ARG() : 0, stack_id = begin ? ARG() : 0;
	ARGS_END();
	NEED_MPG();
	if (o->gs.at[x.g].status == G_FREE)
		FAIL("range event for a goroutine that doesn't exist");
	kymo_string_ix name = kind == KYMO_RANGE_ASSIST ? o->name_assist : 0;
	uint32_t none = UINT32_MAX, *user = &none, *link;
	struct order_node *n;
	if (begin) {
		if (c->type == WIRE_STWBegin) {
			STRING(text, kind_id);
			name = order_stw_name(o, text);
			if (name == TABLES_FAILED)
				return order_no_memory(o);
		}
		if (find_range(o, x.g, kind, name, NULL))
			FAIL("range already open on goroutine %" PRIu64, o->gs.at[x.g].id);
		n = open_range(o, x.g, kind, name);
		if (!n)
			return order_no_memory(o);
		user = &n->user;
	} else {
		n = find_range(o, x.g, kind, 0, &link);
		if (!n)
			FAIL("end of a range that is not open on goroutine %" PRIu64, o->gs.at[x.g].id);
		name = n->name;
		none = n->user;
		uint32_t ix = *link;
		*link = n->next;
		order_free_node(o, ix);
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_range(k, o, x, t, kind, begin ? PHASE_BEGIN : PHASE_END, name, x.g, 0, user, stack, 0, 0);
	DONE();
}

static __attribute__((noinline)) enum step apply_active(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint64_t id = ARG();
	ARGS_END();
	bool initial = o->gen.number == o->initial_gen;
	int phase = initial ? PHASE_ACTIVE_OPENED : PHASE_ACTIVE;
	if (c->type == WIRE_GCSweepActive) {
		uint32_t q = order_find(&o->p_ix, id);
		if (!q)
			FAIL("sweep active on proc %" PRIu64 " that doesn't exist", id);
		if (o->ps.at[q].sweeping == initial)
			FAIL("sweep active on proc %" PRIu64 " is %s", id, initial ? "already open" : "not open");
		o->ps.at[q].sweeping = true;
		kymo_ns t = TIME();
		on_range(k, o, x, t, KYMO_RANGE_SWEEP, phase, o->name_sweep, 0, q, &o->ps.at[q].sweep_user, 0, 0, 0);
	} else {
		uint32_t g = order_find(&o->g_ix, id);
		if (!g)
			FAIL("mark assist active on goroutine %" PRIu64 " that doesn't exist", id);
		struct order_node *n = find_range(o, g, KYMO_RANGE_ASSIST, o->name_assist, NULL);
		if ((n != NULL) == initial)
			FAIL("mark assist active on goroutine %" PRIu64 " is %s", id, initial ? "already open" : "not open");
		if (!n)
			n = open_range(o, g, KYMO_RANGE_ASSIST, o->name_assist);
		if (!n)
			return order_no_memory(o);
		kymo_ns t = TIME();
		on_range(k, o, x, t, KYMO_RANGE_ASSIST, phase, o->name_assist, g, 0, &n->user, 0, 0, 0);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_sweep(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	bool begin = c->type == WIRE_GCSweepBegin;
	uint64_t a = ARG(), b = begin ? 0 : ARG();
	ARGS_END();
	NEED(m, "thread");
	NEED(p, "proc");
	if (o->ps.at[x.p].sweeping == begin)
		FAIL("sweep on proc %" PRIu64 " is %s", o->ps.at[x.p].id, begin ? "already open" : "not open");
	o->ps.at[x.p].sweeping = begin;
	STACK(stack, begin ? a : 0);
	kymo_ns t = TIME();
	on_range(k, o, x, t, KYMO_RANGE_SWEEP, begin ? PHASE_BEGIN : PHASE_END, o->name_sweep, 0, x.p,
	         &o->ps.at[x.p].sweep_user, stack, begin ? 0 : a, b);
	DONE();
}

static __attribute__((noinline)) enum step apply_proc_steal(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint64_t id = ARG(), seq = ARG(), victim = ARG();
	ARGS_END();
	uint32_t q = order_find(&o->p_ix, id);
	struct order_p *s = &o->ps.at[q];
	if (!q || (s->status != P_SYSCALL && s->status != P_ABANDONED) || !SEQ_FOLLOWS(s, seq))
		return STEP_WAIT;
	NEED(m, "thread");
	bool abandoned = s->status == P_ABANDONED;
	uint32_t m = 0;
	if (!abandoned) {
		m = victim == o->ms.at[x.m].id ? x.m : order_find(&o->m_ix, victim);
		if (!m)
			FAIL("stole proc from non-existent thread %" PRIu64, victim);
		if (o->ms.at[m].p != q)
			FAIL("tried to steal proc %" PRIu64 " from thread %" PRIu64 ", which does not have it", id, victim);
	}
	s->status = P_IDLE;
	s->seq = seq;
	kymo_ns t = TIME();
	on_p(k, o, x, t, q, abandoned ? KYMO_PROC_IDLE : KYMO_PROC_RUNNING, KYMO_PROC_IDLE);
	if (m) {
		o->ms.at[m].p = 0;
		on_bind(k, o, m, t);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_destroy_syscall(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x,
                                                                 const uint8_t *p)
{
	NEED(m, "thread");
	NEED(g, "goroutine");
	if (o->gs.at[x.g].status != G_SYSCALL)
		FAIL("GoDestroySyscall event for goroutine that's not in a syscall");
	kymo_ns t;
	if (x.p) {
		if (o->ps.at[x.p].status != P_SYSCALL)
			FAIL("GoDestroySyscall on a proc that's not in a syscall");
		o->ps.at[x.p].status = P_ABANDONED;
		t = TIME();
		on_p(k, o, x, t, x.p, KYMO_PROC_RUNNING, KYMO_PROC_IDLE);
		o->ms.at[x.m].p = 0;
	}
	t = TIME();
	on_g(k, o, x, t, x.g, KYMO_GO_SYSCALL, KYMO_GO_NOT_EXIST, 0, 0, 0);
	o->ms.at[x.m].g = 0;
	on_bind(k, o, x.m, t);
	order_free_g(o, x.g);
	DONE();
}

static __attribute__((noinline)) enum step apply_experimental(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x,
                                                              const uint8_t *p)
{
	uint64_t args[WIRE_MAX_ARGS] = {0};
	unsigned n = wire_events[c->type].arg_count - 1u;
	for (unsigned i = 0; i < n; i++)
		args[i] = ARG();
	ARGS_END();
	NEED(m, "thread");
	kymo_ns t = TIME();
	on_experimental(k, o, x, t, c->type, args, n);
	DONE();
}

/* ---- one event ---- */

static always_inline enum step apply(struct order *o, SINK *k, struct cursor *c, const uint8_t **place, kymo_ns time, uint8_t type)
{
	const uint8_t *p = *place;
	struct ctx x = {0};
	if (unlikely(!c->m) && c->thread != KYMO_NONE) {
		c->m = order_m_of(o, c->thread);
		if (!c->m)
			return order_no_memory(o);
	}
	if (likely(c->m))
		x = (struct ctx){c->m, o->ms.at[c->m].p, o->ms.at[c->m].g};

	switch (type) {
	case WIRE_GoStart: {
		uint64_t id = ARG(), seq = ARG();
		ARGS_END();
		uint32_t g = order_find(&o->g_ix, id);
		struct order_g *s = &o->gs.at[g];
		if (unlikely(!g || s->status != G_RUNNABLE || !SEQ_FOLLOWS(s, seq)))
			return STEP_WAIT;
		NEED(m, "thread");
		NEED(p, "proc");
		NEED_NOT(g, "goroutine");
		s->status = G_RUNNING;
		s->seq++;
		s->m = x.m;
		kymo_ns t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_RUNNABLE, KYMO_GO_RUNNING, 0, 0, 0);
		o->ms.at[x.m].g = g;
		DONE_HERE();
	}
	case WIRE_GoBlock:
	case WIRE_GoStop: {
		bool block = type == WIRE_GoBlock;
		uint64_t reason_id = ARG(), stack_id = ARG();
		ARGS_END();
		NEED_MPG();
		struct order_g *s = &o->gs.at[x.g];
		if (unlikely(s->status != G_RUNNING))
			FAIL("event for goroutine that's not running");
		STRING(reason, reason_id);
		STACK(stack, stack_id);
		s->status = block ? G_WAITING : G_RUNNABLE;
		kymo_ns t = TIME();
		if (block)
			on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_WAITING, reason, stack, stack);
		else
			on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_RUNNABLE, reason, stack, stack);
		o->ms.at[x.m].g = 0;
		DONE_HERE();
	}
	case WIRE_GoUnblock: {
		uint64_t id = ARG(), seq = ARG(), stack_id = ARG();
		ARGS_END();
		uint32_t g = order_find(&o->g_ix, id);
		struct order_g *s = &o->gs.at[g];
		if (unlikely(!g || s->status != G_WAITING || !SEQ_FOLLOWS(s, seq)))
			return STEP_WAIT;
		STACK(stack, stack_id);
		s->status = G_RUNNABLE;
		s->seq++;
		kymo_ns t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_WAITING, KYMO_GO_RUNNABLE, 0, 0, stack);
		DONE_HERE();
	}
	case WIRE_GoCreate:
	case WIRE_GoCreateBlocked: {
		bool blocked = type == WIRE_GoCreateBlocked;
		uint64_t id = ARG(), new_stack_id = ARG(), stack_id = ARG();
		ARGS_END();
		NEED(m, "thread");
		NEED(p, "proc");
		if (unlikely(x.g && o->gs.at[x.g].status != G_FREE && o->gs.at[x.g].status != G_RUNNING))
			FAIL("GoCreate event for goroutine that's not running");
		if (unlikely(order_find(&o->g_ix, id) != 0))
			FAIL("tried to create goroutine (%" PRIu64 ") that already exists", id);
		if (unlikely(id == 0 || id >= (uint64_t)1 << 63))
			FAIL("goroutine id %" PRIu64 " out of range", id);
		STACK(new_stack, new_stack_id);
		STACK(stack, stack_id);
		uint32_t g = order_new_g(o, id, blocked ? G_WAITING : G_RUNNABLE);
		if (unlikely(!g))
			return order_no_memory(o);
		kymo_ns t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_NOT_EXIST, blocked ? KYMO_GO_WAITING : KYMO_GO_RUNNABLE, 0, new_stack, stack);
		DONE_HERE();
	}
	case WIRE_GoDestroy: {
		NEED_MPG();
		if (unlikely(o->gs.at[x.g].status != G_RUNNING))
			FAIL("event for goroutine that's not running");
		kymo_ns t = TIME();
		on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_NOT_EXIST, 0, 0, 0);
		o->ms.at[x.m].g = 0;
		order_free_g(o, x.g);
		DONE_HERE();
	}
	case WIRE_GoSyscallBegin: {
		uint64_t seq = ARG(), stack_id = ARG();
		ARGS_END();
		NEED_MPG();
		struct order_p *ps = &o->ps.at[x.p];
		if (unlikely(o->gs.at[x.g].status != G_RUNNING))
			FAIL("event for goroutine that's not running");
		if (unlikely(!SEQ_FOLLOWS(ps, seq)))
			FAIL("can't make sequence of proc %" PRIu64 ": %" PRIu64, ps->id, seq);
		STACK(stack, stack_id);
		o->gs.at[x.g].status = G_SYSCALL;
		ps->status = P_SYSCALL;
		ps->seq = seq;
		kymo_ns t = TIME();
		on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_SYSCALL, 0, stack, stack);
		DONE_HERE();
	}
	case WIRE_GoSyscallEnd: {
		NEED_MPG();
		if (unlikely(o->gs.at[x.g].status != G_SYSCALL))
			FAIL("event for goroutine that's not in a syscall");
		if (unlikely(o->ps.at[x.p].status != P_SYSCALL))
			FAIL("expected proc %" PRIu64 " in a syscall", o->ps.at[x.p].id);
		o->gs.at[x.g].status = G_RUNNING;
		o->ps.at[x.p].status = P_RUNNING;
		kymo_ns t = TIME();
		on_g(k, o, x, t, x.g, KYMO_GO_SYSCALL, KYMO_GO_RUNNING, 0, 0, 0);
		DONE_HERE();
	}
	case WIRE_GoSyscallEndBlocked: {
		if (x.p && o->ps.at[x.p].status == P_SYSCALL)
			return STEP_WAIT;
		NEED(m, "thread");
		NEED(g, "goroutine");
		if (unlikely(o->gs.at[x.g].status != G_SYSCALL))
			FAIL("event for goroutine that's not in a syscall");
		o->gs.at[x.g].status = G_RUNNABLE;
		kymo_ns t = TIME();
		on_g(k, o, x, t, x.g, KYMO_GO_SYSCALL, KYMO_GO_RUNNABLE, 0, 0, 0);
		o->ms.at[x.m].g = 0;
		on_bind(k, o, x.m, t);
		DONE_HERE();
	}
	case WIRE_ProcStart: {
		uint64_t id = ARG(), seq = ARG();
		ARGS_END();
		uint32_t q = order_find(&o->p_ix, id);
		struct order_p *s = &o->ps.at[q];
		if (!q || s->status != P_IDLE || !SEQ_FOLLOWS(s, seq) || x.p)
			return STEP_WAIT;
		NEED(m, "thread");
		s->status = P_RUNNING;
		s->seq = seq;
		kymo_ns t = TIME();
		on_p(k, o, x, t, q, KYMO_PROC_IDLE, KYMO_PROC_RUNNING);
		o->ms.at[x.m].p = q;
		on_bind(k, o, x.m, t);
		DONE_HERE();
	}
	case WIRE_ProcStop: {
		NEED(m, "thread");
		NEED(p, "proc");
		struct order_p *s = &o->ps.at[x.p];
		if (s->status != P_RUNNING && s->status != P_SYSCALL)
			FAIL("ProcStop event for proc that's not running or in a syscall");
		s->status = P_IDLE;
		kymo_ns t = TIME();
		on_p(k, o, x, t, x.p, KYMO_PROC_RUNNING, KYMO_PROC_IDLE);
		o->ms.at[x.m].p = 0;
		on_bind(k, o, x.m, t);
		DONE_HERE();
	}
	case WIRE_ProcSteal:
		RARE(apply_proc_steal(o, k, c, time, x, p));
	case WIRE_ProcStatus: {
		uint64_t id = ARG(), status = ARG();
		ARGS_END();
		RARE(apply_proc_status(o, k, c, time, x, id, status, p));
	}
	case WIRE_GoStatus:
	case WIRE_GoStatusStack: {
		uint64_t id = ARG(), thread = ARG(), status = ARG();
		uint64_t stack_id = type == WIRE_GoStatusStack ? ARG() : 0;
		ARGS_END();
		STACK(stack, stack_id);
		RARE(apply_go_status(o, k, c, time, x, id, thread, status, stack, p));
	}
	case WIRE_GoSwitch:
	case WIRE_GoSwitchDestroy: {
		uint64_t id = ARG(), seq = ARG();
		bool destroy = type == WIRE_GoSwitchDestroy;
		ARGS_END();
		NEED_MPG();
		if (unlikely(o->gs.at[x.g].status != G_RUNNING))
			FAIL("event for goroutine that's not running");
		uint32_t g = order_find(&o->g_ix, id);
		struct order_g *s = &o->gs.at[g];
		if (unlikely(!g || s->status != G_WAITING || !SEQ_FOLLOWS(s, seq)))
			return STEP_WAIT;
		s->seq++;
		kymo_ns t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_WAITING, KYMO_GO_RUNNABLE, 0, 0, 0);
		t = TIME();
		if (destroy) {
			on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_NOT_EXIST, 0, 0, 0);
			order_free_g(o, x.g);
		} else {
			o->gs.at[x.g].status = G_WAITING;
			on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_WAITING, 0, 0, 0);
		}
		o->gs.at[g].status = G_RUNNING;
		bind_g(o, x.m, g);
		x.g = 0;
		t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_RUNNABLE, KYMO_GO_RUNNING, 0, 0, 0);
		DONE_HERE();
	}
	case WIRE_GoCreateSyscall: {
		uint64_t id = ARG();
		ARGS_END();
		NEED(m, "thread");
		NEED_NOT(g, "goroutine");
		if (order_find(&o->g_ix, id))
			FAIL("tried to create goroutine (%" PRIu64 ") in syscall that already exists", id);
		if (id == 0 || id >= (uint64_t)1 << 63)
			FAIL("goroutine id %" PRIu64 " out of range", id);
		uint32_t g = order_new_g(o, id, G_SYSCALL);
		if (!g)
			return order_no_memory(o);
		kymo_ns t = TIME();
		on_g(k, o, x, t, g, KYMO_GO_NOT_EXIST, KYMO_GO_SYSCALL, 0, 0, 0);
		bind_g(o, x.m, g);
		on_bind(k, o, x.m, t);
		DONE_HERE();
	}
	case WIRE_GoDestroySyscall:
		RARE(apply_destroy_syscall(o, k, c, time, x, p));
	case WIRE_HeapAlloc:
	case WIRE_HeapGoal: {
		uint64_t value = ARG();
		ARGS_END();
		NEED(m, "thread");
		NEED(p, "proc");
		kymo_ns t = TIME();
		on_metric(k, o, x, t, type == WIRE_HeapAlloc ? KYMO_METRIC_HEAP_LIVE : KYMO_METRIC_HEAP_GOAL, value, 0);
		DONE_HERE();
	}
	case WIRE_ProcsChange: {
		uint64_t value = ARG(), stack_id = ARG();
		ARGS_END();
		NEED_MPG();
		STACK(stack, stack_id);
		kymo_ns t = TIME();
		on_metric(k, o, x, t, KYMO_METRIC_GOMAXPROCS, value, stack);
		DONE_HERE();
	}
	case WIRE_GoLabel: {
		uint64_t label_id = ARG();
		ARGS_END();
		NEED_MPG();
		STRING(label, label_id);
		kymo_ns t = TIME();
		on_label(k, o, x, t, label);
		DONE_HERE();
	}
	case WIRE_UserLog: {
		uint64_t task = ARG(), key_id = ARG(), value_id = ARG(), stack_id = ARG();
		ARGS_END();
		NEED_MPG();
		STRING(key, key_id);
		STRING(value, value_id);
		STACK(stack, stack_id);
		kymo_ns t = TIME();
		on_log(k, o, x, t, task, key, value, stack);
		DONE_HERE();
	}
	case WIRE_STWBegin:
	case WIRE_STWEnd:
	case WIRE_GCMarkAssistBegin:
	case WIRE_GCMarkAssistEnd:
		RARE(apply_go_range(o, k, c, time, x, p));
	case WIRE_GCSweepActive:
	case WIRE_GCMarkAssistActive:
		RARE(apply_active(o, k, c, time, x, p));
	case WIRE_GCSweepBegin:
	case WIRE_GCSweepEnd:
		RARE(apply_sweep(o, k, c, time, x, p));
	case WIRE_GCActive:
	case WIRE_GCEnd:
	case WIRE_GCBegin: {
		uint64_t seq = ARG(), stack_id = type == WIRE_GCBegin ? ARG() : 0;
		ARGS_END();
		STACK(stack, stack_id);
		RARE(apply_gc(o, k, c, time, x, seq, stack, p));
	}
	case WIRE_UserTaskBegin:
	case WIRE_UserTaskEnd:
		RARE(apply_task(o, k, c, time, x, p));
	case WIRE_UserRegionBegin:
	case WIRE_UserRegionEnd:
		RARE(apply_region(o, k, c, time, x, p));
	default:
		RARE(apply_experimental(o, k, c, time, x, p));
	}
}

/* ---- the merge ---- */

enum run_result { RUN_FULL, RUN_GENERATION_DONE, RUN_BROKEN };

static bool deliver_sample(struct order *o, SINK *k)
{
	struct gen_sample *s = &o->gen.samples.at[o->sample_at];
	kymo_stack_ix stack = gen_id(&o->gen.stacks, s->stack_id);
	if (stack == GEN_NO_ID) {
		order_broken(o, NULL, "CPU sample names stack %" PRIu64 ", which does not exist", s->stack_id);
		return false;
	}
	o->sample_at++;
	kymo_ns t = o->last = s->time > o->last ? s->time : o->last + 1;
	on_sample(k, o, t, s, stack);
	return true;
}

/* The root moved to a later time: order_heap_update, inlined for the place where it nearly always happens. */
static always_inline void sift_root(struct cursor **h, size_t n)
{
	struct cursor *c = h[0];
	kymo_ns t = c->time;
	size_t i = 0;
	for (;;) {
		size_t l = 2 * i + 1, m = l;
		if (l >= n)
			break;
		if (l + 1 < n && h[l + 1]->time < h[l]->time)
			m = l + 1;
		if (h[m]->time >= t)
			break;
		h[i] = h[m];
		i = m;
	}
	h[i] = c;
}

static enum run_result run(struct order *o, SINK *k)
{
	if (o->gen_ordinal && !o->initial_gen && o->heap_count)
		o->initial_gen = o->gen.number;
	while (!on_full(k)) {
		kymo_ns sample = o->sample_at < o->gen.samples.count ? o->gen.samples.at[o->sample_at].time : INT64_MAX;
		if (o->heap_count == 0) {
			if (sample == INT64_MAX)
				return RUN_GENERATION_DONE;
			if (!deliver_sample(o, k))
				return RUN_BROKEN;
			continue;
		}
		struct cursor **h = o->heap, *c = h[0];
		if (sample < c->time) {
			if (!deliver_sample(o, k))
				return RUN_BROKEN;
			continue;
		}
		// The root keeps going while nothing else is earlier; a tie keeps the root.
		kymo_ns limit = sample;
		if (o->heap_count > 1 && h[1]->time < limit)
			limit = h[1]->time;
		if (o->heap_count > 2 && h[2]->time < limit)
			limit = h[2]->time;
		size_t at = 0;
		const struct cursor *failed = NULL;
		int more = 1;
		const uint8_t *place = c->p, *start;
		kymo_ns time = c->time;
		uint8_t type = c->type;
		for (;;) {
			start = place;
			o->wire_type = type;
			on_step(k);
			enum step r = apply(o, k, c, &place, time, type);
			if (likely(r == STEP_OK)) {
				more = advance(o, c, &place, &time, &type);
				if (likely(more > 0) && likely(time <= limit) && !failed && !on_full(k))
					continue;
				break;
			}
			if (r == STEP_BROKEN)
				return RUN_BROKEN;
			c->p = start;
			c->time = time;
			c->type = type;
			// Not its turn yet: the other threads, in order of time. "Wait" proves nothing; only when all wait, it does.
			if (!failed) {
				if (!order_heap_sort(o)) {
					order_no_memory(o);
					return RUN_BROKEN;
				}
				failed = c;
				at = 0;
			} else {
				at++;
			}
			while (at < o->heap_count && h[at] == failed)
				at++;
			if (at >= o->heap_count) {
				order_broken(o, failed, "failed to advance: every thread's next event must wait for another");
				return RUN_BROKEN;
			}
			c = h[at];
			place = c->p;
			time = c->time;
			type = c->type;
		}
		c->p = place;
		c->time = time;
		c->type = type;
		if (likely(more > 0 && at == 0))
			sift_root(h, o->heap_count);
		else if (more > 0)
			order_heap_update(o, at);
		else if (more == 0)
			order_heap_remove(o, at);
		else {
			on_cut(k);
			return RUN_BROKEN;
		}
	}
	return RUN_FULL;
}

#undef FAIL
#undef ARG
#undef ARGS_END
#undef STACK
#undef STRING
#undef NEED
#undef NEED_NOT
#undef NEED_MPG
#undef TIME
#undef SEQ_FOLLOWS
#undef DONE
#undef DONE_HERE
#undef RARE
