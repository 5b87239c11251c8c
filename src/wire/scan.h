/* SPDX-License-Identifier: MIT */
/*
 * The records of a trace in the order of the file, without looking at what they mean: batch sizes and generations are
 * numbers like any other. This is how Go's raw reader sees a trace, its limits included; it is for dumps and for the
 * text form, not for reading traces.
 *
 *     struct wire_scan s;
 *     struct wire_record r;
 *     if (wire_scan_begin(&s, bytes, len, &err) != KYMO_OK) ...
 *     while (wire_scan_next(&s, &r))
 *             ...
 *     if (s.end != WIRE_SCAN_END) ...       // s.at is where the record that could not be read begins
 */
#ifndef KYMO_WIRE_SCAN_H
#define KYMO_WIRE_SCAN_H

#include <kymo/error.h>

#include "wire/spec.h"

enum wire_scan_end {
	WIRE_SCAN_MORE = 0,
	WIRE_SCAN_END,  // of the input, between two records
	WIRE_SCAN_CUT,  // of the input, in a record but between two numbers, or in data: Go takes it for the end
	WIRE_SCAN_CUT_NUMBER,  // of the input, inside a number
	WIRE_SCAN_OVERFLOW,    // a number of more than 64 bits
	WIRE_SCAN_TYPE,        // a number that is no event of this version
};

struct wire_record {
	unsigned type;
	const struct wire_event *event;  // NULL: within this version's range of numbers, but unassigned; no arguments
	uint64_t args[WIRE_MAX_ARGS];
	const uint8_t *frames;  // Stack: its args[1] frames, four varints each, all checked; read with varint_read
	const uint8_t *frames_end;
	bool has_data;  // String, ExperimentalBatch
	const uint8_t *data;
	size_t data_len;
};

struct wire_scan {
	const uint8_t *bytes;
	size_t len, at;
	unsigned version;
	enum wire_scan_end end;
};

/* One more than the highest event number that Go's raw reader takes in a version. */
unsigned wire_type_limit(unsigned version);

/* Checks the header. Errors: as wire_header_read. */
enum kymo_status wire_scan_begin(struct wire_scan *s, const uint8_t *bytes, size_t len,
                                 struct kymo_error *err);
/* The next record; false at the end or at what is none: s->end says which. */
bool wire_scan_next(struct wire_scan *s, struct wire_record *r);
/* A sentence about s->end, for people: KYMO_E_DAMAGED, or KYMO_OK for WIRE_SCAN_END. */
enum kymo_status wire_scan_error(const struct wire_scan *s, struct kymo_error *err);

#endif
