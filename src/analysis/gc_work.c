/* SPDX-License-Identifier: MIT */
/* Labels and ranges met with the goroutines' spans. */
#include "analysis/gc_work.h"

#include <stdlib.h>
#include <string.h>

#include "trace/walk.h"

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

struct executing {
	struct gc_piece piece;  // its goroutine
	kymo_ns from, to;
	gc_visit *visit;
	void *ctx;
	bool ok;
};

static always_inline bool visit_executing(void *ctx, const struct walk_span *s)
{
	struct executing *x = ctx;
	if ((s->state != KYMO_SPAN_RUNNING && s->state != KYMO_SPAN_SYSCALL) || !s->proc)
		return true;
	x->piece.from = s->start > x->from ? s->start : x->from;
	x->piece.to = s->end < x->to ? s->end : x->to;
	x->piece.proc = s->proc;
	x->ok = x->piece.from >= x->piece.to || x->visit(x->ctx, &x->piece);
	return x->ok;
}

bool gc_executing(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns from, kymo_ns to,
                  gc_visit *visit, void *ctx)
{
	struct executing x = {{.goroutine = g}, from, to, visit, ctx, true};
	if (from < to)
		walk_window(t, g, from, to, 1u << REC_RUNNING | 1u << REC_SYSCALL, visit_executing,
		            &x);
	return x.ok;
}

/* One run: the label stands inside of it. */
static bool worker_run(const struct kymo_trace *t, kymo_goroutine_ix g, kymo_ns from, kymo_ns to,
                       uint8_t mode, gc_visit *visit, void *ctx)
{
	struct kymo_span_cursor c;
	struct kymo_span s;
	kymo_span_seek(t, g, from, &c);
	while (kymo_span_next(&c, &s) && s.start < to) {
		if ((s.state != KYMO_SPAN_RUNNING && s.state != KYMO_SPAN_SYSCALL) || !s.proc)
			break;
		struct gc_piece p = {.from = s.start > from ? s.start : from,
		                     .to = s.end < to ? s.end : to,
		                     .goroutine = g,
		                     .proc = s.proc,
		                     .mode = mode};
		if (p.from < p.to && !visit(ctx, &p))
			return false;
	}
	return true;
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
			ok = worker_run(t, l->goroutine[i], l->time[i], next[i], (uint8_t)mode,
			                visit, ctx);
	}
	free(next);
	return ok;
}
