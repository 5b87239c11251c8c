/* SPDX-License-Identifier: MIT */
/*
 * What the viewer needs of a trace beyond the trace: groups, pyramids, and indices of what marks a
 * column. Made once after loading, read by all worker threads without locks; what is made later on
 * demand has its own (see threads).
 */
#ifndef KYMO_SERVE_MODEL_H
#define KYMO_SERVE_MODEL_H

#include <pthread.h>

#include "serve/cache.h"
#include "serve/classes.h"
#include "serve/density.h"
#include "serve/groups.h"
#include "serve/lanes.h"
#include "serve/marks.h"

/* Where memory is traded for time. Tests choose extremes; everybody else model_tuning_default. */
struct model_tuning {
	/* A lane with at least so many records gets a pyramid; below, walking is as fast. */
	uint32_t heavy;
	/* Records per cell at the base of a lane's pyramid, in the mean. Below the base a tile walks over up to
	 * 512 times as many. */
	uint32_t per_cell;
	/* Likewise for what counts goroutines, whose spans are found member by member. */
	uint32_t per_group_cell;
	/* A group's pyramid has at most so many cells at its base. */
	uint32_t group_cells;
	/* Spans in all from which on a second thread helps. */
	uint64_t threaded;
	/* A tile with at most so many intervals is answered with them; at most TILE_MAX_SPANS. */
	uint32_t exact;
};
extern const struct model_tuning model_tuning_default;

struct model {
	const struct kymo_trace *trace;
	struct model_tuning tuning;
	kymo_ns duration;
	uint8_t *class_of;  // [strings] class of a wait for this reason
	struct groups groups;
	struct group_times *group_times;  // [groups] over the whole trace
	uint32_t *group_order;            // [groups] longest wanted time first
	kymo_ns *execution, *sched_wait;  // [goroutines] over its life

	uint32_t heavy_count;
	uint32_t *heavy_of;       // [goroutines] its row in `heavy` + 1; 0 if it has none
	struct pyramid *heavy;    // [heavy_count]
	struct pyramid *procs;    // [procs], all of them
	kymo_ns *proc_busy;       // [procs]
	struct density *density;  // [groups]
	struct density all;

	struct pyramid *threads;       // [threads] made when first asked for
	bool *thread_tried;            // [threads] it was asked for
	pthread_mutex_t threads_lock;  // guards the making of those

	struct marks marks;
	struct cache *cache;  // tiles that took long to make
};

/*
 * Makes everything. NULL: no memory, or `cancelled` (may be NULL) became true. The trace must
 * outlive it.
 */
struct model *model_make(const struct kymo_trace *t, const struct model_tuning *tuning,
                         const bool *cancelled);
void model_free(struct model *m);
/* Bytes of pyramids, groups and indices. */
size_t model_bytes(const struct model *m);

/*
 * The pyramid of a goroutine, proc or thread lane; NULL if it has none (a thread's:
 * model_need_thread).
 */
const struct pyramid *model_pyramid(const struct model *m, struct lane lane);

/*
 * Makes the pyramid of a thread, unless it was made before or the thread is light. Few look at
 * threads, so it is not done for all of them beforehand; it takes a few milliseconds.
 */
void model_need_thread(struct model *m, kymo_thread_ix thread);

/* The class of a goroutine's span. */
static inline uint8_t model_class(const struct model *m, unsigned state, kymo_string_ix reason,
                                  bool gc_worker)
{
	switch (state) {
	case KYMO_SPAN_RUNNABLE: return CLASS_RUNNABLE;
	case KYMO_SPAN_RUNNING: return gc_worker ? CLASS_GC : CLASS_RUN;
	case KYMO_SPAN_WAITING: return m->class_of[reason];
	case KYMO_SPAN_SYSCALL:
	case KYMO_SPAN_SYSCALL_BLOCKED: return CLASS_SYSCALL;
	default: return CLASS_IDLE;
	}
}

static inline bool model_is_gc_worker(const struct model *m, kymo_goroutine_ix g)
{
	return g && m->groups.gc_worker[m->groups.group_of[g]];
}

/* [enum kymo_span_state] the plane its time belongs to; PLANE_COUNT: none. */
static inline enum plane model_plane(unsigned state)
{
	static const uint8_t planes[KYMO_SPAN_STATE_COUNT] = {
		[KYMO_SPAN_NONE] = PLANE_COUNT,      [KYMO_SPAN_RUNNABLE] = PLANE_RUNNABLE,
		[KYMO_SPAN_RUNNING] = PLANE_RUN,     [KYMO_SPAN_WAITING] = PLANE_WAIT,
		[KYMO_SPAN_SYSCALL] = PLANE_SYSCALL, [KYMO_SPAN_SYSCALL_BLOCKED] = PLANE_SYSCALL,
	};
	return (enum plane)planes[state];
}

#endif
