/* SPDX-License-Identifier: MIT */
/* Generated traces through the reader: what must hold of every trace, whole, cut, or with a bit turned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <kymo/kymo.h>

#include "property/gen.h"
#include "property/gen_write.h"
#include "support/guard.h"

#define SEEDS 40

static const unsigned versions[] = {22, 23, 25, 26};

/* What a run of the reader gave: a hash after every event, so that two runs compare as prefixes. */
struct run {
	enum kymo_status status;
	size_t count, cap;
	uint64_t *hash;
	uint64_t kinds[KYMO_EV_KIND_COUNT];
	kymo_ns first, last;
	size_t last_sync, sync_before;  // index of the last Sync event and of the one before it
	bool times_increase;
};

static uint64_t mixed(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t mixed_text(uint64_t h, struct kymo_str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = mixed(h, (uint8_t)s.ptr[i]);
	return mixed(h, s.len);
}

static uint64_t mixed_stack(uint64_t h, struct kymo_reader *r, kymo_stack_ix ix)
{
	size_t count;
	const struct kymo_frame *frames = kymo_reader_stack(r, ix, &count);
	for (size_t i = 0; i < count; i++) {
		h = mixed(h, frames[i].pc);
		h = mixed(h, frames[i].line);
		h = mixed_text(h, kymo_reader_string(r, frames[i].func));
		h = mixed_text(h, kymo_reader_string(r, frames[i].file));
	}
	return mixed(h, count);
}

/* Everything an event says, texts and frames by value. */
static uint64_t hash_event(struct kymo_reader *r, const struct kymo_event *ev, uint64_t h)
{
	h = mixed(h, (uint64_t)ev->time);
	h = mixed(h, ev->kind);
	h = mixed(h, ev->thread);
	h = mixed(h, ev->proc);
	h = mixed(h, ev->goroutine);
	h = mixed_stack(h, r, ev->stack);
	switch (ev->kind) {
	case KYMO_EV_METRIC:
		return mixed(mixed_text(h, kymo_reader_string(r, ev->u.metric.name)),
		             ev->u.metric.value);
	case KYMO_EV_LABEL: return mixed_text(h, kymo_reader_string(r, ev->u.label.label));
	case KYMO_EV_RANGE_BEGIN:
	case KYMO_EV_RANGE_ACTIVE:
	case KYMO_EV_RANGE_END:
		h = mixed_text(h, kymo_reader_string(r, ev->u.range.name));
		return mixed(mixed(h, ev->u.range.scope), ev->u.range.scope_id);
	case KYMO_EV_TASK_BEGIN:
	case KYMO_EV_TASK_END:
		h = mixed_text(h, kymo_reader_string(r, ev->u.task.type));
		return mixed(mixed(h, ev->u.task.id), ev->u.task.parent);
	case KYMO_EV_REGION_BEGIN:
	case KYMO_EV_REGION_END:
		return mixed(mixed_text(h, kymo_reader_string(r, ev->u.region.type)),
		             ev->u.region.task);
	case KYMO_EV_LOG:
		h = mixed_text(h, kymo_reader_string(r, ev->u.log.category));
		return mixed_text(h, kymo_reader_string(r, ev->u.log.message));
	case KYMO_EV_STATE_TRANSITION:
		h = mixed(h, ev->u.transition.resource);
		h = mixed(h, ev->u.transition.id);
		h = mixed(h, (uint64_t)ev->u.transition.from << 8 | ev->u.transition.to);
		h = mixed_text(h, kymo_reader_string(r, ev->u.transition.reason));
		return mixed_stack(h, r, ev->u.transition.stack);
	default: return h;
	}
}

static struct run read_all(const uint8_t *bytes, size_t len)
{
	struct run run = {.times_increase = true};
	struct kymo_input *in;
	struct kymo_error err;
	assert_int_equal(kymo_input_open_memory(bytes, len, &in, &err), KYMO_OK);
	struct kymo_reader *r;
	run.status = kymo_reader_open(in, NULL, &r, &err);
	if (run.status == KYMO_OK) {
		const struct kymo_event *ev;
		uint64_t h = 0;
		while ((ev = kymo_reader_next(r)) != NULL) {
			if (run.count == 0)
				run.first = ev->time;
			else if (ev->time <= run.last)
				run.times_increase = false;
			run.last = ev->time;
			assert_in_range(ev->kind, KYMO_EV_SYNC, KYMO_EV_KIND_COUNT - 1);
			run.kinds[ev->kind]++;
			if (ev->kind == KYMO_EV_SYNC) {
				run.sync_before = run.last_sync;
				run.last_sync = run.count;
			}
			h = hash_event(r, ev, h);
			if (run.count == run.cap) {
				run.cap = run.cap ? run.cap * 2 : 1024;
				run.hash = realloc(run.hash, run.cap * sizeof *run.hash);
				assert_non_null(run.hash);
			}
			run.hash[run.count++] = h;
		}
		run.status = kymo_reader_status(r, &err);
		kymo_reader_close(r);
	}
	kymo_input_close(in);
	return run;
}

static struct gen_trace generated(uint64_t seed, bool skew)
{
	struct gen_trace t;
	gen_trace_make(&t, &(struct gen_options){
				   .seed = seed,
				   .version = versions[seed % 4],
				   .generations = 1 + (unsigned)(seed % 5),
				   .steps = 200 + (unsigned)(seed % 7) * 100,
				   .skew = skew,
			   });
	return t;
}

static void test_whole(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace t = generated(seed, false);
		struct guard g = guard_copy(t.bytes, t.len);
		struct run run = read_all(g.ptr, g.len);
		assert_int_equal(run.status, KYMO_OK);
		assert_true(run.times_increase);
		for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++)
			assert_int_equal(run.kinds[k], t.expect.kinds[k]);
		free(run.hash);
		guard_free(&g);
		gen_trace_free(&t);
	}
}

static void test_skewed_clocks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace t = generated(seed, true);
		struct run run = read_all(t.bytes, t.len);
		assert_int_equal(run.status, KYMO_OK);
		assert_true(run.times_increase);
		for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++)
			// A proc that a dying C thread left can be taken before or after: one transition more or less.
			if (k != KYMO_EV_STATE_TRANSITION)
				assert_int_equal(run.kinds[k], t.expect.kinds[k]);
		free(run.hash);
		gen_trace_free(&t);
	}
}

static void test_stat_counts_events(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct gen_trace t = generated(seed, seed % 3 == 0);
		struct run run = read_all(t.bytes, t.len);
		struct kymo_input *in;
		struct kymo_error err;
		assert_int_equal(kymo_input_open_memory(t.bytes, t.len, &in, &err), KYMO_OK);
		struct kymo_stat stat;
		assert_int_equal(kymo_stat_compute(in, NULL, &stat, &err), KYMO_OK);
		kymo_input_close(in);

		assert_int_equal(stat.version, versions[seed % 4]);
		assert_int_equal(stat.bytes, t.len);
		assert_int_equal(stat.generations, 1 + seed % 5);
		assert_int_equal(stat.events, run.count);
		assert_int_equal(stat.start, run.first);
		assert_int_equal(stat.end, run.last);
		assert_int_equal(stat.damage_count, 0);
		for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++)
			assert_int_equal(stat.kinds[k], run.kinds[k]);
		assert_int_equal(stat.goroutines, t.expect.goroutine_count);
		assert_int_equal(stat.stw_count, t.expect.stw_count);
		assert_int_equal(stat.gc_cycles, t.expect.gc_cycles);
		assert_int_equal(stat.tasks, t.expect.tasks);
		assert_int_equal(stat.regions, t.expect.kinds[KYMO_EV_REGION_BEGIN]);
		assert_int_equal(stat.logs, t.expect.kinds[KYMO_EV_LOG]);
		assert_int_equal(stat.cpu_samples, t.expect.kinds[KYMO_EV_STACK_SAMPLE]);
		if (seed % 3 != 0)
			assert_int_equal(stat.stw_total, t.expect.stw_total);
		free(run.hash);
		gen_trace_free(&t);
	}
}

/*
 * A cut trace gives the events of the whole one, up to the cut generation. From 1.26 on that one gives nothing but its
 * Sync; before, the format does not tell a cut generation from one that is whole, so events that the missing ones
 * would have held back may come too, until something is missed.
 */
static void test_prefixes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct gen_trace t = generated(seed, false);
		struct run whole = read_all(t.bytes, t.len);
		struct gen_rng rng = {seed};
		for (unsigned i = 0; i < 150; i++) {
			// Every cut near the start, random ones after it.
			size_t len = i < 30 ? i : gen_below(&rng, t.len);
			struct guard g = guard_copy(t.bytes, len);
			struct run cut = read_all(g.ptr, g.len);
			size_t same = versions[seed % 4] >= 26 ? cut.last_sync : cut.sync_before;
			assert_in_range(same, 0, whole.count);
			if (same)
				assert_int_equal(cut.hash[same - 1], whole.hash[same - 1]);
			assert_true(cut.times_increase);
			free(cut.hash);
			guard_free(&g);
		}
		free(whole.hash);
		gen_trace_free(&t);
	}
}

/* Whatever the bytes: no crash, no endless loop, times increase, kinds are kinds. */
static void test_damaged(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gen_trace t = generated(seed, seed % 2);
		struct guard g = guard_copy(t.bytes, t.len);
		struct gen_rng rng = {seed * 77};
		for (unsigned i = 0; i < 12; i++) {
			size_t at = 16 + gen_below(&rng, t.len - 16);
			uint8_t was = g.ptr[at];
			g.ptr[at] = (uint8_t)(gen_chance(&rng, 50) ? was ^ 1u << gen_below(&rng, 8)
			                                           : gen_random(&rng));
			struct run run = read_all(g.ptr, g.len);
			assert_true(run.times_increase);
			free(run.hash);
			if (gen_chance(&rng, 70))
				g.ptr[at] = was;  // else damage adds up
		}
		guard_free(&g);
		gen_trace_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_skewed_clocks),
		cmocka_unit_test(test_stat_counts_events),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
