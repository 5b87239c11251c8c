/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/input.h"
#include "support/guard.h"

#define CONTENT_BYTES 300000u

static uint8_t content[CONTENT_BYTES];
static char dir[] = "/tmp/kymo-test-input-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONTENT_BYTES; i++)
		content[i] =
			(uint8_t)((i * 2654435761u) >> 13);  // hardly compressible: several blocks
	memcpy(content, "go 1.23 trace\0\0", 16);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/file", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void write_file(const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void expect_content(struct kymo_input *in)
{
	size_t len;
	const uint8_t *p = kymo_input_bytes(in, &len);
	assert_int_equal(len, CONTENT_BYTES);
	assert_memory_equal(p, content, len);
	kymo_input_close(in);
}

static size_t gzipped(uint8_t **out, const void *bytes, size_t len)
{
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t cap = deflateBound(&z, len) + 64;
	*out = malloc(cap);
	assert_non_null(*out);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = *out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = cap - z.avail_out;
	deflateEnd(&z);
	return n;
}

static size_t zstded(uint8_t **out, const void *bytes, size_t len)
{
	size_t cap = ZSTD_compressBound(len);
	*out = malloc(cap);
	assert_non_null(*out);
	size_t n = ZSTD_compress(*out, cap, bytes, len, 3);
	assert_false(ZSTD_isError(n));
	return n;
}

static void test_file(void **state)
{
	(void)state;
	write_file(content, CONTENT_BYTES);
	struct kymo_error err;
	struct kymo_input *in;
	assert_int_equal(kymo_input_open(path, &in, &err), KYMO_OK);
	assert_string_equal(kymo_input_name(in), path);
	// Pages that were given back are read again.
	size_t len;
	volatile uint8_t first = kymo_input_bytes(in, &len)[0];
	input_release(in, 200000);
	assert_int_equal(first, kymo_input_bytes(in, &len)[0]);
	expect_content(in);
}

static void test_memory(void **state)
{
	(void)state;
	struct guard g = guard_copy(content, CONTENT_BYTES);
	struct kymo_input *in;
	assert_int_equal(kymo_input_open_memory(g.ptr, g.len, &in, NULL), KYMO_OK);
	expect_content(in);
	for (size_t len = 0; len < 5; len++) {
		assert_int_equal(kymo_input_open_memory(g.ptr + g.len - len, len, &in, NULL),
		                 KYMO_OK);
		size_t got;
		kymo_input_bytes(in, &got);
		assert_int_equal(got, len);
		kymo_input_close(in);
	}
	guard_free(&g);
}

/* One pass each: whole; two members one after another; cut (what came out before the cut is kept); garbage after it. */
static void check_packed(size_t (*pack)(uint8_t **, const void *, size_t), bool garbage_ok)
{
	uint8_t *a, *b;
	size_t half = CONTENT_BYTES / 2;
	size_t a_len = pack(&a, content, CONTENT_BYTES);
	struct kymo_input *in;
	struct guard g = guard_copy(a, a_len);
	assert_int_equal(kymo_input_open_memory(g.ptr, g.len, &in, NULL), KYMO_OK);
	expect_content(in);
	guard_free(&g);

	g = guard_copy(a, a_len / 2);
	assert_int_equal(kymo_input_open_memory(g.ptr, g.len, &in, NULL), KYMO_OK);
	size_t len;
	const uint8_t *p = kymo_input_bytes(in, &len);
	assert_in_range(len, 1, CONTENT_BYTES - 1);
	assert_memory_equal(p, content, len);
	kymo_input_close(in);
	guard_free(&g);
	write_file(a, a_len);
	assert_int_equal(kymo_input_open(path, &in, NULL), KYMO_OK);
	expect_content(in);
	free(a);

	a_len = pack(&a, content, half);
	size_t b_len = pack(&b, content + half, CONTENT_BYTES - half);
	uint8_t *both = malloc(a_len + b_len + 9);
	assert_non_null(both);
	memcpy(both, a, a_len);
	memcpy(both + a_len, b, b_len);
	memcpy(both + a_len + b_len, "\0garbage", 9);
	assert_int_equal(kymo_input_open_memory(both, a_len + b_len, &in, NULL), KYMO_OK);
	expect_content(in);
	if (garbage_ok) {
		assert_int_equal(kymo_input_open_memory(both, a_len + b_len + 9, &in, NULL), KYMO_OK);
		expect_content(in);
	}
	free(a);
	free(b);
	free(both);

	// The magic bytes and nothing that can be unpacked: an error, never an empty trace.
	a_len = pack(&a, content, CONTENT_BYTES);
	struct kymo_error err;
	assert_int_equal(kymo_input_open_memory(a, 6, &in, &err), KYMO_E_DAMAGED);
	assert_null(in);
	memset(a + 12, 0xff, 200);
	enum kymo_status st = kymo_input_open_memory(a, a_len, &in, &err);
	if (st == KYMO_OK)
		kymo_input_close(in);
	else
		assert_int_equal(st, KYMO_E_DAMAGED);
	free(a);
}

static void test_gzip(void **state)
{
	(void)state;
	check_packed(gzipped, true);
}

static void test_zstd(void **state)
{
	(void)state;
	check_packed(zstded, true);
}

static void *feed(void *arg)
{
	int fd = *(int *)arg;
	for (size_t at = 0; at < CONTENT_BYTES;) {
		size_t n = CONTENT_BYTES - at < 7777 ? CONTENT_BYTES - at : 7777;
		ssize_t done = write(fd, content + at, n);
		if (done <= 0)
			break;
		at += (size_t)done;
	}
	close(fd);
	return NULL;
}

static void test_pipe(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, feed, &fds[1]), 0);
	struct kymo_input *in;
	assert_int_equal(kymo_input_open_fd(fds[0], "a pipe", &in, NULL), KYMO_OK);
	pthread_join(thread, NULL);
	assert_string_equal(kymo_input_name(in), "a pipe");
	expect_content(in);
	assert_int_equal(fcntl(fds[0], F_GETFD) >= 0, 1);  // stays the caller's to close
	close(fds[0]);
}

static void test_errors(void **state)
{
	(void)state;
	struct kymo_input *in;
	struct kymo_error err;
	assert_int_equal(kymo_input_open("/nonexistent/trace", &in, &err), KYMO_E_IO);
	assert_null(in);
	assert_non_null(strstr(err.message, "/nonexistent/trace"));
	assert_int_equal(kymo_input_open("/tmp", &in, &err), KYMO_E_IO);
	assert_non_null(strstr(err.message, "directory"));
	assert_int_equal(kymo_input_open_fd(-1, "none", &in, &err), KYMO_E_IO);
	assert_int_equal(kymo_input_open("/nonexistent", &in, NULL), KYMO_E_IO);
	if (geteuid() != 0) {
		write_file("x", 1);
		chmod(path, 0);
		assert_int_equal(kymo_input_open(path, &in, &err), KYMO_E_IO);
		chmod(path, 0600);
	}
	kymo_input_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_gzip), cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_pipe), cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
