/* SPDX-License-Identifier: MIT */
/* Generated traces through the store: against the generator's own record, and against the reader's events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/gen.h"
#include "property/gen_write.h"
#include "support/slow_spans.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),        cmocka_unit_test(test_against_events),
		cmocka_unit_test(test_cut),          cmocka_unit_test(test_runs),
		cmocka_unit_test(test_short_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
