/* SPDX-License-Identifier: MIT */
/* From a filter to goroutines and pieces of time. */
#include <kymo/annotations.h>
#include <kymo/select.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/annot_text.h"
#include "analysis/place.h"
#include "analysis/select.h"
#include "base/error.h"
#include "base/vec.h"
#include "trace/store.h"

/* A piece of one goroutine's time. */
struct piece {
	kymo_goroutine_ix g;
	kymo_ns from, to;
};
typedef VEC(struct piece) piece_vec;

struct owned {
	uint8_t *goroutines;
	uint32_t *piece_from;
	struct kymo_interval *pieces;
};

static bool is(struct kymo_str s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

/* [strings] of trace t: those that the predicate takes; NULL: no memory. */
static uint8_t *strings_that_are(const struct kymo_trace *t, const char *text)
{
	uint32_t n = kymo_trace_string_count(t);
	uint8_t *yes = calloc(n, 1);
	for (uint32_t i = 0; yes && i < n; i++)
		yes[i] = is(kymo_trace_string(t, i), text);
	return yes;
}

/* ---- goroutines ---- */

static void keep_named(const struct kymo_trace *t, const uint8_t *names, uint8_t *gs)
{
	for (uint32_t g = 1; g < t->goroutines.count; g++)
		gs[g] &= names[t->g.name.at[g]];
}

static enum kymo_status keep_matching(const struct kymo_trace *t, const char *func, uint8_t *gs,
                                      struct kymo_error *err)
{
	struct text_test m;
	enum kymo_status st = text_test_make(&m, t, func, TEXT_REGEX, err);
	for (uint32_t g = 1; st == KYMO_OK && g < t->goroutines.count; g++)
		gs[g] &= text_test(&m, t->g.name.at[g]);
	enum kymo_status ended = text_test_end(&m, st == KYMO_OK ? err : NULL);
	return st == KYMO_OK ? ended : st;
}

static enum kymo_status select_goroutines(const struct kymo_trace *t, const struct kymo_filter *f,
                                          uint8_t **out, struct kymo_error *err)
{
	uint8_t *gs = malloc(t->goroutines.count);
	enum kymo_status st = KYMO_OK;
	*out = gs;
	if (!gs)
		return error_memory(err);
	memset(gs, 1, t->goroutines.count);
	gs[0] = 0;
	for (uint32_t g = 1; f->goroutine != KYMO_NONE && g < t->goroutines.count; g++)
		gs[g] = t->g.id.at[g] == f->goroutine;
	if (f->group) {
		uint8_t *names = strings_that_are(t, f->group);
		if (!names)
			return error_memory(err);
		keep_named(t, names, gs);
		free(names);
	}
	if (f->func)
		st = keep_matching(t, f->func, gs, err);
	return st;
}

/* ---- pieces ---- */

static bool regions_of(const struct kymo_trace *t, const struct kymo_filter *f, piece_vec *out,
                       const struct place *place)
{
	const struct kymo_regions *r = &t->regions;
	uint8_t *types = f->region ? strings_that_are(t, f->region) : NULL;
	bool ok = !f->region || types;
	for (uint32_t i = 0; i < r->count && ok; i++) {
		size_t frames;
		if (types && !types[r->type[i]])
			continue;
		kymo_ns length = r->end[i] - r->begin[i];
		if (length < f->region_min || length > f->region_max)
			continue;
		if (f->region_at) {
			const struct kymo_frame *at = kymo_trace_stack(t, r->begin_stack[i], &frames);
			if (!frames || !place_is(t, at, place))
				continue;
		}
		ok = vec_push(out, ((struct piece){r->goroutine[i], r->begin[i], r->end[i]}));
	}
	free(types);
	return ok;
}

static bool regions_of_go(const struct kymo_trace *t, const struct kymo_filter *f, piece_vec *out)
{
	const struct kymo_region_filter want = {
		.type = f->region, .at = f->region_at, .min = f->region_min, .max = f->region_max};
	struct kymo_region_list l;
	bool ok = kymo_region_list_compute(t, NULL, &want, KYMO_RULES_GO126, &l, NULL) == KYMO_OK;
	for (uint32_t i = 0; ok && i < l.count; i++)
		ok = vec_push(out, ((struct piece){l.at[i].goroutine, l.at[i].begin, l.at[i].end}));
	kymo_region_list_free(&l);
	return ok;
}

/* What a goroutine did for a task, as instants: from the first to the last is a piece. */
struct mention {
	uint64_t task;
	kymo_goroutine_ix g;
	kymo_ns from, to;
};
typedef VEC(struct mention) mention_vec;

static int by_task(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	if (x->g != y->g)
		return x->g < y->g ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static bool parse_id(const char *text, uint64_t *id)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	*id = strtoull(text, &end, 10);
	return *end == 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The ids of a task filter, sorted. */
static bool task_ids(const struct kymo_trace *t, const char *text, uint64_t **ids, size_t *count)
{
	VEC(uint64_t) v = {0};
	uint64_t id;
	bool ok = true;
	if (parse_id(text, &id)) {
		ok = vec_push(&v, id);
	} else {
		uint8_t *types = strings_that_are(t, text);
		ok = types != NULL;
		for (uint32_t i = 0; ok && i < t->tasks.count; i++)
			if (types[t->tasks.type[i]])
				ok = vec_push(&v, t->tasks.id[i]);
		free(types);
	}
	if (v.count)
		qsort(v.at, v.count, sizeof *v.at, by_number);
	*ids = v.at;
	*count = v.count;
	return ok;
}

static bool tasks_of(const struct kymo_trace *t, const char *text, piece_vec *out)
{
	mention_vec m = {0};
	uint64_t *ids;
	size_t count;
	bool ok = task_ids(t, text, &ids, &count);
#define MENTION(task, g, from, to) \
	do { \
		if ((g) && bsearch(&(uint64_t){task}, ids, count, sizeof *ids, by_number)) \
			ok = vec_push(&m, ((struct mention){task, g, from, to})); \
	} while (0)
	const struct kymo_tasks *ts = &t->tasks;
	for (uint32_t i = 0; i < ts->count && ok && count; i++) {
		if (ts->flags[i] & KYMO_TASK_BEGUN)
			MENTION(ts->id[i], ts->begin_goroutine[i], ts->begin[i], ts->begin[i]);
		if (ok && ts->flags[i] & KYMO_TASK_ENDED)
			MENTION(ts->id[i], ts->end_goroutine[i], ts->end[i], ts->end[i]);
	}
	for (uint32_t i = 0; i < t->regions.count && ok && count; i++)
		MENTION(t->regions.task[i], t->regions.goroutine[i], t->regions.begin[i],
		        t->regions.end[i]);
	for (uint32_t i = 0; i < t->logs.count && ok && count; i++)
		MENTION(t->logs.task[i], t->logs.goroutine[i], t->logs.time[i], t->logs.time[i]);
#undef MENTION
	if (m.count)
		qsort(m.at, m.count, sizeof *m.at, by_task);
	for (size_t i = 0; i < m.count && ok;) {
		struct piece p = {m.at[i].g, m.at[i].from, m.at[i].to};
		size_t k = i;
		for (; k < m.count && m.at[k].task == m.at[i].task && m.at[k].g == p.g; k++)
			p.to = m.at[k].to > p.to ? m.at[k].to : p.to;
		ok = vec_push(out, p);
		i = k;
	}
	vec_free(&m);
	free(ids);
	return ok;
}

static int by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	if (x->g != y->g)
		return x->g < y->g ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to > y->to ? -1 : x->to < y->to;  // the outer one first
}

/* Sorts; joins what overlaps, so that nothing counts twice. Empty ones go. */
static void settle(piece_vec *v)
{
	size_t n = 0;
	if (v->count)
		qsort(v->at, v->count, sizeof *v->at, by_place);
	for (size_t i = 0; i < v->count; i++) {
		struct piece p = v->at[i];
		if (p.from >= p.to)
			continue;
		if (n && v->at[n - 1].g == p.g && p.from < v->at[n - 1].to)
			v->at[n - 1].to = p.to > v->at[n - 1].to ? p.to : v->at[n - 1].to;
		else
			v->at[n++] = p;
	}
	v->count = n;
}

static int by_ends(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	if (x->g != y->g)
		return x->g < y->g ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* Go: sorts, and leaves out what begins before the one kept last ends. */
static void settle_go(piece_vec *v)
{
	size_t n = 0;
	if (v->count)
		qsort(v->at, v->count, sizeof *v->at, by_ends);
	for (size_t i = 0; i < v->count; i++)
		if (n == 0 || v->at[n - 1].g != v->at[i].g || v->at[n - 1].to <= v->at[i].from)
			v->at[n++] = v->at[i];
	v->count = n;
}

static bool before(const struct piece *a, const struct piece *b)
{
	return a->g < b->g || (a->g == b->g && a->to < b->to);
}

/* What is in both; each settled. */
static bool intersect(piece_vec *a, const piece_vec *b)
{
	piece_vec both = {0};
	bool ok = true;
	for (size_t i = 0, k = 0; i < a->count && k < b->count && ok;) {
		struct piece *x = &a->at[i], *y = &b->at[k];
		if (x->g == y->g) {
			struct piece p = {x->g, x->from > y->from ? x->from : y->from,
			                  x->to < y->to ? x->to : y->to};
			if (p.from < p.to)
				ok = vec_push(&both, p);
		}
		if (before(x, y))
			i++;
		else
			k++;
	}
	vec_free(a);
	a->at = both.at;
	a->count = both.count;
	a->cap = both.cap;
	return ok;
}

/* Those of the selected goroutines, inside the window, as rows by goroutine. */
static bool publish_pieces(const struct kymo_trace *t, const piece_vec *v,
                           struct kymo_selection *sel, struct owned *o)
{
	uint32_t n = t->goroutines.count, count = 0;
	o->piece_from = calloc((size_t)n + 1, sizeof *o->piece_from);
	o->pieces = malloc((v->count + 1) * sizeof *o->pieces);
	if (!o->piece_from || !o->pieces)
		return false;
	size_t i = 0;
	for (uint32_t g = 0; g < n; g++) {
		o->piece_from[g] = count;
		for (; i < v->count && v->at[i].g == g; i++) {
			struct kymo_interval p = {v->at[i].from, v->at[i].to};
			p.from = p.from < sel->from ? sel->from : p.from;
			p.to = p.to > sel->to ? sel->to : p.to;
			if (p.from < p.to && (!o->goroutines || o->goroutines[g]))
				o->pieces[count++] = p;
		}
	}
	o->piece_from[n] = count;
	sel->piece_from = o->piece_from;
	sel->pieces = o->pieces;
	return true;
}

static enum kymo_status select_pieces(const struct kymo_trace *t, const struct kymo_filter *f,
                                      struct kymo_selection *sel, struct owned *o,
                                      struct kymo_error *err)
{
	piece_vec pieces = {0}, more = {0};
	struct place place = {0};
	bool by_region =
		f->region || f->region_at || f->region_min > 0 || f->region_max != KYMO_NS_MAX;
	if (f->region_at && !place_parse(&place, f->region_at))
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "'%s' is no place: write FILE:LINE or 0xPC", f->region_at);
	bool ok = true;
	if (by_region) {
		bool go = f->rules == KYMO_RULES_GO126;
		ok = go ? regions_of_go(t, f, &pieces) : regions_of(t, f, &pieces, &place);
		(go ? settle_go : settle)(&pieces);
	}
	if (ok && f->task) {
		ok = tasks_of(t, f->task, by_region ? &more : &pieces);
		settle(by_region ? &more : &pieces);
		if (ok && by_region)
			ok = intersect(&pieces, &more);
	}
	ok = ok && publish_pieces(t, &pieces, sel, o);
	vec_free(&pieces);
	vec_free(&more);
	return ok ? KYMO_OK : error_memory(err);
}

enum kymo_status kymo_select(const struct kymo_trace *t, const struct kymo_filter *f,
                             struct kymo_selection *out, struct kymo_error *err)
{
	kymo_ns end = t->info.duration;
	*out = (struct kymo_selection){.from = f->from > 0 ? f->from : 0,
	                               .to = f->to < end ? f->to : end};
	if (f->from > f->to)
		return error_set(err, KYMO_E_RANGE, 0, 0, "the window ends before it begins");
	if (out->from > out->to)
		out->from = out->to;
	struct owned *o = calloc(1, sizeof *o);
	enum kymo_status st = o ? KYMO_OK : error_memory(err);
	out->owned = o;
	bool some = f->goroutine != KYMO_NONE || f->func || f->group;
	bool cut = f->region || f->region_at || f->region_min > 0 || f->region_max != KYMO_NS_MAX ||
	           f->task;
	if (st == KYMO_OK && some) {
		st = select_goroutines(t, f, &o->goroutines, err);
		out->goroutines = o->goroutines;
	}
	if (st == KYMO_OK && cut)
		st = select_pieces(t, f, out, o, err);
	out->whole = !some && !cut && out->from == 0 && out->to == end;
	if (st != KYMO_OK)
		kymo_selection_free(out);
	return st;
}

bool select_groups(const struct kymo_trace *t, const struct kymo_selection *sel, uint8_t **names)
{
	enum { UNSEEN, IN, OUT };
	*names = NULL;
	if (sel && sel->piece_from)
		return false;
	if (!sel || !sel->goroutines)
		return true;
	uint32_t strings = kymo_trace_string_count(t);
	uint8_t *is = calloc((size_t)strings + 1, 1);
	bool whole = is != NULL;
	for (kymo_goroutine_ix g = 1; g < t->goroutines.count && whole; g++) {
		uint8_t *was = &is[t->g.name.at[g]], here = sel->goroutines[g] ? IN : OUT;
		whole = *was == UNSEEN || *was == here;
		*was = here;
	}
	for (uint32_t i = 0; i < strings && whole; i++)
		is[i] = is[i] == IN;
	if (whole)
		*names = is;
	else
		free(is);
	return whole;
}

void kymo_selection_free(struct kymo_selection *s)
{
	if (!s || !s->owned)
		return;
	struct owned *o = s->owned;
	free(o->goroutines);
	free(o->piece_from);
	free(o->pieces);
	free(o);
	*s = (struct kymo_selection){0};
}
