/* SPDX-License-Identifier: MIT */
/*
 * What the parts of sched_log_make share: sched_log.c goes from stretch to stretch, sched_log_walk.c drops waits into
 * blocks, sched_log_pack.c sorts and packs these.
 */
#ifndef KYMO_ANALYSIS_SCHED_LOG_PARTS_H
#define KYMO_ANALYSIS_SCHED_LOG_PARTS_H

#include <stdalign.h>

#include "analysis/parallel.h"
#include "analysis/sched_log.h"
#include "analysis/work_times.h"
#include "base/vec.h"

#define SCHED_GRAIN_MAX 16

/* A wait that is not packed yet. */
struct sched_item {
	uint64_t end;  // ns from the block's begin, less 1
	uint64_t ns;   // ns << 16 | key; HUGE | index << 16 | key
};
#define SCHED_HUGE ((uint64_t)1 << 63)
#define SCHED_NS_BITS 47

/* What one thread found of a block. */
struct sched_heap {
	VEC(struct sched_item) waits;
	VEC(uint64_t) begins;  // ns from the block's begin
};

struct sched_making {
	struct sched_log *log;
	const struct sched_log_options *opt;
	_Atomic(uint32_t) *key_of;  // [groups * SCHED_CAUSES] 0: none yet
	kymo_goroutine_ix *rows;    // [row_count] that are selected; NULL: all
	size_t row_count;
	pthread_mutex_t lock;  // of the rest here
	uint32_t key_room;
	VEC(kymo_ns) huge;

	/* the stretch at hand */
	size_t first, count;  // blocks
	kymo_ns from, to;
	_Atomic(size_t) next;  // to be packed
};

struct sched_share {
	alignas(PARALLEL_LINE) struct sched_making *m;
	struct parallel *goroutines;
	struct sched_heap *heap;  // [blocks of a stretch]
	struct sched_share *all;  // [shares]
	unsigned shares;
	struct work_times work;
	enum kymo_status status;
	VEC(struct sched_item) sorted, spare;
	VEC(uint64_t) begins, begins_spare;
	uint64_t grains[SCHED_GRAIN_MAX + 1];  // waits by the largest power of two in their length

	/* the goroutine at hand */
	kymo_goroutine_ix g;
	uint32_t group;
	uint32_t piece;  // of the selection: those before end where the span at hand begins, or earlier
};

static inline bool sched_fail(struct sched_share *s, enum kymo_status st)
{
	s->status = s->status ? s->status : st;
	return false;
}

/* Jobs of parallel_run, on a struct sched_share: all goroutines over the stretch; then its blocks. */
void sched_log_walk(void *share);
void sched_log_pack(void *share);

#endif
