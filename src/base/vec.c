/* SPDX-License-Identifier: MIT */
#include "base/vec.h"

#include <stdlib.h>

bool vec_grow(void **ptr, size_t *cap, size_t count, size_t size)
{
	size_t want = *cap + *cap / 2;
	if (want < count)
		want = count;
	if (want < 16)
		want = 16;
	size_t bytes;
	if (__builtin_mul_overflow(want, size, &bytes))
		return false;
	void *p = realloc(*ptr, bytes);
	if (!p)
		return false;
	*ptr = p;
	*cap = want;
	return true;
}

void vec_shrink(void **ptr, size_t *cap, size_t count, size_t size)
{
	if (count == *cap)
		return;
	if (count == 0) {
		free(*ptr);
		*ptr = NULL;
		*cap = 0;
		return;
	}
	void *p = realloc(*ptr, count * size);
	if (p) {
		*ptr = p;
		*cap = count;
	}
}
