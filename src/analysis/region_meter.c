/* SPDX-License-Identifier: MIT */
/* Walks the records of a goroutine's spans and its ranges side by side. Where Go's rules differ, it says "Go:". */
#include "analysis/region_meter.h"

#include <stdlib.h>

#include "analysis/region_times.h"
#include "analysis/select.h"

static bool name_ranges(struct meter *m)
{
	const struct kymo_ranges *r = &m->t->ranges;
	uint32_t *owner = malloc(((size_t)r->count + 1) * sizeof *owner);
	m->slot_of_name = calloc(kymo_trace_string_count(m->t), sizeof *m->slot_of_name);
	bool ok = owner && m->slot_of_name;
	for (uint32_t i = 0; ok && i < r->count; i++) {
		owner[i] = r->kind[i] == KYMO_RANGE_GC || !r->goroutine[i] ? KYMO_NO_ROW
		                                                           : r->goroutine[i];
		if (owner[i] == KYMO_NO_ROW || m->slot_of_name[r->name[i]])
			continue;
		m->slot_of_name[r->name[i]] = m->range_slot + (uint32_t)m->range_names.count;
		ok = vec_push(&m->range_names, r->name[i]);
	}
	ok = ok && lists_make(&m->ranges, owner, r->count, m->t->goroutines.count);
	free(owner);
	return ok;
}

bool meter_begin(struct meter *m, const struct kymo_trace *t, const struct kymo_selection *sel,
                 enum kymo_rules rules)
{
	*m = (struct meter){.t = t, .go = rules == KYMO_RULES_GO126, .forever = UINT32_MAX};
	if (m->go)
		m->forever = region_forever_code(t);
	else if (sel && (sel->piece_from || sel->from > 0 || sel->to < t->info.duration))
		m->sel = sel;
	m->range_slot = METER_REASON + (uint32_t)t->reasons.count;
	if (!name_ranges(m))
		return false;
	m->slots = m->range_slot + (uint32_t)m->range_names.count;
	m->sum = calloc(m->slots, sizeof *m->sum);
	return m->sum != NULL;
}

void meter_end(struct meter *m)
{
	vec_free(&m->range_names);
	vec_free(&m->on);
	vec_free(&m->pieces.rows);
	lists_free(&m->ranges);
	free(m->slot_of_name);
	free(m->sum);
}

kymo_ns meter_measure(const struct meter *m, kymo_ns x)
{
	if (!m->sel)
		return x;
	if (m->sel->piece_from)
		return cover_measure(&m->pieces, 0, m->pieces.rows.count, x);
	return x < m->sel->from ? 0 : (x < m->sel->to ? x : m->sel->to) - m->sel->from;
}

/* ---- spans ---- */

/* What the span that begins with record `r` counts as. */
static void set_slot(struct meter *m, const struct span_rec *r)
{
	const struct goroutine_columns *g = &m->t->g;
	bool existed = m->first && g->flags.at[m->g] & KYMO_G_EXISTED;
	m->twice = UINT32_MAX;
	m->later_end = 0;
	switch (r->kind) {
	case REC_RUNNING: m->slot = METER_RUN; break;
	case REC_WOKEN:
	case REC_STOPPED: m->slot = METER_RUNNABLE; break;
	case REC_WAITING: m->slot = METER_REASON + r->aux; break;
	case REC_CREATED: m->slot = r->stack ? METER_REASON : METER_RUNNABLE; break;
	case REC_SYSCALL:
		m->slot = METER_SYSCALL;
		if (r->aux || !existed)
			break;
		m->slot = METER_SYSCALL_BLOCK;
		if (m->go && g->seen.at[m->g] < m->end) {
			// Go: without a proc, blocked until the status event told of it, and a plain syscall after that.
			m->later_end = m->end;
			m->end = g->seen.at[m->g];
		}
		break;
	default:
		m->slot = METER_SYSCALL_BLOCK;
		if (r->aux == MISC_SYSCALL_EXIT) {
			m->slot = METER_RUNNABLE;
		} else if (m->go && r->aux == MISC_PROC_LOST_UNNOTICED) {
			m->slot = METER_SYSCALL;
		} else if (m->go && !m->more && !(g->flags.at[m->g] & KYMO_G_ENDED)) {
			// Go: still blocked at the trace's end counts as scheduler wait, and as syscall as well.
			m->slot = METER_RUNNABLE;
			m->twice = METER_SYSCALL;
		}
		break;
	}
}

static bool next_span(struct meter *m)
{
	if (m->later_end) {
		m->end = m->later_end;
		m->later_end = 0;
		m->slot = METER_SYSCALL;
		return true;
	}
	if (!m->more)
		return false;
	struct span_rec r = m->next;
	if (r.kind == REC_WAITING && r.aux == m->forever)
		return m->more = false;  // Go: the end of a life
	m->more = span_scan_next(&m->scan, &m->next);
	m->end = m->more ? m->next.start : m->t->g.end.at[m->g];
	set_slot(m, &r);
	m->first = false;
	return true;
}

static void advance_spans(struct meter *m, kymo_ns to)
{
	kymo_ns measured = meter_measure(m, m->pos);
	while (m->pos < to) {
		if (m->pos >= m->end) {
			if (!next_span(m))
				break;
			continue;
		}
		kymo_ns here = m->end < to ? m->end : to, now = meter_measure(m, here);
		m->sum[m->slot] += now - measured;
		if (m->twice != UINT32_MAX)
			m->sum[m->twice] += now - measured;
		measured = now;
		m->pos = here;
	}
}

/* ---- ranges ---- */

static void count_range(struct meter *m, struct meter_range *x, kymo_ns to)
{
	kymo_ns here = x->end < to ? x->end : to;
	if (here <= x->at)
		return;
	kymo_ns d = meter_measure(m, here) - meter_measure(m, x->at);
	m->sum[x->slot] += d;
	x->added += d;
	x->at = here;
}

static void begin_range(struct meter *m, uint32_t i)
{
	const struct kymo_ranges *r = &m->t->ranges;
	struct meter_range x = {
		.slot = m->slot_of_name[r->name[i]], .at = r->start[i], .end = r->end[i]};
	if (m->go && r->kind[i] == KYMO_RANGE_SWEEP) {
		// Go: counts if the goroutine that began it ended it. Else it stays open, to the goroutine's end, or until the
		// goroutine begins another; then it never was.
		for (size_t k = 0; k < m->on.count; k++)
			if (m->on.at[k].slot == x.slot) {
				m->sum[x.slot] -= m->on.at[k].added;
				m->on.at[k] = m->on.at[--m->on.count];
				break;
			}
		if (r->flags[i] & KYMO_RANGE_NO_END || r->end_goroutine[i] != m->g)
			x.end = m->t->g.end.at[m->g];
	}
	if (!vec_push(&m->on, x))
		m->failed = true;
}

static void advance_ranges(struct meter *m, kymo_ns to)
{
	while (m->range < m->range_to && m->t->ranges.start[m->ranges.items[m->range]] <= to) {
		uint32_t i = m->ranges.items[m->range++];
		// Those that are over by then are counted and gone, so that few are ever on.
		for (size_t k = 0; k < m->on.count;) {
			if (m->on.at[k].end > m->t->ranges.start[i]) {
				k++;
				continue;
			}
			count_range(m, &m->on.at[k], m->on.at[k].end);
			m->on.at[k] = m->on.at[--m->on.count];
		}
		begin_range(m, i);
	}
	for (size_t k = 0; k < m->on.count; k++)
		count_range(m, &m->on.at[k], to);
}

/* ---- a goroutine ---- */

static void take_pieces(struct meter *m)
{
	const struct kymo_selection *s = m->sel;
	m->pieces.rows.count = 0;
	for (uint32_t i = s->piece_from[m->g]; i < s->piece_from[m->g + 1]; i++)
		if (!cover_add(&m->pieces, 0, s->pieces[i].from, s->pieces[i].to))
			m->failed = true;
}

void meter_goroutine(struct meter *m, kymo_goroutine_ix g, kymo_ns from)
{
	m->g = g;
	m->on.count = 0;
	m->range = m->ranges.from[g];
	m->range_to = m->ranges.from[g + 1];
	m->later_end = 0;
	if (m->sel && m->sel->piece_from)
		take_pieces(m);
	span_scan_seek(&m->scan, m->t, g, from);
	m->first = m->scan.chunk == 0;
	m->more = span_scan_next(&m->scan, &m->next);
	m->pos = m->end = m->more ? m->next.start : from;
	meter_advance(m, from);
}

void meter_advance(struct meter *m, kymo_ns to)
{
	if (to > m->pos)
		advance_spans(m, to);
	advance_ranges(m, to);
}
