/* SPDX-License-Identifier: MIT */
/*
 * measure RUNS COMMAND ARGS...: runs a command several times with its output thrown away, and prints
 *
 *     minimum_s median_s peak_kib
 *
 * of the whole process: wall time from fork to end, and the most memory it had at once (mapped file pages included).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_RUNS 101

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	if (runs < 1 || runs > MOST_RUNS) {
		fprintf(stderr, "usage: measure RUNS COMMAND ARGS...\n");
		return 2;
	}
	double seconds[MOST_RUNS];
	long peak_kib = 0;
	for (long i = 0; i < runs; i++) {
		double begin = now();
		pid_t pid = fork();
		if (pid == 0) {
			int null = open("/dev/null", O_WRONLY);
			dup2(null, STDOUT_FILENO);
			execvp(argv[2], argv + 2);
			perror(argv[2]);
			_exit(127);
		}
		int status;
		struct rusage usage;
		if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != 0) {
			fprintf(stderr, "measure: %s failed\n", argv[2]);
			return 1;
		}
		seconds[i] = now() - begin;
		if (usage.ru_maxrss > peak_kib)
			peak_kib = usage.ru_maxrss;
	}
	qsort(seconds, (size_t)runs, sizeof *seconds, by_value);
	printf("%.4f %.4f %ld\n", seconds[0], seconds[runs / 2], peak_kib);
	return 0;
}
