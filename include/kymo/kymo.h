/* SPDX-License-Identifier: MIT */
/* The whole of libkymo. */
#ifndef KYMO_KYMO_H
#define KYMO_KYMO_H

#include <kymo/analysis.h>
#include <kymo/annotations.h>
#include <kymo/error.h>
#include <kymo/events.h>
#include <kymo/export.h>
#include <kymo/gc.h>
#include <kymo/input.h>
#include <kymo/keep.h>
#include <kymo/mmu.h>
#include <kymo/profile.h>
#include <kymo/sched.h>
#include <kymo/select.h>
#include <kymo/trace.h>
#include <kymo/types.h>
#include <kymo/version.h>
#include <kymo/waits.h>

#endif
