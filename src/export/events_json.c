/* SPDX-License-Identifier: MIT */
/* One JSON object an event. Who is nobody is null; stacks are arrays of frames, innermost first. */
#include "base/json.h"
#include "export/events.h"

static void number(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void id(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	if (v == KYMO_NONE)
		json_null(j);
	else
		json_u64(j, v);
}

static void text(struct json *j, const char *key, const struct kymo_reader *r, kymo_string_ix ix)
{
	struct kymo_str s = kymo_reader_string(r, ix);
	json_key(j, key);
	json_str(j, s.ptr, s.len);
}

static void name(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_cstr(j, s);
}

static void stack(struct json *j, const char *key, const struct kymo_reader *r, kymo_stack_ix ix)
{
	size_t count;
	const struct kymo_frame *f = kymo_reader_stack(r, ix, &count);
	if (!ix)
		return;
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < count; i++) {
		json_object(j);
		text(j, "func", r, f[i].func);
		text(j, "file", r, f[i].file);
		number(j, "line", f[i].line);
		number(j, "pc", f[i].pc);
		json_end(j);
	}
	json_end(j);
}

static void scope(struct json *j, uint8_t kind, uint64_t scope_id)
{
	static const char *const names[] = {"None", "Goroutine", "Proc", "Thread"};
	name(j, "scope", names[kind & 3]);
	if (kind != KYMO_RESOURCE_NONE)
		number(j, "scope_id", scope_id);
}

static void transition(struct json *j, const struct kymo_reader *r, const struct kymo_event *ev)
{
	bool go = ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE;
	uint8_t from = ev->u.transition.from, to = ev->u.transition.to;
	name(j, "resource", go ? "Goroutine" : "Proc");
	number(j, "id", ev->u.transition.id);
	name(j, "from", go ? kymo_go_state_name(from) : kymo_proc_state_name(from));
	name(j, "to", go ? kymo_go_state_name(to) : kymo_proc_state_name(to));
	if (ev->u.transition.reason)
		text(j, "reason", r, ev->u.transition.reason);
	stack(j, "transition_stack", r, ev->u.transition.stack);
}

static void sync(struct json *j, const struct kymo_event *ev)
{
	const struct kymo_clock_snapshot *c = &ev->u.sync.clock;
	number(j, "n", ev->u.sync.number);
	if (!c->present)
		return;
	json_key(j, "clock");
	json_object(j);
	json_key(j, "trace_ns");
	json_i64(j, c->trace);
	number(j, "mono_ns", c->mono);
	json_key(j, "wall_s");
	json_i64(j, c->wall_sec);
	number(j, "wall_ns", c->wall_nsec);
	json_end(j);
}

static void experimental(struct json *j, const struct kymo_event *ev)
{
	const char *event = kymo_wire_event_name(ev->wire_type);
	name(j, "name", event ? event : "");
	json_key(j, "args");
	json_object(j);
	for (unsigned i = 0; i < ev->u.experimental.arg_count; i++) {
		const char *arg = kymo_wire_arg_name(ev->wire_type, i + 1);
		number(j, arg ? arg : "", ev->u.experimental.args[i]);
	}
	json_end(j);
}

static void details(struct json *j, const struct kymo_reader *r, const struct kymo_event *ev)
{
	switch ((enum kymo_event_kind)ev->kind) {
	case KYMO_EV_SYNC: sync(j, ev); break;
	case KYMO_EV_METRIC:
		text(j, "name", r, ev->u.metric.name);
		number(j, "value", ev->u.metric.value);
		break;
	case KYMO_EV_LABEL:
		text(j, "label", r, ev->u.label.label);
		scope(j, KYMO_RESOURCE_GOROUTINE, ev->u.label.goroutine);
		break;
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END:
		text(j, "name", r, ev->u.range.name);
		scope(j, ev->u.range.scope, ev->u.range.scope_id);
		if (ev->u.range.has_swept) {
			number(j, "swept_bytes", ev->u.range.swept_bytes);
			number(j, "reclaimed_bytes", ev->u.range.reclaimed_bytes);
		}
		break;
	case KYMO_EV_TASK_BEGIN:
	case KYMO_EV_TASK_END:
		number(j, "task", ev->u.task.id);
		id(j, "parent", ev->u.task.parent);
		text(j, "type", r, ev->u.task.type);
		break;
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END:
		number(j, "task", ev->u.region.task);
		text(j, "type", r, ev->u.region.type);
		break;
	case KYMO_EV_LOG:
		number(j, "task", ev->u.log.task);
		text(j, "category", r, ev->u.log.category);
		text(j, "message", r, ev->u.log.message);
		break;
	case KYMO_EV_STATE_TRANSITION: transition(j, r, ev); break;
	case KYMO_EV_EXPERIMENTAL: experimental(j, ev); break;
	case KYMO_EV_STACK_SAMPLE:
	case KYMO_EV_BAD:
	case KYMO_EV_KIND_COUNT: break;
	}
}

void events_put_json(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                     kymo_ns start)
{
	struct json j = {.buf = out};
	json_object(&j);
	json_key(&j, "time_ns");
	json_i64(&j, ev->time);
	json_key(&j, "since_start_ns");
	json_i64(&j, ev->time - start);
	name(&j, "kind", kymo_event_kind_name(ev->kind));
	id(&j, "thread", ev->thread);
	id(&j, "proc", ev->proc);
	id(&j, "goroutine", ev->goroutine);
	details(&j, r, ev);
	stack(&j, "stack", r, ev->stack);
	json_end(&j);
	buf_putc(out, '\n');
}
