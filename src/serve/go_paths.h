/* SPDX-License-Identifier: MIT */
/*
 * The addresses of `go tool trace`, so that links and scripts made for it go on working: its pages lead to ours, its
 * profiles (?raw=1) and its MMU data are answered as it answers them, with its figures.
 */
#ifndef KYMO_SERVE_GO_PATHS_H
#define KYMO_SERVE_GO_PATHS_H

#include "serve/api.h"

/* Whether a path is one of Go's. */
bool go_paths_is(const char *path);
/* Answers, if the path is one of Go's. False if it is none, or if the answer wants a trace and `a` is NULL: it is loading. */
bool go_paths_handle(struct api *a, struct http_request *req);

/* /mmu?mode=plot, and mode=details. */
void go_mmu_reply(struct api *a, struct http_request *req, bool details);

#endif
