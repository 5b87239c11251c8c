/* SPDX-License-Identifier: MIT */
#include "trace/order.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/header.h"
#include "wire/spec.h"
#include "wire/varint.h"

enum kymo_status order_open(struct order *o, struct kymo_input *in,
                            const struct kymo_reader_options *opt, struct kymo_error *err)
{
	*o = (struct order){.in = in};
	o->bytes = kymo_input_bytes(in, &o->len);
	enum kymo_status st = wire_header_read(o->bytes, o->len, &o->version, err);
	if (st != KYMO_OK)
		return st;
	if (!tables_init(&o->tables))
		return error_memory(err);
	o->end.time = INT64_MAX;
	o->reader = (struct gen_reader){
		.bytes = o->bytes,
		.len = o->len,
		.at = WIRE_HEADER_BYTES,
		.version = o->version,
		.go_frames = opt && opt->go_frames,
		.tables = &o->tables,
	};
	if (opt) {
		o->progress = opt->progress;
		o->progress_ctx = opt->progress_ctx;
	}
	o->complete_end = WIRE_HEADER_BYTES;
	o->report_step = o->len / 128 + 1;
	bool ok = vec_push(&o->gs, ((struct order_g){0})) &&
	          vec_push(&o->ps, ((struct order_p){0})) &&
	          vec_push(&o->ms, ((struct order_m){0})) &&
	          vec_push(&o->nodes, ((struct order_node){0})) &&
	          vec_push(&o->tasks, ((struct order_task){0}));
#define NAME(field, text) \
	ok = ok && (o->field = tables_string(&o->tables, text, sizeof text - 1)) != TABLES_FAILED
	NAME(name_gc, "GC concurrent mark phase");
	NAME(name_sweep, "GC incremental sweep");
	NAME(name_assist, "GC mark assist");
	NAME(name_gomaxprocs, "/sched/gomaxprocs:threads");
	NAME(name_heap_live, "/memory/classes/heap/objects:bytes");
	NAME(name_heap_goal, "/gc/heap/goal:bytes");
#undef NAME
	return ok ? KYMO_OK : error_memory(err);
}

void order_close(struct order *o)
{
	gen_free(&o->gen);
	tables_free(&o->tables);
	vec_free(&o->reader.string_seen);
	vec_free(&o->gs);
	vec_free(&o->ps);
	vec_free(&o->ms);
	vec_free(&o->free_gs);
	idmap_free(&o->g_ix);
	idmap_free(&o->p_ix);
	idmap_free(&o->m_ix);
	idmap_free(&o->task_ix);
	vec_free(&o->nodes);
	vec_free(&o->tasks);
	vec_free(&o->cursors);
	free(o->heap);
}

enum step order_broken(struct order *o, const struct cursor *c, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	size_t at = c && c->p ? (size_t)(c->p - o->bytes) : o->reader.at;
	error_set(&o->err, KYMO_E_DAMAGED, at, o->gen.number,
	          "%s (%s, before offset %zu, generation %" PRIu64 ")", text,
	          c && wire_event(o->wire_type) ? wire_event(o->wire_type)->name : "event", at,
	          o->gen.number);
	return STEP_BROKEN;
}

enum step order_no_memory(struct order *o)
{
	error_memory(&o->err);
	return STEP_BROKEN;
}

/* ---- a generation ---- */

static bool push_cursor(struct order *o, struct cursor *c)
{
	if (o->heap_count + 3 > o->heap_cap) {
		size_t cap = o->heap_cap ? o->heap_cap * 2 : 64;
		struct cursor **h = realloc(o->heap, cap * sizeof *h);
		if (!h)
			return false;
		o->heap = h;
		o->heap_cap = cap;
	}
	o->heap[o->heap_count++] = c;
	o->heap[o->heap_count] = o->heap[o->heap_count + 1] = &o->end;
	order_heap_update(o, o->heap_count - 1);
	return true;
}

enum gen_outcome order_next_generation(struct order *o, kymo_ns *sync_time, bool *sync_due)
{
	*sync_due = true;
	enum gen_outcome out = gen_read(&o->reader, &o->gen, &o->err);
	if (out != GEN_READY) {
		*sync_due = out == GEN_END || o->err.status == KYMO_E_DAMAGED;
		return out;
	}
	o->gen_ordinal++;
	o->sample_at = 0;
	o->heap_count = 0;
	o->cursors.count = 0;
	double k = o->gen.ns_per_tick;
	o->whole_ns = k >= 1 && k < 4096 && k == (double)(uint64_t)k ? (uint64_t)k : 0;
	double max = 4e18 / k;
	o->max_ticks = max < 1.8e19 ? (uint64_t)max : UINT64_MAX;
	uint64_t exact = o->whole_ns ? ((uint64_t)1 << 53) / o->whole_ns : UINT64_MAX;
	o->fast_ticks = exact < o->max_ticks ? exact : o->max_ticks;
	// An error before the generation's Sync is reported instead of it.
	*sync_due = false;
	if (!gen_ns(&o->gen, o->gen.min_time, sync_time)) {
		order_broken(o, NULL, "time of a batch out of range");
		return GEN_BROKEN;
	}
	if (!vec_reserve(&o->cursors, o->gen.threads.count)) {
		order_no_memory(o);
		return GEN_BROKEN;
	}
	for (size_t i = 0; i < o->gen.threads.count; i++) {
		struct cursor *c = &o->cursors.at[o->cursors.count++];
		*c = (struct cursor){.thread = o->gen.threads.at[i].id,
		                     .batch = o->gen.threads.at[i].first};
		int r = order_advance_slow(o, c);
		if (r < 0)
			return GEN_BROKEN;
		if (r > 0 && !push_cursor(o, c)) {
			order_no_memory(o);
			return GEN_BROKEN;
		}
	}
	return GEN_READY;
}

kymo_ns order_sync(struct order *o, kymo_ns raw)
{
	o->last = raw > o->last ? raw : o->last + 1;
	o->sync = o->last;
	o->sync_count++;
	return o->last;
}

void order_end_generation(struct order *o)
{
	o->complete_end = o->gen.end;
	o->done_at_complete = o->done_bytes;
	input_release(o->in, o->gen.end);
	gen_free(&o->gen);
}

struct kymo_damage order_damage(const struct order *o)
{
	// What was delivered: whole generations, and of a generation that broke while it was being ordered what came before.
	struct kymo_damage d = {.offset = o->err.offset, .generation = o->err.generation};
	uint64_t used = o->complete_end + (o->done_bytes - o->done_at_complete);
	d.lost_bytes = o->len > used ? o->len - used : 0;
	memcpy(d.message, o->err.message, sizeof d.message);
	return d;
}

/* The next batch of the cursor's thread that holds bytes. */
static int next_batch(struct order *o, struct cursor *c)
{
	while (c->p == c->end) {
		if (c->batch == 0)
			return 0;
		const struct gen_batch *b = &o->gen.batches.at[c->batch];
		c->p = b->data;
		c->end = b->data + b->len;
		c->batch = b->next;
		if (!gen_ns(&o->gen, b->time, &c->time)) {
			order_broken(o, c, "time of a batch out of range");
			return -1;
		}
		o->done_bytes += b->len;
		if (o->done_bytes >= o->report_at && o->progress) {
			o->report_at = o->done_bytes + o->report_step;
			if (o->progress(o->progress_ctx, o->done_bytes, o->len)) {
				error_set(&o->err, KYMO_E_CANCELLED, o->done_bytes, o->gen.number,
				          "stopped on request");
				return -1;
			}
		}
	}
	return 1;
}

int order_advance_slow(struct order *o, struct cursor *c)
{
	int r = next_batch(o, c);
	if (r <= 0)
		return r;
	const struct wire_event *e = wire_event(*c->p);
	c->type = o->wire_type = *c->p++;
	if (!e || e->kind == WIRE_KIND_S) {
		order_broken(o, c, "event type %u where a timed event must stand", c->type);
		return -1;
	}
	uint64_t ticks, arg;
	kymo_ns dt;
	if (!varint_read(&c->p, c->end, &ticks)) {
		order_broken(o, c, "found invalid uvarint for timestamp");
		return -1;
	}
	if (ticks > o->max_ticks || !gen_ns(&o->gen, ticks, &dt) ||
	    __builtin_add_overflow(c->time, dt, &c->time)) {
		order_broken(o, c, "time out of range");
		return -1;
	}
	const uint8_t *p = c->p;
	for (unsigned i = 1; i < e->arg_count; i++)
		if (!varint_read(&p, c->end, &arg)) {
			order_broken(o, c, "found invalid uvarint");
			return -1;
		}
	return 1;
}

/* ---- the heap ---- */

static size_t sift_up(struct cursor **h, size_t i)
{
	while (i > 0 && h[(i - 1) / 2]->time > h[i]->time) {
		struct cursor *c = h[i];
		h[i] = h[(i - 1) / 2];
		i = (i - 1) / 2;
		h[i] = c;
	}
	return i;
}

static void sift_down(struct cursor **h, size_t n, size_t i)
{
	for (;;) {
		size_t m = i, l = 2 * i + 1, r = l + 1;
		if (l < n && h[l]->time < h[m]->time)
			m = l;
		if (r < n && h[r]->time < h[m]->time)
			m = r;
		if (m == i)
			return;
		struct cursor *c = h[i];
		h[i] = h[m];
		h[m] = c;
		i = m;
	}
}

void order_heap_update(struct order *o, size_t i)
{
	if (sift_up(o->heap, i) == i)
		sift_down(o->heap, o->heap_count, i);
}

void order_heap_remove(struct order *o, size_t i)
{
	struct cursor **h = o->heap, *gone = h[i];
	for (; i > 0; i = (i - 1) / 2)
		h[i] = h[(i - 1) / 2];
	h[0] = gone;
	h[0] = h[--o->heap_count];
	h[o->heap_count] = &o->end;
	sift_down(h, o->heap_count, 0);
}

/* Merge sort: stable, and no input makes it quadratic. */
static void merge_sort(struct cursor **a, struct cursor **tmp, size_t n)
{
	if (n <= 12) {
		for (size_t i = 1; i < n; i++) {
			struct cursor *c = a[i];
			size_t j = i;
			for (; j > 0 && a[j - 1]->time > c->time; j--)
				a[j] = a[j - 1];
			a[j] = c;
		}
		return;
	}
	size_t m = n / 2, i = 0, j = m, k = 0;
	merge_sort(a, tmp, m);
	merge_sort(a + m, tmp, n - m);
	while (i < m && j < n)
		tmp[k++] = a[j]->time < a[i]->time ? a[j++] : a[i++];
	while (i < m)
		tmp[k++] = a[i++];
	memcpy(a, tmp, k * sizeof *a);
}

bool order_heap_sort(struct order *o)
{
	struct cursor **tmp = malloc(o->heap_count * sizeof *tmp);
	if (!tmp)
		return false;
	merge_sort(o->heap, tmp, o->heap_count);
	free(tmp);
	return true;
}

/* ---- slots ---- */

uint32_t order_new_g(struct order *o, uint64_t id, uint8_t status)
{
	uint32_t *v = idmap_put(&o->g_ix, id), g;
	if (!v)
		return 0;
	if (o->free_gs.count) {
		g = o->free_gs.at[--o->free_gs.count];
	} else {
		if (o->gs.count >= ORDER_DEAD - 1 || !vec_push(&o->gs, ((struct order_g){0})))
			return 0;
		g = (uint32_t)o->gs.count - 1;
	}
	if (*v == 0)
		o->distinct_gs++;
	*v = g;
	o->gs.at[g] = (struct order_g){.id = id, .gen = o->gen_ordinal, .status = status};
	return g;
}

void order_free_g(struct order *o, uint32_t g)
{
	struct order_g *s = &o->gs.at[g];
	*idmap_get(&o->g_ix, s->id) = ORDER_DEAD;
	while (s->ranges) {
		uint32_t n = s->ranges;
		s->ranges = o->nodes.at[n].next;
		order_free_node(o, n);
	}
	while (s->regions) {
		uint32_t n = s->regions;
		s->regions = o->nodes.at[n].next;
		order_free_node(o, n);
	}
	s->status = G_FREE;
	if (!s->shared)
		(void)vec_push(&o->free_gs,
		               g);  // without memory for it the slot is merely not used again
}

uint32_t order_new_p(struct order *o, uint64_t id, uint8_t status)
{
	uint32_t *v = idmap_put(&o->p_ix, id);
	if (!v || o->ps.count >= ORDER_DEAD - 1)
		return 0;
	if (!vec_push(&o->ps, ((struct order_p){.id = id, .gen = o->gen_ordinal, .status = status})))
		return 0;
	return *v = (uint32_t)o->ps.count - 1;
}

uint32_t order_m_of(struct order *o, uint64_t id)
{
	uint32_t *v = idmap_put(&o->m_ix, id);
	if (!v)
		return 0;
	if (*v == 0) {
		if (o->ms.count >= ORDER_DEAD - 1 || !vec_push(&o->ms, ((struct order_m){.id = id})))
			return 0;
		*v = (uint32_t)o->ms.count - 1;
	}
	return *v;
}

uint32_t order_new_node(struct order *o)
{
	uint32_t n = o->free_node;
	if (n) {
		o->free_node = o->nodes.at[n].next;
		return n;
	}
	if (o->nodes.count >= UINT32_MAX || !vec_push(&o->nodes, ((struct order_node){0})))
		return 0;
	return (uint32_t)o->nodes.count - 1;
}

void order_free_node(struct order *o, uint32_t n)
{
	o->nodes.at[n].next = o->free_node;
	o->free_node = n;
}

kymo_string_ix order_stw_name(struct order *o, kymo_string_ix kind)
{
	char text[WIRE_MAX_STRING_BYTES + 32];
	struct kymo_str s = o->tables.strings.at[kind];
	int n = snprintf(text, sizeof text, "stop-the-world (%.*s)", (int)s.len, s.ptr);
	if (memchr(s.ptr, 0, s.len) != NULL) {  // printf stops at a NUL: put it together by hand
		n = (int)(sizeof "stop-the-world (" - 1);
		memcpy(text + n, s.ptr, s.len);
		n += (int)s.len;
		text[n++] = ')';
	}
	return tables_string(&o->tables, text, (size_t)n);
}
