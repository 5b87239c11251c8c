/* SPDX-License-Identifier: MIT */
/*
 * Where goroutines spent their time, by start function. One pass over the records of every goroutine's spans, and
 * one over the table of ranges.
 *
 * The figures are those of Go 1.26's summarizer (internal/trace/summary.go), its corner cases included; each is
 * marked below with "Go:".
 */
#include <kymo/analysis.h>

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/vec.h"
#include "trace/store.h"

typedef VEC(struct kymo_named_ns) named_vec;

static bool add_named(named_vec *v, kymo_string_ix name, kymo_ns ns)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->at[i].name == name) {
			v->at[i].ns += ns;
			return true;
		}
	return vec_push(v, ((struct kymo_named_ns){name, ns}));
}

/*
 * What most records add to: slot of the kind, plus the aux where that is a reason. No branch depends on the kind,
 * because nothing could predict it.
 */
enum { SLOT_RUN = 0, SLOT_RUNNABLE, SLOT_SYSCALL, SLOT_REASON, SLOTS = SLOT_REASON + REC_AUX_MAX + 1 };
static const uint8_t slot_of[8] = {
	[REC_RUNNING] = SLOT_RUN,     [REC_WOKEN] = SLOT_RUNNABLE,  [REC_STOPPED] = SLOT_RUNNABLE,
	[REC_WAITING] = SLOT_REASON,  [REC_SYSCALL] = SLOT_SYSCALL,
};
static const uint8_t aux_mask[8] = {[REC_WAITING] = 0xff};
#define PLAIN_KINDS (1u << REC_RUNNING | 1u << REC_WOKEN | 1u << REC_STOPPED | 1u << REC_WAITING | 1u << REC_SYSCALL)

struct acc {
	const struct kymo_trace *t;
	uint32_t forever;  // its reason code; UINT32_MAX: no such reason in this trace
	kymo_ns *block;    // [codes] of the goroutine or group at hand; a wait lasts at least 1 ns, so 0 is "never"
	kymo_ns plain[SLOTS];
};

/*
 * Adds the records from the scan's place on, as long as they are plain ones: `r` holds the one whose state is not yet
 * added, and at the end the first that is not plain or the last of its chunk.
 */
static void add_plain(struct span_scan *s, struct span_rec *r, kymo_ns sum[SLOTS])
{
	const uint32_t *p = s->p, *end = s->end;
	kymo_ns time = s->time;
	uint32_t slot = (uint32_t)slot_of[r->kind] + (r->aux & aux_mask[r->kind]), w = 0;
	if (!(PLAIN_KINDS >> r->kind & 1) || r->aux > REC_AUX_MAX)
		return;
	for (; p < end && PLAIN_KINDS >> (p[1] & 7) & 1; p += 2) {
		w = p[1];
		sum[slot] += p[0];
		time += p[0];
		slot = (uint32_t)slot_of[w & 7] + (w >> 3 & aux_mask[w & 7]);
	}
	if (p == s->p)
		return;
	*r = (struct span_rec){time, w & 7, w >> 3 & 0xff, w >> 11};
	s->p = p;
	s->time = time;
}

/* Adds one goroutine's life. The state of a record lasts to the next; what a record means for the sums follows. */
static void add_goroutine(struct acc *a, kymo_goroutine_ix g, struct kymo_times *sum)
{
	const struct kymo_trace *t = a->t;
	struct span_scan s;
	struct span_rec r, next;
	kymo_ns begin = t->g.begin.at[g], end = t->g.end.at[g];
	bool existed = t->g.flags.at[g] & KYMO_G_EXISTED, first = true, many = t->g.span_records.at[g] > 64;
	struct kymo_times x = {0};

	span_scan_begin(&s, t, g);
	bool more = span_scan_next(&s, &r);
	while (more) {
		if (many && !first)
			add_plain(&s, &r, a->plain);
		more = span_scan_next(&s, &next);
		kymo_ns d = (more ? next.start : end) - r.start;
		switch (r.kind) {
		case REC_RUNNING: x.execution += d; break;
		case REC_WOKEN:
		case REC_STOPPED: x.sched_wait += d; break;
		case REC_CREATED:
			if (r.stack)
				a->block[0] += d;
			else
				x.sched_wait += d;
			break;
		case REC_WAITING:
			if (unlikely(r.aux == a->forever)) {
				// Go: blocking forever is the end of a life.
				end = r.start;
				more = false;
				break;
			}
			a->block[r.aux] += d;
			break;
		case REC_SYSCALL:
			if (r.aux == 0 && first && existed) {
				// Go: without a proc, blocked until the status event told of it, and a plain syscall after that.
				kymo_ns told = t->g.seen.at[g] - begin;
				x.syscall_block += told;
				x.syscall += d - told;
			} else {
				x.syscall += d;
			}
			break;
		default:
			if (r.aux == MISC_SYSCALL_EXIT) {
				x.sched_wait += d;
			} else if (r.aux == MISC_PROC_LOST_UNNOTICED) {
				x.syscall += d;  // Go: see load.c
			} else if (!more && !(t->g.flags.at[g] & KYMO_G_ENDED)) {
				// Go: still blocked at the trace's end counts as scheduler wait, and as syscall as well.
				x.sched_wait += d;
				x.syscall += d;
			} else {
				x.syscall_block += d;
			}
			break;
		}
		r = next;
		first = false;
	}
	if (many) {
		for (size_t c = 0; c < t->reasons.count && c <= REC_AUX_MAX; c++)
			a->block[c] += a->plain[SLOT_REASON + c];
		x.execution += a->plain[SLOT_RUN];
		x.sched_wait += a->plain[SLOT_RUNNABLE];
		x.syscall += a->plain[SLOT_SYSCALL];
		memset(a->plain, 0, sizeof a->plain);
	}
	sum->total += end - begin;
	sum->execution += x.execution;
	sum->sched_wait += x.sched_wait;
	sum->syscall += x.syscall;
	sum->syscall_block += x.syscall_block;
}

/* Of two lives under one id Go's map keeps the last. */
static bool counted(const struct kymo_trace *t, kymo_goroutine_ix g)
{
	return idmap_peek(&t->row_of_id, t->g.id.at[g]) == g;
}

/* How a range counts for a goroutine: sinks get (goroutine, range row, ns). */
struct range_sink {
	bool (*add)(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns);
	void *ctx;
	kymo_goroutine_ix only;  // 0 = all
};

static bool walk_ranges(const struct kymo_trace *t, const struct range_sink *k)
{
	const struct kymo_ranges *r = &t->ranges;
	struct idmap open = {0};  // goroutine -> row + 1 of a sweep that it began and did not end
	bool ok = true;
	for (uint32_t i = 0; i < r->count && ok; i++) {
		kymo_goroutine_ix g = r->goroutine[i];
		if (r->kind[i] == KYMO_RANGE_GC || g == 0 || (k->only && k->only != g))
			continue;
		if (r->kind[i] == KYMO_RANGE_SWEEP) {
			// Go: counts if the goroutine that began it ended it. Else it stays open, to the goroutine's end, or until the
			// goroutine begins another.
			bool own_end = !(r->flags[i] & KYMO_RANGE_NO_END) && r->end_goroutine[i] == g;
			uint32_t *v = idmap_get(&open, g);
			if (v)
				*v = 0;
			if (!own_end) {
				v = idmap_put(&open, g);
				ok = v != NULL;
				if (v)
					*v = i + 1;
				continue;
			}
		}
		ok = k->add(k->ctx, g, r->name[i], r->end[i] - r->start[i]);
	}
	for (size_t i = 0; i < open.pages * IDMAP_PAGE && ok; i++)
		if (open.values[i]) {
			uint32_t row = open.values[i] - 1;
			kymo_goroutine_ix g = r->goroutine[row];
			ok = k->add(k->ctx, g, r->name[row], t->g.end.at[g] - r->start[row]);
		}
	idmap_free(&open);
	return ok;
}

static uint32_t find_forever(const struct kymo_trace *t)
{
	for (size_t i = 0; i < t->reasons.count; i++) {
		struct kymo_str s = kymo_trace_string(t, t->reasons.at[i]);
		if (s.len == 7 && memcmp(s.ptr, "forever", 7) == 0)
			return (uint32_t)i;
	}
	return UINT32_MAX;
}

static bool acc_begin(struct acc *a, const struct kymo_trace *t)
{
	a->t = t;
	a->forever = find_forever(t);
	a->block = calloc(t->reasons.count, sizeof *a->block);
	return a->block != NULL;
}

/* ---- groups ---- */

struct group {
	kymo_string_ix name;
	uint32_t goroutines, was;  // was: number before sorting
	struct kymo_times times;
	named_vec block, range;
};

struct owned {
	kymo_string_ix *name;
	uint32_t *goroutines, *block_from, *range_from, *group_of;
	struct kymo_times *times;
	struct kymo_named_ns *block, *range;
};

struct work {
	const struct kymo_trace *t;
	VEC(struct group) groups;
	uint32_t *group_of;
};

static bool add_range(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns)
{
	struct work *w = ctx;
	uint32_t group = w->group_of[g];
	return group == UINT32_MAX || add_named(&w->groups.at[group].range, name, ns);
}

static int by_text(const void *a, const void *b, void *ctx)
{
	const struct kymo_named_ns *x = a, *y = b;
	struct kymo_str s = kymo_trace_string(ctx, x->name), u = kymo_trace_string(ctx, y->name);
	int r = memcmp(s.ptr, u.ptr, s.len < u.len ? s.len : u.len);
	return r ? r : s.len < u.len ? -1 : s.len > u.len;
}

static int by_execution(const void *a, const void *b, void *ctx)
{
	const struct group *x = a, *y = b;
	if (x->times.execution != y->times.execution)
		return x->times.execution > y->times.execution ? -1 : 1;
	struct kymo_named_ns s = {x->name, 0}, u = {y->name, 0};
	return by_text(&s, &u, ctx);
}

/* Goroutines by name, then each group's in one go, so that the sums by reason are one small array. */
static bool make_groups(struct work *w, struct acc *a)
{
	const struct kymo_trace *t = w->t;
	uint32_t n = t->goroutines.count, strings = kymo_trace_string_count(t);
	uint32_t *group_of_name = malloc(strings * sizeof *group_of_name);
	uint32_t *from = NULL, *members = NULL;
	bool ok = group_of_name != NULL;
	if (!ok)
		return false;
	memset(group_of_name, 0xff, strings * sizeof *group_of_name);
	w->group_of[0] = UINT32_MAX;
	for (uint32_t g = 1; g < n && ok; g++) {
		w->group_of[g] = UINT32_MAX;
		if (!counted(t, g))
			continue;
		uint32_t *ix = &group_of_name[t->g.name.at[g]];
		if (*ix == UINT32_MAX) {
			ok = vec_push(&w->groups, ((struct group){.name = t->g.name.at[g], .was = (uint32_t)w->groups.count}));
			*ix = (uint32_t)w->groups.count - 1;
		}
		if (ok) {
			w->group_of[g] = *ix;
			w->groups.at[*ix].goroutines++;
		}
	}
	free(group_of_name);
	from = calloc(w->groups.count + 1, sizeof *from);
	members = malloc(n * sizeof *members);
	ok = ok && from && members;
	if (ok) {
		for (size_t i = 0; i < w->groups.count; i++)
			from[i + 1] = from[i] + w->groups.at[i].goroutines;
		for (uint32_t g = 1; g < n; g++)
			if (w->group_of[g] != UINT32_MAX)
				members[from[w->group_of[g]]++] = g;
		for (size_t i = 0; i < w->groups.count && ok; i++) {
			struct group *gr = &w->groups.at[i];
			for (uint32_t k = from[i] - gr->goroutines; k < from[i]; k++)
				add_goroutine(a, members[k], &gr->times);
			for (size_t c = 0; c < t->reasons.count && ok; c++)
				if (a->block[c]) {
					ok = add_named(&gr->block, t->reasons.at[c], a->block[c]);
					a->block[c] = 0;
				}
		}
	}
	free(from);
	free(members);
	return ok;
}

static bool publish(struct work *w, struct kymo_goroutine_groups *out)
{
	const struct kymo_trace *t = w->t;
	void *ctx = (void *)(uintptr_t)t;
	size_t n = w->groups.count, blocks = 0, ranges = 0;
	for (size_t i = 0; i < n; i++) {
		blocks += w->groups.at[i].block.count;
		ranges += w->groups.at[i].range.count;
	}
	if (n)
		qsort_r(w->groups.at, n, sizeof *w->groups.at, by_execution, ctx);
	struct owned *o = calloc(1, sizeof *o);
	uint32_t *now = malloc((n + 1) * sizeof *now);
	if (!o || !now) {
		free(o);
		free(now);
		return false;
	}
	*out = (struct kymo_goroutine_groups){.count = n, .owned = o};
	out->name = o->name = malloc((n + 1) * sizeof *o->name);
	out->goroutines = o->goroutines = malloc((n + 1) * sizeof *o->goroutines);
	out->times = o->times = malloc((n + 1) * sizeof *o->times);
	out->block_from = o->block_from = malloc((n + 1) * sizeof *o->block_from);
	out->range_from = o->range_from = malloc((n + 1) * sizeof *o->range_from);
	out->block = o->block = malloc((blocks + 1) * sizeof *o->block);
	out->range = o->range = malloc((ranges + 1) * sizeof *o->range);
	out->group_of = o->group_of = w->group_of;
	w->group_of = NULL;
	bool ok = o->name && o->goroutines && o->times && o->block_from && o->range_from && o->block && o->range;
	blocks = ranges = 0;
	for (size_t i = 0; i < n && ok; i++) {
		struct group *g = &w->groups.at[i];
		now[g->was] = (uint32_t)i;
		o->name[i] = g->name;
		o->goroutines[i] = g->goroutines;
		o->times[i] = g->times;
		o->block_from[i] = (uint32_t)blocks;
		o->range_from[i] = (uint32_t)ranges;
		if (g->block.count)
			qsort_r(g->block.at, g->block.count, sizeof *g->block.at, by_text, ctx);
		if (g->range.count)
			qsort_r(g->range.at, g->range.count, sizeof *g->range.at, by_text, ctx);
		for (size_t k = 0; k < g->block.count; k++)
			o->block[blocks++] = g->block.at[k];
		for (size_t k = 0; k < g->range.count; k++)
			o->range[ranges++] = g->range.at[k];
	}
	if (ok) {
		o->block_from[n] = (uint32_t)blocks;
		o->range_from[n] = (uint32_t)ranges;
		for (uint32_t g = 1; g < t->goroutines.count; g++)
			if (o->group_of[g] != UINT32_MAX)
				o->group_of[g] = now[o->group_of[g]];
	}
	free(now);
	return ok;
}

enum kymo_status kymo_goroutine_groups_compute(const struct kymo_trace *t, struct kymo_goroutine_groups *out)
{
	struct work w = {.t = t};
	struct acc a = {0};
	*out = (struct kymo_goroutine_groups){0};
	w.group_of = malloc(t->goroutines.count * sizeof *w.group_of);
	bool ok = w.group_of && acc_begin(&a, t) && make_groups(&w, &a);
	ok = ok && walk_ranges(t, &(struct range_sink){add_range, &w, 0});
	ok = ok && publish(&w, out);
	free(a.block);
	for (size_t i = 0; i < w.groups.count; i++) {
		vec_free(&w.groups.at[i].block);
		vec_free(&w.groups.at[i].range);
	}
	vec_free(&w.groups);
	free(w.group_of);
	if (!ok) {
		kymo_goroutine_groups_free(out);
		return KYMO_E_MEMORY;
	}
	return KYMO_OK;
}

void kymo_goroutine_groups_free(struct kymo_goroutine_groups *g)
{
	if (!g || !g->owned)
		return;
	struct owned *o = g->owned;
	free(o->name);
	free(o->goroutines);
	free(o->block_from);
	free(o->range_from);
	free(o->group_of);
	free(o->times);
	free(o->block);
	free(o->range);
	free(o);
	*g = (struct kymo_goroutine_groups){0};
}

/* ---- one ---- */

struct few {
	struct kymo_named_ns *at;
	size_t count, cap;
};

static bool add_few(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns)
{
	struct few *f = ctx;
	(void)g;
	for (size_t i = 0; i < f->count && i < f->cap; i++)
		if (f->at[i].name == name) {
			f->at[i].ns += ns;
			return true;
		}
	if (f->count < f->cap)
		f->at[f->count] = (struct kymo_named_ns){name, ns};
	f->count++;
	return true;
}

void kymo_goroutine_times(const struct kymo_trace *t, kymo_goroutine_ix g, struct kymo_times *times, struct kymo_named_ns *block,
                          size_t *block_count, struct kymo_named_ns *range, size_t *range_count, size_t cap)
{
	struct acc a = {0};
	struct few b = {block, 0, cap}, r = {range, 0, cap};
	*times = (struct kymo_times){0};
	if (g && g < t->goroutines.count && acc_begin(&a, t)) {
		add_goroutine(&a, g, times);
		for (size_t c = 0; c < t->reasons.count; c++)
			if (a.block[c])
				add_few(&b, g, t->reasons.at[c], a.block[c]);
		walk_ranges(t, &(struct range_sink){add_few, &r, g});
	}
	free(a.block);
	*block_count = b.count;
	*range_count = r.count;
}
