/* SPDX-License-Identifier: MIT */
/*
 * Loads a trace: a consumer of order_run.h that turns what happened into changes (changes.h), which write.c makes the
 * store of. Rows are numbered here, where one event refers to another's: ranges, tasks, regions.
 */
#include "trace/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SINK struct loader
#define REL(t) ((t)-k->base)

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

/* ---- changes ---- */

static always_inline void put(struct loader *k, struct change c)
{
	*changes_place(&k->changes) = c;
}

static always_inline void put_more(struct loader *k, uint64_t a, uint64_t b)
{
	struct change_more more = {a, b, 0};
	memcpy(changes_place(&k->changes), &more, sizeof more);
}

/* After each change. */
static always_inline void done(struct loader *k)
{
	enum kymo_status st = changes_room(&k->changes);
	if (unlikely(st != KYMO_OK))
		k->failed = st;
}

static always_inline void change(struct loader *k, kymo_ns r, uint32_t g, uint32_t p,
                                 unsigned actions, uint32_t kind, uint32_t aux, uint32_t stack)
{
	if (unlikely(aux > CHANGE_AUX_MAX)) {
		k->failed = KYMO_E_LIMIT;
		return;
	}
	put(k, (struct change){r, g, p, stack, CHANGE_WHAT(actions, kind, aux)});
	done(k);
}

static void other(struct loader *k, kymo_ns r, enum change_kind kind, uint32_t g, uint32_t p,
                  uint32_t stack)
{
	change(k, r, g, p, CHANGE_OTHER, kind, 0, stack);
}

static void other_more(struct loader *k, kymo_ns r, enum change_kind kind, uint32_t g, uint32_t p,
                       uint32_t stack, uint64_t a, uint64_t b)
{
	put(k, (struct change){r, g, p, stack, CHANGE_WHAT(CHANGE_OTHER, kind, 0)});
	put_more(k, a, b);
	done(k);
}

/* The next row of a table whose rows are referred to. UINT32_MAX: none is left. */
static uint32_t next_row(struct loader *k, uint32_t *count)
{
	if (*count >= UINT32_MAX - 1) {
		k->failed = KYMO_E_LIMIT;
		return UINT32_MAX;
	}
	return (*count)++;
}

/* ---- goroutines ---- */

static __attribute__((noinline)) uint32_t new_reason(struct loader *k, kymo_string_ix reason)
{
	while (k->reason_code.count <= reason)
		if (!vec_push(&k->reason_code, 0)) {
			k->failed = KYMO_E_MEMORY;
			return 0;
		}
	if (!vec_push(&k->t->reasons, reason)) {
		k->failed = KYMO_E_MEMORY;
		return 0;
	}
	return k->reason_code.at[reason] = (uint32_t)k->t->reasons.count - 1;
}

static always_inline uint32_t reason_code(struct loader *k, kymo_string_ix reason)
{
	if (likely(reason < k->reason_code.count) &&
	    likely(k->reason_code.at[reason] != 0 || reason == 0))
		return k->reason_code.at[reason];
	return new_reason(k, reason);
}

/* The first stack with a named outermost frame names the goroutine: it is where it started. */
static __attribute__((noinline)) void name_goroutine(struct loader *k, struct order *o, uint32_t g,
                                                     kymo_stack_ix stack)
{
	struct stack_span st = o->tables.stacks.at[stack];
	if (st.count == 0)
		return;
	kymo_string_ix func = o->tables.frames.at[st.from + st.count - 1].func;
	if (!func)
		return;
	other(k, 0, CHANGE_NAME, g, func, stack);
	o->gs.at[g].named = true;
}

/*
 * Syscalls and the procs they hold. `syscall_g` is the truth. Go's summarizer (1.26) keeps a map of its own, and when
 * a goroutine leaves a syscall it forgets whoever is in a syscall on the proc that the goroutine *entered* with, even
 * if that proc was lost and is another's by now; the other's loss then goes unnoticed, and the whole of its call
 * counts as unblocked. `go_syscall_g` follows that map, so that a loss can be marked as one that Go does not see.
 */
static void enter_syscall(struct order *o, uint32_t g, uint32_t p)
{
	o->gs.at[g].syscall_p = p;
	o->ps.at[p].syscall_g = o->ps.at[p].go_syscall_g = g;
}

static void leave_syscall(struct order *o, uint32_t g, uint32_t p)
{
	o->ps.at[o->gs.at[g].syscall_p].go_syscall_g = 0;
	o->gs.at[g].syscall_p = 0;
	if (p && o->ps.at[p].syscall_g == g)
		o->ps.at[p].syscall_g = 0;
}

/* A life begins, with its first record, and maybe on a proc. */
static void open_life(struct loader *k, struct order *o, kymo_ns begin, uint32_t g, uint32_t p,
                      unsigned actions, uint32_t kind, uint32_t aux, uint32_t stack,
                      struct change_open more)
{
	if (aux > CHANGE_AUX_MAX) {
		k->failed = KYMO_E_LIMIT;
		return;
	}
	actions |= CHANGE_OPEN | CHANGE_RECORD;
	more.id = o->gs.at[g].id;
	put(k, (struct change){begin, g, p, stack, CHANGE_WHAT(actions, kind, aux)});
	memcpy(changes_place(&k->changes), &more, sizeof more);
	done(k);
}

/* It was there when the trace began. */
static void first_seen(struct loader *k, struct order *o, struct ctx x, kymo_ns r, uint32_t g,
                       int to, kymo_stack_ix stack)
{
	kymo_ns begin = REL(o->sync);
	uint32_t own_p = x.p && o->ms.at[x.m].p == x.p ? x.p : 0;
	unsigned run = own_p ? CHANGE_RUN : 0;
	struct change_open more = {.seen = r, .creator = CHANGE_EXISTED};
	switch (to) {
	case KYMO_GO_RUNNABLE: open_life(k, o, begin, g, 0, 0, REC_STOPPED, 0, stack, more); break;
	case KYMO_GO_WAITING: open_life(k, o, begin, g, 0, 0, REC_WAITING, 0, stack, more); break;
	case KYMO_GO_RUNNING:
		open_life(k, o, begin, g, own_p, run, REC_RUNNING, x.p, 0, more);
		break;
	case KYMO_GO_SYSCALL:
		run |= own_p ? CHANGE_SYSCALL : 0;
		open_life(k, o, begin, g, own_p, run, REC_SYSCALL, own_p, stack, more);
		if (own_p)
			enter_syscall(o, g, own_p);
		break;
	}
}

static void created(struct loader *k, struct order *o, struct ctx x, kymo_ns r, uint32_t g, int to,
                    kymo_stack_ix stack)
{
	struct change_open more = {.seen = r, .creator = x.g, .create_stack = stack};
	if (to == KYMO_GO_SYSCALL) {
		unsigned run = x.p ? CHANGE_RUN | CHANGE_SYSCALL : 0;
		open_life(k, o, r, g, x.p, run, REC_SYSCALL, x.p, 0, more);
		if (x.p)
			enter_syscall(o, g, x.p);
	} else {
		open_life(k, o, r, g, 0, 0, REC_CREATED, x.p, to == KYMO_GO_WAITING, more);
	}
}

static always_inline void on_g(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t g,
                               int from, int to, kymo_string_ix reason, kymo_stack_ix tstack,
                               kymo_stack_ix stack)
{
	k->events++;
	kymo_ns r = REL(t);
	unsigned leave = x.p ? CHANGE_LEAVE : 0;
	if (from == to) {
		// A status of a later generation: nothing changed, but it may bring the first stack.
	} else if (from == KYMO_GO_UNDETERMINED) {
		first_seen(k, o, x, r, g, to, stack);
	} else if (from == KYMO_GO_NOT_EXIST) {
		created(k, o, x, r, g, to, stack);
	} else if (from == KYMO_GO_RUNNABLE) {  // to running
		change(k, r, g, x.p, CHANGE_RECORD | CHANGE_RUN, REC_RUNNING, x.p, 0);
	} else if (from == KYMO_GO_WAITING) {  // to runnable
		change(k, r, g, 0, CHANGE_RECORD, REC_WOKEN, x.p, stack);
	} else if (from == KYMO_GO_RUNNING) {
		if (to == KYMO_GO_SYSCALL) {
			change(k, r, g, x.p, CHANGE_RECORD | CHANGE_SYSCALL, REC_SYSCALL, x.p, stack);
			enter_syscall(o, g, x.p);
		} else if (to == KYMO_GO_WAITING) {
			change(k, r, g, x.p, CHANGE_RECORD | leave, REC_WAITING,
			       reason_code(k, reason), stack);
		} else if (to == KYMO_GO_RUNNABLE) {
			change(k, r, g, x.p, CHANGE_RECORD | leave, REC_STOPPED,
			       reason_code(k, reason), stack);
		} else {
			change(k, r, g, x.p, CHANGE_CLOSE | leave, 0, 0, 0);
		}
	} else if (from == KYMO_GO_SYSCALL) {
		leave_syscall(o, g, x.p);
		if (to == KYMO_GO_RUNNING)
			change(k, r, g, 0, CHANGE_RECORD, REC_RUNNING, x.p, 0);
		else if (to == KYMO_GO_RUNNABLE)
			change(k, r, g, x.p, CHANGE_RECORD | leave, REC_MISC, MISC_SYSCALL_EXIT, 0);
		else
			change(k, r, g, x.p, CHANGE_CLOSE | leave, 0, 0, 0);
	}
	if (tstack && unlikely(!o->gs.at[g].named) && likely(k->failed == KYMO_OK))
		name_goroutine(k, o, g, tstack);
}

static inline void on_p(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t p, int from,
                        int to)
{
	k->events++;
	(void)x;
	if (to != KYMO_PROC_IDLE || from == to)
		return;
	struct order_p *s = &o->ps.at[p];
	uint32_t g = s->syscall_g;
	if (g && o->gs.at[g].status == G_SYSCALL)
		change(k, REL(t), g, p, CHANGE_RECORD | CHANGE_IDLE, REC_MISC,
		       s->go_syscall_g == g ? MISC_PROC_LOST : MISC_PROC_LOST_UNNOTICED, 0);
	else
		change(k, REL(t), 0, p, CHANGE_IDLE, 0, 0, 0);
	s->syscall_g = s->go_syscall_g = 0;
}

/* ---- the rest ---- */

static void on_bind(SINK *k, struct order *o, uint32_t m, kymo_ns t)
{
	const struct order_m *s = &o->ms.at[m];
	bool in_syscall = !s->p && s->g && o->gs.at[s->g].status == G_SYSCALL;
	other(k, REL(t), CHANGE_BIND, m, s->p, in_syscall ? s->g : 0);
}

static void on_range(SINK *k, struct order *o, struct ctx x, kymo_ns t, int kind, int phase,
                     kymo_string_ix name, uint32_t g, uint32_t p, uint32_t *user,
                     kymo_stack_ix stack, uint64_t swept, uint64_t reclaimed)
{
	k->events++;
	if (phase == PHASE_ACTIVE)
		return;
	if (phase == PHASE_END) {
		if (*user < k->ranges)
			other_more(k, REL(t), CHANGE_RANGE_END, x.g, *user, 0, swept, reclaimed);
		return;
	}
	bool opened = phase == PHASE_ACTIVE_OPENED;
	*user = next_row(k, &k->ranges);
	if (*user == UINT32_MAX)
		return;
	put(k, (struct change){REL(opened ? o->sync : t), g ? g : x.g, p ? p : x.p, stack,
	                       CHANGE_WHAT(CHANGE_OTHER, CHANGE_RANGE_BEGIN,
	                                   (uint32_t)kind << 1 | opened)});
	put_more(k, name, 0);
	done(k);
}

static void on_metric(SINK *k, struct order *o, struct ctx x, kymo_ns t, int metric, uint64_t value,
                      kymo_stack_ix stack)
{
	k->events++;
	(void)o, (void)x, (void)stack;
	other(k, REL(t), CHANGE_METRIC, (uint32_t)metric, (uint32_t)value, (uint32_t)(value >> 32));
}

static void on_label(SINK *k, struct order *o, struct ctx x, kymo_ns t, kymo_string_ix label)
{
	k->events++;
	(void)o;
	other(k, REL(t), CHANGE_LABEL, x.g, label, 0);
}

static void on_task(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t id,
                    uint64_t parent, kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	k->events++;
	(void)o;
	if (!begin && *user < k->tasks) {
		other(k, REL(t), CHANGE_TASK_END, x.g, *user, stack);
		return;
	}
	uint32_t row = next_row(k, &k->tasks);
	if (row == UINT32_MAX)
		return;
	if (begin)
		*user = row;
	other_more(k, REL(t), begin ? CHANGE_TASK_BEGIN : CHANGE_TASK_LOST, x.g, name, stack, id,
	           parent);
}

static void on_region(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t task,
                      kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	k->events++;
	if (!begin && *user < k->regions) {
		other(k, REL(t), CHANGE_REGION_END, 0, *user, stack);
		return;
	}
	uint32_t around = begin ? o->nodes.at[o->gs.at[x.g].regions].next : 0;
	uint64_t around_row = around ? o->nodes.at[around].user : UINT64_MAX;
	uint32_t row = next_row(k, &k->regions);
	if (row == UINT32_MAX)
		return;
	if (begin)
		*user = row;
	other_more(k, REL(t), begin ? CHANGE_REGION_BEGIN : CHANGE_REGION_LOST, x.g, name, stack,
	           task, around_row);
}

static void on_log(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint64_t task,
                   kymo_string_ix category, kymo_string_ix message, kymo_stack_ix stack)
{
	k->events++;
	(void)o;
	other_more(k, REL(t), CHANGE_LOG, x.g, category, stack, task, message);
}

static void on_sample(SINK *k, struct order *o, kymo_ns t, const struct gen_sample *s,
                      kymo_stack_ix stack)
{
	k->events++;
	uint32_t g = s->goroutine == KYMO_NONE ? 0 : order_find(&o->g_ix, s->goroutine);
	uint32_t p = s->proc == KYMO_NONE ? 0 : order_find(&o->p_ix, s->proc);
	uint32_t m = s->thread == KYMO_NONE ? 0 : order_find(&o->m_ix, s->thread);
	other_more(k, REL(t), CHANGE_SAMPLE, g, p, stack, m, 0);
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
		enum kymo_status written = changes_end(&k.changes);
		if (written != KYMO_OK)
			st = written;
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
	changes_free(&k.changes);
	writer_free(&k.writer);
	vec_free(&k.reason_code);
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
