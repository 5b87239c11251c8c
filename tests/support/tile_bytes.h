/* SPDX-License-Identifier: MIT */
/*
 * What the tests of tiles share: a generated trace with its model, and a tile's bytes taken apart
 * as the viewer does it.
 */
#ifndef KYMO_TESTS_SUPPORT_TILE_BYTES_H
#define KYMO_TESTS_SUPPORT_TILE_BYTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property/gen.h"
#include "property/gen_write.h"
#include "serve/tile.h"

/*
 * Pyramids for nearly everything, few exact intervals: so that small traces reach all of the code.
 */
static const struct model_tuning tiny = {
	.heavy = 8,
	.per_cell = 3,
	.per_group_cell = 5,
	.group_cells = 512,
	.threaded = 1,
	.exact = 5,
};

struct fixture {
	struct kymo_trace *trace;
	struct model *model;
	struct gen_rng rng;
};

static inline struct fixture fixture_make(uint64_t seed, unsigned steps,
                                          const struct model_tuning *tuning)
{
	static const unsigned versions[] = {22, 23, 25, 26};
	struct fixture f = {.rng = {seed * 77 + 5}};
	struct gen_trace g;
	struct kymo_input *in;
	struct kymo_error err;
	gen_trace_make(&g, &(struct gen_options){.seed = seed,
	                                         .version = versions[seed % 4],
	                                         .generations = 1 + (unsigned)(seed % 3),
	                                         .steps = steps,
	                                         .skew = seed % 5 == 4});
	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, &err), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &f.trace, &err), KYMO_OK);
	kymo_input_close(in);
	gen_trace_free(&g);
	f.model = model_make(f.trace, tuning, NULL);
	assert_non_null(f.model);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	model_free(f->model);
	kymo_trace_free(f->trace);
}

struct tile_bytes {
	unsigned kind, level;
	uint32_t count, block;
	struct buf buf;
	const char *planes;
	size_t bytes;
};

static inline struct tile_bytes tile_get(struct fixture *f, const struct tile *t)
{
	struct tile_bytes b = {0};
	uint32_t words[4];
	tile_write(f->model, t, &b.buf);
	assert_false(b.buf.failed);
	assert_true(b.buf.len >= 16);
	memcpy(words, b.buf.ptr, 16);
	b.kind = words[0] & 0xff;
	b.level = words[0] >> 8 & 0xff;
	assert_int_equal(words[0] >> 16, 0);
	b.count = words[1];
	b.bytes = words[2];
	b.block = words[3];
	b.planes = b.buf.ptr + 16;
	assert_int_equal(b.buf.len, 16 + b.bytes);
	assert_int_equal(b.bytes % 8, 0);
	assert_int_equal(b.level, t->level);
	assert_int_equal(b.block, t->block);
	return b;
}

/* The next plane of `count` values of `size` bytes. */
static inline const void *tile_take(struct tile_bytes *b, size_t size)
{
	const void *p = b->planes;
	b->planes += (b->count * size + 7) / 8 * 8;
	return p;
}

/* A tile somewhere in the trace, of any level, once in a while far outside of it. */
static inline struct tile random_tile(struct fixture *f, struct lane lane)
{
	struct tile t = {.lane = lane, .level = (unsigned)gen_below(&f->rng, 40)};
	if (gen_chance(&f->rng, 5))
		t.level = 40 + (unsigned)gen_below(&f->rng, 13);
	uint64_t blocks = ((uint64_t)f->model->duration >> (9 + t.level)) + 1;
	t.block = (uint32_t)gen_below(&f->rng, (blocks < UINT32_MAX ? blocks : UINT32_MAX - 1u) + 1);
	if (gen_chance(&f->rng, 2))
		t.block = UINT32_MAX - (uint32_t)gen_below(&f->rng, 2);
	return t;
}

/* ceil(255 · ns / width), by the definition. */
static inline unsigned slow_share(uint64_t ns, uint64_t width)
{
	unsigned __int128 share = ((unsigned __int128)ns * 255 + width - 1) / width;
	return share > 255 ? 255 : (unsigned)share;
}

/* Time that [a, b) has in common with [c, d). */
static inline uint64_t overlap(kymo_ns a, kymo_ns b, kymo_ns c, kymo_ns d)
{
	kymo_ns from = a > c ? a : c, to = b < d ? b : d;
	return to > from ? (uint64_t)(to - from) : 0;
}

static inline bool touches(kymo_ns start, kymo_ns end, kymo_ns t0, kymo_ns t1)
{
	return start < t1 && (end > t0 || start >= t0);
}

#endif
