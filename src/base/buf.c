/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With a writer, bytes are kept until there are this many, so that a pipe sees few and large writes. */
#define FLUSH_BYTES (128u << 10)

static bool empty_into_writer(struct buf *b)
{
	if (b->len && !b->failed && !b->write(b->write_ctx, b->ptr, b->len))
		b->failed = true;
	b->len = 0;
	return !b->failed;
}

bool buf_reserve(struct buf *b, size_t extra)
{
	if (b->failed)
		return false;
	if (b->cap - b->len >= extra)
		return true;
	if (b->write) {
		if (!empty_into_writer(b))
			return false;
		if (b->cap >= extra)
			return true;
	}
	size_t need, cap = b->write ? FLUSH_BYTES : 256;
	if (__builtin_add_overflow(b->len, extra, &need)) {
		b->failed = true;
		return false;
	}
	while (cap < need && cap <= SIZE_MAX / 2)
		cap *= 2;
	if (cap < need)
		cap = need;
	if (cap < b->cap * 2 && b->cap <= SIZE_MAX / 2)
		cap = b->cap * 2;
	char *p = realloc(b->ptr, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->ptr = p;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !buf_reserve(b, len))
		return;
	memcpy(b->ptr + b->len, bytes, len);
	b->len += len;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	if (buf_reserve(b, 1))
		b->ptr[b->len++] = c;
}

void buf_u64(struct buf *b, uint64_t v)
{
	static const char pairs[201] = "00010203040506070809101112131415161718192021222324"
				       "25262728293031323334353637383940414243444546474849"
				       "50515253545556575859606162636465666768697071727374"
				       "75767778798081828384858687888990919293949596979899";
	char tmp[20];
	size_t at = sizeof tmp;
	while (v >= 100) {
		at -= 2;
		memcpy(tmp + at, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(tmp + at, pairs + v * 2, 2);
	} else {
		tmp[--at] = (char)('0' + v);
	}
	buf_put(b, tmp + at, sizeof tmp - at);
}

void buf_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_putc(b, '-');
	buf_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		b->failed = true;
	else if (buf_reserve(b, (size_t)n + 1)) {
		vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, ap);
		b->len += (size_t)n;
	}
	va_end(ap);
}

bool buf_flush(struct buf *b)
{
	if (b->write)
		return empty_into_writer(b);
	return !b->failed;
}

void buf_free(struct buf *b)
{
	free(b->ptr);
	b->ptr = NULL;
	b->len = b->cap = 0;
}
