/* SPDX-License-Identifier: MIT */
#include "analysis/place.h"

#include <stdlib.h>
#include <string.h>

bool place_parse(struct place *p, const char *text)
{
	char *end;
	*p = (struct place){0};
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		p->pc = strtoull(text + 2, &end, 16);
		return end != text + 2 && *end == 0;
	}
	const char *colon = strrchr(text, ':');
	if (!colon || colon == text || colon[1] < '0' || colon[1] > '9')
		return false;
	p->file = text;
	p->len = (size_t)(colon - text);
	p->line = strtoull(colon + 1, &end, 10);
	return *end == 0;
}

bool place_is(const struct kymo_trace *t, const struct kymo_frame *f, const struct place *p)
{
	if (!p->file)
		return f->pc == p->pc;
	struct kymo_str s = kymo_trace_string(t, f->file);
	if (f->line != p->line || s.len < p->len ||
	    memcmp(s.ptr + s.len - p->len, p->file, p->len) != 0)
		return false;
	return s.len == p->len || p->file[0] == '/' || s.ptr[s.len - p->len - 1] == '/';
}
