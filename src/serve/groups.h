/* SPDX-License-Identifier: MIT */
/*
 * Goroutines by start function. A group is named by its `ix` (order of first appearance: the same
 * for every run over the same trace); its goroutines can be had in order of begin, found by a
 * window of time, or by how much they wanted to run.
 */
#ifndef KYMO_SERVE_GROUPS_H
#define KYMO_SERVE_GROUPS_H

#include <kymo/trace.h>

/* One group, or a window of it. ns. */
struct group_times {
	uint64_t alive;  // goroutines that exist in the window
	double execution, sched_wait, syscall, block, total;
	double worst_wait;  // longest runnable span that touches the window
};

struct groups {
	uint32_t count;
	uint32_t goroutine_count;           // rows of the trace, row 0 included
	const struct kymo_goroutines *all;  // the trace's
	kymo_string_ix *name;               // [count]
	uint32_t *group_of;                 // [goroutine_count]; [0] is UINT32_MAX
	uint32_t *from;  // [count + 1] members of group i: by_begin[from[i]] .. by_begin[from[i + 1]]
	kymo_goroutine_ix *by_begin;  // [goroutine_count - 1]
	kymo_ns *max_end;             // [blocks] latest end of 32 neighbours of by_begin
	uint32_t *block_from;         // [count + 1] blocks of group i
	bool *gc_worker;              // [count] is it runtime.gcBgMarkWorker?
	uint64_t *records;            // [count] about how many spans its goroutines have
};

/* False: no memory; groups_free is safe then. */
bool groups_make(struct groups *g, const struct kymo_trace *t);
void groups_free(struct groups *g);

/* The goroutines of one group, or of all groups, that exist somewhere in [t0, t1). */
struct groups_cursor {
	const struct groups *groups;
	kymo_ns t0, t1;
	uint32_t group, last_group;  // where it is, and the last one to visit
	uint32_t at, end;            // rows of by_begin left in this group
};
#define GROUPS_ALL UINT32_MAX
void groups_seek(const struct groups *g, uint32_t group, kymo_ns t0, kymo_ns t1,
                 struct groups_cursor *c);
/* 0 after the last. */
kymo_goroutine_ix groups_next(struct groups_cursor *c);

/* Does goroutine g exist somewhere in [t0, t1)? */
static inline bool groups_alive(const struct groups *g, kymo_goroutine_ix ix, kymo_ns t0, kymo_ns t1)
{
	return g->all->begin[ix] < t1 && (g->all->end[ix] > t0 || g->all->begin[ix] >= t0);
}

#endif
