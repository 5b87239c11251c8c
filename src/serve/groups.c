/* SPDX-License-Identifier: MIT */
/*
 * A window asks for members that begin before its end and end after its begin. by_begin cuts off those that begin too
 * late by binary search; max_end, a maximum over each 32 neighbours, skips runs of short-lived goroutines that are
 * all over: of two million, a window pays for its own and for one comparison per 32 others.
 */
#include "serve/groups.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 32u

/* The order of rows is that of first events; a goroutine that existed before has an earlier begin than its row says. */
struct sort_key {
	kymo_ns key;
	kymo_goroutine_ix ix;
};

static int compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->ix < y->ix ? -1 : x->ix > y->ix;
}

bool groups_sort(kymo_goroutine_ix *members, uint32_t count, const kymo_ns *key, bool descending)
{
	bool sorted = true;
	for (uint32_t i = 1; i < count && sorted; i++)
		sorted = descending ? key[members[i - 1]] >= key[members[i]] : key[members[i - 1]] <= key[members[i]];
	if (sorted)
		return true;
	struct sort_key *keys = malloc(count * sizeof *keys);
	if (!keys)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		kymo_ns k = key[members[i]];
		keys[i] = (struct sort_key){descending ? -k : k, members[i]};
	}
	qsort(keys, count, sizeof *keys, compare_keys);
	for (uint32_t i = 0; i < count; i++)
		members[i] = keys[i].ix;
	free(keys);
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
		if (!groups_sort(g->by_begin + g->from[i], n, g->all->begin, false))
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

void groups_seek(const struct groups *g, uint32_t group, kymo_ns t0, kymo_ns t1, struct groups_cursor *c)
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
			if (row % BLOCK == 0 && g->max_end[g->block_from[c->group] + row / BLOCK] < c->t0) {
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
