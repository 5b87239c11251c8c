/* SPDX-License-Identifier: MIT */
/* From a file's name to a trace in memory, with a progress bar, and what went wrong said. */
#ifndef KYMO_CLI_LOAD_H
#define KYMO_CLI_LOAD_H

#include <kymo/trace.h>

/* Loads `file` ("-": standard input); warns of damage. CLI_OK, or the status to end with. Free with kymo_trace_free. */
int cli_load(const char *file, struct kymo_trace **out);

#endif
