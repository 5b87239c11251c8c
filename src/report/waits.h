/* SPDX-License-Identifier: MIT */
/* Reports of waits: what waits.c computes and waits_tables.c shows. */
#ifndef KYMO_REPORT_WAITS_H
#define KYMO_REPORT_WAITS_H

#include <kymo/waits.h>

#include "report/report.h"

/* A site and one of those who ended its waits. */
struct waits_pair {
	uint32_t site, waker;
};

struct waits_report {
	const struct report *r;
	enum kymo_waits_kind kind;
	struct kymo_waits w;
	uint32_t *sites;  // those that are shown
	size_t site_count;
	uint64_t waits;  // of these
	kymo_ns total;
	struct waits_pair *pairs;
	size_t pair_count;
	struct kymo_waker *wakers;  // of all shown sites, by stack
	size_t waker_count;
};

/* "goroutine", "network", "timer", "runtime", "nobody yet". */
const char *waits_by(const struct waits_report *m, const struct kymo_waker *x);
/* False: no memory. */
bool waits_tables(struct report *r, const struct waits_report *m);

#endif
