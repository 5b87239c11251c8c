/* SPDX-License-Identifier: MIT */
/*
 * The program: finds the verb. Without one it is `kymo view FILE`, or what `go tool trace` does with the same flags,
 * so that it can stand in its place.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/cmd_report.h"

static const struct cmd *const verbs[] = {&cmd_view, &cmd_stat, &cmd_events, &cmd_pprof};
#define VERBS (sizeof verbs / sizeof *verbs)

static const struct cmd *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static void print_help(FILE *to)
{
	fputs("usage: kymo FILE [--http ADDR] [--no-open]   look at a Go execution trace in the browser\n"
	      "       kymo VERB FILE ...\n"
	      "\n",
	      to);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
	for (size_t i = 0; report_all[i]; i++)
		fprintf(to, "  %-12s %s\n", report_all[i]->name, report_all[i]->summary);
	fputs("\n"
	      "'kymo VERB --help' tells more. FILE may be gzip or zstd, and \"-\" is standard input.\n"
	      "\n"
	      "As go tool trace: kymo [flags] [pkg.test] trace.out\n"
	      "  -d=MODE      print debug info and exit: parsed, wire, footprint (or 1, 2 as in Go 1.23)\n"
	      "  -pprof=TYPE  write a profile and exit: net, sync, syscall, sched\n"
	      "  -http=ADDR   address to listen on\n"
	      "\n"
	      "  --help, --version\n",
	      to);
}

static int help(int argc, char **argv)
{
	if (argc > 1) {
		const struct cmd *cmd = find_verb(argv[1]);
		const struct report_def *def = report_find(argv[1]);
		if (def)
			return cmd_report_help(def);
		return cmd ? cli_help(cmd) : cli_usage(NULL, "no verb '%s'", argv[1]);
	}
	print_help(stdout);
	return cli_printed();
}

/* Hands the file and the options of `kymo view` on to it. */
static int view(const char *file, const char *http, bool no_open)
{
	char *argv[6], name[] = "view", http_flag[] = "--http", no_open_flag[] = "--no-open",
		       end[] = "--";
	int argc = 0;
	argv[argc++] = name;
	if (http) {
		argv[argc++] = http_flag;
		argv[argc++] = (char *)http;
	}
	if (no_open)
		argv[argc++] = no_open_flag;
	argv[argc++] = end;
	argv[argc++] = (char *)file;
	return cmd_view.run(argc, argv);
}

static bool is_word(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz")] == 0;
}

static int without_verb(int argc, char **argv)
{
	bool no_open = false;
	const char *http = NULL, *mode = NULL, *pprof = NULL, *files[2];
	int count = 0;
	const struct cli_option options[] = {{"http", .value = &http},
	                                     {"d", .value = &mode},
	                                     {"pprof", .value = &pprof},
	                                     {"no-open", .flag = &no_open},
	                                     {0}};
	int status = cli_parse(NULL, argc, argv, options, files, 2, &count);
	if (status != CLI_GO_ON)
		return status;
	// Of two files the first is the program that wrote the trace: Go takes it, and has no use for it either.
	const char *file = files[count - 1];
	// ... and does not look at it; but a verb mistyped should not open the viewer.
	if (count == 2 && argc == 3 && is_word(files[0]) && access(files[0], F_OK) != 0)
		return cli_usage(NULL, "there is no verb '%s'", files[0]);
	if (pprof && *pprof)
		return cmd_pprof_go(pprof, file);
	if (mode && *mode && strcmp(mode, "0") != 0)
		return cmd_dump(mode, file);
	return view(file, http, no_open);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return CLI_USAGE;
	}
	const char *first = argv[1];
	if (strcmp(first, "help") == 0 || strcmp(first, "--help") == 0 ||
	    strcmp(first, "-help") == 0 || strcmp(first, "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-version") == 0) {
		printf("kymo %s\n", kymo_version());
		return cli_printed();
	}
	const struct cmd *cmd = find_verb(first);
	if (cmd)
		return cmd->run(argc - 1, argv + 1);
	const struct report_def *def = report_find(first);
	if (def)
		return cmd_report(def, argc - 1, argv + 1);
	return without_verb(argc, argv);
}
