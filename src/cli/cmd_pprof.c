/* SPDX-License-Identifier: MIT */
/* kymo pprof KIND FILE, and Go's -pprof=TYPE. */
#include <kymo/profile.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "report/profile.h"

static bool keep(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return !((struct buf *)ctx)->failed;
}

static int write_profile(const struct report *r, const char *out)
{
	const struct kymo_profile *p = report_profile_of(r);
	struct kymo_error err = {0};
	struct buf b = {0};
	int status;
	if (kymo_export_pprof(r->trace, p, report_profile_options(r), &(struct kymo_sink){keep, &b},
	                      &err) != KYMO_OK) {
		status = cli_error("%s", err.message);
	} else if (out) {
		status = cli_write_file(out, b.ptr, b.len);
	} else {
		struct cli_out to;
		cli_out_open(&to);
		buf_put(&to.buf, b.ptr, b.len);
		status = cli_out_close(&to);
	}
	if (status == CLI_OK && out && isatty(STDERR_FILENO)) {
		char n[UNITS_SIZE], d[UNITS_SIZE];
		fprintf(stderr, "%s: %s of %s, %s; look at it with: go tool pprof -http=: %s\n",
		        out, units_count(n, p->total), kymo_profile_name(p->kind),
		        units_duration(d, p->total_ns), out);
	}
	buf_free(&b);
	return status;
}

/* `out` NULL: standard output. */
static int load_and_write(const char *file, const struct report_param *params, size_t count,
                          const char *out)
{
	struct kymo_trace *t;
	struct report *r;
	struct kymo_error err = {0};
	int status = cli_load(file, &t);
	if (status != CLI_OK)
		return status;
	if (report_run(&report_profile, t, params, count, &r, &err) != KYMO_OK) {
		status = err.status == KYMO_E_RANGE ? cli_usage(&cmd_pprof, "%s", err.message)
		                                    : cli_error("%s", err.message);
	} else {
		status = write_profile(r, out);
		report_free(r);
	}
	kymo_trace_free(t);
	return status;
}

int cmd_pprof_go(const char *type, const char *file)
{
	const struct report_param params[] = {{"kind", type}, {"compat", "go1.26"}};
	if (kymo_profile_find(type) > KYMO_PROFILE_SCHED)
		return cli_error(
			"unknown pprof type %s: there are net, sync, syscall and sched ('kymo pprof' has more)",
			type);
	return load_and_write(file, params, 2, NULL);
}

static int run(int argc, char **argv)
{
	static const char *const keys[] = {"stack",     "compat",    "from",   "to",
	                                   "goroutine", "func",      "group",  "task",
	                                   "region",    "region-at", "latmin", "latmax"};
	enum { STACK, COMPAT, FROM, TO, KEYS = sizeof keys / sizeof *keys };
	struct cli_option options[KEYS + 2] = {{0}};
	struct report_param params[KEYS + 1];
	const char *values[KEYS] = {0}, *out = NULL, *files[2];
	size_t n = 0;
	int count;
	for (size_t i = 0; i < KEYS; i++)
		options[i] = (struct cli_option){keys[i], .value = &values[i]};
	options[KEYS] = (struct cli_option){"o", .value = &out};
	int status = cli_parse(&cmd_pprof, argc, argv, options, files, 2, &count);
	if (status != CLI_GO_ON)
		return status;
	if (count != 2)
		return cli_usage(&cmd_pprof, "give a kind and a trace file");
	// Before a long trace is read for nothing.
	enum kymo_profile_kind kind = kymo_profile_find(files[0]);
	if (kind == KYMO_PROFILE_COUNT)
		return cli_usage(
			&cmd_pprof,
			"no profile '%s': there are net, sync, syscall, sched, block, create, stw, cpu",
			files[0]);
	if (values[COMPAT] && kind > KYMO_PROFILE_SCHED)
		return cli_usage(&cmd_pprof, "Go's tool has no profile '%s'", files[0]);
	if (values[COMPAT] && (values[STACK] || values[FROM] || values[TO]))
		return cli_usage(
			&cmd_pprof,
			"Go's tool knows neither windows nor a choice of stacks: leave --compat away");
	if (out && strcmp(out, "-") == 0)
		out = NULL;
	if (!out && isatty(STDOUT_FILENO))
		return cli_usage(&cmd_pprof,
		                 "a profile is no text for a terminal: give -o FILE, or a pipe");
	params[n++] = (struct report_param){"kind", files[0]};
	for (size_t i = 0; i < KEYS; i++)
		if (values[i])
			params[n++] = (struct report_param){keys[i], values[i]};
	return load_and_write(files[1], params, n, out);
}

const struct cmd cmd_pprof = {
	"pprof",
	"profiles of waiting, for go tool pprof",
	"KIND FILE [-o OUT] [OPTION ...]",
	"Writes a profile that 'go tool pprof' opens. KIND is one of\n"
	"  net      waiting for the network\n"
	"  sync     waiting for other goroutines: channels, select, locks\n"
	"  syscall  in system calls\n"
	"  sched    runnable: waiting for a processor, by the stack of who made it so\n"
	"  block    waiting for anything\n"
	"  create   goroutines created, and how long they waited for their first run\n"
	"  stw      the world stopped\n"
	"  cpu      CPU samples, if the trace has any\n"
	"\n"
	"Samples have labels: group (start function), reason, region, task, stack.\n"
	"\n"
	"  -o OUT                    write there instead of standard output\n"
	"  --stack WHOSE             waiter: where the goroutine stopped; waker: where it was woken\n"
	"  --from TIME               from this time on: 1.5ms, 2s, plain ns, or an event's time\n"
	"  --to TIME                 up to this time\n"
	"  --goroutine ID            only this goroutine\n"
	"  --func REGEX              only goroutines whose start function matches\n"
	"  --group NAME              only goroutines with this start function\n"
	"  --task ID|TYPE            only what goroutines did for this task, or tasks of this type\n"
	"  --region NAME             only inside regions of this type\n"
	"  --region-at FILE:LINE|0xPC\n"
	"                            only inside regions that begin at this place\n"
	"  --latmin TIME             only inside regions at least this long\n"
	"  --latmax TIME             only inside regions at most this long\n"
	"  --compat go1.26           net, sync, syscall, sched as Go 1.26's tool makes them:\n"
	"                            without what came before a goroutine's first run\n",
	run,
};
