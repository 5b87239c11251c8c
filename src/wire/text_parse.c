/* SPDX-License-Identifier: MIT */
/* Text to bytes: a line at a time, a token at a time. The first mistake ends it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/encode.h"
#include "wire/quote.h"
#include "wire/text.h"

struct parser {
	const char *next, *end;  // what was not read yet
	const char *p, *stop;    // the line at hand
	size_t line;
	unsigned version;
	struct buf *out;
	struct wire_text_error *err;
};

static __attribute__((format(printf, 2, 3))) bool wrong(struct parser *t, const char *fmt, ...)
{
	if (t->err) {
		va_list ap;
		t->err->line = t->line ? t->line : 1;  // an empty text has a first line too
		va_start(ap, fmt);
		vsnprintf(t->err->message, sizeof t->err->message, fmt, ap);
		va_end(ap);
	}
	return false;
}

/* The bytes of the white space at `p` (Unicode's property White_Space, as Go has it); 0 if it is none. */
static size_t space_at(const char *p, const char *stop)
{
	uint32_t r;
	size_t n = utf8_decode(p, (size_t)(stop - p), &r);
	if (n == 0)
		return 0;
	bool space = r == ' ' || (r >= '\t' && r <= '\r') || r == 0x85 || r == 0xa0 ||
	             r == 0x1680 || (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 ||
	             r == 0x202f || r == 0x205f || r == 0x3000;
	return space ? n : 0;
}

static void skip_space(struct parser *t)
{
	size_t n;
	while (t->p < t->stop && (n = space_at(t->p, t->stop)) > 0)
		t->p += n;
}

/* Goes to the next line that says something, past its leading space; false at the end of the text. */
static bool next_line(struct parser *t)
{
	while (t->next < t->end) {
		const char *nl = memchr(t->next, '\n', (size_t)(t->end - t->next));
		t->p = t->next;
		t->stop = nl ? nl : t->end;
		t->next = nl ? nl + 1 : t->end;
		t->line++;
		skip_space(t);
		if (t->p < t->stop && *t->p != '#')
			return true;
	}
	return false;
}

/* The next token of the line: up to white space or '#'. Empty if there is none. */
static struct kymo_str token(struct parser *t)
{
	skip_space(t);
	const char *from = t->p;
	while (t->p < t->stop && *t->p != '#' && !space_at(t->p, t->stop))
		t->p++;
	return (struct kymo_str){from, (size_t)(t->p - from)};
}

static bool end_of_line(struct parser *t)
{
	skip_space(t);
	return t->p == t->stop ||
	       wrong(t, "unexpected \"%.*s\" at the end of the line", (int)(t->stop - t->p), t->p);
}

static bool parse_number(const char *p, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
		    __builtin_add_overflow(v, (uint64_t)(p[i] - '0'), &v))
			return false;
	*out = v;
	return len > 0;
}

static bool parse_args(struct parser *t, const char *const *names, unsigned count, uint64_t *args)
{
	for (unsigned i = 0; i < count; i++) {
		struct kymo_str k = token(t);
		size_t n = strlen(names[i]);
		if (k.len <= n || k.ptr[n] != '=' || memcmp(k.ptr, names[i], n) != 0)
			return wrong(t, "expected %s=NUMBER, got \"%.*s\"", names[i], (int)k.len,
			             k.ptr);
		if (!parse_number(k.ptr + n + 1, k.len - n - 1, &args[i]))
			return wrong(t, "\"%.*s\" is no number of 64 bits", (int)(k.len - n - 1),
			             k.ptr + n + 1);
	}
	return end_of_line(t);
}

static bool parse_frames(struct parser *t, uint64_t count)
{
	static const char *const names[4] = {"pc", "func", "file", "line"};
	for (uint64_t i = 0; i < count; i++) {
		uint64_t frame[4];
		if (!next_line(t))
			return wrong(t, "the text ends inside a stack");
		if (!parse_args(t, names, 4, frame))
			return false;
		for (unsigned k = 0; k < 4; k++)
			wire_put_varint(t->out, frame[k]);
	}
	return true;
}

static bool parse_data(struct parser *t)
{
	struct buf data = {0};
	const char *stop;
	if (!next_line(t))
		return wrong(t, "the text ends before the data of a record");
	if (t->stop - t->p < 4 || memcmp(t->p, "data", 4) != 0)
		return wrong(t, "expected data=\"...\"");
	t->p += 4;
	skip_space(t);
	if (t->p == t->stop || *t->p != '=')
		return wrong(t, "expected data=\"...\"");
	t->p++;
	skip_space(t);
	for (stop = t->stop;
	     stop > t->p && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r');)
		stop--;
	bool ok = quote_parse(t->p, (size_t)(stop - t->p), &data);
	if (ok) {
		wire_put_varint(t->out, data.len);
		buf_put(t->out, data.ptr, data.len);
	} else {
		wrong(t, "the data are no Go string literal");
	}
	buf_free(&data);
	return ok;
}

static bool parse_record(struct parser *t)
{
	struct kymo_str name = token(t);
	unsigned type = 1, limit = wire_type_limit(t->version);
	const struct wire_event *e = NULL;
	for (; type < limit; type++) {
		e = wire_event(type);
		if (e && strlen(e->name) == name.len && memcmp(e->name, name.ptr, name.len) == 0)
			break;
	}
	if (type == limit)
		return wrong(t, "\"%.*s\" is no event of go 1.%u", (int)name.len, name.ptr,
		             t->version);
	uint64_t args[WIRE_MAX_ARGS];
	if (!parse_args(t, e->args, e->arg_count, args))
		return false;
	wire_put(t->out, type, args);
	// A number of frames that Go takes for a negative one is none: see wire/scan.c.
	if (type == WIRE_Stack)
		return args[1] > INT64_MAX || parse_frames(t, args[1]);
	if (type == WIRE_String || type == WIRE_ExperimentalBatch)
		return parse_data(t);
	return true;
}

static bool parse_header(struct parser *t)
{
	uint64_t v;
	if (!next_line(t))
		return wrong(t, "no line \"Trace Go1.N\"");
	struct kymo_str word = token(t), version = token(t);
	if (word.len != 5 || memcmp(word.ptr, "Trace", 5) != 0 || version.len < 5 ||
	    memcmp(version.ptr, "Go1.", 4) != 0 ||
	    !parse_number(version.ptr + 4, version.len - 4, &v))
		return wrong(t, "expected \"Trace Go1.N\"");
	if (v != 22 && v != 23 && v != 25 && v != 26)
		return wrong(t, "no text form of go 1.%.*s", (int)version.len - 4, version.ptr + 4);
	t->version = (unsigned)v;
	wire_put_header(t->out, t->version);
	return end_of_line(t);
}

bool wire_text_assemble(const char *text, size_t len, struct buf *out, struct wire_text_error *err)
{
	struct parser t = {.next = text, .end = text + len, .out = out, .err = err};
	if (!parse_header(&t))
		return false;
	while (next_line(&t))
		if (!parse_record(&t))
			return false;
	return !out->failed || wrong(&t, "no memory left");
}
