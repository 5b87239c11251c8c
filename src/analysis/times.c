/* SPDX-License-Identifier: MIT */
/*
 * One pass over the records of a goroutine's spans; plain ones without a branch. Ranges are one pass over their table.
 */
#include "analysis/times_sums.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/select.h"
#include "base/idmap.h"
#include "trace/walk.h"

/*
 * What most records add to: slot of the kind, plus the aux where that is a reason. No branch depends on the kind,
 * because nothing could predict it.
 */
static const uint8_t slot_of[8] = {
	[REC_RUNNING] = SLOT_RUN,    [REC_WOKEN] = SLOT_RUNNABLE,  [REC_STOPPED] = SLOT_RUNNABLE,
	[REC_WAITING] = SLOT_REASON, [REC_SYSCALL] = SLOT_SYSCALL,
};
static const uint8_t aux_mask[8] = {[REC_WAITING] = 0xff};
#define PLAIN_KINDS \
	(1u << REC_RUNNING | 1u << REC_WOKEN | 1u << REC_STOPPED | 1u << REC_WAITING | \
	 1u << REC_SYSCALL)

/*
 * Adds the records from the scan's place on, as long as they are plain ones: `r` holds the one whose state is not yet
 * added, and at the end the first that is not plain, or the last of its chunk, or the last that begins by `to`.
 */
static void add_plain(const struct times_sums *sums, struct span_scan *s, struct span_rec *r,
                      kymo_ns to, kymo_ns sum[SLOTS])
{
	const uint32_t *p = s->p, *end = s->end;
	kymo_ns last;
	const kymo_ns *whole = times_sums_of(sums, s, &last);
	if (whole && last <= to) {
		for (uint32_t i = 0; i < sums->slots; i++)
			sum[sums->slot_of[i]] += whole[i];
		*r = (struct span_rec){last, end[-1] & 7, end[-1] >> 3 & 0xff, end[-1] >> 11};
		s->p = end;
		s->time = last;
		return;
	}
	kymo_ns time = s->time;
	uint32_t slot = (uint32_t)slot_of[r->kind] + (r->aux & aux_mask[r->kind]), w = 0;
	if (!(PLAIN_KINDS >> r->kind & 1) || r->aux > REC_AUX_MAX)
		return;
	for (; p < end && PLAIN_KINDS >> (p[1] & 7) & 1 && time + p[0] <= to; p += 2) {
		w = p[1];
		sum[slot] += p[0];
		time += p[0];
		slot = (uint32_t)slot_of[w & 7] + (w >> 3 & aux_mask[w & 7]);
	}
	if (p == s->p)
		return;
	*r = (struct span_rec){time, w & 7, w >> 3 & 0xff, w >> 11};
	s->p = p;
	s->time = time;
}

/*
 * Adds what of one goroutine's life lies in [from, to); `windowed` is false, and a constant, where that is all of it. The
 * state of a record lasts to the next; what a record means for the sums follows.
 */
static always_inline void add_records(struct times *a, kymo_goroutine_ix g, kymo_ns from,
                                      kymo_ns to, bool windowed, struct kymo_times *sum)
{
	const struct kymo_trace *t = a->t;
	struct span_scan s;
	struct span_rec r, next;
	kymo_ns begin = t->g.begin.at[g], end = t->g.end.at[g];
	bool existed = t->g.flags.at[g] & KYMO_G_EXISTED, first = true,
	     many = t->g.span_records.at[g] > 64;
	struct kymo_times x = {0};

	if (windowed) {
		span_scan_seek(&s, t, g, from);
		first = s.chunk == 0;
	} else {
		span_scan_begin(&s, t, g);
	}
	bool more = span_scan_next(&s, &r);
	while (more) {
		if (many && !first && (!windowed || r.start >= from))
			add_plain(a->sums, &s, &r, to, a->plain);
		more = span_scan_next(&s, &next);
		kymo_ns start = r.start, stop = more ? next.start : end;
		if (windowed) {
			if (stop <= from) {
				r = next;
				first = false;
				continue;
			}
			if (start >= to)
				break;
			start = start > from ? start : from;
			more = more && stop < to;
			stop = stop < to ? stop : to;
		}
		kymo_ns d = stop - start;
		switch (r.kind) {
		case REC_RUNNING: x.execution += d; break;
		case REC_WOKEN:
		case REC_STOPPED: x.sched_wait += d; break;
		case REC_CREATED:
			if (r.stack)
				a->block[0] += d;
			else
				x.sched_wait += d;
			break;
		case REC_WAITING:
			if (unlikely(r.aux == a->forever)) {
				// Blocking forever is the end of a life: nobody can wake it.
				end = r.start;
				more = false;
				break;
			}
			a->block[r.aux] += d;
			break;
		case REC_SYSCALL:
			if (r.aux == 0 && first && existed && !a->go) {
				x.syscall_block += d;
			} else if (r.aux == 0 && first && existed) {
				// Go: without a proc, blocked until the status event told of it, and a plain syscall after that.
				kymo_ns told = t->g.seen.at[g] - begin;
				x.syscall_block += told;
				x.syscall += d - told;
			} else {
				x.syscall += d;
			}
			break;
		default:
			if (r.aux == MISC_SYSCALL_EXIT) {
				x.sched_wait += d;
			} else if (!a->go) {
				x.syscall_block += d;
			} else if (r.aux == MISC_PROC_LOST_UNNOTICED) {
				x.syscall += d;  // Go: see load.c
			} else if (!more && !(t->g.flags.at[g] & KYMO_G_ENDED)) {
				// Go: still blocked at the trace's end counts as scheduler wait, and as syscall as well.
				x.sched_wait += d;
				x.syscall += d;
			} else {
				x.syscall_block += d;
			}
			break;
		}
		r = next;
		first = false;
	}
	if (many) {
		for (size_t c = 0; c < t->reasons.count && c <= REC_AUX_MAX; c++)
			a->block[c] += a->plain[SLOT_REASON + c];
		x.execution += a->plain[SLOT_RUN];
		x.sched_wait += a->plain[SLOT_RUNNABLE];
		x.syscall += a->plain[SLOT_SYSCALL];
		memset(a->plain, 0, sizeof a->plain);
	}
	if (windowed) {
		begin = begin > from ? begin : from;
		end = end < to ? end : to;
	}
	sum->total += end - begin;
	sum->execution += x.execution;
	sum->sched_wait += x.sched_wait;
	sum->syscall += x.syscall;
	sum->syscall_block += x.syscall_block;
}

static void add_life(struct times *a, kymo_goroutine_ix g, struct kymo_times *sum)
{
	add_records(a, g, INT64_MIN, INT64_MAX, false, sum);
}

static void add_window(struct times *a, kymo_goroutine_ix g, kymo_ns from, kymo_ns to,
                       struct kymo_times *sum)
{
	add_records(a, g, from, to, true, sum);
}

/* What a visit of one goroutine's spans, cut to a selection, needs. */
struct cut {
	struct times *a;
	kymo_goroutine_ix g;
	struct kymo_times *sum;
	struct kymo_interval piece;
	uint32_t next;
};

static inline void add_part(struct cut *c, const struct walk_span *s, kymo_ns d)
{
	switch (s->state) {
	case KYMO_SPAN_RUNNING: c->sum->execution += d; break;
	case KYMO_SPAN_RUNNABLE: c->sum->sched_wait += d; break;
	case KYMO_SPAN_WAITING:
		c->a->block[s->cause == KYMO_CAUSE_CREATED ? 0 : s->reason] += d;
		break;
	case KYMO_SPAN_SYSCALL:
		*(s->proc || s->cause != KYMO_CAUSE_STATUS ? &c->sum->syscall
		                                           : &c->sum->syscall_block) += d;
		break;
	default: c->sum->syscall_block += d; break;
	}
}

static always_inline bool visit_cut(void *ctx, const struct walk_span *s)
{
	struct cut *c = ctx;
	if (s->state == KYMO_SPAN_WAITING && s->cause != KYMO_CAUSE_CREATED &&
	    s->reason == c->a->forever)
		return false;
	while (s->end > c->piece.from) {
		kymo_ns d = select_overlap(&c->piece, s->start, s->end);
		if (d) {
			add_part(c, s, d);
			c->sum->total += d;
		}
		if (s->end < c->piece.to)
			return true;
		// The piece is over; the span may reach into the next.
		if (!select_piece(c->a->t, c->a->sel, c->g, c->next++, &c->piece))
			return false;
	}
	return true;
}

/* Whether g blocked for ever before `at`: whatever the trace says of it after that, its life was over. */
static bool ended_before(const struct times *a, kymo_goroutine_ix g, kymo_ns at)
{
	struct span_scan s;
	struct span_rec r;
	span_scan_begin(&s, a->t, g);
	while (span_scan_next(&s, &r) && r.start < at)
		if (r.kind == REC_WAITING && r.aux == a->forever)
			return true;
	return false;
}

static void add_cut(struct times *a, kymo_goroutine_ix g, struct kymo_times *sum)
{
	struct cut c = {.a = a, .g = g, .sum = sum, .next = 1};
	struct kymo_interval all;
	if (!select_extent(a->t, a->sel, g, &all) || !select_piece(a->t, a->sel, g, 0, &c.piece))
		return;
	if (a->forever != UINT32_MAX && ended_before(a, g, all.from))
		return;
	if (a->sel->piece_from || a->go)
		walk_window(a->t, g, all.from, all.to, WALK_ALL, visit_cut, &c);
	else
		add_window(a, g, all.from, all.to, sum);
}

void times_add(struct times *a, kymo_goroutine_ix g, struct kymo_times *sum)
{
	if (a->sel)
		add_cut(a, g, sum);
	else
		add_life(a, g, sum);
}

static uint32_t find_forever(const struct kymo_trace *t)
{
	for (size_t i = 0; i < t->reasons.count; i++) {
		struct kymo_str s = kymo_trace_string(t, t->reasons.at[i]);
		if (s.len == 7 && memcmp(s.ptr, "forever", 7) == 0)
			return (uint32_t)i;
	}
	return UINT32_MAX;
}

bool times_plain(const struct kymo_trace *t, const uint32_t *records, uint32_t n, kymo_ns sum[SLOTS])
{
	uint32_t forever = find_forever(t), slot = 0;
	memset(sum, 0, SLOTS * sizeof *sum);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = records[2 * i + 1], aux = w >> 3 & 0xff;
		if (!(PLAIN_KINDS >> (w & 7) & 1) || ((w & 7) == REC_WAITING && aux == forever))
			return false;
		if (i)
			sum[slot] += records[2 * i];
		slot = (uint32_t)slot_of[w & 7] + (aux & aux_mask[w & 7]);
	}
	return true;
}

bool times_begin(struct times *a, const struct kymo_trace *t, const struct kymo_selection *sel,
                 enum kymo_rules rules)
{
	*a = (struct times){.t = t,
	                    .sums = kept_get(&t->kept[KEPT_TIMES]),
	                    .go = rules == KYMO_RULES_GO126,
	                    .forever = find_forever(t)};
	if (!a->go && sel && (sel->piece_from || sel->from > 0 || sel->to < t->info.duration))
		a->sel = sel;
	a->block = calloc(t->reasons.count, sizeof *a->block);
	return a->block != NULL;
}

void times_end(struct times *a)
{
	free(a->block);
}

/* By Go's rules. */
static bool ranges_of_go(const struct kymo_trace *t, const struct range_times *k)
{
	const struct kymo_ranges *r = &t->ranges;
	struct idmap open = {0};  // goroutine -> row + 1 of a sweep that it began and did not end
	bool ok = true;
	for (uint32_t i = 0; i < r->count && ok; i++) {
		kymo_goroutine_ix g = r->goroutine[i];
		if (r->kind[i] == KYMO_RANGE_GC || g == 0 || (k->only && k->only != g))
			continue;
		if (r->kind[i] == KYMO_RANGE_SWEEP) {
			// Go: counts if the goroutine that began it ended it. Else it stays open, to the goroutine's end, or until the
			// goroutine begins another.
			bool own_end = !(r->flags[i] & KYMO_RANGE_NO_END) && r->end_goroutine[i] == g;
			uint32_t *v = idmap_get(&open, g);
			if (v)
				*v = 0;
			if (!own_end) {
				v = idmap_put(&open, g);
				ok = v != NULL;
				if (v)
					*v = i + 1;
				continue;
			}
		}
		ok = k->add(k->ctx, g, r->name[i], r->end[i] - r->start[i]);
	}
	for (size_t i = 0; i < open.pages * IDMAP_PAGE && ok; i++)
		if (open.values[i]) {
			uint32_t row = open.values[i] - 1;
			kymo_goroutine_ix g = r->goroutine[row];
			ok = k->add(k->ctx, g, r->name[row], t->g.end.at[g] - r->start[row]);
		}
	idmap_free(&open);
	return ok;
}

bool times_of_ranges(const struct kymo_trace *t, const struct range_times *k)
{
	const struct kymo_ranges *r = &t->ranges;
	bool ok = true;
	if (k->rules == KYMO_RULES_GO126)
		return ranges_of_go(t, k);
	for (uint32_t i = 0; i < r->count && ok; i++) {
		kymo_goroutine_ix g = r->goroutine[i];
		struct kymo_interval p;
		kymo_ns sum = 0;
		if (r->kind[i] == KYMO_RANGE_GC || g == 0 || (k->only && k->only != g))
			continue;
		for (uint32_t n = 0; select_piece(t, k->sel, g, n, &p); n++)
			sum += select_overlap(&p, r->start[i], r->end[i]);
		if (sum)
			ok = k->add(k->ctx, g, r->name[i], sum);
	}
	return ok;
}
