/* SPDX-License-Identifier: MIT */
/*
 * How many procs nobody holds, as a step function of time: those below GOMAXPROCS that no thread has, none while the
 * world is stopped. With what goroutines wait for a proc it tells when the scheduler was at fault.
 */
#ifndef KYMO_ANALYSIS_IDLE_PROCS_H
#define KYMO_ANALYSIS_IDLE_PROCS_H

#include "base/vec.h"
#include "trace/store.h"

struct idle_step {
	kymo_ns time;  // from then on, until the next one's
	uint32_t idle;
};
struct idle_procs {
	VEC(struct idle_step) steps;  // the first one is at `from`
};

/* Of [from, to). False: no memory. Cost: O(bindings log bindings). */
bool idle_procs_make(struct idle_procs *p, const struct kymo_trace *t, kymo_ns from, kymo_ns to);
/* The step that holds at `at`, not before the first. */
size_t idle_procs_at(const struct idle_procs *p, kymo_ns at);
void idle_procs_free(struct idle_procs *p);

/* GOMAXPROCS over time: its integral over [from, to). */
kymo_ns procs_available(const struct kymo_trace *t, kymo_ns from, kymo_ns to);

#endif
