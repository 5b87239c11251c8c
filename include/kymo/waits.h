/* SPDX-License-Identifier: MIT */
/*
 * Where goroutines wait, how long each time, and who ends it.
 *
 *     struct kymo_waits w;
 *     if (kymo_waits_compute(t, NULL, KYMO_WAITS_LOCKS, &w) != KYMO_OK) ...
 *     for (size_t i = 0; i < w.count; i++)
 *             for (size_t k = w.sites[i].waker_from; k < w.sites[i].waker_to; k++)
 *                     ... w.wakers[k] ended waits at w.sites[i].stack ...
 *     kymo_waits_free(&w);
 */
#ifndef KYMO_WAITS_H
#define KYMO_WAITS_H

#include <kymo/analysis.h>
#include <kymo/select.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kymo_waits_kind {
	KYMO_WAITS_NET = 0,   // reason "network"
	KYMO_WAITS_SYSCALLS,  // whole calls, with a proc and without
	KYMO_WAITS_LOCKS,  // reasons that begin with "sync": Mutex, RWMutex, WaitGroup, Cond, semaphores
	KYMO_WAITS_CHANS,  // reasons "chan send", "chan receive", "select" and its kinds
};

/* Waits of one reason at one stack. */
struct kymo_wait_site {
	kymo_stack_ix stack;    // the waiting goroutine's; 0: not recorded
	kymo_string_ix reason;  // 0 for syscalls
	uint64_t count;
	kymo_ns total, p50, p90, p99, max;
	kymo_ns max_at;                   // when the longest began (of equals the first)
	kymo_goroutine_ix max_goroutine;  // who waited so long
	kymo_ns without_proc;         // SYSCALLS: the part of the total after the proc was taken
	size_t waker_from, waker_to;  // rows of `wakers`
};

/* Who ended waits of a site: the code at `stack`. Stack 0: the runtime's own work (the network poller, a timer, the
 * collector), or nobody. */
struct kymo_waker {
	kymo_stack_ix stack;
	uint64_t count;
	kymo_ns ns;  // of the waits that it ended
	bool open;   // nobody did: they were still waiting at the trace's end
};

struct kymo_waits {
	size_t count;
	const struct kymo_wait_site *sites;  // longest total first
	const struct kymo_waker *wakers;     // of each site, longest first
	uint64_t total_count;
	kymo_ns total_ns;
	void *owned;
};

/**
 * Adds up the parts of waits that `sel` (NULL: all) selects; a wait of which some part is selected counts once, with that
 * part. Percentiles are nearest ranks. Free with kymo_waits_free.
 * Errors: KYMO_E_MEMORY. Cost: O(spans), some 10 ns a wait, on two threads; 8 to 16 bytes a wait while it runs;
 * after kymo_keep, without pieces, a few milliseconds.
 */
KYMO_API enum kymo_status kymo_waits_compute(const struct kymo_trace *t,
                                             const struct kymo_selection *sel,
                                             enum kymo_waits_kind kind, struct kymo_waits *out);
KYMO_API void kymo_waits_free(struct kymo_waits *w);

#ifdef __cplusplus
}
#endif

#endif
