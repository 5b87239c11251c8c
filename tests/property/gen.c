/* SPDX-License-Identifier: MIT */
#include "property/gen.h"

#include <stdlib.h>
#include <string.h>

#include "property/sim.h"
#include "wire/spec.h"

static const enum kymo_span_state span_of[] = {
	[G_RUNNABLE] = KYMO_SPAN_RUNNABLE,
	[G_RUNNING] = KYMO_SPAN_RUNNING,
	[G_SYSCALL] = KYMO_SPAN_SYSCALL,
	[G_WAITING] = KYMO_SPAN_WAITING,
};

/* Who exists before the trace does. */
static void populate(struct sim *s)
{
	for (int m = 0; m < SIM_THREADS; m++)
		s->threads[m] = (struct sim_m){
			.thread = 4000 + (uint64_t)m * 7 + gen_below(&s->rng, 7),
			.skew = s->options->skew ? gen_below(&s->rng, 3000) : 0,
			.p = SIM_NOBODY,
			.g = SIM_NOBODY,
		};
	for (int p = 0; p < SIM_PROCS; p++)
		s->procs[p] = (struct sim_p){.status = P_IDLE, .m = SIM_NOBODY};
	unsigned old = (unsigned)gen_below(&s->rng, 20);
	for (unsigned i = 0; i < old; i++) {
		int g = sim_add_goroutine(s, gen_chance(&s->rng, 50) ? G_RUNNABLE : G_WAITING);
		sim_record(s, g, span_of[s->goroutines[g].status], 0);
	}
	for (int m = 0; m < SIM_PROCS; m++) {
		unsigned kind = (unsigned)gen_below(&s->rng, 4);
		if (kind == 0)
			continue;
		struct sim_p *p = &s->procs[m];
		p->status = kind == 3 ? P_SYSCALL : P_RUNNING;
		p->m = m;
		s->threads[m].p = m;
		if (kind == 1)
			continue;
		int g = sim_add_goroutine(s, kind == 3 ? G_SYSCALL : G_RUNNING);
		s->threads[m].g = g;
		sim_record(s, g, span_of[s->goroutines[g].status], 0);
	}
}

static void step(struct sim *s)
{
	int m = (int)gen_below(&s->rng, SIM_THREADS);
	struct sim_m *t = &s->threads[m];
	if (t->g == SIM_NOBODY) {
		if (t->p == SIM_NOBODY)
			sim_step_bare(s, m);
		else
			sim_step_proc(s, m);
	} else if (s->goroutines[t->g].status == G_SYSCALL) {
		sim_step_syscall(s, m);
	} else if (s->goroutines[t->g].stw) {
		struct sim_g *g = &s->goroutines[t->g];
		EMIT0(s, m, RANGE_END, STWEnd);
		g->stw = false;
		s->expect->stw_total += (kymo_ns)(s->now - g->stw_begin) * 64;
	} else if (gen_chance(&s->rng, 40)) {
		sim_step_annotate(s, m);
	} else {
		sim_step_running(s, m);
	}
}

/* What the runtime does when a generation opens: each thread that is in Go code says so in its own stream. Threads in
 * syscalls say it when they come back, if nobody has by then. */
static void open_generation(struct sim *s)
{
	gen_generation_begin(&s->w, s->generation, s->now);
	s->expect->kinds[KYMO_EV_SYNC]++;
	// A mark phase may be under way when the trace begins. Where clocks differ one always is, said first: else the
	// first two GC events to come could be taken in the wrong order, as nothing is known to check them against.
	if (s->now == s->first && (s->options->skew || gen_chance(&s->rng, 30))) {
		s->gc_seq = gen_below(&s->rng, 50);
		EMIT(s, SIM_NOBODY, RANGE_ACTIVE, GCActive, s->gc_seq);
		s->gc_on = true;
		s->gc_generation = s->generation;
		s->expect->gc_cycles++;
	}
	for (int m = 0; m < SIM_THREADS; m++) {
		struct sim_m *t = &s->threads[m];
		if (t->p != SIM_NOBODY && s->procs[t->p].status == P_RUNNING)
			sim_tell_own(s, m);
	}
}

static void close_generation(struct sim *s)
{
	for (int m = 0; m < SIM_THREADS; m++) {
		struct sim_m *t = &s->threads[m];
		// No stop-the-world spans a boundary.
		if (t->g != SIM_NOBODY && s->goroutines[t->g].stw) {
			EMIT0(s, m, RANGE_END, STWEnd);
			s->goroutines[t->g].stw = false;
			s->expect->stw_total +=
				(kymo_ns)(s->now - s->goroutines[t->g].stw_begin) * 64;
		}
		if (t->p != SIM_NOBODY)
			sim_tell_own(s, m);
	}
	// Those that did nothing are told of by nobody's thread.
	for (unsigned g = 0; g < s->goroutine_count; g++)
		if (s->goroutines[g].status != G_DEAD)
			sim_tell_g(s, SIM_NOBODY, (int)g);
	gen_generation_end(&s->w, ++s->now);
}

void gen_trace_make(struct gen_trace *out, const struct gen_options *options)
{
	memset(out, 0, sizeof *out);
	struct sim *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->rng.state = options->seed;
	s->options = options;
	s->expect = &out->expect;
	s->generation = 1 + gen_below(&s->rng, 5);
	s->now = s->first = 1000 + gen_below(&s->rng, 1000000);
	gen_writer_begin(&s->w, &s->rng, options->version);
	if (options->frequency)
		s->w.frequency = options->frequency;
	populate(s);
	for (unsigned n = 0; n < options->generations; n++, s->generation++) {
		open_generation(s);
		unsigned steps =
			options->steps / 2 + (unsigned)gen_below(&s->rng, options->steps + 1);
		for (unsigned i = 0; i < steps; i++)
			step(s);
		close_generation(s);
	}
	s->expect->kinds[KYMO_EV_SYNC]++;  // one ends the trace
	out->bytes = s->w.out.at;
	out->len = s->w.out.len;
	s->w.out = (struct gen_bytes){0};
	gen_writer_free(&s->w);
	free(s);
}

void gen_trace_free(struct gen_trace *t)
{
	for (size_t i = 0; i < t->expect.goroutine_count; i++)
		free(t->expect.goroutines[i].spans);
	free(t->expect.goroutines);
	free(t->bytes);
	memset(t, 0, sizeof *t);
}
