/* SPDX-License-Identifier: MIT */
#ifndef KYMO_VERSION_H
#define KYMO_VERSION_H

#include <kymo/types.h>

#define KYMO_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library at run time. */
KYMO_API const char *kymo_version(void);

#ifdef __cplusplus
}
#endif

#endif
