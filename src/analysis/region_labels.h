/* SPDX-License-Identifier: MIT */
/* In which region, of which task, a goroutine was at a time: labels of what it did. */
#ifndef KYMO_ANALYSIS_REGION_LABELS_H
#define KYMO_ANALYSIS_REGION_LABELS_H

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

/* The labels of one goroutine at times that ascend: they hold until `until`. */
struct region_cursor {
	const struct regions_by_goroutine *r;
	kymo_goroutine_ix g;
	uint32_t next;  // its first region that begins after the last time
	kymo_ns until;
	kymo_string_ix region, task;  // of the innermost region; 0: none
};

static inline struct region_cursor region_cursor_begin(const struct regions_by_goroutine *r,
                                                       kymo_goroutine_ix g)
{
	return (struct region_cursor){.r = r, .g = g, .next = r->from[g], .until = INT64_MIN};
}

void region_cursor_move(struct region_cursor *c, const struct kymo_trace *t, kymo_ns at);

/* To the time `at`, which is not before the last. */
static always_inline void region_cursor_at(struct region_cursor *c, const struct kymo_trace *t,
                                           kymo_ns at)
{
	if (unlikely(at >= c->until))
		region_cursor_move(c, t, at);
}

#endif
