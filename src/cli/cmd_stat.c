/* SPDX-License-Identifier: MIT */
/* kymo stat: what a trace holds, from its ordered events alone. */
#include "cli/cli.h"

static void row(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%-18s %14s\n", name, value);
}

static void count(struct buf *b, const char *name, uint64_t n)
{
	char text[UNITS_SIZE];
	row(b, name, units_count(text, n));
}

static void print(struct buf *b, const struct kymo_stat *s)
{
	char text[UNITS_SIZE];
	buf_printf(b, "%-18s %12s%u\n", "format", "go 1.", s->version);
	row(b, "size", units_bytes(text, s->bytes));
	// Counted in characters, not bytes: a micro sign has two.
	buf_printf(b, "%-18s %*s\n", "duration",
	           s->end - s->start < 1000000 && s->end - s->start >= 1000 ? 15 : 14,
	           units_duration(text, s->end - s->start));
	count(b, "generations", s->generations);
	count(b, "events", s->events);
	for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++) {
		char name[UNITS_SIZE] = "  ";
		if (!s->kinds[k])
			continue;
		const char *kind = kymo_event_kind_name((enum kymo_event_kind)k);
		for (size_t i = 0; kind[i] && i < sizeof name - 3; i++)
			name[i + 2] = kind[i];
		count(b, name, s->kinds[k]);
	}
	count(b, "goroutines", s->goroutines);
	count(b, "procs", s->procs);
	count(b, "threads", s->threads);
	count(b, "GOMAXPROCS", s->gomaxprocs);
	count(b, "GC cycles", s->gc_cycles);
	count(b, "stops of the world", s->stw_count);
	if (s->stw_count)
		buf_printf(b, "%-18s %*s\n", "  in all",
		           s->stw_total < 1000000 && s->stw_total >= 1000 ? 15 : 14,
		           units_duration(text, s->stw_total));
	count(b, "tasks", s->tasks);
	count(b, "regions", s->regions);
	count(b, "logs", s->logs);
	count(b, "CPU samples", s->cpu_samples);
	count(b, "stacks", s->stacks);
	count(b, "strings", s->strings);
}

static int run(int argc, char **argv)
{
	bool json = false;
	const char *file;
	const struct cli_option options[] = {{"json", .flag = &json}, {0}};
	int status = cli_parse(&cmd_stat, argc, argv, options, &file, 1, NULL);
	if (status != CLI_GO_ON)
		return status;
	struct kymo_error err = {0};
	struct kymo_input *in;
	struct kymo_stat stat;
	struct cli_progress progress;
	struct cli_out out;
	if (kymo_input_open(file, &in, &err) != KYMO_OK)
		return cli_fail(file, &err);
	cli_progress_begin(&progress, "reading");
	const struct kymo_reader_options how = {.progress = cli_progress_show,
	                                        .progress_ctx = &progress};
	enum kymo_status st = kymo_stat_compute(in, &how, &stat, &err);
	cli_progress_end(&progress);
	kymo_input_close(in);
	if (st != KYMO_OK)
		return cli_fail(file, &err);
	for (size_t i = 0; i < stat.damage_count; i++)
		cli_warn_damage(file, &stat.damage[i], stat.bytes);
	cli_out_open(&out);
	if (json)
		kymo_export_stat_json(&stat, &out.sink);
	else
		print(&out.buf, &stat);
	return cli_out_close(&out);
}

const struct cmd cmd_stat = {
	"stat",
	"what a trace holds",
	"FILE [--json]",
	"Counts events, goroutines, procs, threads, GC cycles, tasks and more, and says where\n"
	"the trace is damaged. FILE \"-\" is standard input; gzip and zstd are unpacked.\n"
	"\n"
	"  --json   one JSON object; times are nanoseconds on the trace's own clock\n",
	run,
};
