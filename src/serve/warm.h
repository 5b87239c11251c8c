/* SPDX-License-Identifier: MIT */
/*
 * Makes what quick answers about any window need (<kymo/keep.h>), and then runs the reports of the whole trace before
 * anybody asks, one after another, on a thread of low priority: a page that is opened later has its answer at once.
 */
#ifndef KYMO_SERVE_WARM_H
#define KYMO_SERVE_WARM_H

#include "serve/shelf.h"

struct warm;

/* NULL: no memory; then nothing is run beforehand. */
struct warm *warm_start(struct shelf *s, struct kymo_trace *t);
/* Ends it after the report under way, or in the middle of what is to be kept. NULL is fine. */
void warm_stop(struct warm *w);

#endif
