/* SPDX-License-Identifier: MIT */
/* The three forms of `kymo goroutines`: groups, the goroutines of a selection, one goroutine's story. */
#ifndef KYMO_REPORT_GOROUTINES_H
#define KYMO_REPORT_GOROUTINES_H

#include "report/report.h"

/* What the lives of goroutines are drawn with. */
struct life_classes {
	const struct kymo_trace *t;
	uint8_t *of;               // [strings] enum life of a wait for this reason
	kymo_string_ix gc_worker;  // the start function of GC workers; 0: there are none
};
bool life_classes_make(struct life_classes *c, const struct kymo_trace *t);
void life_classes_free(struct life_classes *c);
/* `name` is the goroutines' start function. */
void life_of(const struct life_classes *c, kymo_string_ix name, const struct kymo_times *x,
             const struct kymo_named_ns *block, size_t count, kymo_ns life[LIFE_PARTS]);

enum kymo_status report_goroutine_groups(struct report *r, struct kymo_error *err);
enum kymo_status report_goroutine_list(struct report *r, struct kymo_error *err);
enum kymo_status report_goroutine_story(struct report *r, kymo_goroutine_ix g,
                                        struct kymo_error *err);

#endif
