/* SPDX-License-Identifier: MIT */
/* What the two files of kymo_sched_compute share: sched.c walks, sched_publish.c makes the results. */
#ifndef KYMO_ANALYSIS_SCHED_WORK_H
#define KYMO_ANALYSIS_SCHED_WORK_H

#include "analysis/depth.h"
#include "analysis/sched_latency.h"
#include "analysis/select.h"

/* Causes are the kinds of the span, then the reasons of stopped ones by code; the last one is for all further codes. */
#define CAUSE_REASONS KYMO_CAUSE_PROC_LOST

struct sched_owned {
	uint64_t *histogram;
	kymo_string_ix *group_name;
	struct kymo_latency *group;
	struct kymo_sched_cause *cause;
	struct kymo_sched_slice *slice;
	kymo_ns *at_depth;
	struct kymo_sched_proc *proc;
	struct kymo_sched_starved *starved;
};

struct sched_work {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	kymo_ns from, to;
	struct latencies waits;
	struct depth depth;
	struct kymo_sched_slice *slice;
	uint32_t slices;
	double per_ns;                           // slices
	kymo_ns *running, *syscall, *gc, *held;  // [procs]
	uint32_t *group_of_name;
	kymo_string_ix *group_name;
	uint32_t groups;
};

/* Everything but the walk's sums, once the walk is over. False: no memory. */
bool sched_publish(struct sched_work *w, const struct kymo_sched_options *opt,
                   struct kymo_sched *out, struct sched_owned *o);

#endif
