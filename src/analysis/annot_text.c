/* SPDX-License-Identifier: MIT */
#include "analysis/annot_text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define LENGTH_MAX 2000    // of an expression
#define STEPS_MAX 20000    // on a string: about a millisecond
#define HEAP_KIB_MAX 1024  // for a match

/* Names and logs may hold any bytes: what is no UTF-8 matches nothing but is no error. */
static enum kymo_status compile(struct text_test *m, struct kymo_error *err)
{
	pcre2_compile_context *how = pcre2_compile_context_create(NULL);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	int code = 0;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR why[160];
	m->limits = limits;
	if (!how || !limits) {
		pcre2_compile_context_free(how);
		return error_memory(err);
	}
	pcre2_set_max_pattern_length(how, LENGTH_MAX);
	pcre2_set_match_limit(limits, STEPS_MAX);
	pcre2_set_heap_limit(limits, HEAP_KIB_MAX);
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)m->text, m->len,
	                               PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
	                               &code, &at, how);
	m->re = re;
	pcre2_compile_context_free(how);
	if (!re) {
		pcre2_get_error_message(code, why, sizeof why);
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "'%.60s' is no regular expression: %s (at character %zu)", m->text,
		                 (const char *)why, at);
	}
	m->match = pcre2_match_data_create(1, NULL);
	return m->match ? KYMO_OK : error_memory(err);
}

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
	return how == TEXT_REGEX ? compile(m, err) : KYMO_OK;
}

static bool matches(struct text_test *m, struct kymo_str s)
{
	if (m->too_long)
		return false;
	int r = pcre2_match(m->re, (PCRE2_SPTR)s.ptr, s.len, 0, 0, m->match, m->limits);
	m->too_long = r < 0 && r != PCRE2_ERROR_NOMATCH;
	return r >= 0;
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

enum kymo_status text_test_end(struct text_test *m, struct kymo_error *err)
{
	enum kymo_status st =
		m->too_long
			? error_set(err, KYMO_E_RANGE, 0, 0,
	                            "the regular expression '%.60s' takes too long: make it simpler",
	                            m->text)
			: KYMO_OK;
	pcre2_code_free(m->re);
	pcre2_match_data_free(m->match);
	pcre2_match_context_free(m->limits);
	free(m->known);
	*m = (struct text_test){0};
	return st;
}
