/* SPDX-License-Identifier: MIT */
/*
 * The time of each region by state: one walk over each goroutine, with a copy of its sums at each region's begin on a
 * stack (regions nest), and the difference at its end.
 */
#include "analysis/region_times.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/region_meter.h"

#define MOST_FIGURES (1u << 28)

struct open_region {
	uint32_t row;
	kymo_ns begin, end;
};

struct times_owned {
	struct kymo_region_time *at;
	VEC(struct kymo_named_ns) named;
};

struct sweep {
	const struct kymo_trace *t;
	const struct kymo_region_list *regions;
	struct times_owned *o;
	struct meter meter;
	VEC(struct open_region) open;
	VEC(kymo_ns) begun;  // the sums at the begin of each open one, one after another
};

uint32_t region_forever_code(const struct kymo_trace *t)
{
	for (size_t i = 0; i < t->reasons.count; i++) {
		struct kymo_str s = kymo_trace_string(t, t->reasons.at[i]);
		if (s.len == 7 && memcmp(s.ptr, "forever", 7) == 0)
			return (uint32_t)i;
	}
	return UINT32_MAX;
}

kymo_ns region_forever(const struct kymo_trace *t, uint32_t code, kymo_goroutine_ix g)
{
	struct span_scan s;
	struct span_rec r = {0};
	if (code == UINT32_MAX)
		return -1;
	span_scan_seek(&s, t, g, t->g.end.at[g]);
	while (span_scan_next(&s, &r)) {}
	return r.kind == REC_WAITING && r.aux == code ? r.start : -1;
}

static bool put_named(struct sweep *s, kymo_string_ix name, kymo_ns ns, uint32_t *count)
{
	if (ns == 0)
		return true;
	(*count)++;
	return s->o->named.count < MOST_FIGURES &&
	       vec_push(&s->o->named, ((struct kymo_named_ns){name, ns}));
}

static bool close_innermost(struct sweep *s)
{
	struct meter *m = &s->meter;
	struct open_region x = s->open.at[--s->open.count];
	const kymo_ns *was = s->begun.at + s->open.count * m->slots;
	struct kymo_region_time *out = &s->o->at[x.row];
	meter_advance(m, x.end);
	out->times = (struct kymo_times){
		.total = meter_measure(m, x.end) - meter_measure(m, x.begin),
		.execution = m->sum[METER_RUN] - was[METER_RUN],
		.sched_wait = m->sum[METER_RUNNABLE] - was[METER_RUNNABLE],
		.syscall = m->sum[METER_SYSCALL] - was[METER_SYSCALL],
		.syscall_block = m->sum[METER_SYSCALL_BLOCK] - was[METER_SYSCALL_BLOCK],
	};
	out->named_from = (uint32_t)s->o->named.count;
	bool ok = true;
	for (uint32_t i = METER_REASON; i < m->range_slot && ok; i++)
		ok = put_named(s, s->t->reasons.at[i - METER_REASON], m->sum[i] - was[i],
		               &out->block_count);
	for (uint32_t i = m->range_slot; i < m->slots && ok; i++)
		ok = put_named(s, m->range_names.at[i - m->range_slot], m->sum[i] - was[i],
		               &out->range_count);
	s->begun.count = s->open.count * m->slots;
	return ok;
}

static bool open_one(struct sweep *s, struct open_region x)
{
	struct meter *m = &s->meter;
	size_t at = s->begun.count;
	meter_advance(m, x.begin);
	if (at + m->slots > MOST_FIGURES || !vec_reserve(&s->begun, at + m->slots))
		return false;
	memcpy(s->begun.at + at, m->sum, m->slots * sizeof *m->sum);
	s->begun.count = at + m->slots;
	return vec_push(&s->open, x);
}

static struct open_region interval(const struct sweep *s, uint32_t row)
{
	const struct kymo_region *r = &s->regions->at[row];
	kymo_ns begin = s->t->g.begin.at[r->goroutine], end = s->t->g.end.at[r->goroutine];
	return (struct open_region){row, r->begin > begin ? r->begin : begin,
	                            r->end < end ? r->end : end};
}

/* The outer before the inner. */
static int by_nesting(const void *a, const void *b, void *ctx)
{
	struct open_region x = interval(ctx, *(const uint32_t *)a),
			   y = interval(ctx, *(const uint32_t *)b);
	if (x.begin != y.begin)
		return x.begin < y.begin ? -1 : 1;
	if (x.end != y.end)
		return x.end > y.end ? -1 : 1;
	return x.row < y.row ? -1 : x.row > y.row;
}

static bool measure_goroutine(struct sweep *s, kymo_goroutine_ix g, uint32_t *rows, uint32_t count)
{
	bool ok = true, sorted = true;
	for (uint32_t i = 1; i < count && sorted; i++)
		sorted = by_nesting(&rows[i - 1], &rows[i], s) < 0;
	if (!sorted)
		qsort_r(rows, count, sizeof *rows, by_nesting, s);
	meter_goroutine(&s->meter, g, interval(s, rows[0]).begin);
	for (uint32_t i = 0; i < count && ok; i++) {
		struct open_region x = interval(s, rows[i]);
		while (ok && s->open.count && s->open.at[s->open.count - 1].end <= x.begin)
			ok = close_innermost(s);
		ok = ok && open_one(s, x);
	}
	while (ok && s->open.count)
		ok = close_innermost(s);
	return ok && !s->meter.failed;
}

static bool measure_all(struct sweep *s)
{
	uint32_t count = s->regions->count, goroutines = s->t->goroutines.count;
	struct lists l = {0};
	uint32_t *owner = malloc(((size_t)count + 1) * sizeof *owner);
	for (uint32_t i = 0; owner && i < count; i++)
		owner[i] = s->regions->at[i].goroutine;
	bool ok = owner && lists_make(&l, owner, count, goroutines);
	for (uint32_t g = 0; ok && g < goroutines; g++)
		if (l.from[g + 1] > l.from[g])
			ok = measure_goroutine(s, g, l.items + l.from[g], l.from[g + 1] - l.from[g]);
	lists_free(&l);
	free(owner);
	return ok;
}

enum kymo_status kymo_region_times_compute(const struct kymo_trace *t,
                                           const struct kymo_selection *sel, enum kymo_rules rules,
                                           const struct kymo_region_list *regions,
                                           struct kymo_region_times *out)
{
	struct sweep s = {.t = t, .regions = regions, .o = calloc(1, sizeof *s.o)};
	*out = (struct kymo_region_times){.owned = s.o};
	if (s.o)
		s.o->at = calloc((size_t)regions->count + 1, sizeof *s.o->at);
	bool ok = meter_begin(&s.meter, t, sel, rules) && s.o && s.o->at &&
	          vec_reserve(&s.o->named, 1) && measure_all(&s);
	meter_end(&s.meter);
	vec_free(&s.open);
	vec_free(&s.begun);
	if (!ok) {
		kymo_region_times_free(out);
		return KYMO_E_MEMORY;
	}
	out->at = s.o->at;
	out->named = s.o->named.at;
	return KYMO_OK;
}

void kymo_region_times_free(struct kymo_region_times *times)
{
	struct times_owned *o = times ? times->owned : NULL;
	if (!o)
		return;
	free(o->at);
	vec_free(&o->named);
	free(o);
	*times = (struct kymo_region_times){0};
}
