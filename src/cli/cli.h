/* SPDX-License-Identifier: MIT */
/*
 * What every verb shares: exit statuses, options, one place for messages, standard output that notices a full
 * disk, a progress bar.
 *
 *     struct cli_out out;
 *     cli_out_open(&out);                                // a struct kymo_sink over standard output
 *     ... kymo_export_stat_json(&stat, &out.sink) ...
 *     return cli_out_close(&out);                        // CLI_OK, or says why not
 */
#ifndef KYMO_CLI_CLI_H
#define KYMO_CLI_CLI_H

#include <kymo/kymo.h>

#include "base/buf.h"
#include "base/units.h"
#include "cli/cmd.h"

enum {
	CLI_OK = 0,
	CLI_ERROR = 1,   // the trace or the system
	CLI_USAGE = 2,   // the command line
	CLI_GO_ON = -1,  // cli_parse: nothing was wrong, and no --help
};

/* ---- messages, all on stderr as "kymo: ..." ---- */

/* Says one sentence; returns CLI_ERROR. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says what is wrong with the command line, and where help is. `cmd` NULL: of the program itself. Returns CLI_USAGE. */
int cli_usage(const struct cmd *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An error of the library about `file`. Returns CLI_ERROR. */
int cli_fail(const char *file, const struct kymo_error *err);
/* The sentence about a trace that was read up to its damage. */
void cli_warn_damage(const char *file, const struct kymo_damage *damage, uint64_t trace_bytes);

/* ---- options ---- */

/* One of `flag`, `value`, `time` is set. Written --name, --name VALUE or --name=VALUE; one dash will do, as in Go. */
struct cli_option {
	const char *name;
	bool *flag;
	const char **value;
	kymo_ns *time;  // 1.5ms, 2s, 100us, 3m or plain ns; not negative
};

/*
 * Options may stand before and after the files; "--" ends them, "-" is a file. `files` gets up to `max_files`
 * (at least one is wanted); *file_count, if not NULL, how many. Answers --help itself.
 * Returns CLI_GO_ON, or the status to end with. `options` ends with a row without name. `cmd` is NULL where there
 * is no verb.
 */
int cli_parse(const struct cmd *cmd, int argc, char **argv, const struct cli_option *options,
              const char **files, int max_files, int *file_count);
/* Prints usage and help of a verb on standard output. Returns CLI_OK. */
int cli_help(const struct cmd *cmd);

/* ---- standard output ---- */

struct cli_out {
	struct kymo_sink sink;
	struct buf buf;  // for text of one's own; cli_out_close flushes it
	bool terminal, colour;
	int columns;  // of the terminal; 80 if unknown
	int error;    // errno of the first write that failed
};

void cli_out_open(struct cli_out *out);
/* Writes what is left. A closed pipe is no error worth words; a full disk is. Returns CLI_OK or CLI_ERROR. */
int cli_out_close(struct cli_out *out);
/*
 * Writes a whole file: beside it first, then in its place, so that there never is half of one. Says what went wrong.
 * Returns CLI_OK or CLI_ERROR.
 */
int cli_write_file(const char *name, const void *bytes, size_t len);
/* As cli_out_close, for a few lines that were printed by stdio. */
int cli_printed(void);

/* ---- progress ---- */

/* Draws on stderr, only where that is a terminal and reading takes long enough to be noticed. */
struct cli_progress {
	bool on, drawn;
	int columns;
	double began, last;  // s, monotonic
	const char *what;    // "reading trace.out"
};

void cli_progress_begin(struct cli_progress *p, const char *what);
/* Of type kymo_reader_options.progress; `ctx` is the struct. Never asks to stop. */
bool cli_progress_show(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
/* Removes the bar. */
void cli_progress_end(struct cli_progress *p);

#endif
