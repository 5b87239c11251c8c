/* SPDX-License-Identifier: MIT */
#include "base/threads.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

static unsigned between(long n, unsigned most)
{
	return n < 1 ? 1 : n > (long)most ? most : (unsigned)n;
}

/* 0: KYMO_THREADS is not set, or no number. */
static unsigned asked_for(unsigned most)
{
	const char *v = getenv("KYMO_THREADS");
	long n = v ? strtol(v, NULL, 10) : 0;
	return n < 1 ? 0 : between(n, most);
}

unsigned threads_allowed(unsigned most)
{
	unsigned asked = asked_for(most);
	cpu_set_t set;
	if (asked)
		return asked;
	// A set of 1,024 processors; where there are more, the call fails, and there are enough.
	return sched_getaffinity(0, sizeof set, &set) == 0 ? between(CPU_COUNT(&set), most) : most;
}

unsigned threads_worth(unsigned most, uint64_t worth)
{
	unsigned n = threads_allowed(most);
	return asked_for(most) || n <= worth ? n : worth < 1 ? 1 : (unsigned)worth;
}

bool thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0;
}
