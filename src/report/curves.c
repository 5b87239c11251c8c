/* SPDX-License-Identifier: MIT */
#include "report/curves.h"

#include <pthread.h>
#include <stdlib.h>

#include "trace/store.h"

#define CURVES 16  // of 3 KB

struct curves {
	pthread_mutex_t lock;
	struct {
		struct curve_key key;
		struct curve curve;
	} at[CURVES];
	unsigned count;  // of all that were added; the oldest goes
};

static void curves_free(void *at)
{
	struct curves *c = at;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static bool same(const struct curve_key *a, const struct curve_key *b)
{
	return a->from == b->from && a->to == b->to && a->flags == b->flags && a->compat == b->compat;
}

/* By the lock's owner. CURVES: there is none. */
static unsigned place_of(const struct curves *c, const struct curve_key *key)
{
	unsigned n = c->count < CURVES ? c->count : CURVES;
	for (unsigned i = 0; i < n; i++)
		if (same(&c->at[i].key, key))
			return i;
	return CURVES;
}

bool curves_find(const struct kymo_trace *t, const struct curve_key *key, struct curve *out)
{
	struct curves *c = kept_get(&t->kept[KEPT_CURVES]);
	if (!c)
		return false;
	pthread_mutex_lock(&c->lock);
	unsigned i = place_of(c, key);
	if (i < CURVES)
		*out = c->at[i].curve;
	pthread_mutex_unlock(&c->lock);
	return i < CURVES;
}

void curves_add(const struct kymo_trace *t, const struct curve_key *key, const struct curve *curve)
{
	// What is kept with a trace is no part of what it says.
	struct kept_slot *slot = &((struct kymo_trace *)(uintptr_t)t)->kept[KEPT_CURVES];
	struct curves *c = kept_get(slot);
	if (!c) {
		c = calloc(1, sizeof *c);
		if (!c)
			return;
		pthread_mutex_init(&c->lock, NULL);
		c = kept_offer(slot, c, curves_free);
	}
	pthread_mutex_lock(&c->lock);
	if (place_of(c, key) == CURVES) {
		c->at[c->count % CURVES].key = *key;
		c->at[c->count % CURVES].curve = *curve;
		c->count++;
	}
	pthread_mutex_unlock(&c->lock);
}
