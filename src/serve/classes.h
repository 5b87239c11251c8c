/* SPDX-License-Identifier: MIT */
/* What a span is drawn as. The numbers travel to the viewer (docs/internals/http.md). */
#ifndef KYMO_SERVE_CLASSES_H
#define KYMO_SERVE_CLASSES_H

#include <kymo/trace.h>

enum serve_class {
	CLASS_IDLE = 0,
	CLASS_RUN,
	CLASS_RUNNABLE,
	CLASS_SYSCALL,
	CLASS_CHAN,
	CLASS_SYNC,
	CLASS_NET,
	CLASS_SLEEP,
	CLASS_GC,
	CLASS_OTHER,
	CLASS_STW,
	CLASS_COUNT,
};

/* The class of a wait for this reason, as Go's runtime spells it. */
enum serve_class class_of_reason(const char *text, size_t len);

/* [string count] the class of a wait for each string of the trace; malloc'ed; NULL: no memory. */
uint8_t *class_table_make(const struct kymo_trace *t);

#endif
