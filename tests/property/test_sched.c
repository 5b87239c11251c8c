/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's figures against the obvious: all waits in a list, sorted; and at every instant at which something
 * changes, a count of who is runnable and which procs are held.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "base/vec.h"
#include "property/traces.h"

/* ---- everything in lists ---- */

struct wait {
	kymo_ns from, to;  // inside of the window
	kymo_string_ix name, reason;
	uint8_t cause;
};
struct hold {
	kymo_ns from, to;
	kymo_proc_ix proc;
};
typedef VEC(kymo_ns) times;

struct slow {
	const struct kymo_trace *t;
	kymo_ns from, to;
	VEC(struct wait) waits, chosen;  // all, and what is selected of them
	VEC(struct hold) holds;
	times changes;               // sorted; the window's bounds included
	kymo_ns *running, *syscall;  // [procs]
};

static bool cut(const struct slow *s, kymo_ns *a, kymo_ns *b)
{
	*a = *a > s->from ? *a : s->from;
	*b = *b < s->to ? *b : s->to;
	return *a < *b;
}

static void change(struct slow *s, kymo_ns at)
{
	if (at >= s->from && at <= s->to)
		assert_true(vec_push(&s->changes, at));
}

static int ascending(const void *a, const void *b)
{
	kymo_ns x = *(const kymo_ns *)a, y = *(const kymo_ns *)b;
	return x < y ? -1 : x > y;
}

/* What is selected of a wait of goroutine g, piece by piece. */
static void choose(struct slow *s, const struct kymo_selection *sel, kymo_goroutine_ix g,
                   struct wait w)
{
	if (sel->goroutines && !sel->goroutines[g])
		return;
	if (!sel->piece_from)
		assert_true(vec_push(&s->chosen, w));
	for (uint32_t i = sel->piece_from ? sel->piece_from[g] : 1;
	     i < (sel->piece_from ? sel->piece_from[g + 1] : 0); i++) {
		struct wait part = w;
		part.from = w.from > sel->pieces[i].from ? w.from : sel->pieces[i].from;
		part.to = w.to < sel->pieces[i].to ? w.to : sel->pieces[i].to;
		if (part.from < part.to)
			assert_true(vec_push(&s->chosen, part));
	}
}

static struct slow collect(const struct kymo_trace *t, const struct kymo_selection *sel)
{
	struct slow s = {.t = t, .from = sel->from, .to = sel->to};
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	const struct kymo_bindings *b = kymo_trace_bindings(t);
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	const struct kymo_series *m = kymo_trace_metric(t, KYMO_METRIC_GOMAXPROCS);
	uint32_t procs = kymo_trace_procs(t)->count;
	s.running = calloc(procs, sizeof *s.running);
	s.syscall = calloc(procs, sizeof *s.syscall);
	change(&s, s.from);
	change(&s, s.to);
	for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
		struct kymo_span_cursor c;
		struct kymo_span x;
		kymo_span_seek(t, g, 0, &c);
		while (kymo_span_next(&c, &x)) {
			kymo_ns a = x.start, e = x.end;
			if (!cut(&s, &a, &e))
				continue;
			if (x.state == KYMO_SPAN_RUNNING)
				s.running[x.proc] += e - a;
			if (x.state == KYMO_SPAN_SYSCALL)
				s.syscall[x.proc] += e - a;
			if (x.state != KYMO_SPAN_RUNNABLE)
				continue;
			change(&s, a);
			change(&s, e);
			struct wait w = {a, e, gs->name[g],
			                 x.cause == KYMO_CAUSE_STOPPED ? x.reason : 0, x.cause};
			assert_true(vec_push(&s.waits, w));
			choose(&s, sel, g, w);
		}
	}
	for (uint32_t i = 0; i < b->count; i++) {
		kymo_ns a = b->start[i], e = b->end[i];
		if (!b->proc[i] || !cut(&s, &a, &e))
			continue;
		change(&s, a);
		change(&s, e);
		assert_true(vec_push(&s.holds, ((struct hold){a, e, b->proc[i]})));
	}
	for (uint32_t i = 0; i < r->count; i++)
		if (r->kind[i] == KYMO_RANGE_STW) {
			change(&s, r->start[i]);
			change(&s, r->end[i]);
		}
	for (uint32_t i = 0; i < m->count; i++)
		change(&s, m->time[i]);
	qsort(s.changes.at, s.changes.count, sizeof *s.changes.at, ascending);
	return s;
}

static void slow_free(struct slow *s)
{
	vec_free(&s->waits);
	vec_free(&s->chosen);
	vec_free(&s->holds);
	vec_free(&s->changes);
	free(s->running);
	free(s->syscall);
}

static uint32_t depth_at(const struct slow *s, kymo_ns at)
{
	uint32_t n = 0;
	for (size_t i = 0; i < s->waits.count; i++)
		n += s->waits.at[i].from <= at && at < s->waits.at[i].to;
	return n;
}

static uint32_t held_at(const struct slow *s, kymo_ns at)
{
	uint32_t n = 0;
	for (size_t i = 0; i < s->holds.count; i++)
		n += s->holds.at[i].from <= at && at < s->holds.at[i].to;
	return n;
}

static uint64_t procs_at(const struct slow *s, kymo_ns at)
{
	const struct kymo_series *m = kymo_trace_metric(s->t, KYMO_METRIC_GOMAXPROCS);
	uint64_t n = m->count ? m->value[0] : 0;
	for (uint32_t i = 0; i < m->count && m->time[i] <= at; i++)
		n = m->value[i];
	return n;
}

static bool stopped_at(const struct slow *s, kymo_ns at)
{
	const struct kymo_ranges *r = kymo_trace_ranges(s->t);
	for (uint32_t i = 0; i < r->count; i++)
		if (r->kind[i] == KYMO_RANGE_STW && r->start[i] <= at && at < r->end[i])
			return true;
	return false;
}

/* ---- waits ---- */

static kymo_ns rank(const times *v, double q)
{
	double r = ceil(q * (double)v->count);
	return v->at[r < 1 ? 0 : (size_t)r - 1];
}

static void check_latency(times *v, const struct kymo_latency *l, const char *what)
{
	kymo_ns total = 0;
	for (size_t i = 0; i < v->count; i++)
		total += v->at[i];
	if (v->count)
		qsort(v->at, v->count, sizeof *v->at, ascending);
	if (l->count != v->count || l->total != total)
		fail_msg("%s: %llu waits of %lld, not %zu of %lld", what,
		         (unsigned long long)l->count, (long long)l->total, v->count,
		         (long long)total);
	if (v->count) {
		assert_int_equal(l->min, v->at[0]);
		assert_int_equal(l->p50, rank(v, 0.50));
		assert_int_equal(l->p90, rank(v, 0.90));
		assert_int_equal(l->p99, rank(v, 0.99));
		assert_int_equal(l->max, v->at[v->count - 1]);
	}
	v->count = 0;
}

static void check_waits(const struct slow *s, const struct kymo_sched *k)
{
	times v = {0};
	uint64_t in_groups = 0, in_causes = 0, in_slices = 0;
#define SELECT(condition) \
	for (size_t i = 0; i < s->chosen.count; i++) { \
		const struct wait *w = &s->chosen.at[i]; \
		if (condition) \
			assert_true(vec_push(&v, w->to - w->from)); \
	}
	SELECT(true)
	check_latency(&v, &k->all, "all");
	for (size_t g = 0; g < k->group_count; g++) {
		SELECT(w->name == k->group_name[g])
		check_latency(&v, &k->group[g], "group");
		in_groups += k->group[g].count;
		assert_true(g == 0 || k->group[g - 1].total >= k->group[g].total);
	}
	for (size_t c = 0; c < k->cause_count; c++) {
		SELECT(w->cause == k->cause[c].cause && w->reason == k->cause[c].reason)
		check_latency(&v, &k->cause[c].latency, "cause");
		in_causes += k->cause[c].latency.count;
	}
	for (size_t c = 0; c < k->slice_count; c++) {
		const struct kymo_sched_slice *x = &k->slice[c];
		SELECT(w->to > x->from && w->to <= x->to)
		check_latency(&v, &x->latency, "slice");
		in_slices += x->latency.count;
	}
	assert_int_equal(in_groups, k->all.count);
	assert_int_equal(in_causes, k->all.count);
	assert_int_equal(in_slices, k->all.count);
	vec_free(&v);
}

/* ---- depth and procs over time ---- */

static void check_depth(const struct slow *s, const struct kymo_sched *k)
{
	kymo_ns sum = 0, starved = 0, since = -1, longest = 0, available = 0;
	uint64_t count = 0;
	kymo_ns *at_depth = calloc(s->waits.count + 1, sizeof *at_depth);
	uint32_t most = 0;
	for (size_t i = 0; i + 1 < s->changes.count; i++) {
		kymo_ns at = s->changes.at[i], length = s->changes.at[i + 1] - at;
		if (length == 0)
			continue;
		uint32_t depth = depth_at(s, at);
		at_depth[depth] += length;
		most = depth > most ? depth : most;
		available += (kymo_ns)procs_at(s, at) * length;
		if (depth && held_at(s, at) < procs_at(s, at) && !stopped_at(s, at)) {
			starved += length;
			count += since < 0;
			since = since < 0 ? at : since;
			longest = at + length - since > longest ? at + length - since : longest;
		} else {
			since = -1;
		}
	}
	assert_int_equal(k->depth_max, most);
	assert_int_equal(k->depth_count, most + 1);
	for (uint32_t d = 0; d <= most; d++) {
		assert_int_equal(k->at_depth[d], at_depth[d]);
		sum += at_depth[d];
	}
	assert_int_equal(sum, s->to - s->from);
	assert_int_equal(k->available, available);
	assert_int_equal(k->starved, starved);
	assert_int_equal(k->starved_count, count);
	if (count) {
		assert_true(k->starved_listed > 0);
		assert_int_equal(k->starved_longest[0].to - k->starved_longest[0].from, longest);
	}
	free(at_depth);
}

static void check_slices(const struct slow *s, const struct kymo_sched *k)
{
	kymo_ns running = 0, syscall = 0, available = 0;
	for (size_t i = 0; i < k->slice_count; i++) {
		const struct kymo_sched_slice *x = &k->slice[i];
		kymo_ns area = 0;
		uint32_t most = 0;
		assert_int_equal(x->from, i ? k->slice[i - 1].to : s->from);
		for (size_t w = 0; w < s->waits.count; w++) {
			kymo_ns a = s->waits.at[w].from > x->from ? s->waits.at[w].from : x->from;
			kymo_ns b = s->waits.at[w].to < x->to ? s->waits.at[w].to : x->to;
			area += b > a ? b - a : 0;
			uint32_t depth = b > a ? depth_at(s, a) : 0;
			most = depth > most ? depth : most;
		}
		assert_true(fabs(x->depth_mean * (double)(x->to - x->from) - (double)area) < 1);
		assert_int_equal(x->depth_max, most);
		running += x->running;
		syscall += x->syscall;
		available += x->available;
	}
	assert_int_equal(k->slice[k->slice_count - 1].to, s->to);
	assert_int_equal(available, k->available);
	for (kymo_proc_ix p = 0; p < kymo_trace_procs(s->t)->count; p++) {
		running -= s->running[p];
		syscall -= p ? s->syscall[p] : 0;
	}
	assert_int_equal(running, 0);
	assert_int_equal(syscall, 0);
}

/* What a proc did adds up to the window; and each part is what the spans and bindings say. */
static void check_procs(const struct slow *s, const struct kymo_sched *k)
{
	const struct kymo_procs *ps = kymo_trace_procs(s->t);
	assert_int_equal(k->proc_count, ps->count - 1);
	for (size_t i = 0; i < k->proc_count; i++) {
		const struct kymo_sched_proc *p = &k->proc[i];
		kymo_proc_ix row = 1;
		while (ps->id[row] != p->id)
			row++;
		kymo_ns held = 0;
		for (size_t h = 0; h < s->holds.count; h++)
			if (s->holds.at[h].proc == row)
				held += s->holds.at[h].to - s->holds.at[h].from;
		kymo_ns exists = 0;
		for (size_t c = 0; c + 1 < s->changes.count; c++)
			if (procs_at(s, s->changes.at[c]) > p->id)
				exists += s->changes.at[c + 1] - s->changes.at[c];
		exists = exists > held ? exists : held;  // the generator's procs know no GOMAXPROCS
		assert_int_equal(p->absent, s->to - s->from - exists);
		assert_int_equal(p->running + p->gc, s->running[row]);
		assert_int_equal(p->syscall, s->syscall[row]);
		assert_int_equal(p->running + p->gc + p->syscall + p->scheduling, held);
		assert_int_equal(held + p->idle + p->absent, s->to - s->from);
		assert_true(p->running >= 0 && p->gc >= 0 && p->scheduling >= 0 && p->idle >= 0 &&
		            p->absent >= 0);
	}
}

static void check_selection(const struct kymo_trace *t, const struct kymo_selection *sel,
                            uint32_t slices)
{
	struct slow s = collect(t, sel);
	struct kymo_sched k;
	assert_int_equal(
		kymo_sched_compute(t, sel, &(struct kymo_sched_options){.slices = slices}, &k),
		KYMO_OK);
	check_waits(&s, &k);
	check_depth(&s, &k);
	check_slices(&s, &k);
	check_procs(&s, &k);
	kymo_sched_free(&k);
	slow_free(&s);
}

static void check(const struct kymo_trace *t, kymo_ns from, kymo_ns to, const uint8_t *chosen,
                  uint32_t slices)
{
	check_selection(t, &(struct kymo_selection){.from = from, .to = to, .goroutines = chosen},
	                slices);
}

/* ---- tests ---- */

static void test_generated(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		// A fast clock for the buckets of a grain, a slow one for waits of many seconds.
		uint32_t frequency = (uint32_t[]){0, 0, 1000000000, 1, 3000000}[seed % 5];
		struct kymo_trace *t = trace_generated(seed, frequency);
		kymo_ns duration = kymo_trace_info(t)->duration;
		uint32_t goroutines = kymo_trace_goroutines(t)->count;
		uint8_t *chosen = calloc(goroutines, 1);
		for (uint32_t g = 1; g < goroutines; g++)
			chosen[g] = (g + seed) % 3 == 0;
		check(t, 0, duration, NULL, 0);
		check(t, duration / 3, duration / 2, NULL, 7);
		check(t, 0, duration / 2, chosen, 1);
		check(t, duration / 2, duration / 2 + 3, chosen, 0);
		free(chosen);
		kymo_trace_free(t);
	}
}

/* Goroutines cut into pieces, as regions and tasks cut them: up to seven of each, of any length. */
static void test_pieces(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct kymo_trace *t = trace_generated(seed, 0);
		uint64_t rnd = seed * 0x9e3779b97f4a7c15u;
		kymo_ns duration = kymo_trace_info(t)->duration;
		uint32_t goroutines = kymo_trace_goroutines(t)->count;
		struct kymo_selection sel = {.from = duration / 9 * (kymo_ns)(seed % 3),
		                             .to = duration};
		uint32_t *from = calloc(goroutines + 1, sizeof *from);
		VEC(struct kymo_interval) pieces = {0};
		for (uint32_t g = 1; g < goroutines; g++) {
			from[g] = (uint32_t)pieces.count;
			kymo_ns at = sel.from;
			for (uint64_t n = (rnd ^= rnd << 13, rnd ^= rnd >> 7, rnd ^= rnd << 17) % 8;
			     n; n--) {
				kymo_ns a =
					at + (kymo_ns)(rnd >> (n * 3) & 0xffff) * duration / 400000;
				at = a + (kymo_ns)(rnd >> (n * 5) & 0xffff) * duration / 300000;
				if (at > a && at <= sel.to)
					assert_true(
						vec_push(&pieces, ((struct kymo_interval){a, at})));
			}
		}
		from[goroutines] = (uint32_t)pieces.count;
		sel.piece_from = from;
		sel.pieces = pieces.at;
		check_selection(t, &sel, 13);
		vec_free(&pieces);
		free(from);
		kymo_trace_free(t);
	}
}

static void test_real(void **state)
{
	static const char *const names[] = {"go1.22/files.trace.zst", "go1.26/leak.trace",
	                                    "go1.26/cond.trace"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kymo_trace *t = trace_real(names[i]);
		check(t, 0, kymo_trace_info(t)->duration, NULL, 20);
		kymo_trace_free(t);
	}
}

/* Two halves of a window have what the whole has; and the groups' waits are the time that the goroutines' table says. */
static void test_sums(void **state)
{
	(void)state;
	struct kymo_trace *t = trace_real("go1.23-large/mix-1m.trace.zst");
	kymo_ns duration = kymo_trace_info(t)->duration;
	struct kymo_selection first = {.to = duration / 3},
			      second = {.from = duration / 3, .to = duration};
	struct kymo_sched all, a, b;
	assert_int_equal(kymo_sched_compute(t, NULL, NULL, &all), KYMO_OK);
	assert_int_equal(kymo_sched_compute(t, &first, NULL, &a), KYMO_OK);
	assert_int_equal(kymo_sched_compute(t, &second, NULL, &b), KYMO_OK);
	assert_int_equal(a.all.total + b.all.total, all.all.total);
	assert_int_equal(a.starved + b.starved, all.starved);
	assert_int_equal(a.available + b.available, all.available);
	assert_int_equal(a.depth_max > b.depth_max ? a.depth_max : b.depth_max, all.depth_max);
	for (size_t d = 0; d < all.depth_count; d++)
		assert_int_equal((d < a.depth_count ? a.at_depth[d] : 0) +
		                         (d < b.depth_count ? b.at_depth[d] : 0),
		                 all.at_depth[d]);
	for (size_t p = 0; p < all.proc_count; p++) {
		assert_int_equal(a.proc[p].running + b.proc[p].running, all.proc[p].running);
		assert_int_equal(a.proc[p].gc + b.proc[p].gc, all.proc[p].gc);
		assert_int_equal(a.proc[p].idle + b.proc[p].idle, all.proc[p].idle);
	}
	struct kymo_goroutine_groups groups;
	assert_int_equal(kymo_goroutine_groups_compute(t, NULL, KYMO_RULES_EXACT, &groups), KYMO_OK);
	size_t met = 0;
	for (size_t i = 0; i < groups.count; i++)
		for (size_t g = 0; g < all.group_count; g++)
			if (all.group_name[g] == groups.name[i]) {
				assert_int_equal(all.group[g].total, groups.times[i].sched_wait);
				met++;
			}
	assert_int_equal(met, all.group_count);
	kymo_goroutine_groups_free(&groups);
	kymo_sched_free(&all);
	kymo_sched_free(&a);
	kymo_sched_free(&b);
	kymo_trace_free(t);
}

static void test_histogram(void **state)
{
	static const kymo_ns bounds[] = {0, 100, 1000, 10000};
	(void)state;
	struct kymo_trace *t = trace_real("go1.26/cond.trace");
	struct slow s = collect(t, &(struct kymo_selection){.to = kymo_trace_info(t)->duration});
	struct kymo_sched k;
	uint64_t want[4] = {0};
	for (size_t i = 0; i < s.waits.count; i++) {
		kymo_ns d = s.waits.at[i].to - s.waits.at[i].from;
		want[d >= 10000 ? 3 : d >= 1000 ? 2 : d >= 100 ? 1 : 0]++;
	}
	assert_int_equal(
		kymo_sched_compute(t, NULL,
	                           &(struct kymo_sched_options){.bounds = bounds, .bound_count = 4},
	                           &k),
		KYMO_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(k.histogram[i], want[i]);
	kymo_sched_free(&k);
	slow_free(&s);
	kymo_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_real),      cmocka_unit_test(test_sums),
		cmocka_unit_test(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
