/* SPDX-License-Identifier: MIT */
/*
 * The wire events of a format version: names, arguments, arities (from events.def).
 *
 *     const struct wire_event *e = wire_event(type);   // NULL if the number is unassigned
 *     if (e && wire_event_known(e, version)) ...
 */
#ifndef KYMO_WIRE_SPEC_H
#define KYMO_WIRE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

enum wire_type {
#define EV(num, name, kind, since, nargs, a0, a1, a2, a3, a4, stacks, strings) WIRE_##name = num,
#include "wire/events.def"
#undef EV
};

enum wire_kind { WIRE_KIND_NONE = 0, WIRE_KIND_S, WIRE_KIND_T, WIRE_KIND_X };

#define WIRE_MAX_ARGS 5
#define WIRE_MAX_BATCH_BYTES 65536u
#define WIRE_MAX_STRING_BYTES 1024u
#define WIRE_MAX_FRAMES 128u
#define WIRE_HEADER_BYTES 16u

struct wire_event {
	const char *name;  // NULL: unassigned
	const char *args[WIRE_MAX_ARGS];
	uint8_t kind;  // enum wire_kind
	uint8_t since, arg_count;
	uint8_t stack_args, string_args;  // bit masks
};

extern const struct wire_event wire_events[256];
/* 1 for the types that may stand in a thread's stream: kinds T and X. */
extern const uint8_t wire_timed[256];

/* The row of a type; NULL if the number is unassigned. */
static inline const struct wire_event *wire_event(unsigned type)
{
	return type < 256 && wire_events[type].name ? &wire_events[type] : 0;
}

/* Whether a writer of this version may use it. Readers are laxer: they take any assigned number, as Go's does. */
static inline bool wire_event_known(const struct wire_event *e, unsigned version)
{
	return e->since <= version;
}

#endif
