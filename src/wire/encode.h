/* SPDX-License-Identifier: MIT */
/*
 * Writes the bytes of a trace: header, records, batches, with minimal varints.
 *
 *     struct buf out = {0}, batch = {0};
 *     wire_put_header(&out, 26);
 *     wire_put(&batch, WIRE_ProcStart, (uint64_t[]){1, 0, 1});
 *     wire_put_batch(&out, generation, thread, time, &batch);   // empties `batch`
 *
 * Nothing is checked: tests write broken traces with it too.
 */
#ifndef KYMO_WIRE_ENCODE_H
#define KYMO_WIRE_ENCODE_H

#include "base/buf.h"
#include "wire/spec.h"

void wire_put_header(struct buf *out, unsigned version);
void wire_put_varint(struct buf *out, uint64_t v);
/* A type and its arguments, as many as the table says (none if the number is unassigned). */
void wire_put(struct buf *out, unsigned type, const uint64_t *args);
/* A type, its arguments, and the data that follows them (String, ExperimentalBatch), with its length. */
void wire_put_data(struct buf *out, unsigned type, const uint64_t *args, const void *data,
                   size_t len);
/* A stack: frames of four numbers each (pc, func, file, line). */
void wire_put_stack(struct buf *out, uint64_t id, const uint64_t (*frames)[4], uint64_t count);
/* An EventBatch with the records of `batch`, and their true size. */
void wire_put_batch(struct buf *out, uint64_t generation, uint64_t thread, uint64_t time,
                    struct buf *batch);
/* How many bytes wire_put_varint writes. */
static inline unsigned wire_varint_bytes(uint64_t v)
{
	return (unsigned)(64 - __builtin_clzll(v | 1) + 6) / 7;
}

#endif
