/* SPDX-License-Identifier: MIT */
/*
 * What part of a trace an analysis looks at: a window of time, some goroutines, the time inside regions or tasks.
 *
 *     struct kymo_filter f = KYMO_FILTER_ALL;
 *     f.from = 2000000; f.func = "^net/http\\.";
 *     struct kymo_selection sel;
 *     if (kymo_select(t, &f, &sel, &err) != KYMO_OK) ...
 *     ... kymo_profile_compute(t, &sel, ...) ...
 *     kymo_selection_free(&sel);
 *
 * Every analysis that takes a selection takes NULL for "everything". What lies partly inside counts with that part.
 */
#ifndef KYMO_SELECT_H
#define KYMO_SELECT_H

#include <kymo/analysis.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KYMO_NS_MAX INT64_MAX

struct kymo_filter {
	kymo_ns from, to;    // [from, to)
	uint64_t goroutine;  // its id; KYMO_NONE: any
	const char *func;    // regular expression (PCRE2), found in the start function; NULL: any
	const char *group;   // the start function exactly, "" for those without a stack; NULL: any
	const char *task;    // digits: the id; else the type, exactly; NULL: any
	const char *region;  // its type, exactly; NULL: any
	const char *region_at;  // "FILE:LINE" (FILE may be a path's tail) or "0xPC" of its innermost frame; NULL: any
	kymo_ns region_min, region_max;  // length of the region, both inclusive
	enum kymo_rules rules;  // of regions: KYMO_RULES_GO126: those that Go 1.26's pages /regionio, ... select
};
#define KYMO_FILTER_ALL \
	((struct kymo_filter){.to = KYMO_NS_MAX, .goroutine = KYMO_NONE, .region_max = KYMO_NS_MAX})

struct kymo_interval {
	kymo_ns from, to;
};

/* Of each selected goroutine the time inside the window and, where there are `pieces`, inside those. */
struct kymo_selection {
	kymo_ns from, to;           // within the trace
	const uint8_t *goroutines;  // [goroutines.count] nonzero: selected; NULL: all
	const uint32_t *piece_from;  // [goroutines.count + 1]; NULL: goroutines are not cut into pieces
	const struct kymo_interval *pieces;  // of goroutine g: piece_from[g] .. piece_from[g + 1]; sorted, apart, inside the window
	bool whole;  // nothing is left out
	void *owned;
};

/**
 * Makes a selection. A region or task that nobody has selects nothing; that is no error.
 *
 * Regions: of nested ones the outermost counts. By Go's rules these are the regions of kymo_region_list_compute
 * (<kymo/annotations.h>), and one that begins inside another is left out even if it ends behind that one. Tasks: on each goroutine that began, ended, logged for, or had a region
 * of the task, the time from the first to the last of these; several tasks of a type together.
 * Errors: KYMO_E_RANGE: a regular expression or a place that is none, from after to; KYMO_E_MEMORY.
 * Cost: O(goroutines + regions + tasks + logs).
 */
KYMO_API enum kymo_status kymo_select(const struct kymo_trace *t, const struct kymo_filter *f,
                                      struct kymo_selection *out, struct kymo_error *err);
KYMO_API void kymo_selection_free(struct kymo_selection *s);

#ifdef __cplusplus
}
#endif

#endif
