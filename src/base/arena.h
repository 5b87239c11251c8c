/* SPDX-License-Identifier: MIT */
/*
 * Memory that is only ever added to, named by 32-bit references, freed all at once.
 *
 * It is made of 2 MiB blocks. A reference counts units of 8 bytes: 32 GiB can be named. Reference 0 is never handed out.
 * Huge pages were tried and left: where the system has none ready they cost up to 0.6 s for 250 MB, where small pages cost
 * 0.12 s always. A thread that touches the blocks ahead was tried, too: it gains nothing where their user is not alone.
 *
 *     struct arena a = {0};
 *     uint32_t ref = arena_alloc(&a, 128);     // 0: no memory
 *     char *p = arena_at(&a, ref);
 */
#ifndef KYMO_BASE_ARENA_H
#define KYMO_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_BLOCK_SHIFT 21
#define ARENA_BLOCK_BYTES ((size_t)1 << ARENA_BLOCK_SHIFT)
#define ARENA_UNIT 8u
#define ARENA_TOUCH_BYTES ((size_t)1 << 18)
#define ARENA_UNITS_SHIFT (ARENA_BLOCK_SHIFT - 3)

struct arena {
	char **blocks;
	uint32_t block_count, block_cap;
	uint32_t used;       // units used of the last block
	uint32_t touched;    // units of it that have pages
	size_t extent_left;  // blocks mapped and not yet used
	char *extent;
	struct arena_extent *extents;
	uint32_t extent_count;
};

/* `bytes` (1 to 2 MiB, rounded up to 8), zeroed, within one block. 0 if there is no memory or no name left. */
uint32_t arena_alloc(struct arena *a, size_t bytes);
/* Bytes in use. */
size_t arena_bytes(const struct arena *a);
void arena_free(struct arena *a);

static inline void *arena_at(const struct arena *a, uint32_t ref)
{
	return a->blocks[ref >> ARENA_UNITS_SHIFT] +
	       (size_t)(ref & ((1u << ARENA_UNITS_SHIFT) - 1)) * ARENA_UNIT;
}

#endif
