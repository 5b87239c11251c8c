/* SPDX-License-Identifier: MIT */
/* Where one goroutine spent its time. */
#include <kymo/analysis.h>

#include "analysis/times.h"

struct few {
	struct kymo_named_ns *at;
	size_t count, cap;
};

static bool add_few(void *ctx, kymo_goroutine_ix g, kymo_string_ix name, kymo_ns ns)
{
	struct few *f = ctx;
	(void)g;
	for (size_t i = 0; i < f->count && i < f->cap; i++)
		if (f->at[i].name == name) {
			f->at[i].ns += ns;
			return true;
		}
	if (f->count < f->cap)
		f->at[f->count] = (struct kymo_named_ns){name, ns};
	f->count++;
	return true;
}

void times_of_blocks(const struct kymo_trace *t, kymo_goroutine_ix g,
                     const struct kymo_selection *sel, enum kymo_rules rules,
                     struct kymo_times *times, struct kymo_named_ns *block, size_t *count, size_t cap)
{
	struct times a = {0};
	struct few b = {block, 0, cap};
	*times = (struct kymo_times){0};
	if (times_begin(&a, t, sel, rules)) {
		times_add(&a, g, times);
		for (size_t c = 0; c < t->reasons.count; c++)
			if (a.block[c])
				add_few(&b, g, t->reasons.at[c], a.block[c]);
	}
	times_end(&a);
	*count = b.count;
}

void kymo_goroutine_times(const struct kymo_trace *t, kymo_goroutine_ix g,
                          const struct kymo_selection *sel, enum kymo_rules rules,
                          struct kymo_times *times, struct kymo_named_ns *block, size_t *block_count,
                          struct kymo_named_ns *range, size_t *range_count, size_t cap)
{
	struct few r = {range, 0, cap};
	*times = (struct kymo_times){0};
	*block_count = *range_count = 0;
	if (g == 0 || g >= t->goroutines.count)
		return;
	times_of_blocks(t, g, sel, rules, times, block, block_count, cap);
	times_of_ranges(t, &(struct range_times){add_few, &r, g, sel, rules});
	*range_count = r.count;
}
