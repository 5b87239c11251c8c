/* SPDX-License-Identifier: MIT */
/*
 * Reports that were run, kept for the next page or sort order of them, least recently used out first. A report that is
 * being computed is waited for by whoever else asks for it.
 */
#ifndef KYMO_SERVE_SHELF_H
#define KYMO_SERVE_SHELF_H

#include "report/report.h"

struct shelf;

/* Keeps at most `slots` reports. NULL: no memory. */
struct shelf *shelf_make(const struct kymo_trace *t, size_t slots);
void shelf_free(struct shelf *s);

/*
 * The report of these parameters (those of paging do not count), run now if it was not yet. It stays until
 * shelf_release. Errors: as report_run.
 */
enum kymo_status shelf_get(struct shelf *s, const struct report_def *def,
                           const struct report_param *params, size_t count, struct report **out,
                           struct kymo_error *err);
void shelf_release(struct shelf *s, struct report *r);

#endif
