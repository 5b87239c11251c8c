/* SPDX-License-Identifier: MIT */
#include "analysis/keep.h"

#include "analysis/mmu_keep.h"
#include "analysis/sched_parts.h"
#include "analysis/times_sums.h"
#include "analysis/wait_index.h"

/* In the order in which a viewer's pages need them. */
static const struct {
	unsigned bit;
	enum kept slot;
	enum kymo_status (*make)(struct kymo_trace *t, const bool *stop);
} parts[] = {
	{KYMO_KEEP_TIMES, KEPT_TIMES, times_keep},
	{KYMO_KEEP_SCHED, KEPT_SCHED, sched_keep},
	{KYMO_KEEP_WAITS, KEPT_WAITS, wait_index_keep},
	{KYMO_KEEP_MMU, KEPT_MMU, mmu_keep},
};

enum kymo_status kymo_keep(struct kymo_trace *t, unsigned what, const bool *stop)
{
	enum kymo_status first = KYMO_OK;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!(what & parts[i].bit) || kept_get(&t->kept[parts[i].slot]))
			continue;
		enum kymo_status st = keep_stopped(stop) ? KYMO_E_LIMIT : parts[i].make(t, stop);
		first = first ? first : st;
	}
	return first;
}
