// SPDX-License-Identifier: GPL-2.0
/*
 * The device: a descriptor that servers do not know of, and may close.
 *
 * It is opened when the program starts, while it still may, or was inherited
 * from "coldsend run", and then it also survives execve(2).  Before each use
 * it is looked at: if its number is something else by now it is left alone,
 * and the device is opened anew, where that is possible.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "../lib/handle.h"
#include "inherit.h"
#include "shim.h"

/* Descriptors below are for the program, which may count on the lowest. */
#define FIRST_FD	512

/*
 * The descriptor in the upper half and the device's number in the lower, in one
 * word, so that threads see both change at once.  A descriptor of 0 is none: a
 * program that closed it opens other things there.
 */
static atomic_ullong device;

/* Second of the clock before which it is not tried again to open the device. */
static atomic_long next_try;

static int fd_of(__u64 word)
{
	return (int)(word >> 32);
}

/* What a descriptor is now, as a word; 0 if it is no device. */
static __u64 word_of(int fd)
{
	struct stat st;

	if (fd <= 0 || fstat(fd, &st) || !S_ISCHR(st.st_mode))
		return 0;
	return (__u64)fd << 32 | major(st.st_rdev) << 20 | minor(st.st_rdev);
}

/* Moves a descriptor up, if there is room. */
static int move_up(int fd)
{
	struct rlimit limit;
	int first = FIRST_FD;
	int up;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= FIRST_FD)
		first = (int)limit.rlim_cur / 2;
	up = fcntl(fd, F_DUPFD_CLOEXEC, first);
	if (up < 0)
		return fd;
	close(fd);
	return up;
}

static long this_second(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

/* Its descriptor, if that is the device still, or -1. */
static int fd_if_open(__u64 word)
{
	return word && word_of(fd_of(word)) == word ? fd_of(word) : -1;
}

/* Opens the device in place of @old, or takes what a faster thread has opened. */
static int try_to_open(__u64 old)
{
	__u64 word;
	int fd;

	fd = coldsend_open_device();
	if (fd < 0) {
		/* Who may not open it now will hardly ever. */
		next_try = this_second() + 1;
		return -1;
	}
	fd = move_up(fd);
	word = word_of(fd);
	if (word && atomic_compare_exchange_strong(&device, &old, word))
		return fd;
	close(fd);
	return fd_if_open(old);
}

/* sendfile(2) and fork(2) are no cancellation points, as open(2) is. */
static int open_instead(__u64 old)
{
	int state, fd;

	if (this_second() < next_try)
		return -1;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	fd = try_to_open(old);
	pthread_setcancelstate(state, NULL);
	return fd;
}

/**
 * cs_device_get - the descriptor of the device
 *
 * Return: the descriptor, or -1 if there is none at this time.
 */
int cs_device_get(void)
{
	__u64 word = device;
	int fd = fd_if_open(word);

	return fd < 0 ? open_instead(word) : fd;
}

/*
 * A daemon has closed all descriptors before it forks those who serve, and has
 * not given up its rights yet.
 */
static void before_fork(void)
{
	int err = errno;

	cs_device_get();
	errno = err;
}

/** cs_device_start - when the program starts */
void cs_device_start(void)
{
	device = word_of(cs_inherit_get(CS_ENV_DEVICE));
	cs_device_get();
	pthread_atfork(before_fork, NULL, NULL);
}
