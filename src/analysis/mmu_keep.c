/* SPDX-License-Identifier: MIT */
#include "analysis/mmu_keep.h"

#include <stdlib.h>

#define SETS 2u  // of up to an eighth of the file

struct sets {
	pthread_mutex_t lock;
	struct mmu_whole *at[SETS];  // the usual set, which stays; then the last asked for first
};

static void sets_free(void *at)
{
	struct sets *k = at;
	for (unsigned i = 0; i < SETS; i++)
		mmu_whole_release(k->at[i]);
	pthread_mutex_destroy(&k->lock);
	free(k);
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

/* Puts set `i` in front, behind the usual one. */
static void to_front(struct sets *k, unsigned i)
{
	struct mmu_whole *x = k->at[i];
	for (; i > 1; i--)
		k->at[i] = k->at[i - 1];
	k->at[i] = x;
}

struct mmu_whole *mmu_kept_find(const struct kymo_trace *t, unsigned flags, enum kymo_rules rules)
{
	struct sets *k = kept_get(&t->kept[KEPT_MMU]);
	struct mmu_whole *found = NULL;
	if (!k)
		return NULL;
	pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < SETS && !found; i++)
		if (k->at[i] && k->at[i]->flags == flags && k->at[i]->rules == rules) {
			found = mmu_whole_share(k->at[i]);
			to_front(k, i);
		}
	pthread_mutex_unlock(&k->lock);
	return found;
}

void mmu_kept_add(const struct kymo_trace *t, struct mmu_whole *x)
{
	struct sets *k = kept_get(&t->kept[KEPT_MMU]);
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	bool usual = !k->at[0] && x->flags == KYMO_UTIL_DEFAULT && x->rules == KYMO_RULES_EXACT;
	unsigned place = usual ? 0 : SETS - 1;
	// Two threads may have made the same: then it is there twice, until others come.
	struct mmu_whole *last = k->at[place];
	k->at[place] = mmu_whole_share(x);
	to_front(k, place);
	pthread_mutex_unlock(&k->lock);
	mmu_whole_release(last);
}
