/* SPDX-License-Identifier: MIT */
/*
 * Sorting millions of rows by one number, digit by digit: stable, in time proportional to the rows.
 *
 *     struct radix_item *a = malloc(n * sizeof *a);
 *     a[i] = (struct radix_item){radix_of_i64(time[i]), i};
 *     if (!radix_sort(a, n)) return no_memory;             // a[k].value: which row is the k-th
 */
#ifndef KYMO_BASE_RADIX_H
#define KYMO_BASE_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct radix_item {
	uint64_t key, value;
};

/* Ascending by key; needs as much memory again meanwhile. False: no memory. */
bool radix_sort(struct radix_item *a, size_t n);

/* The key that would stand at place `k` of these in order, k < n. About 5 ns each. */
uint64_t radix_nth(const uint64_t *key, size_t n, size_t k);

/* Numbers alone; `spare` is room for as many. */
void radix_sort_u32(uint32_t *a, uint32_t *spare, size_t n);

/* Keys that compare as the numbers do. */
static inline uint64_t radix_of_i64(int64_t v)
{
	return (uint64_t)v ^ (uint64_t)1 << 63;
}
/* Not of NaN. */
static inline uint64_t radix_of_double(double v)
{
	union {
		double d;
		uint64_t u;
	} x = {.d = v};
	return x.u >> 63 ? ~x.u : x.u | (uint64_t)1 << 63;
}

#endif
