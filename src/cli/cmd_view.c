/* SPDX-License-Identifier: MIT */
/*
 * kymo view: the timeline in a browser. The server listens before the trace is read; a thread reads
 * it, while this one waits for what comes first: news from that thread or a signal, both through
 * one pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/threads.h"
#include "cli/cli.h"
#include "serve/serve.h"

/* What arrives through the pipe. */
#define NEWS_READING 'r'  // the file is a trace, or at least begins like one
#define NEWS_DONE 'd'
#define NEWS_SIGNAL 's'
#define NEWS_NONE 0  // within the time that was given
/* How long a loader that was told to stop may take. */
#define PATIENCE_MS 500

struct view {
	const char *file;
	struct serve *server;
	struct cli_progress progress;
	bool announced;
	enum kymo_status status;
	struct kymo_error error;
};

static int news_pipe[2];

static void send_news(char what)
{
	ssize_t ignored = write(news_pipe[1], &what, 1);
	(void)ignored;
}

static void on_signal(int number)
{
	int keep = errno;
	(void)number;
	send_news(NEWS_SIGNAL);
	errno = keep;
}

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct view *v = ctx;
	if (!v->announced && done > 0) {
		v->announced = true;
		send_news(NEWS_READING);
	}
	return cli_progress_show(&v->progress, done, total);
}

static void *load(void *ctx)
{
	struct view *v = ctx;
	struct kymo_input *in;
	struct kymo_load_options options = {on_progress, v};
	v->status = kymo_input_open(v->file, &in, &v->error);
	if (v->status == KYMO_OK) {
		v->status = serve_load(v->server, in, &options, &v->error);
		kymo_input_close(in);
	}
	send_news(NEWS_DONE);
	return NULL;
}

/*
 * Starts the browser as a grandchild, so that nobody has to wait for it. Where there is none, the
 * address was printed.
 */
static void open_browser(const char *url)
{
	const char *browser = getenv("BROWSER");
	if (!browser || !*browser)
		browser = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY") ? "xdg-open" : NULL;
	if (!browser)
		return;
	pid_t child = fork();
	if (child == 0) {
		if (setsid() >= 0 && fork() == 0) {
			int null = open("/dev/null", O_RDWR);
			for (int fd = 0; null >= 0 && fd < 3; fd++)
				dup2(null, fd);
			execlp(browser, browser, url, (char *)NULL);
		}
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void announce(const struct view *v, bool browse)
{
	printf("%s\n", serve_url(v->server));
	if (serve_is_public(v->server))
		printf("other machines can reach it, too\n");
	fflush(stdout);
	if (browse)
		open_browser(serve_url(v->server));
}

/* timeout_ms < 0: as long as it takes. */
static char wait_for_news(int timeout_ms)
{
	char what;
	struct pollfd fd = {.fd = news_pipe[0], .events = POLLIN};
	for (;;) {
		if (read(news_pipe[0], &what, 1) == 1)
			return what;
		if (poll(&fd, 1, timeout_ms) == 0)
			return NEWS_NONE;
	}
}

/* Until the user has had enough, or the trace turns out to be unreadable. */
static int watch(struct view *v, bool browse)
{
	bool shown = false, done = false, stopped = false;
	while (!stopped || !done) {
		char news = wait_for_news(stopped ? PATIENCE_MS : -1);
		if (news == NEWS_NONE) {
			/*
			 * It sits in a read that nothing interrupts, of a pipe that nobody writes
			 * to: it ends with us.
			 */
			cli_progress_end(&v->progress);
			_exit(CLI_OK);
		}
		if (news == NEWS_SIGNAL) {
			stopped = true;
			serve_cancel(v->server);
		}
		done = done || news == NEWS_DONE;
		if (done && v->status != KYMO_OK)
			break;
		if (news == NEWS_DONE)
			cli_progress_end(&v->progress);
		if (!shown && !stopped) {
			announce(v, browse);
			shown = true;
		}
		const struct kymo_trace *t = news == NEWS_DONE ? serve_trace(v->server) : NULL;
		if (t && kymo_trace_info(t)->damage_count)
			cli_warn_damage(v->file, kymo_trace_info(t)->damage,
			                kymo_trace_info(t)->bytes);
	}
	if (v->status == KYMO_OK)
		return CLI_OK;
	cli_progress_end(&v->progress);
	return stopped ? CLI_OK : cli_fail(v->file, &v->error);
}

static bool start_watching(void)
{
	struct sigaction quit = {.sa_handler = on_signal, .sa_flags = SA_RESTART},
			 ignore = {.sa_handler = SIG_IGN};
	if (pipe2(news_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	sigaction(SIGINT, &quit, NULL);
	sigaction(SIGTERM, &quit, NULL);
	sigaction(SIGHUP, &quit, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return true;
}

static int run(int argc, char **argv)
{
	bool no_open = false;
	const char *http = "0", *files[2];
	int count = 0;
	char message[400], what[300];
	pthread_t thread;
	struct http_address address;
	const struct cli_option options[] = {
		{"http", .value = &http}, {"no-open", .flag = &no_open}, {0}};
	int status = cli_parse(&cmd_view, argc, argv, options, files, 2, &count);
	if (status != CLI_GO_ON)
		return status;
	if (!http_address_parse(http, &address, message, sizeof message))
		return cli_usage(&cmd_view, "%s", message);
	/*
	 * As in `go tool trace`, a program may stand before the trace that it wrote; nothing of it
	 * is needed.
	 */
	struct view v = {.file = files[count - 1]};
	if (!start_watching())
		return cli_error("%s", strerror(errno));
	if (!serve_start(&address, &v.server, message, sizeof message))
		return cli_error("%s", message);
	snprintf(what, sizeof what, "reading %.280s", v.file);
	cli_progress_begin(&v.progress, what);
	if (!thread_start(&thread, load, &v)) {
		serve_stop(v.server);
		return cli_error("no thread can be started");
	}
	status = watch(&v, !no_open);
	pthread_join(thread, NULL);
	serve_stop(v.server);
	return status;
}

const struct cmd cmd_view = {
	"view",
	"look at a trace in the browser",
	"FILE [--http ADDR] [--no-open]",
	"Reads the trace, serves its timeline and prints the address to open; a browser is\n"
	"opened where there is a display. Ctrl-C ends it. FILE \"-\" is standard input; gzip and\n"
	"zstd are unpacked.\n"
	"\n"
	"  --http ADDR   listen on PORT, :PORT (this machine only) or HOST:PORT; port 0, the\n"
	"                default, is a free one\n"
	"  --no-open     do not open a browser\n",
	run,
};
