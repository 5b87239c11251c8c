/* SPDX-License-Identifier: MIT */
/*
 * The waits of a selection: which goroutines are to be walked when, and which blocks of what is kept of the trace's waits
 * (wait_index.h) stand for the rest. Without such, or where it cannot help, all are walked.
 *
 *     struct wait_scope s;
 *     wait_scope_make(&s, t, sel, true);
 *     unsigned n = wait_scope_begin(&s, &goroutines);          // as parallel_begin
 *             ... parallel_take(&goroutines, &i, &end) ...
 *             kymo_goroutine_ix g = wait_scope_row(&s, i);
 *             for (unsigned k = 0; k < s.part_count; k++)
 *                     if (wait_part_meets(&s.parts[k], extent, &at))
 *                             ... walk_window(t, g, at.from, at.to, ...): those with wait_part_has(&s.parts[k], end) ...
 *     wait_scope_sum(&s, target, visit, ctx);                  // and what the blocks hold
 *     wait_scope_free(&s);
 *
 * Each wait of the selection that has some length in it comes once, one way or the other.
 */
#ifndef KYMO_ANALYSIS_WAIT_SCOPE_H
#define KYMO_ANALYSIS_WAIT_SCOPE_H

#include "analysis/parallel.h"
#include "analysis/select.h"
#include "analysis/wait_index.h"

/* A stretch to be walked, of which those waits count that end in (after, by]. */
struct wait_part {
	kymo_ns from, to;
	kymo_ns after, by;
};

struct wait_scope {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;  // NULL: everything
	unsigned part_count;
	struct wait_part parts[2];  // by time
	kymo_goroutine_ix *rows;    // those that live in a part; NULL: all
	size_t row_count;
	const struct wait_index *index;  // NULL: there is nothing but the parts
	uint32_t first, end;             // its blocks
	uint8_t *groups;                 // [strings] nonzero: selected; NULL: all
};

/*
 * `sel` as analyses take it. `kept` false: all are to be walked. It cannot fail: what there is no memory for is walked.
 * Cost: O(goroutines) where there is an index.
 */
void wait_scope_make(struct wait_scope *s, const struct kymo_trace *t,
                     const struct kymo_selection *sel, bool kept);
void wait_scope_free(struct wait_scope *s);

static inline unsigned wait_scope_begin(const struct wait_scope *s, struct parallel *p)
{
	kymo_ns from = select_from(s->sel), to = select_to(s->sel, s->t);
	return s->rows ? parallel_begin_rows(p, s->t, from, to, s->rows, s->row_count)
	               : parallel_begin(p, s->t, from, to);
}

static inline kymo_goroutine_ix wait_scope_row(const struct wait_scope *s, size_t i)
{
	return s->rows ? s->rows[i] : (kymo_goroutine_ix)i;
}

/* What of a goroutine's `extent` (select_begin) the part walks; false: nothing. */
static inline bool wait_part_meets(const struct wait_part *p, const struct kymo_interval *extent,
                                   struct kymo_interval *out)
{
	out->from = p->from > extent->from ? p->from : extent->from;
	out->to = p->to < extent->to ? p->to : extent->to;
	return out->from < out->to;
}

/* Whether a wait that ends then is one of the part's. */
static always_inline bool wait_part_has(const struct wait_part *p, kymo_ns end)
{
	return end > p->after && end <= p->by;
}

/* Whether waits of this key may be selected. */
static inline bool wait_scope_has(const struct wait_scope *s, const struct wait_key *k)
{
	return !s->groups || s->groups[k->group];
}

/*
 * What the blocks add to targets[key] (UINT32_MAX: nothing): sums of many waits, or one wait, cut at the selection's
 * begin; `lengths` are those of a sum (of BLOCKED and CALL), NULL for one wait. False from it ends it.
 */
typedef bool wait_scope_visit(void *ctx, uint32_t target, const struct wait_sum *sum,
                              const uint32_t *lengths);

static always_inline bool wait_scope_sum(const struct wait_scope *s, const uint32_t *targets,
                                         wait_scope_visit *visit, void *ctx)
{
	kymo_ns from = select_from(s->sel);
	for (uint32_t b = s->first; b < s->end; b++) {
		const struct wait_block *x = &s->index->blocks[b];
		const uint32_t *lengths = x->lengths;
		for (uint32_t i = 0; i < x->sum_count; i++) {
			const struct wait_sum *sum = &x->sums[i];
			uint32_t target = targets[sum->key];
			if (target != UINT32_MAX && !visit(ctx, target, sum, lengths))
				return false;
			if (s->index->keys[sum->key].what != WAIT_READY)
				lengths += sum->count;
		}
		for (uint32_t i = 0; i < x->single_count; i++) {
			const struct wait_single *one = &x->singles[i];
			uint32_t target = targets[one->key];
			if (target == UINT32_MAX)
				continue;
			kymo_ns start = one->start > from ? one->start : from;
			kymo_ns lost = one->lost > from ? one->lost : from;
			const struct wait_sum sum = {
				.ns = one->end - start,
				.longest = one->end - start,
				.longest_at = one->start,
				.without = one->end - lost,
				.key = one->key,
				.count = 1,
				.longest_goroutine = one->g,
			};
			if (!visit(ctx, target, &sum, NULL))
				return false;
		}
	}
	return true;
}

#endif
