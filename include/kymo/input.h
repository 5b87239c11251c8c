/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a trace, wherever they come from: a mapped file, a pipe, memory; gzip and zstd are recognised
 * by their magic bytes and unpacked. An input is read once, front to back, by one reader at a time.
 *
 *     struct kymo_error err;
 *     struct kymo_input *in;
 *     if (kymo_input_open("trace.out", &in, &err) != KYMO_OK)
 *             die(err.message);
 *     ... kymo_trace_load(in, ...) ...
 *     kymo_input_close(in);
 */
#ifndef KYMO_INPUT_H
#define KYMO_INPUT_H

#include <kymo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kymo_input;

/**
 * Opens a file; "-" is standard input. Errors: KYMO_E_IO (missing, a directory, no permission, unreadable),
 * KYMO_E_DAMAGED (broken compression). `err` may be NULL. Cost: a map; compressed and piped bytes are read whole.
 */
KYMO_API enum kymo_status kymo_input_open(const char *path, struct kymo_input **out,
                                          struct kymo_error *err);

/** As kymo_input_open, from a descriptor, which stays the caller's to close. `name` is for messages. */
KYMO_API enum kymo_status kymo_input_open_fd(int fd, const char *name, struct kymo_input **out,
                                             struct kymo_error *err);

/** Bytes in memory, which must outlive the input. Compressed bytes are unpacked here too. */
KYMO_API enum kymo_status kymo_input_open_memory(const void *bytes, size_t len,
                                                 struct kymo_input **out, struct kymo_error *err);

/** The (unpacked) bytes. Valid until close. After a reader has run over them they may have to be read from disk again. */
KYMO_API const uint8_t *kymo_input_bytes(const struct kymo_input *in, size_t *len);

/** The name it was opened by. */
KYMO_API const char *kymo_input_name(const struct kymo_input *in);

/** NULL is fine. */
KYMO_API void kymo_input_close(struct kymo_input *in);

#ifdef __cplusplus
}
#endif

#endif
