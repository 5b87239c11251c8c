/* SPDX-License-Identifier: MIT */
/*
 * What loading a trace hands from the one who reads it to the one who writes the store: changes, small and flat, in
 * batches.
 *
 * Reading waits for branches that nobody can predict, writing for memory that nobody has touched; each is about half of
 * loading. So they are apart: load.c turns ordered events into changes, write.c turns changes into the store, on a thread
 * of its own where there is a second processor. Without one the same code runs on smaller batches, in turns. The store
 * does not depend on it.
 *
 *     struct changes q;
 *     changes_begin(&q, apply, writer);
 *     *changes_place(&q) = c;                and further parts, if it has any
 *     st = changes_room(&q);                 after each; it may flush, and says if nothing more can be applied
 *     changes_end(&q);                       all are applied
 *     changes_free(&q);
 */
#ifndef KYMO_TRACE_CHANGES_H
#define KYMO_TRACE_CHANGES_H

#include <pthread.h>

#include <kymo/error.h>

#include "base/prefetch.h"

/*
 * What a change does. Those of goroutines and procs are bits, for one event may do several things; they take effect in this
 * order. CHANGE_OTHER is alone; its kind is an enum change_kind.
 */
enum change_action {
	CHANGE_OPEN = 1,     // a goroutine begins in slot g, the next row; a change_open follows
	CHANGE_RECORD = 2,   // a span record of kind, aux, stack for g
	CHANGE_RUN = 4,      // g begins to run on proc p
	CHANGE_SYSCALL = 8,  // the run on p is, or becomes, one in a syscall
	CHANGE_LEAVE = 16,   // g leaves p, if it was g that ran there
	CHANGE_IDLE = 32,    // p runs nobody any longer
	CHANGE_CLOSE = 64,   // g's life ends
	CHANGE_OTHER = 128,
};

/* g, p are slots of a goroutine and a proc, where nothing else is said. */
enum change_kind {
	CHANGE_NAME,      // g started in function p; says the stack
	CHANGE_BIND,      // thread g has proc p; or nobody, and the goroutine `stack` in a syscall
	CHANGE_METRIC,    // g: which; its value: p, above it `stack`
	CHANGE_LABEL,     // of g: string p
	CHANGE_TASK_END,  // by g: row p
	CHANGE_REGION_END,  // row p

	/* Those that a change_more follows, with: */
	CHANGE_WITH_MORE,
	CHANGE_RANGE_BEGIN =
		CHANGE_WITH_MORE,  // on g, p; aux: its kind << 1 | it was open already: a: name
	CHANGE_RANGE_END,          // row p, ended by g: a: swept, b: reclaimed
	CHANGE_TASK_BEGIN,         // by g, type p: a: id, b: parent
	CHANGE_TASK_LOST,          // the same, an end without a begin
	CHANGE_REGION_BEGIN,       // on g, type p: a: task, b: row of the one around it
	CHANGE_REGION_LOST,        // on g, type p, an end without a begin: a: task
	CHANGE_LOG,                // by g, category p: a: task, b: message
	CHANGE_SAMPLE,             // of g on p: a: slot of the thread
};

struct change {
	kymo_ns at;  // since the begin of the trace
	uint32_t g, p;
	uint32_t stack;
	uint32_t what;  // actions: 8 bits | kind: 4 | aux: 20
};

/* The second parts. */
struct change_open {
	uint64_t id;
	kymo_ns seen;                    // its first event; `at` is its begin
	uint32_t creator, create_stack;  // creator: its slot, or
};
#define CHANGE_EXISTED UINT32_MAX  // it was there when the trace began
struct change_more {
	uint64_t a, b, unused;
};
_Static_assert(sizeof(struct change) == 24 && sizeof(struct change_open) == 24 &&
                       sizeof(struct change_more) == 24,
               "parts are alike");

#define CHANGE_PARTS 2u  // at most
#define CHANGE_WHAT(actions, kind, aux) \
	((uint32_t)(actions) | (uint32_t)(kind) << 8 | (uint32_t)(aux) << 12)
#define CHANGE_KIND(what) ((what) >> 8 & 15)
#define CHANGE_AUX(what) ((what) >> 12)
#define CHANGE_AUX_MAX ((1u << 20) - 1)

/* Applies `count` parts of changes. KYMO_OK, or why none can be applied any longer. */
typedef enum kymo_status changes_apply(void *ctx, const struct change *c, size_t count);

#define CHANGES_BATCHES 3u
#define CHANGES_AHEAD 60

struct changes {
	struct change *next, *end;  // of the batch at hand
	struct change *batch[CHANGES_BATCHES];
	changes_apply *apply;
	void *ctx;
	enum kymo_status status;
	bool begun;     // a batch was flushed
	bool threaded;  // if so, `status` is under the lock, as is:
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	size_t count[CHANGES_BATCHES];
	uint64_t put, taken;  // batches
	bool over;
};

/* False: no memory. */
bool changes_begin(struct changes *q, changes_apply *apply, void *ctx);
/* Hands the batch over. The status is of a batch before. */
enum kymo_status changes_flush(struct changes *q);
/* All are applied, and the thread is gone. */
enum kymo_status changes_end(struct changes *q);
/* At any time. What was not flushed is lost. */
void changes_free(struct changes *q);

/*
 * The place of the next part. There is room for CHANGE_PARTS behind a changes_room. What lies ahead is still in the other
 * processor's cache: asked for in time, it costs nothing to have it back.
 */
static always_inline struct change *changes_place(struct changes *q)
{
	struct change *c = q->next++;
	prefetch_for_writing(c + CHANGES_AHEAD);
	return c;
}
/* After each change, of one part or two. */
static always_inline enum kymo_status changes_room(struct changes *q)
{
	return likely(q->next < q->end) ? KYMO_OK : changes_flush(q);
}

#endif
