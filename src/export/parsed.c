/* SPDX-License-Identifier: MIT */
/*
 * One event as Go writes it. Ids are printed as signed numbers (nobody is -1) except those of tasks; strings as Go
 * literals; a value as `Value{Uint64(N)}`; stacks as blocks of two lines a frame, each ending with an empty line.
 */
#include "export/parsed.h"

#include <stdlib.h>
#include <string.h>

#include "export/wall.h"
#include "wire/quote.h"

/* More than the fixed part of a line takes: five numbers and the names around them. */
#define FIXED_BYTES 320u

void stack_texts_free(struct stack_texts *s)
{
	buf_free(&s->text);
	free(s->at);
	*s = (struct stack_texts){0};
}

/* A position in bytes that were reserved. */
static char *put_u64(char *p, uint64_t v)
{
	char tmp[20];
	size_t n = sizeof tmp;
	do
		tmp[--n] = (char)('0' + v % 10);
	while (v /= 10);
	memcpy(p, tmp + n, sizeof tmp - n);
	return p + (sizeof tmp - n);
}

static char *put_id(char *p, uint64_t id)
{
	if (id > INT64_MAX) {
		*p++ = '-';
		id = -id;
	}
	return put_u64(p, id);
}

#define PUT(p, literal) ((char *)memcpy((p), (literal), sizeof(literal) - 1) + sizeof(literal) - 1)

static char *put_cstr(char *p, const char *s)
{
	size_t n = strlen(s);
	memcpy(p, s, n);
	return p + n;
}

static void put_frames(struct buf *out, const struct kymo_reader *r, kymo_stack_ix ix)
{
	static const char hex[] = "0123456789abcdef";
	size_t count;
	const struct kymo_frame *f = kymo_reader_stack(r, ix, &count);
	for (size_t i = 0; i < count; i++) {
		struct kymo_str func = kymo_reader_string(r, f[i].func),
				file = kymo_reader_string(r, f[i].file);
		if (!buf_reserve(out, func.len + file.len + 64))
			return;
		char *p = out->ptr + out->len;
		*p++ = '\t';
		memcpy(p, func.ptr, func.len);
		p = PUT(p + func.len, " @ 0x");
		for (int shift = f[i].pc ? (63 - __builtin_clzll(f[i].pc)) / 4 * 4 : 0; shift >= 0;
		     shift -= 4)
			*p++ = hex[f[i].pc >> shift & 15];
		p = PUT(p, "\n\t\t");
		memcpy(p, file.ptr, file.len);
		p += file.len;
		*p++ = ':';
		p = put_u64(p, f[i].line);
		*p++ = '\n';
		out->len = (size_t)(p - out->ptr);
	}
}

/* Keeps the text of a stack if there is room; false if there is not. */
static bool keep(struct stack_texts *s, const struct kymo_reader *r, kymo_stack_ix ix)
{
	if (s->text.len >= STACK_TEXT_BYTES)
		return false;
	if (ix >= s->count) {
		size_t n = s->count ? s->count : 1024;
		while (n <= ix)
			n *= 2;
		void *at = realloc(s->at, n * sizeof *s->at);
		if (!at)
			return false;
		s->at = at;
		memset(s->at + s->count, 0, (n - s->count) * sizeof *s->at);
		s->count = n;
	}
	size_t from = s->text.len;
	put_frames(&s->text, r, ix);
	if (s->text.failed) {
		s->text.failed = false;
		s->text.len = from;
		return false;
	}
	s->at[ix].from = from;
	s->at[ix].len = s->text.len - from;
	return true;
}

static void put_stack(struct buf *out, const struct kymo_reader *r, kymo_stack_ix ix,
                      struct stack_texts *s)
{
	if (!ix)  // of the empty one only the heading is printed
		return;
	if ((ix < s->count && s->at[ix].len) || keep(s, r, ix))
		buf_put(out, s->text.ptr + s->at[ix].from, s->at[ix].len);
	else
		put_frames(out, r, ix);
}

static void put_quoted(struct buf *out, const struct kymo_reader *r, const char *name,
                       kymo_string_ix ix)
{
	struct kymo_str s = kymo_reader_string(r, ix);
	buf_puts(out, name);
	quote_put(out, s.ptr, s.len);
}

static void put_number(struct buf *out, const char *name, uint64_t v)
{
	buf_puts(out, name);
	buf_u64(out, v);
}

static void put_value(struct buf *out, const char *name, uint64_t v)
{
	put_number(out, name, v);
	buf_put(out, ")}", 2);
}

static void put_resource(struct buf *out, enum kymo_resource kind, uint64_t id)
{
	switch (kind) {
	case KYMO_RESOURCE_NONE: buf_puts(out, "None"); return;
	case KYMO_RESOURCE_GOROUTINE: buf_puts(out, "Goroutine("); break;
	case KYMO_RESOURCE_PROC: buf_puts(out, "Proc("); break;
	case KYMO_RESOURCE_THREAD: buf_puts(out, "Thread("); break;
	}
	buf_i64(out, (int64_t)id);
	buf_putc(out, ')');
}

static void put_range(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev)
{
	put_quoted(out, r, " Name=", ev->u.range.name);
	buf_puts(out, " Scope=");
	put_resource(out, ev->u.range.scope, ev->u.range.scope_id);
	if (ev->kind != KYMO_EV_RANGE_END)
		return;
	buf_puts(out, " Attributes=[");
	if (ev->u.range.has_swept) {
		put_value(out, "\"bytes swept\"=Value{Uint64(", ev->u.range.swept_bytes);
		put_value(out, " \"bytes reclaimed\"=Value{Uint64(", ev->u.range.reclaimed_bytes);
	}
	buf_putc(out, ']');
}

static void put_sync(struct buf *out, const struct kymo_event *ev)
{
	const struct kymo_clock_snapshot *c = &ev->u.sync.clock;
	put_number(out, " N=", ev->u.sync.number);
	if (!c->present)
		return;
	buf_puts(out, " Trace=");
	buf_i64(out, c->trace);
	put_number(out, " Mono=", c->mono);
	buf_puts(out, " Wall=");
	wall_put(out, c->wall_sec, c->wall_nsec);
}

static void put_experimental(struct buf *out, const struct kymo_event *ev)
{
	const char *name = kymo_wire_event_name(ev->wire_type);
	buf_puts(out, " Name=");
	buf_puts(out, name ? name : "");
	buf_puts(out, " Args=[");
	for (unsigned i = 0; i < ev->u.experimental.arg_count; i++) {
		const char *arg = kymo_wire_arg_name(ev->wire_type, i + 1);
		buf_puts(out, i ? ", " : "");
		buf_puts(out, arg ? arg : "");
		put_value(out, "=Value{Uint64(", ev->u.experimental.args[i]);
	}
	buf_putc(out, ']');
}

/* What follows the time. Not of transitions, which are most events. */
static void put_details(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev)
{
	switch ((enum kymo_event_kind)ev->kind) {
	case KYMO_EV_SYNC: put_sync(out, ev); break;
	case KYMO_EV_METRIC:
		put_quoted(out, r, " Name=", ev->u.metric.name);
		put_value(out, " Value=Value{Uint64(", ev->u.metric.value);
		break;
	case KYMO_EV_LABEL:
		put_quoted(out, r, " Label=", ev->u.label.label);
		buf_puts(out, " Resource=");
		put_resource(out, KYMO_RESOURCE_GOROUTINE, ev->u.label.goroutine);
		break;
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END: put_range(out, r, ev); break;
	case KYMO_EV_TASK_BEGIN:
	case KYMO_EV_TASK_END:
		put_number(out, " ID=", ev->u.task.id);
		put_number(out, " Parent=", ev->u.task.parent);
		put_quoted(out, r, " Type=", ev->u.task.type);
		break;
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END:
		put_number(out, " Task=", ev->u.region.task);
		put_quoted(out, r, " Type=", ev->u.region.type);
		break;
	case KYMO_EV_LOG:
		put_number(out, " Task=", ev->u.log.task);
		put_quoted(out, r, " Category=", ev->u.log.category);
		put_quoted(out, r, " Message=", ev->u.log.message);
		break;
	case KYMO_EV_EXPERIMENTAL: put_experimental(out, ev); break;
	case KYMO_EV_STATE_TRANSITION:
	case KYMO_EV_STACK_SAMPLE:
	case KYMO_EV_BAD:
	case KYMO_EV_KIND_COUNT: break;
	}
}

static char *put_states(char *p, const struct kymo_event *ev)
{
	bool go = ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE;
	p = go ? PUT(p, " GoID=") : PUT(p, " ProcID=");
	p = put_id(p, ev->u.transition.id);
	*p++ = ' ';
	p = put_cstr(p, go ? kymo_go_state_name(ev->u.transition.from)
	                   : kymo_proc_state_name(ev->u.transition.from));
	p = PUT(p, "->");
	return put_cstr(p, go ? kymo_go_state_name(ev->u.transition.to)
	                      : kymo_proc_state_name(ev->u.transition.to));
}

/* Go prints the heading of a new goroutine's stack, and of a sample's, even where there is no stack. */
static bool is_go_create(const struct kymo_event *ev)
{
	return ev->u.transition.resource == KYMO_RESOURCE_GOROUTINE &&
	       ev->u.transition.from == KYMO_GO_NOT_EXIST && ev->u.transition.to != KYMO_GO_SYSCALL;
}

void parsed_put(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                struct stack_texts *stacks)
{
	if (!buf_reserve(out, FIXED_BYTES))
		return;
	char *p = out->ptr + out->len;
	p = put_id(PUT(p, "M="), ev->thread);
	p = put_id(PUT(p, " P="), ev->proc);
	p = put_id(PUT(p, " G="), ev->goroutine);
	*p++ = ' ';
	p = put_cstr(p, kymo_event_kind_name(ev->kind));
	p = put_id(PUT(p, " Time="), (uint64_t)ev->time);
	if (ev->kind == KYMO_EV_STATE_TRANSITION) {
		p = put_states(p, ev);
		out->len = (size_t)(p - out->ptr);
		put_quoted(out, r, " Reason=", ev->u.transition.reason);
		if (ev->u.transition.stack || is_go_create(ev)) {
			buf_puts(out, "\nTransitionStack=\n");
			put_stack(out, r, ev->u.transition.stack, stacks);
		}
	} else {
		out->len = (size_t)(p - out->ptr);
		put_details(out, r, ev);
	}
	if (ev->stack || ev->kind == KYMO_EV_STACK_SAMPLE) {
		buf_puts(out, "\nStack=\n");
		put_stack(out, r, ev->stack, stacks);
	}
	buf_putc(out, '\n');
}

enum kymo_status kymo_export_parsed(struct kymo_input *in, const struct kymo_sink *sink,
                                    struct kymo_error *err)
{
	struct kymo_reader *r;
	const struct kymo_reader_options options = {.go_frames = true};
	export_no_error(err);
	enum kymo_status st = kymo_reader_open(in, &options, &r, err);
	if (st != KYMO_OK)
		return st;
	struct buf out = export_buf(sink);
	struct stack_texts stacks = {0};
	const struct kymo_event *ev;
	while (!out.failed && (ev = kymo_reader_next(r)) != NULL)
		parsed_put(&out, r, ev, &stacks);
	st = out.failed ? KYMO_OK : kymo_reader_status(r, err);
	stack_texts_free(&stacks);
	kymo_reader_close(r);
	return export_finish(&out, st, err);
}
