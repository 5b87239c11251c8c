/* SPDX-License-Identifier: MIT */
/* A file is written whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static bool write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* Something that is no regular file (a pipe, /dev/stdout) cannot be replaced: it is written as it stands. */
static int write_special(const char *name, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cli_error("cannot write %s: %s", name, strerror(errno));
	bool ok = write_all(fd, bytes, len);
	int error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	return ok ? CLI_OK : cli_error("cannot write %s: %s", name, strerror(error));
}

int cli_write_file(const char *name, const void *bytes, size_t len)
{
	struct stat st;
	mode_t mode = 0666;
	if (stat(name, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return write_special(name, bytes, len);
		mode = st.st_mode & 0777;
	} else {
		mode_t mask = umask(0);
		umask(mask);
		mode &= ~mask;
	}
	size_t n = strlen(name) + 8;
	char *beside = malloc(n);
	if (!beside)
		return cli_error("no memory left");
	snprintf(beside, n, "%s.XXXXXX", name);
	int fd = mkostemp(beside, O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd, bytes, len) && fchmod(fd, mode) == 0;
	int error = errno;
	if (fd >= 0 && close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(beside, name) != 0) {
		ok = false;
		error = errno;
	}
	if (!ok && fd >= 0)
		unlink(beside);
	free(beside);
	return ok ? CLI_OK : cli_error("cannot write %s: %s", name, strerror(error));
}
