/* SPDX-License-Identifier: MIT */
/*
 * The text form of a trace, both ways: a line a record, numbers only, strings as Go literals. It is the form that Go's
 * own tests are written in, and what `-d=wire` prints.
 *
 *     Trace Go1.22
 *     EventBatch gen=1 m=0 time=0 size=15
 *     ProcStatus dt=1 p=0 pstatus=1
 *     ...
 *     Stack id=1 nframes=1
 *     	pc=1 func=1 file=2 line=3
 *     String id=1
 *     	data="main.main"
 *
 * Every argument of a record is written, by name, in the table's order; empty lines and lines that begin with '#' may
 * stand anywhere. Nothing is computed or checked: sizes of batches are those written, wrong or not.
 *
 *     struct buf bytes = {0};
 *     struct wire_text_error err;
 *     if (!wire_text_assemble(text, strlen(text), &bytes, &err))
 *             fail("line %zu: %s", err.line, err.message);
 *
 * Source: golang.org/x/exp/trace internal/raw.
 */
#ifndef KYMO_WIRE_TEXT_H
#define KYMO_WIRE_TEXT_H

#include "base/buf.h"
#include "wire/scan.h"

struct wire_text_error {
	size_t line;  // from 1; the one that is wrong
	char message[200];
};

/* Appends the bytes of the trace to `out`. False with *err (may be NULL) if the text is malformed. */
bool wire_text_assemble(const char *text, size_t len, struct buf *out, struct wire_text_error *err);

/* Appends the text of the trace. Errors: as wire_scan_begin, and KYMO_E_DAMAGED after all that could be read. */
enum kymo_status wire_text_disassemble(const uint8_t *bytes, size_t len, struct buf *out,
                                       struct kymo_error *err);

/* Appends the lines of one record. */
void wire_text_put(struct buf *out, const struct wire_record *r);

#endif
