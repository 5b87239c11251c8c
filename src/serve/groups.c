/* SPDX-License-Identifier: MIT */
/*
 * A window asks for members that begin before its end and end after its begin. by_begin cuts off
 * those that begin too late by binary search; max_end, a maximum over each 32 neighbours, skips
 * runs of short-lived goroutines that are all over: of two million, a window pays for its own and
 * for one comparison per 32 others.
 */
#include "serve/groups.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 32u

static int compare_begins(const void *a, const void *b, void *ctx)
{
	const kymo_ns *begin = ctx;
	kymo_goroutine_ix x = *(const kymo_goroutine_ix *)a, y = *(const kymo_goroutine_ix *)b;
	if (begin[x] != begin[y])
		return begin[x] < begin[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

/*
 * Sorts by begin, then by row. The order of rows is that of first events, so it is sorted but for
 * goroutines that existed before the trace: their begin is earlier than their row says. Those few
 * are taken out, sorted, and merged in again.
 */
static bool sort_members(kymo_goroutine_ix *members, uint32_t count, const kymo_ns *begin)
{
	uint32_t early = 0, kept = 0;
	for (uint32_t i = 1, last = 0; i < count; i++)
		if (begin[members[i]] < begin[members[last]])
			early++;
		else
			last = i;
	if (early == 0)
		return true;
	kymo_goroutine_ix *out = malloc(early * sizeof *out);
	if (!out)
		return false;
	uint32_t taken = 0;
	for (uint32_t i = 0; i < count; i++)
		if (kept && begin[members[i]] < begin[members[kept - 1]])
			out[taken++] = members[i];
		else
			members[kept++] = members[i];
	qsort_r(out, taken, sizeof *out, compare_begins, (void *)(uintptr_t)begin);
	for (uint32_t at = count; taken > 0;) {
		bool from_out = kept == 0 || compare_begins(&out[taken - 1], &members[kept - 1],
		                                            (void *)(uintptr_t)begin) > 0;
		members[--at] = from_out ? out[--taken] : members[--kept];
	}
	free(out);
	return true;
}

/* Numbers the names by first appearance. */
static bool number_groups(struct groups *g, const struct kymo_trace *t)
{
	uint32_t strings = kymo_trace_string_count(t);
	uint32_t *of_name = malloc(((size_t)strings + 1) * sizeof *of_name);
	if (!of_name)
		return false;
	memset(of_name, 0xff, ((size_t)strings + 1) * sizeof *of_name);
	g->group_of[0] = UINT32_MAX;
	for (kymo_goroutine_ix i = 1; i < g->goroutine_count; i++) {
		uint32_t *ix = &of_name[g->all->name[i]];
		if (*ix == UINT32_MAX)
			*ix = g->count++;
		g->group_of[i] = *ix;
	}
	g->name = malloc(((size_t)g->count + 1) * sizeof *g->name);
	for (uint32_t s = 0; g->name && s < strings; s++)
		if (of_name[s] != UINT32_MAX)
			g->name[of_name[s]] = s;
	free(of_name);
	return g->name != NULL;
}

/* Counting sort into by_begin; then each group by begin, and the maxima of its blocks. */
static bool place_members(struct groups *g)
{
	for (kymo_goroutine_ix i = 1; i < g->goroutine_count; i++) {
		g->from[g->group_of[i] + 1]++;
		g->records[g->group_of[i]] += g->all->span_records[i];
	}
	for (uint32_t i = 0; i < g->count; i++)
		g->from[i + 1] += g->from[i];
	uint32_t *at = malloc(((size_t)g->count + 1) * sizeof *at);
	if (!at)
		return false;
	memcpy(at, g->from, ((size_t)g->count + 1) * sizeof *at);
	for (kymo_goroutine_ix i = 1; i < g->goroutine_count; i++)
		g->by_begin[at[g->group_of[i]]++] = i;
	free(at);
	g->block_from[0] = 0;
	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t n = g->from[i + 1] - g->from[i];
		g->block_from[i + 1] = g->block_from[i] + (n + BLOCK - 1) / BLOCK;
		if (!sort_members(g->by_begin + g->from[i], n, g->all->begin))
			return false;
	}
	g->max_end = malloc(((size_t)g->block_from[g->count] + 1) * sizeof *g->max_end);
	if (!g->max_end)
		return false;
	for (uint32_t i = 0; i < g->count; i++)
		for (uint32_t m = g->from[i]; m < g->from[i + 1]; m++) {
			kymo_ns *max = &g->max_end[g->block_from[i] + (m - g->from[i]) / BLOCK];
			kymo_ns end = g->all->end[g->by_begin[m]];
			if ((m - g->from[i]) % BLOCK == 0 || end > *max)
				*max = end;
		}
	return true;
}

bool groups_make(struct groups *g, const struct kymo_trace *t)
{
	static const char worker[] = "runtime.gcBgMarkWorker";
	*g = (struct groups){.all = kymo_trace_goroutines(t)};
	g->goroutine_count = g->all->count ? g->all->count : 1;
	g->group_of = malloc(g->goroutine_count * sizeof *g->group_of);
	g->by_begin = malloc(g->goroutine_count * sizeof *g->by_begin);
	if (!g->group_of || !g->by_begin || !number_groups(g, t))
		return false;
	g->from = calloc((size_t)g->count + 1, sizeof *g->from);
	g->block_from = calloc((size_t)g->count + 1, sizeof *g->block_from);
	g->records = calloc((size_t)g->count + 1, sizeof *g->records);
	g->gc_worker = calloc((size_t)g->count + 1, sizeof *g->gc_worker);
	if (!g->from || !g->block_from || !g->records || !g->gc_worker || !place_members(g))
		return false;
	for (uint32_t i = 0; i < g->count; i++) {
		struct kymo_str s = kymo_trace_string(t, g->name[i]);
		g->gc_worker[i] = s.len == sizeof worker - 1 && memcmp(s.ptr, worker, s.len) == 0;
	}
	return true;
}

void groups_free(struct groups *g)
{
	free(g->name);
	free(g->group_of);
	free(g->from);
	free(g->by_begin);
	free(g->max_end);
	free(g->block_from);
	free(g->gc_worker);
	free(g->records);
	*g = (struct groups){0};
}

static void enter_group(struct groups_cursor *c)
{
	const struct groups *g = c->groups;
	uint32_t lo = g->from[c->group], hi = g->from[c->group + 1];
	c->at = lo;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (g->all->begin[g->by_begin[mid]] < c->t1)
			lo = mid + 1;
		else
			hi = mid;
	}
	c->end = lo;
}

void groups_seek(const struct groups *g, uint32_t group, kymo_ns t0, kymo_ns t1,
                 struct groups_cursor *c)
{
	*c = (struct groups_cursor){.groups = g, .t0 = t0, .t1 = t1};
	c->group = group == GROUPS_ALL ? 0 : group;
	c->last_group = group == GROUPS_ALL ? (g->count ? g->count - 1 : 0) : group;
	if (c->group < g->count)
		enter_group(c);
}

kymo_goroutine_ix groups_next(struct groups_cursor *c)
{
	const struct groups *g = c->groups;
	for (;;) {
		while (c->at < c->end) {
			uint32_t row = c->at - g->from[c->group];
			if (row % BLOCK == 0 &&
			    g->max_end[g->block_from[c->group] + row / BLOCK] < c->t0) {
				c->at = c->end - c->at > BLOCK ? c->at + BLOCK : c->end;
				continue;
			}
			kymo_goroutine_ix ix = g->by_begin[c->at++];
			if (groups_alive(g, ix, c->t0, c->t1))
				return ix;
		}
		if (c->group >= c->last_group || c->group + 1 >= g->count)
			return 0;
		c->group++;
		enter_group(c);
	}
}
