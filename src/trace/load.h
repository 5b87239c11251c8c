/* SPDX-License-Identifier: MIT */
/* What load.c (which fills the store from events) and load_finish.c (which closes and indexes it) share. */
#ifndef KYMO_TRACE_LOAD_H
#define KYMO_TRACE_LOAD_H

#include "trace/order.h"
#include "trace/store.h"

struct chunk_of {
	struct chunk chunk;
	uint32_t row;
};

struct loader {
	struct kymo_trace *t;
	struct order *o;
	kymo_ns base;  // of the first event: times in the store count from it
	enum kymo_status failed;
	uint64_t events;
	VEC(struct chunk_of) span_chunks;  // in order of making
	VEC(struct chunk_of) run_chunks;
	VEC(struct binding_row) bindings;
	VEC(struct range_row) ranges;
	VEC(uint32_t) syscall_proc;  // by goroutine slot: the proc it entered its syscall with
	VEC(uint32_t) reason_code;   // by string; 0 only for the empty one
};

/* Row 0 of the tables. False: no memory. */
bool load_begin(struct loader *k);
/* Ends what is open at the trace's end, builds the indices, publishes the tables. False: no memory. */
bool load_finish(struct loader *k);

void load_close_goroutine(struct loader *k, struct order_g *s, kymo_ns end, bool ended);
void load_end_run(struct loader *k, struct order_p *p, kymo_ns end);
void load_close_binding(struct loader *k, uint32_t m, kymo_ns end);

#endif
