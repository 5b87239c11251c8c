/* SPDX-License-Identifier: MIT */
/* One goroutine, those of a group, and the analysis of all of them. */
#include <kymo/analysis.h>

#include <stdlib.h>
#include <string.h>

#include "serve/api.h"

/* More reasons and range names than the runtime has. */
#define NAMED_MAX 64u

static void put_named(struct json *j, const char *key, const struct kymo_trace *t,
                      const struct kymo_named_ns *rows, size_t count)
{
	json_key(j, key);
	json_object(j);
	for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
		struct kymo_str s = kymo_trace_string(t, rows[i].name);
		char name[128];
		size_t len = s.len < sizeof name - 1 ? s.len : sizeof name - 1;
		memcpy(name, s.ptr, len);
		name[len] = 0;
		api_put_ns(j, name, rows[i].ns);
	}
	json_end(j);
}

void api_put_goroutine(struct json *j, const struct api *a, kymo_goroutine_ix g)
{
	const struct kymo_goroutines *gs = a->model->groups.all;
	struct kymo_named_ns block[NAMED_MAX], range[NAMED_MAX];
	size_t block_count = 0, range_count = 0;
	struct kymo_times times;
	json_key(j, "goroutine");
	if (g == 0) {
		json_null(j);
		return;
	}
	kymo_goroutine_times(a->trace, g, NULL, KYMO_RULES_EXACT, &times, block, &block_count,
	                     range, &range_count, NAMED_MAX);
	json_object(j);
	api_put_u64(j, "row", g);
	api_put_u64(j, "id", gs->id[g]);
	api_put_string(j, "name", a->trace, gs->name[g]);
	api_put_u64(j, "group", a->model->groups.group_of[g]);
	api_put_ns(j, "begin", gs->begin[g]);
	api_put_ns(j, "end", gs->end[g]);
	json_key(j, "existed");
	json_bool(j, gs->flags[g] & KYMO_G_EXISTED);
	json_key(j, "ended");
	json_bool(j, gs->flags[g] & KYMO_G_ENDED);
	api_put_goroutine_ref(j, "creator", a->trace, gs->creator[g]);
	api_put_stack(j, "create_stack", a->trace, gs->create_stack[g]);
	api_put_ns(j, "total_ns", times.total);
	api_put_ns(j, "execution_ns", times.execution);
	api_put_ns(j, "sched_wait_ns", times.sched_wait);
	api_put_ns(j, "syscall_ns", times.syscall);
	api_put_ns(j, "syscall_block_ns", times.syscall_block);
	put_named(j, "block_ns", a->trace, block, block_count);
	put_named(j, "range_ns", a->trace, range, range_count);
	json_end(j);
}

void api_goroutine(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	uint64_t row;
	if (!http_arg_u64(args, 0, &row)) {
		http_reply_error(req, 400, "a goroutine is named by its row");
		return;
	}
	if (row == 0 || row >= a->model->groups.goroutine_count) {
		http_reply_error(req, 404, "there is no goroutine in this row");
		return;
	}
	json_object(&d.j);
	api_put_goroutine(&d.j, a, (kymo_goroutine_ix)row);
	json_end(&d.j);
	api_send(req, &d);
}

/* ---- the goroutines of a group ---- */

static void put_member(struct json *j, const struct api *a, kymo_goroutine_ix g)
{
	const struct kymo_goroutines *gs = a->model->groups.all;
	json_object(j);
	api_put_u64(j, "row", g);
	api_put_u64(j, "id", gs->id[g]);
	api_put_ns(j, "begin", gs->begin[g]);
	api_put_ns(j, "end", gs->end[g]);
	api_put_ns(j, "execution_ns", a->model->execution[g]);
	api_put_ns(j, "sched_wait_ns", a->model->sched_wait[g]);
	json_end(j);
}

struct candidate {
	kymo_ns wanted;
	kymo_goroutine_ix g;
};

/* Does x come after y in the answer? */
static bool after(const struct candidate *x, const struct candidate *y)
{
	return x->wanted != y->wanted ? x->wanted < y->wanted : x->g > y->g;
}

static int compare_candidates(const void *a, const void *b)
{
	return after(a, b) ? 1 : -1;
}

/* Restores the heap (the last of the answer on top) below `at`. */
static void sink(struct candidate *heap, size_t count, size_t at)
{
	for (;;) {
		size_t last = at, child = 2 * at + 1;
		for (size_t c = child; c < child + 2 && c < count; c++)
			if (after(&heap[c], &heap[last]))
				last = c;
		if (last == at)
			return;
		struct candidate swap = heap[at];
		heap[at] = heap[last];
		heap[last] = swap;
		at = last;
	}
}

/*
 * The first `want` of those alive in the window, by wanted time: a heap of the best so far, so that
 * a page of a group of a million costs one pass over them. Returns how many are alive; `heap` holds
 * the best, sorted.
 */
static uint64_t best_members(const struct model *m, uint32_t group, kymo_ns from, kymo_ns to,
                             struct candidate *heap, size_t want, size_t *have)
{
	struct groups_cursor c;
	kymo_goroutine_ix g;
	uint64_t total = 0;
	size_t n = 0;
	groups_seek(&m->groups, group, from, to, &c);
	while ((g = groups_next(&c)) != 0) {
		struct candidate it = {m->execution[g] + m->sched_wait[g], g};
		total++;
		if (n < want) {
			heap[n++] = it;
			if (n == want)
				for (size_t i = n / 2 + 1; i-- > 0;)
					sink(heap, n, i);
		} else if (want && after(&heap[0], &it)) {
			heap[0] = it;
			sink(heap, n, 0);
		}
	}
	qsort(heap, n, sizeof *heap, compare_candidates);
	*have = n;
	return total;
}

void api_group_goroutines(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct api_doc d = {.j.buf = &d.buf};
	uint64_t group, offset, limit;
	kymo_ns from, to;
	if (!http_arg_u64(args, 0, &group)) {
		http_reply_error(req, 400, "a group is named by its number");
		return;
	}
	if (group >= a->model->groups.count) {
		http_reply_error(req, 404, "there is no such group");
		return;
	}
	uint32_t members = a->model->groups.from[group + 1] - a->model->groups.from[group];
	if (!api_window(a, req, &from, &to) || !api_number(req, "offset", UINT32_MAX, 0, &offset) ||
	    !api_number(req, "limit", 1000, 100, &limit))
		return;
	size_t want = offset + limit < members ? (size_t)(offset + limit) : members, have;
	struct candidate *heap = malloc((want + 1) * sizeof *heap);
	if (!heap) {
		http_reply_error(req, 500, "no memory left");
		return;
	}
	/* An empty window at the very end still has those who lived to see it. */
	uint64_t total = best_members(a->model, (uint32_t)group, from, to > from ? to : from + 1,
	                              heap, want, &have);
	json_object(&d.j);
	api_put_u64(&d.j, "total", total);
	json_key(&d.j, "rows");
	json_array(&d.j);
	for (size_t i = offset; i < have; i++)
		put_member(&d.j, a, heap[i].g);
	json_end(&d.j);
	json_end(&d.j);
	free(heap);
	api_send(req, &d);
}
