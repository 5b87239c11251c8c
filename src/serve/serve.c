/* SPDX-License-Identifier: MIT */
/*
 * The life of the server. Worker threads look at one pointer, `ready`: NULL while the trace is
 * loading, then the finished struct api, published with release and read with acquire, never
 * changed again.
 */
#include "serve/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "serve/api.h"
#include "serve/assets.h"
#include "serve/go_paths.h"

struct serve {
	struct http_server *http;
	struct api *ready;
	uint64_t done_bytes, total_bytes;
	bool cancelled;
	const struct kymo_load_options *options;
};

/* Reports that are kept: those of the whole trace (warm.c), and as many of windows that were looked at. */
#define SHELF_SLOTS 40
/*
 * Counted up whenever the bytes of a tile change for the same trace: browsers keep tiles for a
 * year.
 */
#define TILES_REVISION 1u
/*
 * Bytes of the file that its name is made of, at most: all of a small one, pages all over a large
 * one.
 */
#define SAMPLED_BYTES ((size_t)8 << 20)
#define SAMPLE_PAGE 4096u

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *bytes, size_t len)
{
	uint64_t word;
	for (; len >= 8; bytes += 8, len -= 8) {
		memcpy(&word, bytes, 8);
		h = mix(h, word);
	}
	word = 0;
	if (len)
		memcpy(&word, bytes, len);
	return mix(h, word);
}

/*
 * A name for the bytes: the same for the same file, different for different ones as far as pages
 * all over it tell.
 */
static uint64_t hash_input(const struct kymo_input *in)
{
	size_t len;
	const uint8_t *bytes = kymo_input_bytes(in, &len);
	uint64_t h = mix(TILES_REVISION, len);
	if (len <= SAMPLED_BYTES)
		return mix_bytes(h, bytes, len);
	size_t pages = SAMPLED_BYTES / SAMPLE_PAGE, stride = (len - SAMPLE_PAGE) / (pages - 1);
	for (size_t i = 0; i < pages; i++)
		h = mix_bytes(h, bytes + i * stride, SAMPLE_PAGE);
	return h;
}

static void answer_loading(struct serve *s, struct http_request *req)
{
	struct buf b = {0};
	struct json j = {.buf = &b};
	json_object(&j);
	json_key(&j, "loading");
	json_object(&j);
	api_put_u64(&j, "done", __atomic_load_n(&s->done_bytes, __ATOMIC_RELAXED));
	api_put_u64(&j, "total", __atomic_load_n(&s->total_bytes, __ATOMIC_RELAXED));
	json_end(&j);
	json_end(&j);
	buf_putc(&b, '\n');
	http_reply(req, &(struct http_reply){.status = 503,
	                                     .type = "application/json",
	                                     .body = b.ptr,
	                                     .len = b.len,
	                                     .own = HTTP_COPY});
	buf_free(&b);
}

static void handle(void *ctx, struct http_request *req)
{
	struct serve *s = ctx;
	struct api *a = __atomic_load_n(&s->ready, __ATOMIC_ACQUIRE);
	bool api = strncmp(http_request_path(req), "/api/", 5) == 0;
	if (!api && go_paths_handle(a, req))
		return;
	api |= !a && go_paths_is(http_request_path(req));
	if (!api)
		assets_handle(req);
	else if (!a)
		answer_loading(s, req);
	else
		api_handle(a, req);
}

bool serve_start(const struct http_address *address, struct serve **out, char *message, size_t cap)
{
	struct serve *s = calloc(1, sizeof *s);
	if (!s) {
		snprintf(message, cap, "no memory left");
		return false;
	}
	struct http_options o = {
		.address = *address, .threads = 4, .max_body = 65536, .handle = handle, .ctx = s};
	if (!http_server_start(&o, &s->http, message, cap)) {
		free(s);
		return false;
	}
	*out = s;
	return true;
}

const char *serve_url(const struct serve *s)
{
	return http_server_url(s->http);
}

bool serve_is_public(const struct serve *s)
{
	return http_server_is_public(s->http);
}

const struct kymo_trace *serve_trace(const struct serve *s)
{
	const struct api *a = __atomic_load_n(&s->ready, __ATOMIC_ACQUIRE);
	return a ? a->trace : NULL;
}

static bool note_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct serve *s = ctx;
	__atomic_store_n(&s->done_bytes, done, __ATOMIC_RELAXED);
	__atomic_store_n(&s->total_bytes, total, __ATOMIC_RELAXED);
	return __atomic_load_n(&s->cancelled, __ATOMIC_RELAXED) ||
	       (s->options && s->options->progress &&
	        s->options->progress(s->options->progress_ctx, done, total));
}

static void api_free(struct api *a)
{
	if (!a)
		return;
	warm_stop(a->warm);
	shelf_free(a->shelf);
	model_free(a->model);
	kymo_trace_free(a->trace);
	free(a);
}

enum kymo_status serve_load(struct serve *s, struct kymo_input *in,
                            const struct kymo_load_options *options, struct kymo_error *err)
{
	struct kymo_load_options mine = {note_progress, s};
	struct api *a = calloc(1, sizeof *a);
	if (!a)
		return error_memory(err);
	s->options = options;
	size_t len;
	kymo_input_bytes(in, &len);
	note_progress(s, 0, len);
	snprintf(a->id, sizeof a->id, "%016llx", (unsigned long long)hash_input(in));
	const char *path = kymo_input_name(in), *slash = strrchr(path, '/');
	snprintf(a->name, sizeof a->name, "%.255s", slash ? slash + 1 : path);
	enum kymo_status status = kymo_trace_load(in, &mine, &a->trace, err);
	if (status == KYMO_OK) {
		a->model = model_make(a->trace, &model_tuning_default, &s->cancelled);
		if (!a->model)
			status = s->cancelled ? error_set(err, KYMO_E_CANCELLED, 0, 0, "cancelled")
			                      : error_memory(err);
		a->shelf = shelf_make(a->trace, SHELF_SLOTS);
		if (status == KYMO_OK && !a->shelf)
			status = error_memory(err);
	}
	if (status != KYMO_OK) {
		api_free(a);
		return status;
	}
	a->warm = warm_start(a->shelf, a->trace);
	__atomic_store_n(&s->ready, a, __ATOMIC_RELEASE);
	return KYMO_OK;
}

void serve_cancel(struct serve *s)
{
	__atomic_store_n(&s->cancelled, true, __ATOMIC_RELAXED);
}

void serve_stop(struct serve *s)
{
	if (!s)
		return;
	http_server_stop(s->http);
	api_free(s->ready);
	free(s);
}
