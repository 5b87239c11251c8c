/* SPDX-License-Identifier: MIT */
/* The trace as a whole, its groups, strings, and the search. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/api.h"
#include "serve/tile.h"

static void put_procs(struct json *j, const struct api *a)
{
	const struct kymo_procs *ps = kymo_trace_procs(a->trace);
	json_key(j, "procs");
	json_array(j);
	for (kymo_proc_ix p = 1; p < ps->count; p++) {
		json_object(j);
		api_put_u64(j, "row", p);
		api_put_u64(j, "id", ps->id[p]);
		api_put_ns(j, "busy_ns", a->model->proc_busy[p]);
		json_end(j);
	}
	json_end(j);
}

static void put_threads(struct json *j, const struct api *a)
{
	const struct kymo_threads *ts = kymo_trace_threads(a->trace);
	json_key(j, "threads");
	json_array(j);
	for (kymo_thread_ix m = 1; m < ts->count; m++) {
		json_object(j);
		api_put_u64(j, "row", m);
		api_put_u64(j, "id", ts->id[m]);
		json_end(j);
	}
	json_end(j);
}

static void put_damage(struct json *j, const struct kymo_trace_info *info)
{
	json_key(j, "damage");
	json_array(j);
	for (size_t i = 0; i < info->damage_count; i++) {
		json_object(j);
		api_put_u64(j, "offset", info->damage[i].offset);
		api_put_u64(j, "lost_bytes", info->damage[i].lost_bytes);
		json_key(j, "message");
		json_cstr(j, info->damage[i].message);
		json_end(j);
	}
	json_end(j);
}

/* The wall clock at the trace's first event, as text: it does not fit a JSON number. */
static void put_wall(struct json *j, const struct kymo_trace_info *info)
{
	char text[32];
	int64_t ns;
	json_key(j, "wall_ns");
	if (!info->clock.present || __builtin_mul_overflow(info->clock.wall_sec, 1000000000, &ns) ||
	    __builtin_add_overflow(
		    ns, (int64_t)info->clock.wall_nsec - (info->clock.trace - info->start), &ns)) {
		json_null(j);
		return;
	}
	snprintf(text, sizeof text, "%lld", (long long)ns);
	json_cstr(j, text);
}

static uint64_t series_max(const struct kymo_series *s)
{
	uint64_t max = 0;
	for (uint32_t i = 0; i < s->count; i++)
		max = s->value[i] > max ? s->value[i] : max;
	return max;
}

void api_trace(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	struct json *j = &d.j;
	const struct kymo_trace_info *info = kymo_trace_info(a->trace);
	const struct kymo_series *procs = kymo_trace_metric(a->trace, KYMO_METRIC_GOMAXPROCS);
	char format[24];
	(void)args;
	snprintf(format, sizeof format, "go 1.%u", info->version);
	json_object(j);
	json_key(j, "trace");
	json_cstr(j, a->id);
	json_key(j, "file");
	json_cstr(j, a->name);
	json_key(j, "format");
	json_cstr(j, format);
	api_put_u64(j, "bytes", info->bytes);
	api_put_u64(j, "events", info->events);
	api_put_u64(j, "generations", info->generations);
	api_put_ns(j, "start_ns", info->start);
	api_put_ns(j, "duration_ns", a->model->duration);
	put_wall(j, info);
	api_put_u64(j, "goroutines", a->model->groups.goroutine_count - 1);
	api_put_u64(j, "gc_cycles", a->model->marks.gc.count);
	api_put_u64(j, "gomaxprocs", procs->count ? procs->value[procs->count - 1] : 0);
	put_procs(j, a);
	put_threads(j, a);
	json_key(j, "groups");
	json_array(j);
	for (uint32_t i = 0; i < a->model->groups.count; i++)
		api_put_group(j, a, a->model->group_order[i],
		              &a->model->group_times[a->model->group_order[i]]);
	json_end(j);
	uint64_t live = series_max(kymo_trace_metric(a->trace, KYMO_METRIC_HEAP_LIVE));
	uint64_t goal = series_max(kymo_trace_metric(a->trace, KYMO_METRIC_HEAP_GOAL));
	api_put_u64(j, "heap_max", live);
	api_put_u64(j, "goal_max", goal);
	api_put_u64(j, "memory_bytes", info->memory_bytes + model_bytes(a->model));
	put_damage(j, info);
	json_end(j);
	api_send(req, &d);
}

struct ranked {
	struct group_times times;
	uint32_t group;
};

static int compare_wanted(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	double wx = x->times.execution + x->times.sched_wait,
	       wy = y->times.execution + y->times.sched_wait;
	if (wx != wy)
		return wx > wy ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

void api_groups(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	kymo_ns from, to;
	uint32_t count = a->model->groups.count;
	(void)args;
	if (!api_window(a, req, &from, &to))
		return;
	struct ranked *ranked = malloc(((size_t)count + 1) * sizeof *ranked);
	if (!ranked) {
		http_reply_error(req, 500, "no memory left");
		return;
	}
	bool whole = from == 0 && to == a->model->duration;
	for (uint32_t i = 0; i < count; i++) {
		ranked[i].group = i;
		if (whole)
			ranked[i].times = a->model->group_times[i];
		else
			tile_group_window(a->model, i, from, to, &ranked[i].times);
	}
	qsort(ranked, count, sizeof *ranked, compare_wanted);
	json_object(&d.j);
	json_key(&d.j, "groups");
	json_array(&d.j);
	for (uint32_t i = 0; i < count; i++)
		if (ranked[i].times.alive)
			api_put_group(&d.j, a, ranked[i].group, &ranked[i].times);
	json_end(&d.j);
	json_end(&d.j);
	free(ranked);
	api_send(req, &d);
}

void api_string(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	uint64_t ix;
	if (!http_arg_u64(args, 0, &ix)) {
		http_reply_error(req, 400, "a string is named by its number");
		return;
	}
	if (ix >= kymo_trace_string_count(a->trace)) {
		http_reply_error(req, 404, "there is no such string");
		return;
	}
	json_object(&d.j);
	api_put_string(&d.j, "string", a->trace, (kymo_string_ix)ix);
	json_end(&d.j);
	api_send(req, &d);
}

/* ---- search ---- */

static void put_found(struct json *j, const struct api *a, kymo_goroutine_ix g)
{
	const struct kymo_goroutines *gs = a->model->groups.all;
	json_object(j);
	api_put_u64(j, "row", g);
	api_put_u64(j, "id", gs->id[g]);
	api_put_string(j, "name", a->trace, gs->name[g]);
	api_put_ns(j, "begin", gs->begin[g]);
	api_put_ns(j, "end", gs->end[g]);
	json_end(j);
}

/* Goroutines whose id is the number, then those whose id begins with it. */
static void search_ids(struct json *j, const struct api *a, uint64_t number, uint64_t limit)
{
	const struct kymo_goroutines *gs = a->model->groups.all;
	for (kymo_goroutine_ix g = 1; g < gs->count && limit; g++)
		if (gs->id[g] == number) {
			put_found(j, a, g);
			limit--;
		}
	for (kymo_goroutine_ix g = 1; g < gs->count && limit && number; g++) {
		uint64_t id = gs->id[g];
		if (id == number)
			continue;
		while (id > number)
			id /= 10;
		if (id == number) {
			put_found(j, a, g);
			limit--;
		}
	}
}

static bool contains(struct kymo_str s, const char *q, size_t len)
{
	for (size_t i = 0; i + len <= s.len; i++) {
		size_t n = 0;
		while (n < len && ((s.ptr[i + n] | 0x20) == (q[n] | 0x20)) &&
		       (s.ptr[i + n] == q[n] || ((q[n] | 0x20) >= 'a' && (q[n] | 0x20) <= 'z')))
			n++;
		if (n == len)
			return true;
	}
	return false;
}

static void search_names(struct json *j, const struct api *a, const char *q, uint64_t limit)
{
	const struct groups *groups = &a->model->groups;
	size_t len = strlen(q);
	bool *hit = calloc((size_t)groups->count + 1, 1);
	for (uint32_t i = 0; hit && i < groups->count; i++)
		hit[i] = contains(kymo_trace_string(a->trace, groups->name[i]), q, len);
	json_key(j, "goroutines");
	json_array(j);
	for (uint32_t i = 0; hit && i < groups->count; i++) {
		uint32_t group = a->model->group_order[i];
		for (uint32_t m = groups->from[group];
		     hit[group] && m < groups->from[group + 1] && limit; m++, limit--)
			put_found(j, a, groups->by_begin[m]);
	}
	json_end(j);
	json_key(j, "groups");
	json_array(j);
	for (uint32_t i = 0; hit && i < groups->count; i++) {
		uint32_t group = a->model->group_order[i];
		if (hit[group])
			api_put_group(j, a, group, &a->model->group_times[group]);
	}
	json_end(j);
	free(hit);
}

void api_search(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	uint64_t limit, number;
	const char *q = http_request_query(req, "q");
	(void)args;
	if (!api_number(req, "limit", 1000, 50, &limit))
		return;
	if (!q || strlen(q) > 200) {
		http_reply_error(req, 400, "q must be the text to look for, of at most 200 bytes");
		return;
	}
	json_object(&d.j);
	if (http_request_query_u64(req, "q", &number) == 1) {
		json_key(&d.j, "goroutines");
		json_array(&d.j);
		search_ids(&d.j, a, number, limit);
		json_end(&d.j);
		json_key(&d.j, "groups");
		json_array(&d.j);
		json_end(&d.j);
	} else if (*q) {
		search_names(&d.j, a, q, limit);
	} else {
		json_key(&d.j, "goroutines");
		json_array(&d.j);
		json_end(&d.j);
		json_key(&d.j, "groups");
		json_array(&d.j);
		json_end(&d.j);
	}
	json_end(&d.j);
	api_send(req, &d);
}
