/* SPDX-License-Identifier: MIT */
#include "property/gen_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT64_MAX
#define FRAMES 3

uint64_t gen_random(struct gen_rng *r)
{
	// splitmix64: any seed is a good one
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void *grown(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p)
		abort();
	return p;
}

void gen_put(struct gen_bytes *b, const void *bytes, size_t len)
{
	if (b->cap - b->len < len) {
		b->cap = (b->len + len) * 2;
		b->at = grown(b->at, b->cap);
	}
	if (len)
		memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

static void put_byte(struct gen_bytes *b, unsigned v)
{
	uint8_t byte = (uint8_t)v;
	gen_put(b, &byte, 1);
}

void gen_put_varint(struct gen_bytes *b, uint64_t v)
{
	while (v >= 0x80) {
		put_byte(b, (unsigned)(v & 0x7f) | 0x80);
		v >>= 7;
	}
	put_byte(b, (unsigned)v);
}

void gen_put_padded_varint(struct gen_bytes *b, uint64_t v)
{
	for (unsigned i = 0; i < 9; i++, v >>= 7)
		put_byte(b, (unsigned)(v & 0x7f) | 0x80);
	put_byte(b, (unsigned)v);
}

void gen_writer_begin(struct gen_writer *w, struct gen_rng *rng, unsigned version)
{
	memset(w, 0, sizeof *w);
	w->rng = rng;
	w->version = version;
	w->frequency = GEN_UNITS_PER_SECOND;
	w->stack_count = 24;
	char header[17] = {0};
	snprintf(header, sizeof header, "go 1.%u trace", version);
	gen_put(&w->out, header, 16);
}

void gen_writer_free(struct gen_writer *w)
{
	for (unsigned i = 0; i < GEN_MAX_STREAMS; i++) {
		free(w->streams[i].data.at);
		free(w->streams[i].batches.at);
		free(w->streams[i].sizes);
	}
	free(w->samples.at);
	free(w->out.at);
	memset(w, 0, sizeof *w);
}

void gen_generation_begin(struct gen_writer *w, uint64_t number, uint64_t time)
{
	w->generation = number;
	w->start = time;
	w->string_count = 0;
	w->id_offset = 1 + gen_below(w->rng, 1000);
	w->id_stride = 1 + gen_below(w->rng, 3);
	memset(w->stack_used, 0, sizeof w->stack_used);
	w->samples.len = 0;
	w->stream_count = 0;
	for (unsigned i = 0; i < GEN_MAX_STREAMS; i++) {
		struct gen_stream *s = &w->streams[i];
		s->open = false;
		s->data.len = s->batches.len = 0;
		s->size_count = s->taken = s->taken_bytes = 0;
	}
}

/* A whole batch with its header. */
static void put_batch(struct gen_writer *w, struct gen_bytes *to, uint64_t thread, uint64_t time,
                      const struct gen_bytes *data)
{
	put_byte(to, 1);
	gen_put_varint(to, w->generation);
	gen_put_varint(to, thread);
	gen_put_varint(to, time);
	if (gen_chance(w->rng, 50))
		gen_put_padded_varint(to, data->len);
	else
		gen_put_varint(to, data->len);
	gen_put(to, data->at, data->len);
}

static void close_batch(struct gen_writer *w, struct gen_stream *s)
{
	if (!s->open)
		return;
	size_t before = s->batches.len;
	put_batch(w, &s->batches, s->thread, s->base, &s->data);
	if (s->size_count == s->size_cap) {
		s->size_cap = s->size_cap ? s->size_cap * 2 : 8;
		s->sizes = grown(s->sizes, s->size_cap * sizeof *s->sizes);
	}
	s->sizes[s->size_count++] = s->batches.len - before;
	s->data.len = 0;
	s->open = false;
}

static struct gen_stream *stream_of(struct gen_writer *w, uint64_t thread)
{
	for (unsigned i = 0; i < w->stream_count; i++)
		if (w->streams[i].thread == thread)
			return &w->streams[i];
	if (w->stream_count == GEN_MAX_STREAMS)
		abort();
	struct gen_stream *s = &w->streams[w->stream_count++];
	s->thread = thread;
	return s;
}

void gen_event(struct gen_writer *w, uint64_t thread, uint64_t time, unsigned type,
               const uint64_t *args, unsigned count)
{
	struct gen_stream *s = stream_of(w, thread);
	if (s->open && s->data.len >= s->flush_at)
		close_batch(w, s);
	if (!s->open) {
		s->open = true;
		s->base = s->last = time - gen_below(w->rng, 2);
		// Mostly small batches, so that many are seen; sometimes as large as Go's.
		s->flush_at = gen_chance(w->rng, 90) ? 1 + gen_below(w->rng, 2000) : 65000;
	}
	put_byte(&s->data, type);
	gen_put_varint(&s->data, time - s->last);
	s->last = time;
	for (unsigned i = 0; i < count; i++)
		gen_put_varint(&s->data, args[i]);
}

void gen_sample(struct gen_writer *w, uint64_t time, uint64_t thread, uint64_t proc,
                uint64_t goroutine, uint64_t stack)
{
	put_byte(&w->samples, 7);
	gen_put_varint(&w->samples, time);
	gen_put_varint(&w->samples, thread);
	gen_put_varint(&w->samples, proc);
	gen_put_varint(&w->samples, goroutine);
	gen_put_varint(&w->samples, stack);
}

uint64_t gen_string(struct gen_writer *w, const char *text)
{
	if (!*text)
		return 0;
	unsigned i = 0;
	while (i < w->string_count && strcmp(w->strings[i], text) != 0)
		i++;
	if (i == w->string_count) {
		if (i == GEN_MAX_STRINGS)
			abort();
		w->strings[w->string_count++] = text;
	}
	return w->id_offset + i * w->id_stride;
}

uint64_t gen_stack(struct gen_writer *w, unsigned number)
{
	if (!number)
		return 0;
	w->stack_used[number] = true;
	return w->id_offset + number * w->id_stride;
}

static const char *const functions[] = {"main.main",
                                        "main.worker",
                                        "main.(*Pool).run",
                                        "net/http.(*conn).serve",
                                        "runtime.gcBgMarkWorker",
                                        "main.main.func1",
                                        "sync.(*Mutex).Lock",
                                        ""};

/* Stack `number` has the same frames in every generation, and another outermost function than its neighbour. */
static void put_stacks(struct gen_writer *w, struct gen_bytes *data)
{
	put_byte(data, 2);
	for (unsigned n = 1; n < w->stack_count; n++) {
		if (!w->stack_used[n])
			continue;
		put_byte(data, 3);
		gen_put_varint(data, gen_stack(w, n));
		unsigned frames = 1 + n % FRAMES;
		gen_put_varint(data, frames);
		for (unsigned f = 0; f < frames; f++) {
			gen_put_varint(data, 0x400000 + n * 64u + f * 8u);
			gen_put_varint(data, gen_string(w, functions[(n + f) % 7]));
			gen_put_varint(data, gen_string(w, "/src/main.go"));
			gen_put_varint(data, 10 + n + f);
		}
	}
}

static void put_strings(struct gen_writer *w, struct gen_bytes *data)
{
	put_byte(data, 4);
	for (unsigned i = 0; i < w->string_count; i++) {
		put_byte(data, 5);
		gen_put_varint(data, w->id_offset + i * w->id_stride);
		gen_put_varint(data, strlen(w->strings[i]));
		gen_put(data, w->strings[i], strlen(w->strings[i]));
	}
}

static void put_sync(struct gen_writer *w, struct gen_bytes *data)
{
	if (w->version >= 25)
		put_byte(data, 0x32);
	put_byte(data, 8);
	gen_put_varint(data, w->frequency);
	if (w->version >= 25) {
		put_byte(data, 0x33);
		gen_put_varint(data, 1);
		gen_put_varint(data, (w->start + 1) * 64);
		gen_put_varint(data, 1767225600 + w->generation);
		gen_put_varint(data, 250);
	}
}

void gen_generation_end(struct gen_writer *w, uint64_t time)
{
	for (unsigned i = 0; i < w->stream_count; i++)
		close_batch(w, &w->streams[i]);

	struct gen_bytes data = {0};
	put_sync(w, &data);
	put_batch(w, &w->out, NONE, w->start, &data);

	// Threads' batches in any order, but each thread's own in order.
	unsigned left = 0;
	for (unsigned i = 0; i < w->stream_count; i++)
		left += (unsigned)w->streams[i].size_count;
	while (left) {
		struct gen_stream *s = &w->streams[gen_below(w->rng, w->stream_count)];
		if (s->taken == s->size_count)
			continue;
		gen_put(&w->out, s->batches.at + s->taken_bytes, s->sizes[s->taken]);
		s->taken_bytes += s->sizes[s->taken++];
		left--;
	}
	if (w->samples.len) {
		data.len = 0;
		put_byte(&data, 6);
		gen_put(&data, w->samples.at, w->samples.len);
		put_batch(w, &w->out, NONE, time, &data);
	}
	data.len = 0;
	put_stacks(w, &data);  // before the strings: frames name some
	put_batch(w, &w->out, NONE, time, &data);
	data.len = 0;
	put_strings(w, &data);
	put_batch(w, &w->out, NONE, time, &data);
	if (w->version >= 26)
		put_byte(&w->out, 0x34);
	free(data.at);
}
