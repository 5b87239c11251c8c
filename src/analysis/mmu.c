/* SPDX-License-Identifier: MIT */
/* What <kymo/mmu.h> says of the utilisation itself. */
#include "analysis/mmu.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/mmu_keep.h"
#include "analysis/select.h"

enum kymo_status kymo_mmu_new(const struct kymo_trace *t, const struct kymo_selection *sel,
                              unsigned flags, enum kymo_rules rules, struct kymo_mmu **out)
{
	struct mmu_whole *x = mmu_kept_find(t, flags, rules);
	*out = NULL;
	if (!x) {
		struct util u;
		enum kymo_status st = rules == KYMO_RULES_GO126 ? util_go126(t, flags, &u)
		                                                : util_exact(t, flags, &u);
		if (st != KYMO_OK)
			return st;
		util_tidy(&u);
		x = mmu_whole_make(&u, flags, rules);
		if (!x)
			return KYMO_E_MEMORY;
		mmu_kept_add(t, x);
	}
	return mmu_of_whole(x, select_from(sel), select_to(sel, t), out);
}

void kymo_mmu_free(struct kymo_mmu *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		free((void *)(uintptr_t)m->part[i].shown.time);
		free((void *)(uintptr_t)m->part[i].shown.value);
	}
	mmu_whole_release(m->whole);
	pthread_mutex_destroy(&m->lock);
	free(m->part);
	free(m);
}

kymo_ns kymo_mmu_span(const struct kymo_mmu *m)
{
	return m->span;
}

double kymo_mmu_mean(const struct kymo_mmu *m)
{
	double sum = 0, length = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct mmu_part *p = &m->part[i];
		sum += mmu_sum_to(p->s, p->end) - mmu_sum_to(p->s, p->begin);
		length += (double)mmu_duration(p);
	}
	return length > 0 ? sum / length : NAN;
}

static void show(struct mmu_part *p)
{
	const struct util_point *at = p->s->at, *end = at + p->s->count - 1;
	while (at[1].time <= p->begin)
		at++;
	while (end[-1].time >= p->end)
		end--;
	size_t n = (size_t)(end - at) + 1;
	kymo_ns *time = malloc(n * sizeof *time);
	double *value = malloc(n * sizeof *value);
	if (!time || !value) {
		free(time);
		free(value);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		time[i] = at[i].time;
		value[i] = at[i].value;
	}
	time[0] = p->begin;
	time[n - 1] = p->end;
	value[n - 1] = 0;
	p->shown = (struct kymo_mmu_series){n, time, value, p->s->proc};
}

const struct kymo_mmu_series *kymo_mmu_series(const struct kymo_mmu *m, size_t i)
{
	if (i >= m->count)
		return NULL;
	struct mmu_part *p = &m->part[i];
	pthread_mutex_lock((pthread_mutex_t *)&m->lock);
	if (!p->shown.count)
		show(p);
	bool ok = p->shown.count;
	pthread_mutex_unlock((pthread_mutex_t *)&m->lock);
	return ok ? &p->shown : NULL;
}
