/* SPDX-License-Identifier: MIT */
/* Profiles of waits: what is kept of them, and one walk over the spans of the rest, on several threads where there are many. */
#include <kymo/profile.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/parallel.h"
#include "analysis/sample_map.h"
#include "analysis/select.h"
#include "analysis/wait_scope.h"

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

/* ---- the waits that count, and under which key ---- */

/* Whether a blocked goroutine's reason is one of the profile's. */
static bool wanted_reason(struct kymo_str s, enum kymo_profile_kind kind)
{
	switch (kind) {
	case KYMO_PROFILE_NET: return s.len == 7 && memcmp(s.ptr, "network", 7) == 0;
	case KYMO_PROFILE_SYNC:
		return contains(s, "chan") || contains(s, "sync") || contains(s, "select");
	default: return kind == KYMO_PROFILE_BLOCK;
	}
}

static always_inline enum wait_what what_of(enum kymo_profile_kind kind)
{
	return kind == KYMO_PROFILE_SYSCALL ? WAIT_CALL
	       : kind == KYMO_PROFILE_SCHED ? WAIT_READY
	                                    : WAIT_BLOCKED;
}

static always_inline struct sample_key sample_key(const struct kymo_profile_options *o,
                                                  struct wait_key k)
{
	struct sample_key key = {
		.stack = o->stack == KYMO_STACK_WAKER && k.what != WAIT_CALL ? k.other : k.own};
	if (o->labels) {
		key.group = k.group;
		key.reason = k.reason;
		key.region = k.region;
		key.task = k.task;
	}
	return key;
}

/* ---- the walk ---- */

/* What all threads share. */
struct plan {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;  // NULL: everything
	struct kymo_profile_options o;
	struct wait_scope scope;
	uint8_t *reasons;                            // [codes] whether a wait for it counts
	const struct regions_by_goroutine *regions;  // NULL: no labels
	struct regions_by_goroutine made;            // if nobody kept them
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
	struct wait_part part;  // of the scope
	kymo_stack_ix before;   // where it itself was when the span before began
	kymo_ns first_run;      // Go: nothing counts before; -1: not yet, KYMO_NS_MAX never
	struct region_cursor regions;
	struct select_cursor selected;
};

/* By Go's rules an event begins a wait; what existed before the trace has one only when its status was told. */
static kymo_ns take_as_go(struct visit *v, const struct walk_span *s)
{
	kymo_ns told = v->p->t->g.seen.at[v->g], from = s->episode;
	from = from < told ? told : from;
	from = from < v->first_run ? v->first_run : from;
	return s->open || from >= s->end ? 0 : select_take(&v->selected, from, s->end);
}

/* Apart from the loop that walks, which needs the registers. */
static __attribute__((noinline)) bool add(struct visit *v, const struct walk_span *s,
                                          enum wait_what what, kymo_stack_ix before, kymo_ns ns)
{
	const struct plan *p = v->p;
	struct wait w = wait_of(p->t, s, what, before);
	if (p->regions)
		w.key = wait_label(w.key, p->t, v->g, &v->regions, w.start);
	v->s->ok = sample_map_add(&v->s->map, sample_key(&p->o, w.key), v->g, ns, w.start, w.end);
	return v->s->ok;
}

static always_inline bool visit_span(struct visit *v, const struct walk_span *s, enum wait_what what)
{
	const struct plan *p = v->p;
	kymo_stack_ix before = v->before;
	v->before = s->stack;
	if (!wait_is(s, what) || !wait_part_has(&v->part, s->end) ||
	    (what == WAIT_BLOCKED && !p->reasons[wait_reason(s)]))
		return true;
	kymo_ns ns = p->o.rules == KYMO_RULES_GO126 ? take_as_go(v, s)
	                                            : select_take(&v->selected, s->episode, s->end);
	return ns <= 0 || add(v, s, what, before, ns);
}

static always_inline bool visit_blocked(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, WAIT_BLOCKED);
}

static always_inline bool visit_call(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, WAIT_CALL);
}

static always_inline bool visit_ready(void *ctx, const struct walk_span *s)
{
	return visit_span(ctx, s, WAIT_READY);
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

static void walk_part(struct visit *v, struct kymo_interval part)
{
	const struct kymo_trace *t = v->p->t;
	v->before = 0;
	switch (what_of(v->p->o.kind)) {
	case WAIT_CALL:
		walk_window(t, v->g, part.from, part.to, 1u << REC_SYSCALL, visit_call, v);
		break;
	case WAIT_READY:
		if (v->p->o.stack == KYMO_STACK_WAITER)  // which stands with the spans before
			walk_window(t, v->g, part.from, part.to, WALK_ALL, visit_ready, v);
		else
			walk_window(t, v->g, part.from, part.to,
			            1u << REC_WOKEN | 1u << REC_STOPPED, visit_ready, v);
		break;
	default:
		walk_window(t, v->g, part.from, part.to, 1u << REC_WAITING, visit_blocked, v);
		break;
	}
}

static void walk_goroutine(struct share *s, kymo_goroutine_ix g)
{
	const struct plan *p = s->plan;
	struct visit v = {.s = s, .p = p, .g = g};
	struct kymo_interval all, part;
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
		v.regions = region_cursor_begin(p->regions, g);
	for (unsigned i = 0; i < p->scope.part_count && s->ok; i++) {
		v.part = p->scope.parts[i];
		if (wait_part_meets(&v.part, &all, &part))
			walk_part(&v, part);
	}
}

static void walk_share(void *job)
{
	struct share *s = job;
	const struct wait_scope *scope = &s->plan->scope;
	for (size_t i, end; s->ok && parallel_take(s->goroutines, &i, &end);)
		for (; i < end && s->ok; i++) {
			if (i + SPAN_AHEAD < end)
				span_prefetch(s->plan->t, wait_scope_row(scope, i + SPAN_AHEAD));
			walk_goroutine(s, wait_scope_row(scope, i));
		}
}

static bool walk_all(const struct plan *p, struct sample_map *out)
{
	struct parallel goroutines;
	struct share s[PARALLEL_MAX];
	unsigned n = wait_scope_begin(&p->scope, &goroutines);
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

/* ---- what was summed up before ---- */

static always_inline bool add_sum(void *ctx, uint32_t target, const struct wait_sum *sum,
                                  const uint32_t *lengths)
{
	struct kymo_profile_sample *s = &((struct kymo_profile_sample *)ctx)[target];
	(void)lengths;
	s->count += sum->count;
	s->ns += sum->ns;
	sample_map_keep_longest(s, sum->longest_goroutine, sum->longest, sum->longest_at);
	return true;
}

/* Keys that only waits outside of the selection have leave samples without any. */
static void drop_empty(struct sample_map *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->samples.count; i++)
		if (m->samples.at[i].count)
			m->samples.at[n++] = m->samples.at[i];
	m->samples.count = n;
}

static bool add_kept(const struct plan *p, struct sample_map *m)
{
	const struct wait_index *x = p->scope.index;
	if (!x)
		return true;
	uint32_t *targets = malloc(((size_t)x->key_count + 1) * sizeof *targets);
	bool ok = targets != NULL;
	for (uint32_t k = 0; k < x->key_count && ok; k++) {
		const struct wait_key *key = &x->keys[k];
		targets[k] = UINT32_MAX;
		if (key->what != what_of(p->o.kind) || !wait_scope_has(&p->scope, key) ||
		    (key->what == WAIT_BLOCKED &&
		     !wanted_reason(kymo_trace_string(p->t, key->reason), p->o.kind)))
			continue;
		targets[k] = sample_map_index(m, sample_key(&p->o, *key));
		ok = targets[k] != UINT32_MAX;
	}
	if (ok)
		wait_scope_sum(&p->scope, targets, add_sum, m->samples.at);
	drop_empty(m);
	free(targets);
	return ok;
}

/* Profiles of waits. */
static bool add_waits(struct plan *p, struct sample_map *m)
{
	const struct kymo_trace *t = p->t;
	const struct wait_index *x = wait_index_of(t);
	p->reasons = calloc(t->reasons.count + 1, 1);
	if (!p->reasons)
		return false;
	for (size_t i = 0; i < t->reasons.count; i++)
		p->reasons[i] = wanted_reason(kymo_trace_string(t, t->reasons.at[i]), p->o.kind);
	if (p->o.labels && !x && !regions_by_goroutine_make(&p->made, t))
		return false;
	if (p->o.labels)
		p->regions = x ? &x->regions : &p->made;
	wait_scope_make(&p->scope, t, p->sel, p->o.rules == KYMO_RULES_EXACT);
	return walk_all(p, m) && add_kept(p, m);
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
	struct sample_map m = {0};
	bool ok;
	*out = (struct kymo_profile){.kind = options->kind};
	if (p.o.rules == KYMO_RULES_GO126)
		p.o.labels = false;
	if (p.o.stack == KYMO_STACK_USUAL)
		p.o.stack = p.o.kind == KYMO_PROFILE_SCHED ? KYMO_STACK_WAKER : KYMO_STACK_WAITER;
	switch (p.o.kind) {
	case KYMO_PROFILE_CREATE: ok = add_creations(&p, &m); break;
	case KYMO_PROFILE_STW: ok = add_stops(&p, &m); break;
	case KYMO_PROFILE_CPU: ok = add_samples(&p, &m); break;
	default: ok = add_waits(&p, &m); break;
	}
	free(p.reasons);
	wait_scope_free(&p.scope);
	regions_by_goroutine_free(&p.made);
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
