/* SPDX-License-Identifier: MIT */
/*
 * The viewer's protocol against a live server over a generated trace: what it answers, and what it
 * refuses.
 */
#include "support/http_client.h"
#include "support/tile_bytes.h"

#include "serve/serve.h"

static struct serve *server;
static struct kymo_trace *trace;  // the same one, loaded beside it
static uint16_t port;
static char id[17];

static uint16_t port_of(const struct serve *s)
{
	return (uint16_t)strtoul(strrchr(serve_url(s), ':') + 1, NULL, 10);
}

static struct answer get(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct answer get(const char *fmt, ...)
{
	char path[500];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	return client_get(port, path);
}

/* Does the answer hold this text (it must be 200)? */
#define assert_says(text, ...) \
	do { \
		struct answer a_ = get(__VA_ARGS__); \
		assert_int_equal(a_.status, 200); \
		if (!strstr(a_.body, text)) \
			fail_msg("no %s in %s", text, a_.body); \
		answer_free(&a_); \
	} while (0)

static void check_status(int status, const char *path)
{
	struct answer a = client_get(port, path);
	if (a.status != status)
		fail_msg("%s: %d instead of %d: %s", path, a.status, status, a.body);
	if (status >= 400)
		assert_non_null(strstr(a.body, "{\"error\":\""));
	answer_free(&a);
}

/* A number in the answer, the first behind `key`. */
static double number(const char *body, const char *key)
{
	const char *at = strstr(body, key);
	assert_non_null(at);
	return strtod(at + strlen(key), NULL);
}

static int set_up(void **state)
{
	char message[300];
	struct http_address any = {0};
	struct gen_trace g;
	struct kymo_input *in;
	struct kymo_error err;
	(void)state;
	gen_trace_make(&g, &(struct gen_options){
				   .seed = 7, .version = 26, .generations = 3, .steps = 3000});
	if (!serve_start(&any, &server, message, sizeof message))
		fail_msg("%s", message);
	port = port_of(server);

	/* Before there is a trace: the page is there, what it asks for is not yet. */
	assert_int_equal(client_status(port, "/", ""), 200);
	struct answer a = get("/api/trace");
	assert_int_equal(a.status, 503);
	assert_string_equal(a.body, "{\"loading\":{\"done\":0,\"total\":0}}\n");
	answer_free(&a);
	assert_int_equal(client_status(port, "/api/nothing", ""), 503);
	assert_int_equal(client_status(port, "/api/trace", "Host: evil.example\r\n"), 403);

	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, &err), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &trace, &err), KYMO_OK);
	kymo_input_close(in);
	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, &err), KYMO_OK);
	assert_int_equal(serve_load(server, in, NULL, &err), KYMO_OK);
	kymo_input_close(in);
	gen_trace_free(&g);

	a = get("/api/trace");
	assert_int_equal(a.status, 200);
	const char *name = strstr(a.body, "\"trace\":\"");
	assert_non_null(name);
	snprintf(id, sizeof id, "%.16s", name + 9);
	answer_free(&a);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	serve_stop(server);
	kymo_trace_free(trace);
	return 0;
}

static void test_trace(void **state)
{
	const struct kymo_trace_info *info = kymo_trace_info(trace);
	struct answer a = get("/api/trace");
	(void)state;
	assert_non_null(strstr(a.head, "Content-Type: application/json"));
	assert_non_null(strstr(a.body, "\"format\":\"go 1.26\""));
	assert_true(number(a.body, "\"bytes\":") == (double)info->bytes);
	assert_true(number(a.body, "\"events\":") == (double)info->events);
	assert_true(number(a.body, "\"generations\":") == (double)info->generations);
	assert_true(number(a.body, "\"goroutines\":") ==
	            (double)(kymo_trace_goroutines(trace)->count - 1));
	assert_true(number(a.body, "\"duration_ns\":") >= (double)info->duration);
	assert_non_null(strstr(a.body, "\"damage\":[]"));
	answer_free(&a);
}

static void test_assets(void **state)
{
	(void)state;
	struct answer a = get("/");
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.head, "text/html"));
	assert_non_null(strstr(a.body, "<!doctype html>"));
	answer_free(&a);
	check_status(404, "/nothing.js");
	check_status(404, "/../etc/passwd");
	check_status(404, "/%2e%2e/etc/passwd");
	a = client_ask(port, "POST", "/", "", "x");
	assert_int_equal(a.status, 405);
	answer_free(&a);
}

static void test_malformed(void **state)
{
	static const struct {
		int status;
		const char *path;
	} cases[] = {
		{404, "/api/"},
		{404, "/api/nothing"},
		{405, "/api/tiles"},
		{400, "/api/groups?from=-1"},
		{400, "/api/groups?from=1&to=0"},
		{400, "/api/groups?to=1e9"},
		{400, "/api/groups?to=18446744073709551616"},
		{400, "/api/groups?to=9223372036854775808"},
		{200, "/api/groups?to=9223372036854775807"},
		{200, "/api/groups?from=9223372036854775807&to=9223372036854775807"},
		{200, "/api/groups?from=5&to=5"},
		{400, "/api/group/x/goroutines"},
		{404, "/api/group/4294967295/goroutines"},
		{404, "/api/group/18446744073709551615/goroutines"},
		{400, "/api/group/18446744073709551616/goroutines"},
		{400, "/api/group/0/goroutines?limit=1001"},
		{400, "/api/group/0/goroutines?limit=-1"},
		{400, "/api/group/0/goroutines?offset=4294967296"},
		{200, "/api/group/0/goroutines?offset=4294967295&limit=1000"},
		{200, "/api/group/0/goroutines?limit=0"},
		{404, "/api/goroutine/0"},
		{404, "/api/goroutine/4294967296"},
		{400, "/api/goroutine/1x"},
		{404, "/api/goroutine/"},
		{400, "/api/span"},
		{400, "/api/span?lane=g:1"},
		{400, "/api/span?t=1"},
		{400, "/api/span?lane=g:1&t=-1"},
		{400, "/api/span?lane=g:1&t=9223372036854775808"},
		{200, "/api/span?lane=g:1&t=9223372036854775807"},
		{400, "/api/span?lane=nothing&t=1"},
		{404, "/api/span?lane=g:4000000000&t=1"},
		{404, "/api/span?lane=p:0&t=1"},
		{200, "/api/span?lane=all&t=1"},
		{200, "/api/span?lane=heap&t=1"},
		{400, "/api/search"},
		{200, "/api/search?q="},
		{200, "/api/search?q=99999999999999999999999"},
		{400, "/api/search?q=a&limit=1001"},
		{200, "/api/search?q=%ff%fe%00&limit=0"},
		{404, "/api/string/4294967296"},
		{400, "/api/string/x"},
		{200, "/api/string/0"},
		{404, "/api/tile/0123456789abcdef/all/1/1"},
		{404, "/api/tile/x/all/1/1"},
		{404, "/api/tile/all/1/1"},
	};
	static const struct {
		int status;
		const char *rest;
	} tiles[] = {
		{200, "all/20/0"},         {200, "all/52/4294967295"},
		{200, "all/0/4294967295"}, {400, "all/53/0"},
		{400, "all/1/4294967296"}, {400, "all/x/1"},
		{400, "all/1/-1"},         {400, "all/99999999999999999999/1"},
		{400, "nothing/1/1"},      {404, "g:0/1/1"},
		{404, "g:4000000000/1/1"}, {400, "g:5000000000/1/1"},
		{404, "grp:100000/1/1"},   {200, "g:1/0/0"},
		{200, "gc/52/0"},          {404, "p:99/1/1"},
		{404, "m:9999/1/1"},       {200, "procs/30/0"},
		{404, "%00/1/1"},          {404, "all/1/1/1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_status(cases[i].status, cases[i].path);
	for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
		char path[200];
		snprintf(path, sizeof path, "/api/tile/%s/%s", id, tiles[i].rest);
		check_status(tiles[i].status, path);
	}
}

/* A tile by itself is the tile in a list; both are what tile_write makes. */
static void test_tiles(void **state)
{
	static const char list[] = "all 20 0\ng:1 18 1\ng:4000000000 3 0\np:1 22 0\nstw 21 0\n";
	static const struct tile same[] = {
		{{LANE_ALL, 0}, 20, 0},
		{{LANE_GOROUTINE, 1}, 18, 1},
		{{LANE_GOROUTINE, 4000000000u}, 3, 0},
		{{LANE_PROC, 1}, 22, 0},
		{{LANE_STW, 0}, 21, 0},
	};
	struct model *m = model_make(trace, &model_tuning_default, NULL);
	struct buf want = {0};
	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		tile_write(m, &same[i], &want);
	struct answer a = client_ask(port, "POST", "/api/tiles", "", list);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.len, want.len);
	assert_memory_equal(a.body, want.ptr, want.len);
	answer_free(&a);
	want.len = 0;
	tile_write(m, &same[1], &want);
	a = get("/api/tile/%s/g:1/18/1", id);
	assert_int_equal(a.len, want.len);
	assert_memory_equal(a.body, want.ptr, want.len);
	assert_non_null(strstr(a.head, "application/octet-stream"));
	assert_non_null(strstr(a.head, "Cache-Control: public, max-age=31536000, immutable"));
	answer_free(&a);
	buf_free(&want);
	model_free(m);
}

static void test_bad_lists(void **state)
{
	static const char *const bad[] = {
		"all 20 0",
		"all 20\n",
		"all\n",
		"\n",
		"all  20 0\n",
		"all 20 0 \n",
		"all 53 0\n",
		"all 1 4294967296\n",
		"all -1 0\n",
		"all 1 -1\n",
		"nothing 1 1\n",
		" all 1 1\n",
		"all 1 1\nx\n",
		"all 1 1\r\n",
		"all\t1 1\n",
		"all 99999999999999999999999 1\n",
		"g:5000000000 1 1\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct answer a = client_ask(port, "POST", "/api/tiles", "", bad[i]);
		if (a.status != 400)
			fail_msg("took \"%s\"", bad[i]);
		answer_free(&a);
	}
	struct buf many = {0};
	for (unsigned i = 0; i < 1024; i++)
		buf_puts(&many, "gc 52 9\n");
	buf_putc(&many, 0);
	struct answer a = client_ask(port, "POST", "/api/tiles", "", many.ptr);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.len, 1024 * 16);
	answer_free(&a);
	many.len--;
	buf_puts(&many, "gc 52 9\n");
	buf_putc(&many, 0);
	a = client_ask(port, "POST", "/api/tiles", "", many.ptr);
	assert_int_equal(a.status, 400);
	answer_free(&a);
	a = client_ask(port, "POST", "/api/tiles", "", "");
	assert_int_equal(a.status, 200);
	assert_int_equal(a.len, 0);
	answer_free(&a);
	buf_free(&many);
}

/* Every span of some goroutines, asked for at its start and at its last nanosecond. */
static void test_spans(void **state)
{
	unsigned asked = 0;
	(void)state;
	for (kymo_goroutine_ix g = 1; g < kymo_trace_goroutines(trace)->count && asked < 300; g++) {
		struct kymo_span_cursor c;
		struct kymo_span s;
		kymo_span_seek(trace, g, 0, &c);
		for (unsigned n = 0; n < 8 && kymo_span_next(&c, &s); n++) {
			struct answer a = get("/api/span?lane=g:%u&t=%lld", g,
			                      (long long)(n % 2 ? s.start : s.end - 1));
			assert_int_equal(a.status, 200);
			if (s.end > s.start) {
				assert_true(number(a.body, "\"state\":") == (double)s.state);
				assert_true(number(a.body, "\"start\":") == (double)s.start);
				assert_true(number(a.body, "\"end\":") == (double)s.end);
				assert_true(number(a.body, "\"rank\":") >= 1);
				assert_true(number(a.body, "\"of\":") >= number(a.body, "\"rank\":"));
				assert_true(number(a.body, "\"goroutine\":{\"row\":") >= 1);
				bool woken = s.state == KYMO_SPAN_RUNNABLE &&
				             s.cause == KYMO_CAUSE_WOKEN;
				if (woken)
					assert_non_null(strstr(a.body, "\"woken_by\":{"));
			}
			answer_free(&a);
			asked++;
		}
	}
	assert_true(asked >= 100);
	assert_says("{\"span\":null}", "/api/span?lane=g:1&t=9000000000000000000");
}

static void test_span_of_proc(void **state)
{
	struct kymo_run_cursor c;
	struct kymo_run run;
	unsigned asked = 0;
	char want[40];
	(void)state;
	kymo_run_seek(trace, 1, 0, &c);
	while (asked < 50 && kymo_run_next(&c, &run)) {
		if (run.end <= run.start)
			continue;
		snprintf(want, sizeof want, "\"lane\":\"g:%u\"", run.goroutine);
		assert_says(want, "/api/span?lane=p:1&t=%lld", (long long)run.start);
		asked++;
	}
	assert_true(asked > 10);
}

static void test_ranges(void **state)
{
	const struct kymo_ranges *r = kymo_trace_ranges(trace);
	unsigned asked = 0;
	char want[60];
	(void)state;
	for (uint32_t i = 0; i < r->count && asked < 30; i++) {
		if (r->kind[i] != KYMO_RANGE_STW || r->end[i] <= r->start[i])
			continue;
		snprintf(want, sizeof want, "\"name\":\"stop-the-world");
		assert_says(want, "/api/span?lane=stw&t=%lld", (long long)r->start[i]);
		asked++;
	}
	assert_true(asked > 0);
}

/* Pages of a group's members put together are all of them, each once, in order. */
static void test_members(void **state)
{
	(void)state;
	struct answer all = get("/api/group/0/goroutines?limit=1000");
	assert_int_equal(all.status, 200);
	double total = number(all.body, "\"total\":");
	assert_true(total >= 1);
	const char *at = all.body;
	for (unsigned offset = 0; offset < (unsigned)total && offset < 20; offset++) {
		struct answer one = get("/api/group/0/goroutines?limit=1&offset=%u", offset);
		at = strstr(at + 1, "{\"row\":");
		assert_non_null(at);
		assert_true(number(one.body, "{\"row\":") == strtod(at + 7, NULL));
		assert_true(number(one.body, "\"total\":") == total);
		answer_free(&one);
	}
	answer_free(&all);
}

static void test_search(void **state)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(trace);
	char want[60];
	(void)state;
	for (kymo_goroutine_ix g = 1; g < gs->count && g < 20; g++) {
		snprintf(want, sizeof want, "{\"goroutines\":[{\"row\":");
		assert_says(want, "/api/search?q=%llu", (unsigned long long)gs->id[g]);
	}
	struct answer a = get("/api/search?q=zzzzzzz");
	assert_string_equal(a.body, "{\"goroutines\":[],\"groups\":[]}\n");
	answer_free(&a);
	/* Case does not matter; both lists name the function. */
	for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
		struct kymo_str name = kymo_trace_string(trace, gs->name[g]);
		if (name.len < 4 || name.len > 100)
			continue;
		char q[120];
		for (size_t i = 0; i < name.len; i++) {
			char ch = name.ptr[i];
			q[i] = (char)(ch >= 'a' && ch <= 'z' ? ch - 32 : ch);
		}
		q[name.len] = 0;
		if (strpbrk(q, " %&#+()*"))
			continue;
		a = get("/api/search?q=%s", q);
		assert_null(strstr(a.body, "\"groups\":[]"));
		answer_free(&a);
		break;
	}
}

static void test_goroutine_groups(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct answer a = get("/api/report/goroutines");
		assert_int_equal(a.status, 200);
		assert_int_equal(a.body[0], '[');
		answer_free(&a);
	}
}

/* Loading that is called off, and a file that is no trace: an error, and still no answers. */
static void test_failed_load(void **state)
{
	struct http_address any = {0};
	struct serve *s;
	struct kymo_input *in;
	struct kymo_error err;
	char message[300];
	(void)state;
	assert_true(serve_start(&any, &s, message, sizeof message));
	assert_int_equal(kymo_input_open_memory("hello", 5, &in, &err), KYMO_OK);
	assert_int_equal(serve_load(s, in, NULL, &err), KYMO_E_NOT_TRACE);
	kymo_input_close(in);
	assert_null(serve_trace(s));
	assert_int_equal(client_status(port_of(s), "/api/trace", ""), 503);
	serve_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_assets),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_span_of_proc),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_goroutine_groups),
		cmocka_unit_test(test_failed_load),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
