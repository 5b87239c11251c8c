/* SPDX-License-Identifier: MIT */
/*
 * How many threads there may be, and how the library starts one.
 *
 * The environment's KYMO_THREADS says how many, where it is set; else there are as many as processors that the process
 * may run on. No answer depends on it.
 */
#ifndef KYMO_BASE_THREADS_H
#define KYMO_BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* At most `most`, at least 1. */
unsigned threads_allowed(unsigned most);
/* Likewise, but no more than the work is worth, unless KYMO_THREADS asks for so many. */
unsigned threads_worth(unsigned most, uint64_t worth);

/* Starts run(arg) on a thread that takes no signals: those are for the program's own threads. False: there is none. */
bool thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
