/* SPDX-License-Identifier: MIT */
/*
 * The store of whatever the bytes are. Relations: its spans are those that the reader's events say, gap-free and
 * summing to each life; tables that refer to others can be followed; groups of goroutines conserve their sums.
 */
#include <kymo/kymo.h>

#include "fuzz/fuzz.h"
#include "support/slow_spans.h"

static void check_tables(const struct kymo_trace *t)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	uint32_t threads = kymo_trace_threads(t)->count, procs = kymo_trace_procs(t)->count;
	uint32_t stacks = kymo_trace_stack_count(t), strings = kymo_trace_string_count(t);
	for (uint32_t g = 0; g < gs->count; g++) {
		CHECK(gs->name[g] < strings && gs->start_stack[g] < stacks &&
		      gs->create_stack[g] < stacks);
		CHECK(gs->creator[g] < gs->count && gs->begin[g] <= gs->end[g]);
	}
	const struct kymo_bindings *b = kymo_trace_bindings(t);
	for (uint32_t i = 0; i < b->count; i++)
		CHECK(b->thread[i] < threads && b->proc[i] < procs && b->goroutine[i] < gs->count &&
		      b->start[i] < b->end[i]);
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	for (uint32_t i = 0; i < r->count; i++) {
		CHECK(r->start[i] <= r->end[i] && r->name[i] < strings && r->stack[i] < stacks);
		CHECK(r->goroutine[i] < gs->count && r->end_goroutine[i] < gs->count &&
		      r->proc[i] < procs);
		CHECK(i == 0 || r->start[i - 1] <= r->start[i]);
	}
	const struct kymo_regions *rg = kymo_trace_regions(t);
	for (uint32_t i = 0; i < rg->count; i++)
		CHECK(rg->goroutine[i] < gs->count && rg->begin[i] <= rg->end[i] &&
		      rg->type[i] < strings);
	const struct kymo_samples *s = kymo_trace_samples(t);
	for (uint32_t i = 0; i < s->count; i++)
		CHECK(s->goroutine[i] < gs->count && s->proc[i] < procs && s->thread[i] < threads &&
		      s->stack[i] < stacks);
}

static void check_groups(const struct kymo_trace *t)
{
	struct kymo_goroutine_groups groups = {0};
	CHECK(kymo_goroutine_groups_compute(t, NULL, KYMO_RULES_GO126, &groups) == KYMO_OK);
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	uint64_t members = 0, counted = 0;
	for (size_t i = 0; i < groups.count; i++) {
		members += groups.goroutines[i];
		CHECK(groups.block_from[i] <= groups.block_from[i + 1] &&
		      groups.range_from[i] <= groups.range_from[i + 1]);
		CHECK(groups.times[i].total >= 0 && groups.times[i].execution >= 0);
	}
	for (uint32_t g = 1; g < gs->count; g++)
		if (groups.group_of[g] != UINT32_MAX) {
			CHECK(groups.group_of[g] < groups.count);
			counted++;
		}
	CHECK(members == counted);
	kymo_goroutine_groups_free(&groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char why[256] = "";
	if (!slow_spans_agree(bytes, len, why)) {
		fprintf(stderr, "store and reader differ: %s\n", why);
		abort();
	}
	struct kymo_input *in;
	struct kymo_trace *t;
	if (kymo_input_open_memory(bytes, len, &in, NULL) != KYMO_OK)
		return 0;
	if (kymo_trace_load(in, NULL, &t, NULL) == KYMO_OK) {
		check_tables(t);
		check_groups(t);
		kymo_trace_free(t);
	}
	kymo_input_close(in);
	return 0;
}
