/* SPDX-License-Identifier: MIT */
/* A profile as pprof's protobuf. What is said twice (texts, functions, locations) is written once and numbered. */
#include <kymo/profile.h>
#include <kymo/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "export/export.h"
#include "export/pprof.pb-c.h"

#define GO_MAX_FRAMES 129  // Go's loop stops behind the 128th

/* A number for each different key of two words. */
struct numbering {
	struct {
		uint64_t a, b;
		uint32_t number;
	} * slots;
	uint32_t mask, count;
};

struct writer {
	const struct kymo_trace *t;
	bool go;
	VEC(char *) strings;
	uint32_t *string_of;  // [strings of the trace] number + 1
	VEC(Pprof__Function) functions;
	VEC(Pprof__Location) locations;
	VEC(Pprof__Line) lines;  // one a location
	struct numbering function_ids, location_ids;
	bool failed;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = a * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 32) ^ b) * 0xff51afd7ed558ccdu;
	return h ^ (h >> 29);
}

static bool numbering_grow(struct numbering *n)
{
	struct numbering bigger = {.mask = n->slots ? n->mask * 2 + 1 : 255, .count = n->count};
	bigger.slots = calloc((size_t)bigger.mask + 1, sizeof *bigger.slots);
	if (!bigger.slots)
		return false;
	for (uint32_t i = 0; n->slots && i <= n->mask; i++) {
		if (!n->slots[i].number)
			continue;
		uint32_t at = (uint32_t)mix(n->slots[i].a, n->slots[i].b) & bigger.mask;
		while (bigger.slots[at].number)
			at = (at + 1) & bigger.mask;
		bigger.slots[at] = n->slots[i];
	}
	free(n->slots);
	*n = bigger;
	return true;
}

/* The number of a key, from 1; *is_new if it did not have one. 0: no memory. */
static uint32_t number_of(struct numbering *n, uint64_t a, uint64_t b, bool *is_new)
{
	*is_new = false;
	if (n->count * 2 >= (n->slots ? n->mask : 0) && !numbering_grow(n))
		return 0;
	uint32_t at = (uint32_t)mix(a, b) & n->mask;
	for (; n->slots[at].number; at = (at + 1) & n->mask)
		if (n->slots[at].a == a && n->slots[at].b == b)
			return n->slots[at].number;
	n->slots[at].a = a;
	n->slots[at].b = b;
	n->slots[at].number = ++n->count;
	*is_new = true;
	return n->count;
}

/* Protobuf's texts are UTF-8 and end with NUL here: what is neither becomes '?'. */
static int64_t text(struct writer *w, const char *s, size_t len)
{
	char *copy = malloc(len + 1);
	if (!copy || !vec_push(&w->strings, copy)) {
		free(copy);
		w->failed = true;
		return 0;
	}
	for (size_t i = 0; i < len;) {
		uint32_t rune;
		size_t n = s[i] ? utf8_decode(s + i, len - i, &rune) : 0;
		if (n == 0) {
			copy[i++] = '?';
			continue;
		}
		memcpy(copy + i, s + i, n);
		i += n;
	}
	copy[len] = 0;
	return (int64_t)w->strings.count - 1;
}

static int64_t literal(struct writer *w, const char *s)
{
	for (size_t i = 0; i < w->strings.count && i < 16; i++)
		if (strcmp(w->strings.at[i], s) == 0)
			return (int64_t)i;
	return text(w, s, strlen(s));
}

static int64_t string(struct writer *w, kymo_string_ix ix)
{
	if (!w->string_of[ix]) {
		struct kymo_str s = kymo_trace_string(w->t, ix);
		w->string_of[ix] = (uint32_t)(s.len ? text(w, s.ptr, s.len) : 0) + 1;
	}
	return (int64_t)w->string_of[ix] - 1;
}

static uint64_t function(struct writer *w, const struct kymo_frame *f)
{
	bool is_new;
	uint32_t id = number_of(&w->function_ids, (uint64_t)f->func << 32 | f->file, 0, &is_new);
	if (is_new) {
		Pprof__Function fn = PPROF__FUNCTION__INIT;
		fn.id = id;
		fn.name = fn.system_name = string(w, f->func);
		fn.filename = string(w, f->file);
		w->failed |= !vec_push(&w->functions, fn);
	}
	w->failed |= id == 0;
	return id;
}

/* Go: a location per PC, so frames inlined into one place all show the innermost function. Here: one per frame. */
static uint64_t location(struct writer *w, const struct kymo_frame *f)
{
	bool is_new;
	uint64_t fn = w->go ? 0 : function(w, f);
	uint32_t id = number_of(&w->location_ids, f->pc, w->go ? 0 : mix(fn, f->line), &is_new);
	if (is_new) {
		Pprof__Location l = PPROF__LOCATION__INIT;
		Pprof__Line line = PPROF__LINE__INIT;
		l.id = id;
		l.address = f->pc;
		line.function_id = w->go ? function(w, f) : fn;
		line.line = (int64_t)f->line;
		w->failed |= !vec_push(&w->locations, l) || !vec_push(&w->lines, line);
	}
	w->failed |= id == 0;
	return id;
}

/* ---- samples: their ids, values and labels lie in one block each ---- */

#define LABELS 5

struct samples {
	Pprof__Sample *at, **ptr;
	uint64_t *ids;
	int64_t *values;
	Pprof__Label *labels, **label_ptrs;
};

static void samples_free(struct samples *s)
{
	free(s->at);
	free(s->ptr);
	free(s->ids);
	free(s->values);
	free(s->labels);
	free(s->label_ptrs);
}

static size_t frames_of(const struct writer *w, kymo_stack_ix stack, const struct kymo_frame **f)
{
	size_t n;
	*f = kymo_trace_stack(w->t, stack, &n);
	return w->go && n > GO_MAX_FRAMES ? GO_MAX_FRAMES : n;
}

static bool samples_make(struct samples *s, const struct writer *w, const struct kymo_profile *p)
{
	size_t frames = 0, n = p->count + 1;
	const struct kymo_frame *f;
	for (size_t i = 0; i < p->count; i++)
		frames += frames_of(w, p->samples[i].stack, &f);
	*s = (struct samples){
		.at = malloc(n * sizeof *s->at),
		.ptr = malloc(n * sizeof *s->ptr),
		.ids = malloc((frames + 1) * sizeof *s->ids),
		.values = malloc(n * 2 * sizeof *s->values),
		.labels = malloc(n * LABELS * sizeof *s->labels),
		.label_ptrs = malloc(n * LABELS * sizeof *s->label_ptrs),
	};
	return s->at && s->ptr && s->ids && s->values && s->labels && s->label_ptrs;
}

static size_t put_label(struct writer *w, Pprof__Label *labels, size_t n, const char *key,
                        int64_t value)
{
	if (value == 0)
		return n;
	labels[n] = (Pprof__Label)PPROF__LABEL__INIT;
	labels[n].key = literal(w, key);
	labels[n].str = value;
	return n + 1;
}

static void fill_samples(struct samples *s, struct writer *w, const struct kymo_profile *p,
                         const struct kymo_profile_options *o)
{
	uint64_t *ids = s->ids;
	bool whose = o->labels && p->kind != KYMO_PROFILE_CREATE && p->kind != KYMO_PROFILE_STW &&
	             p->kind != KYMO_PROFILE_CPU;
	for (size_t i = 0; i < p->count; i++) {
		const struct kymo_profile_sample *x = &p->samples[i];
		const struct kymo_frame *f;
		size_t n = frames_of(w, x->stack, &f), labels = 0;
		Pprof__Label *l = s->labels + i * LABELS;
		s->at[i] = (Pprof__Sample)PPROF__SAMPLE__INIT;
		s->ptr[i] = &s->at[i];
		s->at[i].n_location_id = n;
		s->at[i].location_id = ids;
		for (size_t k = 0; k < n; k++)
			*ids++ = location(w, &f[k]);
		s->values[2 * i] = (int64_t)x->count;
		s->values[2 * i + 1] = x->ns;
		s->at[i].n_value = p->kind == KYMO_PROFILE_CPU ? 1 : 2;
		s->at[i].value = s->values + 2 * i;
		labels = put_label(w, l, labels, "group", string(w, x->group));
		labels = put_label(w, l, labels, "reason", string(w, x->reason));
		labels = put_label(w, l, labels, "region", string(w, x->region));
		labels = put_label(w, l, labels, "task", string(w, x->task));
		if (whose)
			labels = put_label(
				w, l, labels, "stack",
				literal(w, p->stack == KYMO_STACK_WAKER ? "waker" : "waiter"));
		for (size_t k = 0; k < labels; k++)
			s->label_ptrs[i * LABELS + k] = &l[k];
		s->at[i].n_label = labels;
		s->at[i].label = s->label_ptrs + i * LABELS;
	}
}

/* ---- the whole ---- */

static Pprof__ValueType value_type(struct writer *w, const char *type, const char *unit)
{
	Pprof__ValueType v = PPROF__VALUE_TYPE__INIT;
	v.type = literal(w, type);
	v.unit = literal(w, unit);
	return v;
}

static int64_t wall_of(const struct kymo_trace *t)
{
	const struct kymo_trace_info *info = kymo_trace_info(t);
	int64_t ns;
	if (!info->clock.present ||
	    __builtin_mul_overflow(info->clock.wall_sec, INT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(
		    ns, (int64_t)info->clock.wall_nsec - (info->clock.trace - info->start), &ns))
		return 0;
	return ns;
}

static bool deflate_into(const uint8_t *bytes, size_t len, struct buf *out)
{
	z_stream z = {0};
	gz_header head = {.os = 255};  // no time, no system: the same bytes everywhere
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return false;
	deflateSetHeader(&z, &head);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	int r = Z_OK;
	for (size_t left = len; r == Z_OK;) {
		uint8_t chunk[16384];
		uInt in = z.avail_in;
		if (in == 0) {
			in = left > 1u << 30 ? 1u << 30 : (uInt)left;
			left -= in;
			z.avail_in = in;
		}
		z.next_out = chunk;
		z.avail_out = sizeof chunk;
		r = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
		buf_put(out, chunk, sizeof chunk - z.avail_out);
	}
	deflateEnd(&z);
	return r == Z_STREAM_END && !out->failed;
}

static bool pack(Pprof__Profile *p, struct buf *out)
{
	size_t len = pprof__profile__get_packed_size(p);
	uint8_t *bytes = malloc(len + 1);
	bool ok = bytes && pprof__profile__pack(p, bytes) == len && deflate_into(bytes, len, out);
	free(bytes);
	return ok;
}

static void writer_free(struct writer *w)
{
	for (size_t i = 0; i < w->strings.count; i++)
		free(w->strings.at[i]);
	vec_free(&w->strings);
	vec_free(&w->functions);
	vec_free(&w->locations);
	vec_free(&w->lines);
	free(w->string_of);
	free(w->function_ids.slots);
	free(w->location_ids.slots);
}

/* Pointers to each element: protobuf-c takes arrays of pointers. */
#define POINTERS(type, v, out) \
	do { \
		(out) = malloc(((v)->count + 1) * sizeof *(out)); \
		for (size_t i_ = 0; (out) && i_ < (v)->count; i_++) \
			(out)[i_] = &(v)->at[i_]; \
	} while (0)

static bool build(struct writer *w, struct samples *s, const struct kymo_profile *p,
                  const struct kymo_profile_options *o, struct buf *out)
{
	Pprof__Profile m = PPROF__PROFILE__INIT;
	Pprof__Function **functions = NULL;
	Pprof__Location **locations = NULL;
	Pprof__Line **lines = NULL;
	text(w, "", 0);
	Pprof__ValueType types[2], period = value_type(w, "trace", "count"),
				   *type_ptrs[2] = {&types[0], &types[1]};
	types[0] = value_type(w,
	                      p->kind == KYMO_PROFILE_CPU      ? "samples"
	                      : p->kind == KYMO_PROFILE_CREATE ? "goroutines"
	                                                       : "contentions",
	                      "count");
	types[1] = value_type(w, "delay", "nanoseconds");
	m.n_sample_type = p->kind == KYMO_PROFILE_CPU ? 1 : 2;
	m.sample_type = type_ptrs;
	m.period_type = &period;
	m.period = 1;
	static const char *const keys[] = {"group", "reason", "region", "task",
	                                   "stack", "waiter", "waker"};
	for (size_t i = 0; o->labels && i < sizeof keys / sizeof *keys; i++)
		literal(w, keys[i]);
	int64_t comment = 0;
	if (!w->go) {
		char said[64];
		snprintf(said, sizeof said, "kymo pprof %s, stacks of the %s",
		         kymo_profile_name(p->kind),
		         p->kind == KYMO_PROFILE_CREATE ? "creator"
		         : p->stack == KYMO_STACK_WAKER ? "waker"
		                                        : "goroutine itself");
		comment = literal(w, said);
		m.n_comment = 1;
		m.comment = &comment;
		m.time_nanos = wall_of(w->t);
		m.duration_nanos = kymo_trace_info(w->t)->duration;
		if (m.n_sample_type == 2)
			m.default_sample_type = types[1].type;
	}
	fill_samples(s, w, p, o);
	POINTERS(Pprof__Function, &w->functions, functions);
	POINTERS(Pprof__Location, &w->locations, locations);
	POINTERS(Pprof__Line, &w->lines, lines);
	bool ok = !w->failed && functions && locations && lines;
	for (size_t i = 0; ok && i < w->locations.count; i++) {
		w->locations.at[i].n_line = 1;
		w->locations.at[i].line = &lines[i];
	}
	m.n_sample = p->count;
	m.sample = s->ptr;
	m.n_function = w->functions.count;
	m.function = functions;
	m.n_location = w->locations.count;
	m.location = locations;
	m.n_string_table = w->strings.count;
	m.string_table = w->strings.at;
	ok = ok && pack(&m, out);
	free(functions);
	free(locations);
	free(lines);
	return ok;
}

enum kymo_status kymo_export_pprof(const struct kymo_trace *t, const struct kymo_profile *p,
                                   const struct kymo_profile_options *options,
                                   const struct kymo_sink *sink, struct kymo_error *err)
{
	struct writer w = {.t = t, .go = options->rules == KYMO_RULES_GO126};
	struct samples s = {0};
	struct buf out = {0};
	w.string_of = calloc(kymo_trace_string_count(t), sizeof *w.string_of);
	bool ok = w.string_of && samples_make(&s, &w, p) && build(&w, &s, p, options, &out);
	samples_free(&s);
	writer_free(&w);
	enum kymo_status st = KYMO_OK;
	if (!ok)
		st = error_memory(err);
	else if (!sink->write(sink->ctx, out.ptr, out.len))
		st = error_set(err, KYMO_E_IO, 0, 0, "the output was refused");
	buf_free(&out);
	return st;
}
