// SPDX-License-Identifier: GPL-2.0
/* Files: opens and writes them, and says what went wrong. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/**
 * cs_file_open - open a regular file for reading
 * @path: the file
 * @st: filled with its attributes
 *
 * Return: a file descriptor, or -1 after a message.
 */
int cs_file_open(const char *path, struct stat *st)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
	/* A FIFO would wait for a writer here. */
	int fd = open(path, flags | O_NONBLOCK);

	/* Who has a lease of it, a file then, gives it back meanwhile. */
	if (fd < 0 && errno == EWOULDBLOCK)
		fd = open(path, flags);
	if (fd < 0 || fstat(fd, st)) {
		cs_err("can't open %s: %s", path, strerror(errno));
		goto err_close;
	}
	if (!S_ISREG(st->st_mode)) {
		cs_err("%s is not a regular file", path);
		goto err_close;
	}
	if (!fcntl(fd, F_SETFL, 0))
		return fd;
	cs_err("can't make reads of %s wait: %s", path, strerror(errno));
err_close:
	if (fd >= 0)
		close(fd);
	return -1;
}

/**
 * cs_file_create - open a file for writing, empty
 * @path: the file
 *
 * Return: a file descriptor, or -1 after a message.
 */
int cs_file_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
		      0666);

	if (fd < 0)
		cs_err("can't create %s: %s", path, strerror(errno));
	return fd;
}

/** cs_file_write - write all of @buf; false with errno if it does not fit */
bool cs_file_write(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}
