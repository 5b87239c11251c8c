/* SPDX-License-Identifier: MIT */
#include "base/idmap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t new_secret(void)
{
	uint64_t s;
	if (getrandom(&s, sizeof s, GRND_NONBLOCK) != (ssize_t)sizeof s) {
		struct timespec ts;
		clock_gettime(CLOCK_MONOTONIC, &ts);
		s = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)&s;
	}
	return s | 1;
}

/* Folds the 128-bit product of the key and the secret. */
static inline size_t hash(const struct idmap *m, uint64_t key)
{
	unsigned __int128 p = (unsigned __int128)(key ^ 0xa0761d6478bd642fu) * m->secret;
	uint64_t h = (uint64_t)(p >> 64) ^ (uint64_t)p;
	return (size_t)h & (m->slots - 1);
}

static size_t find(const struct idmap *m, uint64_t key)
{
	size_t i = hash(m, key);
	while (m->keys[i] && m->keys[i] != key)
		i = (i + 1) & (m->slots - 1);
	return i;
}

static uint32_t *remember(struct idmap *m, uint64_t id, uint32_t page)
{
	uint64_t number = id / IDMAP_PAGE;
	m->recent[number % IDMAP_RECENT].key = number + 1;
	m->recent[number % IDMAP_RECENT].page = page;
	return &m->values[page * IDMAP_PAGE + id % IDMAP_PAGE];
}

uint32_t *idmap_get_slow(struct idmap *m, uint64_t id)
{
	if (m->slots == 0)
		return NULL;
	uint64_t key = id / IDMAP_PAGE + 1;
	size_t i = find(m, key);
	if (!m->keys[i])
		return NULL;
	return remember(m, id, m->page_of[i]);
}

uint32_t idmap_peek(const struct idmap *m, uint64_t id)
{
	if (m->slots == 0)
		return 0;
	size_t i = find(m, id / IDMAP_PAGE + 1);
	return m->keys[i] ? m->values[m->page_of[i] * IDMAP_PAGE + id % IDMAP_PAGE] : 0;
}

static bool rehash(struct idmap *m)
{
	size_t slots = m->slots ? m->slots * 2 : 64;
	uint64_t *keys = calloc(slots, sizeof *keys);
	uint32_t *page_of = malloc(slots * sizeof *page_of);
	if (!keys || !page_of) {
		free(keys);
		free(page_of);
		return false;
	}
	struct idmap old = *m;
	if (!m->secret)
		m->secret = new_secret();
	m->keys = keys;
	m->page_of = page_of;
	m->slots = slots;
	for (size_t i = 0; i < old.slots; i++)
		if (old.keys[i]) {
			size_t j = find(m, old.keys[i]);
			keys[j] = old.keys[i];
			page_of[j] = old.page_of[i];
		}
	free(old.keys);
	free(old.page_of);
	return true;
}

uint32_t *idmap_put_slow(struct idmap *m, uint64_t id)
{
	uint32_t *v = idmap_get_slow(m, id);
	if (v)
		return v;
	if (m->pages * 2 >= m->slots && !rehash(m))
		return NULL;
	if (m->pages == m->page_cap) {
		size_t cap = m->page_cap ? m->page_cap * 2 : 16;
		if (cap > UINT32_MAX / IDMAP_PAGE)
			return NULL;
		uint32_t *values = realloc(m->values, cap * IDMAP_PAGE * sizeof *values);
		if (!values)
			return NULL;
		m->values = values;
		m->page_cap = cap;
	}
	uint64_t key = id / IDMAP_PAGE + 1;
	size_t i = find(m, key);
	m->keys[i] = key;
	m->page_of[i] = (uint32_t)m->pages;
	memset(&m->values[m->pages * IDMAP_PAGE], 0, IDMAP_PAGE * sizeof *m->values);
	return remember(m, id, (uint32_t)m->pages++);
}

void idmap_free(struct idmap *m)
{
	free(m->keys);
	free(m->page_of);
	free(m->values);
	*m = (struct idmap){0};
}
