/* SPDX-License-Identifier: MIT */
/* What load.c (which reads a trace into the store) and load_finish.c (which closes and indexes it) share. */
#ifndef KYMO_TRACE_LOAD_H
#define KYMO_TRACE_LOAD_H

#include <stdalign.h>

#include "trace/order.h"
#include "trace/write.h"

struct loader {
	struct kymo_trace *t;
	struct order *o;
	kymo_ns base;  // of the first event: times in the store count from it
	enum kymo_status failed;
	uint64_t events;
	uint32_t ranges, tasks, regions;  // rows so far
	VEC(uint32_t) reason_code;        // by string; 0 only for the empty one
	struct changes changes;
	alignas(128) struct writer writer;  // the other thread's: nothing of the above may share a cache line with it
};

/* False: no memory. */
bool load_begin(struct loader *k);
/* Ends what is open at the trace's end, builds the indices, publishes the tables. False: no memory. */
bool load_finish(struct loader *k);

#endif
