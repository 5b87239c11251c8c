/* SPDX-License-Identifier: MIT */
/*
 * Lists are made by counting sort over the owner; the trace's order in time is kept within each.
 * Overlapping intervals of one owner are joined, so that the first one of a window is a binary
 * search away.
 */
#include "serve/marks.h"

#include <stdlib.h>
#include <string.h>

struct mark {
	kymo_ns start, end;
};

static int compare_marks(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * Sorts each owner's entries if they are not (a sample is written after the fact), and joins
 * overlapping ones.
 */
static uint32_t tidy(struct mark *at, uint32_t count)
{
	bool sorted = true;
	for (uint32_t i = 1; i < count && sorted; i++)
		sorted = at[i - 1].start <= at[i].start;
	if (!sorted)
		qsort(at, count, sizeof *at, compare_marks);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (kept && at[i].start <= at[kept - 1].end) {
			if (at[i].end > at[kept - 1].end)
				at[kept - 1].end = at[i].end;
		} else {
			at[kept++] = at[i];
		}
	}
	return kept;
}

static bool list_make(struct mark_list *l, uint32_t owners, const uint32_t *owner,
                      const struct mark *marks, uint32_t count, bool instants)
{
	l->owners = owners;
	l->from = calloc((size_t)owners + 2, sizeof *l->from);
	struct mark *placed = malloc(((size_t)count + 1) * sizeof *placed);
	if (!l->from || !placed)
		goto fail;
	/* at[i] is where owner i's next entry goes; it ends as the start of owner i + 1's. */
	uint32_t *at = l->from + 1;
	for (uint32_t i = 0; i < count; i++)
		if (owner[i] < owners)
			at[owner[i] + 1]++;
	for (uint32_t i = 0; i < owners; i++)
		at[i + 1] += at[i];
	for (uint32_t i = 0; i < count; i++)
		if (owner[i] < owners)
			placed[at[owner[i]]++] = marks[i];
	uint32_t kept = 0, begin = 0;
	for (uint32_t i = 0; i < owners; i++) {
		uint32_t end = l->from[i + 1];
		uint32_t n = end > begin ? tidy(placed + begin, end - begin) : 0;
		if (n && kept != begin)
			memmove(placed + kept, placed + begin, n * sizeof *placed);
		l->from[i] = kept;
		kept += n;
		begin = end;
	}
	l->from[owners] = kept;
	l->start = malloc(((size_t)kept + 1) * sizeof *l->start);
	l->end = instants ? NULL : malloc(((size_t)kept + 1) * sizeof *l->end);
	if (!l->start || (!instants && !l->end))
		goto fail;
	for (uint32_t i = 0; i < kept; i++) {
		l->start[i] = placed[i].start;
		if (l->end)
			l->end[i] = placed[i].end;
	}
	free(placed);
	return true;
fail:
	free(placed);
	return false;
}

static void list_free(struct mark_list *l)
{
	free(l->from);
	free(l->start);
	free(l->end);
}

static bool ranges_make(struct mark_ranges *out, const struct kymo_ranges *r, unsigned kind)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < r->count; i++)
		count += r->kind[i] == kind;
	out->row = malloc(((size_t)count + 1) * sizeof *out->row);
	out->latest = malloc(((size_t)count + 1) * sizeof *out->latest);
	if (!out->row || !out->latest)
		return false;
	kymo_ns latest = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->kind[i] != kind)
			continue;
		if (r->end[i] > latest)
			latest = r->end[i];
		out->row[out->count] = i;
		out->latest[out->count++] = latest;
	}
	return true;
}

/*
 * The lists of GC work. A sweep counts for the goroutine that was on the proc, as far as the trace
 * says.
 */
static bool gc_make(struct marks *m, const struct kymo_trace *t)
{
	const struct kymo_ranges *r = kymo_trace_ranges(t);
	struct mark *marks = malloc(((size_t)r->count + 1) * sizeof *marks);
	uint32_t *goroutine = malloc(((size_t)r->count + 1) * sizeof *goroutine);
	uint32_t *proc = malloc(((size_t)r->count + 1) * sizeof *proc);
	uint32_t count = 0;
	bool ok = marks && goroutine && proc;
	for (uint32_t i = 0; ok && i < r->count; i++) {
		if (r->kind[i] != KYMO_RANGE_SWEEP && r->kind[i] != KYMO_RANGE_ASSIST)
			continue;
		marks[count] = (struct mark){r->start[i], r->end[i]};
		goroutine[count] = r->goroutine[i] ? r->goroutine[i] : UINT32_MAX;
		proc[count++] = r->proc[i] ? r->proc[i] : UINT32_MAX;
	}
	ok = ok &&
	     list_make(&m->gc_of_goroutine, kymo_trace_goroutines(t)->count, goroutine, marks,
	               count, false) &&
	     list_make(&m->gc_of_proc, kymo_trace_procs(t)->count, proc, marks, count, false);
	free(marks);
	free(goroutine);
	free(proc);
	return ok;
}

static bool samples_make(struct marks *m, const struct kymo_trace *t)
{
	const struct kymo_samples *s = kymo_trace_samples(t);
	struct mark *marks = malloc(((size_t)s->count + 1) * sizeof *marks);
	bool ok = marks != NULL;
	for (uint32_t i = 0; ok && i < s->count; i++)
		marks[i] = (struct mark){s->time[i], s->time[i]};
	ok = ok &&
	     list_make(&m->samples_of_goroutine, kymo_trace_goroutines(t)->count, s->goroutine,
	               marks, s->count, true) &&
	     list_make(&m->samples_of_proc, kymo_trace_procs(t)->count, s->proc, marks, s->count,
	               true) &&
	     list_make(&m->samples_of_thread, kymo_trace_threads(t)->count, s->thread, marks,
	               s->count, true);
	free(marks);
	return ok;
}

bool marks_make(struct marks *m, const struct kymo_trace *t)
{
	*m = (struct marks){0};
	return gc_make(m, t) && samples_make(m, t) &&
	       ranges_make(&m->gc, kymo_trace_ranges(t), KYMO_RANGE_GC) &&
	       ranges_make(&m->stw, kymo_trace_ranges(t), KYMO_RANGE_STW);
}

void marks_free(struct marks *m)
{
	list_free(&m->gc_of_goroutine);
	list_free(&m->gc_of_proc);
	list_free(&m->samples_of_goroutine);
	list_free(&m->samples_of_proc);
	list_free(&m->samples_of_thread);
	free(m->gc.row);
	free(m->gc.latest);
	free(m->stw.row);
	free(m->stw.latest);
	*m = (struct marks){0};
}

static size_t list_bytes(const struct mark_list *l)
{
	return l->from ? l->owners * sizeof *l->from +
	                         l->from[l->owners] * sizeof(kymo_ns) * (l->end ? 2 : 1)
	               : 0;
}

size_t marks_bytes(const struct marks *m)
{
	return list_bytes(&m->gc_of_goroutine) + list_bytes(&m->gc_of_proc) +
	       list_bytes(&m->samples_of_goroutine) + list_bytes(&m->samples_of_proc) +
	       list_bytes(&m->samples_of_thread) +
	       (m->gc.count + m->stw.count) * (sizeof(uint32_t) + sizeof(kymo_ns));
}

/* Columns that [start, end) touches; an empty interval touches the column of its instant. */
static void flag_columns(kymo_ns start, kymo_ns end, kymo_ns t0, unsigned k, uint32_t count,
                         uint8_t *flags, uint8_t bit)
{
	kymo_ns last = end > start ? end - 1 : start;
	if (last < t0)
		return;
	uint64_t c0 = start > t0 ? (uint64_t)(start - t0) >> k : 0, c1 = (uint64_t)(last - t0) >> k;
	for (uint64_t c = c0; c <= c1 && c < count; c++)
		flags[c] |= bit;
}

void marks_list_flag(const struct mark_list *l, uint32_t owner, kymo_ns t0, unsigned k,
                     uint32_t count, uint8_t *flags, uint8_t bit)
{
	uint32_t lo = l->from[owner], end = l->from[owner + 1], hi = end;
	const kymo_ns *ends = l->end ? l->end : l->start;
	kymo_ns t1 = t0 + ((kymo_ns)count << k);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (ends[mid] < t0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < end && l->start[lo] < t1; lo++)
		flag_columns(l->start[lo], ends[lo], t0, k, count, flags, bit);
}

uint32_t marks_ranges_seek(const struct mark_ranges *r, kymo_ns t)
{
	uint32_t lo = 0, hi = r->count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (r->latest[mid] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void marks_ranges_flag(const struct mark_ranges *r, const struct kymo_ranges *all, kymo_ns t0,
                       unsigned k, uint32_t count, uint8_t *flags, uint8_t bit)
{
	kymo_ns t1 = t0 + ((kymo_ns)count << k);
	for (uint32_t i = marks_ranges_seek(r, t0); i < r->count && all->start[r->row[i]] < t1; i++)
		flag_columns(all->start[r->row[i]], all->end[r->row[i]], t0, k, count, flags, bit);
}
