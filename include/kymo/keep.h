/* SPDX-License-Identifier: MIT */
/*
 * Answers about any window in milliseconds: what a program that asks many questions of one trace has made beforehand.
 *
 *     kymo_keep(t, KYMO_KEEP_ALL, NULL);       // on a thread of its own; questions may be asked meanwhile
 *     ... kymo_sched_compute(t, &any_window, ...) ...
 *
 * Nothing changes but the time that answers take. It is freed with the trace.
 */
#ifndef KYMO_KEEP_H
#define KYMO_KEEP_H

#include <kymo/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What gets quick. Bytes are of a typical large trace, for each of its file; processor time is for 100 MB of it. */
enum {
	KYMO_KEEP_TIMES = 1,  // kymo_goroutine_groups_compute, kymo_goroutine_times: 0.06, 0.1 s
	KYMO_KEEP_SCHED = 2,  // kymo_sched_compute: 0.64, 0.7 s
	KYMO_KEEP_WAITS = 4,  // kymo_profile_compute, kymo_waits_compute: 0.25, 0.4 s
	KYMO_KEEP_MMU = 8,  // kymo_mmu_new, of the usual flags and those asked for last: 0.1 each, 0.1 s
	KYMO_KEEP_ALL = 15,
};

/**
 * Makes what is asked for and is not there yet. One thread at a time may call it for a trace; others may compute with the
 * trace meanwhile. `stop`, if not NULL, is looked at now and then: once it is true, what is not ready is given up.
 * Errors, of the first part that was not made (the others are): KYMO_E_MEMORY; KYMO_E_LIMIT: the trace's waits are too
 * different from one another, or it was stopped. Then answers take as long as before.
 */
KYMO_API enum kymo_status kymo_keep(struct kymo_trace *t, unsigned what, const bool *stop);

#ifdef __cplusplus
}
#endif

#endif
