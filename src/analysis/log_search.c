/* SPDX-License-Identifier: MIT */
/* Logs by category, text, task, goroutine, time. */
#include <kymo/annotations.h>

#include "analysis/annot_of_task.h"
#include "analysis/annot_text.h"
#include "analysis/select.h"
#include "base/error.h"
#include "base/vec.h"

/* The goroutine was selected at that time. */
static bool selected(const struct kymo_trace *t, const struct kymo_selection *sel,
                     kymo_goroutine_ix g, kymo_ns at)
{
	if (!sel || sel->whole)
		return true;
	if (!select_has(sel, g) || !select_instant(t, sel, at))
		return false;
	if (!sel->piece_from)
		return true;
	// The last piece that begins at `at` or before. Its end is in: a task's last log ends the task's piece.
	uint32_t lo = sel->piece_from[g], hi = sel->piece_from[g + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (sel->pieces[mid].from <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > sel->piece_from[g] && at <= sel->pieces[lo - 1].to;
}

enum kymo_status kymo_log_search(const struct kymo_trace *t, const struct kymo_selection *sel,
                                 const struct kymo_log_filter *filter, uint32_t **rows,
                                 uint32_t *count, struct kymo_error *err)
{
	const struct kymo_logs *l = &t->logs;
	struct kymo_log_filter f = filter ? *filter : (struct kymo_log_filter){0};
	struct text_test category = {0}, text = {0};
	struct of_task task = {0};
	VEC(uint32_t) found = {0};
	*rows = NULL;
	*count = 0;
	enum kymo_status st = text_test_make(&category, t, f.category, TEXT_IS, err);
	if (st == KYMO_OK)
		st = text_test_make(&text, t, f.text, f.regex ? TEXT_REGEX : TEXT_CONTAINS, err);
	if (st == KYMO_OK && !of_task_make(&task, t, f.task))
		st = error_memory(err);
	bool ok = st == KYMO_OK && vec_reserve(&found, 1);
	for (uint32_t i = 0; ok && i < l->count; i++)
		if (selected(t, sel, l->goroutine[i], l->time[i]) &&
		    text_test(&category, l->category[i]) &&
		    (text_test(&text, l->message[i]) || text_test(&text, l->category[i])) &&
		    of_task_log(&task, i))
			ok = vec_push(&found, i);
	if (st == KYMO_OK && !ok)
		st = error_memory(err);
	text_test_end(&category, NULL);
	enum kymo_status ended = text_test_end(&text, st == KYMO_OK ? err : NULL);
	st = st == KYMO_OK ? ended : st;
	if (st == KYMO_OK) {
		*rows = found.at;
		*count = (uint32_t)found.count;
	} else {
		vec_free(&found);
	}
	of_task_free(&task);
	return st;
}
