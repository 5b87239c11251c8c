/* SPDX-License-Identifier: MIT */
/* The names of kinds and states, as Go spells them. */
#include <kymo/events.h>
#include <kymo/version.h>

#include "wire/spec.h"

const char *kymo_version(void)
{
	return KYMO_VERSION;
}

const char *kymo_event_kind_name(enum kymo_event_kind kind)
{
	static const char *const names[KYMO_EV_KIND_COUNT] = {
		"Bad",         "Sync",        "Metric",   "Label",           "StackSample",
		"RangeBegin",  "RangeActive", "RangeEnd", "TaskBegin",       "TaskEnd",
		"RegionBegin", "RegionEnd",   "Log",      "StateTransition", "Experimental",
	};
	return (unsigned)kind < KYMO_EV_KIND_COUNT ? names[kind] : "Bad";
}

const char *kymo_go_state_name(enum kymo_go_state state)
{
	static const char *const names[] = {"Undetermined", "NotExist", "Runnable",
	                                    "Running",      "Waiting",  "Syscall"};
	return (unsigned)state < sizeof names / sizeof *names ? names[state] : "Bad";
}

const char *kymo_proc_state_name(enum kymo_proc_state state)
{
	static const char *const names[] = {"Undetermined", "NotExist", "Running", "Idle"};
	return (unsigned)state < sizeof names / sizeof *names ? names[state] : "Bad";
}

const char *kymo_wire_event_name(unsigned type)
{
	const struct wire_event *e = wire_event(type);
	return e ? e->name : 0;
}

const char *kymo_wire_arg_name(unsigned type, unsigned arg)
{
	const struct wire_event *e = wire_event(type);
	return e && arg < e->arg_count ? e->args[arg] : 0;
}
