/* SPDX-License-Identifier: MIT */
/*
 * Blocks are cut from extents: mappings that grow from 2 MiB to 32 MiB, so that a small trace costs one block and a
 * large one few system calls. Nothing is touched before it is used.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/bug.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14
#endif

struct arena_extent {
	void *ptr;
	size_t bytes;
};

static bool more_blocks(struct arena *a)
{
	size_t blocks = a->extent_count == 0 ? 1 : a->extent_count < 3 ? 4 : 16;
	size_t bytes = blocks * ARENA_BLOCK_BYTES;
	size_t mapped = bytes + ARENA_BLOCK_BYTES;  // slack to align in
	char *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	size_t head = (size_t)(-(uintptr_t)p & (ARENA_BLOCK_BYTES - 1));
	if (head)
		munmap(p, head);
	if (head != ARENA_BLOCK_BYTES)
		munmap(p + head + bytes, ARENA_BLOCK_BYTES - head);
	p += head;

	struct arena_extent *e = realloc(a->extents, (a->extent_count + 1) * sizeof *e);
	if (!e) {
		munmap(p, bytes);
		return false;
	}
	a->extents = e;
	a->extents[a->extent_count++] = (struct arena_extent){p, bytes};
	a->extent = p;
	a->extent_left = blocks;
	return true;
}

static bool next_block(struct arena *a)
{
	if (a->block_count >> (32 - ARENA_UNITS_SHIFT))
		return false;
	if (a->extent_left == 0 && !more_blocks(a))
		return false;
	if (a->block_count == a->block_cap) {
		uint32_t cap = a->block_cap ? a->block_cap * 2 : 16;
		char **b = realloc(a->blocks, cap * sizeof *b);
		if (!b)
			return false;
		a->blocks = b;
		a->block_cap = cap;
	}
	a->blocks[a->block_count++] = a->extent;
	a->extent += ARENA_BLOCK_BYTES;
	a->extent_left--;
	a->touched = 0;
	a->used = a->block_count == 1;  // unit 0 of block 0 stays unused: reference 0 names nothing
	return true;
}

/*
 * Has the kernel make the next pages at once, which takes three quarters of what a fault for each takes. Few at a time: what
 * it has zeroed is then still in the cache when it is used. Where it cannot, pages come one by one.
 */
static __attribute__((noinline)) void touch(struct arena *a, uint32_t units)
{
	const uint32_t step = ARENA_TOUCH_BYTES / ARENA_UNIT;
	uint32_t to = (units + step - 1) / step * step;
	char *block = a->blocks[a->block_count - 1];
	madvise(block + (size_t)a->touched * ARENA_UNIT, (size_t)(to - a->touched) * ARENA_UNIT,
	        MADV_POPULATE_WRITE);
	a->touched = to;
}

uint32_t arena_alloc(struct arena *a, size_t bytes)
{
	BUG_ON(bytes == 0 || bytes > ARENA_BLOCK_BYTES - ARENA_UNIT);
	uint32_t units = (uint32_t)((bytes + ARENA_UNIT - 1) / ARENA_UNIT);
	if (a->block_count == 0 || a->used + units > 1u << ARENA_UNITS_SHIFT)
		if (!next_block(a))
			return 0;
	uint32_t ref = ((a->block_count - 1) << ARENA_UNITS_SHIFT) | a->used;
	a->used += units;
	if (unlikely(a->used > a->touched))
		touch(a, a->used);
	return ref;
}

size_t arena_bytes(const struct arena *a)
{
	return a->block_count * ARENA_BLOCK_BYTES;
}

void arena_free(struct arena *a)
{
	for (uint32_t i = 0; i < a->extent_count; i++)
		munmap(a->extents[i].ptr, a->extents[i].bytes);
	free(a->extents);
	free(a->blocks);
	*a = (struct arena){0};
}
