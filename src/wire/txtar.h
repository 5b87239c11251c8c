/* SPDX-License-Identifier: MIT */
/*
 * The container of Go's .test traces: text files in one, each after a line `-- NAME --`; what stands before the first
 * such line is a comment.
 *
 *     struct kymo_str trace;
 *     if (txtar_find(text, len, "trace", &trace)) ...
 */
#ifndef KYMO_WIRE_TXTAR_H
#define KYMO_WIRE_TXTAR_H

#include <kymo/types.h>

/* The content of the first section of this name: a view into `text`. False if there is none. O(len). */
bool txtar_find(const char *text, size_t len, const char *name, struct kymo_str *content);

#endif
