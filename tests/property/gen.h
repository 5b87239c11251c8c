/* SPDX-License-Identifier: MIT */
/*
 * Random traces that are right by construction: a small scheduler with random decisions, whose every step is
 * written as Go's runtime would write it, and remembered. So each trace comes with the truth about it, which no
 * reader was asked for.
 *
 *     struct gen_trace t;
 *     gen_trace_make(&t, &(struct gen_options){.seed = 7, .version = 26, .generations = 3, .steps = 500});
 *     ... t.bytes, t.len; t.expect ...
 *     gen_trace_free(&t);
 */
#ifndef KYMO_TESTS_PROPERTY_GEN_H
#define KYMO_TESTS_PROPERTY_GEN_H

#include <kymo/kymo.h>

struct gen_options {
	uint64_t seed;
	unsigned version;      // 22, 23, 25, 26
	unsigned generations;  // at least 1
	unsigned steps;        // of the scheduler in each generation, about
	/* Clocks of threads differ: the order of events no longer follows from their times, so `spans` and
	 * `stw_total` of what is expected do not hold. */
	bool skew;
	uint32_t frequency;  // of the clock, a second; 0: Go's on Linux. With another one, no times are expected
};

/* From `start` on (ns since the trace's begin) the goroutine was in `state`. */
struct gen_span {
	kymo_ns start;
	uint8_t state;  // enum kymo_span_state; KYMO_SPAN_NONE after its end
};

struct gen_goroutine {
	uint64_t id;
	size_t count, cap;
	struct gen_span *spans;
};

struct gen_expect {
	uint64_t kinds[KYMO_EV_KIND_COUNT];
	uint64_t gc_cycles, stw_count, tasks;
	kymo_ns stw_total;
	size_t goroutine_count;
	struct gen_goroutine *goroutines;
};

struct gen_trace {
	uint8_t *bytes;
	size_t len;
	struct gen_expect expect;
};

void gen_trace_make(struct gen_trace *out, const struct gen_options *options);
void gen_trace_free(struct gen_trace *t);

#endif
