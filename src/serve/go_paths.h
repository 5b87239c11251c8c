/* SPDX-License-Identifier: MIT */
/*
 * The addresses of `go tool trace`, so that links and scripts made for it go on working: its pages lead to ours, its
 * profiles (?raw=1) and its MMU data are answered as it answers them, with its figures.
 */
#ifndef KYMO_SERVE_GO_PATHS_H
#define KYMO_SERVE_GO_PATHS_H

#include "serve/api.h"

/* True if the path is one of Go's: then it was answered. `a` is NULL while the trace is loading. */
bool go_paths_handle(struct api *a, struct http_request *req);

#endif
