/* SPDX-License-Identifier: MIT */
/* Open addressing. */
#include "analysis/wait_keys.h"

#include <stdlib.h>

static bool grow(struct wait_keys *k)
{
	uint32_t size = k->slots ? (k->mask + 1) * 2 : 1024;
	uint32_t *slots = calloc(size, sizeof *slots);
	if (!slots)
		return false;
	free(k->slots);
	k->slots = slots;
	k->mask = size - 1;
	for (uint32_t i = 0; i < k->all.count; i++) {
		uint32_t at = (uint32_t)wait_keys_hash(k->all.at[i]) & k->mask;
		while (slots[at])
			at = (at + 1) & k->mask;
		slots[at] = i + 1;
	}
	return true;
}

uint32_t wait_keys_find(struct wait_keys *k, struct wait_key key, uint64_t hash)
{
	if (k->all.count * 2 >= (k->slots ? k->mask : 0) && !grow(k))
		return UINT32_MAX;
	uint32_t at = (uint32_t)hash & k->mask;
	for (; k->slots[at]; at = (at + 1) & k->mask)
		if (wait_keys_same(&k->all.at[k->slots[at] - 1], key))
			return k->slots[at] - 1;
	if (!vec_push(&k->all, key))
		return UINT32_MAX;
	k->slots[at] = (uint32_t)k->all.count;
	return (uint32_t)k->all.count - 1;
}

void wait_keys_free(struct wait_keys *k)
{
	vec_free(&k->all);
	free(k->slots);
	*k = (struct wait_keys){0};
}
