/* SPDX-License-Identifier: MIT */
#include "trace/generation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/batch.h"
#include "wire/spec.h"
#include "wire/varint.h"

#define BROKEN(off, ...) error_set(err, KYMO_E_DAMAGED, (off), g->number, __VA_ARGS__)

/* A cursor over the records of one structural batch. */
struct rec {
	const uint8_t *p, *end, *base;
};

static bool num(struct rec *r, uint64_t *v)
{
	return varint_read(&r->p, r->end, v);
}

static size_t off(const struct rec *r)
{
	return (size_t)(r->p - r->base);
}

static enum kymo_status cut(struct generation *g, const struct rec *r, const char *what,
                            struct kymo_error *err)
{
	return BROKEN(off(r), "%s record at offset %zu is malformed or runs past its batch", what,
	              off(r));
}

static enum kymo_status add_strings(struct generation *g, struct rec *r, struct kymo_error *err)
{
	r->p++;
	while (r->p < r->end) {
		uint64_t id, len;
		if (*r->p != WIRE_String)
			return BROKEN(off(r), "expected a string record at offset %zu, got event %u",
			              off(r), *r->p);
		r->p++;
		if (!num(r, &id) || !num(r, &len))
			return cut(g, r, "string", err);
		if (len > WIRE_MAX_STRING_BYTES)
			return BROKEN(off(r),
			              "string of %" PRIu64
			              " bytes at offset %zu exceeds the limit %u",
			              len, off(r), WIRE_MAX_STRING_BYTES);
		if (len > (size_t)(r->end - r->p))
			return cut(g, r, "string", err);
		if (id == 0)
			return BROKEN(off(r), "string at offset %zu has the reserved id 0", off(r));
		if (!vec_push(&g->raw_strings, ((struct gen_raw_string){id, r->p, (uint32_t)len})))
			return error_memory(err);
		r->p += len;
	}
	return KYMO_OK;
}

static enum kymo_status add_stacks(struct generation *g, struct rec *r, struct kymo_error *err)
{
	r->p++;
	while (r->p < r->end) {
		uint64_t id, count;
		if (*r->p != WIRE_Stack)
			return BROKEN(off(r), "expected a stack record at offset %zu, got event %u",
			              off(r), *r->p);
		r->p++;
		if (!num(r, &id) || !num(r, &count))
			return cut(g, r, "stack", err);
		if (count > WIRE_MAX_FRAMES)
			return BROKEN(off(r),
			              "stack of %" PRIu64
			              " frames at offset %zu exceeds the limit %u",
			              count, off(r), WIRE_MAX_FRAMES);
		if (id == 0)
			return BROKEN(off(r), "stack at offset %zu has the reserved id 0", off(r));
		if (g->raw_frames.count + count > UINT32_MAX)
			return error_set(err, KYMO_E_LIMIT, off(r), g->number,
			                 "more stack frames than can be counted");
		struct gen_raw_stack s = {id, (uint32_t)g->raw_frames.count, (uint32_t)count};
		for (uint64_t i = 0; i < count; i++) {
			struct gen_raw_frame f;
			if (!num(r, &f.pc) || !num(r, &f.func) || !num(r, &f.file) ||
			    !num(r, &f.line))
				return cut(g, r, "stack", err);
			if (!vec_push(&g->raw_frames, f))
				return error_memory(err);
		}
		if (!vec_push(&g->raw_stacks, s))
			return error_memory(err);
	}
	return KYMO_OK;
}

/* The time stays in ticks until the frequency is known. */
static enum kymo_status add_samples(struct generation *g, struct rec *r, struct kymo_error *err)
{
	r->p++;
	while (r->p < r->end) {
		struct gen_sample s;
		uint64_t ticks;
		if (*r->p != WIRE_CPUSample)
			return BROKEN(off(r),
			              "expected a CPU sample record at offset %zu, got event %u",
			              off(r), *r->p);
		r->p++;
		if (!num(r, &ticks) || !num(r, &s.thread) || !num(r, &s.proc) ||
		    !num(r, &s.goroutine) || !num(r, &s.stack_id))
			return cut(g, r, "CPU sample", err);
		if (s.goroutine == 0)
			s.goroutine = KYMO_NONE;
		s.time = (kymo_ns)ticks;
		s.order = g->samples.count;
		if (!vec_push(&g->samples, s))
			return error_memory(err);
	}
	return KYMO_OK;
}

static enum kymo_status add_sync(struct generation *g, struct rec *r, uint64_t batch_time,
                                 unsigned version, struct kymo_error *err)
{
	uint64_t at_ticks = batch_time;
	if (version >= 25)
		r->p++;
	while (r->p < r->end) {
		uint64_t v;
		switch (*r->p) {
		case WIRE_Frequency:
			r->p++;
			if (!num(r, &v))
				return cut(g, r, "frequency", err);
			if (g->has_freq)
				return BROKEN(off(r), "found a second frequency event at offset %zu",
				              off(r));
			if (v == 0)
				return BROKEN(off(r), "frequency 0 at offset %zu", off(r));
			g->has_freq = true;
			g->ns_per_tick = 1.0 / ((double)v / 1e9);
			break;
		case WIRE_ClockSnapshot: {
			uint64_t dt, mono, sec, nsec;
			if (version < 25)
				return BROKEN(off(r),
				              "expected frequency event at offset %zu, got event %u",
				              off(r), *r->p);
			r->p++;
			if (!num(r, &dt) || !num(r, &mono) || !num(r, &sec) || !num(r, &nsec))
				return cut(g, r, "clock snapshot", err);
			if (g->has_clock)
				return BROKEN(off(r), "found a second clock snapshot at offset %zu",
				              off(r));
			if (nsec >= 1000000000 || sec > INT64_MAX / 1000000000 ||
			    dt > UINT64_MAX - at_ticks)
				return BROKEN(off(r), "clock snapshot at offset %zu is out of range",
				              off(r));
			at_ticks += dt;
			g->has_clock = true;
			g->clock_ticks = at_ticks;
			g->clock = (struct kymo_clock_snapshot){true, 0, mono, (int64_t)sec,
			                                        (uint32_t)nsec};
			break;
		}
		default:
			return BROKEN(off(r), "expected frequency event at offset %zu, got event %u",
			              off(r), *r->p);
		}
	}
	return KYMO_OK;
}

static enum kymo_status add_timed(struct generation *g, const struct wire_batch *b, size_t at,
                                  struct kymo_error *err)
{
	if (b->len && b->data[0] == WIRE_EndOfGeneration)
		return BROKEN(at, "the batch before offset %zu holds an end of generation", at);
	if (g->batches.count == 0 && !vec_push(&g->batches, ((struct gen_batch){0})))
		return error_memory(err);
	if (g->batches.count >= UINT32_MAX)
		return error_set(err, KYMO_E_LIMIT, 0, g->number, "more batches than can be counted");
	uint32_t *ix = idmap_put(&g->thread_ix, b->thread);
	if (!ix)
		return error_memory(err);
	uint32_t batch = (uint32_t)g->batches.count;
	if (!vec_push(&g->batches, ((struct gen_batch){b->data, (uint32_t)b->len, 0, b->time})))
		return error_memory(err);
	if (*ix == 0) {
		if (!vec_push(&g->threads, ((struct gen_thread){b->thread, batch, batch})))
			return error_memory(err);
		*ix = (uint32_t)g->threads.count;
	} else {
		struct gen_thread *t = &g->threads.at[*ix - 1];
		g->batches.at[t->last].next = batch;
		t->last = batch;
	}
	return KYMO_OK;
}

static enum kymo_status add_batch(struct gen_reader *r, struct generation *g,
                                  const struct wire_batch *b, struct kymo_error *err)
{
	struct rec rec = {b->data, b->data + b->len, r->bytes};
	if (g->min_time == 0 || b->time < g->min_time)
		g->min_time = b->time;
	switch (b->kind) {
	case WIRE_BATCH_STRINGS: return add_strings(g, &rec, err);
	case WIRE_BATCH_STACKS: return add_stacks(g, &rec, err);
	case WIRE_BATCH_SAMPLES: return add_samples(g, &rec, err);
	case WIRE_BATCH_SYNC: return add_sync(g, &rec, b->time, r->version, err);
	case WIRE_BATCH_EXPERIMENTAL:
		if (!vec_push(&g->experimental,
		              ((struct gen_experimental){b->experiment, b->thread, b->data,
		                                         (uint32_t)b->len})))
			return error_memory(err);
		return KYMO_OK;
	default: return add_timed(g, b, r->at, err);
	}
}

/* ---- when all batches are there ---- */

static enum kymo_status ids_add(struct gen_ids *ids, uint64_t id, uint32_t ix, struct kymo_error *err)
{
	return vec_push(&ids->all, ((struct gen_id){id, ix})) ? KYMO_OK : error_memory(err);
}

/* Makes look-ups possible; a duplicate is an error. */
static enum kymo_status ids_seal(struct generation *g, struct gen_ids *ids, const char *what,
                                 struct kymo_error *err)
{
	uint64_t max = 0;
	for (size_t i = 0; i < ids->all.count; i++)
		if (ids->all.at[i].id > max)
			max = ids->all.at[i].id;
	uint64_t limit = (uint64_t)ids->all.count * 16 + 4096;
	ids->dense_count = (size_t)(max < limit ? max : limit) + 1;
	ids->dense = malloc(ids->dense_count * sizeof *ids->dense);
	if (!ids->dense)
		return error_memory(err);
	memset(ids->dense, 0xff, ids->dense_count * sizeof *ids->dense);
	ids->dense[0] = 0;
	for (size_t i = 0; i < ids->all.count; i++) {
		struct gen_id e = ids->all.at[i];
		bool twice;
		if (e.id < ids->dense_count) {
			twice = ids->dense[e.id] != GEN_NO_ID;
			ids->dense[e.id] = e.ix;
		} else {
			uint32_t *v = idmap_put(&ids->sparse, e.id);
			if (!v)
				return error_memory(err);
			twice = *v != 0;
			*v = e.ix + 1;
		}
		if (twice)
			return BROKEN(g->begin,
			              "%s id %" PRIu64 " is defined twice in generation %" PRIu64,
			              what, e.id, g->number);
	}
	vec_free(&ids->all);
	return KYMO_OK;
}

static enum kymo_status intern_strings(struct gen_reader *r, struct generation *g,
                                       struct kymo_error *err)
{
	for (size_t i = 0; i < g->raw_strings.count; i++) {
		struct gen_raw_string s = g->raw_strings.at[i];
		uint32_t ix = tables_string(r->tables, (const char *)s.ptr, s.len);
		if (ix == TABLES_FAILED)
			return error_memory(err);
		if (ids_add(&g->strings, s.id, ix, err) != KYMO_OK)
			return KYMO_E_MEMORY;
		while (r->string_seen.count <= ix)
			if (!vec_push(&r->string_seen, 0))
				return error_memory(err);
		r->distinct_strings += ix != 0 && !r->string_seen.at[ix];
		r->string_seen.at[ix] = 1;
	}
	return ids_seal(g, &g->strings, "string", err);
}

static enum kymo_status intern_stacks(struct gen_reader *r, struct generation *g,
                                      struct kymo_error *err)
{
	struct idmap first_of_pc = {0};  // pc -> raw frame + 1, only for go_frames
	enum kymo_status st = KYMO_OK;
	struct kymo_frame f[WIRE_MAX_FRAMES];
	memset(f, 0, sizeof f);
	for (size_t i = 0; i < g->raw_stacks.count && st == KYMO_OK; i++) {
		struct gen_raw_stack s = g->raw_stacks.at[i];
		for (uint32_t k = 0; k < s.count; k++) {
			const struct gen_raw_frame *raw = &g->raw_frames.at[s.from + k];
			if (r->go_frames) {
				uint32_t *first = idmap_put(&first_of_pc, raw->pc);
				if (!first) {
					st = error_memory(err);
					break;
				}
				if (*first == 0)
					*first = s.from + k + 1;
				raw = &g->raw_frames.at[*first - 1];
			}
			f[k] = (struct kymo_frame){raw->pc, raw->line, gen_id(&g->strings, raw->func),
			                           gen_id(&g->strings, raw->file)};
			if (f[k].func == GEN_NO_ID || f[k].file == GEN_NO_ID) {
				st = BROKEN(g->begin,
				            "found invalid %s string ID %" PRIu64
				            " for stack %" PRIu64 " in generation %" PRIu64,
				            f[k].func == GEN_NO_ID ? "func" : "file",
				            f[k].func == GEN_NO_ID ? raw->func : raw->file, s.id,
				            g->number);
				break;
			}
		}
		if (st != KYMO_OK)
			break;
		uint32_t ix = tables_stack(r->tables, f, s.count);
		st = ix == TABLES_FAILED ? error_memory(err) : ids_add(&g->stacks, s.id, ix, err);
	}
	idmap_free(&first_of_pc);
	return st == KYMO_OK ? ids_seal(g, &g->stacks, "stack", err) : st;
}

static int by_time(const void *a, const void *b)
{
	const struct gen_sample *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static enum kymo_status finish(struct gen_reader *r, struct generation *g, struct kymo_error *err)
{
	enum kymo_status st;
	if (!g->has_freq)
		return BROKEN(g->begin, "no frequency event found in generation %" PRIu64 "%s",
		              g->number, r->at == r->len ? ": the input was probably cut off" : "");
	if (r->version >= 25 && !g->has_clock)
		return BROKEN(g->begin, "no clock snapshot event found in generation %" PRIu64,
		              g->number);
	if ((st = intern_strings(r, g, err)) != KYMO_OK || (st = intern_stacks(r, g, err)) != KYMO_OK)
		return st;
	if (g->has_clock && !gen_ns(g, g->clock_ticks, &g->clock.trace))
		return BROKEN(g->begin, "clock snapshot of generation %" PRIu64 " is out of range",
		              g->number);
	for (size_t i = 0; i < g->samples.count; i++)
		if (!gen_ns(g, (uint64_t)g->samples.at[i].time, &g->samples.at[i].time))
			return BROKEN(g->begin,
			              "time of a CPU sample in generation %" PRIu64
			              " is out of range",
			              g->number);
	if (g->samples.count)
		qsort(g->samples.at, g->samples.count, sizeof *g->samples.at, by_time);
	vec_free(&g->raw_strings);
	vec_free(&g->raw_stacks);
	vec_free(&g->raw_frames);
	return KYMO_OK;
}

/* Formats before 1.26: a generation ends where the next begins, or with the file. */
static enum gen_outcome read_spilling(struct gen_reader *r, struct generation *g,
                                      struct kymo_error *err)
{
	if (r->pending.status != KYMO_OK) {
		*err = r->pending;
		return GEN_BROKEN;
	}
	if (r->at == r->len && r->any)
		return GEN_END;
	while (r->at < r->len) {
		struct wire_batch b;
		size_t at = r->at;
		if (wire_batch_next(r->bytes, r->len, &r->at, r->version, &b, err) != KYMO_OK) {
			// The bad batch may belong to the next generation: this one stands, unless its number says otherwise.
			if (g->number == 0 || r->bytes[at] == WIRE_EndOfGeneration)
				return GEN_BROKEN;
			r->pending = *err;
			break;
		}
		if (b.generation == 0) {
			BROKEN(at, "invalid generation number 0 in the batch at offset %zu", at);
			return GEN_BROKEN;
		}
		if (g->number == 0)
			g->number = b.generation;
		if (b.generation == g->number + 1) {
			r->at = at;
			break;
		}
		if (b.generation != g->number) {
			BROKEN(at,
			       "generations out of order: a batch of %" PRIu64
			       " at offset %zu inside generation %" PRIu64,
			       b.generation, at, g->number);
			return GEN_BROKEN;
		}
		if (add_batch(r, g, &b, err) != KYMO_OK)
			return GEN_BROKEN;
	}
	g->end = r->at;
	return finish(r, g, err) == KYMO_OK ? GEN_READY : GEN_BROKEN;
}

/* Format 1.26: a generation ends with a byte of its own. */
static enum gen_outcome read_delimited(struct gen_reader *r, struct generation *g,
                                       struct kymo_error *err)
{
	for (;;) {
		struct wire_batch b;
		size_t at = r->at;
		if (at == r->len) {
			if (g->batches.count == 0)
				return GEN_END;
			BROKEN(at,
			       "generation %" PRIu64
			       " is incomplete: the input was cut off at offset %zu",
			       g->number, at);
			return GEN_BROKEN;
		}
		if (wire_batch_next(r->bytes, r->len, &r->at, r->version, &b, err) != KYMO_OK) {
			err->generation = g->number;
			return GEN_BROKEN;
		}
		if (b.kind == WIRE_BATCH_END)
			break;
		if (b.generation == 0) {
			BROKEN(at, "invalid generation number 0 in the batch at offset %zu", at);
			return GEN_BROKEN;
		}
		if (g->number == 0)
			g->number = b.generation;
		if (b.generation != g->number) {
			BROKEN(at,
			       "a batch of generation %" PRIu64
			       " at offset %zu inside generation %" PRIu64,
			       b.generation, at, g->number);
			return GEN_BROKEN;
		}
		if (add_batch(r, g, &b, err) != KYMO_OK)
			return GEN_BROKEN;
	}
	g->end = r->at;
	return finish(r, g, err) == KYMO_OK ? GEN_READY : GEN_BROKEN;
}

enum gen_outcome gen_read(struct gen_reader *r, struct generation *g, struct kymo_error *err)
{
	*g = (struct generation){.begin = r->at};
	enum gen_outcome out = r->version < 26 ? read_spilling(r, g, err) : read_delimited(r, g, err);
	if (out == GEN_READY)
		r->any = true;
	else if (out == GEN_BROKEN && err->generation == 0)
		err->generation = g->number;
	return out;
}

uint32_t gen_id_sparse(struct gen_ids *ids, uint64_t id)
{
	const uint32_t *v = idmap_get(&ids->sparse, id);
	return v && *v ? *v - 1 : GEN_NO_ID;
}

static void ids_free(struct gen_ids *ids)
{
	free(ids->dense);
	idmap_free(&ids->sparse);
	vec_free(&ids->all);
}

void gen_free(struct generation *g)
{
	vec_free(&g->batches);
	vec_free(&g->threads);
	idmap_free(&g->thread_ix);
	vec_free(&g->samples);
	vec_free(&g->experimental);
	ids_free(&g->strings);
	ids_free(&g->stacks);
	vec_free(&g->raw_strings);
	vec_free(&g->raw_stacks);
	vec_free(&g->raw_frames);
	*g = (struct generation){0};
}
