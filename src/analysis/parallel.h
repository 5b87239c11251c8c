/* SPDX-License-Identifier: MIT */
/*
 * Goroutines shared out among threads. Each takes the next stretch when it is done with one, so that a few busy
 * goroutines, or a window that most have no part in, do not leave one thread with all the work.
 *
 *     struct parallel p;
 *     unsigned n = parallel_begin(&p, t, from, to);       // how many threads are worth it
 *     struct job jobs[PARALLEL_MAX] = ...;                // each has a pointer to p
 *     parallel_run(n, jobs, sizeof *jobs, work);          // work(&jobs[i]), each on a thread of its own
 *     parallel_end(&p);
 *
 *     static void work(void *job)
 *     {
 *             for (size_t i, end; parallel_take(job->p, &i, &end);)
 *                     for (; i < end; i++) ... goroutine i ...
 *     }
 *
 * Which thread gets what is left to chance: what they add up must not depend on it. There are as many as base/threads.h
 * allows, of small traces fewer.
 */
#ifndef KYMO_ANALYSIS_PARALLEL_H
#define KYMO_ANALYSIS_PARALLEL_H

#include <pthread.h>

#include "trace/store.h"

#define PARALLEL_MAX 8u
/* What one thread writes again and again must not share such a piece of memory with what another does. */
#define PARALLEL_LINE 128

struct parallel {
	const struct kymo_trace *t;
	const kymo_goroutine_ix *rows;  // [end]; NULL: all goroutines, by number
	kymo_ns from, to;               // what lives elsewhere costs nothing
	size_t next, end;
	uint64_t records;  // of all that live then; more than they have there
	uint64_t portion;  // records of a stretch
	pthread_mutex_t lock;
};

/* Goroutines 1, 2, … that are to be walked in [from, to). */
unsigned parallel_begin(struct parallel *p, const struct kymo_trace *t, kymo_ns from, kymo_ns to);
/* Those of `rows`: the stretches are of its indices. */
unsigned parallel_begin_rows(struct parallel *p, const struct kymo_trace *t, kymo_ns from,
                             kymo_ns to, const kymo_goroutine_ix *rows, size_t count);
/* The next stretch, [*from, *to); false: there is none. */
bool parallel_take(struct parallel *p, size_t *from, size_t *to);
void parallel_end(struct parallel *p);

/* Calls work for n jobs of `size` bytes at the same time, and returns when all are done. */
void parallel_run(unsigned n, void *jobs, size_t size, void (*work)(void *job));

#endif
