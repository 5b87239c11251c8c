/* SPDX-License-Identifier: MIT */
/*
 * The HTTP layer against a live server: guards, routes, replies, limits; and the addresses it
 * takes.
 */
#include "support/http_client.h"

#include <pthread.h>

#include "http/router.h"

static int handled;

static void echo(void *ctx, struct http_request *req, const struct http_args *args)
{
	char text[100];
	(void)ctx;
	int n = snprintf(text, sizeof text, "%u:%.*s:%.*s", args->count, (int)args->at[0].len,
	                 args->at[0].ptr, (int)args->at[1].len,
	                 args->at[1].ptr ? args->at[1].ptr : "");
	http_reply(req, &(struct http_reply){.type = "text/plain",
	                                     .body = text,
	                                     .len = (size_t)n,
	                                     .own = HTTP_COPY,
	                                     .etag = "\"e1\"",
	                                     .immutable = args->count == 2});
}

static void number(void *ctx, struct http_request *req, const struct http_args *args)
{
	uint64_t v = 0, arg;
	char text[100];
	(void)ctx;
	int got = http_request_query_u64(req, "n", &v);
	int n = snprintf(text, sizeof text, "%d %llu %d", got, (unsigned long long)v,
	                 http_arg_u64(args, 0, &arg));
	http_reply(req,
	           &(struct http_reply){
			   .type = "text/plain", .body = text, .len = (size_t)n, .own = HTTP_COPY});
}

static void post(void *ctx, struct http_request *req, const struct http_args *args)
{
	size_t len;
	const char *body = http_request_body(req, &len);
	char *copy = malloc(len + 1);
	(void)ctx, (void)args;
	memcpy(copy, body, len);
	http_reply(req, &(struct http_reply){
				.type = "text/plain", .body = copy, .len = len, .own = HTTP_FREE});
}

static const struct http_route routes[] = {
	{HTTP_GET, "/one/:", echo},
	{HTTP_GET, "/two/:/x/:", echo},
	{HTTP_GET, "/number/:", number},
	{HTTP_POST, "/post", post},
};

static void handle(void *ctx, struct http_request *req)
{
	__atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
	http_route(routes, sizeof routes / sizeof routes[0], ctx, req);
}

static struct http_server *server;
static uint16_t port;

static struct http_server *start(const char *address)
{
	char message[300] = "";
	struct http_options o = {.max_body = 1000, .handle = handle};
	struct http_server *s;
	assert_true(http_address_parse(address, &o.address, message, sizeof message));
	if (!http_server_start(&o, &s, message, sizeof message))
		fail_msg("%s", message);
	return s;
}

static int set_up(void **state)
{
	(void)state;
	server = start("0");
	port = http_server_port(server);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_server_stop(server);
	return 0;
}

static void expect(const char *path, int status, const char *body)
{
	struct answer a = client_get(port, path);
	assert_int_equal(a.status, status);
	if (body)
		assert_string_equal(a.body, body);
	answer_free(&a);
}

static void test_routes(void **state)
{
	(void)state;
	expect("/one/a", 200, "1:a:");
	expect("/two/a/x/b%20c", 200, "2:a:b c");
	expect("/one/", 404, NULL);
	expect("/one", 404, NULL);
	expect("/one/a/", 404, NULL);
	expect("/two/a/y/b", 404, NULL);
	expect("/", 404, NULL);
	expect("//", 404, NULL);
	expect("/one/a?x=/two", 200, "1:a:");
	expect("/post", 405, NULL);
	struct answer a = client_ask(port, "POST", "/one/a", "", "");
	assert_int_equal(a.status, 405);
	assert_non_null(strstr(a.head, "Allow: "));
	answer_free(&a);
	a = client_ask(port, "DELETE", "/nothing", "", "");
	assert_int_equal(a.status, 405);
	answer_free(&a);
	a = client_ask(port, "HEAD", "/one/a", "", "");
	assert_int_equal(a.status, 200);
	assert_int_equal(a.len, 0);
	answer_free(&a);
}

static void test_numbers(void **state)
{
	(void)state;
	expect("/number/1?n=18446744073709551615", 200, "1 18446744073709551615 1");
	expect("/number/1?n=18446744073709551616", 200, "-1 0 1");
	expect("/number/1?n=99999999999999999999999999", 200, "-1 0 1");
	expect("/number/1?n=-1", 200, "-1 0 1");
	expect("/number/1?n=1e3", 200, "-1 0 1");
	expect("/number/1?n=", 200, "-1 0 1");
	expect("/number/1?n=+1", 200, "-1 0 1");
	expect("/number/1?n=0x10", 200, "-1 0 1");
	expect("/number/1?n", 200, NULL);
	expect("/number/1", 200, "0 0 1");
	expect("/number/x", 200, "0 0 0");
	expect("/number/18446744073709551616", 200, "0 0 0");
	expect("/number/-5", 200, "0 0 0");
}

/*
 * A page whose name was rebound to this address, or that lives elsewhere, gets nothing; and nothing
 * of ours runs.
 */
static void test_guards(void **state)
{
	static const char *const bad[] = {
		"Host: evil.example\r\n",
		"Host: evil.example:80\r\n",
		"Host: localhost.evil.example\r\n",
		"Host: 127.0.0.1.evil.example\r\n",
		"Host: 10.0.0.1\r\n",
		"Host: 0.0.0.0\r\n",
		"Host: [::2]\r\n",
		"Host: \r\n",
		"Host: :80\r\n",
		"Host: localhost:evil\r\n",
		"Host: localhost:99999\r\n",
		"Host: 128.0.0.1\r\n",
		"Host: [::1\r\n",
		"Host: 2130706433\r\n",
		"Host: user@localhost\r\n",
		"Host: localhost\r\nOrigin: http://evil.example\r\n",
		"Host: localhost\r\nOrigin: null\r\n",
		"Host: localhost\r\nOrigin: https://localhost\r\n",
		"Host: localhost\r\nOrigin: http://localhost:1\r\n",
		"Host: localhost:1\r\nOrigin: http://localhost\r\n",
		"Host: localhost\r\nOrigin: \r\n",
		"Host: localhost\r\nOrigin: file://\r\n",
	};
	static const char *const good[] = {
		"Host: localhost\r\n",
		"Host: LocalHost:8080\r\n",
		"Host: 127.0.0.1\r\n",
		"Host: 127.1.2.3:9\r\n",
		"Host: [::1]\r\n",
		"Host: [::1]:77\r\n",
		"Host: localhost:5\r\nOrigin: http://localhost:5\r\n",
		"Host: [::1]:5\r\nOrigin: http://[::1]:5\r\n",
	};
	(void)state;
	int before = handled;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (client_status(port, "/one/a", bad[i]) != 403)
			fail_msg("let in: %s", bad[i]);
		struct answer a = client_ask(port, "POST", "/post", bad[i], "x");
		assert_int_equal(a.status, 403);
		assert_non_null(strstr(a.body, "\"error\""));
		answer_free(&a);
	}
	assert_int_equal(handled, before);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (client_status(port, "/one/a", good[i]) != 200)
			fail_msg("kept out: %s", good[i]);
	/* No Host at all: HTTP/1.0, or broken. */
	static const char bare[] = "GET /one/a HTTP/1.0\r\n\r\n";
	struct answer a = client_send(port, bare, sizeof bare - 1);
	assert_int_not_equal(a.status, 200);
	answer_free(&a);
}

static void test_headers(void **state)
{
	(void)state;
	struct answer a = client_get(port, "/one/a");
	assert_non_null(
		strstr(a.head, "Content-Security-Policy: default-src 'none'; script-src 'self'"));
	assert_null(strstr(a.head, "unsafe"));
	assert_non_null(strstr(a.head, "X-Content-Type-Options: nosniff"));
	assert_non_null(strstr(a.head, "Cross-Origin-Resource-Policy: same-origin"));
	assert_non_null(strstr(a.head, "Cache-Control: no-cache"));
	assert_non_null(strstr(a.head, "ETag: \"e1\""));
	assert_null(strstr(a.head, "Access-Control"));
	answer_free(&a);
	a = client_get(port, "/two/a/x/b");
	assert_non_null(strstr(a.head, "Cache-Control: public, max-age=31536000, immutable"));
	answer_free(&a);
	a = client_get(port, "/number/1");
	assert_non_null(strstr(a.head, "Cache-Control: no-store"));
	answer_free(&a);
	a = client_ask(port, "GET", "/one/a", "If-None-Match: \"e0\", \"e1\"\r\n", "");
	assert_int_equal(a.status, 304);
	assert_int_equal(a.len, 0);
	answer_free(&a);
	a = client_ask(port, "GET", "/one/a", "If-None-Match: \"e2\"\r\n", "");
	assert_int_equal(a.status, 200);
	answer_free(&a);
}

static void test_bodies(void **state)
{
	char body[20001];
	(void)state;
	memset(body, 'x', sizeof body - 1);
	for (size_t len = 0; len <= 1002; len += 167) {
		body[len] = 0;
		struct answer a = client_ask(port, "POST", "/post", "", body);
		assert_int_equal(a.status, len <= 1000 ? 200 : 413);
		if (len <= 1000)
			assert_int_equal(a.len, len);
		answer_free(&a);
		body[len] = 'x';
	}
	body[sizeof body - 1] = 0;
	struct answer a = client_ask(port, "POST", "/post", "", body);
	assert_int_not_equal(a.status, 200);
	answer_free(&a);
	a = client_ask(port, "POST", "/post", "Transfer-Encoding: chunked\r\n",
	               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "abcde");
	answer_free(&a);
	a = client_ask(port, "GET", "/one/a", "Content-Length: 3\r\n", "abc");
	assert_int_equal(a.status, 200);
	answer_free(&a);
}

/* Bytes that are no HTTP: no answer, or one that says so; the server goes on. */
static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02\r\n\r\n",
		"GET /one/a HTTP/9.9\r\n\r\n",
		"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
		"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"POST /post HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET /one/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET /one/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET /one/a?%00=%00&&&=== HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"GET http://evil.example/one/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	};
	(void)state;
	/* Where the server waits for more, it may; what counts is that it goes on. */
	struct timeval patience = {.tv_usec = 100000};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int fd = client_connect(port);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		assert_true(send(fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL) > 0);
		shutdown(fd, SHUT_WR);
		char sink[4096];
		while (recv(fd, sink, sizeof sink, 0) > 0)
			;
		close(fd);
	}
	char *path = malloc(100000);
	memset(path, 'a', 99999);
	memcpy(path, "/one/", 5);
	path[99999] = 0;
	assert_int_not_equal(client_status(port, path, ""), 200);
	free(path);
	expect("/one/a", 200, "1:a:");
}

static void *hammer(void *ctx)
{
	unsigned *good = ctx;
	for (unsigned i = 0; i < 50; i++)
		*good += client_status(port, "/two/a/x/b", "") == 200;
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];
	unsigned good[8] = {0};
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &good[i]), 0);
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(good[i], 50);
	}
}

static void test_port_in_use(void **state)
{
	char message[300] = "", text[20];
	struct http_options o = {.handle = handle};
	struct http_server *s = NULL;
	(void)state;
	snprintf(text, sizeof text, ":%u", port);
	assert_true(http_address_parse(text, &o.address, message, sizeof message));
	assert_false(http_server_start(&o, &s, message, sizeof message));
	assert_non_null(strstr(message, "in use"));
	assert_non_null(strstr(message, text + 1));
	o.address = (struct http_address){.host = "203.0.113.7"};
	assert_false(http_server_start(&o, &s, message, sizeof message));
	assert_non_null(strstr(message, "203.0.113.7"));
}

/* Asked to listen everywhere: addresses in numbers are fine then, names still are not. */
static void test_public(void **state)
{
	(void)state;
	struct http_server *s = start("0.0.0.0:0");
	uint16_t p = http_server_port(s);
	char url[40];
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", p);
	assert_string_equal(http_server_url(s), url);
	assert_true(http_server_is_public(s));
	assert_int_equal(client_status(p, "/one/a", "Host: 10.1.2.3:80\r\n"), 200);
	assert_int_equal(client_status(p, "/one/a", "Host: [fe80::1]\r\n"), 200);
	assert_int_equal(client_status(p, "/one/a", "Host: evil.example\r\n"), 403);
	assert_int_equal(client_status(p, "/one/a", "Host: localhost\r\n"), 200);
	http_server_stop(s);
	assert_false(http_server_is_public(server));
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} cases[] = {
		{"6060", "", 6060},
		{":6060", "", 6060},
		{"localhost:1", "", 1},
		{"127.0.0.1:0", "127.0.0.1", 0},
		{"[::1]:80", "::1", 80},
		{"example.org:65535", "example.org", 65535},
		{"0", "", 0},
		{":0", "", 0},
		{"65536", NULL, 0},
		{":", NULL, 0},
		{"", NULL, 0},
		{"host", NULL, 0},
		{"host:", NULL, 0},
		{"::1:80", NULL, 0},
		{"[::1]", NULL, 0},
		{"[::1:80", NULL, 0},
		{"host:http", NULL, 0},
		{":-1", NULL, 0},
		{":1 ", NULL, 0},
		{"99999999999999999999", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct http_address a;
		char message[300] = "";
		bool ok = http_address_parse(cases[i].text, &a, message, sizeof message);
		if (ok != (cases[i].host != NULL))
			fail_msg("\"%s\"", cases[i].text);
		if (ok) {
			assert_string_equal(a.host, cases[i].host);
			assert_int_equal(a.port, cases[i].port);
		} else {
			assert_non_null(strstr(message, "malformed"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_guards),  cmocka_unit_test(test_headers),
		cmocka_unit_test(test_bodies),  cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_threads), cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_public),  cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
