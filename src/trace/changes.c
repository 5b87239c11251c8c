/* SPDX-License-Identifier: MIT */
/* Three batches go round: one is filled, one is applied, one waits, so that neither side does for a short while. */
#include "trace/changes.h"

#include <stdlib.h>

#include "base/threads.h"

#define SMALL_BATCH 1024u  // of one thread, or before there are two: stays in the nearest cache
#define LARGE_BATCH \
	131072u  // 2 ms: handing over costs nothing, and the other side's short waits do not matter

static bool set_batch(struct changes *q, unsigned i, size_t size)
{
	q->next = q->batch[i];
	q->end = q->next + size - CHANGE_PARTS;
	return q->next != NULL;
}

bool changes_begin(struct changes *q, changes_apply *apply, void *ctx)
{
	*q = (struct changes){.apply = apply, .ctx = ctx};
	q->batch[0] = malloc(SMALL_BATCH * sizeof *q->batch[0]);
	return set_batch(q, 0, SMALL_BATCH);
}

/* After a failure the batches are taken all the same, so that nobody waits for it. */
static void *work(void *arg)
{
	struct changes *q = arg;
	pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->put == q->taken && !q->over)
			pthread_cond_wait(&q->filled, &q->lock);
		if (q->put == q->taken)
			break;
		size_t i = q->taken % CHANGES_BATCHES, count = q->count[i];
		enum kymo_status status = q->status;
		pthread_mutex_unlock(&q->lock);
		if (status == KYMO_OK)
			status = q->apply(q->ctx, q->batch[i], count);
		pthread_mutex_lock(&q->lock);
		q->status = status;
		q->taken++;
		pthread_cond_signal(&q->emptied);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* The first batch is applied: this is no tiny trace. */
static void start(struct changes *q)
{
	struct change *batch[CHANGES_BATCHES];
	bool ok = true;
	for (unsigned i = 0; i < CHANGES_BATCHES; i++) {
		batch[i] = malloc(LARGE_BATCH * sizeof *batch[i]);
		ok = ok && batch[i];
	}
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->filled, NULL);
	pthread_cond_init(&q->emptied, NULL);
	q->threaded = ok && thread_start(&q->thread, work, q);
	for (unsigned i = 0; i < CHANGES_BATCHES; i++) {
		free(q->threaded ? q->batch[i] : batch[i]);
		if (q->threaded)
			q->batch[i] = batch[i];
	}
	if (q->threaded) {
		set_batch(q, 0, LARGE_BATCH);
		return;
	}
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->emptied);
	pthread_mutex_destroy(&q->lock);
}

enum kymo_status changes_flush(struct changes *q)
{
	enum kymo_status status;
	if (q->threaded) {
		pthread_mutex_lock(&q->lock);
		unsigned i = (unsigned)(q->put % CHANGES_BATCHES);
		q->count[i] = (size_t)(q->next - q->batch[i]);
		q->put++;
		pthread_cond_signal(&q->filled);
		while (q->put - q->taken == CHANGES_BATCHES)
			pthread_cond_wait(&q->emptied, &q->lock);
		status = q->status;
		set_batch(q, (unsigned)(q->put % CHANGES_BATCHES), LARGE_BATCH);
		pthread_mutex_unlock(&q->lock);
		return status;
	}
	if (q->status == KYMO_OK)
		q->status = q->apply(q->ctx, q->batch[0], (size_t)(q->next - q->batch[0]));
	status = q->status;
	set_batch(q, 0, SMALL_BATCH);
	if (!q->begun && threads_allowed(2) > 1)
		start(q);
	q->begun = true;
	return status;
}

static void stop(struct changes *q)
{
	if (!q->threaded)
		return;
	pthread_mutex_lock(&q->lock);
	q->over = true;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->emptied);
	pthread_mutex_destroy(&q->lock);
	q->threaded = false;
}

enum kymo_status changes_end(struct changes *q)
{
	q->begun = true;  // a thread is not worth it any longer
	changes_flush(q);
	stop(q);
	return q->status;
}

void changes_free(struct changes *q)
{
	stop(q);
	for (unsigned i = 0; i < CHANGES_BATCHES; i++)
		free(q->batch[i]);
	*q = (struct changes){0};
}
