// SPDX-License-Identifier: GPL-2.0
/*
 * The device: opening it, its ioctls, its counters in debugfs; who calls, and
 * the clock that deadlines are told by.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cs_test.h"

#define STATS		"/sys/kernel/debug/coldsend/stats"
#define POOL		"/sys/kernel/debug/coldsend/pool"
#define EXIT_SKIP	4

int cs_open(void)
{
	int dev = open(COLDSEND_DEVICE, O_RDWR | O_CLOEXEC);

	return dev < 0 ? -errno : dev;
}

/* Ends the program as skipped if there is no device to test. */
void cs_need_device(void)
{
	int dev = cs_open();

	if (dev < 0) {
		printf("1..0 # SKIP %s: %s\n", COLDSEND_DEVICE, strerror(-dev));
		exit(EXIT_SKIP);
	}
	close(dev);
}

/* Where test files go. */
const char *cs_dir(void)
{
	return getenv("CS_DIR") ?: "/mnt/disk";
}

void cs_send_init(struct coldsend_send *s, int file, int sock, __u64 offset,
		  __u64 length, __u32 policy)
{
	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	s->file_fd = file;
	s->sock_fd = sock;
	s->offset = offset;
	s->length = length;
	s->policy = policy;
	/* Something that a result has to write over. */
	s->sent = CS_NONE;
}

int cs_ioctl(int dev, unsigned long cmd, void *arg)
{
	return ioctl(dev, cmd, arg) ? -errno : 0;
}

int cs_send(int dev, struct coldsend_send *s)
{
	return cs_ioctl(dev, COLDSEND_IOC_SEND, s);
}

/* The value of a line of a file in debugfs, or a negative errno. */
static long long value_of(const char *path, const char *name)
{
	long long value;
	char key[64];
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%63s %lld", key, &value) == 2) {
		if (strcmp(key, name))
			continue;
		fclose(f);
		return value;
	}
	fclose(f);
	return -ENOENT;
}

/* A line of the module's totals, or a negative errno. */
long long cs_stat(const char *name)
{
	return value_of(STATS, name);
}

/* A line of what the pool holds now, likewise. */
long long cs_pool_stat(const char *name)
{
	return value_of(POOL, name);
}

long long cs_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The pause between two looks at something: 2 ms. */
void cs_nap(void)
{
	struct timespec ts = { .tv_nsec = 2000000 };

	nanosleep(&ts, NULL);
}

/* Who calls from now on; root can come back.  By system call: one thread. */
int cs_become(uid_t uid)
{
	return syscall(SYS_setresuid, uid, uid, 0) ? -errno : 0;
}

/* Where a thread runs from now on. */
int cs_run_on(pthread_t thread, int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return -pthread_setaffinity_np(thread, sizeof(one), &one);
}

/* So long as @time of an idle machine may take here: run.sh says how slow it is. */
int cs_patient(int time)
{
	const char *factor = getenv("COLDSEND_PATIENCE");

	return time * (factor && atoi(factor) > 1 ? atoi(factor) : 1);
}

/* Looks at @done until it is true or the deadline passes; what it was. */
bool cs_wait(bool (*done)(void *arg), void *arg, int seconds)
{
	long long deadline = cs_now_ms() + cs_patient(seconds) * 1000LL;

	while (!done(arg)) {
		if (cs_now_ms() > deadline)
			return false;
		cs_nap();
	}
	return true;
}
