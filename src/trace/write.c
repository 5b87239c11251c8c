/* SPDX-License-Identifier: MIT */
/* The two long tables: span records of goroutines, runs of procs. */
#include "trace/write.h"

#include <stdlib.h>

#define AHEAD 12u  // changes: as long as a miss takes

/* ---- span records ---- */

/* The next chunk of a goroutine; what is left of this one is filled. */
static __attribute__((noinline)) bool more_records(struct writer *w, struct life *s)
{
	for (; s->w < s->wend; s->w += 2) {
		s->w[0] = 0;
		s->w[1] = REC(REC_ESCAPE, ESC_NOP, 0);
	}
	uint32_t n = chunk_records(s->chunks);
	uint32_t ref = arena_alloc(&w->t->spans, n * 8);
	if (!ref || !vec_push(&w->span_chunks, ((struct chunk_of){{ref, s->last}, s->row}))) {
		writer_no_memory(w);
		return false;
	}
	s->chunks++;
	s->w = arena_at(&w->t->spans, ref);
	s->wend = s->w + (size_t)n * 2;
	return true;
}

/* A record with escapes before it. */
static __attribute__((noinline)) void wide_record(struct writer *w, struct life *s, kymo_ns at,
                                                  uint32_t kind, uint32_t aux, uint32_t stack)
{
	uint64_t dt = (uint64_t)(at - s->last), high = dt >> 32;
	bool wide = aux > REC_AUX_MAX || stack > REC_STACK_MAX;
	uint32_t need = 1 + wide + (uint32_t)((high + REC_STACK_MAX - 1) / REC_STACK_MAX);
	// Together in one chunk, so that a search never lands between them. (2^32 ns * 2^21 are 285 years: one escape.)
	while (s->wend - s->w < (ptrdiff_t)need * 2)
		if (!more_records(w, s))
			return;
	uint32_t *p = s->w;
	for (; high; p += 2) {
		uint32_t part = high > REC_STACK_MAX ? REC_STACK_MAX : (uint32_t)high;
		p[0] = 0;
		p[1] = REC(REC_ESCAPE, ESC_TIME, part);
		high -= part;
	}
	if (wide) {
		p[0] = stack;
		p[1] = REC(REC_ESCAPE, ESC_WIDE, aux);
		p += 2;
		aux = stack = 0;
	}
	p[0] = (uint32_t)dt;
	p[1] = REC(kind, aux, stack);
	s->w = p + 2;
	s->last = at;
}

static always_inline void record(struct writer *w, struct life *s, kymo_ns at, uint32_t kind,
                                 uint32_t aux, uint32_t stack)
{
	uint64_t dt = (uint64_t)(at - s->last);
	if (unlikely(dt >> 32 || aux > REC_AUX_MAX || stack > REC_STACK_MAX)) {
		wide_record(w, s, at, kind, aux, stack);
		return;
	}
	if (unlikely(s->w == s->wend) && !more_records(w, s))
		return;
	s->w[0] = (uint32_t)dt;
	s->w[1] = REC(kind, aux, stack);
	s->w += 2;
	s->last = at;
}

/* ---- lives ---- */

static bool open_life(struct writer *w, const struct change *c)
{
	const struct change_open *more = (const void *)(c + 1);
	struct goroutine_columns *col = &w->t->g;
	if (col->id.count > RUN_ROW) {
		w->failed = KYMO_E_LIMIT;
		return false;
	}
	WRITER_SLOT(w, &w->lives, c->g, (struct life){0});
	uint32_t ref = arena_alloc(&w->t->spans, chunk_records(0) * 8);
	uint8_t flags = more->creator == CHANGE_EXISTED ? KYMO_G_EXISTED : 0;
	bool ok = w->failed == KYMO_OK && ref && vec_push(&col->id, more->id) &&
	          vec_push(&col->begin, c->at) && vec_push(&col->end, c->at) &&
	          vec_push(&col->seen, more->seen) && vec_push(&col->name, 0) &&
	          vec_push(&col->start_stack, 0) &&
	          vec_push(&col->create_stack, more->create_stack) &&
	          vec_push(&col->creator, writer_row(w, more->creator)) &&
	          vec_push(&col->span_records, 0) && vec_push(&col->flags, flags) &&
	          vec_push(&col->first_chunk, ref);
	if (!ok) {
		writer_no_memory(w);
		return false;
	}
	uint32_t *at = arena_at(&w->t->spans, ref);
	w->lives.at[c->g] = (struct life){
		.w = at,
		.wend = at + (size_t)chunk_records(0) * 2,
		.last = c->at,
		.row = (uint32_t)col->id.count - 1,
		.chunks = 1,
	};
	return true;
}

/* Records are counted when their writing ends: a goroutine's last chunk tells how full it is. */
static void close_life(struct writer *w, struct life *s, kymo_ns end)
{
	uint32_t n = 0;
	if (!s->chunks)
		return;
	for (uint32_t i = 0; i + 1 < s->chunks; i++)
		n += chunk_records(i);
	n += chunk_records(s->chunks - 1) - (uint32_t)((s->wend - s->w) / 2);
	w->t->g.span_records.at[s->row] = n;
	w->t->g.end.at[s->row] = end;
	s->chunks = 0;
}

/* ---- runs ---- */

static __attribute__((noinline)) void write_run(struct writer *w, struct proc_runs *s, uint32_t dt,
                                                uint32_t duration, uint32_t word)
{
	if (s->w == s->wend) {
		uint32_t n = chunk_records(s->chunks), row = (uint32_t)(s - w->procs.at);
		uint32_t ref = arena_alloc(&w->t->runs, n * 12);
		if (!ref || !vec_push(&w->run_chunks, ((struct chunk_of){{ref, s->last}, row}))) {
			writer_no_memory(w);
			return;
		}
		s->chunks++;
		s->w = arena_at(&w->t->runs, ref);
		s->wend = s->w + (size_t)n * 3;
	}
	s->w[0] = dt;
	s->w[1] = duration;
	s->w[2] = word;
	s->w += 3;
	s->records++;
}

/* A run that needs a new chunk, or more than one record. */
static __attribute__((noinline)) void end_long_run(struct writer *w, struct proc_runs *s, kymo_ns at)
{
	uint64_t dt = (uint64_t)(s->run_start - s->last), left = (uint64_t)(at - s->run_start);
	uint32_t word = s->run_row | (s->in_syscall ? RUN_SYSCALL : 0);
	if (unlikely(dt >> 32)) {
		write_run(w, s, 0, (uint32_t)(dt >> 32), 0);
		s->last += (kymo_ns)(dt >> 32 << 32);
		dt &= UINT32_MAX;
	}
	// Pieces, where one record cannot say how long it was. `last` is what a reader counts from, before each record.
	while (unlikely(left > UINT32_MAX)) {
		write_run(w, s, (uint32_t)dt, UINT32_MAX, word);
		s->last += (kymo_ns)dt;
		left -= UINT32_MAX;
		dt = UINT32_MAX;
		word |= RUN_CONTINUES;
	}
	write_run(w, s, (uint32_t)dt, (uint32_t)left, word);
	s->last += (kymo_ns)dt;
}

static always_inline void end_run(struct writer *w, struct proc_runs *s, kymo_ns at)
{
	uint64_t dt = (uint64_t)(s->run_start - s->last), duration = (uint64_t)(at - s->run_start);
	s->run_g = 0;
	if (unlikely(s->w == s->wend || (dt | duration) >> 32)) {
		end_long_run(w, s, at);
		return;
	}
	s->w[0] = (uint32_t)dt;
	s->w[1] = (uint32_t)duration;
	s->w[2] = s->run_row | (s->in_syscall ? RUN_SYSCALL : 0);
	s->w += 3;
	s->records++;
	s->last = s->run_start;
}

static always_inline void change_run(struct writer *w, const struct change *c, uint32_t row)
{
	if (unlikely(c->p >= w->procs.count)) {
		WRITER_SLOT(w, &w->procs, c->p, (struct proc_runs){0});
		if (w->failed != KYMO_OK)
			return;
	}
	struct proc_runs *r = &w->procs.at[c->p];
	if (c->what & CHANGE_RUN) {
		if (unlikely(r->run_g))
			end_run(w, r, c->at);
		r->run_g = c->g;
		r->run_row = row;
		r->run_start = c->at;
		r->in_syscall = c->what & CHANGE_SYSCALL;
	} else if (c->what & CHANGE_LEAVE) {
		if (likely(r->run_g == c->g))
			end_run(w, r, c->at);
	} else if (c->what & CHANGE_SYSCALL) {
		r->in_syscall = true;
	} else if (r->run_g) {
		end_run(w, r, c->at);
	}
}

/* ---- changes ---- */

#define RUN_ACTIONS (CHANGE_RUN | CHANGE_SYSCALL | CHANGE_LEAVE | CHANGE_IDLE)

/* How many parts it had. */
static always_inline size_t apply(struct writer *w, const struct change *c)
{
	size_t parts = 1;
	if (unlikely(c->what & CHANGE_OTHER)) {
		writer_other(w, c);
		return CHANGE_KIND(c->what) >= CHANGE_WITH_MORE ? 2 : 1;
	}
	if (unlikely(c->what & CHANGE_OPEN)) {
		if (!open_life(w, c))
			return 1;
		parts = 2;
	}
	struct life *s = &w->lives.at[c->g];
	if (likely(c->what & CHANGE_RECORD))
		record(w, s, c->at, CHANGE_KIND(c->what), CHANGE_AUX(c->what), c->stack);
	if (c->what & RUN_ACTIONS)
		change_run(w, c, s->row);
	if (unlikely(c->what & CHANGE_CLOSE)) {
		w->t->g.flags.at[s->row] |= KYMO_G_ENDED;
		close_life(w, s, c->at);
	}
	return parts;
}

enum kymo_status writer_apply(void *ctx, const struct change *c, size_t count)
{
	struct writer *w = ctx;
	const struct change *end = c + count;
	while (c < end && likely(w->failed == KYMO_OK)) {
		// Where the goroutine of a change ahead writes; nearer by, that place itself. (A second part names no slot.)
		if (likely(end - c > 2 * AHEAD)) {
			uint32_t far = c[2 * AHEAD].g, near = c[AHEAD].g;
			__builtin_prefetch(c + 6 * AHEAD);
			if (likely(far < w->lives.count))
				__builtin_prefetch(&w->lives.at[far], 1);
			if (likely(near < w->lives.count))
				__builtin_prefetch(w->lives.at[near].w, 1);
		}
		c += apply(w, c);
	}
	return w->failed;
}

/* ---- begin and end ---- */

bool writer_begin(struct writer *w, struct kymo_trace *t)
{
	struct goroutine_columns *c = &t->g;
	*w = (struct writer){.t = t};
	return vec_push(&c->id, 0) && vec_push(&c->begin, 0) && vec_push(&c->end, 0) &&
	       vec_push(&c->seen, 0) && vec_push(&c->name, 0) && vec_push(&c->start_stack, 0) &&
	       vec_push(&c->create_stack, 0) && vec_push(&c->creator, 0) &&
	       vec_push(&c->span_records, 0) && vec_push(&c->flags, 0) &&
	       vec_push(&c->first_chunk, 0) && vec_push(&w->lives, (struct life){0}) &&
	       vec_push(&w->procs, (struct proc_runs){0});
}

enum kymo_status writer_end(struct writer *w, kymo_ns end)
{
	for (size_t i = 1; i < w->procs.count; i++)
		if (w->procs.at[i].run_g)
			end_run(w, &w->procs.at[i], end);
	for (size_t i = 1; i < w->lives.count; i++)
		close_life(w, &w->lives.at[i], end);
	for (size_t i = 1; i < w->threads.count; i++)
		writer_close_binding(w, &w->threads.at[i], (uint32_t)i, end);
	return w->failed;
}

void writer_free(struct writer *w)
{
	vec_free(&w->lives);
	vec_free(&w->procs);
	vec_free(&w->threads);
	vec_free(&w->span_chunks);
	vec_free(&w->run_chunks);
	vec_free(&w->bindings);
	vec_free(&w->ranges);
}
