/* SPDX-License-Identifier: MIT */
/* What a thread can do while it runs a goroutine. */
#include "property/sim.h"

#include "wire/spec.h"

static const char *const block_reasons[] = {"chan send", "chan receive", "select", "sync",
                                            "sleep",     "network",      "forever"};
static const char *const stop_reasons[] = {"preempted", "runtime.Gosched"};
static const char *const names[] = {"parse", "query", "render", "déjà vu", "a \"quoted\" name"};

#define ONE_OF(s, table) (table)[gen_below(&(s)->rng, sizeof(table) / sizeof *(table))]

static bool create(struct sim *s, int m)
{
	bool blocked = s->options->version >= 23 && gen_chance(&s->rng, 20);
	int g = sim_add_goroutine(s, blocked ? G_WAITING : G_RUNNABLE);
	if (g == SIM_NOBODY)
		return false;
	uint64_t id = s->goroutines[g].id;
	if (blocked)
		EMIT(s, m, STATE_TRANSITION, GoCreateBlocked, id, sim_stack(s), sim_stack(s));
	else
		EMIT(s, m, STATE_TRANSITION, GoCreate, id, sim_stack(s), sim_stack(s));
	s->goroutines[g].generation = s->generation;
	sim_record(s, g, blocked ? KYMO_SPAN_WAITING : KYMO_SPAN_RUNNABLE, 0);
	return true;
}

/* A coroutine switch: three transitions, a nanosecond apart. */
static bool coroutine_switch(struct sim *s, int m)
{
	int next = sim_pick(s, G_WAITING), cur = s->threads[m].g;
	if (next == SIM_NOBODY || s->options->version < 23)
		return false;
	bool destroy = !s->goroutines[cur].assist && gen_chance(&s->rng, 30);
	sim_tell_g(s, m, next);
	if (destroy)
		EMIT(s, m, STATE_TRANSITION, GoSwitchDestroy, s->goroutines[next].id,
		     ++s->goroutines[next].seq);
	else
		EMIT(s, m, STATE_TRANSITION, GoSwitch, s->goroutines[next].id,
		     ++s->goroutines[next].seq);
	s->expect->kinds[KYMO_EV_STATE_TRANSITION] += 2;
	s->goroutines[next].status = G_RUNNING;
	s->goroutines[cur].status = destroy ? G_DEAD : G_WAITING;
	s->threads[m].g = next;
	sim_record(s, next, KYMO_SPAN_RUNNABLE, 0);
	sim_record(s, cur, destroy ? KYMO_SPAN_NONE : KYMO_SPAN_WAITING, 1);
	sim_record(s, next, KYMO_SPAN_RUNNING, 2);
	return true;
}

static bool wake_another(struct sim *s, int m)
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

bool sim_step_running(struct sim *s, int m)
{
	struct sim_m *t = &s->threads[m];
	int g = t->g;
	struct sim_g *o = &s->goroutines[g];
	switch (gen_below(&s->rng, 12)) {
	case 0:
	case 1:
	case 2:
		EMIT(s, m, STATE_TRANSITION, GoBlock, sim_string(s, ONE_OF(s, block_reasons)),
		     sim_stack(s));
		o->status = G_WAITING;
		t->g = SIM_NOBODY;
		sim_record(s, g, KYMO_SPAN_WAITING, 0);
		return true;
	case 3:
		EMIT(s, m, STATE_TRANSITION, GoStop, sim_string(s, ONE_OF(s, stop_reasons)),
		     sim_stack(s));
		o->status = G_RUNNABLE;
		t->g = SIM_NOBODY;
		sim_record(s, g, KYMO_SPAN_RUNNABLE, 0);
		return true;
	case 4:
		if (o->assist)
			return false;
		EMIT0(s, m, STATE_TRANSITION, GoDestroy);
		o->status = G_DEAD;
		t->g = SIM_NOBODY;
		sim_record(s, g, KYMO_SPAN_NONE, 0);
		return true;
	case 5:
	case 6: return create(s, m);
	case 7:
	case 8:
		EMIT(s, m, STATE_TRANSITION, GoSyscallBegin, ++s->procs[t->p].seq, sim_stack(s));
		o->status = G_SYSCALL;
		s->procs[t->p].status = P_SYSCALL;
		sim_record(s, g, KYMO_SPAN_SYSCALL, 0);
		return true;
	case 9: return coroutine_switch(s, m);
	default: return wake_another(s, m);
	}
}

static bool gc_step(struct sim *s, int m)
{
	if (!s->gc_on) {
		EMIT(s, m, RANGE_BEGIN, GCBegin, ++s->gc_seq, sim_stack(s));
		s->gc_on = true;
		s->gc_generation = s->generation;
		s->expect->gc_cycles++;
	} else if (s->gc_generation != s->generation) {
		EMIT(s, m, RANGE_ACTIVE, GCActive, ++s->gc_seq);
		s->gc_generation = s->generation;
	} else {
		EMIT(s, m, RANGE_END, GCEnd, ++s->gc_seq);
		s->gc_on = false;
	}
	return true;
}

static bool region_step(struct sim *s, int m, struct sim_g *o)
{
	if (o->region_depth < 4 && gen_chance(&s->rng, 50)) {
		const char *name = ONE_OF(s, names);
		uint64_t task = s->tasks_begun ? gen_below(&s->rng, s->tasks_begun + 1) : 0;
		EMIT(s, m, REGION_BEGIN, UserRegionBegin, task, sim_string(s, name), sim_stack(s));
		o->region_task[o->region_depth] = task;
		o->region_name[o->region_depth++] = name;
		return true;
	}
	if (!o->region_depth && gen_chance(&s->rng, 20)) {
		// Begun before the trace, or on another goroutine.
		EMIT(s, m, REGION_END, UserRegionEnd, gen_below(&s->rng, s->tasks_begun + 3),
		     sim_string(s, ONE_OF(s, names)), sim_stack(s));
		return true;
	}
	if (!o->region_depth)
		return false;
	o->region_depth--;
	EMIT(s, m, REGION_END, UserRegionEnd, o->region_task[o->region_depth],
	     sim_string(s, o->region_name[o->region_depth]), sim_stack(s));
	return true;
}

static void sample(struct sim *s, int m)
{
	if (s->w.samples.len > 60000)
		return;
	s->now++;
	gen_sample(&s->w, s->now, s->threads[m].thread, (uint64_t)s->threads[m].p,
	           s->goroutines[s->threads[m].g].id, sim_stack(s));
	s->expect->kinds[KYMO_EV_STACK_SAMPLE]++;
}

bool sim_step_annotate(struct sim *s, int m)
{
	struct sim_m *t = &s->threads[m];
	struct sim_g *o = &s->goroutines[t->g];
	struct sim_p *p = &s->procs[t->p];
	switch (gen_below(&s->rng, 13)) {
	case 0: return gc_step(s, m);
	case 1:
		EMIT(s, m, RANGE_BEGIN, STWBegin, sim_string(s, "GC mark termination"), sim_stack(s));
		o->stw = true;
		o->stw_begin = s->now;
		s->expect->stw_count++;
		return true;
	case 2:
		if (o->assist)
			EMIT0(s, m, RANGE_END, GCMarkAssistEnd);
		else
			EMIT(s, m, RANGE_BEGIN, GCMarkAssistBegin, sim_stack(s));
		o->assist = !o->assist;
		return true;
	case 3:
		if (p->sweep)
			EMIT(s, m, RANGE_END, GCSweepEnd, gen_below(&s->rng, 1 << 20),
			     gen_below(&s->rng, 1 << 20));
		else
			EMIT(s, m, RANGE_BEGIN, GCSweepBegin, sim_stack(s));
		p->sweep = !p->sweep;
		return true;
	case 4:
		s->tasks_begun++;
		s->expect->tasks++;
		EMIT(s, m, TASK_BEGIN, UserTaskBegin, s->tasks_begun,
		     gen_below(&s->rng, s->tasks_begun), sim_string(s, ONE_OF(s, names)),
		     sim_stack(s));
		return true;
	case 5:
		if (!s->tasks_begun)
			return false;
		EMIT(s, m, TASK_END, UserTaskEnd, 1 + gen_below(&s->rng, s->tasks_begun),
		     sim_stack(s));
		return true;
	case 6:
	case 7: return region_step(s, m, o);
	case 8:
		EMIT(s, m, LOG, UserLog, gen_below(&s->rng, s->tasks_begun + 3),
		     sim_string(s, ONE_OF(s, names)), sim_string(s, ONE_OF(s, names)), sim_stack(s));
		return true;
	case 9: EMIT(s, m, LABEL, GoLabel, sim_string(s, ONE_OF(s, names))); return true;
	case 10: EMIT(s, m, METRIC, HeapAlloc, gen_random(&s->rng) >> 20); return true;
	case 11:
		if (gen_chance(&s->rng, 50))
			EMIT(s, m, METRIC, HeapGoal, gen_random(&s->rng) >> 10);
		else
			EMIT(s, m, METRIC, ProcsChange, 1 + gen_below(&s->rng, 8), sim_stack(s));
		return true;
	default: sample(s, m); return true;
	}
}
