/* SPDX-License-Identifier: MIT */
/* What must hold whatever the input says. A BUG aborts in every build; input bytes must never reach one. */
#ifndef KYMO_BASE_BUG_H
#define KYMO_BASE_BUG_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define always_inline inline __attribute__((always_inline))

#define BUG_ON(cond) \
	do { \
		if (unlikely(cond)) \
			bug(__FILE__, __LINE__, #cond); \
	} while (0)

_Noreturn void bug(const char *file, int line, const char *what);

#endif
