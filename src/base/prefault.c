/* SPDX-License-Identifier: MIT */
/*
 * One wish at a time, under a lock: [at, end). The thread populates it in small steps, so that a newer wish is heard
 * soon. Populating a page that its user has touched meanwhile does nothing; missing one costs its user a page fault.
 */
#include "base/prefault.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/threads.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14
#endif

#define STEP ((size_t)1 << 19)

struct prefault {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	char *at, *end;
	bool stop;
};

static void *work(void *arg)
{
	struct prefault *f = arg;
	pthread_mutex_lock(&f->lock);
	for (;;) {
		while (!f->stop && f->at == f->end)
			pthread_cond_wait(&f->wake, &f->lock);
		if (f->stop)
			break;
		char *at = f->at;
		size_t n = (size_t)(f->end - at) < STEP ? (size_t)(f->end - at) : STEP;
		f->at += n;
		pthread_mutex_unlock(&f->lock);
		int r = madvise(at, n, MADV_POPULATE_WRITE);
		pthread_mutex_lock(&f->lock);
		if (r != 0)
			f->at = f->end;  // no memory, or unmapped: whoever touches it will see
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

struct prefault *prefault_start(void)
{
	if (threads_allowed(2) < 2)
		return NULL;
	struct prefault *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->wake, NULL);
	if (!thread_start(&f->thread, work, f)) {
		free(f);
		return NULL;
	}
	return f;
}

void prefault_want(struct prefault *f, char *at, size_t bytes)
{
	pthread_mutex_lock(&f->lock);
	// What the last wish still lacks and this one repeats stays done.
	f->at = at > f->at || at + bytes < f->at ? at : f->at;
	f->end = at + bytes;
	if (f->at > f->end)
		f->at = f->end;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

void prefault_stop(struct prefault *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
