/* SPDX-License-Identifier: MIT */
/*
 * Scalars and small values that every Kymo header shares.
 *
 * Rows. Tables are structs of arrays; a row is named by a 32-bit index (`kymo_*_ix`). Row 0 of every table
 * that others refer to (strings, stacks, goroutines, procs, threads) is the empty one: the empty string, the
 * empty stack, "no goroutine". So a reference needs no test before it is followed.
 *
 * Time. `kymo_ns` is nanoseconds. In a store (trace.h) it counts from the trace's first event; in the stream
 * of events (events.h) it is what the trace's clock says, as Go's own reader gives it.
 */
#ifndef KYMO_TYPES_H
#define KYMO_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KYMO_API __attribute__((visibility("default")))
#else
#define KYMO_API
#endif

typedef int64_t kymo_ns;

typedef uint32_t kymo_string_ix;
typedef uint32_t kymo_stack_ix;
typedef uint32_t kymo_goroutine_ix;
typedef uint32_t kymo_proc_ix;
typedef uint32_t kymo_thread_ix;

/* "No thread", "no proc", "no goroutine", "no task" where an id stands (all bits set, as on the wire). */
#define KYMO_NONE UINT64_MAX

/* A view of bytes that somebody else owns: usually UTF-8, never terminated, may hold any byte. */
struct kymo_str {
	const char *ptr;
	size_t len;
};

/* One frame of a stack. Innermost first in a stack. */
struct kymo_frame {
	uint64_t pc;
	uint64_t line;
	kymo_string_ix func;
	kymo_string_ix file;
};

#ifdef __cplusplus
}
#endif

#endif
