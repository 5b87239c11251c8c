/* SPDX-License-Identifier: MIT */
/* A thread that has the kernel supply pages shortly before they are written to. Purely a matter of speed. */
#ifndef KYMO_BASE_PREFAULT_H
#define KYMO_BASE_PREFAULT_H

#include <stddef.h>

struct prefault;

/* NULL where it would not help (one CPU, an old kernel) or cannot be had. */
struct prefault *prefault_start(void);
/* The next `bytes` from `at` will be written soon. Forgets earlier wishes. Page-aligned. */
void prefault_want(struct prefault *f, char *at, size_t bytes);
/* Waits for the thread. */
void prefault_stop(struct prefault *f);

#endif
