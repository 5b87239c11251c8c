/* SPDX-License-Identifier: MIT */
/* Groups of assists and sweeps, and their percentiles. */
#include <stdlib.h>
#include <string.h>

#include "analysis/gc.h"

bool gc_groups_begin(struct gc_groups *g, const struct kymo_trace *t)
{
	*g = (struct gc_groups){0};
	g->of_name = calloc((size_t)kymo_trace_string_count(t) + 1, sizeof *g->of_name);
	g->seen = calloc((size_t)t->goroutines.count + 1, 1);
	return g->of_name && g->seen;
}

void gc_groups_free(struct gc_groups *g)
{
	for (size_t i = 0; i < g->at.count; i++)
		dist_free(&g->at.at[i].times);
	vec_free(&g->at);
	free(g->of_name);
	free(g->seen);
}

struct gc_group *gc_groups_add(struct gc_groups *g, const struct kymo_trace *t,
                               kymo_goroutine_ix goroutine, kymo_ns ns)
{
	kymo_string_ix name = t->g.name.at[goroutine];
	uint32_t *place = &g->of_name[name];
	if (!*place) {
		if (!vec_push(&g->at, ((struct gc_group){.name = name})))
			return NULL;
		*place = (uint32_t)g->at.count;
	}
	struct gc_group *group = &g->at.at[*place - 1];
	group->goroutines += goroutine && !g->seen[goroutine];
	g->seen[goroutine] = 1;
	return dist_add(&group->times, ns) ? group : NULL;
}

struct kymo_latency gc_latency(struct dist *d)
{
	struct dist_summary s = dist_summarize(d);
	return (struct kymo_latency){s.count, s.total, s.min, s.p50, s.p90, s.p99, s.max};
}

static int by_total(const void *a, const void *b, void *ctx)
{
	const struct kymo_gc_group *x = a, *y = b;
	if (x->time.total != y->time.total)
		return x->time.total > y->time.total ? -1 : 1;
	struct kymo_str s = kymo_trace_string(ctx, x->name), u = kymo_trace_string(ctx, y->name);
	int r = memcmp(s.ptr, u.ptr, s.len < u.len ? s.len : u.len);
	return r ? r : s.len < u.len ? -1 : s.len > u.len;
}

struct kymo_gc_group *gc_groups_publish(struct gc_groups *g, const struct kymo_trace *t,
                                        size_t *count, struct kymo_latency *all)
{
	struct kymo_gc_group *out = calloc(g->at.count + 1, sizeof *out);
	struct dist together = {0};
	bool ok = out != NULL;
	for (size_t i = 0; i < g->at.count && ok; i++) {
		struct gc_group *group = &g->at.at[i];
		for (size_t k = 0; k < group->times.values.count && ok; k++)
			ok = dist_add(&together, group->times.values.at[k]);
		out[i] = (struct kymo_gc_group){
			group->name,    group->goroutines, gc_latency(&group->times),
			group->running, group->swept,      group->reclaimed};
	}
	if (ok) {
		*all = gc_latency(&together);
		*count = g->at.count;
		if (*count)
			qsort_r(out, *count, sizeof *out, by_total, (void *)(uintptr_t)t);
	}
	dist_free(&together);
	if (!ok) {
		free(out);
		return NULL;
	}
	return out;
}
