/* SPDX-License-Identifier: MIT */
#include "property/traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "property/gen.h"

/* `stat`: NULL, or what it says of the same input. */
static struct kymo_trace *load(struct kymo_input *in, struct kymo_stat *stat)
{
	struct kymo_trace *t;
	if (stat)
		assert_int_equal(kymo_stat_compute(in, NULL, stat, NULL), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &t, NULL), KYMO_OK);
	kymo_input_close(in);
	return t;
}

static struct kymo_trace *generated(uint64_t seed, uint32_t frequency, struct kymo_stat *stat)
{
	struct gen_trace g;
	struct kymo_input *in;
	gen_trace_make(&g, &(struct gen_options){
				   .seed = seed,
				   .version = (unsigned[]){22, 23, 25, 26}[seed % 4],
				   .generations = 1 + (unsigned)(seed % 3),
				   .steps = 200 + (unsigned)(seed % 7) * 150,
				   .frequency = frequency,
			   });
	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, NULL), KYMO_OK);
	struct kymo_trace *t = load(in, stat);
	gen_trace_free(&g);
	return t;
}

static struct kymo_trace *real(const char *name, struct kymo_stat *stat)
{
	char path[1024];
	struct kymo_input *in;
	snprintf(path, sizeof path, "%s/%s", TRACES, name);
	assert_int_equal(kymo_input_open(path, &in, NULL), KYMO_OK);
	return load(in, stat);
}

struct kymo_trace *trace_generated(uint64_t seed, uint32_t frequency)
{
	return generated(seed, frequency, NULL);
}

struct kymo_trace *trace_real(const char *name)
{
	return real(name, NULL);
}

struct kymo_trace *trace_generated_stat(uint64_t seed, struct kymo_stat *stat)
{
	return generated(seed, 0, stat);
}

struct kymo_trace *trace_real_stat(const char *name, struct kymo_stat *stat)
{
	return real(name, stat);
}
