/* SPDX-License-Identifier: MIT */
/* Waits by site: one walk over the spans, each wait's length kept with its site until the percentiles are known. */
#include <kymo/waits.h>

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dist.h"
#include "analysis/parallel.h"
#include "analysis/sample_map.h"
#include "analysis/select.h"
#include "trace/walk.h"

struct plan {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	enum kymo_waits_kind kind;
	const uint8_t *reasons;  // [codes] whether a wait for it counts
};

/* One thread's share. */
struct share {
	alignas(PARALLEL_LINE) const struct plan *plan;
	struct parallel *goroutines;
	// Ways to wait: by stack, reason, the waker's stack as `group`, whether nobody ended it as `region`.
	struct sample_map ways;
	VEC(struct dist) lengths;  // of each way
	VEC(kymo_ns) without;      // of each way, without a proc
	bool ok;
};

struct visit {
	struct share *s;
	kymo_goroutine_ix g;
	struct select_cursor selected;
	kymo_ns without_from;  // SYSCALLS: since when the call under way has no proc
};

/* Makes the rows of a new way. */
static bool extend(struct share *s, uint32_t way)
{
	return way < s->lengths.count ||
	       (vec_push(&s->lengths, ((struct dist){0})) && vec_push(&s->without, 0));
}

static always_inline bool add(const struct visit *v, const struct walk_span *x, kymo_ns start,
                              kymo_ns ns, kymo_ns without)
{
	struct share *s = v->s;
	const struct plan *p = s->plan;
	bool call = p->kind == KYMO_WAITS_SYSCALLS;
	const struct sample_key key = {.stack = x->stack,
	                               .reason = call ? 0 : p->t->reasons.at[x->reason],
	                               .group = call ? 0 : x->waker_stack,
	                               .region = x->open};
	uint32_t way = sample_map_index(&s->ways, key);
	if (way == UINT32_MAX || !extend(s, way))
		return false;
	s->ways.samples.at[way].count++;
	s->ways.samples.at[way].ns += ns;
	sample_map_keep_longest(&s->ways.samples.at[way], v->g, ns, start);
	if (call)
		s->without.at[way] += without;
	return dist_add(&s->lengths.at[way], ns);
}

static always_inline bool visit_wait(void *ctx, const struct walk_span *x)
{
	struct visit *v = ctx;
	if (x->state != KYMO_SPAN_WAITING || x->cause == KYMO_CAUSE_CREATED ||
	    !v->s->plan->reasons[x->reason])
		return true;
	kymo_ns ns = select_take(&v->selected, x->start, x->end);
	v->s->ok = ns == 0 || add(v, x, x->start, ns, 0);
	return v->s->ok;
}

static always_inline bool visit_call(void *ctx, const struct walk_span *x)
{
	struct visit *v = ctx;
	if ((x->state != KYMO_SPAN_SYSCALL && x->state != KYMO_SPAN_SYSCALL_BLOCKED) || x->goes_on)
		return true;
	struct select_cursor parts = v->selected;
	kymo_ns ns = select_take(&v->selected, x->episode, x->end);
	bool none = x->state == KYMO_SPAN_SYSCALL_BLOCKED ||
	            (x->cause == KYMO_CAUSE_STATUS && x->proc == 0);
	kymo_ns without = none ? select_take(&parts, x->start, x->end) : 0;
	v->s->ok = ns == 0 || add(v, x, x->episode, ns, without);
	return v->s->ok;
}

static void walk_goroutine(struct share *s, kymo_goroutine_ix g)
{
	const struct plan *p = s->plan;
	struct visit v = {.s = s, .g = g};
	struct kymo_interval all;
	if (!select_begin(&v.selected, p->t, p->sel, g, &all))
		return;
	if (p->kind == KYMO_WAITS_SYSCALLS)
		walk_window(p->t, g, all.from, all.to, 1u << REC_SYSCALL, visit_call, &v);
	else
		walk_window(p->t, g, all.from, all.to, 1u << REC_WAITING, visit_wait, &v);
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

/* Moves the values of `b` to `a`. */
static bool join(struct dist *a, struct dist *b)
{
	size_t n = a->values.count + b->values.count;
	if (a->values.count == 0) {
		struct dist empty = *a;
		*a = *b;
		*b = empty;
		return true;
	}
	if (!vec_reserve(&a->values, n))
		return false;
	if (b->values.count)
		memcpy(a->values.at + a->values.count, b->values.at,
		       b->values.count * sizeof *b->values.at);
	a->values.count = n;
	dist_free(b);
	return true;
}

/* Adds what `from` found to `to`. */
static bool merge(struct share *to, struct share *from)
{
	for (uint32_t i = 0; i < from->ways.samples.count; i++) {
		const struct kymo_profile_sample *x = &from->ways.samples.at[i];
		uint32_t way = sample_map_find(&to->ways, sample_key_of(x));
		if (way == UINT32_MAX || !extend(to, way))
			return false;
		to->ways.samples.at[way].count += x->count;
		to->ways.samples.at[way].ns += x->ns;
		sample_map_keep_longest(&to->ways.samples.at[way], x->longest_goroutine, x->longest,
		                        x->longest_at);
		to->without.at[way] += from->without.at[i];
		if (!join(&to->lengths.at[way], &from->lengths.at[i]))
			return false;
	}
	return true;
}

static void share_free(struct share *s)
{
	for (size_t i = 0; i < s->lengths.count; i++)
		dist_free(&s->lengths.at[i]);
	vec_free(&s->lengths);
	vec_free(&s->without);
	sample_map_free(&s->ways);
}

static bool walk_all(const struct plan *p, struct share *out)
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
		ok = ok && s[i].ok && merge(&s[0], &s[i]);
		share_free(&s[i]);
	}
	*out = s[0];
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

/* Ways of one stack and reason are a site; each of them is a waker of it. */
static bool add_site(struct share *s, const struct numbered *ways, size_t from, size_t to,
                     struct kymo_waits *out, struct owned *o)
{
	bool call = s->plan->kind == KYMO_WAITS_SYSCALLS;
	struct kymo_wait_site *site = &o->sites[out->count++];
	struct dist *all = &s->lengths.at[ways[from].number];
	site->stack = ways[from].way.stack;
	site->reason = ways[from].way.reason;
	site->waker_from = call ? 0 : from;
	site->waker_to = call ? 0 : to;
	struct kymo_profile_sample longest = {0};
	for (size_t i = from; i < to; i++) {
		const struct kymo_profile_sample *x = &ways[i].way;
		sample_map_keep_longest(&longest, x->longest_goroutine, x->longest, x->longest_at);
		site->without_proc += s->without.at[ways[i].number];
		o->wakers[i] = (struct kymo_waker){x->group, x->count, x->ns, x->region};
		if (i > from && !join(all, &s->lengths.at[ways[i].number]))
			return false;
	}
	struct dist_summary d = dist_summarize(all);
	site->count = d.count;
	site->total = d.total;
	site->p50 = d.p50;
	site->p90 = d.p90;
	site->p99 = d.p99;
	site->max = d.max;
	site->max_at = longest.longest_at;
	site->max_goroutine = longest.longest_goroutine;
	out->total_count += d.count;
	out->total_ns += d.total;
	return true;
}

static bool publish(struct share *s, struct kymo_waits *out)
{
	size_t n = s->ways.samples.count;
	struct numbered *ways = calloc(n + 1, sizeof *ways);
	struct owned *o = calloc(1, sizeof *o);
	out->owned = o;
	if (o) {
		o->sites = calloc(n + 1, sizeof *o->sites);
		o->wakers = calloc(n + 1, sizeof *o->wakers);
	}
	bool ok = ways && o && o->sites && o->wakers;
	for (uint32_t i = 0; i < n && ok; i++)
		ways[i] = (struct numbered){s->ways.samples.at[i], i};
	if (ok && n)
		qsort(ways, n, sizeof *ways, by_site);
	for (size_t from = 0, to; from < n && ok; from = to) {
		for (to = from + 1; to < n && ways[to].way.stack == ways[from].way.stack &&
		                    ways[to].way.reason == ways[from].way.reason;)
			to++;
		ok = add_site(s, ways, from, to, out, o);
	}
	free(ways);
	if (!ok)
		return false;
	if (out->count)
		qsort(o->sites, out->count, sizeof *o->sites, by_total);
	out->sites = o->sites;
	out->wakers = o->wakers;
	return true;
}

static bool begins(struct kymo_str s, const char *with)
{
	size_t n = strlen(with);
	return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

static bool counts(struct kymo_str reason, enum kymo_waits_kind kind)
{
	switch (kind) {
	case KYMO_WAITS_NET: return reason.len == 7 && begins(reason, "network");
	case KYMO_WAITS_LOCKS:  // synctest is a bubble's idleness, not a lock
		return begins(reason, "sync") && !begins(reason, "synctest");
	case KYMO_WAITS_CHANS: return begins(reason, "chan ") || begins(reason, "select");
	default: return false;
	}
}

enum kymo_status kymo_waits_compute(const struct kymo_trace *t, const struct kymo_selection *sel,
                                    enum kymo_waits_kind kind, struct kymo_waits *out)
{
	uint8_t *reasons = calloc(t->reasons.count + 1, 1);
	struct plan p = {t, sel && !sel->whole ? sel : NULL, kind, reasons};
	struct share s = {0};
	*out = (struct kymo_waits){0};
	for (size_t i = 0; reasons && i < t->reasons.count; i++)
		reasons[i] = counts(kymo_trace_string(t, t->reasons.at[i]), kind);
	bool ok = reasons && walk_all(&p, &s) && publish(&s, out);
	share_free(&s);
	free(reasons);
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
