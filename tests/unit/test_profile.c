/* SPDX-License-Identifier: MIT */
/*
 * Profiles and waits of one small trace made by hand. Where Go's tool counts otherwise than Kymo, both figures, and why.
 * And the file: the same bytes each time, nothing in it of the time or the system that made it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kymo/kymo.h>
#include <zlib.h>

#include "base/buf.h"
#include "property/gen_write.h"
#include "wire/spec.h"

#define THREAD 500
#define UNIT 64  // ns of one unit of time
#define RUNNING 2

struct maker {
	struct gen_rng rng;
	struct gen_writer w;
	uint64_t now;
};

static void put(struct maker *m, uint64_t at, unsigned type, const uint64_t *args, unsigned count)
{
	m->now = 1000 + at;
	gen_event(&m->w, THREAD, m->now, type, args, count);
}
#define AT(m, at, type, ...) \
	do { \
		const uint64_t args_[] = {__VA_ARGS__}; \
		put(m, at, WIRE_##type, args_, sizeof args_ / sizeof *args_); \
	} while (0)
#define TEXT(text) gen_string(&m.w, text)
#define STACK(n) gen_stack(&m.w, n)

static struct kymo_trace *trace;

/*
 * One proc. Goroutine 1 runs, makes 2, waits for a lock that 2 opens, then for a channel for ever; 2 waits for the
 * network and makes a system call. Times in units since the first event, numbers of stacks in brackets:
 *
 *     1:  running 0, sync [3] 20, runnable (by 2 [4]) 50, running 70, chan receive [6] 90, end of trace 140
 *     2:  runnable (by 1 [2]) 10, running 40, network [5] 60, runnable (by nobody) 80, running 100, syscall [7] 110,
 *         running 125
 */
static int make_trace(void **state)
{
	static struct maker m;
	struct kymo_input *in;
	(void)state;
	m = (struct maker){.rng = {1}, .now = 1000};
	gen_writer_begin(&m.w, &m.rng, 26);
	gen_generation_begin(&m.w, 1, m.now);
	AT(&m, 0, GoStatus, 1, THREAD, RUNNING);
	AT(&m, 0, ProcStatus, 0, 1);
	AT(&m, 5, UserTaskBegin, 7, 0, TEXT("order"), 0);
	AT(&m, 10, GoCreate, 2, STACK(1), STACK(2));
	AT(&m, 15, UserRegionBegin, 7, TEXT("checkout"), 0);
	AT(&m, 20, GoBlock, TEXT("sync"), STACK(3));
	AT(&m, 40, GoStart, 2, 1);
	AT(&m, 50, GoUnblock, 1, 1, STACK(4));
	AT(&m, 60, GoBlock, TEXT("network"), STACK(5));
	AT(&m, 70, GoStart, 1, 2);
	AT(&m, 75, UserRegionEnd, 7, TEXT("checkout"), 0);
	AT(&m, 80, GoUnblock, 2, 2, 0);
	AT(&m, 90, GoBlock, TEXT("chan receive"), STACK(6));
	AT(&m, 100, GoStart, 2, 3);
	AT(&m, 110, GoSyscallBegin, 1, STACK(7));
	AT(&m, 125, GoSyscallEnd);
	AT(&m, 140, HeapAlloc, 1);
	gen_generation_end(&m.w, m.now + 1);
	struct kymo_error err = {0};
	if (kymo_input_open_memory(m.w.out.at, m.w.out.len, &in, &err) != KYMO_OK ||
	    kymo_trace_load(in, NULL, &trace, &err) != KYMO_OK ||
	    kymo_trace_info(trace)->damage_count) {
		print_error("%s\n", err.message);
		return -1;
	}
	kymo_input_close(in);
	gen_writer_free(&m.w);
	return 0;
}

static int free_trace(void **state)
{
	(void)state;
	kymo_trace_free(trace);
	return 0;
}

/* The number that STACK took. */
static unsigned number_of(kymo_stack_ix stack)
{
	size_t n;
	const struct kymo_frame *f = kymo_trace_stack(trace, stack, &n);
	return n ? (unsigned)(f[0].pc - 0x400000) / 64 : 0;
}

static bool is(kymo_string_ix ix, const char *text)
{
	struct kymo_str s = kymo_trace_string(trace, ix);
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

struct want {
	unsigned stack;
	uint64_t count;
	double units;  // OPEN: from 90 to the trace's end, which is an event later than the last one here
};
#define OPEN ((double)(kymo_trace_info(trace)->duration - 90 * UNIT) / UNIT)

static void assert_samples(const struct kymo_profile *p, const struct want *want, size_t count)
{
	assert_int_equal(p->count, count);
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;
		while (k < count && number_of(p->samples[k].stack) != want[i].stack)
			k++;
		assert_true(k < count);
		assert_int_equal(p->samples[k].count, want[i].count);
		assert_int_equal(p->samples[k].ns, (kymo_ns)(want[i].units * UNIT));
	}
}

static struct kymo_profile compute(const struct kymo_filter *f, const struct kymo_profile_options *o)
{
	struct kymo_selection sel;
	struct kymo_profile p;
	assert_int_equal(kymo_select(trace, f, &sel, NULL), KYMO_OK);
	assert_int_equal(kymo_profile_compute(trace, &sel, o, &p), KYMO_OK);
	kymo_selection_free(&sel);
	return p;
}

#define ASSERT_PROFILE(filter, options, ...) \
	do { \
		const struct want want_[] = {__VA_ARGS__}; \
		struct kymo_profile p_ = compute(filter, options); \
		assert_samples(&p_, want_, sizeof want_ / sizeof *want_); \
		kymo_profile_free(&p_); \
	} while (0)
#define OPTIONS(...) (&(struct kymo_profile_options){__VA_ARGS__})

static const struct kymo_filter all = KYMO_FILTER_ALL;

/* Go cuts off what comes before a goroutine's first run: 2 was runnable for 30 units after its creation. */
static void test_creation_to_first_run(void **state)
{
	(void)state;
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SCHED), {2, 1, 30}, {4, 1, 20}, {0, 1, 20});
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SCHED, .rules = KYMO_RULES_GO126),
	               {4, 1, 20}, {0, 1, 20});
	// Where they stopped before: 2 never had.
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SCHED, .stack = KYMO_STACK_WAITER),
	               {0, 1, 30}, {3, 1, 20}, {5, 1, 20});
}

/* Go drops what has no end: 1 waits for a channel from 90 to the trace's end. */
static void test_open_wait(void **state)
{
	(void)state;
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SYNC), {3, 1, 30}, {6, 1, OPEN});
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SYNC, .rules = KYMO_RULES_GO126),
	               {3, 1, 30});
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_SYNC, .stack = KYMO_STACK_WAKER),
	               {4, 1, 30}, {0, 1, OPEN});
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_BLOCK), {3, 1, 30}, {6, 1, OPEN},
	               {5, 1, 20});
}

static void test_same_by_both_rules(void **state)
{
	(void)state;
	for (unsigned rules = 0; rules < 2; rules++) {
		ASSERT_PROFILE(&all,
		               OPTIONS(.kind = KYMO_PROFILE_NET, .rules = (enum kymo_rules)rules),
		               {5, 1, 20});
		ASSERT_PROFILE(&all,
		               OPTIONS(.kind = KYMO_PROFILE_SYSCALL, .rules = (enum kymo_rules)rules),
		               {7, 1, 15});
	}
	ASSERT_PROFILE(&all, OPTIONS(.kind = KYMO_PROFILE_CREATE), {2, 1, 30});
}

/* A wait that lies partly in the window counts once, with that part. */
static void test_window(void **state)
{
	struct kymo_filter f = KYMO_FILTER_ALL;
	(void)state;
	f.from = 30 * UNIT;
	f.to = 65 * UNIT;
	ASSERT_PROFILE(&f, OPTIONS(.kind = KYMO_PROFILE_BLOCK), {3, 1, 20}, {5, 1, 5});
	ASSERT_PROFILE(&f, OPTIONS(.kind = KYMO_PROFILE_SCHED), {2, 1, 10}, {4, 1, 15});
	f.from = 115 * UNIT;
	f.to = 120 * UNIT;
	ASSERT_PROFILE(&f, OPTIONS(.kind = KYMO_PROFILE_SYSCALL), {7, 1, 5});
	f = all;
	f.region = "checkout";  // of goroutine 1, from 15 to 75
	ASSERT_PROFILE(&f, OPTIONS(.kind = KYMO_PROFILE_BLOCK), {3, 1, 30});
	ASSERT_PROFILE(&f, OPTIONS(.kind = KYMO_PROFILE_SCHED), {4, 1, 20});
}

static void test_labels(void **state)
{
	struct kymo_profile p = compute(&all, OPTIONS(.kind = KYMO_PROFILE_BLOCK, .labels = true));
	(void)state;
	assert_int_equal(p.count, 3);
	assert_int_equal(p.stack, KYMO_STACK_WAITER);
	assert_true(is(p.samples[0].reason, "chan receive") && is(p.samples[0].region, "") &&
	            is(p.samples[0].task, ""));
	assert_true(is(p.samples[1].reason, "sync") && is(p.samples[1].region, "checkout") &&
	            is(p.samples[1].task, "order"));
	assert_true(is(p.samples[2].reason, "network"));
	for (size_t i = 0; i < 3; i++)  // the outermost function of the first stack seen
		assert_int_equal(p.samples[i].group,
		                 kymo_trace_goroutines(trace)
		                         ->name[kymo_trace_find_goroutine(trace, i == 2 ? 2 : 1)]);
	kymo_profile_free(&p);
}

static void test_waits(void **state)
{
	struct kymo_waits w;
	(void)state;
	assert_int_equal(kymo_waits_compute(trace, NULL, KYMO_WAITS_LOCKS, &w), KYMO_OK);
	assert_int_equal(w.count, 1);
	assert_int_equal(number_of(w.sites[0].stack), 3);
	assert_true(w.sites[0].count == 1 && w.sites[0].total == 30 * UNIT &&
	            w.sites[0].p50 == 30 * UNIT && w.sites[0].max == 30 * UNIT);
	assert_int_equal(w.sites[0].waker_to - w.sites[0].waker_from, 1);
	assert_int_equal(number_of(w.wakers[0].stack), 4);
	assert_false(w.wakers[0].open);
	kymo_waits_free(&w);

	assert_int_equal(kymo_waits_compute(trace, NULL, KYMO_WAITS_CHANS, &w), KYMO_OK);
	assert_int_equal(w.count, 1);
	assert_true(number_of(w.sites[0].stack) == 6 && w.sites[0].total == (kymo_ns)(OPEN * UNIT));
	assert_true(w.wakers[0].stack == 0 && w.wakers[0].open);
	kymo_waits_free(&w);

	assert_int_equal(kymo_waits_compute(trace, NULL, KYMO_WAITS_NET, &w), KYMO_OK);
	assert_true(w.count == 1 && w.wakers[0].stack == 0 && !w.wakers[0].open);
	kymo_waits_free(&w);

	assert_int_equal(kymo_waits_compute(trace, NULL, KYMO_WAITS_SYSCALLS, &w), KYMO_OK);
	assert_true(w.count == 1 && number_of(w.sites[0].stack) == 7 &&
	            w.sites[0].total == 15 * UNIT && w.sites[0].without_proc == 0);
	kymo_waits_free(&w);
}

/* ---- the file ---- */

static bool keep(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return true;
}

static bool refuse(void *ctx, const void *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
	return false;
}

static struct buf export(const struct kymo_profile_options *o)
{
	struct buf b = {0};
	const struct kymo_sink sink = {keep, &b};
	struct kymo_profile p = compute(&all, o);
	assert_int_equal(kymo_export_pprof(trace, &p, o, &sink, NULL), KYMO_OK);
	kymo_profile_free(&p);
	return b;
}

static size_t unpack(const struct buf *b, uint8_t *out, size_t room)
{
	z_stream z = {.next_in = (Bytef *)b->ptr,
	              .avail_in = (uInt)b->len,
	              .next_out = out,
	              .avail_out = (uInt)room};
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	return z.total_out;
}

static void test_file(void **state)
{
	uint8_t bytes[16384];
	(void)state;
	const struct kymo_profile_options ours = {.kind = KYMO_PROFILE_SCHED, .labels = true},
					  gos = {.kind = KYMO_PROFILE_SCHED,
	                                         .rules = KYMO_RULES_GO126};
	struct buf a = export(&ours), b = export(&ours), c = export(&gos);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.ptr, b.ptr, a.len);
	// gzip: no name, no time, no system.
	assert_memory_equal(a.ptr, "\x1f\x8b\x08\0\0\0\0\0", 8);
	assert_memory_equal(a.ptr + 9, "\xff", 1);
	size_t n = unpack(&a, bytes, sizeof bytes);
	assert_non_null(memmem(bytes, n, "waker", 5));
	assert_non_null(memmem(bytes, n, "contentions", 11));
	assert_non_null(memmem(bytes, n, "kymo pprof sched", 16));
	n = unpack(&c, bytes, sizeof bytes);
	assert_non_null(memmem(bytes, n, "contentions", 11));
	assert_null(memmem(bytes, n, "waker", 5));
	assert_null(memmem(bytes, n, "kymo", 4));
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
}

static void test_file_refused(void **state)
{
	const struct kymo_sink sink = {refuse, NULL};
	const struct kymo_profile_options o = {.kind = KYMO_PROFILE_NET};
	struct kymo_profile p = compute(&all, &o);
	struct kymo_error err = {0};
	(void)state;
	assert_int_equal(kymo_export_pprof(trace, &p, &o, &sink, &err), KYMO_E_IO);
	assert_int_not_equal(err.message[0], 0);
	kymo_profile_free(&p);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KYMO_PROFILE_COUNT; k++)
		assert_int_equal(kymo_profile_find(kymo_profile_name((enum kymo_profile_kind)k)), k);
	assert_int_equal(kymo_profile_find("nets"), KYMO_PROFILE_COUNT);
	assert_string_equal(kymo_profile_name(KYMO_PROFILE_COUNT), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creation_to_first_run),
		cmocka_unit_test(test_open_wait),
		cmocka_unit_test(test_same_by_both_rules),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_refused),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, make_trace, free_trace);
}
