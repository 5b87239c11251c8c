/* SPDX-License-Identifier: MIT */
/* In which region, of which task, a goroutine was at a time: labels of samples. */
#ifndef KYMO_ANALYSIS_PROFILE_H
#define KYMO_ANALYSIS_PROFILE_H

#include <kymo/profile.h>

#include "analysis/sample_map.h"
#include "trace/store.h"

/* The regions of each goroutine, by begin. */
struct regions_by_goroutine {
	uint32_t *from;  // [goroutines.count + 1]
	uint32_t *rows;
	uint32_t *around;  // [regions] of rows[i]: the index in `rows` of the region around it; UINT32_MAX: none
	kymo_string_ix *task_type;  // [regions] type of the region's task
};
bool regions_by_goroutine_make(struct regions_by_goroutine *r, const struct kymo_trace *t);
void regions_by_goroutine_free(struct regions_by_goroutine *r);

/*
 * Sets region and task of the key to those of the innermost region that holds at `at`. `*next` is the goroutine's first
 * region that begins after the last `at`: times ascend; it starts as from[g].
 */
struct sample_key regions_label(const struct regions_by_goroutine *r, const struct kymo_trace *t,
                                kymo_goroutine_ix g, kymo_ns at, uint32_t *next,
                                struct sample_key key);

#endif
