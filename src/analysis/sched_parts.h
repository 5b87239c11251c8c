/* SPDX-License-Identifier: MIT */
/* What kymo_sched_compute is made of: sched.c gets the parts, sched_publish.c makes the results. */
#ifndef KYMO_ANALYSIS_SCHED_PARTS_H
#define KYMO_ANALYSIS_SCHED_PARTS_H

#include "analysis/depth.h"
#include "analysis/idle_procs.h"
#include "analysis/latency.h"
#include "analysis/sched_log.h"
#include "analysis/work_index.h"

/* What is kept with a trace: of all of it (KEPT_SCHED). */
struct sched_kept {
	struct sched_log log;
	struct idle_procs idle;
	struct depth_summaries depth;
	struct work_index work;
};

/* Makes it with blocks of about so many waits, 0: the usual. As kymo_keep says. */
enum kymo_status sched_keep_blocks(struct kymo_trace *t, uint32_t block_waits, const bool *stop);
enum kymo_status sched_keep(struct kymo_trace *t, const bool *stop);

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

/* What procs did in the window. */
struct sched_work {
	struct work_sum *slice;  // [slices]
	struct work_sum *proc;   // [procs]
	kymo_ns *gc;             // [procs] of `running`
};

struct sched_parts {
	const struct kymo_trace *t;
	kymo_ns from, to;
	const kymo_ns *bound;  // [slices + 1]
	uint32_t slices;
	struct latencies waits;
	struct depth depth;
	struct sched_work work;
};

/* False: no memory. */
bool sched_publish(struct sched_parts *p, struct kymo_sched *out, struct sched_owned *o);

#endif
