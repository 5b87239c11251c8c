/* SPDX-License-Identifier: MIT */
#include "analysis/mmu_keep.h"

#include <stdlib.h>

struct sets {
	pthread_mutex_t lock;
	struct mmu_whole *usual, *last;  // the last: of those asked for
};

static void sets_free(void *at)
{
	struct sets *k = at;
	mmu_whole_release(k->usual);
	mmu_whole_release(k->last);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

static bool is(const struct mmu_whole *x, unsigned flags, enum kymo_rules rules)
{
	return x && x->flags == flags && x->rules == rules;
}

enum kymo_status mmu_keep(struct kymo_trace *t, const bool *stop)
{
	struct sets *k = calloc(1, sizeof *k);
	struct kymo_mmu *m;
	if (!k)
		return KYMO_E_MEMORY;
	pthread_mutex_init(&k->lock, NULL);
	kept_put(&t->kept[KEPT_MMU], k, sets_free);
	if (keep_stopped(stop))
		return KYMO_E_LIMIT;
	enum kymo_status st = kymo_mmu_new(t, NULL, KYMO_UTIL_DEFAULT, KYMO_RULES_EXACT, &m);
	kymo_mmu_free(m);
	return st;
}

struct mmu_whole *mmu_kept_find(const struct kymo_trace *t, unsigned flags, enum kymo_rules rules)
{
	struct sets *k = kept_get(&t->kept[KEPT_MMU]);
	if (!k)
		return NULL;
	pthread_mutex_lock(&k->lock);
	struct mmu_whole *x = is(k->usual, flags, rules)  ? k->usual
	                      : is(k->last, flags, rules) ? k->last
	                                                  : NULL;
	if (x)
		mmu_whole_share(x);
	pthread_mutex_unlock(&k->lock);
	return x;
}

void mmu_kept_add(const struct kymo_trace *t, struct mmu_whole *x)
{
	struct sets *k = kept_get(&t->kept[KEPT_MMU]);
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	bool usual = !k->usual && is(x, KYMO_UTIL_DEFAULT, KYMO_RULES_EXACT);
	struct mmu_whole **place = usual ? &k->usual : &k->last, *was = *place;
	*place = mmu_whole_share(x);
	pthread_mutex_unlock(&k->lock);
	mmu_whole_release(was);
}
