/* SPDX-License-Identifier: MIT */
/* Profiles of goroutines' spans: one walk over them, on several threads where there are many. */
#include <kymo/profile.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/parallel.h"
#include "analysis/profile.h"
#include "analysis/sample_map.h"
#include "analysis/select.h"
#include "trace/walk.h"

static const char *const names[KYMO_PROFILE_COUNT] = {"net",   "sync",   "syscall", "sched",
                                                      "block", "create", "stw",     "cpu"};

const char *kymo_profile_name(enum kymo_profile_kind kind)
{
	return kind < KYMO_PROFILE_COUNT ? names[kind] : "";
}

enum kymo_profile_kind kymo_profile_find(const char *name)
{
	unsigned kind = 0;
	while (kind < KYMO_PROFILE_COUNT && strcmp(names[kind], name) != 0)
		kind++;
	return (enum kymo_profile_kind)kind;
}

static bool contains(struct kymo_str s, const char *what)
{
	return memmem(s.ptr, s.len, what, strlen(what)) != NULL;
}

/* [reason codes] whether a wait for it counts. */
static uint8_t *wanted_reasons(const struct kymo_trace *t, enum kymo_profile_kind kind)
{
	uint8_t *yes = calloc(t->reasons.count + 1, 1);
	for (size_t i = 0; yes && i < t->reasons.count; i++) {
		struct kymo_str s = kymo_trace_string(t, t->reasons.at[i]);
		switch (kind) {
		case KYMO_PROFILE_NET:
			yes[i] = s.len == 7 && memcmp(s.ptr, "network", 7) == 0;
			break;
		case KYMO_PROFILE_SYNC:
			yes[i] = contains(s, "chan") || contains(s, "sync") || contains(s, "select");
			break;
		case KYMO_PROFILE_BLOCK: yes[i] = 1; break;
		default: break;
		}
	}
	return yes;
}

/* ---- the walk ---- */

/* What all threads share. */
struct plan {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;  // NULL: everything
	struct kymo_profile_options o;
	const uint8_t *reasons;
	const struct regions_by_goroutine *regions;  // NULL: no labels
};

/* One thread's share. */
struct share {
	alignas(PARALLEL_LINE) const struct plan *plan;
	struct parallel *goroutines;
	struct sample_map map;
	bool ok;
};

/* One goroutine under way. */
struct visit {
	struct share *s;
	const struct plan *p;
	kymo_goroutine_ix g;
	kymo_stack_ix last_stack;  // where it itself was when the span before began
	kymo_ns first_run;         // Go: nothing counts before; -1: not yet, KYMO_NS_MAX never
	uint32_t region;           // the next one of its regions that begins
	struct select_cursor selected;
};

static always_inline bool counts(const struct plan *p, enum kymo_profile_kind kind,
                                 const struct walk_span *s)
{
	switch (kind) {
	case KYMO_PROFILE_SYSCALL:
		return s->state == KYMO_SPAN_SYSCALL || s->state == KYMO_SPAN_SYSCALL_BLOCKED;
	case KYMO_PROFILE_SCHED: return s->state == KYMO_SPAN_RUNNABLE;
	default:
		return s->state == KYMO_SPAN_WAITING &&
		       p->reasons[s->cause == KYMO_CAUSE_CREATED ? 0 : s->reason];
	}
}

static kymo_stack_ix stack_of(const struct visit *v, const struct walk_span *s)
{
	enum kymo_profile_stack whose = v->p->o.stack;
	if (v->p->o.kind == KYMO_PROFILE_SYSCALL)
		return s->stack;
	if (s->state == KYMO_SPAN_WAITING)
		return whose == KYMO_STACK_WAKER ? s->waker_stack : s->stack;
	if (whose == KYMO_STACK_WAITER)
		return s->stack ? s->stack : v->last_stack;
	return s->cause == KYMO_CAUSE_CREATED || s->cause == KYMO_CAUSE_WOKEN ? s->waker_stack
	                                                                      : s->stack;
}

static bool add(struct visit *v, const struct walk_span *s, kymo_ns ns)
{
	struct sample_key key = {.stack = stack_of(v, s)};
	if (v->p->o.labels) {
		const struct kymo_trace *t = v->p->t;
		key.group = t->g.name.at[v->g];
		if (s->state == KYMO_SPAN_WAITING || s->cause == KYMO_CAUSE_STOPPED)
			key.reason = t->reasons.at[s->cause == KYMO_CAUSE_CREATED ? 0 : s->reason];
		key = regions_label(v->p->regions, t, v->g, s->episode, &v->region, key);
	}
	return sample_map_add(&v->s->map, key, v->g, ns, s->episode, s->end);
}

/*
 * Both parts of a syscall are one span here; the first part waits for the second. `kind` is a constant where this is
 * inlined.
 */
static always_inline bool visit_span(struct visit *v, const struct walk_span *s,
                                     enum kymo_profile_kind kind)
{
	const struct plan *p = v->p;
	if (counts(p, kind, s) && !s->goes_on) {
		kymo_ns from = kind == KYMO_PROFILE_SYSCALL ? s->episode : s->start, ns;
		if (p->o.rules == KYMO_RULES_GO126) {
			// An event begins a wait; what existed before the trace has one only when its status was told.
			kymo_ns told = p->t->g.seen.at[v->g];
			from = from < told ? told : from;
			from = from < v->first_run ? v->first_run : from;
			ns = s->open || from >= s->end ? 0 : select_take(&v->selected, from, s->end);
		} else {
			ns = select_take(&v->selected, from, s->end);
		}
		if (ns > 0 && !add(v, s, ns)) {
			v->s->ok = false;
			return false;
		}
	}
	v->last_stack = s->stack;
	return true;
}

static always_inline bool visit_waiting(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, KYMO_PROFILE_BLOCK);
}

static always_inline bool visit_syscall(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, KYMO_PROFILE_SYSCALL);
}

static always_inline bool visit_runnable(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, KYMO_PROFILE_SCHED);
}

static always_inline bool find_first_run(void *ctx, const struct walk_span *s)
{
	struct visit *v = ctx;
	if (s->state != KYMO_SPAN_RUNNING)
		return true;
	kymo_ns told = v->p->t->g.seen.at[v->g];
	v->first_run = s->start < told ? told : s->start;
	return false;
}

static void walk_goroutine(struct share *s, kymo_goroutine_ix g)
{
	const struct plan *p = s->plan;
	struct visit v = {.s = s, .p = p, .g = g};
	struct kymo_interval all;
	if (!select_begin(&v.selected, p->t, p->sel, g, &all))
		return;
	if (p->o.rules == KYMO_RULES_GO126) {
		// Of two lives under one id only the last has an interval.
		if (p->t->ids_repeat && idmap_peek(&p->t->row_of_id, p->t->g.id.at[g]) != g)
			return;
		// If it never ran, all of it counts; and inside of regions.
		if (!p->sel || !p->sel->piece_from)
			walk_window(p->t, g, INT64_MIN, INT64_MAX, 1u << REC_RUNNING,
			            find_first_run, &v);
	}
	if (p->regions)
		v.region = p->regions->from[g];
	switch (p->o.kind) {
	case KYMO_PROFILE_SYSCALL:
		walk_window(p->t, g, all.from, all.to, 1u << REC_SYSCALL, visit_syscall, &v);
		break;
	case KYMO_PROFILE_SCHED:
		if (p->o.stack == KYMO_STACK_WAITER)  // which stands with the spans before
			walk_window(p->t, g, all.from, all.to, WALK_ALL, visit_runnable, &v);
		else
			walk_window(p->t, g, all.from, all.to, 1u << REC_WOKEN | 1u << REC_STOPPED,
			            visit_runnable, &v);
		break;
	default:
		walk_window(p->t, g, all.from, all.to, 1u << REC_WAITING, visit_waiting, &v);
		break;
	}
}

static void walk_share(void *job)
{
	struct share *s = job;
	for (size_t i, end; s->ok && parallel_take(s->goroutines, &i, &end);)
		for (; i < end && s->ok; i++) {
			if (i + SPAN_AHEAD < end)
				span_prefetch(s->plan->t, (kymo_goroutine_ix)(i + SPAN_AHEAD));
			walk_goroutine(s, (kymo_goroutine_ix)i);
		}
}

static bool walk_all(const struct plan *p, struct sample_map *out)
{
	struct parallel goroutines;
	struct share s[PARALLEL_MAX];
	unsigned n = parallel_begin(&goroutines, p->t, select_from(p->sel), select_to(p->sel, p->t));
	for (unsigned i = 0; i < n; i++)
		s[i] = (struct share){.plan = p, .goroutines = &goroutines, .ok = true};
	parallel_run(n, s, sizeof *s, walk_share);
	parallel_end(&goroutines);
	bool ok = s[0].ok;
	for (unsigned i = 1; i < n; i++) {
		ok = ok && s[i].ok;
		for (size_t k = 0; k < s[i].map.samples.count && ok; k++)
			ok = sample_map_join(&s[0].map, &s[i].map.samples.at[k], s[i].map.ends.at[k]);
		sample_map_free(&s[i].map);
	}
	*out = s[0].map;
	return ok;
}

/* ---- the other kinds: a pass over a table ---- */

static bool add_creations(const struct plan *p, struct sample_map *m)
{
	const struct kymo_trace *t = p->t;
	bool ok = true;
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count && ok; g++) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		if (t->g.flags.at[g] & KYMO_G_EXISTED || !select_has(p->sel, g) ||
		    !select_instant(t, p->sel, t->g.begin.at[g]))
			continue;
		kymo_span_seek(t, g, t->g.begin.at[g], &c);
		struct sample_key key = {.stack = t->g.create_stack.at[g]};
		bool runnable = kymo_span_next(&c, &s) && s.state == KYMO_SPAN_RUNNABLE;
		if (p->o.labels)
			key.group = t->g.name.at[g];
		ok = sample_map_add(m, key, g, runnable ? s.end - s.start : 0, t->g.begin.at[g], 0);
	}
	return ok;
}

static bool add_stops(const struct plan *p, struct sample_map *m)
{
	const struct kymo_ranges *r = &p->t->ranges;
	kymo_ns from = select_from(p->sel), to = select_to(p->sel, p->t);
	bool ok = true;
	for (uint32_t i = 0; i < r->count && ok; i++) {
		struct kymo_interval window = {from, to};
		kymo_ns ns = select_overlap(&window, r->start[i], r->end[i]);
		if (r->kind[i] != KYMO_RANGE_STW || !select_has(p->sel, r->goroutine[i]) || ns == 0)
			continue;
		struct sample_key key = {.stack = r->stack[i]};
		if (p->o.labels) {
			key.group = p->t->g.name.at[r->goroutine[i]];
			key.reason = r->name[i];
		}
		ok = sample_map_add(m, key, r->goroutine[i], ns, r->start[i], 0);
	}
	return ok;
}

static bool add_samples(const struct plan *p, struct sample_map *m)
{
	const struct kymo_samples *x = &p->t->samples;
	bool ok = true;
	for (uint32_t i = 0; i < x->count && ok; i++) {
		if (!select_instant(p->t, p->sel, x->time[i]) || !select_has(p->sel, x->goroutine[i]))
			continue;
		struct sample_key key = {.stack = x->stack[i]};
		if (p->o.labels)
			key.group = p->t->g.name.at[x->goroutine[i]];
		ok = sample_map_add(m, key, x->goroutine[i], 0, x->time[i], 0);
	}
	return ok;
}

/* ---- the result ---- */

static int by_weight(const void *a, const void *b)
{
	const struct kymo_profile_sample *x = a, *y = b;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	const uint32_t k[][2] = {{x->stack, y->stack},
	                         {x->group, y->group},
	                         {x->reason, y->reason},
	                         {x->region, y->region},
	                         {x->task, y->task}};
	for (size_t i = 0; i < sizeof k / sizeof *k; i++)
		if (k[i][0] != k[i][1])
			return k[i][0] < k[i][1] ? -1 : 1;
	return 0;
}

/*
 * Go tells stacks apart by their first 128 PCs, and fills shorter ones up with zeros: no stack and one that holds a single
 * frame without a PC are the same to it. Of such the one that was seen last stands for all.
 */
#define GO_PCS 128

static size_t pcs_of(const struct kymo_trace *t, kymo_stack_ix stack, const struct kymo_frame **f)
{
	size_t n;
	*f = kymo_trace_stack(t, stack, &n);
	n = n < GO_PCS ? n : GO_PCS;
	while (n && (*f)[n - 1].pc == 0)
		n--;
	return n;
}

static int by_pcs(const void *a, const void *b, void *ctx)
{
	const struct kymo_frame *f, *h;
	size_t n = pcs_of(ctx, ((const struct kymo_profile_sample *)a)->stack, &f),
	       k = pcs_of(ctx, ((const struct kymo_profile_sample *)b)->stack, &h);
	if (n != k)
		return n < k ? -1 : 1;
	for (size_t i = 0; i < n; i++)
		if (f[i].pc != h[i].pc)
			return f[i].pc < h[i].pc ? -1 : 1;
	return 0;
}

static void merge_as_go(const struct kymo_trace *t, struct sample_map *m)
{
	void *ctx = (void *)(uintptr_t)t;
	size_t n = 0;
	// Its place in `ends` travels in a field that has no other use here: Go has no labels.
	for (size_t i = 0; i < m->samples.count; i++)
		m->samples.at[i].group = (kymo_string_ix)i;
	if (m->samples.count)
		qsort_r(m->samples.at, m->samples.count, sizeof *m->samples.at, by_pcs, ctx);
	for (size_t i = 0; i < m->samples.count; i++) {
		struct kymo_profile_sample x = m->samples.at[i];
		if (n && by_pcs(&m->samples.at[n - 1], &x, ctx) == 0) {
			struct kymo_profile_sample *y = &m->samples.at[n - 1];
			if (m->ends.at[x.group] > m->ends.at[y->group]) {
				y->stack = x.stack;
				y->group = x.group;
			}
			y->count += x.count;
			y->ns += x.ns;
			sample_map_keep_longest(y, x.longest_goroutine, x.longest, x.longest_at);
		} else {
			m->samples.at[n++] = x;
		}
	}
	m->samples.count = n;
	for (size_t i = 0; i < n; i++)
		m->samples.at[i].group = 0;
}

enum kymo_status kymo_profile_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                      const struct kymo_profile_options *options,
                                      struct kymo_profile *out)
{
	struct plan p = {.t = t, .sel = sel && !sel->whole ? sel : NULL, .o = *options};
	struct regions_by_goroutine regions = {0};
	struct sample_map m = {0};
	*out = (struct kymo_profile){.kind = options->kind};
	if (p.o.rules == KYMO_RULES_GO126)
		p.o.labels = false;
	if (p.o.stack == KYMO_STACK_USUAL)
		p.o.stack = p.o.kind == KYMO_PROFILE_SCHED ? KYMO_STACK_WAKER : KYMO_STACK_WAITER;
	uint8_t *reasons = wanted_reasons(t, p.o.kind);
	bool ok = reasons != NULL && (!p.o.labels || regions_by_goroutine_make(&regions, t));
	p.reasons = reasons;
	p.regions = p.o.labels ? &regions : NULL;
	if (ok)
		switch (p.o.kind) {
		case KYMO_PROFILE_CREATE: ok = add_creations(&p, &m); break;
		case KYMO_PROFILE_STW: ok = add_stops(&p, &m); break;
		case KYMO_PROFILE_CPU: ok = add_samples(&p, &m); break;
		default: ok = walk_all(&p, &m); break;
		}
	free(reasons);
	regions_by_goroutine_free(&regions);
	if (!ok) {
		sample_map_free(&m);
		return KYMO_E_MEMORY;
	}
	if (p.o.rules == KYMO_RULES_GO126)
		merge_as_go(t, &m);
	if (m.samples.count)
		qsort(m.samples.at, m.samples.count, sizeof *m.samples.at, by_weight);
	for (size_t i = 0; i < m.samples.count; i++) {
		out->total += m.samples.at[i].count;
		out->total_ns += m.samples.at[i].ns;
	}
	free(m.slots);
	vec_free(&m.ends);
	out->stack = p.o.stack;
	out->count = m.samples.count;
	out->samples = out->owned = m.samples.at;
	return KYMO_OK;
}

void kymo_profile_free(struct kymo_profile *p)
{
	if (p) {
		free(p->owned);
		*p = (struct kymo_profile){0};
	}
}
