/* SPDX-License-Identifier: MIT */
/*
 * Which strings of a trace pass a test on their text. Each is looked at once, when first asked for; strings are interned,
 * so that a million logs of ten messages are ten comparisons.
 *
 *     struct text_test m = {0};
 *     st = text_test_make(&m, t, "timeout", TEXT_CONTAINS, err);
 *     if (text_test(&m, logs->message[i])) ...
 *     st = text_test_end(&m, err);             // frees; an error if a regular expression took too long somewhere
 *
 * Regular expressions are PCRE2's, with limits: they come from strangers, too, over HTTP.
 */
#ifndef KYMO_ANALYSIS_ANNOT_TEXT_H
#define KYMO_ANALYSIS_ANNOT_TEXT_H

#include <kymo/error.h>
#include <kymo/trace.h>

#include "base/bug.h"

enum text_how { TEXT_IS, TEXT_CONTAINS, TEXT_REGEX };

struct text_test {
	const struct kymo_trace *t;
	const char *text;  // NULL: everything passes
	size_t len;
	enum text_how how;
	uint8_t *known;    // [strings] 0: not looked at, 1: no, 2: yes
	void *re, *match;  // TEXT_REGEX: PCRE2's
	void *limits;
	bool too_long;  // some string took too many steps: nothing was found out after that
};

/* `text` NULL: everything passes. Must outlive the test. Errors: KYMO_E_RANGE, KYMO_E_MEMORY; end it all the same. */
enum kymo_status text_test_make(struct text_test *m, const struct kymo_trace *t, const char *text,
                                enum text_how how, struct kymo_error *err);
bool text_test_slow(struct text_test *m, kymo_string_ix s);
enum kymo_status text_test_end(struct text_test *m, struct kymo_error *err);

static inline bool text_test(struct text_test *m, kymo_string_ix s)
{
	if (!m->text)
		return true;
	return likely(m->known[s]) ? m->known[s] == 2 : text_test_slow(m, s);
}

#endif
