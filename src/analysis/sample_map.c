/* SPDX-License-Identifier: MIT */
/* Open addressing. Keys are rows of the trace's own tables, so a multiplication mixes them well enough: nobody who
 * writes a trace chooses row numbers freely. */
#include "analysis/sample_map.h"

#include <stdlib.h>

static uint32_t hash(struct sample_key k)
{
	uint64_t h = k.stack * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32) ^ k.group) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 32) ^ k.reason) * 0xc4ceb9fe1a85ec53u;
	h = (h ^ (h >> 32) ^ ((uint64_t)k.region << 32 | k.task)) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static void place(struct sample_map *m, uint32_t i)
{
	uint32_t at = hash(sample_key_of(&m->samples.at[i])) & m->mask;
	while (m->slots[at])
		at = (at + 1) & m->mask;
	m->slots[at] = i + 1;
}

static bool grow(struct sample_map *m)
{
	uint32_t size = m->slots ? (m->mask + 1) * 2 : 256;
	uint32_t *slots = calloc(size, sizeof *slots);
	if (!slots)
		return false;
	free(m->slots);
	m->slots = slots;
	m->mask = size - 1;
	for (uint32_t i = 0; i < m->samples.count; i++)
		place(m, i);
	return true;
}

uint32_t sample_map_find(struct sample_map *m, struct sample_key key)
{
	if (m->samples.count * 2 >= (m->slots ? m->mask : 0) && !grow(m))
		return UINT32_MAX;
	uint32_t at = hash(key) & m->mask;
	for (; m->slots[at]; at = (at + 1) & m->mask)
		if (sample_map_same(&m->samples.at[m->slots[at] - 1], key))
			return m->slots[at] - 1;
	const struct kymo_profile_sample s = {
		.stack = key.stack,
		.group = key.group,
		.reason = key.reason,
		.region = key.region,
		.task = key.task,
	};
	if (!vec_push(&m->ends, 0))
		return UINT32_MAX;
	if (!vec_push(&m->samples, s)) {
		m->ends.count--;
		return UINT32_MAX;
	}
	m->slots[at] = (uint32_t)m->samples.count;
	return (uint32_t)m->samples.count - 1;
}

void sample_map_free(struct sample_map *m)
{
	vec_free(&m->samples);
	vec_free(&m->ends);
	free(m->slots);
	*m = (struct sample_map){0};
}
