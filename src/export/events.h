/* SPDX-License-Identifier: MIT */
/* One event of `kymo events`: a line for people, or a JSON object. */
#ifndef KYMO_EXPORT_EVENTS_H
#define KYMO_EXPORT_EVENTS_H

#include "export/export.h"

/* `start` is the time of the trace's first event. Both end with a line feed. */
void events_put_text(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                     kymo_ns start);
void events_put_json(struct buf *out, const struct kymo_reader *r, const struct kymo_event *ev,
                     kymo_ns start);

#endif
