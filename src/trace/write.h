/* SPDX-License-Identifier: MIT */
/*
 * Writes the store from changes: each change of state once, where it will stay. store.h has the layout. Nothing is sorted
 * afterwards but short tables, see load_finish.c.
 */
#ifndef KYMO_TRACE_WRITE_H
#define KYMO_TRACE_WRITE_H

#include "trace/changes.h"
#include "trace/store.h"

struct chunk_of {
	struct chunk chunk;
	uint32_t row;
};

/* A slot of a goroutine: who lives there, and where its next record goes. */
struct life {
	uint32_t *w, *wend;
	kymo_ns last;     // start of the newest record
	uint32_t row;     // of who was here last; 0: nobody yet
	uint32_t chunks;  // 0: its life is over
};

/* A slot of a proc. */
struct proc_runs {
	uint32_t *w, *wend;
	kymo_ns last;  // start of the newest run
	kymo_ns run_start;
	uint32_t run_g;  // slot of the goroutine that it belongs to now; 0: nobody
	uint32_t run_row;
	uint32_t records, chunks;
	bool in_syscall;
};

/* A slot of a thread: its open binding. */
struct held {
	kymo_ns since;
	uint32_t p, row;  // its proc; or the goroutine in a syscall without one
};

struct writer {
	struct kymo_trace *t;
	enum kymo_status failed;
	VEC(struct life) lives;
	VEC(struct proc_runs) procs;
	VEC(struct held) threads;
	VEC(struct chunk_of) span_chunks;  // in order of making
	VEC(struct chunk_of) run_chunks;
	VEC(struct binding_row) bindings;
	VEC(struct range_row) ranges;
};

/* Row 0 of the tables that have one. False: no memory. */
bool writer_begin(struct writer *w, struct kymo_trace *t);
/* A changes_apply; `ctx` is the writer. KYMO_E_MEMORY, KYMO_E_LIMIT: then the store is of no use. */
enum kymo_status writer_apply(void *ctx, const struct change *c, size_t count);
/* What is open ends with the trace. KYMO_OK, or what failed. */
enum kymo_status writer_end(struct writer *w, kymo_ns end);
void writer_free(struct writer *w);

/* ---- between write.c and write_tables.c ---- */

/* A change that is no span or run. */
void writer_other(struct writer *w, const struct change *c);
void writer_close_binding(struct writer *w, struct held *h, uint32_t thread, kymo_ns end);

static inline void writer_no_memory(struct writer *w)
{
	w->failed = KYMO_E_MEMORY;
}

#define WRITE(w, v, x) \
	do { \
		if (unlikely(!vec_push(v, x))) \
			writer_no_memory(w); \
	} while (0)

/* Room for slot i. */
#define WRITER_SLOT(w, v, i, empty) \
	do { \
		while ((v)->count <= (i) && (w)->failed == KYMO_OK) \
			WRITE(w, v, empty); \
	} while (0)

/* The row of the goroutine in a slot; 0 for none. */
static inline uint32_t writer_row(const struct writer *w, uint32_t g)
{
	return g < w->lives.count ? w->lives.at[g].row : 0;
}

#endif
