/* SPDX-License-Identifier: MIT */
#include "analysis/annot_of_task.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/annot_text.h"
#include "trace/store.h"

bool of_task_id(const char *text, uint64_t *id)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*id = strtoull(text, &end, 10);
	return *end == 0 && !errno;
}

/* By the table of tasks, because one id may have been tasks of several types. */
static bool mark_type(struct of_task *f, const char *type)
{
	struct kymo_task_table tasks;
	struct text_test is = {0};
	f->regions = calloc((size_t)f->t->regions.count + 1, 1);
	f->logs = calloc((size_t)f->t->logs.count + 1, 1);
	bool ok = f->regions && f->logs &&
	          kymo_task_table_compute(f->t, KYMO_RULES_EXACT, &tasks) == KYMO_OK;
	if (!ok)
		return false;
	ok = text_test_make(&is, f->t, type, TEXT_IS, NULL) == KYMO_OK;
	for (uint32_t i = 0; ok && i < tasks.count; i++) {
		const struct kymo_task *a = &tasks.at[i];
		if (!text_test(&is, a->type))
			continue;
		for (uint32_t k = a->regions_from; k < a[1].regions_from; k++)
			f->regions[tasks.regions[k]] = 1;
		for (uint32_t k = a->logs_from; k < a[1].logs_from; k++)
			f->logs[tasks.logs[k]] = 1;
	}
	text_test_end(&is, NULL);
	kymo_task_table_free(&tasks);
	return ok;
}

bool of_task_make(struct of_task *f, const struct kymo_trace *t, const char *task)
{
	*f = (struct of_task){.t = t, .any = !task};
	if (!task)
		return true;
	f->by_id = of_task_id(task, &f->id);
	return f->by_id || mark_type(f, task);
}

bool of_task_region(const struct of_task *f, uint32_t region)
{
	return f->any || (f->by_id ? f->t->regions.task[region] == f->id : f->regions[region]);
}

bool of_task_log(const struct of_task *f, uint32_t log)
{
	return f->any || (f->by_id ? f->t->logs.task[log] == f->id : f->logs[log]);
}

void of_task_free(struct of_task *f)
{
	free(f->regions);
	free(f->logs);
	*f = (struct of_task){0};
}
