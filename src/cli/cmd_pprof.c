/* SPDX-License-Identifier: MIT */
/* kymo pprof KIND FILE, and Go's -pprof=TYPE. */
#include <kymo/profile.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "report/report.h"

struct request {
	struct kymo_profile_options o;
	struct kymo_filter filter;
	const char *from, *to;  // NULL: the trace's
	const char *out;        // NULL: standard output
};

static bool keep(void *ctx, const void *bytes, size_t len)
{
	buf_put(ctx, bytes, len);
	return !((struct buf *)ctx)->failed;
}

static int write_profile(const struct kymo_trace *t, const struct request *r)
{
	struct kymo_selection sel = {0};
	struct kymo_profile p = {0};
	struct kymo_error err = {0};
	struct buf b = {0};
	const struct kymo_sink sink = {keep, &b};
	int status = CLI_OK;
	enum kymo_status st = kymo_select(t, &r->filter, &sel, &err);
	if (st == KYMO_OK) {
		st = kymo_profile_compute(t, &sel, &r->o, &p);
		if (st == KYMO_OK)
			st = kymo_export_pprof(t, &p, &r->o, &sink, &err);
		else
			snprintf(err.message, sizeof err.message, "no memory left");
	}
	if (st != KYMO_OK) {
		status = cli_error("%s", err.message);
	} else if (r->out) {
		status = cli_write_file(r->out, b.ptr, b.len);
	} else {
		struct cli_out out;
		cli_out_open(&out);
		buf_put(&out.buf, b.ptr, b.len);
		status = cli_out_close(&out);
	}
	if (status == CLI_OK && r->out && isatty(STDERR_FILENO)) {
		char n[UNITS_SIZE], d[UNITS_SIZE];
		fprintf(stderr, "%s: %s of %s, %s; look at it with: go tool pprof -http=: %s\n",
		        r->out, units_count(n, p.total), kymo_profile_name(r->o.kind),
		        units_duration(d, p.total_ns), r->out);
	}
	buf_free(&b);
	kymo_profile_free(&p);
	kymo_selection_free(&sel);
	return status;
}

static int take_window(const struct kymo_trace *t, struct request *r)
{
	if (r->from && !report_time(t, r->from, &r->filter.from))
		return cli_usage(&cmd_pprof,
		                 "'%s' is no time: write 1.5ms, 2s, 100us or plain nanoseconds",
		                 r->from);
	if (r->to && !report_time(t, r->to, &r->filter.to))
		return cli_usage(&cmd_pprof,
		                 "'%s' is no time: write 1.5ms, 2s, 100us or plain nanoseconds",
		                 r->to);
	return CLI_OK;
}

static int load_and_write(const char *file, struct request *r)
{
	struct kymo_trace *t;
	int status = cli_load(file, &t);
	if (status == CLI_OK) {
		status = take_window(t, r);
		if (status == CLI_OK)
			status = write_profile(t, r);
		kymo_trace_free(t);
	}
	return status;
}

int cmd_pprof_go(const char *type, const char *file)
{
	struct request r = {.o = {.kind = kymo_profile_find(type), .rules = KYMO_RULES_GO126},
	                    .filter = KYMO_FILTER_ALL};
	if (r.o.kind > KYMO_PROFILE_SCHED)
		return cli_error(
			"unknown pprof type %s: there are net, sync, syscall and sched ('kymo pprof' has more)",
			type);
	return load_and_write(file, &r);
}

static int run(int argc, char **argv)
{
	struct request r = {.filter = KYMO_FILTER_ALL};
	const char *stack = NULL, *compat = NULL, *goroutine = NULL, *files[2];
	int count;
	const struct cli_option options[] = {{"o", .value = &r.out},
	                                     {"stack", .value = &stack},
	                                     {"compat", .value = &compat},
	                                     {"from", .value = &r.from},
	                                     {"to", .value = &r.to},
	                                     {"goroutine", .value = &goroutine},
	                                     {"func", .value = &r.filter.func},
	                                     {"group", .value = &r.filter.group},
	                                     {"task", .value = &r.filter.task},
	                                     {"region", .value = &r.filter.region},
	                                     {"region-at", .value = &r.filter.region_at},
	                                     {"latmin", .time = &r.filter.region_min},
	                                     {"latmax", .time = &r.filter.region_max},
	                                     {0}};
	int status = cli_parse(&cmd_pprof, argc, argv, options, files, 2, &count);
	if (status != CLI_GO_ON)
		return status;
	if (count != 2)
		return cli_usage(&cmd_pprof, "give a kind and a trace file");
	r.o.kind = kymo_profile_find(files[0]);
	if (r.o.kind == KYMO_PROFILE_COUNT)
		return cli_usage(
			&cmd_pprof,
			"no profile '%s': there are net, sync, syscall, sched, block, create, stw, cpu",
			files[0]);
	if (stack && strcmp(stack, "waiter") != 0 && strcmp(stack, "waker") != 0)
		return cli_usage(&cmd_pprof, "--stack can be waiter or waker, not '%s'", stack);
	if (compat && strcmp(compat, "go1.26") != 0)
		return cli_usage(&cmd_pprof, "--compat can be go1.26, not '%s'", compat);
	if (compat && r.o.kind > KYMO_PROFILE_SCHED)
		return cli_usage(&cmd_pprof, "Go's tool has no profile '%s'", files[0]);
	if (compat && (stack || r.from || r.to))
		return cli_usage(
			&cmd_pprof,
			"Go's tool knows neither windows nor a choice of stacks: leave --compat away");
	if (goroutine) {
		char *end;
		r.filter.goroutine = strtoull(goroutine, &end, 10);
		if (*goroutine < '0' || *goroutine > '9' || *end)
			return cli_usage(&cmd_pprof, "'%s' is no goroutine's id", goroutine);
	}
	if (!r.out && isatty(STDOUT_FILENO))
		return cli_usage(&cmd_pprof,
		                 "a profile is no text for a terminal: give -o FILE, or a pipe");
	r.o.rules = r.filter.rules = compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	r.o.labels = !compat;
	r.o.stack = !stack                        ? KYMO_STACK_USUAL
	            : strcmp(stack, "waker") == 0 ? KYMO_STACK_WAKER
	                                          : KYMO_STACK_WAITER;
	return load_and_write(files[1], &r);
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
