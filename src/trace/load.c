/* SPDX-License-Identifier: MIT */
/*
 * Builds the store: a consumer of order_run.h that writes each change of state once, where it will stay. Nothing is
 * sorted afterwards but short tables; see store.h for the layout, store_finish.c for what happens at the end.
 */
#include "trace/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SINK struct loader
#define REL(t) ((t)-k->base)

static void no_memory(struct loader *k)
{
	k->failed = KYMO_E_MEMORY;
}

#define PUSH(v, x) \
	do { \
		if (unlikely(!vec_push(v, x))) \
			no_memory(k); \
	} while (0)

static inline void on_step(SINK *k)
{
	(void)k;
}

static inline void on_cut(SINK *k)
{
	(void)k;
}

static inline bool on_full(const SINK *k)
{
	return unlikely(k->failed != KYMO_OK);
}

/* ---- span records ---- */

/* The next chunk of a goroutine; what is left of this one is filled. */
static __attribute__((noinline)) bool more_records(struct loader *k, struct order_g *s)
{
	for (; s->store.w < s->store.wend; s->store.w += 2) {
		s->store.w[0] = 0;
		s->store.w[1] = REC(REC_ESCAPE, ESC_NOP, 0);
	}
	uint32_t n = chunk_records(s->store.chunks);
	uint32_t ref = arena_alloc(&k->t->spans, n * 8);
	if (!ref ||
	    !vec_push(&k->span_chunks, ((struct chunk_of){{ref, s->store.last}, s->store.row}))) {
		no_memory(k);
		return false;
	}
	s->store.chunks++;
	s->store.w = arena_at(&k->t->spans, ref);
	s->store.wend = s->store.w + (size_t)n * 2;
	return true;
}

/* A record with escapes before it. */
static __attribute__((noinline)) void wide_record(struct loader *k, struct order_g *s, kymo_ns r,
                                                  uint32_t kind, uint32_t aux, uint32_t stack)
{
	if (aux > REC_STACK_MAX) {
		k->failed = KYMO_E_LIMIT;
		return;
	}
	uint64_t dt = (uint64_t)(r - s->store.last), high = dt >> 32;
	bool wide = aux > REC_AUX_MAX || stack > REC_STACK_MAX;
	uint32_t need = 1 + wide + (uint32_t)((high + REC_STACK_MAX - 1) / REC_STACK_MAX);
	// Together in one chunk, so that a search never lands between them. (2^32 ns * 2^21 are 285 years: one escape.)
	while (s->store.wend - s->store.w < (ptrdiff_t)need * 2)
		if (!more_records(k, s))
			return;
	uint32_t *w = s->store.w;
	for (; high; w += 2) {
		uint32_t part = high > REC_STACK_MAX ? REC_STACK_MAX : (uint32_t)high;
		w[0] = 0;
		w[1] = REC(REC_ESCAPE, ESC_TIME, part);
		high -= part;
	}
	if (wide) {
		w[0] = stack;
		w[1] = REC(REC_ESCAPE, ESC_WIDE, aux);
		w += 2;
		aux = stack = 0;
	}
	w[0] = (uint32_t)dt;
	w[1] = REC(kind, aux, stack);
	s->store.w = w + 2;
	s->store.last = r;
}

static always_inline void record(struct loader *k, struct order_g *s, kymo_ns r, uint32_t kind,
                                 uint32_t aux, uint32_t stack)
{
	uint64_t dt = (uint64_t)(r - s->store.last);
	if (unlikely(dt >> 32 || aux > REC_AUX_MAX || stack > REC_STACK_MAX)) {
		wide_record(k, s, r, kind, aux, stack);
		return;
	}
	if (unlikely(s->store.w == s->store.wend) && !more_records(k, s))
		return;
	__builtin_prefetch(s->store.w + 24, 1);
	s->store.w[0] = (uint32_t)dt;
	s->store.w[1] = REC(kind, aux, stack);
	s->store.w += 2;
	s->store.last = r;
}

/* Records are counted when their writing ends: a goroutine's last chunk tells how full it is. */
static void count_records(struct loader *k, struct order_g *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i + 1 < s->store.chunks; i++)
		n += chunk_records(i);
	n += chunk_records(s->store.chunks - 1) - (uint32_t)((s->store.wend - s->store.w) / 2);
	k->t->g.span_records.at[s->store.row] = n;
}

void load_close_goroutine(struct loader *k, struct order_g *s, kymo_ns end, bool ended)
{
	uint32_t row = s->store.row;
	count_records(k, s);
	k->t->g.end.at[row] = end;
	if (ended)
		k->t->g.flags.at[row] |= KYMO_G_ENDED;
}

/* ---- runs of procs ---- */

static __attribute__((noinline)) void write_run(struct loader *k, struct order_p *p, uint32_t dt,
                                                uint32_t duration, uint32_t word)
{
	if (p->store.w == p->store.wend) {
		uint32_t n = chunk_records(p->store.chunks), row = (uint32_t)(p - k->o->ps.at);
		uint32_t ref = arena_alloc(&k->t->runs, n * 12);
		if (!ref ||
		    !vec_push(&k->run_chunks, ((struct chunk_of){{ref, p->store.last}, row}))) {
			no_memory(k);
			return;
		}
		p->store.chunks++;
		p->store.w = arena_at(&k->t->runs, ref);
		p->store.wend = p->store.w + (size_t)n * 3;
	}
	p->store.w[0] = dt;
	p->store.w[1] = duration;
	p->store.w[2] = word;
	p->store.w += 3;
	p->store.records++;
}

static always_inline void run_begin(struct loader *k, struct order_p *p, uint32_t g, kymo_ns r,
                                    bool in_syscall)
{
	if (unlikely(p->store.run_g))
		load_end_run(k, p, r);
	p->store.run_g = g;
	p->store.run_row = k->o->gs.at[g].store.row;
	p->store.run_start = r;
	p->store.run_syscall = in_syscall;
}

void load_end_run(struct loader *k, struct order_p *p, kymo_ns r)
{
	uint64_t dt = (uint64_t)(p->store.run_start - p->store.last),
		 left = (uint64_t)(r - p->store.run_start);
	uint32_t word = p->store.run_row | (p->store.run_syscall ? RUN_SYSCALL : 0);
	p->store.run_g = 0;
	if (unlikely(dt >> 32)) {
		write_run(k, p, 0, (uint32_t)(dt >> 32), 0);
		p->store.last += (kymo_ns)(dt >> 32 << 32);
		dt &= UINT32_MAX;
	}
	// Pieces, where one record cannot say how long it was. `last` is what a reader counts from, before each record.
	while (unlikely(left > UINT32_MAX)) {
		write_run(k, p, (uint32_t)dt, UINT32_MAX, word);
		p->store.last += (kymo_ns)dt;
		left -= UINT32_MAX;
		dt = UINT32_MAX;
		word |= RUN_CONTINUES;
	}
	write_run(k, p, (uint32_t)dt, (uint32_t)left, word);
	p->store.last += (kymo_ns)dt;
}

/* ---- goroutines ---- */

static __attribute__((noinline)) uint32_t new_reason(struct loader *k, kymo_string_ix reason)
{
	while (k->reason_code.count <= reason)
		if (!vec_push(&k->reason_code, 0)) {
			no_memory(k);
			return 0;
		}
	PUSH(&k->t->reasons, reason);
	return k->reason_code.at[reason] = (uint32_t)k->t->reasons.count - 1;
}

static always_inline uint32_t reason_code(struct loader *k, kymo_string_ix reason)
{
	if (likely(reason < k->reason_code.count) &&
	    likely(k->reason_code.at[reason] != 0 || reason == 0))
		return k->reason_code.at[reason];
	return new_reason(k, reason);
}

/* The row of the goroutine in a slot; 0 for none. */
static inline uint32_t row_of(const struct order *o, uint32_t g)
{
	return g ? o->gs.at[g].store.row : 0;
}

static bool new_row(struct loader *k, struct order *o, uint32_t g, kymo_ns begin, kymo_ns seen,
                    uint32_t creator, kymo_stack_ix create_stack, uint8_t flags)
{
	struct order_g *s = &o->gs.at[g];
	struct goroutine_columns *c = &k->t->g;
	if (c->id.count > RUN_ROW) {
		k->failed = KYMO_E_LIMIT;
		return false;
	}
	uint32_t ref = arena_alloc(&k->t->spans, chunk_records(0) * 8);
	bool ok = ref && vec_push(&c->id, s->id) && vec_push(&c->begin, begin) &&
	          vec_push(&c->end, begin) && vec_push(&c->seen, seen) && vec_push(&c->name, 0) &&
	          vec_push(&c->start_stack, 0) && vec_push(&c->create_stack, create_stack) &&
	          vec_push(&c->creator, creator) && vec_push(&c->span_records, 0) &&
	          vec_push(&c->flags, flags) && vec_push(&c->first_chunk, ref);
	if (!ok) {
		no_memory(k);
		return false;
	}
	s->store.row = (uint32_t)c->id.count - 1;
	s->store.w = arena_at(&k->t->spans, ref);
	s->store.wend = s->store.w + (size_t)chunk_records(0) * 2;
	s->store.last = begin;
	s->store.chunks = 1;
	return true;
}

/* The first stack with a named outermost frame names the goroutine: it is where it started. */
static __attribute__((noinline)) void name_goroutine(struct loader *k, struct order *o,
                                                     struct order_g *s, kymo_stack_ix stack)
{
	struct stack_span st = o->tables.stacks.at[stack];
	if (st.count == 0)
		return;
	kymo_string_ix func = o->tables.frames.at[st.from + st.count - 1].func;
	if (!func)
		return;
	k->t->g.name.at[s->store.row] = func;
	k->t->g.start_stack.at[s->store.row] = stack;
	s->named = true;
}

/*
 * Syscalls and the procs they hold. `syscall_g` is the truth. Go's summarizer (1.26) keeps a map of its own, and when
 * a goroutine leaves a syscall it forgets whoever is in a syscall on the proc that the goroutine *entered* with, even
 * if that proc was lost and is another's by now; the other's loss then goes unnoticed, and the whole of its call
 * counts as unblocked. `go_syscall_g` follows that map, so that a loss can be marked as one that Go does not see.
 */
static void enter_syscall(struct loader *k, struct order *o, uint32_t g, uint32_t p)
{
	while (k->syscall_proc.count <= g)
		if (!vec_push(&k->syscall_proc, 0)) {
			no_memory(k);
			return;
		}
	k->syscall_proc.at[g] = p;
	o->ps.at[p].store.syscall_g = o->ps.at[p].store.go_syscall_g = g;
}

static void leave_syscall(struct loader *k, struct order *o, uint32_t g, uint32_t p)
{
	if (g < k->syscall_proc.count) {
		o->ps.at[k->syscall_proc.at[g]].store.go_syscall_g = 0;
		k->syscall_proc.at[g] = 0;
	}
	if (p && o->ps.at[p].store.syscall_g == g)
		o->ps.at[p].store.syscall_g = 0;
}

static void first_seen(struct loader *k, struct order *o, struct ctx x, kymo_ns r, uint32_t g,
                       int to, kymo_stack_ix stack)
{
	kymo_ns begin = REL(o->sync);
	struct order_g *s = &o->gs.at[g];
	bool own_p = x.p && o->ms.at[x.m].p == x.p;
	if (!new_row(k, o, g, begin, r, 0, 0, KYMO_G_EXISTED))
		return;
	switch (to) {
	case KYMO_GO_RUNNABLE: record(k, s, begin, REC_STOPPED, 0, stack); break;
	case KYMO_GO_WAITING: record(k, s, begin, REC_WAITING, 0, stack); break;
	case KYMO_GO_RUNNING:
		record(k, s, begin, REC_RUNNING, x.p, 0);
		if (own_p)
			run_begin(k, &o->ps.at[x.p], g, begin, false);
		break;
	case KYMO_GO_SYSCALL:
		record(k, s, begin, REC_SYSCALL, own_p ? x.p : 0, stack);
		if (own_p) {
			run_begin(k, &o->ps.at[x.p], g, begin, true);
			enter_syscall(k, o, g, x.p);
		}
		break;
	}
}

static void created(struct loader *k, struct order *o, struct ctx x, kymo_ns r, uint32_t g, int to,
                    kymo_stack_ix stack)
{
	if (!new_row(k, o, g, r, r, row_of(o, x.g), stack, 0))
		return;
	struct order_g *s = &o->gs.at[g];
	if (to == KYMO_GO_SYSCALL) {
		record(k, s, r, REC_SYSCALL, x.p, 0);
		if (x.p) {
			run_begin(k, &o->ps.at[x.p], g, r, true);
			enter_syscall(k, o, g, x.p);
		}
	} else {
		record(k, s, r, REC_CREATED, x.p, to == KYMO_GO_WAITING);
	}
}

static always_inline void leave_proc(struct loader *k, struct order *o, uint32_t p, uint32_t g,
                                     kymo_ns r)
{
	struct order_p *s = &o->ps.at[p];
	if (unlikely(s->store.run_g != g))
		return;
	uint64_t dt = (uint64_t)(s->store.run_start - s->store.last),
		 duration = (uint64_t)(r - s->store.run_start);
	if (unlikely(s->store.w == s->store.wend || (dt | duration) >> 32)) {
		load_end_run(k, s, r);
		return;
	}
	__builtin_prefetch(s->store.w + 32, 1);
	s->store.w[0] = (uint32_t)dt;
	s->store.w[1] = (uint32_t)duration;
	s->store.w[2] = s->store.run_row | (s->store.run_syscall ? RUN_SYSCALL : 0);
	s->store.w += 3;
	s->store.records++;
	s->store.last = s->store.run_start;
	s->store.run_g = 0;
}

static always_inline void on_g(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t g,
                               int from, int to, kymo_string_ix reason, kymo_stack_ix tstack,
                               kymo_stack_ix stack)
{
	k->events++;
	kymo_ns r = REL(t);
	struct order_g *s = &o->gs.at[g];
	if (from == to) {
		// A status of a later generation: nothing changed, but it may bring the first stack.
	} else if (from == KYMO_GO_UNDETERMINED) {
		first_seen(k, o, x, r, g, to, stack);
	} else if (from == KYMO_GO_NOT_EXIST) {
		created(k, o, x, r, g, to, stack);
	} else if (from == KYMO_GO_RUNNABLE) {  // to running
		record(k, s, r, REC_RUNNING, x.p, 0);
		run_begin(k, &o->ps.at[x.p], g, r, false);
	} else if (from == KYMO_GO_WAITING) {  // to runnable
		record(k, s, r, REC_WOKEN, x.p, stack);
	} else if (from == KYMO_GO_RUNNING) {
		if (to == KYMO_GO_SYSCALL) {
			record(k, s, r, REC_SYSCALL, x.p, stack);
			o->ps.at[x.p].store.run_syscall = true;
			enter_syscall(k, o, g, x.p);
		} else {
			if (to == KYMO_GO_WAITING)
				record(k, s, r, REC_WAITING, reason_code(k, reason), stack);
			else if (to == KYMO_GO_RUNNABLE)
				record(k, s, r, REC_STOPPED, reason_code(k, reason), stack);
			else
				load_close_goroutine(k, s, r, true);
			leave_proc(k, o, x.p, g, r);
		}
	} else if (from == KYMO_GO_SYSCALL) {
		leave_syscall(k, o, g, x.p);
		if (to == KYMO_GO_RUNNING) {
			record(k, s, r, REC_RUNNING, x.p, 0);
		} else {
			if (to == KYMO_GO_RUNNABLE)
				record(k, s, r, REC_MISC, MISC_SYSCALL_EXIT, 0);
			else
				load_close_goroutine(k, s, r, true);
			if (x.p)
				leave_proc(k, o, x.p, g, r);
		}
	}
	if (tstack && unlikely(!s->named) && likely(k->failed == KYMO_OK))
		name_goroutine(k, o, s, tstack);
}

static inline void on_p(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t p, int from,
                        int to)
{
	k->events++;
	(void)x;
	if (to != KYMO_PROC_IDLE || from == to)
		return;
	struct order_p *s = &o->ps.at[p];
	uint32_t g = s->store.syscall_g;
	if (g && o->gs.at[g].status == G_SYSCALL && o->gs.at[g].store.row)
		record(k, &o->gs.at[g], REL(t), REC_MISC,
		       s->store.go_syscall_g == g ? MISC_PROC_LOST : MISC_PROC_LOST_UNNOTICED, 0);
	s->store.syscall_g = s->store.go_syscall_g = 0;
	if (s->store.run_g)
		load_end_run(k, s, REL(t));
}

/* ---- threads ---- */

void load_close_binding(struct loader *k, uint32_t m, kymo_ns r)
{
	struct order_m *s = &k->o->ms.at[m];
	if ((s->store.p || s->store.g) && r > s->store.since)
		PUSH(&k->bindings,
		     ((struct binding_row){s->store.since, r, m, s->store.p, s->store.g}));
	s->store.p = s->store.g = 0;
}

static void on_bind(SINK *k, struct order *o, uint32_t m, kymo_ns t)
{
	struct order_m *s = &o->ms.at[m];
	uint32_t p = s->p, g = 0;
	if (!p && s->g && o->gs.at[s->g].status == G_SYSCALL)
		g = o->gs.at[s->g].store.row;
	if (p == s->store.p && g == s->store.g)
		return;
	kymo_ns r = REL(t);
	load_close_binding(k, m, r);
	s->store.p = p;
	s->store.g = g;
	s->store.since = r;
}

/* ---- the rest: short tables ---- */

static void on_range(SINK *k, struct order *o, struct ctx x, kymo_ns t, int kind, int phase,
                     kymo_string_ix name, uint32_t g, uint32_t p, uint32_t *user,
                     kymo_stack_ix stack, uint64_t swept, uint64_t reclaimed)
{
	k->events++;
	if (phase == PHASE_ACTIVE)
		return;
	if (phase == PHASE_END) {
		if (*user >= k->ranges.count)
			return;
		struct range_row *r = &k->ranges.at[*user];
		r->end = REL(t);
		r->end_goroutine = row_of(o, x.g);
		r->swept = swept;
		r->reclaimed = reclaimed;
		r->flags &= (uint8_t)~KYMO_RANGE_NO_END;
		return;
	}
	struct range_row r = {
		.start = REL(t),
		.name = name,
		.goroutine = row_of(o, g ? g : x.g),
		.proc = p ? p : x.p,
		.stack = stack,
		.kind = (uint8_t)kind,
		.flags = KYMO_RANGE_NO_END,
	};
	if (phase == PHASE_ACTIVE_OPENED) {
		r.start = REL(o->sync);
		r.flags |= KYMO_RANGE_NO_BEGIN;
	}
	*user = UINT32_MAX;
	if (k->ranges.count >= UINT32_MAX - 1) {
		k->failed = KYMO_E_LIMIT;
		return;
	}
	PUSH(&k->ranges, r);
	*user = (uint32_t)k->ranges.count - 1;
}

static void on_metric(SINK *k, struct order *o, struct ctx x, kymo_ns t, int metric, uint64_t value,
                      kymo_stack_ix stack)
{
	k->events++;
	(void)o, (void)x, (void)stack;
	PUSH(&k->t->metric[metric].time, REL(t));
	PUSH(&k->t->metric[metric].value, value);
}

static void on_label(SINK *k, struct order *o, struct ctx x, kymo_ns t, kymo_string_ix label)
{
	k->events++;
	PUSH(&k->t->label_time, REL(t));
	PUSH(&k->t->label_g, row_of(o, x.g));
	PUSH(&k->t->label_text, label);
}

static void on_task(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t id,
                    uint64_t parent, kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	k->events++;
	struct kymo_trace *tr = k->t;
	if (!begin && *user < tr->task_id.count) {
		tr->task_end.at[*user] = REL(t);
		tr->task_end_g.at[*user] = row_of(o, x.g);
		tr->task_end_stack.at[*user] = stack;
		tr->task_flags.at[*user] |= KYMO_TASK_ENDED;
		return;
	}
	PUSH(&tr->task_id, id);
	PUSH(&tr->task_parent, parent);
	PUSH(&tr->task_begin, begin ? REL(t) : 0);
	PUSH(&tr->task_end, begin ? 0 : REL(t));
	PUSH(&tr->task_type, name);
	PUSH(&tr->task_begin_g, begin ? row_of(o, x.g) : 0);
	PUSH(&tr->task_end_g, begin ? 0 : row_of(o, x.g));
	PUSH(&tr->task_begin_stack, begin ? stack : 0);
	PUSH(&tr->task_end_stack, begin ? 0 : stack);
	PUSH(&tr->task_flags, begin ? KYMO_TASK_BEGUN : KYMO_TASK_ENDED);
	if (begin)
		*user = (uint32_t)tr->task_id.count - 1;
}

static void on_region(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t task,
                      kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	k->events++;
	struct kymo_trace *tr = k->t;
	uint32_t row = row_of(o, x.g);
	if (!begin && *user < tr->region_task.count) {
		tr->region_end.at[*user] = REL(t);
		tr->region_end_stack.at[*user] = stack;
		tr->region_flags.at[*user] |= KYMO_REGION_ENDED;
		return;
	}
	uint16_t depth = 0;
	if (begin) {
		uint32_t outer = o->nodes.at[o->gs.at[x.g].regions].next;
		if (outer && o->nodes.at[outer].user < tr->region_depth.count) {
			depth = tr->region_depth.at[o->nodes.at[outer].user];
			depth = (uint16_t)(depth + (depth < UINT16_MAX));
		}
	}
	PUSH(&tr->region_task, task);
	PUSH(&tr->region_begin, begin ? REL(t) : tr->g.begin.at[row]);
	PUSH(&tr->region_end, begin ? -1 : REL(t));
	PUSH(&tr->region_type, name);
	PUSH(&tr->region_g, row);
	PUSH(&tr->region_begin_stack, begin ? stack : 0);
	PUSH(&tr->region_end_stack, begin ? 0 : stack);
	PUSH(&tr->region_depth, depth);
	PUSH(&tr->region_flags, begin ? KYMO_REGION_BEGUN : KYMO_REGION_ENDED);
	if (begin)
		*user = (uint32_t)tr->region_task.count - 1;
}

static void on_log(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint64_t task,
                   kymo_string_ix category, kymo_string_ix message, kymo_stack_ix stack)
{
	k->events++;
	PUSH(&k->t->log_time, REL(t));
	PUSH(&k->t->log_task, task);
	PUSH(&k->t->log_g, row_of(o, x.g));
	PUSH(&k->t->log_category, category);
	PUSH(&k->t->log_message, message);
	PUSH(&k->t->log_stack, stack);
}

static void on_sample(SINK *k, struct order *o, kymo_ns t, const struct gen_sample *s,
                      kymo_stack_ix stack)
{
	k->events++;
	uint32_t g = s->goroutine == KYMO_NONE ? 0 : order_find(&o->g_ix, s->goroutine);
	PUSH(&k->t->sample_time, REL(t));
	PUSH(&k->t->sample_g, row_of(o, g));
	PUSH(&k->t->sample_p, s->proc == KYMO_NONE ? 0 : order_find(&o->p_ix, s->proc));
	PUSH(&k->t->sample_m, s->thread == KYMO_NONE ? 0 : order_find(&o->m_ix, s->thread));
	PUSH(&k->t->sample_stack, stack);
}

static void on_experimental(SINK *k, struct order *o, struct ctx x, kymo_ns t, unsigned type,
                            const uint64_t *args, unsigned n)
{
	k->events++;
	(void)o, (void)x, (void)t, (void)type, (void)args, (void)n;
}

#include "trace/order_run.h"

static enum kymo_status read_all(struct loader *k, struct order *o)
{
	bool first = true;
	for (;;) {
		kymo_ns raw;
		bool sync_due;
		enum gen_outcome g = order_next_generation(o, &raw, &sync_due);
		if (g == GEN_READY || sync_due) {
			kymo_ns t = order_sync(o, g == GEN_READY ? raw : 0);
			k->events++;
			if (first) {
				k->base = t;
				k->t->info.clock = o->gen.clock;
			}
			first = false;
		}
		if (g == GEN_END)
			return KYMO_OK;
		if (g == GEN_BROKEN)
			return o->err.status;
		k->t->info.generations++;
		switch (run(o, k)) {
		case RUN_BROKEN: return o->err.status;
		case RUN_FULL: return k->failed;
		case RUN_GENERATION_DONE: break;
		}
		if (k->failed != KYMO_OK)
			return k->failed;
		order_end_generation(o);
	}
}

enum kymo_status kymo_trace_load(struct kymo_input *in, const struct kymo_load_options *options,
                                 struct kymo_trace **out, struct kymo_error *err)
{
	*out = NULL;
	struct kymo_reader_options ro = {0};
	if (options) {
		ro.progress = options->progress;
		ro.progress_ctx = options->progress_ctx;
	}
	struct kymo_trace *t = calloc(1, sizeof *t);
	struct order *o = calloc(1, sizeof *o);
	struct loader k = {.t = t, .o = o};
	enum kymo_status st = t && o ? order_open(o, in, &ro, err) : error_memory(err);
	if (st == KYMO_OK && !load_begin(&k))
		st = error_memory(err);
	if (st == KYMO_OK) {
		st = read_all(&k, o);
		t->info.events = k.events;
		if (st == KYMO_E_DAMAGED && t->g.id.count > 1) {
			t->damage[0] = order_damage(o);
			t->info.damage = t->damage;
			t->info.damage_count = 1;
			st = KYMO_OK;
		} else if (st != KYMO_OK && err) {
			if (o->err.status == st)
				*err = o->err;
			else
				error_set(err, st, 0, 0,
				          st == KYMO_E_LIMIT
				                  ? "the trace has more rows than 32-bit indices can name"
				                  : "no memory left");
		}
	}
	if (st == KYMO_OK && !load_finish(&k))
		st = error_memory(err);
	vec_free(&k.span_chunks);
	vec_free(&k.run_chunks);
	vec_free(&k.bindings);
	vec_free(&k.ranges);
	vec_free(&k.reason_code);
	vec_free(&k.syscall_proc);
	if (o)
		order_close(o);
	free(o);
	if (st != KYMO_OK) {
		kymo_trace_free(t);
		return st;
	}
	*out = t;
	return KYMO_OK;
}
