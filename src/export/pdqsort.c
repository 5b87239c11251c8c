/* SPDX-License-Identifier: MIT */
/*
 * Pattern-defeating quicksort (Orson Peters, arXiv 2106.05123), without block partitioning, with the constants and the
 * order of comparisons of Go's standard library, since they decide where equal rows end up:
 * insertion sort up to 12 rows; the pivot is a median of three, of nine from 50 rows on; up to 5 rows are moved where
 * the range looks sorted; after a bad split three rows are exchanged with pseudo-random ones; after too many, heapsort.
 */
#include "export/pdqsort.h"

#include <stdbool.h>

#define INSERTION_MOST 12
#define NINTHER_LEAST 50
#define REPAIRS_MOST 5
#define SWAPS_MOST 12  // of a median of nine: the range runs backwards

typedef ptrdiff_t ix;

/* Whether row i goes before row j. */
static bool before(const struct pdq_row *v, ix i, ix j)
{
	return v[i].key > v[j].key;
}

static void swap(struct pdq_row *v, ix i, ix j)
{
	struct pdq_row t = v[i];
	v[i] = v[j];
	v[j] = t;
}

/* Moves row i down to its place among the sorted rows from `low` to it. */
static void sink_left(struct pdq_row *v, ix low, ix i)
{
	for (; i > low && before(v, i, i - 1); i--)
		swap(v, i, i - 1);
}

static void insertion_sort(struct pdq_row *v, ix a, ix b)
{
	for (ix i = a + 1; i < b; i++)
		sink_left(v, a, i);
}

static void sift(struct pdq_row *v, ix root, ix count)
{
	for (ix child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && before(v, child, child + 1))
			child++;
		if (!before(v, root, child))
			return;
		swap(v, root, child);
	}
}

static void heap_sort(struct pdq_row *v, ix count)
{
	for (ix i = (count - 1) / 2; i >= 0; i--)
		sift(v, i, count);
	for (ix i = count - 1; i >= 0; i--) {
		swap(v, 0, i);
		sift(v, 0, i);
	}
}

static ix median(const struct pdq_row *v, ix a, ix b, ix c, unsigned *swaps)
{
	ix t;
	if (before(v, b, a))
		t = a, a = b, b = t, ++*swaps;
	if (before(v, c, b))
		b = c, ++*swaps;
	if (before(v, b, a))
		b = a, ++*swaps;
	return b;
}

/* Of a range of more than INSERTION_MOST rows. */
static ix choose_pivot(const struct pdq_row *v, ix a, ix count, unsigned *swaps)
{
	ix step = count / 4, i = a + step, j = a + 2 * step, k = a + 3 * step;
	*swaps = 0;
	if (count >= NINTHER_LEAST) {
		i = median(v, i - 1, i, i + 1, swaps);
		j = median(v, j - 1, j, j + 1, swaps);
		k = median(v, k - 1, k, k + 1, swaps);
	}
	return median(v, i, j, k, swaps);
}

/* Tries to finish a range that looks sorted; true if it is sorted now. */
static bool repair(struct pdq_row *v, ix a, ix b)
{
	ix i = a + 1;
	for (int n = 0; n < REPAIRS_MOST; n++) {
		while (i < b && !before(v, i, i - 1))
			i++;
		if (i == b)
			return true;
		if (b - a < NINTHER_LEAST)
			return false;
		swap(v, i, i - 1);
		if (i - a >= 2)
			sink_left(v, 0, i - 1);
		for (ix j = i + 1; b - i >= 2 && j < b && before(v, j, j - 1); j++)
			swap(v, j, j - 1);
	}
	return false;
}

static void break_patterns(struct pdq_row *v, ix a, ix count)
{
	uint64_t random = (uint64_t)count, mask = UINT64_C(1) << (64 - __builtin_clzll(random));
	for (ix i = a + count / 4 * 2 - 1, last = i + 2; i <= last; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		ix other = (ix)(random & (mask - 1));
		swap(v, i, a + (other >= count ? other - count : other));
	}
}

/* Rows that go before the pivot to its left; where the pivot then is. */
static ix partition(struct pdq_row *v, ix a, ix b, ix pivot, bool *was_partitioned)
{
	ix i = a + 1, j = b - 1;
	swap(v, a, pivot);
	for (*was_partitioned = true;; *was_partitioned = false) {
		while (i <= j && before(v, i, a))
			i++;
		while (i <= j && !before(v, j, a))
			j--;
		if (i > j)
			break;
		swap(v, i++, j--);
	}
	swap(v, a, j);
	return j;
}

/* None goes before the pivot: those equal to it to the left; where the others begin. */
static ix partition_equal(struct pdq_row *v, ix a, ix b, ix pivot)
{
	ix i = a + 1, j = b - 1;
	swap(v, a, pivot);
	for (;;) {
		while (i <= j && !before(v, a, i))
			i++;
		while (i <= j && before(v, a, j))
			j--;
		if (i > j)
			return i;
		swap(v, i++, j--);
	}
}

static void sort_range(struct pdq_row *v, ix a, ix b, int bad_splits_left)
{
	bool balanced = true, partitioned = true;
	while (b - a > INSERTION_MOST) {
		ix count = b - a;
		unsigned swaps;
		if (bad_splits_left == 0) {
			heap_sort(v + a, count);
			return;
		}
		if (!balanced) {
			break_patterns(v, a, count);
			bad_splits_left--;
		}
		ix pivot = choose_pivot(v, a, count, &swaps);
		if (swaps == SWAPS_MOST) {
			for (ix i = a, j = b - 1; i < j; i++, j--)
				swap(v, i, j);
			pivot = b - 1 - (pivot - a);
			swaps = 0;
		}
		if (balanced && partitioned && swaps == 0 && repair(v, a, b))
			return;
		if (a > 0 && !before(v, a - 1, pivot)) {
			a = partition_equal(v, a, b, pivot);
			continue;
		}
		ix mid = partition(v, a, b, pivot, &partitioned);
		ix left = mid - a, right = b - mid;
		if (left < right) {
			balanced = left >= count / 8;
			sort_range(v, a, mid, bad_splits_left);
			a = mid + 1;
		} else {
			balanced = right >= count / 8;
			sort_range(v, mid + 1, b, bad_splits_left);
			b = mid;
		}
	}
	insertion_sort(v, a, b);
}

void pdq_sort(struct pdq_row *rows, size_t count)
{
	int bits = count ? 64 - __builtin_clzll((unsigned long long)count) : 0;
	sort_range(rows, 0, (ix)count, bits);
}
