/* SPDX-License-Identifier: MIT */
/* Samples of a profile by their key (stack and labels), while it is being added up. */
#ifndef KYMO_ANALYSIS_SAMPLE_MAP_H
#define KYMO_ANALYSIS_SAMPLE_MAP_H

#include <kymo/profile.h>

#include "base/vec.h"

/* Zero-initialised = empty. */
struct sample_map {
	VEC(struct kymo_profile_sample) samples;
	VEC(kymo_ns) ends;  // when the last span of each ended
	uint32_t *slots;    // index + 1 of a sample; 0: free
	uint32_t mask;
	uint32_t last;  // the sample found last: often the next one, too
};

/* The sample with this key (its count and ns do not matter), made if it is new. NULL: no memory. */
struct kymo_profile_sample *sample_map_get(struct sample_map *m,
                                           const struct kymo_profile_sample *key);
void sample_map_free(struct sample_map *m);

static inline bool sample_map_add(struct sample_map *m, const struct kymo_profile_sample *key,
                                  uint64_t count, kymo_ns ns, kymo_ns end)
{
	struct kymo_profile_sample *s = sample_map_get(m, key);
	if (!s)
		return false;
	s->count += count;
	s->ns += ns;
	m->ends.at[m->last] = end > m->ends.at[m->last] ? end : m->ends.at[m->last];
	return true;
}

#endif
