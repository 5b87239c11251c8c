/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: the entry that libFuzzer calls, and a check that ends the program in every build. */
#ifndef KYMO_TESTS_FUZZ_FUZZ_H
#define KYMO_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

#endif
