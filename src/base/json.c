/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/utf8.h"

static void take_break(struct json *j)
{
	if (j->line_due)
		buf_putc(j->buf, '\n');
	j->line_due = false;
}

/* What stands before a value or a key: a comma, unless it is the first of its object or array. */
static void separate(struct json *j)
{
	uint64_t bit = UINT64_C(1) << j->depth;
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth && j->started & bit)
		buf_putc(j->buf, ',');
	j->started |= bit;
	take_break(j);
}

static void open_with(struct json *j, char c, bool array)
{
	separate(j);
	BUG_ON(j->depth >= 63);
	j->depth++;
	uint64_t bit = UINT64_C(1) << j->depth;
	j->closers = array ? j->closers | bit : j->closers & ~bit;
	j->started &= ~bit;
	buf_putc(j->buf, c);
}

void json_object(struct json *j)
{
	open_with(j, '{', false);
}

void json_array(struct json *j)
{
	open_with(j, '[', true);
}

void json_end(struct json *j)
{
	BUG_ON(j->depth == 0);
	take_break(j);
	buf_putc(j->buf, j->closers >> j->depth & 1 ? ']' : '}');
	j->depth--;
}

static void put_escaped(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	switch (c) {
	case '"': buf_put(b, "\\\"", 2); return;
	case '\\': buf_put(b, "\\\\", 2); return;
	case '\n': buf_put(b, "\\n", 2); return;
	case '\r': buf_put(b, "\\r", 2); return;
	case '\t': buf_put(b, "\\t", 2); return;
	default: break;
	}
	char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	buf_put(b, u, sizeof u);
}

static void put_string(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t run = 0;  // bytes of [run, i) go out as they are
	buf_putc(b, '"');
	for (size_t i = 0; i < len;) {
		unsigned char c = p[i];
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			i++;
			continue;
		}
		uint32_t rune;
		size_t n = c >= 0x80 ? utf8_decode(s + i, len - i, &rune) : 0;
		if (n) {
			i += n;
			continue;
		}
		buf_put(b, p + run, i - run);
		if (c < 0x80)
			put_escaped(b, c);
		else
			buf_put(b, "\xef\xbf\xbd", 3);
		run = ++i;
	}
	buf_put(b, p + run, len - run);
	buf_putc(b, '"');
}

void json_key_str(struct json *j, const char *key, size_t len)
{
	separate(j);
	put_string(j->buf, key, len);
	buf_putc(j->buf, ':');
	j->after_key = true;
}

void json_key(struct json *j, const char *key)
{
	json_key_str(j, key, strlen(key));
}

void json_break(struct json *j)
{
	j->line_due = true;
}

void json_str(struct json *j, const char *s, size_t len)
{
	separate(j);
	put_string(j->buf, s, len);
}

void json_cstr(struct json *j, const char *s)
{
	json_str(j, s, strlen(s));
}

void json_u64(struct json *j, uint64_t v)
{
	separate(j);
	buf_u64(j->buf, v);
}

void json_i64(struct json *j, int64_t v)
{
	separate(j);
	buf_i64(j->buf, v);
}

void json_f64(struct json *j, double v)
{
	if (!isfinite(v)) {
		json_null(j);
		return;
	}
	// The shortest of the usual precisions that reads back as the same number.
	char tmp[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(tmp, sizeof tmp, "%.*g", digits, v);
		if (strtod(tmp, NULL) == v)
			break;
	}
	separate(j);
	buf_puts(j->buf, tmp);
}

void json_bool(struct json *j, bool v)
{
	separate(j);
	buf_puts(j->buf, v ? "true" : "false");
}

void json_null(struct json *j)
{
	separate(j);
	buf_puts(j->buf, "null");
}
