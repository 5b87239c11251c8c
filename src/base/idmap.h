/* SPDX-License-Identifier: MIT */
/*
 * 64-bit ids to 32-bit values, for ids that mostly come in runs (goroutine ids) but may be anything.
 *
 * Sixteen neighbouring ids share a page; a hash table finds the page, and the pages used lately are remembered, so
 * that a look-up near a recent one is a compare. The hash has a random secret: no file can make it collide on purpose.
 *
 *     struct idmap m = {0};
 *     uint32_t *v = idmap_put(&m, id);     // creates it as 0; NULL: no memory. Valid until the next put.
 *     v = idmap_get(&m, id);               // NULL: its page was never put; *v may be 0 for a neighbour of a put id
 */
#ifndef KYMO_BASE_IDMAP_H
#define KYMO_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"

#define IDMAP_PAGE 16u
#define IDMAP_RECENT 32u

struct idmap {
	uint64_t *keys;     // [slots] page number + 1; 0 = free
	uint32_t *page_of;  // [slots]
	uint32_t *values;   // [pages * 16]
	size_t slots, pages, page_cap;
	uint64_t secret;
	struct {
		uint64_t key;  // page number + 1
		uint32_t page;
	} recent[IDMAP_RECENT];  // direct-mapped
};

uint32_t *idmap_get_slow(struct idmap *m, uint64_t id);
uint32_t *idmap_put_slow(struct idmap *m, uint64_t id);
/* The value of an id, 0 if it was never put. Changes nothing: safe from several threads. */
uint32_t idmap_peek(const struct idmap *m, uint64_t id);
void idmap_free(struct idmap *m);

static always_inline uint32_t *idmap_get(struct idmap *m, uint64_t id)
{
	uint64_t page = id / IDMAP_PAGE;
	if (likely(m->recent[page % IDMAP_RECENT].key == page + 1))
		return &m->values[m->recent[page % IDMAP_RECENT].page * IDMAP_PAGE + id % IDMAP_PAGE];
	return idmap_get_slow(m, id);
}

static inline uint32_t *idmap_put(struct idmap *m, uint64_t id)
{
	uint64_t page = id / IDMAP_PAGE;
	if (likely(m->recent[page % IDMAP_RECENT].key == page + 1))
		return &m->values[m->recent[page % IDMAP_RECENT].page * IDMAP_PAGE + id % IDMAP_PAGE];
	return idmap_put_slow(m, id);
}

#endif
