/* SPDX-License-Identifier: MIT */
#include "serve/warm.h"

#include <kymo/keep.h>
#include <kymo/mmu.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/threads.h"
#include "report/profile.h"

#define NICE 10

struct warm {
	struct shelf *shelf;
	struct kymo_trace *trace;
	pthread_t thread;
	bool stop;
};

/* In about the order in which pages are looked at. */
static const struct job {
	const char *report;  // NULL: a profile
	struct report_param param;
} jobs[] = {
	{"goroutines", {0}},
	{NULL, {"kind", "sync"}},
	{NULL, {"kind", "sched"}},
	{NULL, {"kind", "net"}},
	{NULL, {"kind", "syscall"}},
	{"sched", {0}},
	{"tasks", {0}},
	{"regions", {0}},
	{"gc", {0}},
	{"mmu", {0}},
	{"logs", {0}},
	{"net", {0}},
	{"syscalls", {0}},
	{"locks", {0}},
	{"chans", {0}},
	{NULL, {"kind", "block"}},
	{NULL, {"kind", "create"}},
	{NULL, {"kind", "stw"}},
	{"goroutines", {"list", "1"}},
};

#define LONG 100000  // rows: to sort them takes some 5 ms

/* The order of the first page, too; of a long table those that a click on a column's head asks for. */
static void warm_report(struct warm *w, struct report *r)
{
	for (size_t i = 0; i < r->tables.count; i++) {
		const struct table *t = &r->tables.at[i];
		const uint32_t *order;
		report_order(r, i, NULL, &order, NULL);
		for (size_t c = 0; t->rows >= LONG && c < t->column_count; c++) {
			const struct report_page page = {.sort = t->columns[c].key};
			bool number = t->columns[c].kind != CELL_TEXT &&
			              !(t->columns[c].flags & COL_QUIET);
			if (number && !__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
				report_order(r, i, &page, &order, NULL);
		}
	}
	shelf_release(w->shelf, r);
}

/* What was needed for a moment, of threads that are gone, would stay with the allocator. */
static void give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* The MMU page's boxes, as web/src/pages/mmu.tsx writes them. */
static const struct {
	const char *name;
	unsigned bit;
} boxes[] = {
	{"stw", KYMO_UTIL_STW},          {"background", KYMO_UTIL_BACKGROUND},
	{"assist", KYMO_UTIL_ASSIST},    {"sweep", KYMO_UTIL_SWEEP},
	{"perproc", KYMO_UTIL_PER_PROC},
};
#define BOXES (sizeof boxes / sizeof *boxes)

/* Of a set one click away the report is kept, of others the curve, with the trace (report/curves.h). */
static void warm_curve(struct warm *w, unsigned flags, bool near)
{
	char text[64] = "";
	const struct report_def *mmu = report_find("mmu");
	struct report_param param = {"flags", text};
	struct report *r;
	for (size_t i = 0; i < BOXES; i++)
		if (flags & boxes[i].bit) {
			if (*text)
				strcat(text, ",");
			strcat(text, boxes[i].name);
		}
	if (near && shelf_get(w->shelf, mmu, &param, 1, &r, NULL) == KYMO_OK)
		warm_report(w, r);
	else if (!near && report_run(mmu, w->trace, &param, 1, &r, NULL) == KYMO_OK)
		report_free(r);
}

/* Of all sets of flags; of those that are few clicks away first. */
static void warm_curves(struct warm *w)
{
	for (int clicks = 1; clicks <= (int)BOXES; clicks++)
		for (unsigned flags = 1; flags < 1u << BOXES; flags++) {
			if (__builtin_popcount(flags ^ KYMO_UTIL_DEFAULT) != clicks)
				continue;
			if (__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
				return;
			warm_curve(w, flags, clicks == 1);
			give_back();
		}
}

static void *run(void *arg)
{
	struct warm *w = arg;
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);  // of this thread only, on Linux
	// Without what is kept all the same, but slower. The MMU's comes last: it would keep sets of flags of which nobody wants
	// more than the curve, and together with what these need it would be the most that is ever needed.
	kymo_keep(w->trace, KYMO_KEEP_ALL & ~KYMO_KEEP_MMU, &w->stop);
	for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
		const struct report_def *def =
			jobs[i].report ? report_find(jobs[i].report) : &report_profile;
		struct report *r;
		if (__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
			break;
		if (def && shelf_get(w->shelf, def, &jobs[i].param, jobs[i].param.key != NULL, &r,
		                     NULL) == KYMO_OK)
			warm_report(w, r);
		give_back();
	}
	warm_curves(w);
	kymo_keep(w->trace, KYMO_KEEP_MMU, &w->stop);
	return NULL;
}

struct warm *warm_start(struct shelf *s, struct kymo_trace *t)
{
	struct warm *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->shelf = s;
	w->trace = t;
	if (!thread_start(&w->thread, run, w)) {
		free(w);
		return NULL;
	}
	return w;
}

void warm_stop(struct warm *w)
{
	if (!w)
		return;
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(w->thread, NULL);
	free(w);
}
