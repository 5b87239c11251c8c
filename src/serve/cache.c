/* SPDX-License-Identifier: MIT */
/*
 * A chained hash table whose entries are also on a list by last use, beneath one lock: what it
 * saves takes hundreds of microseconds, what it costs is a copy of ten kilobytes.
 */
#include "serve/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024u

struct entry {
	struct cache_key key;
	struct entry *chain;
	struct entry *newer, *older;
	size_t len;
	char bytes[];
};

struct cache {
	pthread_mutex_t lock;
	size_t max_bytes, bytes;
	struct entry *newest, *oldest;
	struct entry *bucket[BUCKETS];
};

static unsigned hash(const struct cache_key *k)
{
	uint64_t h = ((uint64_t)k->lane << 32 | k->ix) * 0x9e3779b97f4a7c15u;
	h = (h ^ ((uint64_t)k->level << 32 | k->block)) * 0xd6e8feb86659fd93u;
	return (unsigned)(h >> 48) % BUCKETS;
}

static bool same(const struct cache_key *a, const struct cache_key *b)
{
	return a->lane == b->lane && a->ix == b->ix && a->level == b->level && a->block == b->block;
}

struct cache *cache_make(size_t max_bytes)
{
	struct cache *c = calloc(1, sizeof *c);
	if (c) {
		pthread_mutex_init(&c->lock, NULL);
		c->max_bytes = max_bytes;
	}
	return c;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	for (struct entry *e = c->newest, *older; e; e = older) {
		older = e->older;
		free(e);
	}
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void list_remove(struct cache *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void list_push(struct cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static struct entry **find(struct cache *c, const struct cache_key *key)
{
	struct entry **at = &c->bucket[hash(key)];
	while (*at && !same(&(*at)->key, key))
		at = &(*at)->chain;
	return at;
}

bool cache_get(struct cache *c, struct cache_key key, struct buf *out)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = *find(c, &key);
	if (e) {
		list_remove(c, e);
		list_push(c, e);
		buf_put(out, e->bytes, e->len);
	}
	pthread_mutex_unlock(&c->lock);
	return e != NULL;
}

void cache_put(struct cache *c, struct cache_key key, const void *bytes, size_t len)
{
	struct entry *e = len <= c->max_bytes / 8 ? malloc(sizeof *e + len) : NULL;
	if (!e)
		return;
	*e = (struct entry){.key = key, .len = len};
	memcpy(e->bytes, bytes, len);
	pthread_mutex_lock(&c->lock);
	struct entry **at = find(c, &key);
	if (*at) {  // another thread made the same one meanwhile
		free(e);
	} else {
		*at = e;
		list_push(c, e);
		c->bytes += sizeof *e + len;
		while (c->bytes > c->max_bytes) {
			struct entry *old = c->oldest;
			struct entry **link = find(c, &old->key);
			*link = old->chain;
			list_remove(c, old);
			c->bytes -= sizeof *old + old->len;
			free(old);
		}
	}
	pthread_mutex_unlock(&c->lock);
}
