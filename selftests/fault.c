// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand: the n-th allocation of the calling thread, or of the
 * workers that pump asynchronous transfers, fails (fail-nth of the kernel's
 * fault injection; copies from and to user space count too).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "worker.h"

#define MINE		"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"
#define WORKERS_MAX	64

/* Of the armed thread: there is one at a time. */
static int mine;
/* Of the armed workers. */
static int workers[WORKERS_MAX];
static int nr_workers;

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/*
 * Has this kernel faults?  Then all allocations may fail, those that may sleep
 * included, and none is a line in the kernel's log.
 */
bool cs_fault_available(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];
	size_t i;

	if (access(MINE, W_OK))
		return false;
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", settings[i][0]);
		if (put(path, settings[i][1]))
			return false;
	}
	return true;
}

static int arm(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return write(fd, text, len) < 0 ? -errno : 0;
}

/*
 * How many more would have passed, 0 if one has failed; -1 if asking is what
 * failed, which takes a copy to user space.
 */
static int left(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

/* The @n-th allocation of this thread from now on fails: 0 or -errno. */
int cs_fault_arm(int n)
{
	int err;

	/* Opened before: it could be what fails. */
	mine = open(MINE, O_RDWR | O_CLOEXEC);
	if (mine < 0)
		return -errno;
	err = arm(mine, n);
	if (err)
		close(mine);
	return err;
}

/* No more.  Return: as left(). */
int cs_fault_end(void)
{
	int n = left(mine);

	while (arm(mine, 0) == -EFAULT)
		;
	close(mine);
	return n;
}

/* No more; whether one has failed. */
bool cs_fault_disarm(void)
{
	return !cs_fault_end();
}

/* Arms an unbound worker and keeps its file, for which there must be room. */
static bool arm_worker(const struct cs_worker *w, void *n)
{
	char path[64];
	int fd;

	if (strncmp(w->name, "kworker/u", 9) || nr_workers == WORKERS_MAX)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", w->pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (arm(fd, *(int *)n)) {
		close(fd);
		return false;
	}
	workers[nr_workers++] = fd;
	return true;
}

/* The @n-th allocation of each unbound worker fails: workers, or -1. */
int cs_fault_arm_workers(int n)
{
	nr_workers = 0;
	return cs_workers_count(arm_worker, &n);
}

/* No more; whether one of a worker has failed. */
bool cs_fault_disarm_workers(void)
{
	bool failed = false;

	while (nr_workers) {
		int fd = workers[--nr_workers];

		failed |= !left(fd);
		arm(fd, 0);
		close(fd);
	}
	return failed;
}

/* With no failure all is as ever. */
int cs_fault_works(int dev, int file, const struct cs_data *data)
{
	struct cs_job job = {
		.dev = dev, .file = file, .data = data, .kind = CS_TCP4,
		.policy = COLDSEND_POLICY_DIRECT, .length = COLDSEND_TO_EOF,
	};

	return cs_job_run(&job) ?: cs_job_verify(&job);
}

/*
 * May a call that met a failure say so?  EFAULT: copies between kernel and user
 * space fail too.  ENOBUFS: what a UNIX socket without memory says.  EIO: what a
 * file system says whose own structures can't be read for want of memory.
 */
bool cs_fault_is_fine(int err)
{
	return !err || err == -ENOMEM || err == -EFAULT || err == -ENOBUFS ||
	       err == -EIO;
}
