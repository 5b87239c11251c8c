/* SPDX-License-Identifier: MIT */
/*
 * One generation, read from the container: its tables resolved, its CPU samples sorted, its timed batches listed
 * per thread. Nothing timed is decoded yet.
 *
 * Source of the rules: docs/format/v2.md (what may follow what, and which damage loses what).
 */
#ifndef KYMO_TRACE_GENERATION_H
#define KYMO_TRACE_GENERATION_H

#include <kymo/events.h>

#include "base/idmap.h"
#include "base/vec.h"
#include "trace/tables.h"

struct gen_id {
	uint64_t id;
	uint32_t ix;
};

/* Ids of this generation to indices of the tables: an array where ids are small, as the runtime's are, else a map. */
struct gen_ids {
	uint32_t *dense;  // [dense_count] index, or GEN_NO_ID
	size_t dense_count;
	struct idmap sparse;  // index + 1
	VEC(struct gen_id) all;
};
#define GEN_NO_ID UINT32_MAX

struct gen_batch {
	const uint8_t *data;
	uint32_t len;
	uint32_t next;  // the same thread's next batch; 0 = none
	uint64_t time;
};

struct gen_thread {
	uint64_t id;
	uint32_t first, last;  // batches
};

struct gen_sample {
	kymo_ns time;
	uint64_t thread, proc, goroutine;
	uint64_t stack_id;
	size_t order;  // in the file
};

struct gen_experimental {
	uint8_t experiment;
	uint64_t thread;
	const uint8_t *data;
	uint32_t len;
};

/* Records as the file has them, until the whole generation is there. */
struct gen_raw_string {
	uint64_t id;
	const uint8_t *ptr;
	uint32_t len;
};
struct gen_raw_stack {
	uint64_t id;
	uint32_t from, count;  // frames
};
struct gen_raw_frame {
	uint64_t pc, func, file, line;
};

struct generation {
	uint64_t number;
	double ns_per_tick;
	uint64_t min_time;  // ticks
	struct kymo_clock_snapshot clock;
	size_t begin, end;  // bytes of the input

	VEC(struct gen_batch) batches;   // [0] unused
	VEC(struct gen_thread) threads;  // in order of first appearance
	struct idmap thread_ix;          // id -> index + 1
	VEC(struct gen_sample) samples;  // sorted by time
	VEC(struct gen_experimental) experimental;
	struct gen_ids strings, stacks;

	/* while it is being read */
	bool has_freq;
	bool has_clock;
	VEC(struct gen_raw_string) raw_strings;
	VEC(struct gen_raw_stack) raw_stacks;
	VEC(struct gen_raw_frame) raw_frames;
	uint64_t clock_ticks;
};

enum gen_outcome {
	GEN_READY,   // a generation to deliver
	GEN_END,     // the trace ends here, as it should
	GEN_BROKEN,  // nothing more can be read; the error says why
};

/* Reads generations one after another. */
struct gen_reader {
	const uint8_t *bytes;
	size_t len, at;
	unsigned version;
	bool go_frames;
	struct tables *tables;
	bool any;                  // a generation was delivered
	VEC(uint8_t) string_seen;  // [tables->strings] the trace itself has it
	uint64_t distinct_strings;
	struct kymo_error pending;  // to be reported when the generation just delivered is through
};

enum gen_outcome gen_read(struct gen_reader *r, struct generation *g, struct kymo_error *err);
void gen_free(struct generation *g);

/* Ticks to ns, truncated, as Go does it: in double. False if it leaves 0 .. 2^63-1. */
static inline bool gen_ns(const struct generation *g, uint64_t ticks, kymo_ns *out)
{
	double d = (double)ticks * g->ns_per_tick;
	if (!(d < 9.2e18))
		return false;
	*out = (kymo_ns)d;
	return true;
}

/* gen_id for ids too large for the array. */
uint32_t gen_id_sparse(struct gen_ids *ids, uint64_t id);

/* The index of an id; GEN_NO_ID if the generation does not have it. */
static always_inline uint32_t gen_id(struct gen_ids *ids, uint64_t id)
{
	return likely(id < ids->dense_count) ? ids->dense[id] : gen_id_sparse(ids, id);
}

#endif
