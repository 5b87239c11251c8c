/* SPDX-License-Identifier: MIT */
#include "property/traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "property/gen.h"

static struct kymo_trace *load(struct kymo_input *in)
{
	struct kymo_trace *t;
	assert_int_equal(kymo_trace_load(in, NULL, &t, NULL), KYMO_OK);
	kymo_input_close(in);
	return t;
}

struct kymo_trace *trace_generated(uint64_t seed, uint32_t frequency)
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
	struct kymo_trace *t = load(in);
	gen_trace_free(&g);
	return t;
}

struct kymo_trace *trace_real(const char *name)
{
	char path[1024];
	struct kymo_input *in;
	snprintf(path, sizeof path, "%s/%s", TRACES, name);
	assert_int_equal(kymo_input_open(path, &in, NULL), KYMO_OK);
	return load(in);
}
