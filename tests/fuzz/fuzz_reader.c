/* SPDX-License-Identifier: MIT */
/*
 * The whole reader. Relations: times increase; every index that an event carries can be followed; the counts of
 * kymo_stat_compute are those of the events; how a run ends is told with a place inside the input.
 */
#include <kymo/kymo.h>

#include "fuzz/fuzz.h"

static void follow_string(struct kymo_reader *r, kymo_string_ix ix)
{
	struct kymo_str s = kymo_reader_string(r, ix);
	CHECK(s.ptr || s.len == 0);
	volatile char last = s.len ? s.ptr[s.len - 1] : 0;
	(void)last;
}

static void follow_stack(struct kymo_reader *r, kymo_stack_ix ix)
{
	size_t count;
	const struct kymo_frame *frames = kymo_reader_stack(r, ix, &count);
	CHECK(ix != 0 || count == 0);
	for (size_t i = 0; i < count; i++) {
		follow_string(r, frames[i].func);
		follow_string(r, frames[i].file);
	}
}

static void follow(struct kymo_reader *r, const struct kymo_event *ev)
{
	follow_stack(r, ev->stack);
	switch (ev->kind) {
	case KYMO_EV_METRIC: follow_string(r, ev->u.metric.name); break;
	case KYMO_EV_LABEL: follow_string(r, ev->u.label.label); break;
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END: follow_string(r, ev->u.range.name); break;
	case KYMO_EV_TASK_BEGIN:
	case KYMO_EV_TASK_END: follow_string(r, ev->u.task.type); break;
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END: follow_string(r, ev->u.region.type); break;
	case KYMO_EV_LOG:
		follow_string(r, ev->u.log.category);
		follow_string(r, ev->u.log.message);
		break;
	case KYMO_EV_STATE_TRANSITION:
		follow_string(r, ev->u.transition.reason);
		follow_stack(r, ev->u.transition.stack);
		break;
	case KYMO_EV_EXPERIMENTAL:
		CHECK(kymo_wire_event_name(ev->wire_type) != NULL);
		CHECK(ev->u.experimental.arg_count <= 4);
		break;
	default: break;
	}
}

static enum kymo_status run(struct kymo_input *in, const struct kymo_reader_options *options,
                            struct kymo_stat *sum)
{
	struct kymo_reader *r;
	struct kymo_error err = {0};
	enum kymo_status st = kymo_reader_open(in, options, &r, &err);
	if (st != KYMO_OK)
		return st;
	const struct kymo_event *ev;
	while ((ev = kymo_reader_next(r)) != NULL) {
		if (sum->events == 0)
			sum->start = ev->time;
		else
			CHECK(ev->time > sum->end);
		sum->end = ev->time;
		CHECK(ev->kind > KYMO_EV_BAD && ev->kind < KYMO_EV_KIND_COUNT);
		sum->kinds[ev->kind]++;
		sum->events++;
		follow(r, ev);
	}
	CHECK(kymo_reader_next(r) == NULL);
	st = kymo_reader_status(r, &err);
	size_t len;
	kymo_input_bytes(in, &len);
	CHECK(err.status == st && err.offset <= len);
	CHECK(st == KYMO_OK || err.message[0]);
	kymo_reader_close(r);
	return st;
}

static struct kymo_input *input_of(const uint8_t *bytes, size_t len)
{
	struct kymo_input *in;
	if (kymo_input_open_memory(bytes, len, &in, NULL) != KYMO_OK)
		return NULL;
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct kymo_input *in = input_of(bytes, len);
	if (!in)
		return 0;
	struct kymo_stat events = {0}, same = {0}, stat = {0};
	enum kymo_status st = run(in, NULL, &events);
	kymo_input_close(in);

	// Frames as Go's reader gives them: no event changes. (It looks at the first frame of a PC only, so it may not notice
	// that another one names a string that does not exist.)
	in = input_of(bytes, len);
	enum kymo_status go_st = run(in, &(struct kymo_reader_options){.go_frames = true}, &same);
	CHECK(same.events + (go_st != KYMO_OK) >= events.events);
	if (st == KYMO_OK)
		CHECK(go_st == KYMO_OK && same.events == events.events && same.end == events.end);
	kymo_input_close(in);

	in = input_of(bytes, len);
	struct kymo_error err = {0};
	enum kymo_status stat_st = kymo_stat_compute(in, NULL, &stat, &err);
	kymo_input_close(in);
	if (stat_st == KYMO_OK) {
		CHECK((st == KYMO_OK) == (stat.damage_count == 0));
		CHECK(stat.events == events.events && stat.start == events.start &&
		      stat.end == events.end);
		for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++)
			CHECK(stat.kinds[k] == events.kinds[k]);
	} else {
		CHECK(st != KYMO_OK);  // what the reader reads whole, stat counts
	}
	return 0;
}
