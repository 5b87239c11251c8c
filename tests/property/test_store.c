/* SPDX-License-Identifier: MIT */
/* Generated traces through the store: against the generator's own record, and against the reader's events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/gen.h"
#include "property/gen_write.h"
#include "support/slow_spans.h"
#include "trace/store.h"

#define SEEDS 60

static const unsigned versions[] = {22, 23, 25, 26};

static struct gen_trace generated(uint64_t seed, bool skew)
{
	struct gen_trace t;
	gen_trace_make(&t, &(struct gen_options){
				   .seed = seed + 1000,
				   .version = versions[seed % 4],
				   .generations = 1 + (unsigned)(seed % 4),
				   .steps = 100 + (unsigned)(seed % 11) * 200,
				   .skew = skew,
			   });
	return t;
}

static struct kymo_trace *load(const struct gen_trace *g)
{
	struct kymo_input *in;
	struct kymo_trace *t;
	struct kymo_error err;
	assert_int_equal(kymo_input_open_memory(g->bytes, g->len, &in, &err), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &t, &err), KYMO_OK);
	kymo_input_close(in);
	return t;
}

/* Every state of every goroutine, as the scheduler that was simulated went through them. */
static void test_truth(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace g = generated(seed, false);
		struct kymo_trace *t = load(&g);
		for (size_t i = 0; i < g.expect.goroutine_count; i++) {
			const struct gen_goroutine *want = &g.expect.goroutines[i];
			kymo_goroutine_ix row = kymo_trace_find_goroutine(t, want->id);
			assert_int_not_equal(row, 0);
			struct kymo_span_cursor c;
			struct kymo_span span = {0};
			kymo_span_seek(t, row, 0, &c);
			size_t n = 0;
			for (; kymo_span_next(&c, &span); n++) {
				assert_in_range(n, 0, want->count - 1);
				assert_int_equal(span.start, want->spans[n].start);
				assert_int_equal(span.state, want->spans[n].state);
			}
			if (n < want->count) {  // it ended
				assert_int_equal(n + 1, want->count);
				assert_int_equal(want->spans[n].state, KYMO_SPAN_NONE);
				assert_int_equal(span.end, want->spans[n].start);
			} else {
				assert_int_equal(span.end, kymo_trace_info(t)->duration);
			}
		}
		kymo_trace_free(t);
		gen_trace_free(&g);
	}
}

static void test_against_events(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace g = generated(seed, seed % 2);
		char why[256] = "";
		if (!slow_spans_agree(g.bytes, g.len, why))
			fail_msg("seed %u: %s", (unsigned)seed, why);
		gen_trace_free(&g);
	}
}

static void test_cut(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct gen_trace g = generated(seed, seed % 2);
		struct gen_rng rng = {seed};
		for (unsigned i = 0; i < 20; i++) {
			size_t len = gen_below(&rng, g.len);
			char why[256] = "";
			if (!slow_spans_agree(g.bytes, len, why))
				fail_msg("seed %u, cut at %zu: %s", (unsigned)seed, len, why);
		}
		gen_trace_free(&g);
	}
}

/* Runs of one proc do not overlap, and say of each moment the goroutine whose span says so too. */
static void test_runs(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace g = generated(seed, seed % 2);
		struct kymo_trace *t = load(&g);
		kymo_ns on_procs = 0, running = 0;
		for (kymo_proc_ix p = 1; p < kymo_trace_procs(t)->count; p++) {
			struct kymo_run_cursor c;
			struct kymo_run run;
			kymo_ns last = 0;
			kymo_run_seek(t, p, 0, &c);
			while (kymo_run_next(&c, &run)) {
				assert_true(run.start >= last);
				assert_true(run.end >= run.start);
				last = run.end;
				struct kymo_span_cursor sc;
				struct kymo_span span;
				kymo_span_seek(t, run.goroutine, run.start, &sc);
				for (kymo_ns at = run.start; at < run.end; at = span.end) {
					assert_true(kymo_span_next(&sc, &span));
					assert_true(span.state == KYMO_SPAN_RUNNING ||
					            span.state == KYMO_SPAN_SYSCALL);
					if (span.state == KYMO_SPAN_SYSCALL)
						assert_true(run.has_syscall);
					else
						on_procs +=
							(span.end < run.end ? span.end : run.end) -
							at;
				}
				if (run.end > run.start)
					assert_int_equal(kymo_trace_goroutine_on_proc(t, p, run.start),
					                 run.goroutine);
			}
		}
		for (kymo_goroutine_ix i = 1; i < kymo_trace_goroutines(t)->count; i++) {
			struct kymo_span_cursor c;
			struct kymo_span span;
			kymo_span_seek(t, i, 0, &c);
			while (kymo_span_next(&c, &span))
				if (span.state == KYMO_SPAN_RUNNING)
					running += span.end - span.start;
		}
		assert_int_equal(on_procs, running);
		kymo_trace_free(t);
		gen_trace_free(&g);
	}
}

static void test_short_tables(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace g = generated(seed, false);
		struct kymo_trace *t = load(&g);
		const struct kymo_ranges *r = kymo_trace_ranges(t);
		uint64_t stw = 0, gc = 0;
		kymo_ns stw_total = 0;
		for (uint32_t i = 0; i < r->count; i++) {
			assert_true(r->end[i] >= r->start[i]);
			if (i)
				assert_true(r->start[i] >= r->start[i - 1]);
			if (r->kind[i] == KYMO_RANGE_STW) {
				stw++;
				stw_total += r->end[i] - r->start[i];
			}
			gc += r->kind[i] == KYMO_RANGE_GC;
		}
		assert_int_equal(stw, g.expect.stw_count);
		assert_int_equal(stw_total, g.expect.stw_total);
		assert_int_equal(gc, g.expect.gc_cycles);
		assert_int_equal(kymo_trace_logs(t)->count, g.expect.kinds[KYMO_EV_LOG]);
		assert_int_equal(kymo_trace_labels(t)->count, g.expect.kinds[KYMO_EV_LABEL]);
		assert_int_equal(kymo_trace_samples(t)->count, g.expect.kinds[KYMO_EV_STACK_SAMPLE]);
		uint32_t metrics = 0;
		for (int m = 0; m < KYMO_METRIC_COUNT; m++)
			metrics += kymo_trace_metric(t, (enum kymo_metric)m)->count;
		assert_int_equal(metrics, g.expect.kinds[KYMO_EV_METRIC]);
		kymo_trace_free(t);
		gen_trace_free(&g);
	}
}

/* From the mark of a range or label on come the very records that a scan of all comes to: true if there was a mark. */
static bool check_mark(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns at,
                       struct span_mark mark)
{
	struct span_scan all, scan;
	struct span_rec a, b, next;
	if (!mark.record)
		return false;
	span_scan_begin(&all, t, g);
	span_scan_mark(&scan, t, g, at, mark);
	assert_true(span_scan_next(&scan, &b));
	assert_true(b.start <= at);
	// The same record is the one with as many behind it.
	bool found = false, more = true;
	while (!found && span_scan_next(&all, &a)) {
		uint32_t left = all.left + (uint32_t)((all.end - all.p) / 2);
		found = left == scan.left + (uint32_t)((scan.end - scan.p) / 2);
	}
	assert_true(found);
	assert_int_equal(a.start, b.start);
	for (bool first = true; more; first = false) {
		assert_int_equal(a.start, b.start);
		assert_int_equal(a.kind, b.kind);
		assert_int_equal(a.aux, b.aux);
		assert_int_equal(a.stack, b.stack);
		more = span_scan_next(&all, &next);
		assert_int_equal(more, span_scan_next(&scan, &b));
		// Nothing that ends after the mark's time lies before it.
		assert_true(!first || !more || next.start >= at);
		a = next;
	}
	return true;
}

static void check_marks(const struct kymo_trace *t)
{
	uint32_t known = 0, count = 0;
	for (uint32_t i = 0; i < t->ranges.count; i++) {
		kymo_goroutine_ix g = t->ranges.goroutine[i];
		bool begun = !(t->ranges.flags[i] & KYMO_RANGE_NO_BEGIN);
		known += g && check_mark(t, g, t->ranges.start[i], t->range_mark[i]) && begun;
		count += g && begun;
	}
	for (uint32_t i = 0; i < t->labels.count; i++) {
		kymo_goroutine_ix g = t->labels.goroutine[i];
		known += g && check_mark(t, g, t->labels.time[i], t->label_mark.at[i]);
		count += g != 0;
	}
	assert_int_equal(known, count);
}

static void test_marks(void **state)
{
	static const char *const names[] = {"go1.26/gc.trace.zst", "go1.26/flight-1.trace.zst",
	                                    "go1.25/flight-2.trace.gz",
	                                    "go1.23-large/mix-1m.trace.zst"};
	(void)state;
	for (uint32_t i = 0, before = 0; i < 10; before += chunk_records(i++)) {
		assert_int_equal(chunk_records_before(i), before);
		for (uint32_t n = before; n < before + chunk_records(i); n++)
			assert_int_equal(chunk_of_record(n), i);
	}
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace g = generated(seed, seed % 3 == 0);
		struct kymo_trace *t = load(&g);
		check_marks(t);
		kymo_trace_free(t);
		gen_trace_free(&g);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[1024];
		struct kymo_input *in;
		struct kymo_trace *t;
		snprintf(path, sizeof path, "%s/%s", TRACES, names[i]);
		assert_int_equal(kymo_input_open(path, &in, NULL), KYMO_OK);
		assert_int_equal(kymo_trace_load(in, NULL, &t, NULL), KYMO_OK);
		kymo_input_close(in);
		check_marks(t);
		kymo_trace_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),        cmocka_unit_test(test_against_events),
		cmocka_unit_test(test_cut),          cmocka_unit_test(test_runs),
		cmocka_unit_test(test_short_tables), cmocka_unit_test(test_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
