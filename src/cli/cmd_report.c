/* SPDX-License-Identifier: MIT */
/* A report as a verb: its parameters are options, its answer a table, JSON, CSV or a drawing. */
#include "cli/cmd_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"

#define MAX_PARAMS 40

/* Options that become parameters of the report. */
static const struct param {
	struct report_param_def def;
	unsigned when;  // PARAM_*; 0: always
} common[] = {
	{{"from", "TIME", "from this time on: 1.5ms, 2s, plain ns, or an event's time"}, PARAM_WINDOW},
	{{"to", "TIME", "up to this time"}, PARAM_WINDOW},
	{{"goroutine", "ID", "only this goroutine"}, PARAM_GOROUTINES},
	{{"func", "REGEX", "only goroutines whose start function matches"}, PARAM_GOROUTINES},
	{{"group", "NAME", "only goroutines with this start function"}, PARAM_GOROUTINES},
	{{"task", "ID|TYPE", "only what goroutines did for this task, or tasks of this type"},
         PARAM_TASK},
	{{"region", "NAME", "only inside regions of this type"}, PARAM_REGION},
	{{"region-at", "FILE:LINE|0xPC", "only inside regions that begin at this place"},
         PARAM_REGION},
	{{"latmin", "TIME", "only inside regions at least this long"}, PARAM_REGION},
	{{"latmax", "TIME", "only inside regions at most this long"}, PARAM_REGION},
	{{"sort", "KEY", "sort by this column (its name in the JSON)"}, 0},
	{{"asc", NULL, "ascending"}, 0},
	{{"top", "N", "the first N rows of each table (0: all)"}, 0},
	{{"offset", "N", "without the first N rows"}, 0},
	{{"compat", "go1.26", "the figures that Go 1.26's tool reports, its defects included"}, 0},
};
#define COMMON (sizeof common / sizeof *common)

struct options {
	const struct report_def *def;
	struct cli_option list[MAX_PARAMS + 8];
	struct report_param_def defs[MAX_PARAMS];
	const char *values[MAX_PARAMS];
	bool flags[MAX_PARAMS];
	size_t count;
	bool json, csv;
	const char *table, *out;
};

static void add_param(struct options *o, const struct report_param_def *p)
{
	if (o->count == MAX_PARAMS)
		return;
	size_t i = o->count++;
	o->defs[i] = *p;
	o->list[i] = p->value ? (struct cli_option){p->key, .value = &o->values[i]}
	                      : (struct cli_option){p->key, .flag = &o->flags[i]};
}

static void make_options(struct options *o, const struct report_def *def)
{
	*o = (struct options){.def = def};
	for (const struct report_param_def *p = def->params; p && p->key; p++)
		add_param(o, p);
	for (size_t i = 0; i < COMMON; i++)
		if (!common[i].when || def->common & common[i].when)
			add_param(o, &common[i].def);
	struct cli_option *more = &o->list[o->count];
	*more++ = (struct cli_option){"json", .flag = &o->json};
	*more++ = (struct cli_option){"csv", .flag = &o->csv};
	*more++ = (struct cli_option){"table", .value = &o->table};
	*more++ = (struct cli_option){"o", .value = &o->out};
	*more = (struct cli_option){0};
}

static void put_help(struct buf *b, const char *dashes, const struct report_param_def *p)
{
	int n = snprintf(NULL, 0, "  %s%s%s%s", dashes, p->key, p->value ? " " : "",
	                 p->value ? p->value : "");
	buf_printf(b, "  %s%s%s%s", dashes, p->key, p->value ? " " : "", p->value ? p->value : "");
	if (n > 26)
		buf_printf(b, "\n%26s", "");
	buf_printf(b, "%*s%s\n", n > 26 ? 2 : 28 - n, "", p->help);
}

/* The verb as the other verbs are; `b` holds its help. */
static struct cmd as_cmd(const struct report_def *def, struct buf *b)
{
	static const struct report_param_def outputs[] = {
		{"json", NULL, "for programs: times in integer nanoseconds"},
		{"csv", NULL, "one table as CSV"},
		{"table", "KEY", "which table (--csv; default the first)"},
	};
	static const struct report_param_def out = {
		"o", "FILE", "write there; a name that ends in .svg gets the plots"};
	struct options *o = malloc(sizeof *o);
	if (o) {
		make_options(o, def);
		buf_printf(b, "%s\n", def->help);
		for (size_t i = 0; i < o->count; i++)
			put_help(b, "--", &o->defs[i]);
		for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
			put_help(b, "--", &outputs[i]);
		put_help(b, "-", &out);
		free(o);
	}
	buf_putc(b, 0);
	return (struct cmd){def->name, def->summary, "FILE [OPTION ...]", b->failed ? "" : b->ptr,
	                    NULL};
}

int cmd_report_help(const struct report_def *def)
{
	struct buf b = {0};
	struct cmd cmd = as_cmd(def, &b);
	int status = cli_help(&cmd);
	buf_free(&b);
	return status;
}

/* ---- output ---- */

static bool ends_in_svg(const char *name)
{
	size_t n = name ? strlen(name) : 0;
	return n > 4 && strcmp(name + n - 4, ".svg") == 0;
}

static enum kymo_status render(struct report *r, const struct options *o,
                               const struct cli_out *terminal, struct buf *out,
                               struct kymo_error *err)
{
	if (ends_in_svg(o->out))
		return report_svg(r, out, err);
	struct report_page page = report_page(r);
	if (o->json)
		return report_json(r, &page, out, err);
	if (o->csv)
		return report_csv(r, o->table, &page, out, err);
	struct report_text_options how = {0};
	if (terminal)
		how = (struct report_text_options){terminal->colour, terminal->terminal,
		                                   terminal->columns};
	return report_text(r, &how, out, err);
}

static int to_stdout(struct report *r, const struct options *o)
{
	struct cli_out out;
	struct kymo_error err = {0};
	cli_out_open(&out);
	enum kymo_status st = render(r, o, &out, &out.buf, &err);
	int status = cli_out_close(&out);
	return st == KYMO_OK ? status : cli_error("%s", err.message);
}

static int to_file(struct report *r, const struct options *o)
{
	struct buf b = {0};
	struct kymo_error err = {0};
	enum kymo_status st = render(r, o, NULL, &b, &err);
	int status = st != KYMO_OK ? cli_error("%s", err.message)
	             : b.failed    ? cli_error("no memory left")
	                           : cli_write_file(o->out, b.ptr, b.len);
	buf_free(&b);
	return status;
}

int cmd_report(const struct report_def *def, int argc, char **argv)
{
	struct buf help = {0};
	struct cmd cmd = as_cmd(def, &help);
	struct options *o = malloc(sizeof *o);
	struct report_param params[MAX_PARAMS];
	const char *file;
	size_t count = 0;
	int status = CLI_ERROR;
	if (!o) {
		buf_free(&help);
		return cli_error("no memory left");
	}
	make_options(o, def);
	status = cli_parse(&cmd, argc, argv, o->list, &file, 1, NULL);
	if (o->out && strcmp(o->out, "-") == 0)
		o->out = NULL;
	if (status == CLI_GO_ON && (o->json + o->csv + ends_in_svg(o->out)) > 1)
		status = cli_usage(&cmd, "one of --json, --csv and -o FILE.svg");
	if (status == CLI_GO_ON) {
		struct kymo_trace *t;
		struct report *r;
		struct kymo_error err = {0};
		for (size_t i = 0; i < o->count; i++)
			if (o->values[i] || o->flags[i])
				params[count++] = (struct report_param){
					o->defs[i].key, o->flags[i] ? "1" : o->values[i]};
		status = cli_load(file, &t);
		if (status == CLI_OK) {
			enum kymo_status st = report_run(def, t, params, count, &r, &err);
			if (st == KYMO_OK) {
				struct report_page page = report_page(r);
				st = report_check(r, o->table, &page, &err);
			}
			if (st == KYMO_OK)
				status = o->out ? to_file(r, o) : to_stdout(r, o);
			else
				status = st == KYMO_E_RANGE ? cli_usage(&cmd, "%s", err.message)
				                            : cli_error("%s", err.message);
			report_free(r);
			kymo_trace_free(t);
		}
	}
	free(o);
	buf_free(&help);
	return status;
}
