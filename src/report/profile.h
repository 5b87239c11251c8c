/* SPDX-License-Identifier: MIT */
/*
 * Profiles as reports: not a verb (that is `kymo pprof`), but the server keeps, cuts and answers them as it does the
 * others.
 */
#ifndef KYMO_REPORT_PROFILE_H
#define KYMO_REPORT_PROFILE_H

#include <kymo/profile.h>

#include "report/report.h"

/* Parameters: kind, stack (waiter, waker), and all common ones. */
extern const struct report_def report_profile;

/* What a run of report_profile computed. */
const struct kymo_profile *report_profile_of(const struct report *r);
const struct kymo_profile_options *report_profile_options(const struct report *r);

#endif
