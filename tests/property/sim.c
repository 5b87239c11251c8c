/* SPDX-License-Identifier: MIT */
#include "property/sim.h"

#include <stdlib.h>

#include "wire/spec.h"

#define NONE UINT64_MAX

void sim_emit(struct sim *s, int m, unsigned type, const uint64_t *args, unsigned count,
              enum kymo_event_kind kind)
{
	s->now += 1 + gen_below(&s->rng, 12);
	uint64_t thread = m == SIM_NOBODY ? NONE : s->threads[m].thread;
	uint64_t skew = m == SIM_NOBODY ? 0 : s->threads[m].skew;
	gen_event(&s->w, thread, s->now + skew, type, args, count);
	s->expect->kinds[kind]++;
}

void sim_record(struct sim *s, int g, enum kymo_span_state state, kymo_ns extra_ns)
{
	struct gen_goroutine *e = &s->expect->goroutines[g];
	if (e->count == e->cap) {
		e->cap = e->cap ? e->cap * 2 : 8;
		e->spans = realloc(e->spans, e->cap * sizeof *e->spans);
		if (!e->spans)
			abort();
	}
	e->spans[e->count++] = (struct gen_span){
		.start = (kymo_ns)(s->now - s->first) * 64 + extra_ns,
		.state = (uint8_t)state,
	};
}

int sim_add_goroutine(struct sim *s, enum sim_g_status status)
{
	if (s->goroutine_count == SIM_GOROUTINES)
		return SIM_NOBODY;
	unsigned g = s->goroutine_count++;
	s->goroutines[g] = (struct sim_g){.id = g + 1, .status = status};
	if ((g & (g - 1)) == 0) {  // room doubles at each power of two
		size_t cap = g ? (size_t)g * 2 : 1;
		s->expect->goroutines =
			realloc(s->expect->goroutines, cap * sizeof *s->expect->goroutines);
		if (!s->expect->goroutines)
			abort();
	}
	s->expect->goroutines[g] = (struct gen_goroutine){.id = g + 1};
	s->expect->goroutine_count = s->goroutine_count;
	return (int)g;
}

uint64_t sim_stack(struct sim *s)
{
	return gen_chance(&s->rng, 10)
	               ? 0
	               : gen_stack(&s->w, 1 + (unsigned)gen_below(&s->rng, s->w.stack_count - 1));
}

uint64_t sim_string(struct sim *s, const char *text)
{
	return gen_string(&s->w, text);
}

int sim_pick(struct sim *s, enum sim_g_status status)
{
	if (!s->goroutine_count)
		return SIM_NOBODY;
	unsigned start = (unsigned)gen_below(&s->rng, s->goroutine_count);
	for (unsigned i = 0; i < s->goroutine_count; i++) {
		unsigned g = (start + i) % s->goroutine_count;
		if (s->goroutines[g].status == status)
			return (int)g;
	}
	return SIM_NOBODY;
}

/* The thread that executes g. */
static int thread_of(const struct sim *s, int g)
{
	for (int m = 0; m < SIM_THREADS; m++)
		if (s->threads[m].g == g)
			return m;
	return SIM_NOBODY;
}

void sim_tell_g(struct sim *s, int m, int g)
{
	struct sim_g *o = &s->goroutines[g];
	if (o->generation == s->generation)
		return;
	o->generation = s->generation;
	o->seq = 0;
	int on = o->status == G_RUNNING || o->status == G_SYSCALL ? thread_of(s, g) : SIM_NOBODY;
	uint64_t thread = on == SIM_NOBODY ? NONE : s->threads[on].thread;
	if (s->options->version >= 23 && gen_chance(&s->rng, 30))
		EMIT(s, m, STATE_TRANSITION, GoStatusStack, o->id, thread, o->status, sim_stack(s));
	else
		EMIT(s, m, STATE_TRANSITION, GoStatus, o->id, thread, o->status);
	if (o->assist)
		EMIT(s, m, RANGE_ACTIVE, GCMarkAssistActive, o->id);
}

void sim_tell_p(struct sim *s, int m, int p)
{
	struct sim_p *o = &s->procs[p];
	if (o->generation == s->generation)
		return;
	o->generation = s->generation;
	o->seq = 0;
	// Said by another thread, a syscall's proc can only be on its way to being stolen.
	unsigned status = o->status == P_SYSCALL && o->m != m ? P_ABANDONED : o->status;
	EMIT(s, m, STATE_TRANSITION, ProcStatus, (uint64_t)p, status);
	if (o->sweep)
		EMIT(s, m, RANGE_ACTIVE, GCSweepActive, (uint64_t)p);
}

void sim_tell_own(struct sim *s, int m)
{
	if (s->threads[m].p != SIM_NOBODY)
		sim_tell_p(s, m, s->threads[m].p);
	if (s->threads[m].g != SIM_NOBODY)
		sim_tell_g(s, m, s->threads[m].g);
}

static bool start_proc(struct sim *s, int m)
{
	int p = (int)gen_below(&s->rng, SIM_PROCS);
	if (s->procs[p].status != P_IDLE || s->threads[m].p != SIM_NOBODY)
		return false;
	sim_tell_own(s, m);
	sim_tell_p(s, m, p);
	EMIT(s, m, STATE_TRANSITION, ProcStart, (uint64_t)p, ++s->procs[p].seq);
	s->procs[p].status = P_RUNNING;
	s->procs[p].m = m;
	s->threads[m].p = p;
	return true;
}

/* Any thread may take the proc of a syscall that lasts: the system monitor has neither proc nor goroutine. */
static bool steal_proc(struct sim *s, int m)
{
	int p = (int)gen_below(&s->rng, SIM_PROCS);
	struct sim_p *o = &s->procs[p];
	if (o->status != P_SYSCALL && o->status != P_ABANDONED)
		return false;
	if (o->m == m)
		return false;
	sim_tell_p(s, m, p);
	uint64_t victim = s->threads[o->m == SIM_NOBODY ? o->left_by : o->m].thread;
	EMIT(s, m, STATE_TRANSITION, ProcSteal, (uint64_t)p, ++o->seq, victim);
	if (o->m != SIM_NOBODY) {
		// Of a goroutine that the trace has not told of yet, nobody can know that it had a proc to lose.
		if (s->goroutines[s->threads[o->m].g].generation)
			sim_record(s, s->threads[o->m].g, KYMO_SPAN_SYSCALL_BLOCKED, 0);
		s->threads[o->m].p = SIM_NOBODY;
	}
	o->status = P_IDLE;
	o->m = SIM_NOBODY;
	return true;
}

static bool unblock(struct sim *s, int m)
{
	int g = sim_pick(s, G_WAITING);
	if (g == SIM_NOBODY)
		return false;
	sim_tell_g(s, m, g);
	EMIT(s, m, STATE_TRANSITION, GoUnblock, s->goroutines[g].id, ++s->goroutines[g].seq,
	     sim_stack(s));
	s->goroutines[g].status = G_RUNNABLE;
	sim_record(s, g, KYMO_SPAN_RUNNABLE, 0);
	return true;
}

bool sim_step_bare(struct sim *s, int m)
{
	unsigned what = (unsigned)gen_below(&s->rng, 10);
	if (what < 5)
		return start_proc(s, m);
	if (what < 8)
		return steal_proc(s, m);
	if (what == 8)
		return unblock(s, m);
	// A C thread calls into Go.
	int g = sim_add_goroutine(s, G_SYSCALL);
	if (g == SIM_NOBODY)
		return false;
	EMIT(s, m, STATE_TRANSITION, GoCreateSyscall, s->goroutines[g].id);
	s->goroutines[g].generation = s->generation;
	s->goroutines[g].cgo = true;
	s->threads[m].g = g;
	sim_record(s, g, KYMO_SPAN_SYSCALL, 0);
	return true;
}

static bool start_goroutine(struct sim *s, int m)
{
	int g = sim_pick(s, G_RUNNABLE);
	if (g == SIM_NOBODY)
		return false;
	sim_tell_g(s, m, g);
	EMIT(s, m, STATE_TRANSITION, GoStart, s->goroutines[g].id, ++s->goroutines[g].seq);
	s->goroutines[g].status = G_RUNNING;
	s->threads[m].g = g;
	sim_record(s, g, KYMO_SPAN_RUNNING, 0);
	return true;
}

bool sim_step_proc(struct sim *s, int m)
{
	unsigned what = (unsigned)gen_below(&s->rng, 20);
	struct sim_m *t = &s->threads[m];
	if (what < 13)
		return start_goroutine(s, m);
	if (what < 15)
		return unblock(s, m);
	if (what < 16)
		return steal_proc(s, m);
	if (what < 17 && s->procs[t->p].sweep) {
		EMIT(s, m, RANGE_END, GCSweepEnd, gen_below(&s->rng, 1 << 20),
		     gen_below(&s->rng, 1 << 20));
		s->procs[t->p].sweep = false;
		return true;
	}
	EMIT0(s, m, STATE_TRANSITION, ProcStop);
	s->procs[t->p].status = P_IDLE;
	s->procs[t->p].m = SIM_NOBODY;
	t->p = SIM_NOBODY;
	return true;
}

bool sim_step_syscall(struct sim *s, int m)
{
	struct sim_m *t = &s->threads[m];
	int g = t->g;
	struct sim_g *o = &s->goroutines[g];
	if (t->p != SIM_NOBODY && s->procs[t->p].status == P_SYSCALL) {
		if (gen_chance(&s->rng, 30)) {
			// Others get the time to steal.
			return false;
		}
		sim_tell_own(s, m);
		if (o->cgo && gen_chance(&s->rng, 40)) {
			EMIT0(s, m, STATE_TRANSITION, GoDestroySyscall);
			s->expect->kinds[KYMO_EV_STATE_TRANSITION]++;  // the proc is given up first, as if stolen
			s->procs[t->p].status = P_ABANDONED;
			s->procs[t->p].left_by = m;
			s->procs[t->p].m = SIM_NOBODY;
			t->p = t->g = SIM_NOBODY;
			o->status = G_DEAD;
			sim_record(s, g, KYMO_SPAN_SYSCALL_BLOCKED, 0);
			sim_record(s, g, KYMO_SPAN_NONE, 1);
			return true;
		}
		EMIT0(s, m, STATE_TRANSITION, GoSyscallEnd);
		s->procs[t->p].status = P_RUNNING;
		o->status = G_RUNNING;
		sim_record(s, g, KYMO_SPAN_RUNNING, 0);
		return true;
	}
	sim_tell_own(s, m);
	if (t->p == SIM_NOBODY && gen_chance(&s->rng, 40))
		return start_proc(s, m);
	if (o->cgo && t->p == SIM_NOBODY && gen_chance(&s->rng, 30)) {
		EMIT0(s, m, STATE_TRANSITION, GoDestroySyscall);
		t->g = SIM_NOBODY;
		o->status = G_DEAD;
		sim_record(s, g, KYMO_SPAN_NONE, 0);
		return true;
	}
	EMIT0(s, m, STATE_TRANSITION, GoSyscallEndBlocked);
	t->g = SIM_NOBODY;
	o->status = G_RUNNABLE;
	sim_record(s, g, KYMO_SPAN_RUNNABLE, 0);
	return true;
}
