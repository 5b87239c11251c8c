/* SPDX-License-Identifier: MIT */
/* Every report there is. A new one: its declaration, its row. */
#include <string.h>

#include "report/report.h"

extern const struct report_def report_chans, report_locks, report_net, report_syscalls;
extern const struct report_def report_goroutines;
extern const struct report_def report_tasks;
extern const struct report_def report_regions;
extern const struct report_def report_logs;
extern const struct report_def report_sched;
extern const struct report_def report_gc;
extern const struct report_def report_mmu;

const struct report_def *const report_all[] = {
	&report_goroutines, &report_tasks, &report_regions, &report_logs,
	&report_sched,      &report_gc,    &report_mmu,     &report_net,
	&report_syscalls,   &report_locks, &report_chans,   NULL,
};

const struct report_def *report_find(const char *name)
{
	for (size_t i = 0; report_all[i]; i++)
		if (strcmp(report_all[i]->name, name) == 0)
			return report_all[i];
	return NULL;
}
