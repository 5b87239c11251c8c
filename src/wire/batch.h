/* SPDX-License-Identifier: MIT */
/*
 * The container: a file is a header and then batches, each with the thread that wrote it and the generation it
 * belongs to. This module finds the batches; it keeps no state and reads nothing of their content but the first byte.
 */
#ifndef KYMO_WIRE_BATCH_H
#define KYMO_WIRE_BATCH_H

#include <kymo/error.h>

enum wire_batch_kind {
	WIRE_BATCH_EVENTS = 0,  // timed events of a thread (or empty)
	WIRE_BATCH_STRINGS,
	WIRE_BATCH_STACKS,
	WIRE_BATCH_SAMPLES,
	WIRE_BATCH_SYNC,  // frequency, and from 1.25 on a clock snapshot
	WIRE_BATCH_EXPERIMENTAL,
	WIRE_BATCH_END,  // the single byte that ends a generation (1.26 on)
};

struct wire_batch {
	uint8_t kind;        // enum wire_batch_kind
	uint8_t experiment;  // of WIRE_BATCH_EXPERIMENTAL
	uint64_t generation, thread, time;
	const uint8_t *data;
	size_t len;
};

/*
 * Reads the record at *at, and advances *at past it. KYMO_OK, or KYMO_E_DAMAGED with *at left at the record.
 * The caller has checked that *at < len.
 */
enum kymo_status wire_batch_next(const uint8_t *bytes, size_t len, size_t *at, unsigned version,
                                 struct wire_batch *out, struct kymo_error *err);

#endif
