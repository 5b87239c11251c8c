/* SPDX-License-Identifier: MIT */
/*
 * Small numbers for the keys of waits: 0, 1, 2, … in the order in which they are met.
 *
 *     struct wait_keys k = {0};
 *     uint32_t id = wait_keys_id(&k, key);       // UINT32_MAX: no memory
 *     ... k.at[id] ...
 *     wait_keys_free(&k);
 */
#ifndef KYMO_ANALYSIS_WAIT_KEYS_H
#define KYMO_ANALYSIS_WAIT_KEYS_H

#include "analysis/wait.h"

#define WAIT_KEYS_RECENT 4096

/* Zero-initialised = empty. */
struct wait_keys {
	VEC(struct wait_key) all;
	uint32_t *slots;  // id + 1; 0: free
	uint32_t mask;
	uint32_t recent[WAIT_KEYS_RECENT];  // ids by their hash: most are found here
};

uint32_t wait_keys_find(struct wait_keys *k, struct wait_key key, uint64_t hash);
void wait_keys_free(struct wait_keys *k);

static always_inline bool wait_keys_same(const struct wait_key *a, struct wait_key b)
{
	return a->own == b.own && a->other == b.other && a->reason == b.reason &&
	       a->what == b.what && a->created == b.created && a->open == b.open &&
	       a->group == b.group && a->region == b.region && a->task == b.task;
}

/* Rows of the trace's own tables: see sample_map.c. */
static always_inline uint64_t wait_keys_hash(struct wait_key k)
{
	uint64_t a = (uint64_t)k.own << 32 | k.other, b = (uint64_t)k.group << 32 | k.reason,
		 c = (uint64_t)k.region << 32 | k.task,
		 d = k.what | (uint64_t)k.created << 2 | (uint64_t)k.open << 3;
	uint64_t h = (a ^ d << 28) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 32 ^ b) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 32 ^ c) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 32;
}

static always_inline uint32_t wait_keys_id(struct wait_keys *k, struct wait_key key)
{
	uint64_t hash = wait_keys_hash(key);
	uint32_t *recent = &k->recent[hash % WAIT_KEYS_RECENT];
	if (*recent >= k->all.count || !wait_keys_same(&k->all.at[*recent], key)) {
		uint32_t id = wait_keys_find(k, key, hash);
		if (id == UINT32_MAX)
			return id;
		*recent = id;
	}
	return *recent;
}

#endif
