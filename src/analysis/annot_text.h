/* SPDX-License-Identifier: MIT */
/*
 * Which strings of a trace pass a test on their text. Each is looked at once, when first asked for; strings are interned,
 * so that a million logs of ten messages are ten comparisons.
 *
 *     struct text_test m = {0};
 *     st = text_test_make(&m, t, "timeout", TEXT_CONTAINS, err);
 *     if (text_test(&m, logs->message[i])) ...
 *     text_test_free(&m);
 */
#ifndef KYMO_ANALYSIS_ANNOT_TEXT_H
#define KYMO_ANALYSIS_ANNOT_TEXT_H

#include <regex.h>

#include <kymo/error.h>
#include <kymo/trace.h>

#include "base/bug.h"

enum text_how { TEXT_IS, TEXT_CONTAINS, TEXT_REGEX };

struct text_test {
	const struct kymo_trace *t;
	const char *text;  // NULL: everything passes
	size_t len;
	enum text_how how;
	uint8_t *known;  // [strings] 0: not looked at, 1: no, 2: yes
	char *copy;      // for regexec, which wants an end
	size_t copy_cap;
	regex_t re;
	bool compiled;
};

/* `text` NULL: everything passes. Must outlive the test. Errors: KYMO_E_RANGE, KYMO_E_MEMORY; free all the same. */
enum kymo_status text_test_make(struct text_test *m, const struct kymo_trace *t, const char *text,
                                enum text_how how, struct kymo_error *err);
bool text_test_slow(struct text_test *m, kymo_string_ix s);
void text_test_free(struct text_test *m);

static inline bool text_test(struct text_test *m, kymo_string_ix s)
{
	if (!m->text)
		return true;
	return likely(m->known[s]) ? m->known[s] == 2 : text_test_slow(m, s);
}

#endif
