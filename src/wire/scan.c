/* SPDX-License-Identifier: MIT */
#include "wire/scan.h"

#include "base/error.h"
#include "wire/header.h"
#include "wire/varint.h"

unsigned wire_type_limit(unsigned version)
{
	if (version >= 26)
		return WIRE_GoroutineStackFree + 1;
	if (version >= 25)
		return WIRE_ClockSnapshot + 1;
	return version >= 23 ? WIRE_ExperimentalBatch + 1 : WIRE_UserLog + 1;
}

enum kymo_status wire_scan_begin(struct wire_scan *s, const uint8_t *bytes, size_t len,
                                 struct kymo_error *err)
{
	*s = (struct wire_scan){.bytes = bytes, .len = len, .at = WIRE_HEADER_BYTES};
	return wire_header_read(bytes, len, &s->version, err);
}

/* Why varint_read refused the bytes at `p`. */
static enum wire_scan_end why(const uint8_t *p, const uint8_t *end)
{
	if (p == end)
		return WIRE_SCAN_CUT;
	for (unsigned i = 0; i < 10; i++, p++) {
		if (p == end)
			return WIRE_SCAN_CUT_NUMBER;
		if (*p < 0x80)
			break;
	}
	return WIRE_SCAN_OVERFLOW;
}

static bool stop(struct wire_scan *s, enum wire_scan_end end)
{
	s->end = end;
	return false;
}

bool wire_scan_next(struct wire_scan *s, struct wire_record *r)
{
	const uint8_t *p = s->bytes + s->at, *end = s->bytes + s->len;
	if (s->end)
		return false;
	if (p == end)
		return stop(s, WIRE_SCAN_END);
	unsigned type = *p++;
	if (type == 0 || type >= wire_type_limit(s->version))
		return stop(s, WIRE_SCAN_TYPE);
	r->type = type;
	r->event = wire_event(type);
	r->has_data = false;
	for (unsigned i = 0; r->event && i < r->event->arg_count; i++)
		if (!varint_read(&p, end, &r->args[i]))
			return stop(s, why(p, end));
	if (type == WIRE_Stack) {
		uint64_t v, frames = r->args[1];
		r->frames = p;
		// Go counts in signed numbers: none are more than 2^63 - 1.
		for (uint64_t i = 0; frames <= INT64_MAX && i < frames; i++)
			for (unsigned k = 0; k < 4; k++)
				if (!varint_read(&p, end, &v))
					return stop(s, why(p, end));
		r->frames_end = p;
	} else if (type == WIRE_String || type == WIRE_ExperimentalBatch) {
		uint64_t n;
		if (!varint_read(&p, end, &n))
			return stop(s, why(p, end));
		if (n > INT64_MAX)
			n = 0;
		if (n > (uint64_t)(end - p))
			return stop(s, WIRE_SCAN_CUT);
		r->has_data = true;
		r->data = p;
		r->data_len = (size_t)n;
		p += n;
	}
	s->at = (size_t)(p - s->bytes);
	return true;
}

enum kymo_status wire_scan_error(const struct wire_scan *s, struct kymo_error *err)
{
	switch (s->end) {
	case WIRE_SCAN_MORE:
	case WIRE_SCAN_END: return KYMO_OK;
	case WIRE_SCAN_CUT:
	case WIRE_SCAN_CUT_NUMBER:
		return error_set(err, KYMO_E_DAMAGED, s->at, 0,
		                 "the input ends inside the record at offset %zu", s->at);
	case WIRE_SCAN_OVERFLOW:
		return error_set(err, KYMO_E_DAMAGED, s->at, 0,
		                 "the record at offset %zu has a number of more than 64 bits", s->at);
	case WIRE_SCAN_TYPE: break;
	}
	return error_set(err, KYMO_E_DAMAGED, s->at, 0,
	                 "byte %u at offset %zu is no event of go 1.%u", s->bytes[s->at], s->at,
	                 s->version);
}
