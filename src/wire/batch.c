/* SPDX-License-Identifier: MIT */
#include "wire/batch.h"

#include <inttypes.h>

#include "base/error.h"
#include "wire/spec.h"
#include "wire/varint.h"

static uint8_t kind_of(const struct wire_batch *b, unsigned version)
{
	switch (b->len ? b->data[0] : 0) {
	case WIRE_Strings: return WIRE_BATCH_STRINGS;
	case WIRE_Stacks: return WIRE_BATCH_STACKS;
	case WIRE_CPUSamples: return WIRE_BATCH_SAMPLES;
	case WIRE_Frequency: return version < 25 ? WIRE_BATCH_SYNC : WIRE_BATCH_EVENTS;
	case WIRE_Sync: return version >= 25 ? WIRE_BATCH_SYNC : WIRE_BATCH_EVENTS;
	default: return WIRE_BATCH_EVENTS;
	}
}

enum kymo_status wire_batch_next(const uint8_t *bytes, size_t len, size_t *at, unsigned version,
                                 struct wire_batch *out, struct kymo_error *err)
{
	const uint8_t *p = bytes + *at, *end = bytes + len;
	uint8_t type = *p++;
	*out = (struct wire_batch){0};
	if (type == WIRE_EndOfGeneration && version >= 26) {
		out->kind = WIRE_BATCH_END;
		*at += 1;
		return KYMO_OK;
	}
	if (type != WIRE_EventBatch && type != WIRE_ExperimentalBatch)
		return error_set(err, KYMO_E_DAMAGED, *at, 0,
		                 "expected a batch at offset %zu, got event %u", *at, type);
	if (type == WIRE_ExperimentalBatch) {
		if (p == end)
			return error_set(err, KYMO_E_DAMAGED, len, 0,
			                 "the input ends inside the batch header at offset %zu", *at);
		out->experiment = *p++;
	}
	uint64_t size;
	if (!varint_read(&p, end, &out->generation) || !varint_read(&p, end, &out->thread) ||
	    !varint_read(&p, end, &out->time) || !varint_read(&p, end, &size)) {
		return error_set(err, KYMO_E_DAMAGED, *at, 0,
		                 "batch header at offset %zu is cut off or malformed", *at);
	}
	if (size > WIRE_MAX_BATCH_BYTES)
		return error_set(err, KYMO_E_DAMAGED, *at, 0,
		                 "batch of %" PRIu64 " bytes at offset %zu exceeds the limit %u",
		                 size, *at, WIRE_MAX_BATCH_BYTES);
	if (size > (size_t)(end - p))
		return error_set(err, KYMO_E_DAMAGED, *at, 0,
		                 "batch at offset %zu has %zu of its %" PRIu64
		                 " bytes: the input was cut off",
		                 *at, (size_t)(end - p), size);
	out->data = p;
	out->len = (size_t)size;
	if (out->experiment)
		out->kind = WIRE_BATCH_EXPERIMENTAL;
	else
		out->kind = kind_of(out, version);
	*at = (size_t)(p - bytes) + (size_t)size;
	return KYMO_OK;
}
