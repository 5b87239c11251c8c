/* SPDX-License-Identifier: MIT */
/*
 * A growing run of bytes, optionally emptied into a writer whenever it gets large. `= {0}` is a valid empty one.
 * Failure (no memory, writer refused) is sticky: look at `failed` once, at the end.
 */
#ifndef KYMO_BASE_BUF_H
#define KYMO_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *ptr;
	size_t len, cap;
	bool failed;
	bool (*write)(void *ctx, const void *bytes, size_t len);  // NULL: keep everything in memory
	void *write_ctx;
};

/* Makes room for `extra` more bytes (written to the writer first, where there is one); false if there is none. */
bool buf_reserve(struct buf *b, size_t extra);
void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);  // decimal
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Hands what is left to the writer; false if anything failed so far. */
bool buf_flush(struct buf *b);
void buf_free(struct buf *b);

#endif
