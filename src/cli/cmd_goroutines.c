/* SPDX-License-Identifier: MIT */
/* kymo goroutines: where the goroutines of each start function spent their time. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define BAR_CELLS 20
#define TIME_WIDTH 9

/* Kinds of time, in the order of the columns and of the bar, with a letter and an ANSI colour for the bar. */
enum part { EXECUTION, SCHED_WAIT, SYSCALL, BLOCKED, PARTS };
static const struct {
	const char *title;
	char letter;
	const char *colour;
} parts[PARTS] = {
	{"running", '#', "32"},
	{"runnable", '+', "33"},
	{"syscall", '=', "36"},
	{"blocked", '.', "34"},
};

struct row {
	kymo_ns part[PARTS], sum;
	kymo_string_ix top_reason;
	kymo_ns top;
};

static struct row row_of(const struct kymo_goroutine_groups *g, size_t i)
{
	const struct kymo_times *x = &g->times[i];
	struct row r = {.part = {x->execution, x->sched_wait, x->syscall + x->syscall_block, 0}};
	for (uint32_t k = g->block_from[i]; k < g->block_from[i + 1]; k++) {
		r.part[BLOCKED] += g->block[k].ns;
		if (g->block[k].ns > r.top) {
			r.top = g->block[k].ns;
			r.top_reason = g->block[k].name;
		}
	}
	for (int p = 0; p < PARTS; p++)
		r.sum += r.part[p];
	return r;
}

/* Right-aligned by characters: a micro sign has two bytes. */
static void put_time(struct buf *b, kymo_ns ns)
{
	char text[CLI_NUMBER];
	int width = TIME_WIDTH;
	cli_duration(text, ns);
	for (const char *p = text; *p; p++)
		width += (*p & 0xc0) == 0x80;
	buf_printf(b, "  %*s", width, text);
}

/* Shares of a group's time. A part that exists has at least one cell, if there is room. */
static void put_bar(struct cli_out *out, const struct row *r)
{
	int cells[PARTS] = {0}, left = BAR_CELLS, largest = 0;
	for (int p = 0; p < PARTS && r->sum > 0; p++) {
		cells[p] = (int)((double)r->part[p] / (double)r->sum * BAR_CELLS + 0.5);
		if (r->part[p] > 0 && cells[p] == 0)
			cells[p] = 1;
		left -= cells[p];
		largest = r->part[p] > r->part[largest] ? p : largest;
	}
	if (r->sum > 0)
		cells[largest] += left;
	buf_puts(&out->buf, "  ");
	for (int p = 0; p < PARTS; p++) {
		if (cells[p] <= 0)
			continue;
		if (out->colour)
			buf_printf(&out->buf, "\033[%sm", parts[p].colour);
		for (int i = 0; i < cells[p]; i++)
			out->colour ? buf_puts(&out->buf, "\xe2\x96\x88")
				    : buf_putc(&out->buf, parts[p].letter);
		if (out->colour)
			buf_puts(&out->buf, "\033[0m");
	}
	for (int i = r->sum > 0 ? BAR_CELLS : 0; i < BAR_CELLS; i++)
		buf_putc(&out->buf, ' ');
}

static void put_head(struct cli_out *out)
{
	buf_printf(&out->buf, "%8s", "count");
	for (int p = 0; p < PARTS; p++)
		buf_printf(&out->buf, "  %*s", TIME_WIDTH, parts[p].title);
	if (out->terminal)
		buf_printf(&out->buf, "  %-*s", BAR_CELLS, "shares");
	buf_puts(&out->buf, "  function\n");
}

static void put_row(struct cli_out *out, const struct kymo_trace *t,
                    const struct kymo_goroutine_groups *g, size_t i)
{
	char n[CLI_NUMBER];
	struct row r = row_of(g, i);
	struct kymo_str name = kymo_trace_string(t, g->name[i]),
			reason = kymo_trace_string(t, r.top_reason);
	buf_printf(&out->buf, "%8s", cli_count(n, g->goroutines[i]));
	for (int p = 0; p < PARTS; p++)
		put_time(&out->buf, r.part[p]);
	if (out->terminal)
		put_bar(out, &r);
	buf_puts(&out->buf, "  ");
	if (name.len)
		buf_put(&out->buf, name.ptr, name.len);
	else
		buf_puts(&out->buf, "(no stack seen)");
	// Without a name: coroutine switches, and whatever began before the trace did.
	if (r.top && reason.len) {
		buf_puts(&out->buf, "  [mostly ");
		buf_put(&out->buf, reason.ptr, reason.len);
		buf_putc(&out->buf, ']');
	}
	buf_putc(&out->buf, '\n');
}

static void print(struct cli_out *out, const struct kymo_trace *t,
                  const struct kymo_goroutine_groups *g)
{
	put_head(out);
	for (size_t i = 0; i < g->count; i++)
		put_row(out, t, g, i);
	if (!out->terminal)
		return;
	buf_puts(&out->buf, "\nshares:");
	for (int p = 0; p < PARTS; p++) {
		if (out->colour)
			buf_printf(&out->buf, " \033[%sm\xe2\x96\x88\033[0m %s", parts[p].colour,
			           parts[p].title);
		else
			buf_printf(&out->buf, " %c %s", parts[p].letter, parts[p].title);
	}
	buf_putc(&out->buf, '\n');
}

static int run(int argc, char **argv)
{
	bool json = false;
	const char *file;
	const struct cli_option options[] = {{"json", .flag = &json}, {0}};
	int status = cli_parse(&cmd_goroutines, argc, argv, options, &file, 1, NULL);
	if (status != CLI_GO_ON)
		return status;
	struct kymo_error err = {0};
	struct kymo_input *in;
	struct kymo_trace *t = NULL;
	struct kymo_goroutine_groups groups;
	struct cli_progress progress;
	struct cli_out out;
	if (kymo_input_open(file, &in, &err) != KYMO_OK)
		return cli_fail(file, &err);
	cli_progress_begin(&progress, "reading");
	const struct kymo_load_options how = {cli_progress_show, &progress};
	enum kymo_status st = kymo_trace_load(in, &how, &t, &err);
	cli_progress_end(&progress);
	kymo_input_close(in);
	if (st != KYMO_OK)
		return cli_fail(file, &err);
	const struct kymo_trace_info *info = kymo_trace_info(t);
	for (size_t i = 0; i < info->damage_count; i++)
		cli_warn_damage(file, &info->damage[i], info->bytes);
	if (kymo_goroutine_groups_compute(t, &groups) != KYMO_OK) {
		kymo_trace_free(t);
		return cli_error("no memory left");
	}
	cli_out_open(&out);
	if (json)
		kymo_export_goroutine_groups_json(t, &groups, &out.sink);
	else
		print(&out, t, &groups);
	status = cli_out_close(&out);
	kymo_goroutine_groups_free(&groups);
	kymo_trace_free(t);
	return status;
}

const struct cmd cmd_goroutines = {
	"goroutines",
	"time by start function and state",
	"FILE [--json]",
	"Groups the goroutines by the function they began in, longest execution first, and\n"
	"sums how long each group was running, runnable (waiting for a proc), in system calls\n"
	"and blocked; what blocked it longest stands in brackets. FILE \"-\" is standard input;\n"
	"gzip and zstd are unpacked.\n"
	"\n"
	"  --json   an array of objects in nanoseconds, blocking by reason, with the time in\n"
	"           ranges (GC assist, sweep, stop-the-world) by name\n",
	run,
};
