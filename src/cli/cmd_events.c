/* SPDX-License-Identifier: MIT */
/* kymo events: the ordered events, a line each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"

#define BAD_TIME "'%s' is no time: write 1.5ms, 2s, 100us or plain nanoseconds"

static bool parse_id(const char *text, uint64_t *out)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *end == 0;
}

/* Plain nanoseconds may be an event's time. */
static bool parse_time(const char *text, kymo_ns *out, bool *clock)
{
	*clock |= text[strspn(text, "0123456789")] == 0;
	return units_time(text, out);
}

static int run(int argc, char **argv)
{
	bool json = false;
	const char *file, *goroutine = NULL, *from = NULL, *to = NULL;
	struct kymo_event_filter filter = {.goroutine = KYMO_NONE};
	const struct cli_option options[] = {{"json", .flag = &json},
	                                     {"from", .value = &from},
	                                     {"to", .value = &to},
	                                     {"goroutine", .value = &goroutine},
	                                     {0}};
	filter.to = -1;
	int status = cli_parse(&cmd_events, argc, argv, options, &file, 1, NULL);
	if (status != CLI_GO_ON)
		return status;
	if (goroutine && !parse_id(goroutine, &filter.goroutine))
		return cli_usage(&cmd_events, "'%s' is no goroutine's number", goroutine);
	if (from && !parse_time(from, &filter.from, &filter.clock))
		return cli_usage(&cmd_events, BAD_TIME, from);
	if (to && !parse_time(to, &filter.to, &filter.clock))
		return cli_usage(&cmd_events, BAD_TIME, to);
	if (filter.to == 0 || (filter.to > 0 && filter.to <= filter.from))
		return cli_usage(&cmd_events, "--to lies before --from");
	filter.to = filter.to < 0 ? 0 : filter.to;
	struct kymo_error err = {0};
	struct kymo_input *in;
	struct cli_out out;
	if (kymo_input_open(file, &in, &err) != KYMO_OK)
		return cli_fail(file, &err);
	cli_out_open(&out);
	enum kymo_status st = kymo_export_events(in, &filter, json, &out.sink, &err);
	kymo_input_close(in);
	status = cli_out_close(&out);
	if (status != CLI_OK)
		return status;
	if (st != KYMO_OK)
		return cli_fail(file, &err);
	if (err.message[0])
		cli_warn("%s: %s; what follows is not shown", file, err.message);
	return CLI_OK;
}

const struct cmd cmd_events = {
	"events",
	"the ordered events, a line each",
	"FILE [--json] [--from T] [--to T] [--goroutine ID]",
	"Prints the events in the order in which they happened: seconds since the start of the\n"
	"trace; the thread, proc and goroutine that emitted it; what happened; where in the\n"
	"program. FILE \"-\" is standard input; gzip and zstd are unpacked.\n"
	"\n"
	"  --json           one JSON object a line, with whole stacks\n"
	"  --from T         only events at or after T since the start\n"
	"  --to T           only events before T\n"
	"  --goroutine ID   only events that this goroutine emitted, or that are about it\n"
	"\n"
	"T is written 1.5ms, 2s, 100us, 3m, or as plain nanoseconds; these may also be an event's\n"
	"time on the trace's own clock, as -d=parsed and --json give it.\n",
	run,
};
