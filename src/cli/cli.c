/* SPDX-License-Identifier: MIT */
/* Messages and options. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void say(const char *fmt, va_list ap)
{
	fputs("kymo: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int cli_error(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return CLI_ERROR;
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;
	fputs("kymo: warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int cli_usage(const struct cmd *cmd, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	if (cmd)
		fprintf(stderr, "usage: kymo %s %s\nTry 'kymo %s --help'.\n", cmd->name,
		        cmd->arguments, cmd->name);
	else
		fputs("Try 'kymo help'.\n", stderr);
	return CLI_USAGE;
}

int cli_fail(const char *file, const struct kymo_error *err)
{
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	if (err->status == KYMO_E_IO)  // opening and reading name the file themselves
		return cli_error("%s", err->message);
	return cli_error("%s: %s", name, err->message);
}

void cli_warn_damage(const char *file, const struct kymo_damage *damage, uint64_t trace_bytes)
{
	char lost[UNITS_SIZE];
	double percent = trace_bytes ? (double)damage->lost_bytes / (double)trace_bytes * 100 : 0;
	cli_warn("%s: %s; the last %s (%.2f%%) of the trace are not shown", file, damage->message,
	         units_bytes(lost, damage->lost_bytes), percent);
}

int cli_help(const struct cmd *cmd)
{
	printf("usage: kymo %s %s\n\n%s", cmd->name, cmd->arguments, cmd->help);
	return cli_printed();
}

/* The option of this argument ("--name" or "--name=value"); *value is what follows the '=', or NULL. */
static const struct cli_option *find_option(const struct cli_option *o, const char *arg,
                                            const char **value)
{
	arg += arg[1] == '-' ? 2 : 1;
	const char *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
	*value = eq ? eq + 1 : NULL;
	for (; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, arg, n) == 0)
			return o;
	return NULL;
}

/* Takes one option, and its value from `next` if it has none of its own. CLI_GO_ON, or why not. */
static int take_option(const struct cmd *cmd, const struct cli_option *o, const char *arg,
                       const char *value, const char *next, bool *used_next)
{
	*used_next = false;
	if (o->flag) {
		if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return cli_usage(cmd, "--%s takes no value", o->name);
		*o->flag = !value || strcmp(value, "true") == 0;
		return CLI_GO_ON;
	}
	if (!value) {
		if (!next)
			return cli_usage(cmd, "%s wants a value", arg);
		value = next;
		*used_next = true;
	}
	if (o->value)
		*o->value = value;
	else if (!units_time(value, o->time))
		return cli_usage(cmd, "'%s' is no time: write 1.5ms, 2s, 100us or plain nanoseconds",
		                 value);
	return CLI_GO_ON;
}

int cli_parse(const struct cmd *cmd, int argc, char **argv, const struct cli_option *options,
              const char **files, int max_files, int *file_count)
{
	int count = 0;
	bool only_files = false;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i], *value;
		if (only_files || arg[0] != '-' || arg[1] == 0) {
			if (count == max_files)
				return cli_usage(cmd, "one argument too many: '%s'", arg);
			files[count++] = arg;
			continue;
		}
		if (strcmp(arg, "--") == 0) {
			only_files = true;
			continue;
		}
		if (strcmp(arg, "--help") == 0 || strcmp(arg, "-help") == 0 || strcmp(arg, "-h") == 0)
			return cmd ? cli_help(cmd)
			           : cli_usage(NULL, "%s stands before everything else", arg);
		const struct cli_option *o = find_option(options, arg, &value);
		if (!o)
			return cli_usage(cmd, "unknown option '%s'", arg);
		bool used_next;
		int status = take_option(cmd, o, arg, value, i + 1 < argc ? argv[i + 1] : NULL,
		                         &used_next);
		if (status != CLI_GO_ON)
			return status;
		i += used_next;
	}
	if (count == 0)
		return cli_usage(cmd, "no trace file given");
	if (file_count)
		*file_count = count;
	return CLI_GO_ON;
}
