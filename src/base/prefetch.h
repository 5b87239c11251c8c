/* SPDX-License-Identifier: MIT */
#ifndef KYMO_BASE_PREFETCH_H
#define KYMO_BASE_PREFETCH_H

#include "base/bug.h"

/*
 * Asks for the cache line at `p`, which need not exist, to write to it. On x86-64 compilers make of __builtin_prefetch a
 * prefetch for reading unless told of the processor, and a line that another one has must then be asked for twice.
 * Processors without the instruction (Intel's before Broadwell) do nothing.
 */
static always_inline void prefetch_for_writing(const void *p)
{
#ifdef __x86_64__
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

#endif
