/* SPDX-License-Identifier: MIT */
/* Standard output, progress on standard error, and numbers for people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define PROGRESS_AFTER_S 0.25  // shorter waits need no bar
#define PROGRESS_EVERY_S 0.1

static bool write_all(void *ctx, const void *bytes, size_t len)
{
	struct cli_out *out = ctx;
	const char *p = bytes;
	while (len) {
		ssize_t n = write(STDOUT_FILENO, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			out->error = n < 0 ? errno : EIO;
			return false;
		}
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* NO_COLOR (no-color.org): set and not empty, whatever it says. */
static bool colour_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static int terminal_columns(int fd)
{
	struct winsize w;
	return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

void cli_out_open(struct cli_out *out)
{
	*out = (struct cli_out){.terminal = isatty(STDOUT_FILENO) == 1, .columns = 80};
	out->sink = (struct kymo_sink){write_all, out};
	out->buf = (struct buf){.write = write_all, .write_ctx = out};
	if (out->terminal) {
		out->colour = colour_wanted();
		out->columns = terminal_columns(STDOUT_FILENO);
	}
}

/* A closed pipe usually ends the program by SIGPIPE; where that is ignored, it ends without a word all the same. */
static int output_failed(int error)
{
	if (error == EPIPE)
		return CLI_ERROR;
	return cli_error("cannot write to standard output: %s", strerror(error ? error : ENOMEM));
}

int cli_out_close(struct cli_out *out)
{
	bool ok = buf_flush(&out->buf) && !out->error;
	buf_free(&out->buf);
	return ok ? CLI_OK : output_failed(out->error);
}

int cli_printed(void)
{
	errno = 0;
	return fflush(stdout) == 0 && !ferror(stdout) ? CLI_OK : output_failed(errno ? errno : EIO);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void cli_progress_begin(struct cli_progress *p, const char *what)
{
	*p = (struct cli_progress){.on = isatty(STDERR_FILENO) == 1, .what = what};
	if (p->on) {
		p->columns = terminal_columns(STDERR_FILENO);
		p->began = p->last = now_s();
	}
}

bool cli_progress_show(void *ctx, uint64_t done, uint64_t total)
{
	struct cli_progress *p = ctx;
	if (!p->on || total == 0)
		return false;
	double now = now_s(), spent = now - p->began, share = (double)done / (double)total;
	if (spent < PROGRESS_AFTER_S || now - p->last < PROGRESS_EVERY_S)
		return false;
	p->last = now;
	char a[UNITS_SIZE], b[UNITS_SIZE], tail[3 * UNITS_SIZE], bar[31] = "";
	int n = snprintf(tail, sizeof tail, "%s of %s %3.0f%%", units_bytes(a, done),
	                 units_bytes(b, total), share * 100);
	if (share > 0.01)
		snprintf(tail + n, sizeof tail - (size_t)n, "  %.0f s left", spent / share - spent);
	int cells = p->columns - 24 - (int)strlen(tail);
	cells = cells > 30 ? 30 : cells;
	for (int i = 0; i < cells; i++)
		bar[i] = (double)i < share * cells ? '#' : '.';
	fprintf(stderr, "\r\033[K%.16s %s %s", p->what, bar, tail);
	fflush(stderr);
	p->drawn = true;
	return false;
}

void cli_progress_end(struct cli_progress *p)
{
	if (p->drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	p->on = p->drawn = false;
}
