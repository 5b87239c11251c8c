/* SPDX-License-Identifier: MIT */
/* Waits by site: one walk over the spans, each wait's length kept with its site until the percentiles are known. */
#include <kymo/waits.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dist.h"
#include "analysis/sample_map.h"
#include "analysis/select.h"
#include "trace/walk.h"

struct plan {
	const struct kymo_trace *t;
	const struct kymo_selection *sel;
	enum kymo_waits_kind kind;
	const uint8_t *reasons;  // [codes] whether a wait for it counts
};

/* One thread's goroutines. */
struct stretch {
	const struct plan *plan;
	kymo_goroutine_ix from, to;
	struct sample_map sites;   // by stack and reason
	VEC(struct dist) lengths;  // of each site
	VEC(kymo_ns) without;      // of each site, without a proc
	struct sample_map wakers;  // by stack, the site as `group`, and whether nobody did it as `region`
	bool ok;
};

struct visit {
	struct stretch *s;
	struct select_cursor selected;
	kymo_ns without_from;  // SYSCALLS: since when the call under way has no proc
};

static bool add(struct stretch *s, const struct walk_span *x, kymo_ns ns, kymo_ns without)
{
	const struct plan *p = s->plan;
	bool call = p->kind == KYMO_WAITS_SYSCALLS;
	struct kymo_profile_sample key = {.stack = x->stack};
	if (!call)
		key.reason = p->t->reasons.at[x->reason];
	uint32_t site = sample_map_find(&s->sites, &key);
	if (site == UINT32_MAX)
		return false;
	if (site == s->lengths.count &&
	    (!vec_push(&s->lengths, ((struct dist){0})) || !vec_push(&s->without, 0)))
		return false;
	s->sites.samples.at[site].count++;
	s->sites.samples.at[site].ns += ns;
	s->without.at[site] += without;
	if (!dist_add(&s->lengths.at[site], ns))
		return false;
	struct kymo_profile_sample waker = {
		.stack = call ? 0 : x->waker_stack, .group = site, .region = x->open};
	return call || sample_map_add(&s->wakers, &waker, 1, ns, 0);
}

static always_inline bool visit_wait(void *ctx, const struct walk_span *x)
{
	struct visit *v = ctx;
	if (x->state != KYMO_SPAN_WAITING || x->cause == KYMO_CAUSE_CREATED ||
	    !v->s->plan->reasons[x->reason])
		return true;
	kymo_ns ns = select_take(&v->selected, x->start, x->end);
	v->s->ok = ns == 0 || add(v->s, x, ns, 0);
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
	v->s->ok = ns == 0 || add(v->s, x, ns, without);
	return v->s->ok;
}

static void *walk_stretch(void *arg)
{
	struct stretch *s = arg;
	const struct plan *p = s->plan;
	for (kymo_goroutine_ix g = s->from; g < s->to && s->ok; g++) {
		struct visit v = {.s = s};
		struct kymo_interval all;
		if (!select_begin(&v.selected, p->t, p->sel, g, &all))
			continue;
		if (p->kind == KYMO_WAITS_SYSCALLS)
			walk_window(p->t, g, all.from, all.to, 1u << REC_SYSCALL, visit_call, &v);
		else
			walk_window(p->t, g, all.from, all.to, 1u << REC_WAITING, visit_wait, &v);
	}
	return NULL;
}

/* Adds what `from` found to `to`. */
static bool merge(struct stretch *to, struct stretch *from)
{
	for (uint32_t i = 0; i < from->sites.samples.count; i++) {
		const struct kymo_profile_sample *x = &from->sites.samples.at[i];
		uint32_t site = sample_map_find(&to->sites, x);
		if (site == UINT32_MAX ||
		    (site == to->lengths.count &&
		     (!vec_push(&to->lengths, ((struct dist){0})) || !vec_push(&to->without, 0))))
			return false;
		to->sites.samples.at[site].count += x->count;
		to->sites.samples.at[site].ns += x->ns;
		to->without.at[site] += from->without.at[i];
		struct dist *a = &to->lengths.at[site], *b = &from->lengths.at[i];
		size_t n = a->values.count + b->values.count;
		if (!vec_reserve(&a->values, n))
			return false;
		if (b->values.count)
			memcpy(a->values.at + a->values.count, b->values.at,
			       b->values.count * sizeof *b->values.at);
		a->values.count = n;
		dist_free(b);
		from->sites.samples.at[i].group = site;  // where it went
	}
	for (uint32_t i = 0; i < from->wakers.samples.count; i++) {
		struct kymo_profile_sample x = from->wakers.samples.at[i];
		x.group = from->sites.samples.at[x.group].group;
		if (!sample_map_add(&to->wakers, &x, x.count, x.ns, 0))
			return false;
	}
	return true;
}

static void stretch_free(struct stretch *s)
{
	for (size_t i = 0; i < s->lengths.count; i++)
		dist_free(&s->lengths.at[i]);
	vec_free(&s->lengths);
	vec_free(&s->without);
	sample_map_free(&s->sites);
	sample_map_free(&s->wakers);
}

static bool walk_all(const struct plan *p, struct stretch *out)
{
	const struct kymo_trace *t = p->t;
	uint32_t n = t->goroutines.count, cut = 1;
	uint64_t records = 0, half = 0;
	for (uint32_t g = 1; g < n; g++)
		records += t->g.span_records.at[g];
	while (cut < n && half < records / 2)
		half += t->g.span_records.at[cut++];
	if (records < 1u << 18)
		cut = n;
	struct stretch other = {.plan = p, .from = cut, .to = n, .ok = true};
	*out = (struct stretch){.plan = p, .from = 1, .to = cut, .ok = true};
	pthread_t thread;
	bool threaded = cut < n && pthread_create(&thread, NULL, walk_stretch, &other) == 0;
	walk_stretch(out);
	if (threaded)
		pthread_join(thread, NULL);
	else if (cut < n)
		walk_stretch(&other);
	bool ok = out->ok && other.ok && merge(out, &other);
	stretch_free(&other);
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

static int by_site(const void *a, const void *b)
{
	const struct kymo_profile_sample *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	return x->region < y->region ? -1 : x->region > y->region;
}

static bool publish(struct stretch *s, struct kymo_waits *out)
{
	size_t n = s->sites.samples.count, wakers = s->wakers.samples.count;
	struct owned *o = calloc(1, sizeof *o);
	if (!o)
		return false;
	out->owned = o;
	o->sites = calloc(n + 1, sizeof *o->sites);
	o->wakers = calloc(wakers + 1, sizeof *o->wakers);
	if (!o->sites || !o->wakers)
		return false;
	if (wakers)
		qsort(s->wakers.samples.at, wakers, sizeof *s->wakers.samples.at, by_site);
	size_t w = 0;
	for (size_t i = 0; i < n; i++) {
		const struct kymo_profile_sample *x = &s->sites.samples.at[i];
		struct dist_summary d = dist_summarize(&s->lengths.at[i]);
		o->sites[i] = (struct kymo_wait_site){
			x->stack, x->reason, d.count,          d.total, d.p50, d.p90,
			d.p99,    d.max,     s->without.at[i], w,       w};
		for (; w < wakers && s->wakers.samples.at[w].group == i; w++)
			o->wakers[w] = (struct kymo_waker){
				s->wakers.samples.at[w].stack, s->wakers.samples.at[w].count,
				s->wakers.samples.at[w].ns, s->wakers.samples.at[w].region};
		o->sites[i].waker_to = w;
		out->total_count += d.count;
		out->total_ns += d.total;
	}
	if (n)
		qsort(o->sites, n, sizeof *o->sites, by_total);
	out->count = n;
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
	struct stretch s = {0};
	*out = (struct kymo_waits){0};
	for (size_t i = 0; reasons && i < t->reasons.count; i++)
		reasons[i] = counts(kymo_trace_string(t, t->reasons.at[i]), kind);
	bool ok = reasons && walk_all(&p, &s) && publish(&s, out);
	stretch_free(&s);
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
