/* SPDX-License-Identifier: MIT */
/*
 * Strings and stacks of a whole trace, each kept once. Every generation numbers its own; interning them gives one
 * index for one text, so that comparing names across generations is comparing integers.
 */
#ifndef KYMO_TRACE_TABLES_H
#define KYMO_TRACE_TABLES_H

#include <kymo/types.h>

#include "base/arena.h"
#include "base/vec.h"

struct stack_span {
	uint32_t from, count;  // frames
};

struct tables {
	struct arena text;
	VEC(struct kymo_str) strings;  // [0] = ""
	uint32_t *string_slots;        // open addressing; a string index, 0 = free
	size_t string_slot_count;
	VEC(struct kymo_frame) frames;
	VEC(struct stack_span) stacks;  // [0] = none
	uint32_t *stack_slots;
	size_t stack_slot_count;
	uint64_t secret;
};

#define TABLES_FAILED UINT32_MAX

bool tables_init(struct tables *t);
/* The index of a text, a stack; new ones are copied. TABLES_FAILED: no memory. */
kymo_string_ix tables_string(struct tables *t, const char *ptr, size_t len);
kymo_stack_ix tables_stack(struct tables *t, const struct kymo_frame *frames, uint32_t count);
/* Drops what only making the tables needs. */
void tables_seal(struct tables *t);
size_t tables_bytes(const struct tables *t);
void tables_free(struct tables *t);

#endif
