// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors by environment: the word says what the descriptor is, so that
 * nobody takes for it what got its number later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "inherit.h"

/* "FD:DEVICE:INODE:RDEV"; all that tells one open file from another. */
#define FORMAT	"%d:%llx:%llx:%llx"

/**
 * cs_inherit_put - name a descriptor in the environment
 * @name: CS_ENV_*
 * @fd: the descriptor; not close-on-exec
 *
 * Return: 0, or -1 with errno.
 */
int cs_inherit_put(const char *name, int fd)
{
	char word[80];
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	snprintf(word, sizeof(word), FORMAT, fd,
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		 (unsigned long long)st.st_rdev);
	return setenv(name, word, 1);
}

/**
 * cs_inherit_get - the descriptor that the environment names
 * @name: CS_ENV_*
 *
 * Return: the descriptor; -1 if there is none, or it is not what it was.
 */
int cs_inherit_get(const char *name)
{
	unsigned long long dev, ino, rdev;
	const char *word = secure_getenv(name);
	struct stat st;
	int fd;

	if (!word || sscanf(word, FORMAT, &fd, &dev, &ino, &rdev) != 4 ||
	    fstat(fd, &st))
		return -1;
	if (st.st_dev != dev || st.st_ino != ino || st.st_rdev != rdev)
		return -1;
	return fd;
}
