/* SPDX-License-Identifier: MIT */
/*
 * MMU curves that were computed, of all of the trace and of the last few windows: who clicks on a curve asks for the worst
 * windows of a length, and the curve stays as it is.
 *
 *     if (!curves_find(t, &key, &curve)) { ... compute it ...; curves_add(t, &key, &curve); }
 *
 * They are kept with the trace. Any number of threads may ask.
 */
#ifndef KYMO_REPORT_CURVES_H
#define KYMO_REPORT_CURVES_H

#include <kymo/trace.h>

/* p99.9 and so on: of 1000 windows 999 are at least as good. */
enum { CURVE_QUANTILES = 3, CURVE_POINTS = 48, CURVE_DECADES = 7 };

struct curve_point {
	kymo_ns window;
	double mmu, at[CURVE_QUANTILES];
};

struct curve {
	double at_decade[CURVE_DECADES];  // of 1 µs to 1 s; NaN: longer than the whole
	struct curve_point points[CURVE_POINTS];
	size_t count;
};

struct curve_key {
	kymo_ns from, to;
	unsigned flags;
	bool compat;
};

bool curves_find(const struct kymo_trace *t, const struct curve_key *key, struct curve *out);
/* Where there is no memory, nothing is kept. */
void curves_add(const struct kymo_trace *t, const struct curve_key *key, const struct curve *c);

#endif
