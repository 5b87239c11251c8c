/* SPDX-License-Identifier: MIT */
/*
 * Every report and profile of whatever the bytes are: whole, in a window, by Go's rules, in each output. Relations: a
 * report that runs can be shown; the parts of a window are the whole; what is kept changes no answer.
 */
#include <string.h>

#include <kymo/kymo.h>

#include "analysis/sched_parts.h"
#include "analysis/times_sums.h"
#include "analysis/wait_index.h"
#include "fuzz/fuzz.h"
#include "report/profile.h"
#include "report/report.h"

static bool keep(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return true;
}

static void show(struct report *r)
{
	const struct report_page page = report_page(r);
	struct kymo_error err;
	struct buf b = {0};
	CHECK(report_json(r, &page, &b, &err) == KYMO_OK && b.len > 0);
	b.len = 0;
	CHECK(report_page_json(r, NULL, &page, &b, &err) == KYMO_OK && b.len > 0);
	b.len = 0;
	CHECK(report_text(r, &(struct report_text_options){.terminal = true, .columns = 80}, &b,
	                  &err) == KYMO_OK);
	for (size_t i = 0; i < b.len; i++)
		CHECK((unsigned char)b.ptr[i] >= 0x20 || b.ptr[i] == '\n');
	b.len = 0;
	for (size_t i = 0; i < r->tables.count; i++)
		CHECK(report_csv(r, r->tables.at[i].key, &page, &b, &err) == KYMO_OK);
	if (r->plots.count)
		CHECK(report_svg(r, &b, &err) == KYMO_OK);
	buf_free(&b);
}

static void run(const struct report_def *def, const struct kymo_trace *t,
                const struct report_param *params, size_t count)
{
	struct report *r;
	struct kymo_error err;
	if (report_run(def, t, params, count, &r, &err) != KYMO_OK)
		return;  // Go's tool has no such report, or the window lies elsewhere
	show(r);
	report_free(r);
}

/* How much a profile has in a window; also writes it. */
static kymo_ns profile(const struct kymo_trace *t, const struct report_param *params, size_t count)
{
	struct report *r;
	struct kymo_error err;
	struct buf b = {0};
	if (report_run(&report_profile, t, params, count, &r, &err) != KYMO_OK)
		return 0;
	CHECK(kymo_export_pprof(t, report_profile_of(r), report_profile_options(r),
	                        &(struct kymo_sink){keep, &b}, &err) == KYMO_OK);
	kymo_ns total = report_profile_of(r)->total_ns;
	buf_free(&b);
	report_free(r);
	return total;
}

/* All reports and profiles of a window, as JSON. */
static struct buf say(const struct kymo_trace *t, const struct report_param *window)
{
	struct buf b = {0};
	const struct report_page all = {0};
	for (size_t i = 0; report_all[i]; i++) {
		struct report *r;
		struct kymo_error err;
		if (report_run(report_all[i], t, window, 2, &r, &err) != KYMO_OK)
			continue;
		CHECK(report_json(r, &all, &b, &err) == KYMO_OK);
		report_free(r);
	}
	for (unsigned kind = 0; kind < KYMO_PROFILE_COUNT; kind++) {
		const struct report_param params[] = {
			window[0], window[1], {"kind", kymo_profile_name(kind)}};
		struct report *r;
		struct kymo_error err;
		if (report_run(&report_profile, t, params, 3, &r, &err) != KYMO_OK)
			continue;
		CHECK(report_json(r, &all, &b, &err) == KYMO_OK);
		report_free(r);
	}
	return b;
}

/* As kymo_keep does, in blocks so small that there are some. */
static void keep_small(struct kymo_trace *t)
{
	const struct wait_index_tuning tuning = {.block = 16, .base = 1u << 20, .per_wait = 8};
	struct wait_index *waits;
	times_keep(t, NULL);
	sched_keep_blocks(t, 4, NULL);
	if (wait_index_make(t, &tuning, NULL, &waits) == KYMO_OK)
		kept_put(&t->kept[KEPT_WAITS], waits, wait_index_free);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct kymo_input *in;
	struct kymo_trace *t;
	if (len < 2 || kymo_input_open_memory(bytes, len, &in, NULL) != KYMO_OK)
		return 0;
	if (kymo_trace_load(in, NULL, &t, NULL) == KYMO_OK) {
		kymo_ns length = kymo_trace_info(t)->duration;
		uint8_t a = bytes[len - 1], b = bytes[len - 2];
		char from[32], to[32], middle[32];
		kymo_ns part = length / 256;
		snprintf(from, sizeof from, "%jdns", (intmax_t)part * (a < b ? a : b));
		snprintf(to, sizeof to, "%jdns", (intmax_t)part * (a < b ? b : a));
		snprintf(middle, sizeof middle, "%jdns", (intmax_t)part * a);
		const struct report_param window[] = {{"from", from}, {"to", to}},
					  go[] = {{"compat", "go1.26"}};
		for (size_t i = 0; report_all[i]; i++) {
			run(report_all[i], t, NULL, 0);
			run(report_all[i], t, window, 2);
			run(report_all[i], t, go, 1);
		}
		for (unsigned kind = 0; kind < KYMO_PROFILE_COUNT; kind++) {
			const char *name = kymo_profile_name(kind);
			const struct report_param whole[] = {{"kind", name}},
						  left[] = {{"kind", name}, {"to", middle}},
						  right[] = {{"kind", name}, {"from", middle}},
						  by_go[] = {{"kind", name}, {"compat", "go1.26"}};
			kymo_ns sum = profile(t, left, 2) + profile(t, right, 2);
			// A creation counts with all of its wait where it lies.
			CHECK(kind == KYMO_PROFILE_CREATE || sum == profile(t, whole, 1));
			profile(t, by_go, 2);
		}
		struct buf before = say(t, window);
		keep_small(t);
		struct buf after = say(t, window);
		CHECK(before.len == after.len && memcmp(before.ptr, after.ptr, after.len) == 0);
		buf_free(&before);
		buf_free(&after);
		kymo_trace_free(t);
	}
	kymo_input_close(in);
	return 0;
}
