/* SPDX-License-Identifier: MIT */
/*
 * Profiles and waits of generated traces, whole, by window, by region and by goroutine, against sums that look at every
 * span with the public cursor (which test_store.c holds to the truth).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/traces.h"

#define SEEDS 24

/* ---- the slow way: a list of waits, one after another ---- */

enum what { WAIT, READY, CALL };

struct wait {
	enum what what;
	kymo_goroutine_ix g;
	kymo_ns start, end, lost;  // lost: since when it had no proc; end: it always had one
	kymo_stack_ix own, waker;  // where it stopped itself; who ended it, of READY who made it so
	kymo_stack_ix usual;       // whose stack Go's tool shows
	kymo_string_ix reason;
	bool open, created;
};

struct list {
	struct wait *at;
	size_t count;
};

static void put(struct list *l, const struct wait *w)
{
	if ((l->count & (l->count - 1)) == 0) {
		l->at = realloc(l->at, (l->count ? l->count * 2 : 1) * sizeof *l->at);
		assert_non_null(l->at);
	}
	l->at[l->count++] = *w;
}

static struct list list_waits(const struct kymo_trace *t)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	struct list l = {0};
	for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
		struct kymo_span_cursor c;
		struct kymo_span s, next;
		kymo_stack_ix before = 0;  // where the span before began
		kymo_span_seek(t, g, 0, &c);
		for (bool have = kymo_span_next(&c, &s); have; s = next) {
			have = kymo_span_next(&c, &next);
			struct wait w = {.g = g,
			                 .start = s.start,
			                 .end = s.end,
			                 .lost = s.end,
			                 .own = s.stack,
			                 .usual = s.stack,
			                 .reason = s.reason,
			                 .created = s.cause == KYMO_CAUSE_CREATED,
			                 .open = !have && !(gs->flags[g] & KYMO_G_ENDED)};
			switch (s.state) {
			case KYMO_SPAN_WAITING:
				w.what = WAIT;
				if (have && next.cause == KYMO_CAUSE_WOKEN)
					w.waker = next.waker_stack;
				put(&l, &w);
				break;
			case KYMO_SPAN_RUNNABLE:
				w.what = READY;
				w.own = s.stack ? s.stack : before;
				w.waker = s.cause == KYMO_CAUSE_CREATED || s.cause == KYMO_CAUSE_WOKEN
				                  ? s.waker_stack
				                  : s.stack;
				w.usual = w.waker;
				if (s.cause != KYMO_CAUSE_STOPPED)
					w.reason = 0;
				put(&l, &w);
				break;
			case KYMO_SPAN_SYSCALL_BLOCKED:
				if (s.cause == KYMO_CAUSE_PROC_LOST && l.count &&
				    l.at[l.count - 1].what == CALL && l.at[l.count - 1].g == g &&
				    l.at[l.count - 1].end == s.start) {
					s.stack = l.at[l.count - 1].own;
					l.at[l.count - 1].end = s.end;
					l.at[l.count - 1].lost = s.start;
					l.at[l.count - 1].open = w.open;
					break;
				}
				w.lost = s.start;
				w.what = CALL;
				put(&l, &w);
				break;
			case KYMO_SPAN_SYSCALL:
				w.what = CALL;
				if (s.cause == KYMO_CAUSE_STATUS && s.proc == 0)
					w.lost = s.start;
				put(&l, &w);
				break;
			default: break;
			}
			before = s.stack;
		}
	}
	return l;
}

/* How much of [a, b) the selection has of a goroutine. */
static kymo_ns part(const struct kymo_selection *sel, kymo_goroutine_ix g, kymo_ns a, kymo_ns b)
{
	struct kymo_interval window = {sel->from, sel->to};
	const struct kymo_interval *p = &window;
	size_t n = 1;
	kymo_ns sum = 0;
	if (sel->goroutines && !sel->goroutines[g])
		return 0;
	if (sel->piece_from) {
		p = sel->pieces + sel->piece_from[g];
		n = sel->piece_from[g + 1] - sel->piece_from[g];
	}
	for (size_t i = 0; i < n; i++) {
		kymo_ns from = a > p[i].from ? a : p[i].from, to = b < p[i].to ? b : p[i].to;
		sum += to > from ? to - from : 0;
	}
	return sum;
}

static bool has(const struct kymo_trace *t, kymo_string_ix reason, const char *text)
{
	struct kymo_str s = kymo_trace_string(t, reason);
	return memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

static bool is_network(const struct kymo_trace *t, kymo_string_ix reason)
{
	return kymo_trace_string(t, reason).len == 7 && has(t, reason, "network");
}

static bool wanted(const struct kymo_trace *t, const struct wait *w, enum kymo_profile_kind kind)
{
	switch (kind) {
	case KYMO_PROFILE_SYSCALL: return w->what == CALL;
	case KYMO_PROFILE_SCHED: return w->what == READY;
	case KYMO_PROFILE_NET: return w->what == WAIT && is_network(t, w->reason);
	case KYMO_PROFILE_SYNC:
		return w->what == WAIT && (has(t, w->reason, "sync") || has(t, w->reason, "chan") ||
		                           has(t, w->reason, "select"));
	default: return w->what == WAIT;
	}
}

/* ---- profiles ---- */

static void innermost_region(const struct kymo_trace *t, const struct wait *w,
                             struct kymo_profile_sample *key)
{
	const struct kymo_regions *r = kymo_trace_regions(t);
	const struct kymo_tasks *tasks = kymo_trace_tasks(t);
	uint32_t best = UINT32_MAX;
	for (uint32_t i = 0; i < r->count; i++)
		if (r->goroutine[i] == w->g && r->begin[i] <= w->start && w->start < r->end[i] &&
		    (best == UINT32_MAX || r->begin[i] > r->begin[best] ||
		     (r->begin[i] == r->begin[best] && r->end[i] <= r->end[best])))
			best = i;
	if (best == UINT32_MAX)
		return;
	key->region = r->type[best];
	// An id may be used again: the last life that had begun, else the first.
	uint32_t life = UINT32_MAX;
	for (uint32_t i = 0; i < tasks->count; i++) {
		if (tasks->id[i] != r->task[best])
			continue;
		bool begun = tasks->begin[i] <= r->begin[best];
		if (life == UINT32_MAX || (begun && (tasks->begin[life] > r->begin[best] ||
		                                     tasks->begin[i] >= tasks->begin[life])))
			life = i;
		else if (!begun && tasks->begin[i] < tasks->begin[life])
			life = i;
	}
	if (life != UINT32_MAX)
		key->task = tasks->type[life];
}

static bool same_key(const struct kymo_profile_sample *a, const struct kymo_profile_sample *b)
{
	return a->stack == b->stack && a->group == b->group && a->reason == b->reason &&
	       a->region == b->region && a->task == b->task;
}

static kymo_stack_ix stack_of(const struct wait *w, enum kymo_profile_stack whose)
{
	return w->what == CALL || whose == KYMO_STACK_WAITER ? w->own
	       : whose == KYMO_STACK_WAKER                   ? w->waker
	                                                     : w->usual;
}

/* Samples of the list; the caller frees them. */
static struct kymo_profile_sample *slow_profile(const struct kymo_trace *t, const struct list *l,
                                                const struct kymo_selection *sel,
                                                const struct kymo_profile_options *o, size_t *count)
{
	struct kymo_profile_sample *out = malloc((l->count + 1) * sizeof *out);
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	assert_non_null(out);
	*count = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct wait *w = &l->at[i];
		struct kymo_profile_sample key = {.stack = stack_of(w, o->stack), .count = 1};
		kymo_ns from = w->start;
		if (!wanted(t, w, o->kind))
			continue;
		if (o->rules == KYMO_RULES_GO126) {
			struct kymo_span_cursor c;
			struct kymo_span s = {0};
			bool ran = false;
			if (w->open || kymo_trace_find_goroutine(t, gs->id[w->g]) != w->g)
				continue;
			kymo_span_seek(t, w->g, 0, &c);
			while (!ran && kymo_span_next(&c, &s))
				ran = s.state == KYMO_SPAN_RUNNING;
			if (ran && !sel->piece_from && from < s.start)
				from = s.start;
			if (from < gs->seen[w->g])
				from = gs->seen[w->g];
		}
		key.ns = from < w->end ? part(sel, w->g, from, w->end) : 0;
		if (key.ns == 0)
			continue;
		if (o->labels) {
			key.group = gs->name[w->g];
			key.reason = w->what == CALL ? 0 : w->reason;
			innermost_region(t, w, &key);
		}
		key.longest = key.ns;
		key.longest_at = w->start;
		key.longest_goroutine = w->g;
		size_t k = 0;
		while (k < *count && !same_key(&out[k], &key))
			k++;
		if (k == *count) {
			out[(*count)++] = key;
			continue;
		}
		out[k].count++;
		out[k].ns += key.ns;
		// Of equals the earlier: the list goes goroutine by goroutine.
		if (key.longest > out[k].longest ||
		    (key.longest == out[k].longest && key.longest_at < out[k].longest_at)) {
			out[k].longest = key.longest;
			out[k].longest_at = key.longest_at;
			out[k].longest_goroutine = key.longest_goroutine;
		}
	}
	return out;
}

static bool same_pcs(const struct kymo_trace *t, kymo_stack_ix a, kymo_stack_ix b)
{
	size_t n, k;
	const struct kymo_frame *f = kymo_trace_stack(t, a, &n), *h = kymo_trace_stack(t, b, &k);
	for (size_t i = 0; i < n || i < k; i++)
		if ((i < n ? f[i].pc : 0) != (i < k ? h[i].pc : 0))
			return false;
	return true;
}

static void assert_profile(const struct kymo_trace *t, const struct list *l,
                           const struct kymo_selection *sel, bool whole,
                           const struct kymo_profile_options *o, uint64_t *seen)
{
	struct kymo_profile p;
	size_t n;
	uint64_t total = 0;
	kymo_ns total_ns = 0;
	struct kymo_profile_sample *want = slow_profile(t, l, sel, o, &n);
	assert_int_equal(kymo_profile_compute(t, whole ? NULL : sel, o, &p), KYMO_OK);
	for (size_t i = 0; i < p.count; i++) {
		uint64_t count = 0;
		kymo_ns ns = 0;
		for (size_t k = 0; k < n; k++)
			if (o->rules == KYMO_RULES_GO126
			            ? same_pcs(t, want[k].stack, p.samples[i].stack)
			            : same_key(&want[k], &p.samples[i])) {
				count += want[k].count;
				ns += want[k].ns;
			}
		assert_int_equal(p.samples[i].count, count);
		assert_int_equal(p.samples[i].ns, ns);
		for (size_t k = 0; k < n && o->rules == KYMO_RULES_EXACT; k++) {
			if (!same_key(&want[k], &p.samples[i]))
				continue;
			assert_int_equal(p.samples[i].longest, want[k].longest);
			assert_int_equal(p.samples[i].longest_at, want[k].longest_at);
			assert_int_equal(p.samples[i].longest_goroutine, want[k].longest_goroutine);
		}
		if (i)
			assert_true(p.samples[i].ns <= p.samples[i - 1].ns);
	}
	for (size_t k = 0; k < n; k++) {
		total += want[k].count;
		total_ns += want[k].ns;
	}
	if (o->rules == KYMO_RULES_EXACT)
		assert_int_equal(p.count, n);
	assert_int_equal(p.total, total);
	assert_int_equal(p.total_ns, total_ns);
	*seen += total;
	kymo_profile_free(&p);
	free(want);
}

/* ---- waits ---- */

static bool waits_for(const struct kymo_trace *t, const struct wait *w, enum kymo_waits_kind kind)
{
	switch (kind) {
	case KYMO_WAITS_SYSCALLS: return w->what == CALL;
	case KYMO_WAITS_NET: return w->what == WAIT && is_network(t, w->reason);
	case KYMO_WAITS_LOCKS:
		return w->what == WAIT && has(t, w->reason, "sync") && !has(t, w->reason, "synctest");
	default:
		return w->what == WAIT && (has(t, w->reason, "chan ") || has(t, w->reason, "select"));
	}
}

static int by_size(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

static void assert_waits(const struct kymo_trace *t, const struct list *l,
                         const struct kymo_selection *sel, bool whole, enum kymo_waits_kind kind,
                         uint64_t *seen)
{
	struct kymo_waits x;
	uint64_t found = 0;
	kymo_ns *length = malloc((l->count + 1) * sizeof *length);
	assert_non_null(length);
	assert_int_equal(kymo_waits_compute(t, whole ? NULL : sel, kind, &x), KYMO_OK);
	for (size_t i = 0; i < x.count; i++) {
		const struct kymo_wait_site *s = &x.sites[i];
		size_t n = 0;
		kymo_ns sum = 0, lost = 0;
		struct kymo_waker got = {0};
		const struct wait *longest = NULL;
		for (size_t k = 0; k < l->count; k++) {
			const struct wait *w = &l->at[k];
			kymo_ns ns = part(sel, w->g, w->start, w->end);
			if (!waits_for(t, w, kind) || w->own != s->stack || ns == 0 ||
			    (kind != KYMO_WAITS_SYSCALLS && w->reason != s->reason))
				continue;
			if (ns == s->max && (!longest || w->start < longest->start))
				longest = w;
			length[n++] = ns;
			sum += ns;
			lost += part(sel, w->g, w->lost, w->end);
		}
		assert_true(n > 0);
		qsort(length, n, sizeof *length, by_size);
		assert_int_equal(s->count, n);
		assert_int_equal(s->total, sum);
		assert_int_equal(s->p50, length[(n + 1) / 2 - 1]);
		assert_int_equal(s->p90, length[(n * 90 + 99) / 100 - 1]);
		assert_int_equal(s->p99, length[(n * 99 + 99) / 100 - 1]);
		assert_int_equal(s->max, length[n - 1]);
		assert_int_equal(s->max_at, longest->start);
		assert_int_equal(s->max_goroutine, longest->g);
		assert_int_equal(s->without_proc, kind == KYMO_WAITS_SYSCALLS ? lost : 0);
		found += n;
		for (size_t j = s->waker_from; j < s->waker_to; j++) {
			struct kymo_waker want = {.stack = x.wakers[j].stack,
			                          .open = x.wakers[j].open};
			for (size_t k = 0; k < l->count; k++) {
				const struct wait *w = &l->at[k];
				kymo_ns ns = part(sel, w->g, w->start, w->end);
				if (waits_for(t, w, kind) && w->own == s->stack && ns &&
				    w->reason == s->reason && w->waker == want.stack &&
				    w->open == want.open) {
					want.count++;
					want.ns += ns;
				}
			}
			assert_int_equal(x.wakers[j].count, want.count);
			assert_int_equal(x.wakers[j].ns, want.ns);
			got.count += want.count;
			got.ns += want.ns;
		}
		if (kind != KYMO_WAITS_SYSCALLS) {
			assert_int_equal(got.count, s->count);
			assert_int_equal(got.ns, s->total);
		}
	}
	assert_int_equal(x.total_count, found);
	for (size_t k = 0; k < l->count; k++)
		if (waits_for(t, &l->at[k], kind) &&
		    part(sel, l->at[k].g, l->at[k].start, l->at[k].end))
			found--;
	assert_int_equal(found, 0);
	*seen += x.total_count;
	kymo_waits_free(&x);
	free(length);
}

/* ---- the tests ---- */

/* Selection number n of a trace: everything, windows, regions of a type, goroutines of a group. */
static void choose(const struct kymo_trace *t, int n, uint64_t *rnd, struct kymo_selection *sel)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	const struct kymo_regions *r = kymo_trace_regions(t);
	struct kymo_filter f = KYMO_FILTER_ALL;
	kymo_ns end = kymo_trace_info(t)->duration;
	char name[256];
	if (n == 1 || n == 2 || n == 4) {
		kymo_ns a = (kymo_ns)(random_next(rnd) % (uint64_t)(end + 1)),
			b = (kymo_ns)(random_next(rnd) % (uint64_t)(end + 1));
		f.from = a < b ? a : b;
		f.to = a < b ? b : a;
	}
	if (n >= 3) {
		kymo_string_ix ix = n == 5 || !r->count
		                            ? gs->name[1 + random_next(rnd) % (gs->count - 1)]
		                            : r->type[random_next(rnd) % r->count];
		struct kymo_str s = kymo_trace_string(t, ix);
		assert_true(s.len < sizeof name);
		memcpy(name, s.ptr, s.len);
		name[s.len] = 0;
		if (n == 5 || !r->count)
			f.group = name;
		else
			f.region = name;
	}
	assert_int_equal(kymo_select(t, &f, sel, NULL), KYMO_OK);
}

static void test_profiles(void **state)
{
	uint64_t seen[KYMO_PROFILE_COUNT][2] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		struct list l = list_waits(t);
		uint64_t rnd = seed * 0x9e3779b97f4a7c15u;
		for (int n = 0; n < 6; n++) {
			struct kymo_selection sel;
			choose(t, n, &rnd, &sel);
			for (unsigned kind = 0; kind <= KYMO_PROFILE_BLOCK; kind++)
				for (unsigned how = 0; how < 7; how++) {
					struct kymo_profile_options o = {
						.kind = (enum kymo_profile_kind)kind,
						.stack = (enum kymo_profile_stack)(how % 3),
						.labels = how >= 3};
					if (how == 6) {
						o.labels = false;
						o.rules = KYMO_RULES_GO126;
						if (kind > KYMO_PROFILE_SCHED)
							continue;
					}
					assert_profile(t, &l, &sel, n == 0 && seed % 2, &o,
					               &seen[kind][how == 6]);
				}
			kymo_selection_free(&sel);
		}
		free(l.at);
		kymo_trace_free(t);
	}
	for (unsigned kind = 0; kind <= KYMO_PROFILE_BLOCK; kind++) {
		assert_true(seen[kind][0] > 100);
		assert_true(kind == KYMO_PROFILE_BLOCK || seen[kind][1] > 20);
	}
}

static void test_waits(void **state)
{
	uint64_t seen[4] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		struct list l = list_waits(t);
		uint64_t rnd = seed * 0x9e3779b97f4a7c15u;
		for (int n = 0; n < 6; n++) {
			struct kymo_selection sel;
			choose(t, n, &rnd, &sel);
			for (unsigned kind = 0; kind <= KYMO_WAITS_CHANS; kind++)
				assert_waits(t, &l, &sel, n == 0 && seed % 2,
				             (enum kymo_waits_kind)kind, &seen[kind]);
			kymo_selection_free(&sel);
		}
		free(l.at);
		kymo_trace_free(t);
	}
	for (unsigned kind = 0; kind <= KYMO_WAITS_CHANS; kind++)
		assert_true(seen[kind] > 100);
}

/* The table kinds: creations, stops, samples. */
static void test_tables(void **state)
{
	uint64_t seen[3] = {0};
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
		const struct kymo_ranges *r = kymo_trace_ranges(t);
		uint64_t rnd = seed * 0x9e3779b97f4a7c15u, count;
		for (int n = 0; n < 3; n++) {
			struct kymo_selection sel;
			struct kymo_profile p;
			kymo_ns ns = 0;
			choose(t, n, &rnd, &sel);
			const struct kymo_profile_options create = {.kind = KYMO_PROFILE_CREATE},
							  stw = {.kind = KYMO_PROFILE_STW},
							  cpu = {.kind = KYMO_PROFILE_CPU};
			bool last = sel.to == kymo_trace_info(t)->duration;
			count = 0;
			for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
				struct kymo_span_cursor c;
				struct kymo_span s;
				if (gs->flags[g] & KYMO_G_EXISTED || gs->begin[g] < sel.from ||
				    (gs->begin[g] >= sel.to && !last))
					continue;
				kymo_span_seek(t, g, 0, &c);
				count++;
				if (kymo_span_next(&c, &s) && s.state == KYMO_SPAN_RUNNABLE)
					ns += s.end - s.start;
			}
			assert_int_equal(kymo_profile_compute(t, &sel, &create, &p), KYMO_OK);
			assert_int_equal(p.total, count);
			assert_int_equal(p.total_ns, ns);
			seen[0] += count;
			kymo_profile_free(&p);

			count = 0;
			ns = 0;
			for (uint32_t i = 0; i < r->count; i++) {
				kymo_ns a = r->start[i] > sel.from ? r->start[i] : sel.from;
				kymo_ns b = r->end[i] < sel.to ? r->end[i] : sel.to;
				if (r->kind[i] == KYMO_RANGE_STW && b > a) {
					count++;
					ns += b - a;
				}
			}
			assert_int_equal(kymo_profile_compute(t, &sel, &stw, &p), KYMO_OK);
			assert_int_equal(p.total, count);
			assert_int_equal(p.total_ns, ns);
			seen[1] += count;
			kymo_profile_free(&p);

			const struct kymo_samples *x = kymo_trace_samples(t);
			count = 0;
			for (uint32_t i = 0; i < x->count; i++)
				count += x->time[i] >= sel.from && (x->time[i] < sel.to || last);
			assert_int_equal(kymo_profile_compute(t, &sel, &cpu, &p), KYMO_OK);
			assert_int_equal(p.total, count);
			assert_int_equal(p.total_ns, 0);
			seen[2] += count;
			kymo_profile_free(&p);
			kymo_selection_free(&sel);
		}
		kymo_trace_free(t);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(seen[i] > 10);
}

/* Windows side by side add up to the whole. */
static void test_windows_add_up(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		kymo_ns end = kymo_trace_info(t)->duration;
		for (unsigned kind = 0; kind <= KYMO_PROFILE_BLOCK; kind++) {
			const struct kymo_profile_options o = {.kind = (enum kymo_profile_kind)kind,
			                                       .labels = true};
			struct kymo_profile p;
			kymo_ns sum = 0;
			uint64_t rnd = seed;
			for (kymo_ns from = 0; from < end;) {
				struct kymo_filter f = KYMO_FILTER_ALL;
				struct kymo_selection sel;
				f.from = from;
				f.to = from + 1 +
				       (kymo_ns)(random_next(&rnd) % (uint64_t)(end / 4 + 1));
				from = f.to;
				assert_int_equal(kymo_select(t, &f, &sel, NULL), KYMO_OK);
				assert_int_equal(kymo_profile_compute(t, &sel, &o, &p), KYMO_OK);
				sum += p.total_ns;
				kymo_profile_free(&p);
				kymo_selection_free(&sel);
			}
			assert_int_equal(kymo_profile_compute(t, NULL, &o, &p), KYMO_OK);
			assert_int_equal(sum, p.total_ns);
			kymo_profile_free(&p);
		}
		kymo_trace_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_windows_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
