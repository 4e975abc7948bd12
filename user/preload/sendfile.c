// SPDX-License-Identifier: GPL-2.0
/*
 * sendfile(2) by the module, where it can be: a regular file to a stream
 * socket.  All else is the kernel's, which also says what is wrong with it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/coldsend.h"
#include "range.h"
#include "shim.h"
#include "size.h"

#ifdef SYS_sendfile64
#define SYS_SENDFILE	SYS_sendfile64
#else
#define SYS_SENDFILE	SYS_sendfile
#endif

/* Set by the constructor, and only read after. */
static struct cs_range_how how = {
	.device = cs_device_get,
	.min_size = CS_MIN_SIZE,
};

static struct cs_served *served;

/* As the kernel sends it: to this thread, from this process. */
static void raise_sigpipe(void)
{
	siginfo_t info = { .si_signo = SIGPIPE, .si_code = SI_USER };

	info.si_pid = getpid();
	info.si_uid = getuid();
	if (syscall(SYS_rt_tgsigqueueinfo, info.si_pid,
		    syscall(SYS_gettid), SIGPIPE, &info))
		raise(SIGPIPE);
}

static ssize_t send_file(int out, int in, off64_t *offset, size_t bytes)
{
	int err = errno;
	ssize_t sent = cs_range_send(&how, out, in, offset, bytes);

	cs_range_count(served, sent);
	if (sent < 0 && errno == EPIPE) {
		raise_sigpipe();
		errno = EPIPE;
	}
	if (sent >= 0)
		errno = err;
	return sent ? sent : syscall(SYS_SENDFILE, out, in, offset, bytes);
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t bytes)
{
	return send_file(out, in, offset, bytes);
}

/* Where off_t is narrower, sendfile stays the kernel's. */
#if __LONG_WIDTH__ == 64
ssize_t sendfile(int out, int in, off_t *offset, size_t bytes)
{
	return send_file(out, in, offset, bytes);
}
#endif

static void map_counters(void)
{
	int fd = cs_inherit_get(CS_ENV_SERVED);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*served), PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	if (map != MAP_FAILED)
		served = map;
}

static __attribute__((constructor)) void start(void)
{
	const char *name = secure_getenv(CS_ENV_POLICY);
	const char *size = secure_getenv(CS_ENV_MIN_SIZE);
	int known = name ? coldsend_policy_find(name) : -1;
	int err = errno;

	if (known >= 0)
		how.policy = (__u32)known;
	/* What is no size changes nothing: small files served are what its owner wants least. */
	if (size)
		cs_size_parse(size, ULLONG_MAX, &how.min_size);
	map_counters();
	cs_device_start();
	errno = err;
}
