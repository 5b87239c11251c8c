/* SPDX-License-Identifier: MIT */
/*
 * A goroutine's time by state as sums that grow: moved from one instant to a later one, its sums are of all the time so
 * far, and what happened between two instants is the difference.
 *
 *     struct meter m;
 *     if (!meter_begin(&m, t, sel, rules)) return no_memory;
 *     meter_goroutine(&m, g, from);       // any goroutine; sums go on from where they were
 *     meter_advance(&m, at);              // at >= from, and so on
 *     ... m.sum[METER_RUN] ...
 *     meter_end(&m);
 */
#ifndef KYMO_ANALYSIS_REGION_METER_H
#define KYMO_ANALYSIS_REGION_METER_H

#include <kymo/annotations.h>

#include "analysis/annot_cover.h"
#include "analysis/annot_lists.h"
#include "trace/store.h"

/* Slots of the sums: these, then the reasons by code, then the ranges by name. */
enum { METER_RUN, METER_RUNNABLE, METER_SYSCALL, METER_SYSCALL_BLOCK, METER_REASON };

/* A range of the goroutine that is on. */
struct meter_range {
	uint32_t slot;
	kymo_ns at, end;  // counted up to `at`
	kymo_ns added;
};

struct meter {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;  // NULL: nothing is cut
	bool go;
	uint32_t forever;
	uint32_t slots, range_slot;  // the first one of a range
	VEC(kymo_string_ix) range_names;
	uint32_t *slot_of_name;  // [strings]
	struct lists ranges;     // by goroutine
	kymo_ns *sum;            // [slots]

	/* the goroutine at hand */
	kymo_goroutine_ix g;
	struct span_scan scan;
	struct span_rec next;
	bool more, first;
	uint32_t slot, twice;  // of the span at hand; twice: Go, counts there too
	kymo_ns pos, end;      // sums are up to pos; the span ends at `end`
	kymo_ns later_end;  // Go: a second part of the same span, as METER_SYSCALL, up to here; 0: none
	uint32_t range, range_to;  // next row of ranges.items
	VEC(struct meter_range) on;
	struct cover pieces;
	bool failed;  // no memory
};

/* False: no memory; end it all the same. */
bool meter_begin(struct meter *m, const struct kymo_trace *t, const struct kymo_selection *sel,
                 enum kymo_rules rules);
void meter_goroutine(struct meter *m, kymo_goroutine_ix g, kymo_ns from);
void meter_advance(struct meter *m, kymo_ns to);
/* How much of the goroutine's time before x is selected. */
kymo_ns meter_measure(const struct meter *m, kymo_ns x);
void meter_end(struct meter *m);

#endif
