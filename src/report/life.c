/* SPDX-License-Identifier: MIT */
/* Which part of a life's bar a reason belongs to. */
#include <stdlib.h>
#include <string.h>

#include "report/goroutines.h"

static enum life life_of_reason(struct kymo_str s)
{
	static const struct {
		const char *prefix;
		enum life part;
	} rules[] = {
		{"chan ", LIFE_CHAN},
		{"select", LIFE_CHAN},
		{"sync", LIFE_SYNC},
		{"network", LIFE_NET},
		{"sleep", LIFE_SLEEP},
		{"GC ", LIFE_GC},
		{"wait until GC ends", LIFE_GC},
	};
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		size_t n = strlen(rules[i].prefix);
		if (s.len >= n && memcmp(s.ptr, rules[i].prefix, n) == 0)
			return rules[i].part;
	}
	return LIFE_OTHER;
}

bool life_classes_make(struct life_classes *c, const struct kymo_trace *t)
{
	static const char worker[] = "runtime.gcBgMarkWorker";
	uint32_t n = kymo_trace_string_count(t);
	*c = (struct life_classes){.t = t, .of = malloc(n + 1)};
	for (uint32_t i = 0; c->of && i < n; i++) {
		struct kymo_str s = kymo_trace_string(t, i);
		c->of[i] = (uint8_t)life_of_reason(s);
		if (s.len == sizeof worker - 1 && memcmp(s.ptr, worker, s.len) == 0)
			c->gc_worker = i;
	}
	return c->of != NULL;
}

void life_classes_free(struct life_classes *c)
{
	free(c->of);
}

void life_of(const struct life_classes *c, kymo_string_ix name, const struct kymo_times *x,
             const struct kymo_named_ns *block, size_t count, kymo_ns life[LIFE_PARTS])
{
	memset(life, 0, LIFE_PARTS * sizeof *life);
	life[name && name == c->gc_worker ? LIFE_GC : LIFE_RUN] += x->execution;
	life[LIFE_RUNNABLE] += x->sched_wait;
	life[LIFE_SYSCALL] += x->syscall + x->syscall_block;
	for (size_t i = 0; i < count; i++)
		life[c->of[block[i].name]] += block[i].ns;
}
