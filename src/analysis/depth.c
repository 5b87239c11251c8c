/* SPDX-License-Identifier: MIT */
/* Sorting blocks of edges, and one walk over them together with what the procs did. */
#include "analysis/depth.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_EDGES 65536  // about
#define BLOCKS_MAX (1u << 16)
#define SHIFT_MAX 31u

bool depth_begin(struct depth *d, const struct kymo_trace *t, kymo_ns from, kymo_ns to,
                 uint64_t records, unsigned parts, struct kymo_sched_slice *slice, size_t slices,
                 size_t most_listed)
{
	*d = (struct depth){.t = t,
	                    .from = from,
	                    .to = to,
	                    .parts = parts,
	                    .slice = slice,
	                    .slices = slices,
	                    .most_listed = most_listed};
	uint64_t length = (uint64_t)(to - from);
	d->shift = 23;  // with the direction 24 bits: two passes of a sort
	while (d->shift > 10 && records >> 1 > (length >> d->shift) * BLOCK_EDGES)
		d->shift--;
	while (d->shift < SHIFT_MAX && length >> d->shift >= BLOCKS_MAX)
		d->shift++;
	bool far = length >> d->shift >= BLOCKS_MAX;
	d->block_count = far ? 0 : (size_t)(length >> d->shift) + 1;
	d->longest = calloc(most_listed + 1, sizeof *d->longest);
	bool ok = d->longest && vec_push(&d->at_depth, 0);
	for (unsigned i = 0; i < parts; i++) {
		struct depth_edges *e = &d->edges[i];
		e->from = from;
		e->to = to;
		e->shift = d->shift;
		e->blocks = far ? NULL : calloc(d->block_count, sizeof *e->blocks);
		ok = ok && (far || e->blocks);
	}
	return ok;
}

void depth_free(struct depth *d)
{
	for (unsigned k = 0; k < d->parts; k++) {
		struct depth_edges *e = &d->edges[k];
		arena_free(&e->arena);
		free(e->blocks);
		vec_free(&e->far);
	}
	free(d->longest);
	vec_free(&d->at_depth);
}

/* ---- chunks ---- */

struct depth_chunk {
	uint32_t before;  // 0: none
	uint32_t room;
	uint32_t at[];
};
#define FIRST_ROOM 62  // with its head 256 bytes; many blocks have few
#define ROOM 1022

bool depth_more(struct depth_edges *e, struct depth_block *b)
{
	uint32_t room = b->chunk ? ROOM : FIRST_ROOM;
	uint32_t ref = arena_alloc(&e->arena, sizeof(struct depth_chunk) + room * sizeof(uint32_t));
	if (ref == 0)
		return false;
	struct depth_chunk *c = arena_at(&e->arena, ref);
	c->before = b->chunk;
	c->room = room;
	*b = (struct depth_block){c->at, room, b->count, ref};
	return true;
}

/* Copies a block's edges, in any order, and says where they end. */
static uint32_t *copy_block(const struct depth_edges *e, const struct depth_block *b, uint32_t *to)
{
	uint32_t left = b->left;
	for (uint32_t ref = b->chunk; ref; left = 0) {
		const struct depth_chunk *c = arena_at(&e->arena, ref);
		memcpy(to, c->at, (c->room - left) * sizeof *to);
		to += c->room - left;
		ref = c->before;
	}
	return to;
}

/* ---- sorting ---- */

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static int by_long_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

#define DIGITS_MAX (1u << 12)

/* Sorts `at`; `spare` has room for as many. Where the result lies. */
static uint32_t *sort_block(uint32_t *at, size_t n, uint32_t *spare, unsigned bits)
{
	if (n < 512) {
		if (n)
			qsort(at, n, sizeof *at, by_number);
		return at;
	}
	uint32_t *from = at, *to = spare;
	unsigned passes = bits <= 24 ? 2 : 3, digit = (bits + passes - 1) / passes;
	uint32_t digits = 1u << digit;
	for (unsigned shift = 0; shift < bits; shift += digit) {
		uint32_t counts[DIGITS_MAX], sum = 0;
		memset(counts, 0, digits * sizeof *counts);
		for (size_t i = 0; i < n; i++)
			counts[from[i] >> shift & (digits - 1)]++;
		for (size_t k = 0; k < digits; k++) {
			uint32_t c = counts[k];
			counts[k] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			to[counts[from[i] >> shift & (digits - 1)]++] = from[i];
		uint32_t *x = from;
		from = to;
		to = x;
	}
	return from;
}

typedef VEC(uint32_t) word_vec;

/* What all threads have of a block, gathered into the first half of `room`, which grows as it must; SIZE_MAX: no memory. */
static size_t gather(const struct depth *d, size_t block, word_vec *room)
{
	size_t n = 0;
	for (unsigned i = 0; i < d->parts; i++)
		n += d->edges[i].blocks[block].count;
	if (!vec_reserve(room, n * 2))
		return SIZE_MAX;
	uint32_t *to = room->at;
	for (unsigned i = 0; i < d->parts; i++)
		to = copy_block(&d->edges[i], &d->edges[i].blocks[block], to);
	return n;
}

/* ---- what the procs do ---- */

enum side_kind { SIDE_SLICE, SIDE_GOMAXPROCS, SIDE_HELD, SIDE_STOPPED, SIDE_END };
struct side {
	kymo_ns time;
	uint32_t kind;
	int64_t value;  // +1, -1; the new GOMAXPROCS
};
typedef VEC(struct side) side_vec;

static int by_time(const void *a, const void *b)
{
	const struct side *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static bool interval(const struct depth *d, side_vec *v, kymo_ns a, kymo_ns b, enum side_kind kind)
{
	a = a > d->from ? a : d->from;
	if (a >= b || a >= d->to)
		return true;
	return vec_push(v, ((struct side){a, kind, 1})) &&
	       (b >= d->to || vec_push(v, ((struct side){b, kind, -1})));
}

static bool sides(const struct depth *d, side_vec *v)
{
	const struct kymo_trace *t = d->t;
	const struct kymo_series *m = &t->series[KYMO_METRIC_GOMAXPROCS];
	bool ok = true;
	for (size_t i = 1; i < d->slices && ok; i++)
		ok = vec_push(v, ((struct side){d->slice[i].from, SIDE_SLICE, 0}));
	// The first one holds before, too.
	for (uint32_t i = 0; i < m->count && ok; i++) {
		if (m->time[i] >= d->to && i)
			break;
		if (i + 1 < m->count && m->time[i + 1] <= d->from)
			continue;
		kymo_ns at = i && m->time[i] > d->from ? m->time[i] : d->from;
		int64_t n = m->value[i] < INT32_MAX ? (int64_t)m->value[i] : INT32_MAX;
		ok = vec_push(v, ((struct side){at, SIDE_GOMAXPROCS, n}));
	}
	for (uint32_t i = 0; i < t->bindings.count && ok; i++)
		if (t->bindings.proc[i])
			ok = interval(d, v, t->bindings.start[i], t->bindings.end[i], SIDE_HELD);
	for (uint32_t i = 0; i < t->ranges.count && ok; i++)
		if (t->ranges.kind[i] == KYMO_RANGE_STW)
			ok = interval(d, v, t->ranges.start[i], t->ranges.end[i], SIDE_STOPPED);
	ok = ok && vec_push(v, ((struct side){d->to, SIDE_END, 0}));
	if (ok)
		qsort(v->at, v->count, sizeof *v->at, by_time);
	return ok;
}

/* ---- the walk ---- */

struct sweep {
	struct depth *d;
	const struct side *side;
	kymo_ns last;         // everything is told until here
	kymo_ns procs_since;  // and `available` until here
	size_t slice;
	int64_t area;          // depth times ns in this slice
	uint32_t depth, most;  // most: in this slice
	int64_t procs, held, stopped;
	struct kymo_sched_starved now;  // to: not set; from < 0: none
	bool failed;
};

/* Keeps the longest; of equal ones the earlier. */
static void list_starved(struct depth *d, const struct kymo_sched_starved *s)
{
	size_t i = d->listed;
	if (!d->most_listed)
		return;
	if (i == d->most_listed) {
		i--;
		if (d->longest[i].to - d->longest[i].from >= s->to - s->from)
			return;
	} else {
		d->listed++;
	}
	for (; i > 0 && d->longest[i - 1].to - d->longest[i - 1].from < s->to - s->from; i--)
		d->longest[i] = d->longest[i - 1];
	d->longest[i] = *s;
}

static void end_starved(struct sweep *w, kymo_ns time)
{
	w->now.to = time;
	if (w->now.from >= 0 && time > w->now.from) {
		w->d->starved += time - w->now.from;
		w->d->starved_count++;
		list_starved(w->d, &w->now);
	}
	w->now.from = -1;
}

/* After a change at `time`. */
static inline void note(struct sweep *w, kymo_ns time)
{
	if (likely(w->held >= w->procs || w->depth == 0 || w->stopped > 0)) {
		if (w->now.from >= 0)
			end_starved(w, time);
		return;
	}
	if (w->now.from < 0)
		w->now = (struct kymo_sched_starved){.from = time};
	uint32_t idle = (uint32_t)(w->procs - w->held);
	w->now.runnable = w->depth > w->now.runnable ? w->depth : w->now.runnable;
	w->now.idle = idle > w->now.idle ? idle : w->now.idle;
}

/* Nothing changes until `time`. */
static inline void pass(struct sweep *w, kymo_ns time)
{
	kymo_ns dt = time - w->last;
	if (w->depth > w->most && dt > 0)
		w->most = w->depth;
	w->d->at_depth.at[w->depth] += dt;
	w->area += dt * (int64_t)w->depth;
	w->last = time;
}

static void end_slice(struct sweep *w)
{
	struct kymo_sched_slice *s = &w->d->slice[w->slice++];
	if (s->to > s->from)
		s->depth_mean = (double)w->area / (double)(s->to - s->from);
	s->depth_max = w->most;
	w->area = 0;
	w->most = 0;
}

/* Events of procs up to and at `time`. */
static __attribute__((noinline)) void catch_up(struct sweep *w, kymo_ns time)
{
	for (; w->side->time <= time; w->side++) {
		kymo_ns at = w->side->time;
		pass(w, at);
		w->d->slice[w->slice].available += w->procs * (at - w->procs_since);
		w->d->available += w->procs * (at - w->procs_since);
		w->procs_since = at;
		switch (w->side->kind) {
		case SIDE_SLICE: end_slice(w); break;
		case SIDE_GOMAXPROCS: w->procs = w->side->value; break;
		case SIDE_HELD: w->held += w->side->value; break;
		case SIDE_STOPPED: w->stopped += w->side->value; break;
		case SIDE_END:
			end_slice(w);
			end_starved(w, at);
			return;
		}
		note(w, at);
	}
}

static inline void edge(struct sweep *w, kymo_ns time, bool up)
{
	if (unlikely(w->side->time <= time))
		catch_up(w, time);
	pass(w, time);
	w->depth = up ? w->depth + 1 : w->depth - 1;
	if (unlikely(w->depth >= w->d->at_depth.count) && !vec_push(&w->d->at_depth, 0)) {
		w->failed = true;
		w->depth--;
	}
	note(w, time);
}

static bool sweep_blocks(struct sweep *w)
{
	struct depth *d = w->d;
	word_vec room = {0};
	bool ok = true;
	for (size_t i = 0; i < d->block_count && ok; i++) {
		size_t n = gather(d, i, &room);
		if (n == SIZE_MAX) {
			ok = false;
			break;
		}
		const uint32_t *edges = n ? sort_block(room.at, n, room.at + n, d->shift + 1) : NULL;
		kymo_ns base = d->from + (kymo_ns)((uint64_t)i << d->shift);
		for (size_t k = 0; k < n && !w->failed; k++)
			edge(w, base + (edges[k] >> 1), edges[k] & 1);
		ok = !w->failed;
	}
	vec_free(&room);
	return ok;
}

/* The window is so long that its blocks would be too many: few edges, then, for their number. */
static bool sweep_far(struct sweep *w)
{
	struct depth *d = w->d;
	VEC(uint64_t) all = {0};
	bool ok = true;
	for (unsigned i = 0; i < d->parts && ok; i++)
		for (size_t k = 0; k < d->edges[i].far.count && ok; k++)
			ok = vec_push(&all, d->edges[i].far.at[k]);
	if (ok && all.count)
		qsort(all.at, all.count, sizeof *all.at, by_long_number);
	for (size_t i = 0; i < all.count && ok; i++) {
		edge(w, d->from + (kymo_ns)(all.at[i] >> 1), all.at[i] & 1);
		ok = !w->failed;
	}
	vec_free(&all);
	return ok;
}

bool depth_sweep(struct depth *d)
{
	side_vec v = {0};
	struct sweep w = {.d = d, .last = d->from, .procs_since = d->from, .now = {.from = -1}};
	bool ok = sides(d, &v);
	for (unsigned i = 0; i < d->parts; i++)
		ok = ok && !d->edges[i].failed;
	if (ok) {
		w.side = v.at;
		ok = sweep_blocks(&w) && sweep_far(&w);
	}
	if (ok)
		catch_up(&w, d->to);
	while (d->at_depth.count > 1 && d->at_depth.at[d->at_depth.count - 1] == 0)
		d->at_depth.count--;
	vec_free(&v);
	return ok;
}
