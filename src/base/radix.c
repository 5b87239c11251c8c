/* SPDX-License-Identifier: MIT */
#include "base/radix.h"

#include <stdlib.h>
#include <string.h>

#define FEW 48
#define DIGIT_FEW 8  // below MANY rows the counts would cost more than the rows
#define DIGIT_MANY 11
#define MANY 8192

static void insertion_sort(struct radix_item *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct radix_item x = a[i];
		size_t k = i;
		for (; k > 0 && a[k - 1].key > x.key; k--)
			a[k] = a[k - 1];
		a[k] = x;
	}
}

/* Digits that all keys share are passed over. */
bool radix_sort(struct radix_item *a, size_t n)
{
	if (n < FEW) {
		insertion_sort(a, n);
		return true;
	}
	struct radix_item *b = malloc(n * sizeof *b), *from = a, *to = b;
	const unsigned digit = n < MANY ? DIGIT_FEW : DIGIT_MANY;
	const size_t digits = (size_t)1 << digit;
	size_t at[(size_t)1 << DIGIT_MANY];
	uint64_t differ = 0;
	if (!b)
		return false;
	for (size_t i = 1; i < n; i++)
		differ |= a[i].key ^ a[0].key;
	for (unsigned shift = 0; shift < 64; shift += digit) {
		if (!(differ >> shift & (digits - 1)))
			continue;
		memset(at, 0, digits * sizeof *at);
		for (size_t i = 0; i < n; i++)
			at[from[i].key >> shift & (digits - 1)]++;
		for (size_t d = 0, sum = 0; d < digits; d++) {
			size_t count = at[d];
			at[d] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[at[from[i].key >> shift & (digits - 1)]++] = from[i];
		struct radix_item *x = from;
		from = to;
		to = x;
	}
	if (from != a)
		memcpy(a, from, n * sizeof *a);
	free(b);
	return true;
}

uint64_t radix_nth(const uint64_t *key, size_t n, size_t k)
{
	enum { DIGITS = 1 << DIGIT_MANY };
	size_t count[DIGITS];
	uint64_t found = 0, known = 0;  // its highest bits, and which these are
	for (unsigned left = 64; left;) {
		unsigned digit = left < DIGIT_MANY ? left : DIGIT_MANY;
		size_t d = 0;
		left -= digit;
		memset(count, 0, sizeof count);
		for (size_t i = 0; i < n; i++)
			if ((key[i] & known) == found)
				count[key[i] >> left & ((1u << digit) - 1)]++;
		for (; k >= count[d]; d++)
			k -= count[d];
		found |= (uint64_t)d << left;
		known |= ((uint64_t)(1u << digit) - 1) << left;
	}
	return found;
}

/* All four digits are counted in one pass: a few hundred numbers are sorted as well as millions. */
void radix_sort_u32(uint32_t *a, uint32_t *spare, size_t n)
{
	enum { DIGITS = 1 << DIGIT_FEW, PASSES = 32 / DIGIT_FEW };
	uint32_t *from = a, *to = spare;
	size_t at[PASSES][DIGITS];
	if (n < FEW) {
		for (size_t i = 1; i < n; i++) {
			uint32_t x = a[i];
			size_t k = i;
			for (; k > 0 && a[k - 1] > x; k--)
				a[k] = a[k - 1];
			a[k] = x;
		}
		return;
	}
	memset(at, 0, sizeof at);
	for (size_t i = 0; i < n; i++)
		for (unsigned p = 0; p < PASSES; p++)
			at[p][a[i] >> p * DIGIT_FEW & (DIGITS - 1)]++;
	for (unsigned p = 0; p < PASSES; p++) {
		unsigned shift = p * DIGIT_FEW;
		if (at[p][from[0] >> shift & (DIGITS - 1)] == n)
			continue;
		for (size_t d = 0, sum = 0; d < DIGITS; d++) {
			size_t count = at[p][d];
			at[p][d] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[at[p][from[i] >> shift & (DIGITS - 1)]++] = from[i];
		uint32_t *x = from;
		from = to;
		to = x;
	}
	if (from != a)
		memcpy(a, from, n * sizeof *a);
}
