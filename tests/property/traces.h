/* SPDX-License-Identifier: MIT */
/* Loaded traces for property tests, and chance that repeats itself. The test at hand fails where one cannot be loaded. */
#ifndef KYMO_TESTS_PROPERTY_TRACES_H
#define KYMO_TESTS_PROPERTY_TRACES_H

#include <kymo/kymo.h>

/* Of every version and several sizes, by the seed. `frequency`: as gen_options says. */
struct kymo_trace *trace_generated(uint64_t seed, uint32_t frequency);
/* One of tests/data/traces. */
struct kymo_trace *trace_real(const char *name);
/* Likewise, and what `kymo stat` says of them. */
struct kymo_trace *trace_generated_stat(uint64_t seed, struct kymo_stat *stat);
struct kymo_trace *trace_real_stat(const char *name, struct kymo_stat *stat);

/* *state is not 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

#endif
