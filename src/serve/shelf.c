/* SPDX-License-Identifier: MIT */
/* A short list beneath one lock: there are some dozens of reports, each worth milliseconds. */
#include "serve/shelf.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	char *key;              // NULL: free
	struct report *report;  // NULL: being computed
	unsigned users;
	uint64_t used;
};

struct shelf {
	const struct kymo_trace *trace;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct slot *slots;
	size_t count;
	uint64_t clock;
};

struct shelf *shelf_make(const struct kymo_trace *t, size_t slots)
{
	struct shelf *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->slots = calloc(slots, sizeof *s->slots);
	if (!s->slots) {
		free(s);
		return NULL;
	}
	s->trace = t;
	s->count = slots;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return s;
}

static void empty(struct slot *x)
{
	report_free(x->report);
	free(x->key);
	*x = (struct slot){0};
}

void shelf_free(struct shelf *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		empty(&s->slots[i]);
	free(s->slots);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

static int by_key(const void *a, const void *b)
{
	const struct report_param *x = a, *y = b;
	int c = strcmp(x->key, y->key);
	return c ? c : strcmp(x->value, y->value);
}

/* "name\nkey=value\n…", sorted: the same question in another order is the same. */
static char *key_of(const struct report_def *def, const struct report_param *params, size_t count)
{
	struct buf b = {0};
	struct report_param *sorted = malloc((count + 1) * sizeof *sorted);
	if (!sorted)
		return NULL;
	if (count)
		memcpy(sorted, params, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_key);
	buf_puts(&b, def->name);
	for (size_t i = 0; i < count; i++)
		if (!report_param_is_paging(sorted[i].key))
			buf_printf(&b, "\n%s=%s", sorted[i].key, sorted[i].value);
	buf_putc(&b, 0);
	free(sorted);
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return b.ptr;
}

static struct slot *find(struct shelf *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->slots[i].key && strcmp(s->slots[i].key, key) == 0)
			return &s->slots[i];
	return NULL;
}

/* A free slot, or the one that nobody uses for the longest time; NULL if all are in use. */
static struct slot *make_room(struct shelf *s)
{
	struct slot *best = NULL;
	for (size_t i = 0; i < s->count; i++) {
		struct slot *x = &s->slots[i];
		if (!x->key)
			return x;
		if (x->report && x->users == 0 && (!best || x->used < best->used))
			best = x;
	}
	if (best)
		empty(best);
	return best;
}

/* Claims the key: a slot with a report, one that the caller must fill, or none because all are in use. */
static struct slot *claim(struct shelf *s, char **key, bool *fill)
{
	*fill = false;
	for (;;) {
		struct slot *x = find(s, *key);
		if (!x)
			break;
		if (x->report) {
			x->users++;
			x->used = ++s->clock;
			return x;
		}
		pthread_cond_wait(&s->changed, &s->lock);
	}
	struct slot *x = make_room(s);
	if (x) {
		*x = (struct slot){.key = *key, .users = 1, .used = ++s->clock};
		*key = NULL;
		*fill = true;
	}
	return x;
}

static enum kymo_status run(struct shelf *s, const struct report_def *def,
                            const struct report_param *params, size_t count, struct report **out,
                            struct kymo_error *err)
{
	struct report_param *mine = malloc((count + 1) * sizeof *mine);
	size_t n = 0;
	if (!mine)
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!report_param_is_paging(params[i].key))
			mine[n++] = params[i];
	enum kymo_status st = report_run(def, s->trace, mine, n, out, err);
	free(mine);
	return st;
}

enum kymo_status shelf_get(struct shelf *s, const struct report_def *def,
                           const struct report_param *params, size_t count, struct report **out,
                           struct kymo_error *err)
{
	char *key = key_of(def, params, count);
	bool fill;
	*out = NULL;
	if (!key)
		return error_memory(err);
	pthread_mutex_lock(&s->lock);
	struct slot *x = claim(s, &key, &fill);
	if (x && !fill)
		*out = x->report;
	pthread_mutex_unlock(&s->lock);
	free(key);
	if (*out)
		return KYMO_OK;
	enum kymo_status st = run(s, def, params, count, out, err);
	if (!x)
		return st;  // not kept; shelf_release frees it
	pthread_mutex_lock(&s->lock);
	if (st == KYMO_OK) {
		x->report = *out;
	} else {
		free(x->key);
		*x = (struct slot){0};
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return st;
}

void shelf_release(struct shelf *s, struct report *r)
{
	bool kept = false;
	if (!r)
		return;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->count && !kept; i++)
		if (s->slots[i].report == r) {
			s->slots[i].users--;
			kept = true;
		}
	pthread_mutex_unlock(&s->lock);
	if (!kept)
		report_free(r);
}
