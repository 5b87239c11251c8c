/* SPDX-License-Identifier: MIT */
/* The one pass over all spans that fills a model's pyramids and sums; for model.c. */
#ifndef KYMO_SERVE_MODEL_BUILD_H
#define KYMO_SERVE_MODEL_BUILD_H

#include "serve/model.h"

/*
 * Fills `heavy`, `procs`, `proc_busy`, `density`, `all`, `group_times`, `execution` and
 * `sched_wait`, which are allocated and zero. False: no memory, or cancelled. Cost: about 8 ns per
 * span, on two threads where there are many.
 */
bool model_build(struct model *m, const bool *cancelled);

#endif
