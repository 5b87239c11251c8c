/* SPDX-License-Identifier: MIT */
/*
 * How much of an interval others cover: these sorted, apart, with the sum of those before each. A cover may hold
 * several side by side (one a goroutine), each a stretch [lo, hi) of rows.
 *
 *     kymo_ns shared = cover_measure(&c, lo, hi, b) - cover_measure(&c, lo, hi, a);     // with [a, b)
 */
#ifndef KYMO_ANALYSIS_ANNOT_COVER_H
#define KYMO_ANALYSIS_ANNOT_COVER_H

#include <kymo/select.h>

#include "base/vec.h"

struct cover_row {
	kymo_ns from, to, before;
};
struct cover {
	VEC(struct cover_row) rows;
};

/* Appends to the stretch that began at row `lo`; intervals come in order of their begin, and join where they touch. */
static inline bool cover_add(struct cover *c, size_t lo, kymo_ns from, kymo_ns to)
{
	struct cover_row *last = c->rows.count > lo ? &c->rows.at[c->rows.count - 1] : NULL;
	if (from >= to)
		return true;
	if (last && from <= last->to) {
		last->to = to > last->to ? to : last->to;
		return true;
	}
	kymo_ns before = last ? last->before + (last->to - last->from) : 0;
	return vec_push(&c->rows, ((struct cover_row){from, to, before}));
}

/* How much of the stretch lies before x. O(log n). */
static inline kymo_ns cover_measure(const struct cover *c, size_t lo, size_t hi, kymo_ns x)
{
	size_t first = lo, end = hi;
	while (first < end) {  // the first that begins at x or later
		size_t mid = first + (end - first) / 2;
		if (c->rows.at[mid].from < x)
			first = mid + 1;
		else
			end = mid;
	}
	if (first == lo)
		return 0;
	const struct cover_row *r = &c->rows.at[first - 1];
	return r->before + ((x < r->to ? x : r->to) - r->from);
}

#endif
