/* SPDX-License-Identifier: MIT */
#include "wire/encode.h"

#include <stdio.h>

void wire_put_header(struct buf *out, unsigned version)
{
	// Sixteen bytes for the two-digit versions that there are.
	buf_printf(out, "go 1.%u trace", version);
	buf_put(out, "\0\0\0", 3);
}

void wire_put_varint(struct buf *out, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	buf_put(out, bytes, n);
}

void wire_put(struct buf *out, unsigned type, const uint64_t *args)
{
	const struct wire_event *e = wire_event(type);
	buf_putc(out, (char)type);
	for (unsigned i = 0; e && i < e->arg_count; i++)
		wire_put_varint(out, args[i]);
}

void wire_put_data(struct buf *out, unsigned type, const uint64_t *args, const void *data, size_t len)
{
	wire_put(out, type, args);
	wire_put_varint(out, len);
	buf_put(out, data, len);
}

void wire_put_stack(struct buf *out, uint64_t id, const uint64_t (*frames)[4], uint64_t count)
{
	wire_put(out, WIRE_Stack, (uint64_t[]){id, count});
	for (uint64_t i = 0; i < count; i++)
		for (unsigned k = 0; k < 4; k++)
			wire_put_varint(out, frames[i][k]);
}

void wire_put_batch(struct buf *out, uint64_t generation, uint64_t thread, uint64_t time,
                    struct buf *batch)
{
	wire_put(out, WIRE_EventBatch, (uint64_t[]){generation, thread, time, batch->len});
	buf_put(out, batch->ptr, batch->len);
	batch->len = 0;
}
