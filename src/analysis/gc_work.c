/* SPDX-License-Identifier: MIT */
/* Labels and ranges met with the goroutines' spans: the store has a mark of where each met them. */
#include "analysis/gc_work.h"

#include <stdlib.h>
#include <string.h>

static bool is(struct kymo_str s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

int gc_label_mode(const struct kymo_trace *t, kymo_string_ix label)
{
	struct kymo_str s = kymo_trace_string(t, label);
	if (s.len < 3 || memcmp(s.ptr, "GC ", 3) != 0)
		return -1;
	return is(s, "GC (idle)")        ? GC_IDLE
	       : is(s, "GC (dedicated)") ? GC_DEDICATED
	                                 : GC_FRACTIONAL;
}

bool gc_is_stw_name(const struct kymo_trace *t, kymo_string_ix name)
{
	static const char stw[] = "stop-the-world";
	struct kymo_str s = kymo_trace_string(t, name);
	return s.len >= sizeof stw - 1 && memcmp(s.ptr, stw, sizeof stw - 1) == 0 &&
	       memmem(s.ptr, s.len, "GC", 2) != NULL;
}

/* What spans are cut to. */
struct executing {
	struct gc_piece piece;  // its goroutine and mode
	kymo_ns from, to;
	bool one_run;  // until the goroutine stops executing
	gc_visit *visit;
	void *ctx;
};

/* From the scan's place on. What ends before `from` is not yet part of the run. */
static bool visit_executing(struct span_scan *scan, struct executing *x)
{
	struct span_rec r, next;
	bool more = span_scan_next(scan, &r);
	while (more && r.start < x->to) {
		more = span_scan_next(scan, &next);
		kymo_ns end = more ? next.start : scan->t->g.end.at[scan->g];
		bool executes = (r.kind == REC_RUNNING || r.kind == REC_SYSCALL) && r.aux;
		if (executes) {
			x->piece.from = r.start > x->from ? r.start : x->from;
			x->piece.to = end < x->to ? end : x->to;
			x->piece.proc = r.aux;
			if (x->piece.from < x->piece.to && !x->visit(x->ctx, &x->piece))
				return false;
		} else if (x->one_run && end > x->from) {
			break;
		}
		r = next;
	}
	return true;
}

bool gc_executing(const struct kymo_trace *t, uint32_t range, kymo_ns from, kymo_ns to,
                  gc_visit *visit, void *ctx)
{
	const struct kymo_ranges *ranges = &t->ranges;
	kymo_goroutine_ix g = ranges->goroutine[range];
	kymo_ns start = ranges->start[range], end = ranges->end[range];
	struct executing x = {{.goroutine = g},
	                      start > from ? start : from,
	                      end < to ? end : to,
	                      false,
	                      visit,
	                      ctx};
	struct span_scan scan;
	if (!g || x.from >= x.to)
		return true;
	// What has gone on for long may have many records before the window.
	if (from <= start)
		span_scan_mark(&scan, t, g, start, t->range_mark[range]);
	else
		span_scan_seek(&scan, t, g, from);
	return visit_executing(&scan, &x);
}

/* One run: the label stands inside of it. */
static bool worker_run(const struct kymo_trace *t, uint32_t label, kymo_ns to, uint8_t mode,
                       gc_visit *visit, void *ctx)
{
	kymo_goroutine_ix g = t->labels.goroutine[label];
	kymo_ns from = t->labels.time[label];
	struct executing x = {{.goroutine = g, .mode = mode}, from, to, true, visit, ctx};
	struct span_scan scan;
	span_scan_mark(&scan, t, g, from, t->label_mark.at[label]);
	return visit_executing(&scan, &x);
}

bool gc_workers(const struct kymo_trace *t, kymo_ns from, kymo_ns to, gc_visit *visit, void *ctx)
{
	const struct kymo_labels *l = &t->labels;
	// The next label of the same goroutine, from the back; workers are few, so the map is small.
	kymo_ns *next = malloc((l->count + 1) * sizeof *next);
	struct idmap at = {0};
	bool ok = next != NULL;
	for (uint32_t i = l->count; ok && i-- > 0;) {
		uint32_t *v = idmap_put(&at, l->goroutine[i]);
		ok = v != NULL;
		if (ok) {
			next[i] = *v ? l->time[*v - 1] : INT64_MAX;
			*v = i + 1;
		}
	}
	idmap_free(&at);
	for (uint32_t i = 0; ok && i < l->count; i++) {
		int mode = gc_label_mode(t, l->label[i]);
		// A run lasts to the next label at most.
		if (mode >= 0 && l->goroutine[i] && l->time[i] < to && next[i] > from)
			ok = worker_run(t, i, next[i], (uint8_t)mode, visit, ctx);
	}
	free(next);
	return ok;
}
