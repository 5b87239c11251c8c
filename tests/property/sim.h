/* SPDX-License-Identifier: MIT */
/* The scheduler's state, shared by gen.c (what happens when) and sim.c (how each step is written). */
#ifndef KYMO_TESTS_PROPERTY_SIM_H
#define KYMO_TESTS_PROPERTY_SIM_H

#include "property/gen.h"
#include "property/gen_write.h"

#define SIM_PROCS 6
#define SIM_THREADS 10
#define SIM_GOROUTINES 4096
#define SIM_NOBODY (-1)

enum sim_g_status { G_RUNNABLE = 1, G_RUNNING, G_SYSCALL, G_WAITING, G_DEAD };
enum sim_p_status { P_RUNNING = 1, P_IDLE, P_SYSCALL, P_ABANDONED };

struct sim_g {
	uint64_t id, seq, generation;  // generation: the last one that told its status
	enum sim_g_status status;
	bool cgo, assist, stw;
	uint64_t stw_begin;
	unsigned region_depth;
	uint64_t region_task[4];
	const char *region_name[4];
};

struct sim_p {
	uint64_t seq, generation;
	enum sim_p_status status;
	int m;        // the thread that holds it
	int left_by;  // P_ABANDONED: the thread that had it
	bool sweep;
};

struct sim_m {
	uint64_t thread;
	uint64_t skew;
	int p, g;
	uint64_t cgo_goroutine;
};

struct sim {
	struct gen_rng rng;
	struct gen_writer w;
	const struct gen_options *options;
	struct gen_expect *expect;
	uint64_t now, first, generation;
	struct sim_p procs[SIM_PROCS];
	struct sim_m threads[SIM_THREADS];
	struct sim_g goroutines[SIM_GOROUTINES];
	unsigned goroutine_count;
	uint64_t gc_seq, gc_generation;
	bool gc_on;
	uint64_t tasks_begun;
};

/* One thread emits one event; time passes. */
void sim_emit(struct sim *s, int m, unsigned type, const uint64_t *args, unsigned count,
              enum kymo_event_kind kind);
#define EMIT(s, m, kind, type, ...) \
	do { \
		const uint64_t args_[] = {__VA_ARGS__}; \
		sim_emit(s, m, WIRE_##type, args_, sizeof args_ / sizeof *args_, KYMO_EV_##kind); \
	} while (0)
#define EMIT0(s, m, kind, type) sim_emit(s, m, WIRE_##type, NULL, 0, KYMO_EV_##kind)

/* Remembers the truth: g's state from this moment on. `extra_ns` after the last event. */
void sim_record(struct sim *s, int g, enum kymo_span_state state, kymo_ns extra_ns);

/* A new goroutine in the table, -1 if it is full. Its first state is not recorded yet. */
int sim_add_goroutine(struct sim *s, enum sim_g_status status);

/* Writes the status of an object in m's stream where this generation has not told it yet. */
void sim_tell_g(struct sim *s, int m, int g);
void sim_tell_p(struct sim *s, int m, int p);
/* Of the proc and goroutine that m has. */
void sim_tell_own(struct sim *s, int m);

/* Steps. Each returns false, having done nothing, if it cannot happen now. */
bool sim_step_bare(struct sim *s, int m);      // a thread that has no proc
bool sim_step_proc(struct sim *s, int m);      // has a proc, no goroutine
bool sim_step_running(struct sim *s, int m);   // runs a goroutine
bool sim_step_syscall(struct sim *s, int m);   // its goroutine is in a syscall
bool sim_step_annotate(struct sim *s, int m);  // runs a goroutine: tasks, regions, logs, GC, metrics

uint64_t sim_stack(struct sim *s);
uint64_t sim_string(struct sim *s, const char *text);
/* A random goroutine with this status, or SIM_NOBODY. */
int sim_pick(struct sim *s, enum sim_g_status status);

#endif
