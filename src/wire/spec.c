/* SPDX-License-Identifier: MIT */
#include "wire/spec.h"

const struct wire_event wire_events[256] = {
#define EV(num, ev_name, ev_kind, ev_since, nargs, a0, a1, a2, a3, a4, stacks, strings) \
	[num] = { \
		.name = #ev_name, \
		.args = {#a0, #a1, #a2, #a3, #a4}, \
		.kind = WIRE_KIND_##ev_kind, \
		.since = ev_since, \
		.arg_count = nargs, \
		.stack_args = stacks, \
		.string_args = strings, \
	},
#include "wire/events.def"
#undef EV
};

#define TIMED_S 0
#define TIMED_T 1
#define TIMED_X 1

const uint8_t wire_timed[256] = {
#define EV(num, name, ev_kind, since, nargs, a0, a1, a2, a3, a4, stacks, strings) \
	[num] = TIMED_##ev_kind,
#include "wire/events.def"
#undef EV
};
