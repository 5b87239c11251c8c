/* SPDX-License-Identifier: MIT */
#include "base/bug.h"

#include <stdio.h>
#include <stdlib.h>

void bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "kymo: bug at %s:%d: %s\n", file, line, what);
	abort();
}
