/* SPDX-License-Identifier: MIT */
/* `kymo events`: which events are printed. How is in events_text.c and events_json.c. */
#include "export/events.h"

static bool is_about(const struct kymo_event *ev, uint64_t goroutine)
{
	if (ev->goroutine == goroutine)
		return true;
	switch ((enum kymo_event_kind)ev->kind) {
	case KYMO_EV_STATE_TRANSITION:
		return ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE &&
		       ev->u.transition.id == goroutine;
	case KYMO_EV_LABEL: return ev->u.label.goroutine == goroutine;
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END:
		return ev->u.range.scope == KYMO_RESOURCE_GOROUTINE &&
		       ev->u.range.scope_id == goroutine;
	default: return false;
	}
}

enum kymo_status kymo_export_events(struct kymo_input *in, const struct kymo_event_filter *filter,
                                    bool json, const struct kymo_sink *sink, struct kymo_error *err)
{
	const struct kymo_event_filter all = {.goroutine = KYMO_NONE};
	struct kymo_reader *r;
	filter = filter ? filter : &all;
	export_no_error(err);
	enum kymo_status st = kymo_reader_open(in, NULL, &r, err);
	if (st != KYMO_OK)
		return st;
	struct buf out = export_buf(sink);
	const struct kymo_event *ev;
	kymo_ns start = 0;
	kymo_ns from = filter->from, to = filter->to;
	bool bounded = to != 0;
	bool first = true, any = false, past_end = false;
	while (!out.failed && (ev = kymo_reader_next(r)) != NULL) {
		if (first) {
			start = ev->time;
			from -= filter->clock && from >= start ? start : 0;
			to -= filter->clock && to >= start ? start : 0;
			first = false;
		}
		any |= ev->kind != KYMO_EV_SYNC;
		kymo_ns t = ev->time - start;
		if (bounded && t >= to) {
			past_end = true;
			break;
		}
		if (t < from || (filter->goroutine != KYMO_NONE && !is_about(ev, filter->goroutine)))
			continue;
		(json ? events_put_json : events_put_text)(&out, r, ev, start);
	}
	st = out.failed || past_end ? KYMO_OK : kymo_reader_status(r, err);
	kymo_reader_close(r);
	// What came before damage is good: it is for the caller to tell of the rest.
	return export_finish(&out, st == KYMO_E_DAMAGED && any ? KYMO_OK : st, err);
}
