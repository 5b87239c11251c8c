/* SPDX-License-Identifier: MIT */
#ifndef KYMO_SERVE_API_PROFILE_H
#define KYMO_SERVE_API_PROFILE_H

#include "serve/api.h"

/* Answers with the profile of these parameters (kind among them) as json, csv or pprof; a file is called `name`. */
void api_profile_reply(struct api *a, struct http_request *req, const struct report_param *params,
                       size_t count, const char *format, const char *name);

#endif
