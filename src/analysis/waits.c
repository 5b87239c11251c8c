/* SPDX-License-Identifier: MIT */
/* Waits by site: one walk over the spans, each wait's length kept with its site until the percentiles are known. */
#include <kymo/waits.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dist_runs.h"
#include "analysis/parallel.h"
#include "analysis/sample_map.h"
#include "analysis/select.h"
#include "analysis/wait_scope.h"

static bool begins(struct kymo_str s, const char *with)
{
	size_t n = strlen(with);
	return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

/* Whether a blocked goroutine's reason is one of the kind's. */
static bool wanted_reason(struct kymo_str reason, enum kymo_waits_kind kind)
{
	switch (kind) {
	case KYMO_WAITS_NET: return reason.len == 7 && begins(reason, "network");
	case KYMO_WAITS_LOCKS:  // synctest is a bubble's idleness, not a lock
		return begins(reason, "sync") && !begins(reason, "synctest");
	case KYMO_WAITS_CHANS: return begins(reason, "chan ") || begins(reason, "select");
	default: return false;
	}
}

static always_inline enum wait_what what_of(enum kymo_waits_kind kind)
{
	return kind == KYMO_WAITS_SYSCALLS ? WAIT_CALL : WAIT_BLOCKED;
}

/* A way to wait: by stack, reason, the waker's stack as `group`, whether nobody ended it as `region`. */
static always_inline struct sample_key way_of(struct wait_key k)
{
	return (struct sample_key){
		.stack = k.own, .reason = k.reason, .group = k.other, .region = k.open};
}

struct plan {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	enum kymo_waits_kind kind;
	struct wait_scope scope;
	uint8_t *reasons;  // [codes] whether a wait for it counts
};

/* One thread's share. */
struct share {
	alignas(PARALLEL_LINE) const struct plan *plan;
	struct parallel *goroutines;
	struct sample_map ways;
	VEC(struct dist_runs) lengths;  // of each way
	VEC(kymo_ns) without;           // of each way, without a proc
	bool ok;
};

struct visit {
	struct share *s;
	kymo_goroutine_ix g;
	struct wait_part part;  // of the scope
	struct select_cursor selected;
};

/* The number of a way, whose rows are made if it is new; UINT32_MAX: no memory. */
static always_inline uint32_t way_number(struct share *s, struct sample_key key)
{
	uint32_t way = sample_map_index(&s->ways, key);
	if (way != UINT32_MAX && unlikely(way >= s->lengths.count) &&
	    !(vec_push(&s->lengths, ((struct dist_runs){0})) && vec_push(&s->without, 0)))
		return UINT32_MAX;
	return way;
}

static always_inline bool visit_span(struct visit *v, const struct walk_span *x, enum wait_what what)
{
	struct share *s = v->s;
	const struct plan *p = s->plan;
	if (!wait_is(x, what) || !wait_part_has(&v->part, x->end) ||
	    (what == WAIT_BLOCKED && (x->cause == KYMO_CAUSE_CREATED || !p->reasons[wait_reason(x)])))
		return true;
	const struct wait w = wait_of(p->t, x, what, 0);
	struct select_cursor parts = v->selected;
	kymo_ns ns = select_take(&v->selected, w.start, w.end);
	if (ns == 0)
		return true;
	uint32_t way = way_number(s, way_of(w.key));
	s->ok = way != UINT32_MAX && dist_add(&s->lengths.at[way].values, ns);
	if (!s->ok)
		return false;
	s->ways.samples.at[way].count++;
	s->ways.samples.at[way].ns += ns;
	sample_map_keep_longest(&s->ways.samples.at[way], v->g, ns, w.start);
	if (what == WAIT_CALL && w.lost < w.end)
		s->without.at[way] += select_take(&parts, w.lost, w.end);
	return true;
}

static always_inline bool visit_blocked(void *ctx, const struct walk_span *x)
{
	return visit_span(ctx, x, WAIT_BLOCKED);
}

static always_inline bool visit_call(void *ctx, const struct walk_span *x)
{
	return visit_span(ctx, x, WAIT_CALL);
}

static void walk_goroutine(struct share *s, kymo_goroutine_ix g)
{
	const struct plan *p = s->plan;
	struct visit v = {.s = s, .g = g};
	struct kymo_interval all, part;
	if (!select_begin(&v.selected, p->t, p->sel, g, &all))
		return;
	for (unsigned i = 0; i < p->scope.part_count && s->ok; i++) {
		v.part = p->scope.parts[i];
		if (!wait_part_meets(&v.part, &all, &part))
			continue;
		if (what_of(p->kind) == WAIT_CALL)
			walk_window(p->t, g, part.from, part.to, 1u << REC_SYSCALL, visit_call, &v);
		else
			walk_window(p->t, g, part.from, part.to, 1u << REC_WAITING, visit_blocked,
			            &v);
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

/* Adds what `from` found to `to`. */
static bool merge(struct share *to, struct share *from)
{
	for (uint32_t i = 0; i < from->ways.samples.count; i++) {
		const struct kymo_profile_sample *x = &from->ways.samples.at[i];
		uint32_t way = way_number(to, sample_key_of(x));
		if (way == UINT32_MAX)
			return false;
		to->ways.samples.at[way].count += x->count;
		to->ways.samples.at[way].ns += x->ns;
		sample_map_keep_longest(&to->ways.samples.at[way], x->longest_goroutine, x->longest,
		                        x->longest_at);
		to->without.at[way] += from->without.at[i];
		if (!dist_runs_join(&to->lengths.at[way], &from->lengths.at[i]))
			return false;
	}
	return true;
}

static void share_free(struct share *s)
{
	for (size_t i = 0; i < s->lengths.count; i++)
		dist_runs_free(&s->lengths.at[i]);
	vec_free(&s->lengths);
	vec_free(&s->without);
	sample_map_free(&s->ways);
}

static bool walk_all(const struct plan *p, struct share *out)
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
		ok = ok && s[i].ok && merge(&s[0], &s[i]);
		share_free(&s[i]);
	}
	*out = s[0];
	return ok;
}

/* ---- what was summed up before ---- */

#define SHORT_RUN 16  // lengths: cheaper to copy than to search again and again

static always_inline bool add_sum(void *ctx, uint32_t way, const struct wait_sum *sum,
                                  const uint32_t *lengths)
{
	struct share *s = ctx;
	struct kymo_profile_sample *x = &s->ways.samples.at[way];
	x->count += sum->count;
	x->ns += sum->ns;
	sample_map_keep_longest(x, sum->longest_goroutine, sum->longest, sum->longest_at);
	s->without.at[way] += sum->without;
	if (!lengths)
		return dist_add(&s->lengths.at[way].values, sum->ns);
	if (sum->count < SHORT_RUN) {
		for (uint32_t i = 0; i < sum->count; i++)
			if (!dist_add(&s->lengths.at[way].values, lengths[i]))
				return false;
		return true;
	}
	return vec_push(&s->lengths.at[way].runs, ((struct dist_run){lengths, sum->count}));
}

static bool add_kept(const struct plan *p, struct share *s)
{
	const struct wait_index *x = p->scope.index;
	if (!x)
		return true;
	uint32_t *ways = malloc(((size_t)x->key_count + 1) * sizeof *ways);
	bool ok = ways != NULL;
	for (uint32_t k = 0; k < x->key_count && ok; k++) {
		const struct wait_key *key = &x->keys[k];
		ways[k] = UINT32_MAX;
		if (key->what != what_of(p->kind) || !wait_scope_has(&p->scope, key) ||
		    (key->what == WAIT_BLOCKED &&
		     (key->created || !wanted_reason(kymo_trace_string(p->t, key->reason), p->kind))))
			continue;
		ways[k] = way_number(s, way_of(*key));
		ok = ways[k] != UINT32_MAX;
	}
	ok = ok && wait_scope_sum(&p->scope, ways, add_sum, s);
	free(ways);
	return ok;
}

/* ---- the result ---- */

struct owned {
	struct kymo_wait_site *sites;
	struct kymo_waker *wakers;
};

static int by_total(const void *a, const void *b)
{
	const struct kymo_wait_site *x = a, *y = b;
	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->reason < y->reason ? -1 : x->reason > y->reason;
}

/* A way and its number. */
struct numbered {
	struct kymo_profile_sample way;
	uint32_t number;
};

static int by_site(const void *a, const void *b)
{
	const struct kymo_profile_sample *x = &((const struct numbered *)a)->way,
					 *y = &((const struct numbered *)b)->way;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->region < y->region ? -1 : x->region > y->region;
}

/* Ways of one stack and reason are a site; each of them is a waker of it. Their lengths go to `lengths`. */
static bool add_site(struct share *s, const struct numbered *ways, size_t from, size_t to,
                     struct kymo_waits *out, struct owned *o, struct dist_runs *lengths)
{
	bool call = s->plan->kind == KYMO_WAITS_SYSCALLS;
	struct kymo_wait_site *site = &o->sites[out->count++];
	site->stack = ways[from].way.stack;
	site->reason = ways[from].way.reason;
	site->waker_from = call ? 0 : from;
	site->waker_to = call ? 0 : to;
	struct kymo_profile_sample longest = {0};
	for (size_t i = from; i < to; i++) {
		const struct kymo_profile_sample *x = &ways[i].way;
		sample_map_keep_longest(&longest, x->longest_goroutine, x->longest, x->longest_at);
		site->count += x->count;
		site->total += x->ns;
		site->without_proc += s->without.at[ways[i].number];
		o->wakers[i] = (struct kymo_waker){x->group, x->count, x->ns, x->region};
		if (!dist_runs_join(lengths, &s->lengths.at[ways[i].number]))
			return false;
	}
	site->max = longest.longest;
	site->max_at = longest.longest_at;
	site->max_goroutine = longest.longest_goroutine;
	out->total_count += site->count;
	out->total_ns += site->total;
	return true;
}

/* The ways that some wait went, in an order of sites. */
static size_t sort_ways(const struct share *s, struct numbered *ways)
{
	size_t n = 0;
	for (uint32_t i = 0; i < s->ways.samples.count; i++)
		if (s->ways.samples.at[i].count)
			ways[n++] = (struct numbered){s->ways.samples.at[i], i};
	if (n)
		qsort(ways, n, sizeof *ways, by_site);
	return n;
}

static bool add_sites(struct share *s, const struct numbered *ways, size_t n,
                      struct kymo_waits *out, struct owned *o, struct dist_runs *lengths)
{
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && ways[to].way.stack == ways[from].way.stack &&
		                    ways[to].way.reason == ways[from].way.reason;)
			to++;
		if (!add_site(s, ways, from, to, out, o, &lengths[out->count]))
			return false;
	}
	for (size_t i = 0; i < out->count; i++) {
		if (!dist_runs_ranks(&lengths[i]))
			return false;
		o->sites[i].p50 = lengths[i].p50;
		o->sites[i].p90 = lengths[i].p90;
		o->sites[i].p99 = lengths[i].p99;
	}
	return true;
}

static bool publish(struct share *s, struct kymo_waits *out)
{
	size_t n = s->ways.samples.count;
	struct numbered *ways = calloc(n + 1, sizeof *ways);
	struct dist_runs *lengths = calloc(n + 1, sizeof *lengths);
	struct owned *o = calloc(1, sizeof *o);
	out->owned = o;
	if (o) {
		o->sites = calloc(n + 1, sizeof *o->sites);
		o->wakers = calloc(n + 1, sizeof *o->wakers);
	}
	bool ok = ways && lengths && o && o->sites && o->wakers &&
	          add_sites(s, ways, sort_ways(s, ways), out, o, lengths);
	for (size_t i = 0; lengths && i < out->count; i++)
		dist_runs_free(&lengths[i]);
	free(lengths);
	free(ways);
	if (!ok)
		return false;
	if (out->count)
		qsort(o->sites, out->count, sizeof *o->sites, by_total);
	out->sites = o->sites;
	out->wakers = o->wakers;
	return true;
}

enum kymo_status kymo_waits_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                    enum kymo_waits_kind kind, struct kymo_waits *out)
{
	struct plan p = {.t = t, .sel = sel && !sel->whole ? sel : NULL, .kind = kind};
	struct share s = {0};
	*out = (struct kymo_waits){0};
	p.reasons = calloc(t->reasons.count + 1, 1);
	for (size_t i = 0; p.reasons && i < t->reasons.count; i++)
		p.reasons[i] = wanted_reason(kymo_trace_string(t, t->reasons.at[i]), kind);
	wait_scope_make(&p.scope, t, p.sel, true);
	bool ok = p.reasons && walk_all(&p, &s) && add_kept(&p, &s) && publish(&s, out);
	share_free(&s);
	wait_scope_free(&p.scope);
	free(p.reasons);
	if (!ok) {
		kymo_waits_free(out);
		return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

void kymo_waits_free(struct kymo_waits *w)
{
	if (!w || !w->owned)
		return;
	struct owned *o = w->owned;
	free(o->sites);
	free(o->wakers);
	free(o);
	*w = (struct kymo_waits){0};
}
