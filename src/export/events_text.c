/* SPDX-License-Identifier: MIT */
/*
 * One line an event: seconds since the start, who emitted it, what happened, and where:
 *
 *     0.000123456  M6693   P1   G7       G12 Waiting->Runnable  at sync.(*Mutex).Unlock mutex.go:65
 */
#include <string.h>

#include "export/events.h"
#include "wire/quote.h"

static void text(struct buf *out, const char *before, const struct kymo_reader *r, kymo_string_ix ix)
{
	struct kymo_str s = kymo_reader_string(r, ix);
	buf_puts(out, before);
	quote_put(out, s.ptr, s.len);
}

static void number(struct buf *out, const char *before, uint64_t v)
{
	buf_puts(out, before);
	buf_u64(out, v);
}

/* A letter and an id, filled up with blanks; a hyphen for nobody. */
static void who(struct buf *out, char letter, uint64_t id, size_t width)
{
	size_t from = out->len;
	if (!buf_reserve(out, width + 24))
		return;
	from = out->len;  // making room may have emptied the buffer
	if (id == KYMO_NONE) {
		buf_putc(out, '-');
	} else {
		buf_putc(out, letter);
		buf_u64(out, id);
	}
	while (out->len - from < width)
		buf_putc(out, ' ');
	buf_putc(out, ' ');
}

static void seconds(struct buf *out, kymo_ns t)
{
	buf_printf(out, "%3lld.%09lld  ", (long long)(t / 1000000000), (long long)(t % 1000000000));
}

/* The innermost frame, its file without folders. */
static void where(struct buf *out, const char *before, const struct kymo_reader *r, kymo_stack_ix ix)
{
	size_t count;
	const struct kymo_frame *f = kymo_reader_stack(r, ix, &count);
	if (count == 0)
		return;
	struct kymo_str func = kymo_reader_string(r, f->func), file = kymo_reader_string(r, f->file);
	const char *slash = file.len ? memrchr(file.ptr, '/', file.len) : NULL;
	if (slash) {
		file.len -= (size_t)(slash + 1 - file.ptr);
		file.ptr = slash + 1;
	}
	buf_puts(out, before);
	buf_put(out, func.ptr, func.len);
	buf_putc(out, ' ');
	buf_put(out, file.ptr, file.len);
	number(out, ":", f->line);
}

static void transition(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev)
{
	bool go = ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE;
	uint8_t from = ev->u.transition.from, to = ev->u.transition.to;
	buf_putc(out, go ? 'G' : 'P');
	buf_u64(out, ev->u.transition.id);
	buf_putc(out, ' ');
	buf_puts(out, go ? kymo_go_state_name(from) : kymo_proc_state_name(from));
	buf_puts(out, "->");
	buf_puts(out, go ? kymo_go_state_name(to) : kymo_proc_state_name(to));
	if (ev->u.transition.reason)
		text(out, " ", r, ev->u.transition.reason);
	if (ev->u.transition.stack != ev->stack)
		where(out, "  in ", r, ev->u.transition.stack);
}

static void range(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev)
{
	static const char *const letters[] = {"", " G", " P", " M"};
	text(out, " ", r, ev->u.range.name);
	if (ev->u.range.scope != KYMO_RESOURCE_NONE)
		number(out, letters[ev->u.range.scope & 3], ev->u.range.scope_id);
	if (ev->u.range.has_swept) {
		number(out, " swept=", ev->u.range.swept_bytes);
		number(out, " reclaimed=", ev->u.range.reclaimed_bytes);
	}
}

static void experimental(struct buf *out, const struct kymo_event *ev)
{
	const char *event = kymo_wire_event_name(ev->wire_type);
	buf_putc(out, ' ');
	buf_puts(out, event ? event : "");
	for (unsigned i = 0; i < ev->u.experimental.arg_count; i++) {
		const char *arg = kymo_wire_arg_name(ev->wire_type, i + 1);
		buf_putc(out, ' ');
		buf_puts(out, arg ? arg : "");
		number(out, "=", ev->u.experimental.args[i]);
	}
}

static void details(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev)
{
	switch ((enum kymo_event_kind)ev->kind) {
	case KYMO_EV_SYNC: number(out, " ", ev->u.sync.number); break;
	case KYMO_EV_METRIC: {
		struct kymo_str s = kymo_reader_string(r, ev->u.metric.name);
		buf_putc(out, ' ');
		buf_put(out, s.ptr, s.len);
		number(out, "=", ev->u.metric.value);
		break;
	}
	case KYMO_EV_LABEL:
		number(out, " G", ev->u.label.goroutine);
		text(out, " ", r, ev->u.label.label);
		break;
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END: range(out, r, ev); break;
	case KYMO_EV_TASK_BEGIN:
	case KYMO_EV_TASK_END:
		number(out, " task ", ev->u.task.id);
		if (ev->u.task.parent != KYMO_NONE)
			number(out, " of ", ev->u.task.parent);
		text(out, " ", r, ev->u.task.type);
		break;
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END:
		number(out, " task ", ev->u.region.task);
		text(out, " ", r, ev->u.region.type);
		break;
	case KYMO_EV_LOG:
		number(out, " task ", ev->u.log.task);
		text(out, " ", r, ev->u.log.category);
		text(out, " ", r, ev->u.log.message);
		break;
	case KYMO_EV_EXPERIMENTAL: experimental(out, ev); break;
	case KYMO_EV_STATE_TRANSITION:
	case KYMO_EV_STACK_SAMPLE:
	case KYMO_EV_BAD:
	case KYMO_EV_KIND_COUNT: break;
	}
}

void events_put_text(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                     kymo_ns start)
{
	seconds(out, ev->time - start);
	who(out, 'M', ev->thread, 8);
	who(out, 'P', ev->proc, 4);
	who(out, 'G', ev->goroutine, 7);
	if (ev->kind == KYMO_EV_STATE_TRANSITION) {
		transition(out, r, ev);
	} else {
		buf_puts(out, kymo_event_kind_name(ev->kind));
		details(out, r, ev);
	}
	where(out, "  at ", r, ev->stack);
	buf_putc(out, '\n');
}
