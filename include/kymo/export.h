/* SPDX-License-Identifier: MIT */
/* Text and files made from traces. Nothing here opens a file: output goes through a sink. */
#ifndef KYMO_EXPORT_H
#define KYMO_EXPORT_H

#include <kymo/analysis.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where output goes. `write` gets bytes in order and returns false to stop (disk full, closed pipe). */
struct kymo_sink {
	bool (*write)(void *ctx, const void *bytes, size_t len);
	void *ctx;
};

/**
 * What `go tool trace -d=parsed`, `-d=wire`, `-d=footprint` of Go 1.26 print of the same bytes, byte for byte.
 * An error comes after everything that was printed before it. Errors: as kymo_reader_open, KYMO_E_DAMAGED,
 * KYMO_E_IO if the sink refused. Memory: parsed that of a reader; the others constant.
 * On KYMO_OK *err may hold a warning (its message is not empty): wire and footprint end in silence, as Go's do, where
 * the file is cut between two numbers of a record; kymo_export_events stops at damage that comes after some events.
 */
KYMO_API enum kymo_status kymo_export_parsed(struct kymo_input *in, const struct kymo_sink *sink,
                                             struct kymo_error *err);
KYMO_API enum kymo_status kymo_export_wire(struct kymo_input *in, const struct kymo_sink *sink,
                                           struct kymo_error *err);
KYMO_API enum kymo_status kymo_export_footprint(struct kymo_input *in, const struct kymo_sink *sink,
                                                struct kymo_error *err);

/* Which events kymo_export_events prints. */
struct kymo_event_filter {
	kymo_ns from, to;  // [from, to) since the first event; to 0 = no end
	bool clock;  // what is not below the first event's time is a time of the trace's own clock
	uint64_t goroutine;  // only events that this goroutine emitted or is the subject of; KYMO_NONE = all
};
/** Ordered events, a line each for people, or one JSON object a line. Errors as above. */
KYMO_API enum kymo_status kymo_export_events(struct kymo_input *in,
                                             const struct kymo_event_filter *filter, bool json,
                                             const struct kymo_sink *sink, struct kymo_error *err);

/** `kymo stat --json`: the document of kymo-stat(1). False if the sink refused. */
KYMO_API bool kymo_export_stat_json(const struct kymo_stat *stat, const struct kymo_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
