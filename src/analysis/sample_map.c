/* SPDX-License-Identifier: MIT */
/* Open addressing. Keys are rows of the trace's own tables, so a multiplication mixes them well enough: nobody who
 * writes a trace chooses row numbers freely. */
#include "analysis/sample_map.h"

#include <stdlib.h>

static bool same(const struct kymo_profile_sample *a, const struct kymo_profile_sample *b)
{
	return a->stack == b->stack && a->group == b->group && a->reason == b->reason &&
	       a->region == b->region && a->task == b->task;
}

static uint32_t hash(const struct kymo_profile_sample *k)
{
	uint64_t h = k->stack * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32) ^ k->group) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 32) ^ k->reason) * 0xc4ceb9fe1a85ec53u;
	h = (h ^ (h >> 32) ^ ((uint64_t)k->region << 32 | k->task)) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static void place(struct sample_map *m, uint32_t i)
{
	uint32_t at = hash(&m->samples.at[i]) & m->mask;
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

struct kymo_profile_sample *sample_map_get(struct sample_map *m, const struct kymo_profile_sample *key)
{
	if (m->last < m->samples.count && same(&m->samples.at[m->last], key))
		return &m->samples.at[m->last];
	if (m->samples.count * 2 >= (m->slots ? m->mask : 0) && !grow(m))
		return NULL;
	uint32_t at = hash(key) & m->mask;
	for (; m->slots[at]; at = (at + 1) & m->mask)
		if (same(&m->samples.at[m->slots[at] - 1], key)) {
			m->last = m->slots[at] - 1;
			return &m->samples.at[m->last];
		}
	struct kymo_profile_sample s = *key;
	s.count = 0;
	s.ns = 0;
	if (!vec_push(&m->ends, 0))
		return NULL;
	if (!vec_push(&m->samples, s)) {
		m->ends.count--;
		return NULL;
	}
	m->slots[at] = (uint32_t)m->samples.count;
	m->last = (uint32_t)m->samples.count - 1;
	return &m->samples.at[m->last];
}

void sample_map_free(struct sample_map *m)
{
	vec_free(&m->samples);
	vec_free(&m->ends);
	free(m->slots);
	*m = (struct sample_map){0};
}
