/* SPDX-License-Identifier: MIT */
/* What a trace holds: a consumer of order_run.h that counts. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "trace/order.h"

struct counter {
	uint64_t transitions;  // apart: the compiler keeps it near
	struct kymo_stat *s;
	VEC(kymo_ns) stw_begin;  // of open ones, by `user`
	kymo_ns stw_open_sum;
	uint64_t stw_open;
	uint64_t extra_gs, extra_ps, extra_ms;  // named by CPU samples only
	struct idmap extra_g, extra_p, extra_m;
};

#define SINK struct counter

static inline void on_step(SINK *k)
{
	(void)k;
}

static inline void on_cut(SINK *k)
{
	(void)k;
}

static inline bool on_full(const SINK *k)
{
	(void)k;
	return false;
}

static inline void on_g(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t g, int from,
                        int to, kymo_string_ix reason, kymo_stack_ix tstack, kymo_stack_ix stack)
{
	(void)o, (void)x, (void)t, (void)g, (void)from, (void)to, (void)reason, (void)tstack,
		(void)stack;
	k->transitions++;
}

static inline void on_p(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint32_t p, int from,
                        int to)
{
	(void)o, (void)x, (void)t, (void)p, (void)from, (void)to;
	k->transitions++;
}

static inline void on_bind(SINK *k, struct order *o, uint32_t m, kymo_ns t)
{
	(void)k, (void)o, (void)m, (void)t;
}

static void on_range(SINK *k, struct order *o, struct ctx x, kymo_ns t, int kind, int phase,
                     kymo_string_ix name, uint32_t g, uint32_t p, uint32_t *user,
                     kymo_stack_ix stack, uint64_t swept, uint64_t reclaimed)
{
	(void)o, (void)x, (void)name, (void)g, (void)p, (void)stack, (void)swept, (void)reclaimed;
	k->s->kinds[phase == PHASE_BEGIN ? KYMO_EV_RANGE_BEGIN
	            : phase == PHASE_END ? KYMO_EV_RANGE_END
	                                 : KYMO_EV_RANGE_ACTIVE]++;
	if (kind == KYMO_RANGE_GC && (phase == PHASE_BEGIN || phase == PHASE_ACTIVE_OPENED))
		k->s->gc_cycles++;
	if (kind != KYMO_RANGE_STW)
		return;
	if (phase == PHASE_BEGIN) {
		k->s->stw_count++;
		*user = UINT32_MAX;
		if (vec_push(&k->stw_begin, t))
			*user = (uint32_t)k->stw_begin.count - 1;
		k->stw_open++;
		k->stw_open_sum += t;
	} else if (*user < k->stw_begin.count) {
		kymo_ns begun = k->stw_begin.at[*user];
		k->s->stw_total += t - begun;
		k->stw_open--;
		k->stw_open_sum -= begun;
		if (k->stw_open == 0)
			k->stw_begin.count = 0;
	}
}

static void on_metric(SINK *k, struct order *o, struct ctx x, kymo_ns t, int metric, uint64_t value,
                      kymo_stack_ix stack)
{
	(void)o, (void)x, (void)t, (void)stack;
	k->s->kinds[KYMO_EV_METRIC]++;
	if (metric == KYMO_METRIC_GOMAXPROCS)
		k->s->gomaxprocs = value;
}

static void on_label(SINK *k, struct order *o, struct ctx x, kymo_ns t, kymo_string_ix label)
{
	(void)o, (void)x, (void)t, (void)label;
	k->s->kinds[KYMO_EV_LABEL]++;
}

static void on_task(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t id,
                    uint64_t parent, kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	(void)o, (void)x, (void)t, (void)id, (void)parent, (void)name, (void)stack, (void)user;
	k->s->kinds[begin ? KYMO_EV_TASK_BEGIN : KYMO_EV_TASK_END]++;
}

static void on_region(SINK *k, struct order *o, struct ctx x, kymo_ns t, bool begin, uint64_t task,
                      kymo_string_ix name, kymo_stack_ix stack, uint32_t *user)
{
	(void)o, (void)x, (void)t, (void)task, (void)name, (void)stack, (void)user;
	k->s->kinds[begin ? KYMO_EV_REGION_BEGIN : KYMO_EV_REGION_END]++;
}

static void on_log(SINK *k, struct order *o, struct ctx x, kymo_ns t, uint64_t task,
                   kymo_string_ix category, kymo_string_ix message, kymo_stack_ix stack)
{
	(void)o, (void)x, (void)t, (void)task, (void)category, (void)message, (void)stack;
	k->s->kinds[KYMO_EV_LOG]++;
}

/* Remembers ids that no state machine knows; samples may name any. */
static void note(struct idmap *known, struct idmap *extra, uint64_t id)
{
	if (id == KYMO_NONE)
		return;
	const uint32_t *v = idmap_get(known, id);
	if (v && *v)
		return;
	uint32_t *e = idmap_put(extra, id);
	if (e)
		*e = 1;
}

static void on_sample(SINK *k, struct order *o, kymo_ns t, const struct gen_sample *s,
                      kymo_stack_ix stack)
{
	(void)t, (void)stack;
	k->s->kinds[KYMO_EV_STACK_SAMPLE]++;
	note(&o->g_ix, &k->extra_g, s->goroutine);
	note(&o->p_ix, &k->extra_p, s->proc);
	note(&o->m_ix, &k->extra_m, s->thread);
}

static void on_experimental(SINK *k, struct order *o, struct ctx x, kymo_ns t, unsigned type,
                            const uint64_t *args, unsigned n)
{
	(void)o, (void)x, (void)t, (void)type, (void)args, (void)n;
	k->s->kinds[KYMO_EV_EXPERIMENTAL]++;
}

#include "trace/order_run.h"

/* How many of the ids noted did stay unknown to the end. */
static uint64_t still_unknown(struct idmap *known, const struct idmap *extra)
{
	uint64_t n = 0;
	for (size_t i = 0; i < extra->slots; i++) {
		if (!extra->keys[i])
			continue;
		for (uint32_t j = 0; j < IDMAP_PAGE; j++) {
			const uint32_t *v = idmap_get(known, (extra->keys[i] - 1) * IDMAP_PAGE + j);
			n += extra->values[extra->page_of[i] * IDMAP_PAGE + j] && !(v && *v);
		}
	}
	return n;
}

enum kymo_status kymo_stat_compute(struct kymo_input *in, const struct kymo_reader_options *options,
                                   struct kymo_stat *out, struct kymo_error *err)
{
	struct order o;
	struct counter k = {.s = out};
	*out = (struct kymo_stat){0};
	enum kymo_status st = order_open(&o, in, options, err);
	bool first = true;
	while (st == KYMO_OK) {
		kymo_ns raw;
		bool sync_due;
		enum gen_outcome g = order_next_generation(&o, &raw, &sync_due);
		if (g == GEN_READY || sync_due) {
			kymo_ns t = order_sync(&o, g == GEN_READY ? raw : 0);
			if (first)
				out->start = t;
			first = false;
			out->kinds[KYMO_EV_SYNC]++;
		}
		if (g == GEN_END)
			break;
		out->generations += g == GEN_READY;
		if (g == GEN_BROKEN || run(&o, &k) == RUN_BROKEN) {
			st = o.err.status;
			break;
		}
		order_end_generation(&o);
	}
	out->version = o.version;
	out->bytes = o.len;
	out->end = o.last;
	out->kinds[KYMO_EV_STATE_TRANSITION] += k.transitions;
	for (int i = 0; i < KYMO_EV_KIND_COUNT; i++)
		out->events += out->kinds[i];
	out->goroutines = o.distinct_gs + still_unknown(&o.g_ix, &k.extra_g);
	out->procs = (o.ps.count ? o.ps.count - 1 : 0) + still_unknown(&o.p_ix, &k.extra_p);
	out->threads = (o.ms.count ? o.ms.count - 1 : 0) + still_unknown(&o.m_ix, &k.extra_m);
	out->stw_total += (kymo_ns)k.stw_open * o.last - k.stw_open_sum;
	out->tasks = out->kinds[KYMO_EV_TASK_BEGIN];
	out->regions = out->kinds[KYMO_EV_REGION_BEGIN];
	out->logs = out->kinds[KYMO_EV_LOG];
	out->cpu_samples = out->kinds[KYMO_EV_STACK_SAMPLE];
	out->stacks = o.tables.stacks.count ? o.tables.stacks.count - 1 : 0;
	out->strings = o.reader.distinct_strings;
	if (st == KYMO_E_DAMAGED) {
		if (out->events > out->kinds[KYMO_EV_SYNC]) {
			out->damage_count = 1;
			out->damage[0] = order_damage(&o);
			st = KYMO_OK;
		} else if (err) {
			*err = o.err;
		}
	} else if (st != KYMO_OK && o.err.status != KYMO_OK && err) {
		*err = o.err;
	}
	vec_free(&k.stw_begin);
	idmap_free(&k.extra_g);
	idmap_free(&k.extra_p);
	idmap_free(&k.extra_m);
	order_close(&o);
	return st;
}
