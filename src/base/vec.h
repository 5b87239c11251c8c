/* SPDX-License-Identifier: MIT */
/*
 * Growable typed arrays, zero-initialised = empty. Growth doubles through realloc, which moves large arrays by
 * remapping, not by copying. Failure leaves the array as it was.
 *
 *     VEC(uint32_t) v = {0};
 *     if (!vec_push(&v, 7)) return no_memory;
 *     vec_free(&v);
 */
#ifndef KYMO_BASE_VEC_H
#define KYMO_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bug.h"

#define VEC(T) \
	struct { \
		T *at; \
		size_t count, cap; \
	}

/* Room for `count` elements of `size` bytes in *ptr; false if there is no memory. */
bool vec_grow(void **ptr, size_t *cap, size_t count, size_t size);
/* Gives memory that is not needed back. */
void vec_shrink(void **ptr, size_t *cap, size_t count, size_t size);

#define vec_reserve(v, n) \
	(likely((n) <= (v)->cap) || vec_grow((void **)&(v)->at, &(v)->cap, (n), sizeof *(v)->at))
/* `x` may look at the count: it sees the one before. */
#define vec_push(v, x) \
	(vec_reserve(v, (v)->count + 1) && ((v)->at[(v)->count] = (x), (v)->count++, true))
#define vec_trim(v) vec_shrink((void **)&(v)->at, &(v)->cap, (v)->count, sizeof *(v)->at)
#define vec_free(v) \
	do { \
		free((v)->at); \
		(v)->at = NULL; \
		(v)->count = (v)->cap = 0; \
	} while (0)

#endif
