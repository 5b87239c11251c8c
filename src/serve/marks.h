/* SPDX-License-Identifier: MIT */
/*
 * What sets the flags of a column: GC work (mark assist and sweep) and CPU samples of a goroutine,
 * proc or thread, stop-the-world pauses of the program; and the intervals of the gc and stw lanes.
 */
#ifndef KYMO_SERVE_MARKS_H
#define KYMO_SERVE_MARKS_H

#include <kymo/trace.h>

#define MARK_GC 1u
#define MARK_STW 2u
#define MARK_SAMPLE 4u

/*
 * Intervals, or instants, of many owners: those of owner i are rows from[i] .. from[i + 1], sorted,
 * disjoint.
 */
struct mark_list {
	uint32_t owners;
	uint32_t *from;
	kymo_ns *start;
	kymo_ns *end;  // NULL: instants
};

/* Rows of the trace's ranges of one kind, sorted by start; they may overlap. */
struct mark_ranges {
	uint32_t count;
	uint32_t *row;
	kymo_ns *latest;  // [count] the latest end of all up to this one
};

struct marks {
	struct mark_list gc_of_goroutine, gc_of_proc;
	struct mark_list samples_of_goroutine, samples_of_proc, samples_of_thread;
	struct mark_ranges gc, stw;
};

/* False: no memory; marks_free is safe then. */
bool marks_make(struct marks *m, const struct kymo_trace *t);
void marks_free(struct marks *m);
size_t marks_bytes(const struct marks *m);

/*
 * Sets `bit` in flags[c] for every column c of [t0 + c·2^k, t0 + (c + 1)·2^k), c < count, that an
 * entry touches.
 */
void marks_list_flag(const struct mark_list *l, uint32_t owner, kymo_ns t0, unsigned k,
                     uint32_t count, uint8_t *flags, uint8_t bit);
void marks_ranges_flag(const struct mark_ranges *r, const struct kymo_ranges *all, kymo_ns t0,
                       unsigned k, uint32_t count, uint8_t *flags, uint8_t bit);

/* The first row (of r->row) whose range may touch what begins at `t`. */
uint32_t marks_ranges_seek(const struct mark_ranges *r, kymo_ns t);

#endif
