/* SPDX-License-Identifier: MIT */
#include "analysis/annot_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum kymo_status text_test_make(struct text_test *m, const struct kymo_trace *t, const char *text,
                                enum text_how how, struct kymo_error *err)
{
	*m = (struct text_test){.t = t, .text = text, .how = how};
	if (!text)
		return KYMO_OK;
	m->len = strlen(text);
	m->known = calloc(kymo_trace_string_count(t), 1);
	if (!m->known)
		return error_memory(err);
	if (how != TEXT_REGEX)
		return KYMO_OK;
	int failed = regcomp(&m->re, text, REG_EXTENDED | REG_NOSUB);
	if (failed) {
		char why[128];
		regerror(failed, &m->re, why, sizeof why);
		return error_set(err, KYMO_E_RANGE, 0, 0, "'%s' is no regular expression: %s", text,
		                 why);
	}
	m->compiled = true;
	return KYMO_OK;
}

/* A text with a zero byte in it ends there for a regular expression. No memory for a copy: no match. */
static bool matches(struct text_test *m, struct kymo_str s)
{
	if (s.len >= m->copy_cap) {
		free(m->copy);
		m->copy_cap = s.len + 256;
		m->copy = malloc(m->copy_cap);
		if (!m->copy) {
			m->copy_cap = 0;
			return false;
		}
	}
	memcpy(m->copy, s.ptr, s.len);
	m->copy[s.len] = 0;
	return regexec(&m->re, m->copy, 0, NULL, 0) == 0;
}

bool text_test_slow(struct text_test *m, kymo_string_ix ix)
{
	struct kymo_str s = kymo_trace_string(m->t, ix);
	bool yes;
	switch (m->how) {
	case TEXT_IS: yes = s.len == m->len && memcmp(s.ptr, m->text, s.len) == 0; break;
	case TEXT_CONTAINS:
		yes = m->len == 0 || memmem(s.ptr, s.len, m->text, m->len) != NULL;
		break;
	default: yes = matches(m, s); break;
	}
	m->known[ix] = yes ? 2 : 1;
	return yes;
}

void text_test_free(struct text_test *m)
{
	if (m->compiled)
		regfree(&m->re);
	free(m->known);
	free(m->copy);
	*m = (struct text_test){0};
}
