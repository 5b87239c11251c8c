/* SPDX-License-Identifier: MIT */
/*
 * replay DIR: runs a fuzz target over every file of a directory, in TAP. Each input ends right before an unmapped page,
 * and is also run cut to a few lengths: a cut is what fuzzers find first.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/guard.h"

#define LARGEST_SEED (1u << 20)

static uint8_t file[LARGEST_SEED];

static void run(const uint8_t *bytes, size_t len)
{
	struct guard g = guard_copy(bytes, len);
	LLVMFuzzerTestOneInput(g.ptr, g.len);
	guard_free(&g);
}

static int by_name(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: replay DIR\n");
		return 2;
	}
	struct dirent **entries;
	int count = scandir(argv[1], &entries, by_name, alphasort);
	if (count <= 0) {
		printf("1..1\nnot ok 1 - no seeds in %s\n", argv[1]);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
		FILE *f = fopen(path, "rb");
		size_t len = f ? fread(file, 1, sizeof file, f) : 0;
		if (f) {
			fclose(f);
			run(file, len);
			for (unsigned part = 1; part < 16; part++)
				run(file, len * part / 16);
		}
		printf("%sok %d - %s\n", f ? "" : "not ", i + 1, entries[i]->d_name);
		fflush(stdout);  // said before the next one may crash
		free(entries[i]);
	}
	free(entries);
	return 0;
}
