/* SPDX-License-Identifier: MIT */
/* The reasons are those that the runtimes of Go 1.22 to 1.26 write; an unknown one is "other". */
#include "serve/classes.h"

#include <stdlib.h>
#include <string.h>

struct rule {
	const char *text;
	uint8_t class;
	bool prefix;
};

static const struct rule rules[] = {
	{"chan ", CLASS_CHAN, true},  // send, receive
	{"select", CLASS_CHAN, true},
	{"sync", CLASS_SYNC, true},  // and sync.(*Cond).Wait
	{"network", CLASS_NET, false},
	{"sleep", CLASS_SLEEP, false},
	{"GC ", CLASS_GC,
         true},  // mark assist wait for work, background sweeper wait, weak to strong wait ...
	{"wait until GC ends", CLASS_GC, false},
};

enum serve_class class_of_reason(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		size_t n = strlen(rules[i].text);
		if (len >= n && (rules[i].prefix || len == n) && memcmp(text, rules[i].text, n) == 0)
			return rules[i].class;
	}
	return CLASS_OTHER;
}

uint8_t *class_table_make(const struct kymo_trace *t)
{
	uint32_t count = kymo_trace_string_count(t);
	uint8_t *table = malloc((size_t)count + 1);
	for (uint32_t i = 0; table && i < count; i++) {
		struct kymo_str s = kymo_trace_string(t, i);
		table[i] = (uint8_t)class_of_reason(s.ptr, s.len);
	}
	return table;
}
