/* SPDX-License-Identifier: MIT */
/*
 * The writing half of the trace generator: streams of timed events per thread, cut into batches at random places
 * and mixed in random order; strings and stacks with ids that change every generation. It shares no code with
 * src/wire, so that a mistake there cannot hide in the tests.
 *
 *     struct gen_writer w;
 *     gen_writer_begin(&w, &rng, 26);
 *     gen_generation_begin(&w, 1, 100);
 *     gen_event(&w, thread, time, WIRE_GoStart, (uint64_t[]){7, 1}, 2);
 *     gen_generation_end(&w, 900);
 *     use(w.out.at, w.out.len);
 *     gen_writer_free(&w);
 */
#ifndef KYMO_TESTS_PROPERTY_GEN_WRITE_H
#define KYMO_TESTS_PROPERTY_GEN_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gen_rng {
	uint64_t state;
};
uint64_t gen_random(struct gen_rng *r);
/* Uniform enough, in [0, n); n > 0. */
static inline uint64_t gen_below(struct gen_rng *r, uint64_t n)
{
	return gen_random(r) % n;
}
static inline bool gen_chance(struct gen_rng *r, unsigned percent)
{
	return gen_below(r, 100) < percent;
}

struct gen_bytes {
	uint8_t *at;
	size_t len, cap;
};
void gen_put(struct gen_bytes *b, const void *bytes, size_t len);
void gen_put_varint(struct gen_bytes *b, uint64_t v);
void gen_put_padded_varint(struct gen_bytes *b, uint64_t v);

#define GEN_MAX_STREAMS 64
#define GEN_MAX_STRINGS 256
#define GEN_MAX_STACKS 64
#define GEN_UNITS_PER_SECOND 15625000u  // 64 ns, what Go writes on Linux

struct gen_stream {
	uint64_t thread;
	bool open;
	uint64_t base, last;       // of the open batch
	size_t flush_at;           // bytes of data after which it is closed
	struct gen_bytes data;     // of the open batch
	struct gen_bytes batches;  // finished ones, each whole
	size_t *sizes;             // [size_count] of each finished batch
	size_t size_count, size_cap, taken, taken_bytes;
};

struct gen_writer {
	struct gen_rng *rng;
	unsigned version;
	uint64_t generation, start;
	uint64_t frequency;
	struct gen_stream streams[GEN_MAX_STREAMS];
	unsigned stream_count;
	const char *strings[GEN_MAX_STRINGS];  // texts; id = index * stride + offset
	unsigned string_count;
	uint64_t id_offset, id_stride;
	unsigned stack_count;  // stacks in use: numbers 1 .. stack_count - 1 may be asked for
	bool stack_used[GEN_MAX_STACKS];
	struct gen_bytes samples;
	struct gen_bytes out;
};

void gen_writer_begin(struct gen_writer *w, struct gen_rng *rng, unsigned version);
void gen_writer_free(struct gen_writer *w);
void gen_generation_begin(struct gen_writer *w, uint64_t number, uint64_t time);
/* Writes out everything of the generation. `time`: its end. */
void gen_generation_end(struct gen_writer *w, uint64_t time);

/* An event of a thread's stream; `args` without dt. Times of one thread must not decrease. */
void gen_event(struct gen_writer *w, uint64_t thread, uint64_t time, unsigned type,
               const uint64_t *args, unsigned count);
void gen_sample(struct gen_writer *w, uint64_t time, uint64_t thread, uint64_t proc,
                uint64_t goroutine, uint64_t stack);
/* Ids for this generation. `text` must stay alive; "" is 0. Stack number 0 is none. */
uint64_t gen_string(struct gen_writer *w, const char *text);
uint64_t gen_stack(struct gen_writer *w, unsigned number);

#endif
