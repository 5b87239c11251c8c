/* SPDX-License-Identifier: MIT */
/* `kymo view` as a process: what it prints, what it returns, and that Ctrl-C ends it whatever it is doing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cmd.h"
#include "property/gen.h"
#include "property/gen_write.h"

#define PATIENCE_MS 20000

static char trace_path[] = "/tmp/kymo-view-XXXXXX";

static int set_up(void **state)
{
	struct gen_trace g;
	int fd = mkstemp(trace_path);
	(void)state;
	gen_trace_make(
		&g, &(struct gen_options){.seed = 3, .version = 26, .generations = 2, .steps = 300});
	bool ok = fd >= 0 && write(fd, g.bytes, g.len) == (ssize_t)g.len && close(fd) == 0;
	gen_trace_free(&g);
	return ok ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(trace_path);
}

struct child {
	pid_t pid;
	int out;  // its standard output and error
	int in;   // writes to its standard input
};

/* Starts `kymo view ARGUMENTS`; the list ends with NULL. */
static struct child start(const char *first, ...)
{
	int out[2], in[2], argc = 1;
	char verb[] = "view", *argv[8] = {verb};
	va_list ap;
	va_start(ap, first);
	for (const char *a = first; a; a = va_arg(ap, const char *))
		argv[argc++] = strdup(a);
	va_end(ap);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	fflush(NULL);
	struct child c = {.pid = fork(), .out = out[0], .in = in[1]};
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[1]);
		unsetenv("BROWSER");
		int status = cmd_view.run(argc, argv);
		fflush(NULL);
		_exit(status);
	}
	close(out[1]);
	close(in[0]);
	while (argc > 1)
		free(argv[--argc]);
	return c;
}

/* Reads until a line ends, or everything if `whole`. */
static void read_text(const struct child *c, char *text, size_t cap, bool whole)
{
	size_t len = 0;
	struct pollfd fd = {.fd = c->out, .events = POLLIN};
	while (len + 1 < cap && (whole || len == 0 || text[len - 1] != '\n')) {
		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			fail_msg("view says nothing");
		ssize_t n = read(c->out, text + len, cap - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = 0;
}

/* The exit status; the test fails if there is none in time. */
static int end(const struct child *c)
{
	int status = 0, pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	assert_true(pidfd >= 0);
	bool ended = poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, PATIENCE_MS) == 1;
	close(pidfd);
	if (!ended)
		kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	if (!ended)
		fail_msg("view does not end");
	close(c->out);
	close(c->in);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_serves_until_interrupted(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	char text[300];
	unsigned port;
	(void)state;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct child c = start(trace_path, "--no-open", NULL);
		read_text(&c, text, sizeof text, false);
		if (sscanf(text, "http://127.0.0.1:%u/\n", &port) != 1 || port == 0)
			fail_msg("view says: %s", text);
		kill(c.pid, signals[i]);
		assert_int_equal(end(&c), 0);
	}
}

/* Until the child has read what was written to it, and so waits for more. */
static void wait_until_read(const struct child *c)
{
	int left = 1;
	while (left > 0) {
		assert_int_equal(ioctl(c->in, FIONREAD, &left), 0);
		sched_yield();
	}
}

/* One byte comes, and then nothing: the read that waits for more must not keep the user. */
static void test_interrupted_while_it_waits(void **state)
{
	(void)state;
	struct child c = start("-", "--no-open", NULL);
	assert_int_equal(write(c.in, "g", 1), 1);
	wait_until_read(&c);
	kill(c.pid, SIGINT);
	assert_int_equal(end(&c), 0);
}

static void expect_failure(struct child c, int status, const char *sentence)
{
	char text[1000];
	read_text(&c, text, sizeof text, true);
	if (!strstr(text, sentence))
		fail_msg("no \"%s\" in: %s", sentence, text);
	assert_int_equal(end(&c), status);
}

static void test_failures(void **state)
{
	char text[300], address[40];
	unsigned port;
	(void)state;
	expect_failure(start("/nonexistent/trace", "--no-open", NULL), 1, "/nonexistent/trace");
	expect_failure(start("/dev/null", "--no-open", NULL), 1, "/dev/null: the input is empty");
	expect_failure(start(trace_path, "--http", "nonsense", NULL), 2, "nonsense");
	expect_failure(start(trace_path, "--http", "1:2:3", NULL), 2, "1:2:3");
	expect_failure(start("--no-open", NULL), 2, "usage");
	struct child c = start(trace_path, "--no-open", "--http", "0", NULL);
	read_text(&c, text, sizeof text, false);
	assert_int_equal(sscanf(text, "http://127.0.0.1:%u/", &port), 1);
	snprintf(address, sizeof address, ":%u", port);
	expect_failure(start(trace_path, "--no-open", "--http", address, NULL), 1, "already in use");
	kill(c.pid, SIGINT);
	assert_int_equal(end(&c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serves_until_interrupted),
		cmocka_unit_test(test_interrupted_while_it_waits),
		cmocka_unit_test(test_failures),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
