/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's state as the reader knows it: what every goroutine, proc and thread is doing, and where the merge
 * of the threads' streams stands. order_run.h moves it forward one wire event at a time.
 *
 * Goroutines, procs and threads are dense slots; slot 0 is none. A goroutine's slot is used again when it ends, so
 * that memory follows the live ones.
 *
 * Nothing here allocates per event: only new ids, open ranges, regions and tasks do.
 */
#ifndef KYMO_TRACE_ORDER_H
#define KYMO_TRACE_ORDER_H

#include <kymo/trace.h>

#include "base/idmap.h"
#include "base/input.h"
#include "base/vec.h"
#include "trace/generation.h"
#include "trace/tables.h"

/* gstatus and pstatus as on the wire; 0 = the slot is free. */
enum order_g_status { G_FREE = 0, G_RUNNABLE = 1, G_RUNNING = 2, G_SYSCALL = 3, G_WAITING = 4 };
enum order_p_status { P_FREE = 0, P_RUNNING = 1, P_IDLE = 2, P_SYSCALL = 3, P_ABANDONED = 4 };

struct order_g {
	uint64_t id;
	uint32_t seq;  // valid if gen is the current one; counts events of one generation, so 32 bits hold it
	uint32_t gen;
	uint8_t status;
	bool shared;         // two threads claim it: its slot is never used again
	bool named;          // the consumer's
	uint32_t m;          // the thread last bound to it
	uint32_t ranges;     // open ones: order_node list
	uint32_t regions;    // open ones, innermost first
	uint32_t syscall_p;  // the consumer's: slot of the proc it entered its syscall with
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct order_g) == 64, "one cache line");

struct order_p {
	uint64_t id;
	uint64_t seq;
	uint32_t gen;
	uint8_t status;
	bool sweeping;
	uint32_t sweep_user;    // the consumer's: row of the open sweep
	uint32_t syscall_g;     // the consumer's: slot of the goroutine in a syscall that holds it
	uint32_t go_syscall_g;  // likewise: the same as Go's summarizer believes, see load.c
};

struct order_m {
	uint64_t id;
	uint32_t g, p;  // bound slots
};

/* An open range or region of a goroutine, or a free one. */
struct order_node {
	uint32_t next;
	uint8_t kind;  // ranges: enum kymo_range_kind
	kymo_string_ix name;
	uint64_t task;
	uint32_t user;  // the consumer's row
};

struct order_task {
	uint64_t id, parent;
	kymo_string_ix name;
	uint32_t user;
	uint32_t next_free;
};

enum order_gc { GC_UNDETERMINED = 0, GC_NOT_RUNNING, GC_RUNNING };

/* One thread's place in its stream of this generation. */
struct cursor {
	kymo_ns time;        // of the event it stands on, raw
	const uint8_t *p;    // just behind type and dt of that event
	const uint8_t *end;  // of the batch
	uint8_t type;
	uint32_t m;  // slot; 0 until its first event is tried, and for thread NONE
	uint32_t batch;
	uint64_t thread;
};

/* Who emitted an event, before it took effect: slots. */
struct ctx {
	uint32_t m, p, g;
};

struct order {
	unsigned version;
	struct tables tables;
	struct generation gen;
	uint32_t gen_ordinal;  // 1, 2, ...
	uint64_t initial_gen;  // number of the generation of the first timed event; 0 before
	kymo_ns last;          // time of the last event delivered
	kymo_ns sync;          // time of the last Sync
	uint64_t sync_count;
	bool bad_varint;
	uint8_t wire_type;  // of the event being applied
	uint64_t whole_ns;  // per tick, if that is a whole number; else 0
	uint64_t fast_ticks;  // a delta up to this many is within range, and exact in integers if whole_ns
	uint64_t max_ticks;  // a larger delta leaves the range of times

	VEC(struct order_g) gs;  // [0] unused
	VEC(struct order_p) ps;
	VEC(struct order_m) ms;
	VEC(uint32_t) free_gs;
	struct idmap g_ix, p_ix, m_ix, task_ix;  // id -> slot; ORDER_DEAD: seen, and gone
	uint64_t distinct_gs;
	VEC(struct order_node) nodes;
	uint32_t free_node;
	VEC(struct order_task) tasks;
	uint32_t free_task;
	uint64_t gc_seq;
	enum order_gc gc;
	uint32_t gc_user;  // the consumer's: row of the open mark phase

	/* the merge */
	VEC(struct cursor) cursors;
	struct cursor **heap;  // [heap_count], then two ends: a look at the children needs no count
	struct cursor end;     // later than all
	size_t heap_count, heap_cap;
	size_t sample_at;

	/* the names of ranges and metrics */
	kymo_string_ix name_gc, name_sweep, name_assist;
	kymo_string_ix name_gomaxprocs, name_heap_live, name_heap_goal;

	struct gen_reader reader;
	struct kymo_input *in;
	const uint8_t *bytes;
	size_t len;
	struct kymo_error err;
	uint64_t complete_end;  // bytes of the generations that are through
	uint64_t done_at_complete;

	bool (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	uint64_t done_bytes, report_at, report_step;
};

#define ORDER_DEAD UINT32_MAX

/* Checks the header and prepares; errors as kymo_reader_open. */
enum kymo_status order_open(struct order *o, struct kymo_input *in,
                            const struct kymo_reader_options *opt, struct kymo_error *err);
void order_close(struct order *o);

/*
 * Reads the next generation and makes its merge ready. GEN_READY: *sync_time is the raw time of its Sync.
 * GEN_END, GEN_BROKEN (o->err): a last Sync is due if *sync_due.
 */
enum gen_outcome order_next_generation(struct order *o, kymo_ns *sync_time, bool *sync_due);
/* Counts a Sync event and gives its time; `raw` is 0 for one that opens no generation. */
kymo_ns order_sync(struct order *o, kymo_ns raw);
/* The generation is through: its memory and the input's go back. */
void order_end_generation(struct order *o);

/* The row that tells of o->err, for readers who go on with what they have. */
struct kymo_damage order_damage(const struct order *o);

/* ---- for order_run.h ---- */

enum order_phase { PHASE_BEGIN = 0, PHASE_ACTIVE, PHASE_ACTIVE_OPENED, PHASE_END };

enum step { STEP_OK = 0, STEP_WAIT, STEP_BROKEN };

/* Writes o->err with the cursor's place; returns STEP_BROKEN. */
enum step order_broken(struct order *o, const struct cursor *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
enum step order_no_memory(struct order *o) __attribute__((cold));
/* Puts the cursor on its next event, checking every byte. 1: there is one; 0: the stream is over; -1: broken. */
int order_advance_slow(struct order *o, struct cursor *c);

/* The merge's heap: Go's, so that ties come out in Go's order. */
void order_heap_update(struct order *o, size_t i);
void order_heap_remove(struct order *o, size_t i);
/* After a wait: sorted by time, stable. A sorted heap is a heap. */
bool order_heap_sort(struct order *o);

/* Slots. 0: no memory. */
uint32_t order_new_g(struct order *o, uint64_t id, uint8_t status);
void order_free_g(struct order *o, uint32_t g);
uint32_t order_new_p(struct order *o, uint64_t id, uint8_t status);
uint32_t order_m_of(struct order *o, uint64_t id);
uint32_t order_new_node(struct order *o);
void order_free_node(struct order *o, uint32_t node);
kymo_string_ix order_stw_name(struct order *o, kymo_string_ix kind);

static always_inline uint32_t order_find(struct idmap *m, uint64_t id)
{
	const uint32_t *v = idmap_get(m, id);
	return likely(v != NULL) && *v != ORDER_DEAD ? *v : 0;
}

#endif
