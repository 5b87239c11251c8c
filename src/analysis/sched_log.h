/* SPDX-License-Identifier: MIT */
/*
 * All waits for a proc in the order in which they ended, and all their begins in order: what the scheduler's figures of a
 * window are made of. Any part of it is a stretch of two arrays, so a log that is kept answers for every window.
 *
 *     struct sched_log log;
 *     st = sched_log_make(&log, t, &(struct sched_log_options){.from = from, .to = to, .begins = true});
 *     ... latencies_compute(&log, ...), depth_compute(&log, ...) ...
 *     sched_log_free(&log);
 *
 * Time is cut into blocks of 2^shift ns, some thousand waits each. A block has the waits that end in (its begin, its end]
 * and what begins in [its begin, its end): 8 bytes a wait and 2 a begin.
 */
#ifndef KYMO_ANALYSIS_SCHED_LOG_H
#define KYMO_ANALYSIS_SCHED_LOG_H

#include <kymo/select.h>

#include "trace/store.h"

#define SCHED_PASS 0             // the key of an entry that only passes time: `ns` of it
#define SCHED_LONG UINT32_MAX    // as ns: look into `longs`
#define SCHED_KEYS_MAX 65536u    // pairs of start function and cause, SCHED_PASS included
#define SCHED_ESCAPE UINT16_MAX  // as a begin's dt: the next four words are it

#define SCHED_BLOCK_WAITS 8192u  // about

struct sched_long {
	uint32_t index;  // in the block
	kymo_ns ns;
};

struct sched_block {
	uint32_t *ns;  // [waits] how long each was; owns the block's memory
	uint16_t *dt;  // [waits] ns since the one before ended, of the first since the block's begin
	uint16_t *key;         // [waits]
	uint16_t *begins;      // [begin_words] ns since the one before
	uint32_t waits;        // with entries that pass time
	uint32_t begin_words;  // with escapes
	uint32_t ended, begun;
	uint32_t depth;    // runnable goroutines at the block's begin
	uint32_t longest;  // ns of a wait here, at most SCHED_LONG
	struct sched_long *longs;
	uint32_t long_count;
};

/* Start functions, numbered. */
struct sched_groups {
	uint32_t *of_name;     // [strings] number + 1
	kymo_string_ix *name;  // [count]
	uint32_t count;
};

struct sched_log {
	const struct kymo_trace *t;
	kymo_ns from, to;
	unsigned shift;
	size_t blocks;
	struct sched_block *block;
	struct sched_groups groups;
	unsigned grain;  // most waits are multiples of 2^grain ns long: a tick of the clock
	uint32_t keys;   // from 1; 0 is SCHED_PASS
	struct sched_key {
		uint32_t group, cause;
	} * key;  // [keys]
};

/* Causes are the kinds of the span, then the reasons of stopped ones by code; the last one is for all further codes. */
#define SCHED_CAUSE_REASONS KYMO_CAUSE_PROC_LOST
#define SCHED_CAUSES 64u

struct work_times;

struct sched_log_options {
	kymo_ns from, to;
	const struct kymo_selection *sel;  // whose waits; NULL: all. Its window is not looked at
	bool begins;                       // for the depth; then `sel` must be NULL
	struct work_times *work;           // adds up what procs did, too; NULL: not
	uint32_t block_waits;              // about so many a block; 0: the usual
	const bool *stop;                  // NULL: nobody stops it
};

/*
 * KYMO_E_MEMORY; KYMO_E_LIMIT: more keys than SCHED_KEYS_MAX, or stopped. Cost: some 80 ns of processor a wait, the walk
 * over all spans included; 10 bytes a wait, and some 60 MB while it is made.
 */
enum kymo_status sched_log_make(struct sched_log *log, const struct kymo_trace *t,
                                const struct sched_log_options *opt);
void sched_log_free(struct sched_log *log);

static inline kymo_ns sched_block_begin(const struct sched_log *log, size_t i)
{
	return log->from + (kymo_ns)((uint64_t)i << log->shift);
}

static inline kymo_ns sched_block_end(const struct sched_log *log, size_t i)
{
	return i + 1 < log->blocks ? sched_block_begin(log, i + 1) : log->to;
}

/* The block in which what begins at `at` is; log->from <= at. */
static inline size_t sched_block_of(const struct sched_log *log, kymo_ns at)
{
	size_t i = (size_t)((uint64_t)(at - log->from) >> log->shift);
	return i < log->blocks ? i : log->blocks - 1;
}

/* The waits of a block, front to back. */
struct sched_ends {
	const struct sched_block *b;
	uint32_t at;  // the next entry
	uint32_t longs;
	kymo_ns time;  // of the entry before
};
struct sched_end {
	kymo_ns end, ns;
	uint32_t key;
};

static inline struct sched_ends sched_ends_begin(const struct sched_log *log, size_t block)
{
	return (struct sched_ends){.b = &log->block[block], .time = sched_block_begin(log, block)};
}

static inline bool sched_ends_next(struct sched_ends *c, struct sched_end *out)
{
	const struct sched_block *b = c->b;
	for (; c->at < b->waits; c->at++) {
		uint32_t i = c->at;
		if (unlikely(b->key[i] == SCHED_PASS)) {
			c->time += b->ns[i];
			continue;
		}
		c->time += b->dt[i];
		out->end = c->time;
		out->key = b->key[i];
		out->ns = unlikely(b->ns[i] == SCHED_LONG) ? b->longs[c->longs++].ns : b->ns[i];
		c->at++;
		return true;
	}
	return false;
}

/* When goroutines became runnable. KYMO_NS_MAX after the last. */
struct sched_begins {
	const uint16_t *at, *end;
	kymo_ns time;  // of the one before
};

static inline struct sched_begins sched_begins_begin(const struct sched_log *log, size_t block)
{
	const struct sched_block *b = &log->block[block];
	return (struct sched_begins){b->begins, b->begins ? b->begins + b->begin_words : NULL,
	                             sched_block_begin(log, block)};
}

static inline kymo_ns sched_begins_next(struct sched_begins *c)
{
	if (c->at == c->end)
		return KYMO_NS_MAX;
	uint64_t dt = *c->at++;
	if (unlikely(dt == SCHED_ESCAPE)) {
		dt = (uint64_t)c->at[0] | (uint64_t)c->at[1] << 16 | (uint64_t)c->at[2] << 32 |
		     (uint64_t)c->at[3] << 48;
		c->at += 4;
	}
	return c->time += (kymo_ns)dt;
}

#endif
