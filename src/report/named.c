/* SPDX-License-Identifier: MIT */
/*
 * A filter that names what the trace does not hold is a slip of the pen, and "0 waits" would be taken for an answer: it
 * is an error; and so is a window behind the trace's end. What exists but lies outside the window, or never waited, is
 * an answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/internal.h"
#include "trace/store.h"

/* Whether any of `n` rows has the string. */
static bool any_is(const struct kymo_trace *t, const kymo_string_ix *rows, size_t n, const char *text)
{
	size_t len = strlen(text);
	kymo_string_ix last = 0;
	bool seen = false;  // `last` was looked at: neighbours mostly have the same
	for (size_t i = 0; i < n; i++) {
		if (seen && rows[i] == last)
			continue;
		struct kymo_str s = kymo_trace_string(t, last = rows[i]);
		seen = true;
		if (s.len == len && memcmp(s.ptr, text, len) == 0)
			return true;
	}
	return false;
}

static bool any_goroutine(const struct kymo_trace *t, const struct kymo_selection *sel)
{
	for (uint32_t g = 1; g < t->goroutines.count; g++)
		if (sel->goroutines[g])
			return true;
	return false;
}

static bool any_task(const struct kymo_trace *t, const char *text)
{
	char *end;
	uint64_t id = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end)
		return any_is(t, t->tasks.type, t->tasks.count, text);
	for (size_t i = 0; i < t->tasks.count; i++)
		if (t->tasks.id[i] == id)
			return true;
	for (size_t i = 0; i < t->regions.count; i++)
		if (t->regions.task[i] == id)
			return true;
	for (size_t i = 0; i < t->logs.count; i++)
		if (t->logs.task[i] == id)
			return true;
	return false;
}

static enum kymo_status no_goroutine(const struct kymo_filter *f, struct kymo_error *err)
{
	bool several = (f->goroutine != KYMO_NONE) + (f->group != NULL) + (f->func != NULL) > 1;
	if (several)
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "no goroutine is what goroutine, group and func say together");
	if (f->group)
		return error_set(err, KYMO_E_RANGE, 0, 0, "no goroutine began in '%s'", f->group);
	if (f->func)
		return error_set(err, KYMO_E_RANGE, 0, 0, "no start function matches '%s'", f->func);
	return error_set(err, KYMO_E_RANGE, 0, 0, "the trace has no goroutine %llu",
	                 (unsigned long long)f->goroutine);
}

enum kymo_status report_check_named(const struct kymo_trace *t, const struct kymo_filter *f,
                                    const struct kymo_selection *sel, struct kymo_error *err)
{
	if (f->from > t->info.duration) {
		char from[UNITS_SIZE], end[UNITS_SIZE];
		return error_set(err, KYMO_E_RANGE, 0, 0, "the trace ends at %s, before %s",
		                 units_duration(end, t->info.duration),
		                 units_duration(from, f->from));
	}
	if (sel->goroutines && !any_goroutine(t, sel))
		return no_goroutine(f, err);
	if (f->task && !any_task(t, f->task))
		return error_set(err, KYMO_E_RANGE, 0, 0, "the trace has no task%s '%s'",
		                 f->task[0] >= '0' && f->task[0] <= '9' ? "" : " of type", f->task);
	if (f->region && !any_is(t, t->regions.type, t->regions.count, f->region))
		return error_set(err, KYMO_E_RANGE, 0, 0, "the trace has no region '%s'", f->region);
	return KYMO_OK;
}
