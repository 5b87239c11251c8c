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
static always_inline int advance(struct order *o, struct cursor *c, const uint8_t **place,
                                 kymo_ns *time, uint8_t *next_type)
{
	const uint8_t *p = *place;
	if (unlikely(c->end - p < 1 + WIRE_MAX_ARGS * 10))
		goto slow;
	uint8_t type = *p++;
	if (unlikely(!wire_timed[type]))
		goto slow;
	uint64_t ticks = varint_fast(&p, &o->bad_varint);
	if (unlikely(ticks > o->fast_ticks))  // or malformed, which gives all ones
		goto slow;
	// With whole ns per tick (64 everywhere but on Windows) the product is exact, and is what the double gives.
	kymo_ns dt = likely(o->whole_ns != 0) ? (kymo_ns)(ticks * o->whole_ns)
	                                      : (kymo_ns)((double)ticks * o->gen.ns_per_tick);
	if (unlikely(__builtin_add_overflow(*time, dt, time))) {
		order_broken(o, c, "time out of range");
		return -1;
	}
	*next_type = type;
	*place = p;
	return 1;
slow:
	o->bad_varint = false;
	c->p = *place;
	c->time = *time;
	int r = order_advance_slow(o, c);
	*place = c->p;
	*time = c->time;
	*next_type = c->type;
	return r;
}

#include "trace/order_macros.h"
#include "trace/order_rare.h"

/* ---- one event ---- */

/*
 * Exactly these four bytes. Two words side by side that were stored one by one a moment ago must not be loaded as one:
 * the processor would wait for both stores to reach the cache, which cost a seventh of all.
 */
static always_inline uint32_t load_word(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static always_inline enum step apply(struct order *o, SINK *k, struct cursor *c,
                                     const uint8_t **place, kymo_ns time, uint8_t type)
{
	const uint8_t *p = *place;
	struct ctx x = {0};
	if (unlikely(!c->m) && c->thread != KYMO_NONE) {
		c->m = order_m_of(o, c->thread);
		if (!c->m)
			return order_no_memory(o);
	}
	if (likely(c->m))
		x = (struct ctx){c->m, load_word(&o->ms.at[c->m].p), load_word(&o->ms.at[c->m].g)};

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
			on_g(k, o, x, t, x.g, KYMO_GO_RUNNING, KYMO_GO_RUNNABLE, reason, stack,
			     stack);
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
		if (unlikely(x.g && o->gs.at[x.g].status != G_FREE &&
		             o->gs.at[x.g].status != G_RUNNING))
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
		on_g(k, o, x, t, g, KYMO_GO_NOT_EXIST, blocked ? KYMO_GO_WAITING : KYMO_GO_RUNNABLE,
		     0, new_stack, stack);
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
	case WIRE_ProcSteal: RARE(apply_proc_steal(o, k, c, time, x, p));
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
			FAIL("tried to create goroutine (%" PRIu64 ") in syscall that already exists",
			     id);
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
	case WIRE_GoDestroySyscall: RARE(apply_destroy_syscall(o, k, c, time, x, p));
	case WIRE_HeapAlloc:
	case WIRE_HeapGoal: {
		uint64_t value = ARG();
		ARGS_END();
		NEED(m, "thread");
		NEED(p, "proc");
		kymo_ns t = TIME();
		on_metric(k, o, x, t,
		          type == WIRE_HeapAlloc ? KYMO_METRIC_HEAP_LIVE : KYMO_METRIC_HEAP_GOAL,
		          value, 0);
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
	case WIRE_GCMarkAssistEnd: RARE(apply_go_range(o, k, c, time, x, p));
	case WIRE_GCSweepActive:
	case WIRE_GCMarkAssistActive: RARE(apply_active(o, k, c, time, x, p));
	case WIRE_GCSweepBegin:
	case WIRE_GCSweepEnd: RARE(apply_sweep(o, k, c, time, x, p));
	case WIRE_GCActive:
	case WIRE_GCEnd:
	case WIRE_GCBegin: {
		uint64_t seq = ARG(), stack_id = type == WIRE_GCBegin ? ARG() : 0;
		ARGS_END();
		STACK(stack, stack_id);
		RARE(apply_gc(o, k, c, time, x, seq, stack, p));
	}
	case WIRE_UserTaskBegin:
	case WIRE_UserTaskEnd: RARE(apply_task(o, k, c, time, x, p));
	case WIRE_UserRegionBegin:
	case WIRE_UserRegionEnd: RARE(apply_region(o, k, c, time, x, p));
	default: RARE(apply_experimental(o, k, c, time, x, p));
	}
}

/* ---- the merge ---- */

enum run_result { RUN_FULL, RUN_GENERATION_DONE, RUN_BROKEN };

static bool deliver_sample(struct order *o, SINK *k)
{
	struct gen_sample *s = &o->gen.samples.at[o->sample_at];
	kymo_stack_ix stack = gen_id(&o->gen.stacks, s->stack_id);
	if (stack == GEN_NO_ID) {
		order_broken(o, NULL, "CPU sample names stack %" PRIu64 ", which does not exist",
		             s->stack_id);
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
		size_t l = 2 * i + 1;
		if (l >= n)
			break;
		size_t m = l + (h[l + 1]->time < h[l]->time);  // no branch: nothing could predict it
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
		kymo_ns sample = o->sample_at < o->gen.samples.count
		                         ? o->gen.samples.at[o->sample_at].time
		                         : INT64_MAX;
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
		limit = h[1]->time < limit ? h[1]->time : limit;
		limit = h[2]->time < limit ? h[2]->time : limit;
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
				if (likely(more > 0) && likely(time <= limit) && !failed &&
				    !on_full(k))
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
				order_broken(
					o, failed,
					"failed to advance: every thread's next event must wait for another");
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

#define ORDER_MACROS_END
#include "trace/order_macros.h"
