/* SPDX-License-Identifier: MIT */
/* The two forms of `kymo regions`: types and places, regions. */
#ifndef KYMO_REPORT_REGIONS_H
#define KYMO_REPORT_REGIONS_H

#include <kymo/annotations.h>

#include "report/report.h"

enum kymo_status report_region_list(struct report *r, const struct kymo_region_list *regions,
                                    struct kymo_error *err);

#endif
