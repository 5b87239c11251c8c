/* SPDX-License-Identifier: MIT */
/* A cursor under a lock, and threads that begin and end with the call. */
#include "analysis/parallel.h"

#include "base/threads.h"

#define WORTH_A_THREAD (1u << 17)  // records: about a millisecond
#define STRETCHES 64               // of each thread, about

static uint64_t records_of(const struct parallel *p, size_t i)
{
	const struct kymo_trace *t = p->t;
	kymo_goroutine_ix g = p->rows ? p->rows[i] : (kymo_goroutine_ix)i;
	return t->g.begin.at[g] >= p->to || t->g.end.at[g] <= p->from ? 0 : t->g.span_records.at[g];
}

static unsigned begin(struct parallel *p)
{
	for (size_t i = p->next; i < p->end; i++)
		p->records += records_of(p, i);
	unsigned n = threads_worth(PARALLEL_MAX, p->records / WORTH_A_THREAD);
	p->portion = n == 1 ? UINT64_MAX : p->records / n / STRETCHES + 1;
	pthread_mutex_init(&p->lock, NULL);
	return n;
}

unsigned parallel_begin(struct parallel *p, const struct kymo_trace *t, kymo_ns from, kymo_ns to)
{
	*p = (struct parallel){.t = t, .from = from, .to = to, .next = 1, .end = t->goroutines.count};
	return begin(p);
}

unsigned parallel_begin_rows(struct parallel *p, const struct kymo_trace *t, kymo_ns from,
                             kymo_ns to, const kymo_goroutine_ix *rows, size_t count)
{
	*p = (struct parallel){.t = t, .rows = rows, .from = from, .to = to, .end = count};
	return begin(p);
}

bool parallel_take(struct parallel *p, size_t *from, size_t *to)
{
	uint64_t records = 0;
	pthread_mutex_lock(&p->lock);
	size_t i = p->next;
	*from = i;
	if (p->portion == UINT64_MAX)
		i = p->end;
	while (i < p->end && records < p->portion)
		records += records_of(p, i++);
	*to = p->next = i;
	pthread_mutex_unlock(&p->lock);
	return *from < *to;
}

void parallel_end(struct parallel *p)
{
	pthread_mutex_destroy(&p->lock);
}

struct start {
	void (*work)(void *job);
	void *job;
};

static void *run(void *arg)
{
	const struct start *s = arg;
	s->work(s->job);
	return NULL;
}

void parallel_run(unsigned n, void *jobs, size_t size, void (*work)(void *job))
{
	pthread_t threads[PARALLEL_MAX];
	struct start starts[PARALLEL_MAX];
	bool threaded[PARALLEL_MAX] = {0};
	for (unsigned i = 1; i < n; i++) {
		starts[i] = (struct start){work, (char *)jobs + i * size};
		threaded[i] = thread_start(&threads[i], run, &starts[i]);
	}
	work(jobs);
	for (unsigned i = 1; i < n; i++)
		if (threaded[i])
			pthread_join(threads[i], NULL);
		else
			work(starts[i].job);
}
