/* SPDX-License-Identifier: MIT */
/*
 * Mutator utilisation as step functions of time: what mmu_series.c cuts into bands. <kymo/mmu.h> has the definition.
 */
#ifndef KYMO_ANALYSIS_UTIL_H
#define KYMO_ANALYSIS_UTIL_H

#include <kymo/mmu.h>

#include "base/vec.h"
#include "trace/store.h"

#define UTIL_MAX_SERIES 65536u

struct util_point {
	kymo_ns time;
	double value;
};
struct util_series {
	VEC(struct util_point)
	points;         // by time, all different; the last one is the end, its value 0
	uint64_t proc;  // its id; KYMO_NONE: the mean of all
};
struct util {
	VEC(struct util_series) series;
};

/* By the exact rules; by those of Go 1.26. KYMO_E_MEMORY, KYMO_E_LIMIT. */
enum kymo_status util_exact(const struct kymo_trace *t, unsigned flags, struct util *out);
enum kymo_status util_go126(const struct kymo_trace *t, unsigned flags, struct util *out);
/* What lies at the end or behind it goes, and series without length. */
void util_tidy(struct util *u);
void util_free(struct util *u);

/* Per proc: the series in use and the row in the trace's table, by the proc's id. */
struct util_ids {
	struct {
		size_t series;
		uint32_t row;  // 0: the trace never mentions it
	} * at;
	uint64_t count;
};
/* Room for `count` of them. */
bool util_more_ids(struct util_ids *ids, const struct kymo_trace *t, uint64_t count);

/* An empty series in `u`; SIZE_MAX: no memory. */
size_t util_new_series(struct util *u, uint64_t proc);

#endif
