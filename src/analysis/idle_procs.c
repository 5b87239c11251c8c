/* SPDX-License-Identifier: MIT */
#include "analysis/idle_procs.h"

#include <stdlib.h>

#include "base/radix.h"

enum change_kind { CHANGE_LIMIT, CHANGE_HELD, CHANGE_STOPPED };
struct change {
	enum change_kind kind;
	int64_t value;  // +1, -1; the new GOMAXPROCS
};

struct changes {
	kymo_ns from, to;
	VEC(struct radix_item) order;  // time, row of `all`
	VEC(struct change) all;
};

static bool change(struct changes *c, kymo_ns at, enum change_kind kind, int64_t value)
{
	return vec_push(&c->order, ((struct radix_item){radix_of_i64(at), c->all.count})) &&
	       vec_push(&c->all, ((struct change){kind, value}));
}

static bool interval(struct changes *c, kymo_ns a, kymo_ns b, enum change_kind kind)
{
	a = a > c->from ? a : c->from;
	if (a >= b || a >= c->to)
		return true;
	return change(c, a, kind, 1) && (b >= c->to || change(c, b, kind, -1));
}

static int64_t limit_of(const struct kymo_series *m, uint32_t i)
{
	return m->value[i] < INT32_MAX ? (int64_t)m->value[i] : INT32_MAX;
}

static bool gather(struct changes *c, const struct kymo_trace *t)
{
	const struct kymo_series *m = &t->series[KYMO_METRIC_GOMAXPROCS];
	bool ok = true;
	// The first one holds before, too.
	for (uint32_t i = 0; i < m->count && ok; i++) {
		if (m->time[i] >= c->to && i)
			break;
		if (i + 1 < m->count && m->time[i + 1] <= c->from)
			continue;
		kymo_ns at = i && m->time[i] > c->from ? m->time[i] : c->from;
		ok = change(c, at, CHANGE_LIMIT, limit_of(m, i));
	}
	for (uint32_t i = 0; i < t->bindings.count && ok; i++)
		if (t->bindings.proc[i])
			ok = interval(c, t->bindings.start[i], t->bindings.end[i], CHANGE_HELD);
	for (uint32_t i = 0; i < t->ranges.count && ok; i++)
		if (t->ranges.kind[i] == KYMO_RANGE_STW)
			ok = interval(c, t->ranges.start[i], t->ranges.end[i], CHANGE_STOPPED);
	return ok;
}

bool idle_procs_make(struct idle_procs *p, const struct kymo_trace *t, kymo_ns from, kymo_ns to)
{
	struct changes c = {.from = from, .to = to};
	*p = (struct idle_procs){0};
	bool ok = gather(&c, t) && radix_sort(c.order.at, c.order.count) &&
	          vec_push(&p->steps, ((struct idle_step){from, 0}));
	int64_t limit = 0, held = 0, stopped = 0;
	for (size_t i = 0; i < c.order.count && ok; i++) {
		const struct change *x = &c.all.at[c.order.at[i].value];
		kymo_ns at = (kymo_ns)radix_of_i64((int64_t)c.order.at[i].key);
		switch (x->kind) {
		case CHANGE_LIMIT: limit = x->value; break;
		case CHANGE_HELD: held += x->value; break;
		case CHANGE_STOPPED: stopped += x->value; break;
		}
		uint32_t idle = stopped == 0 && held < limit ? (uint32_t)(limit - held) : 0;
		struct idle_step *last = &p->steps.at[p->steps.count - 1];
		if (last->time == at)
			last->idle = idle;
		else if (last->idle != idle)
			ok = vec_push(&p->steps, ((struct idle_step){at, idle}));
	}
	vec_free(&c.order);
	vec_free(&c.all);
	return ok;
}

size_t idle_procs_at(const struct idle_procs *p, kymo_ns at)
{
	size_t lo = 0, hi = p->steps.count;
	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->steps.at[mid].time <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

void idle_procs_free(struct idle_procs *p)
{
	vec_free(&p->steps);
}

kymo_ns procs_available(const struct kymo_trace *t, kymo_ns from, kymo_ns to)
{
	const struct kymo_series *m = &t->series[KYMO_METRIC_GOMAXPROCS];
	kymo_ns sum = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		kymo_ns a = i && m->time[i] > from ? m->time[i] : from;
		kymo_ns b = i + 1 < m->count && m->time[i + 1] < to ? m->time[i + 1] : to;
		if (a < b)
			sum += limit_of(m, i) * (b - a);
	}
	return sum;
}
