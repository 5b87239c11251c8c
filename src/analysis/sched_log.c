/* SPDX-License-Identifier: MIT */
/*
 * Making the log: a stretch of blocks after the other, so that what is not yet packed stays small. Of each, goroutines
 * are walked on several threads that drop waits into blocks; then each block is sorted and packed.
 */
#include "analysis/sched_log.h"

#include <stdlib.h>

#include "analysis/keep.h"
#include "analysis/sched_log_parts.h"
#include "analysis/select.h"
#include "base/threads.h"

#define STRETCH_BLOCKS 128u  // 16 bytes a wait and 8 a begin while they are not packed
#define BLOCKS_MAX (1u << 20)

static bool name_groups(struct sched_groups *out, const struct kymo_trace *t)
{
	uint32_t strings = kymo_trace_string_count(t);
	out->of_name = calloc(strings, sizeof *out->of_name);
	out->name = calloc(strings + 1, sizeof *out->name);
	if (!out->of_name || !out->name)
		return false;
	for (uint32_t g = 1; g < t->goroutines.count; g++) {
		uint32_t *group = &out->of_name[t->g.name.at[g]];
		if (*group)
			continue;
		out->name[out->count] = t->g.name.at[g];
		*group = ++out->count;
	}
	return true;
}

/* About how many waits there are: a third of the records, as far as goroutines live in the log's time. */
static uint64_t about_waits(const struct sched_making *m)
{
	const struct sched_log *log = m->log;
	const struct kymo_trace *t = log->t;
	size_t count = m->rows ? m->row_count : t->goroutines.count;
	double records = 0;
	for (size_t i = m->rows ? 0 : 1; i < count; i++) {
		uint32_t g = m->rows ? m->rows[i] : (uint32_t)i;
		kymo_ns a = t->g.begin.at[g], b = t->g.end.at[g], life = b - a;
		a = a > log->from ? a : log->from;
		b = b < log->to ? b : log->to;
		if (a < b)
			records += (double)t->g.span_records.at[g] * (double)(b - a) / (double)life;
	}
	return (uint64_t)(records / 3);
}

/* The goroutines of which something is selected. */
static bool list_rows(struct sched_making *m)
{
	const struct kymo_trace *t = m->log->t;
	const struct kymo_selection *sel = m->opt->sel;
	VEC(kymo_goroutine_ix) rows = {0};
	bool ok = !sel || vec_reserve(&rows, 1);
	for (kymo_goroutine_ix g = 1; sel && ok && g < t->goroutines.count; g++) {
		bool lives = t->g.begin.at[g] < m->log->to && t->g.end.at[g] > m->log->from;
		bool cut = sel->piece_from && sel->piece_from[g] == sel->piece_from[g + 1];
		if (lives && !cut && select_has(sel, g))
			ok = vec_push(&rows, g);
	}
	m->rows = rows.at;
	m->row_count = rows.count;
	return ok;
}

static bool cut(const struct sched_making *m, struct sched_log *log, uint32_t block_waits)
{
	uint64_t length = (uint64_t)(log->to - log->from), want;
	want = about_waits(m) / (block_waits ? block_waits : SCHED_BLOCK_WAITS);
	want = want < 1 ? 1 : want > BLOCKS_MAX ? BLOCKS_MAX : want;
	while (log->shift < 63 && length >> log->shift > want)
		log->shift++;
	log->blocks = (size_t)(length >> log->shift) +
	              (length == 0 || length % ((uint64_t)1 << log->shift) != 0);
	log->block = calloc(log->blocks, sizeof *log->block);
	return log->block != NULL;
}

/* The largest that 15 of 16 waits are multiples of: clocks are corrected, and the edges of a window cut anywhere. */
static unsigned common_grain(const struct sched_share *s, unsigned n)
{
	uint64_t all = 0, with = 0;
	unsigned g = SCHED_GRAIN_MAX;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k <= SCHED_GRAIN_MAX; k++)
			all += s[i].grains[k];
	for (; g > 0; g--) {
		for (unsigned i = 0; i < n; i++)
			with += s[i].grains[g];
		if (with > 0 && with >= all - all / 16)
			break;
	}
	return g;
}

static enum kymo_status first_status(const struct sched_share *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (s[i].status)
			return s[i].status;
	return KYMO_OK;
}

static enum kymo_status make_stretch(struct sched_making *m, struct sched_share *s, unsigned most)
{
	const struct sched_log *log = m->log;
	struct parallel goroutines;
	m->from = sched_block_begin(log, m->first);
	m->to = sched_block_end(log, m->first + m->count - 1);
	atomic_store(&m->next, 0);
	unsigned n = m->rows ? parallel_begin_rows(&goroutines, log->t, m->from, m->to, m->rows,
	                                           m->row_count)
	                     : parallel_begin(&goroutines, log->t, m->from, m->to);
	n = n < most ? n : most;
	for (unsigned i = 0; i < n; i++)
		s[i].goroutines = &goroutines;
	parallel_run(n, s, sizeof *s, sched_log_walk);
	parallel_end(&goroutines);
	enum kymo_status st = first_status(s, n);
	if (st == KYMO_OK)
		parallel_run(n, s, sizeof *s, sched_log_pack);
	return st ? st : first_status(s, n);
}

static enum kymo_status share_begin(struct sched_share *s, struct sched_making *m,
                                    struct sched_share *all, unsigned n)
{
	const struct work_times *w = m->opt->work;
	size_t heaps = m->log->blocks < STRETCH_BLOCKS ? m->log->blocks : STRETCH_BLOCKS;
	*s = (struct sched_share){.m = m, .all = all, .shares = n};
	s->heap = calloc(heaps, sizeof *s->heap);
	if (!s->heap ||
	    (w && !work_times_begin(&s->work, w->bound, w->cells, w->row_shift, w->procs)))
		return KYMO_E_MEMORY;
	return KYMO_OK;
}

static void share_end(struct sched_share *s)
{
	size_t heaps = s->m->log->blocks < STRETCH_BLOCKS ? s->m->log->blocks : STRETCH_BLOCKS;
	for (size_t i = 0; s->heap && i < heaps; i++) {
		vec_free(&s->heap[i].waits);
		vec_free(&s->heap[i].begins);
	}
	free(s->heap);
	work_times_free(&s->work);
	vec_free(&s->sorted);
	vec_free(&s->spare);
	vec_free(&s->begins);
	vec_free(&s->begins_spare);
}

static enum kymo_status make_all(struct sched_making *m)
{
	struct sched_log *log = m->log;
	struct sched_share s[PARALLEL_MAX];
	unsigned n = threads_allowed(PARALLEL_MAX);
	enum kymo_status st = KYMO_OK;
	for (unsigned i = 0; i < n; i++) {
		enum kymo_status one = share_begin(&s[i], m, s, n);
		st = st ? st : one;
	}
	for (m->first = 0; st == KYMO_OK && m->first < log->blocks; m->first += m->count) {
		size_t left = log->blocks - m->first;
		m->count = left < STRETCH_BLOCKS ? left : STRETCH_BLOCKS;
		st = keep_stopped(m->opt->stop) ? KYMO_E_LIMIT : make_stretch(m, s, n);
	}
	log->grain = common_grain(s, n);
	for (unsigned i = 0; i < n; i++) {
		if (st == KYMO_OK && m->opt->work)
			work_times_join(m->opt->work, &s[i].work);
		share_end(&s[i]);
	}
	for (size_t i = 0; i + 1 < log->blocks && st == KYMO_OK; i++)
		log->block[i + 1].depth =
			log->block[i].depth + log->block[i].begun - log->block[i].ended;
	return st;
}

enum kymo_status sched_log_make(struct sched_log *log, const struct kymo_trace *t,
                                const struct sched_log_options *opt)
{
	struct sched_making m = {.log = log, .opt = opt, .key_room = 256};
	*log = (struct sched_log){.t = t, .from = opt->from, .to = opt->to, .keys = 1};
	enum kymo_status st = KYMO_E_MEMORY;
	pthread_mutex_init(&m.lock, NULL);
	if (name_groups(&log->groups, t) && list_rows(&m) && cut(&m, log, opt->block_waits)) {
		m.key_of = calloc((size_t)log->groups.count * SCHED_CAUSES + 1, sizeof *m.key_of);
		log->key = calloc(m.key_room, sizeof *log->key);
		if (m.key_of && log->key)
			st = make_all(&m);
	}
	free(m.key_of);
	free(m.rows);
	vec_free(&m.huge);
	pthread_mutex_destroy(&m.lock);
	if (st != KYMO_OK)
		sched_log_free(log);
	return st;
}

void sched_log_free(struct sched_log *log)
{
	for (size_t i = 0; log->block && i < log->blocks; i++) {
		free(log->block[i].ns);
		free(log->block[i].longs);
	}
	free(log->block);
	free(log->groups.of_name);
	free(log->groups.name);
	free(log->key);
	*log = (struct sched_log){0};
}
