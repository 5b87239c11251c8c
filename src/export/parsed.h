/* SPDX-License-Identifier: MIT */
/* Go's String() of one event, quickly: fixed parts are written by hand, and texts of stacks are kept. */
#ifndef KYMO_EXPORT_PARSED_H
#define KYMO_EXPORT_PARSED_H

#include "export/export.h"

/* Texts of stacks that were written before, by row. Beyond STACK_TEXT_BYTES of them, a stack is written anew each time. */
#define STACK_TEXT_BYTES (UINT64_C(64) << 20)

struct stack_texts {
	struct buf text;
	struct {
		size_t from, len;  // 0, 0: not kept
	} * at;
	size_t count;
};

void stack_texts_free(struct stack_texts *s);

/* Appends the event as Go's -d=parsed prints it, with the line feed after it. */
void parsed_put(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                struct stack_texts *stacks);

#endif
