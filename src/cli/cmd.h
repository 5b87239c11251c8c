/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the program. An analysis is none of its own: it is a report, see report/report.h.
 *
 * To add one: write src/cli/cmd_NAME.c with `const struct cmd cmd_NAME`, declare it below, put it into the table
 * of main.c and its file into src/cli/meson.build; then the man page, the completions, and a case in tests/cli.
 *
 *     static int run(int argc, char **argv)           // argv[0] is the verb's name
 *     {
 *             bool json = false;
 *             const char *file = NULL;
 *             const struct cli_option options[] = {{"json", .flag = &json}, {0}};
 *             int status = cli_parse(&cmd_stat, argc, argv, options, &file, 1, NULL);
 *             if (status != CLI_GO_ON)
 *                     return status;
 *             ...
 *     }
 *     const struct cmd cmd_stat = {"stat", "what a trace holds", "FILE [--json]", help_text, run};
 */
#ifndef KYMO_CLI_CMD_H
#define KYMO_CLI_CMD_H

struct cmd {
	const char *name;
	const char *summary;    // a few words for `kymo help`
	const char *arguments;  // "FILE [--json]"
	const char *help;       // what `kymo VERB --help` prints below the usage line
	int (*run)(int argc,
	           char **argv);  // the program's exit status: CLI_OK, CLI_ERROR, CLI_USAGE
};

extern const struct cmd cmd_view, cmd_stat, cmd_events, cmd_pprof;

/* `kymo -d=MODE FILE`: Go's debug dumps. Not a verb of its own. */
int cmd_dump(const char *mode, const char *file);
/* `kymo -pprof=TYPE FILE`: a profile with Go's figures on standard output. */
int cmd_pprof_go(const char *type, const char *file);

#endif
