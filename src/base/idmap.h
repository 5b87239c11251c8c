/* SPDX-License-Identifier: MIT */
/*
 * 64-bit ids to 32-bit values, for ids that mostly come in runs (goroutine ids) but may be anything.
 *
 * Sixteen neighbouring ids share a page; a hash table finds the page, and the last page used is remembered, so a
 * look-up near the previous one is a compare. The hash has a random secret: no file can make it collide on purpose.
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

struct idmap {
	uint64_t *keys;      // [slots] page number + 1; 0 = free
	uint32_t *page_of;   // [slots]
	uint32_t *values;    // [pages * 16]
	size_t slots, pages, page_cap;
	uint64_t secret;
	uint64_t last_key;   // page number + 1
	uint32_t last_page;
};

uint32_t *idmap_get_slow(struct idmap *m, uint64_t id);
uint32_t *idmap_put_slow(struct idmap *m, uint64_t id);
/* The value of an id, 0 if it was never put. Changes nothing: safe from several threads. */
uint32_t idmap_peek(const struct idmap *m, uint64_t id);
void idmap_free(struct idmap *m);

static always_inline uint32_t *idmap_get(struct idmap *m, uint64_t id)
{
	if (likely(id / IDMAP_PAGE + 1 == m->last_key))
		return &m->values[m->last_page * IDMAP_PAGE + id % IDMAP_PAGE];
	return idmap_get_slow(m, id);
}

static inline uint32_t *idmap_put(struct idmap *m, uint64_t id)
{
	if (id / IDMAP_PAGE + 1 == m->last_key)
		return &m->values[m->last_page * IDMAP_PAGE + id % IDMAP_PAGE];
	return idmap_put_slow(m, id);
}

#endif
