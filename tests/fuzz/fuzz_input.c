/* SPDX-License-Identifier: MIT */
/* Inputs that may be packed. Relations: plain bytes come back as they are; unpacking twice gives the same. */
#include <kymo/kymo.h>
#include <string.h>

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct kymo_input *a, *b;
	struct kymo_error err = {0};
	enum kymo_status st = kymo_input_open_memory(bytes, len, &a, &err);
	if (st != KYMO_OK) {
		CHECK(a == NULL && err.status == st && err.message[0]);
		CHECK(kymo_input_open_memory(bytes, len, &b, NULL) == st);
		return 0;
	}
	size_t n, m;
	const uint8_t *p = kymo_input_bytes(a, &n);
	bool packed = len >= 3 && (memcmp(bytes, "\x1f\x8b\x08", 3) == 0 ||
	                           (len >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0));
	if (!packed)
		CHECK(n == len && (n == 0 || memcmp(p, bytes, n) == 0));
	CHECK(kymo_input_open_memory(bytes, len, &b, NULL) == KYMO_OK);
	const uint8_t *q = kymo_input_bytes(b, &m);
	CHECK(n == m && (n == 0 || memcmp(p, q, n) == 0));
	struct kymo_stat stat;
	kymo_stat_compute(a, NULL, &stat, NULL);
	kymo_input_close(a);
	kymo_input_close(b);
	return 0;
}
