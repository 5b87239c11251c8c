/* SPDX-License-Identifier: MIT */
/*
 * Where goroutines spent their time, by start function: the sums of times.c, added up per group.
 */
#include <kymo/analysis.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dist.h"
#include "analysis/parallel.h"
#include "analysis/select.h"
#include "analysis/times.h"
#include "base/vec.h"

typedef VEC(struct kymo_named_ns) named_vec;

/* Of what percentiles are told. */
enum { SPREAD_TOTAL, SPREAD_EXECUTION, SPREAD_SCHED_WAIT, SPREADS };

static bool add_named(named_vec *v, kymo_string_ix name, kymo_ns ns)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->at[i].name == name) {
			v->at[i].ns += ns;
			return true;
		}
	return vec_push(v, ((struct kymo_named_ns){name, ns}));
}

struct group {
	kymo_string_ix name;
	uint32_t goroutines, was;  // was: number before sorting
	struct kymo_times times;
	struct kymo_spread spread[SPREADS];
	named_vec block, range;
};

struct owned {
	kymo_string_ix *name;
	uint32_t *goroutines, *block_from, *range_from, *group_of;
	struct kymo_times *times;
	struct kymo_spread *spread[SPREADS];
	struct kymo_named_ns *block, *range;
};

struct work {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	enum kymo_rules rules;
	VEC(struct group) groups;
	uint32_t *group_of;
};

static bool counted(const struct work *w, kymo_goroutine_ix g)
{
	const struct kymo_trace *t = w->t;
	struct kymo_interval p;
	if (!select_has(w->sel, g))
		return false;
	// Go: of two lives under one id its map keeps the last.
	if (w->rules == KYMO_RULES_GO126)
		return !t->ids_repeat || idmap_peek(&t->row_of_id, t->g.id.at[g]) == g;
	if (!w->sel || (!w->sel->piece_from && w->sel->from == 0 && w->sel->to == t->info.duration))
		return true;  // those too that lived for no time at all
	return select_piece(t, w->sel, g, 0, &p);
}

static bool add_range(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns)
{
	struct work *w = ctx;
	uint32_t group = w->group_of[g];
	return group == UINT32_MAX || add_named(&w->groups.at[group].range, name, ns);
}

static int by_text(const void *a, const void *b, void *ctx)
{
	const struct kymo_named_ns *x = a, *y = b;
	struct kymo_str s = kymo_trace_string(ctx, x->name), u = kymo_trace_string(ctx, y->name);
	int r = memcmp(s.ptr, u.ptr, s.len < u.len ? s.len : u.len);
	return r ? r : s.len < u.len ? -1 : s.len > u.len;
}

static int by_execution(const void *a, const void *b, void *ctx)
{
	const struct group *x = a, *y = b;
	if (x->times.execution != y->times.execution)
		return x->times.execution > y->times.execution ? -1 : 1;
	struct kymo_named_ns s = {x->name, 0}, u = {y->name, 0};
	return by_text(&s, &u, ctx);
}

/* ---- the sums of a stretch of goroutines, on a thread of their own where there are many ---- */

/* What one stretch adds to one group. */
struct part {
	uint32_t group;
	struct kymo_times times;
	named_vec block;
};

/* One thread's share. */
struct share {
	alignas(PARALLEL_LINE) const struct work *w;
	struct parallel *goroutines;  // members, those of a group together
	VEC(struct part) parts;
	kymo_ns *values[SPREADS];  // [count] of each member
	bool ok;
};

static void add_stretch(struct share *s, struct times *a, size_t from, size_t to)
{
	const struct kymo_trace *t = s->w->t;
	const uint32_t *members = s->goroutines->rows, *group_of = s->w->group_of;
	for (size_t i = from; i < to && s->ok;) {
		struct part p = {.group = group_of[members[i]]};
		for (; i < to && group_of[members[i]] == p.group; i++) {
			struct kymo_times was = p.times;
			if (i + SPAN_AHEAD < to)
				span_prefetch(t, members[i + SPAN_AHEAD]);
			times_add(a, members[i], &p.times);
			s->values[SPREAD_TOTAL][i] = p.times.total - was.total;
			s->values[SPREAD_EXECUTION][i] = p.times.execution - was.execution;
			s->values[SPREAD_SCHED_WAIT][i] = p.times.sched_wait - was.sched_wait;
		}
		for (size_t c = 0; c < t->reasons.count && s->ok; c++)
			if (a->block[c]) {
				s->ok = add_named(&p.block, t->reasons.at[c], a->block[c]);
				a->block[c] = 0;
			}
		s->ok = vec_push(&s->parts, p) && s->ok;
	}
}

static void add_share(void *job)
{
	struct share *s = job;
	struct times a;
	s->ok = times_begin(&a, s->w->t, s->w->sel, s->w->rules);
	for (size_t i, end; s->ok && parallel_take(s->goroutines, &i, &end);)
		add_stretch(s, &a, i, end);
	times_end(&a);
}

static bool merge_share(struct work *w, struct share *s)
{
	for (size_t i = 0; i < s->parts.count; i++) {
		struct part *p = &s->parts.at[i];
		struct group *g = &w->groups.at[p->group];
		g->times.total += p->times.total;
		g->times.execution += p->times.execution;
		g->times.sched_wait += p->times.sched_wait;
		g->times.syscall += p->times.syscall;
		g->times.syscall_block += p->times.syscall_block;
		for (size_t k = 0; k < p->block.count; k++)
			s->ok = add_named(&g->block, p->block.at[k].name, p->block.at[k].ns) && s->ok;
		vec_free(&p->block);
	}
	vec_free(&s->parts);
	return s->ok;
}

/* ---- percentiles ---- */

struct spread_work {
	struct work *w;
	kymo_ns *values;  // reordered
	unsigned of;
};

/* Members stand by group, in the order of the groups. */
static void spread_groups(void *job)
{
	struct spread_work *s = job;
	size_t at = 0;
	for (size_t i = 0; i < s->w->groups.count; i++) {
		struct group *g = &s->w->groups.at[i];
		struct dist_summary d = dist_of(s->values + at, g->goroutines);
		g->spread[s->of] = (struct kymo_spread){d.p50, d.p90, d.p99, d.max};
		at += g->goroutines;
	}
}

static void spread_all(struct work *w, kymo_ns *values[SPREADS], bool threaded)
{
	struct spread_work s[SPREADS];
	for (unsigned i = 0; i < SPREADS; i++)
		s[i] = (struct spread_work){w, values[i], i};
	if (threaded) {
		parallel_run(SPREADS, s, sizeof *s, spread_groups);
		return;
	}
	for (unsigned i = 0; i < SPREADS; i++)
		spread_groups(&s[i]);
}

static bool add_members(struct work *w, const uint32_t *members, size_t count)
{
	struct parallel goroutines;
	struct share s[PARALLEL_MAX];
	kymo_ns *values = malloc((count + 1) * SPREADS * sizeof *values);
	if (!values)
		return false;
	unsigned n = parallel_begin_rows(&goroutines, w->t, select_from(w->sel),
	                                 select_to(w->sel, w->t), members, count);
	for (unsigned i = 0; i < n; i++)
		s[i] = (struct share){.w = w,
		                      .goroutines = &goroutines,
		                      .values = {values, values + count, values + 2 * count},
		                      .ok = true};
	parallel_run(n, s, sizeof *s, add_share);
	parallel_end(&goroutines);
	bool ok = true;
	for (unsigned i = 0; i < n; i++)
		ok = merge_share(w, &s[i]) && ok;
	if (ok)
		spread_all(w, s[0].values, n > 1);
	free(values);
	return ok;
}

/* Numbers the groups in order of first appearance. */
static bool name_groups(struct work *w)
{
	const struct kymo_trace *t = w->t;
	uint32_t strings = kymo_trace_string_count(t),
		 *group_of_name = malloc(strings * sizeof *group_of_name);
	bool ok = group_of_name != NULL;
	if (ok)
		memset(group_of_name, 0xff, strings * sizeof *group_of_name);
	w->group_of[0] = UINT32_MAX;
	for (uint32_t g = 1; g < t->goroutines.count && ok; g++) {
		w->group_of[g] = UINT32_MAX;
		if (!counted(w, g))
			continue;
		uint32_t *ix = &group_of_name[t->g.name.at[g]];
		if (*ix == UINT32_MAX) {
			ok = vec_push(&w->groups, ((struct group){.name = t->g.name.at[g],
			                                          .was = (uint32_t)w->groups.count}));
			*ix = (uint32_t)w->groups.count - 1;
		}
		if (ok) {
			w->group_of[g] = *ix;
			w->groups.at[*ix].goroutines++;
		}
	}
	free(group_of_name);
	return ok;
}

/* Goroutines by group, then their sums group by group, so that the waits by reason are one small array. */
static bool make_groups(struct work *w)
{
	const struct kymo_trace *t = w->t;
	if (!name_groups(w))
		return false;
	uint32_t *from = calloc(w->groups.count + 1, sizeof *from);
	uint32_t *members = malloc(t->goroutines.count * sizeof *members);
	bool ok = from && members;
	if (ok) {
		size_t count = 0;
		for (size_t i = 0; i < w->groups.count; i++) {
			from[i] = (uint32_t)count;
			count += w->groups.at[i].goroutines;
		}
		for (uint32_t g = 1; g < t->goroutines.count; g++)
			if (w->group_of[g] != UINT32_MAX)
				members[from[w->group_of[g]]++] = g;
		ok = add_members(w, members, count);
	}
	free(from);
	free(members);
	return ok;
}

static bool publish(struct work *w, struct kymo_goroutine_groups *out)
{
	const struct kymo_trace *t = w->t;
	void *ctx = (void *)(uintptr_t)t;
	size_t n = w->groups.count, blocks = 0, ranges = 0;
	for (size_t i = 0; i < n; i++) {
		blocks += w->groups.at[i].block.count;
		ranges += w->groups.at[i].range.count;
	}
	if (n)
		qsort_r(w->groups.at, n, sizeof *w->groups.at, by_execution, ctx);
	struct owned *o = calloc(1, sizeof *o);
	uint32_t *now = malloc((n + 1) * sizeof *now);
	if (!o || !now) {
		free(o);
		free(now);
		return false;
	}
	*out = (struct kymo_goroutine_groups){.count = n, .owned = o};
	out->name = o->name = malloc((n + 1) * sizeof *o->name);
	out->goroutines = o->goroutines = malloc((n + 1) * sizeof *o->goroutines);
	out->times = o->times = malloc((n + 1) * sizeof *o->times);
	for (unsigned k = 0; k < SPREADS; k++)
		o->spread[k] = malloc((n + 1) * sizeof *o->spread[k]);
	out->total = o->spread[SPREAD_TOTAL];
	out->execution = o->spread[SPREAD_EXECUTION];
	out->sched_wait = o->spread[SPREAD_SCHED_WAIT];
	out->block_from = o->block_from = malloc((n + 1) * sizeof *o->block_from);
	out->range_from = o->range_from = malloc((n + 1) * sizeof *o->range_from);
	out->block = o->block = malloc((blocks + 1) * sizeof *o->block);
	out->range = o->range = malloc((ranges + 1) * sizeof *o->range);
	out->group_of = o->group_of = w->group_of;
	w->group_of = NULL;
	bool ok = o->name && o->goroutines && o->times && out->total && out->execution &&
	          out->sched_wait && o->block_from && o->range_from && o->block && o->range;
	blocks = ranges = 0;
	for (size_t i = 0; i < n && ok; i++) {
		struct group *g = &w->groups.at[i];
		now[g->was] = (uint32_t)i;
		o->name[i] = g->name;
		o->goroutines[i] = g->goroutines;
		o->times[i] = g->times;
		for (unsigned k = 0; k < SPREADS; k++)
			o->spread[k][i] = g->spread[k];
		o->block_from[i] = (uint32_t)blocks;
		o->range_from[i] = (uint32_t)ranges;
		if (g->block.count)
			qsort_r(g->block.at, g->block.count, sizeof *g->block.at, by_text, ctx);
		if (g->range.count)
			qsort_r(g->range.at, g->range.count, sizeof *g->range.at, by_text, ctx);
		for (size_t k = 0; k < g->block.count; k++)
			o->block[blocks++] = g->block.at[k];
		for (size_t k = 0; k < g->range.count; k++)
			o->range[ranges++] = g->range.at[k];
	}
	if (ok) {
		o->block_from[n] = (uint32_t)blocks;
		o->range_from[n] = (uint32_t)ranges;
		for (uint32_t g = 1; g < t->goroutines.count; g++)
			if (o->group_of[g] != UINT32_MAX)
				o->group_of[g] = now[o->group_of[g]];
	}
	free(now);
	return ok;
}

enum kymo_status kymo_goroutine_groups_compute(const struct kymo_trace *t,
                                               const struct kymo_selection *sel,
                                               enum kymo_rules rules,
                                               struct kymo_goroutine_groups *out)
{
	struct work w = {.t = t, .sel = sel, .rules = rules};
	*out = (struct kymo_goroutine_groups){0};
	w.group_of = malloc(t->goroutines.count * sizeof *w.group_of);
	bool ok = w.group_of && make_groups(&w);
	ok = ok && times_of_ranges(t, &(struct range_times){add_range, &w, 0, sel, rules});
	ok = ok && publish(&w, out);
	for (size_t i = 0; i < w.groups.count; i++) {
		vec_free(&w.groups.at[i].block);
		vec_free(&w.groups.at[i].range);
	}
	vec_free(&w.groups);
	free(w.group_of);
	if (!ok) {
		kymo_goroutine_groups_free(out);
		return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

void kymo_goroutine_groups_free(struct kymo_goroutine_groups *g)
{
	if (!g || !g->owned)
		return;
	struct owned *o = g->owned;
	free(o->name);
	free(o->goroutines);
	free(o->block_from);
	free(o->range_from);
	free(o->group_of);
	free(o->times);
	for (unsigned k = 0; k < SPREADS; k++)
		free(o->spread[k]);
	free(o->block);
	free(o->range);
	free(o);
	*g = (struct kymo_goroutine_groups){0};
}
