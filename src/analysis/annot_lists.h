/* SPDX-License-Identifier: MIT */
/*
 * Rows by what they belong to: one counting sort, two arrays. Rows of owner i: items[from[i]] .. items[from[i + 1]], in
 * their order.
 *
 *     struct lists l = {0};
 *     if (!lists_make(&l, owner, rows, owners)) return no_memory;    // owner[row]; KYMO_NO_ROW: nobody's
 *     lists_free(&l);
 */
#ifndef KYMO_ANALYSIS_ANNOT_LISTS_H
#define KYMO_ANALYSIS_ANNOT_LISTS_H

#include <kymo/annotations.h>

#include <stdlib.h>

struct lists {
	uint32_t *from, *items;
};

static inline bool lists_make(struct lists *l, const uint32_t *owner, uint32_t rows, uint32_t owners)
{
	l->from = calloc((size_t)owners + 2, sizeof *l->from);
	if (!l->from)
		return false;
	// from[i + 2] counts, then from[i + 1] is where i's are put, and in the end where they stop.
	for (uint32_t i = 0; i < rows; i++)
		if (owner[i] != KYMO_NO_ROW)
			l->from[(size_t)owner[i] + 2]++;
	for (size_t i = 0; i < owners; i++)
		l->from[i + 2] += l->from[i + 1];
	l->items = malloc(((size_t)l->from[(size_t)owners + 1] + 1) * sizeof *l->items);
	if (!l->items)
		return false;
	for (uint32_t i = 0; i < rows; i++)
		if (owner[i] != KYMO_NO_ROW)
			l->items[l->from[(size_t)owner[i] + 1]++] = i;
	return true;
}

static inline void lists_free(struct lists *l)
{
	free(l->from);
	free(l->items);
	*l = (struct lists){0};
}

#endif
