/* SPDX-License-Identifier: MIT */
/*
 * All spans of a goroutine, front to back, with only what a pyramid needs. About a quarter of the
 * cost of the public cursor, which makes forty bytes of each; this is the one place where src/serve looks
 * into the store.
 *
 *     static always_inline void visit(void *ctx, const struct scan_span *s) { ... }
 *     scan_each(t, g, visit, &mine);         // `visit` is inlined into the loop
 */
#ifndef KYMO_SERVE_SCAN_H
#define KYMO_SERVE_SCAN_H

#include "trace/store.h"

struct scan_span {
	kymo_ns start, end;
	uint32_t aux;   // RUNNING, SYSCALL: proc, 0 none. WAITING: index into the store's `reasons`
	uint8_t state;  // enum kymo_span_state
};

typedef void scan_visit(void *ctx, const struct scan_span *s);

/* The states of the five kinds of record that nearly all are; the others come after them. */
static inline uint8_t scan_state(uint32_t kind)
{
	static const uint8_t states[] = {
		[REC_RUNNING] = KYMO_SPAN_RUNNING,  [REC_WOKEN] = KYMO_SPAN_RUNNABLE,
		[REC_STOPPED] = KYMO_SPAN_RUNNABLE, [REC_WAITING] = KYMO_SPAN_WAITING,
		[REC_SYSCALL] = KYMO_SPAN_SYSCALL,
	};
	return states[kind];
}

/*
 * The state of a record of one of the other kinds; KYMO_SPAN_NONE for an escape, which moves
 * `time`, or widens `aux` of the record behind it (which is in the same chunk): then `*p` is moved
 * on to that.
 */
static inline uint8_t scan_rare(const uint32_t **p, kymo_ns *time, uint32_t *aux)
{
	uint32_t w = (*p)[1], kind = w & 7, stack = w >> 11;
	if (kind == REC_ESCAPE && *aux == ESC_TIME)
		*time += (kymo_ns)stack << 32;
	if (kind == REC_ESCAPE && *aux != ESC_WIDE)
		return KYMO_SPAN_NONE;
	if (kind == REC_ESCAPE) {
		uint32_t wide_stack = (*p)[0];
		*p += 2;
		kind = (*p)[1] & 7;
		*aux = stack;
		stack = wide_stack;
	}
	if (kind == REC_CREATED) {
		*aux = 0;  // was the creator's proc
		return stack ? KYMO_SPAN_WAITING : KYMO_SPAN_RUNNABLE;
	}
	if (kind == REC_MISC)
		return *aux == MISC_SYSCALL_EXIT ? KYMO_SPAN_RUNNABLE : KYMO_SPAN_SYSCALL_BLOCKED;
	return kind == REC_ESCAPE ? KYMO_SPAN_NONE : scan_state(kind);
}

static always_inline void scan_each(const struct kymo_trace *t, kymo_goroutine_ix g,
                                    scan_visit *visit, void *ctx)
{
	struct span_scan chunks;
	struct scan_span span = {.state = KYMO_SPAN_NONE};
	span_scan_begin(&chunks, t, g);
	kymo_ns time = chunks.time;
	do {
		for (const uint32_t *p = chunks.p, *end = chunks.end; p != end; p += 2) {
			uint32_t kind = p[1] & 7, aux = p[1] >> 3 & 0xff;
			uint8_t state;
			if (likely(kind <= REC_SYSCALL)) {
				state = scan_state(kind);
			} else {
				state = scan_rare(&p, &time, &aux);
				if (state == KYMO_SPAN_NONE)
					continue;
			}
			time += p[0];
			span.end = time;
			if (likely(span.state != KYMO_SPAN_NONE))
				visit(ctx, &span);
			span.start = time;
			span.aux = aux;
			span.state = state;
		}
	} while (span_scan_more(&chunks));
	if (span.state != KYMO_SPAN_NONE) {
		span.end = t->g.end.at[g];
		visit(ctx, &span);
	}
}

#endif
