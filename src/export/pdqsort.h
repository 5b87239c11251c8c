/* SPDX-License-Identifier: MIT */
/*
 * Sorts as Go's slices.SortFunc does, equal elements included: it is not stable, and the order of equal rows in Go's
 * footprint table is what its steps leave behind. Not for any other use.
 */
#ifndef KYMO_EXPORT_PDQSORT_H
#define KYMO_EXPORT_PDQSORT_H

#include <stddef.h>
#include <stdint.h>

struct pdq_row {
	uint64_t key;  // sorted by it, largest first
	uint64_t value;
	unsigned tag;
};

void pdq_sort(struct pdq_row *rows, size_t count);

#endif
