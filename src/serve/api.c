/* SPDX-License-Identifier: MIT */
/* The table of routes, and what the handlers share. */
#include "serve/api.h"

#include <stdlib.h>
#include <string.h>

static const struct http_route routes[] = {
	{HTTP_GET, "/api/tile/:/:/:/:", api_tile},
	{HTTP_POST, "/api/tiles", api_tiles},
	{HTTP_GET, "/api/trace", api_trace},
	{HTTP_GET, "/api/groups", api_groups},
	{HTTP_GET, "/api/group/:/goroutines", api_group_goroutines},
	{HTTP_GET, "/api/span", api_span},
	{HTTP_GET, "/api/goroutine/:", api_goroutine},
	{HTTP_GET, "/api/search", api_search},
	{HTTP_GET, "/api/report/:", api_report},
	{HTTP_GET, "/api/profile/:", api_profile},
	{HTTP_GET, "/api/reports", api_reports},
	{HTTP_GET, "/api/string/:", api_string},
};

void api_handle(struct api *a, struct http_request *req)
{
	http_route(routes, sizeof routes / sizeof routes[0], a, req);
}

void api_send(struct http_request *req, struct api_doc *d)
{
	buf_putc(&d->buf, '\n');
	if (d->buf.failed) {
		buf_free(&d->buf);
		http_reply_error(req, 500, "no memory left");
		return;
	}
	http_reply(req, &(struct http_reply){.type = "application/json",
	                                     .body = d->buf.ptr,
	                                     .len = d->buf.len,
	                                     .own = HTTP_FREE});
}

bool api_number(struct http_request *req, const char *name, uint64_t max, uint64_t otherwise,
                uint64_t *out)
{
	switch (http_request_query_u64(req, name, out)) {
	case 0: *out = otherwise; return true;
	case 1:
		if (*out <= max)
			return true;
		break;
	default: break;
	}
	http_reply_error(req, 400, "%s must be a whole number from 0 to %llu", name,
	                 (unsigned long long)max);
	return false;
}

bool api_window(const struct api *a, struct http_request *req, kymo_ns *from, kymo_ns *to)
{
	uint64_t f, t, duration = (uint64_t)a->model->duration;
	if (!api_number(req, "from", INT64_MAX, 0, &f) ||
	    !api_number(req, "to", INT64_MAX, duration, &t))
		return false;
	if (f > t) {
		http_reply_error(req, 400, "from must not be after to");
		return false;
	}
	*from = (kymo_ns)(f < duration ? f : duration);
	*to = (kymo_ns)(t < duration ? t : duration);
	return true;
}

void api_put_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void api_put_ns(struct json *j, const char *key, kymo_ns ns)
{
	json_key(j, key);
	json_i64(j, ns);
}

void api_put_string(struct json *j, const char *key, const struct kymo_trace *t, kymo_string_ix ix)
{
	struct kymo_str s = kymo_trace_string(t, ix);
	json_key(j, key);
	json_str(j, s.ptr, s.len);
}

void api_put_stack(struct json *j, const char *key, const struct kymo_trace *t, kymo_stack_ix ix)
{
	size_t count;
	const struct kymo_frame *frames = kymo_trace_stack(t, ix, &count);
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < count; i++) {
		json_object(j);
		api_put_string(j, "func", t, frames[i].func);
		api_put_string(j, "file", t, frames[i].file);
		api_put_u64(j, "line", frames[i].line);
		json_end(j);
	}
	json_end(j);
}

void api_put_goroutine_ref(struct json *j, const char *key, const struct kymo_trace *t,
                           kymo_goroutine_ix g)
{
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	json_key(j, key);
	if (g == 0) {
		json_null(j);
		return;
	}
	json_object(j);
	api_put_u64(j, "row", g);
	api_put_u64(j, "id", gs->id[g]);
	api_put_string(j, "name", t, gs->name[g]);
	json_end(j);
}

void api_put_proc(struct json *j, const char *key, const struct kymo_trace *t, kymo_proc_ix p)
{
	json_key(j, key);
	if (p == 0) {
		json_null(j);
		return;
	}
	json_object(j);
	api_put_u64(j, "row", p);
	api_put_u64(j, "id", kymo_trace_procs(t)->id[p]);
	json_end(j);
}

void api_put_group(struct json *j, const struct api *a, uint32_t group,
                   const struct group_times *times)
{
	const struct groups *g = &a->model->groups;
	json_object(j);
	api_put_u64(j, "ix", group);
	api_put_string(j, "name", a->trace, g->name[group]);
	api_put_u64(j, "count", g->from[group + 1] - g->from[group]);
	api_put_u64(j, "alive", times->alive);
	api_put_ns(j, "wanted_ns", (kymo_ns)(times->execution + times->sched_wait));
	api_put_ns(j, "execution_ns", (kymo_ns)times->execution);
	api_put_ns(j, "sched_wait_ns", (kymo_ns)times->sched_wait);
	api_put_ns(j, "syscall_ns", (kymo_ns)times->syscall);
	api_put_ns(j, "block_ns", (kymo_ns)times->block);
	api_put_ns(j, "total_ns", (kymo_ns)times->total);
	api_put_ns(j, "worst_wait_ns", (kymo_ns)times->worst_wait);
	json_end(j);
}
