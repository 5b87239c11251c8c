/* SPDX-License-Identifier: MIT */
/* Samples of a profile by their key (stack and labels), while it is being added up. */
#ifndef KYMO_ANALYSIS_SAMPLE_MAP_H
#define KYMO_ANALYSIS_SAMPLE_MAP_H

#include <kymo/profile.h>

#include "base/vec.h"

#define SAMPLE_MAP_RECENT 256

/*
 * What tells samples apart. It goes by value, in registers: written to memory in parts and compared as a whole a moment
 * later, the processor would wait for each part to reach the cache, which was a third of a profile's time.
 */
struct sample_key {
	kymo_stack_ix stack;
	kymo_string_ix group, reason, region, task;
};

/* Zero-initialised = empty. */
struct sample_map {
	VEC(struct kymo_profile_sample) samples;
	VEC(kymo_ns) ends;  // when the last span of each ended
	uint32_t *slots;    // index + 1 of a sample; 0: free
	uint32_t mask;
	uint32_t recent[SAMPLE_MAP_RECENT];  // by a few bits of the key: most are found here
};

/* The index of the sample with this key, made if it is new. UINT32_MAX: no memory. */
uint32_t sample_map_find(struct sample_map *m, struct sample_key key);
void sample_map_free(struct sample_map *m);

static inline struct sample_key sample_key_of(const struct kymo_profile_sample *s)
{
	return (struct sample_key){s->stack, s->group, s->reason, s->region, s->task};
}

static always_inline bool sample_map_same(const struct kymo_profile_sample *a, struct sample_key b)
{
	return a->stack == b.stack && a->group == b.group && a->reason == b.reason &&
	       a->region == b.region && a->task == b.task;
}

/* As sample_map_find, quicker for keys seen lately. */
static always_inline uint32_t sample_map_index(struct sample_map *m, struct sample_key key)
{
	uint32_t *recent =
		&m->recent[(key.stack ^ key.group << 3 ^ key.region << 5) % SAMPLE_MAP_RECENT];
	if (*recent >= m->samples.count || !sample_map_same(&m->samples.at[*recent], key)) {
		uint32_t i = sample_map_find(m, key);
		if (i == UINT32_MAX)
			return i;
		*recent = i;
	}
	return *recent;
}

/* Of two the longer comes first, of equals the earlier, so that the order of adding does not show. */
static inline bool longer(kymo_ns ns, kymo_ns start, kymo_goroutine_ix g, kymo_ns than,
                          kymo_ns than_start, kymo_goroutine_ix than_g)
{
	if (ns != than || ns == 0)
		return ns > than;
	return start != than_start ? start < than_start : g < than_g;
}

static inline void sample_map_keep_longest(struct kymo_profile_sample *s, kymo_goroutine_ix g,
                                           kymo_ns ns, kymo_ns start)
{
	if (!longer(ns, start, g, s->longest, s->longest_at, s->longest_goroutine))
		return;
	s->longest = ns;
	s->longest_at = start;
	s->longest_goroutine = g;
}

/* A span of goroutine `g` from `start` to `end`, of which `ns` count. */
static always_inline bool sample_map_add(struct sample_map *m, struct sample_key key,
                                         kymo_goroutine_ix g, kymo_ns ns, kymo_ns start, kymo_ns end)
{
	uint32_t i = sample_map_index(m, key);
	if (i == UINT32_MAX)
		return false;
	struct kymo_profile_sample *s = &m->samples.at[i];
	s->count++;
	s->ns += ns;
	sample_map_keep_longest(s, g, ns, start);
	m->ends.at[i] = end > m->ends.at[i] ? end : m->ends.at[i];
	return true;
}

/* What another map added up under the same key; `end` is its `ends`. */
static inline bool sample_map_join(struct sample_map *m, const struct kymo_profile_sample *x,
                                   kymo_ns end)
{
	uint32_t i = sample_map_index(m, sample_key_of(x));
	if (i == UINT32_MAX)
		return false;
	struct kymo_profile_sample *s = &m->samples.at[i];
	s->count += x->count;
	s->ns += x->ns;
	sample_map_keep_longest(s, x->longest_goroutine, x->longest, x->longest_at);
	m->ends.at[i] = end > m->ends.at[i] ? end : m->ends.at[i];
	return true;
}

#endif
