/* SPDX-License-Identifier: MIT */
#include "report/curves.h"

#include <pthread.h>
#include <stdlib.h>

#include "trace/store.h"

#define CURVES 16  // of 2 KB
#define SETS 128   // of flags, by either rules

struct curves {
	pthread_mutex_t lock;
	struct {
		struct curve_key key;
		struct curve curve;
	} at[CURVES];
	unsigned count;             // of all that were added; the oldest goes
	struct curve *whole[SETS];  // of all of the trace: these stay
};

static void curves_free(void *at)
{
	struct curves *c = at;
	for (size_t i = 0; i < SETS; i++)
		free(c->whole[i]);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static bool same(const struct curve_key *a, const struct curve_key *b)
{
	return a->from == b->from && a->to == b->to && a->flags == b->flags && a->compat == b->compat;
}

static struct curve **whole_of(struct curves *c, const struct kymo_trace *t,
                               const struct curve_key *key)
{
	if (key->from != 0 || key->to != t->info.duration || key->flags >= SETS / 2)
		return NULL;
	return &c->whole[key->flags + (key->compat ? SETS / 2 : 0)];
}

/* By the lock's owner. NULL: there is none. */
static const struct curve *find(struct curves *c, const struct kymo_trace *t,
                                const struct curve_key *key)
{
	struct curve **whole = whole_of(c, t, key);
	unsigned n = c->count < CURVES ? c->count : CURVES;
	if (whole)
		return *whole;
	for (unsigned i = 0; i < n; i++)
		if (same(&c->at[i].key, key))
			return &c->at[i].curve;
	return NULL;
}

bool curves_find(const struct kymo_trace *t, const struct curve_key *key, struct curve *out)
{
	struct curves *c = kept_get(&t->kept[KEPT_CURVES]);
	if (!c)
		return false;
	pthread_mutex_lock(&c->lock);
	const struct curve *curve = find(c, t, key);
	if (curve)
		*out = *curve;
	pthread_mutex_unlock(&c->lock);
	return curve;
}

static void add(struct curves *c, const struct kymo_trace *t, const struct curve_key *key,
                const struct curve *curve)
{
	struct curve **whole = whole_of(c, t, key);
	if (find(c, t, key))
		return;
	if (whole) {
		*whole = malloc(sizeof **whole);
		if (*whole)
			**whole = *curve;
	} else {
		c->at[c->count % CURVES].key = *key;
		c->at[c->count % CURVES].curve = *curve;
		c->count++;
	}
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
	add(c, t, key, curve);
	pthread_mutex_unlock(&c->lock);
}
