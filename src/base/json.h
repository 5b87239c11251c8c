/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON into a buf. Commas are its business; strings are escaped, and bytes that are not UTF-8 become U+FFFD.
 *
 *     struct json j = {.buf = &b};
 *     json_object(&j);
 *     json_key(&j, "id"); json_u64(&j, 7);
 *     json_end(&j);
 */
#ifndef KYMO_BASE_JSON_H
#define KYMO_BASE_JSON_H

#include "base/buf.h"

struct json {
	struct buf *buf;
	uint32_t depth;
	uint64_t closers,
		started;  // a bit per depth: is it an array; has it a member yet. Depth <= 63.
	bool after_key, line_due;
};

void json_object(struct json *j);
void json_array(struct json *j);
void json_end(struct json *j);  // of the innermost object or array
void json_key(struct json *j, const char *key);
void json_key_str(struct json *j, const char *key, size_t len);
/* A line feed before the next member or closer: for documents of a row a line. */
void json_break(struct json *j);
void json_str(struct json *j, const char *s, size_t len);
void json_cstr(struct json *j, const char *s);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_f64(struct json *j, double v);  // not finite: null
void json_bool(struct json *j, bool v);
void json_null(struct json *j);

#endif
