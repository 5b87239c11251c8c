/* SPDX-License-Identifier: MIT */
/*
 * A bounded memory of finished tiles, least recently used out first, shared by threads. Only tiles
 * that take long to make are worth it: see tile.c.
 */
#ifndef KYMO_SERVE_CACHE_H
#define KYMO_SERVE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct cache;

struct cache_key {
	uint32_t lane, ix, level, block;
};

/* NULL: no memory. */
struct cache *cache_make(size_t max_bytes);
void cache_free(struct cache *c);
/* Appends the bytes kept under `key` to `out`; false if there are none. */
bool cache_get(struct cache *c, struct cache_key key, struct buf *out);
/* Keeps a copy, if there is memory for it. */
void cache_put(struct cache *c, struct cache_key key, const void *bytes, size_t len);

#endif
