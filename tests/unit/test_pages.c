/* SPDX-License-Identifier: MIT */
/* Reports and profiles over HTTP, what of them is kept, and the addresses of Go's tool. */
#include "support/http_client.h"

#include <kymo/profile.h>
#include <pthread.h>

#include "property/gen.h"
#include "report/report.h"
#include "serve/serve.h"
#include "serve/shelf.h"

static struct serve *server;
static struct kymo_trace *trace;
static uint16_t port;

static __attribute__((format(printf, 1, 2))) struct answer get(const char *fmt, ...)
{
	char path[512], request[700];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	int n = snprintf(request, sizeof request,
	                 "GET %s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n\r\n", path,
	                 (unsigned)port);
	return client_send(port, request, (size_t)n);
}

static int set_up(void **state)
{
	char message[300];
	struct http_address any = {0};
	struct gen_trace g;
	struct kymo_input *in;
	(void)state;
	gen_trace_make(&g, &(struct gen_options){
				   .seed = 11, .version = 26, .generations = 3, .steps = 1500});
	if (!serve_start(&any, &server, message, sizeof message))
		fail_msg("%s", message);
	port = (uint16_t)strtoul(strrchr(serve_url(server), ':') + 1, NULL, 10);

	// What leads elsewhere does so before there is a trace; what needs one waits.
	struct answer a = get("/goroutines");
	assert_int_equal(a.status, 302);
	answer_free(&a);
	a = get("/io?raw=1");
	assert_int_equal(a.status, 503);
	answer_free(&a);

	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, NULL), KYMO_OK);
	assert_int_equal(kymo_trace_load(in, NULL, &trace, NULL), KYMO_OK);
	kymo_input_close(in);
	assert_int_equal(kymo_input_open_memory(g.bytes, g.len, &in, NULL), KYMO_OK);
	assert_int_equal(serve_load(server, in, NULL, NULL), KYMO_OK);
	kymo_input_close(in);
	gen_trace_free(&g);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	serve_stop(server);
	kymo_trace_free(trace);
	return 0;
}

/* What `kymo NAME --json` with these parameters prints. */
static char *expected(const char *name, const struct report_param *params, size_t count, size_t *len)
{
	struct report *r;
	struct buf b = {0};
	struct kymo_error err = {0};
	if (report_run(report_find(name), trace, params, count, &r, &err) != KYMO_OK)
		fail_msg("%s: %s", name, err.message);
	struct report_page page = report_page(r);
	assert_int_equal(report_json(r, &page, &b, NULL), KYMO_OK);
	report_free(r);
	*len = b.len;
	buf_putc(&b, 0);
	assert_false(b.failed);
	return b.ptr;
}

/* Every report, twice: the second time from the shelf. */
static void test_same_as_the_verbs(void **state)
{
	(void)state;
	for (size_t i = 0; report_all[i]; i++) {
		size_t len;
		char *want = expected(report_all[i]->name, NULL, 0, &len);
		for (int again = 0; again < 2; again++) {
			struct answer a = get("/api/report/%s", report_all[i]->name);
			assert_int_equal(a.status, 200);
			assert_int_equal(a.len, len);
			assert_memory_equal(a.body, want, len);
			answer_free(&a);
		}
		free(want);
		struct answer a = get("/api/report/%s?format=page&top=3", report_all[i]->name);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.body, "\"tables\":["));
		answer_free(&a);
	}
	const struct report_param params[] = {
		{"from", "1000"}, {"to", "90us"}, {"sort", "count"}, {"top", "2"}};
	size_t len;
	char *want = expected("goroutines", params, 4, &len);
	struct answer a = get("/api/report/goroutines?top=2&sort=count&to=90us&from=1000");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, want);
	answer_free(&a);
	free(want);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *says;
	} cases[] = {
		{"/api/report/nothing", 404, "there is no report 'nothing'"},
		{"/api/report/goroutines?fnc=x", 400, "goroutines does not take 'fnc'"},
		{"/api/report/goroutines?func=(", 400, "is no regular expression"},
		{"/api/report/goroutines?format=xml", 400,
	         "format can be json, page, csv or svg, not 'xml'"},
		{"/api/report/goroutines?top=many", 400, "top must be a whole number"},
		{"/api/report/goroutines?sort=nothing", 400, "cannot be sorted by 'nothing'"},
		{"/api/report/goroutines?format=csv&table=x", 400, "has no table 'x'"},
		{"/api/report/goroutines?format=page&table=x", 400, "has no table 'x'"},
		{"/api/report/goroutines?group=nobody", 400, "no goroutine began in 'nobody'"},
		{"/api/report/goroutines?func=((a{99}){99}){99}", 400,
	         "regular expression is too large"},
		{"/io?raw=1&name=nobody", 400, "no goroutine began in 'nobody'"},
		{"/api/report/goroutines?format=svg", 400, "has nothing to draw"},
		{"/api/profile/heap", 404, "there is no profile 'heap'"},
		{"/api/profile/net?stack=both", 400, "stack can be waiter or waker, not 'both'"},
		{"/api/profile/net?format=x", 400, "format can be json, pprof or csv, not 'x'"},
		{"/api/profile/cpu?compat=go1.26", 400, "there is no profile 'cpu' of Go's"},
		{"/mmu?mode=details&window=x", 400, "window must be a whole number"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a = get("%s", cases[i].path);
		if (a.status != cases[i].status || !strstr(a.body, cases[i].says))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.body);
		answer_free(&a);
	}
}

static bool append(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return true;
}

/* ?raw=1 is what -pprof writes: Go's figures. */
static void test_raw_profiles(void **state)
{
	static const struct {
		const char *path;
		enum kymo_profile_kind kind;
	} cases[] = {{"/io", KYMO_PROFILE_NET},
	             {"/block", KYMO_PROFILE_SYNC},
	             {"/syscall", KYMO_PROFILE_SYSCALL},
	             {"/sched", KYMO_PROFILE_SCHED}};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct kymo_profile_options o = {.kind = cases[i].kind,
		                                       .rules = KYMO_RULES_GO126};
		struct kymo_profile p;
		struct buf b = {0};
		const struct kymo_sink sink = {append, &b};
		assert_int_equal(kymo_profile_compute(trace, NULL, &o, &p), KYMO_OK);
		assert_int_equal(kymo_export_pprof(trace, &p, &o, &sink, NULL), KYMO_OK);
		kymo_profile_free(&p);
		struct answer a = get("%s?raw=1", cases[i].path);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.head, "application/octet-stream"));
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.body, b.ptr, b.len);
		answer_free(&a);
		buf_free(&b);
	}
}

static void test_where_gos_pages_are(void **state)
{
	static const struct {
		const char *path, *leads;
	} cases[] = {
		{"/goroutines", "/#page=goroutines"},
		{"/goroutine?name=main.a%20b", "/#page=goroutines&group=main.a%20b"},
		{"/io?name=main.x", "/#page=blocking&kind=net&group=main.x"},
		{"/regionsched?type=r&pc=4af&latmin=1ms",
	         "/#page=blocking&kind=sched&region=r&region-at=0x4af&latmin=1ms"},
		{"/usertask?type=t&complete=1", "/#page=tasks&type=t&complete=1"},
		{"/userregion?type=r&pc=0x1", "/#page=regions&type=r&at=0x1"},
		{"/trace?goid=7", "/#page=timeline&goroutine=7"},
		{"/mmu", "/#page=mmu"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char want[200];
		struct answer a = get("%s", cases[i].path);
		snprintf(want, sizeof want, "Location: %s\r\n", cases[i].leads);
		if (a.status != 302 || !strstr(a.head, want))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.head);
		answer_free(&a);
	}
}

/* ---- the shelf ---- */

struct asker {
	struct shelf *shelf;
	pthread_t thread;
	struct report *got;
};

static void *ask(void *arg)
{
	struct asker *x = arg;
	const struct report_param p = {"from", "5"};
	if (shelf_get(x->shelf, report_find("goroutines"), &p, 1, &x->got, NULL) != KYMO_OK)
		x->got = NULL;
	return NULL;
}

/* Who asks for the same gets the same; one that nobody uses makes room; more at once than there is room for are run anew. */
static void test_shelf(void **state)
{
	struct shelf *s = shelf_make(trace, 2);
	struct asker askers[4];
	struct report *a, *b, *c;
	const struct report_def *def = report_find("goroutines");
	const struct report_param one[] = {{"from", "5"}, {"sort", "count"}},
				  other[] = {{"from", "6"}}, third[] = {{"from", "7"}};
	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 4; i++) {
		askers[i] = (struct asker){.shelf = s};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_non_null(askers[i].got);
		assert_ptr_equal(askers[i].got, askers[0].got);
	}
	assert_int_equal(shelf_get(s, def, one, 2, &a, NULL), KYMO_OK);
	assert_ptr_equal(a, askers[0].got);  // how it is sorted is not what it is
	assert_int_equal(shelf_get(s, def, other, 1, &b, NULL), KYMO_OK);
	assert_ptr_not_equal(a, b);
	assert_int_equal(shelf_get(s, def, third, 1, &c, NULL), KYMO_OK);  // no room
	assert_ptr_not_equal(b, c);
	shelf_release(s, c);
	shelf_release(s, b);
	assert_int_equal(shelf_get(s, def, third, 1, &c, NULL), KYMO_OK);  // in the place of b
	shelf_release(s, c);
	struct report *again;
	assert_int_equal(shelf_get(s, def, third, 1, &again, NULL), KYMO_OK);
	assert_ptr_equal(again, c);
	shelf_release(s, again);
	// What fails is not kept.
	const struct report_param bad[] = {{"func", "("}};
	struct kymo_error err = {0};
	for (int i = 0; i < 2; i++) {
		assert_int_equal(shelf_get(s, def, bad, 1, &again, &err), KYMO_E_RANGE);
		assert_null(again);
	}
	for (int i = 0; i < 5; i++)
		shelf_release(s, a);
	shelf_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_the_verbs),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_raw_profiles),
		cmocka_unit_test(test_where_gos_pages_are),
		cmocka_unit_test(test_shelf),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
