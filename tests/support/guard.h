/* SPDX-License-Identifier: MIT */
/*
 * Bytes that end right before an unmapped page, so that reading one too many faults even without a sanitizer.
 *
 *     struct guard g = guard_copy(bytes, len);
 *     parse(g.ptr, g.len);
 *     guard_free(&g);
 */
#ifndef KYMO_TESTS_SUPPORT_GUARD_H
#define KYMO_TESTS_SUPPORT_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *ptr;
	size_t len;
	void *map;
	size_t map_len;
};

/* Aborts if the system refuses: a test without its guard would prove nothing. */
static inline struct guard guard_copy(const void *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (len + page - 1) / page * page;
	struct guard g = {.len = len, .map_len = body + page};
	g.map = mmap(NULL, g.map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.map == MAP_FAILED || mprotect((char *)g.map + body, page, PROT_NONE) != 0)
		abort();
	g.ptr = (uint8_t *)g.map + body - len;
	if (len)
		memcpy(g.ptr, bytes, len);
	return g;
}

static inline void guard_free(struct guard *g)
{
	munmap(g->map, g->map_len);
	*g = (struct guard){0};
}

#endif
