// SPDX-License-Identifier: GPL-2.0
/*
 * The caller of a stopped system call: what is known of the thread, its
 * descriptors and its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "notify.h"

/* Since Linux 6.9; the C library's headers may be older. */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

/* Takes one line of /proc/TID/status, if it is one that we want. */
static void take_line(struct cs_caller *c, const char *line)
{
	unsigned long long set;

	if (sscanf(line, "SigPnd: %llx", &set) == 1)
		c->pending = set;
	else if (sscanf(line, "ShdPnd: %llx", &set) == 1)
		c->shared = set;
	else if (sscanf(line, "SigBlk: %llx", &set) == 1 ||
		 sscanf(line, "SigIgn: %llx", &set) == 1)
		c->unheard |= set;
	else if (sscanf(line, "Tgid: %d", &c->process) != 1 &&
		 sscanf(line, "Uid: %u %u", &c->real_uid, &c->uid) != 2)
		sscanf(line, "Gid: %u", &c->real_gid);
}

/**
 * cs_caller_look - look at a thread
 * @c: filled
 * @thread: its number
 *
 * Return: false with errno, which is ESRCH if it is gone.
 */
bool cs_caller_look(struct cs_caller *c, pid_t thread)
{
	char path[40], line[256];
	FILE *status;

	*c = (struct cs_caller){ .thread = thread, .memory = -1 };
	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	status = fopen(path, "re");
	if (!status) {
		if (errno == ENOENT)
			errno = ESRCH;
		return false;
	}
	while (fgets(line, sizeof(line), status))
		take_line(c, line);
	fclose(status);
	errno = ESRCH;
	return c->process > 0;
}

/**
 * cs_caller_open - open the thread's memory
 * @c: from cs_caller_look(); to be given to cs_caller_close()
 *
 * Return: false if it is gone, or not ours to look at.
 */
bool cs_caller_open(struct cs_caller *c)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/mem", c->thread);
	c->memory = open(path, O_RDWR | O_CLOEXEC);
	return c->memory >= 0;
}

/** cs_caller_close - close its memory, if it is open */
void cs_caller_close(struct cs_caller *c)
{
	if (c->memory >= 0)
		close(c->memory);
	c->memory = -1;
}

/** cs_caller_signalled - does a signal wait that the thread would hear? */
bool cs_caller_signalled(const struct cs_caller *c)
{
	return c->pending & ~c->unheard;
}

/** cs_caller_shares - does one wait that it, or another of its process, would? */
bool cs_caller_shares(const struct cs_caller *c)
{
	return c->shared & ~c->unheard;
}

/*
 * Something to ask for the thread's files.  Before Linux 6.9 there is only the
 * process, which is as good if all have the same; else -1.
 */
static int open_thread(const struct cs_caller *c)
{
	int fd = pidfd_open(c->thread, PIDFD_THREAD);

	if (fd >= 0 || errno != EINVAL)
		return fd;
	if (c->thread != c->process &&
	    syscall(SYS_kcmp, c->process, c->thread, KCMP_FILES, 0, 0))
		return -1;
	return pidfd_open(c->process, 0);
}

/** cs_caller_files - copies of two of its descriptors; false if not both */
bool cs_caller_files(const struct cs_caller *c, int theirs[2], int ours[2])
{
	int thread = open_thread(c);

	ours[0] = thread < 0 ? -1 : pidfd_getfd(thread, theirs[0], 0);
	ours[1] = ours[0] < 0 ? -1 : pidfd_getfd(thread, theirs[1], 0);
	if (thread >= 0)
		close(thread);
	if (ours[1] >= 0)
		return true;
	if (ours[0] >= 0)
		close(ours[0]);
	return false;
}

/** cs_caller_read - read @len bytes at address @at of its memory */
bool cs_caller_read(const struct cs_caller *c, __u64 at, void *value, size_t len)
{
	return pread(c->memory, value, len, (off_t)at) == (ssize_t)len;
}

/** cs_caller_write - write @len bytes at address @at of its memory */
bool cs_caller_write(const struct cs_caller *c, __u64 at, const void *value,
		     size_t len)
{
	return pwrite(c->memory, value, len, (off_t)at) == (ssize_t)len;
}

/** cs_caller_kill - send a signal to the thread */
bool cs_caller_kill(const struct cs_caller *c, int sig)
{
	return !syscall(SYS_tgkill, c->process, c->thread, sig);
}

/**
 * cs_caller_act - have this thread act with the rights of the user of @c, or,
 *	with NULL, its own
 *
 * The kernel has users by thread, which the C library hides: so it is asked
 * directly.  The real user stays ours: who has that one may kill us.
 *
 * Return: does it?
 */
bool cs_caller_act(const struct cs_caller *c)
{
	return !syscall(SYS_setresuid, -1, c ? c->uid : getuid(), -1);
}
