/* SPDX-License-Identifier: MIT */
/* What the exporters share: writing through a sink, and where an error stands between failing and warning. */
#ifndef KYMO_EXPORT_EXPORT_H
#define KYMO_EXPORT_EXPORT_H

#include <kymo/export.h>

#include "base/buf.h"
#include "base/error.h"

static inline struct buf export_buf(const struct kymo_sink *sink)
{
	return (struct buf){.write = sink->write, .write_ctx = sink->ctx};
}

/* Flushes and frees; `st` is how reading ended. What the sink says comes first: reading stops because of it. */
static inline enum kymo_status export_finish(struct buf *b, enum kymo_status st,
                                             struct kymo_error *err)
{
	bool ok = buf_flush(b);
	buf_free(b);
	return ok ? st : error_set(err, KYMO_E_IO, 0, 0, "the output was refused");
}

/* No error, and no warning either. */
static inline void export_no_error(struct kymo_error *err)
{
	if (err)
		*err = (struct kymo_error){.status = KYMO_OK};
}

#endif
