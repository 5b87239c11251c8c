/* SPDX-License-Identifier: MIT */
/* What the reader asks of an input beyond include/kymo/input.h. */
#ifndef KYMO_BASE_INPUT_H
#define KYMO_BASE_INPUT_H

#include <kymo/input.h>

/*
 * Says that bytes before `upto` will not be read again soon. A mapped file's pages go back to the system, so that
 * reading a file costs the memory of one generation, not of the file; touched again they are read again.
 */
void input_release(struct kymo_input *in, size_t upto);

#endif
