// SPDX-License-Identifier: GPL-2.0
/*
 * insmod-fail: loads a module again and again, with each allocation of that
 * failing in turn, until none is left to fail.  What was loaded all the same is
 * unloaded each time.  Not the first ones, of reading the file into memory, about
 * which the kernel itself complains.
 *
 * usage: insmod-fail MODULE.ko NAME
 * Exit: 0 right errno each time, 1 not, 4 no faults on demand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cs_test.h"
#include "fault.h"

#define SWEEP_MAX	20000
#define UNLOAD_SECONDS	10

static bool unloaded(void *arg)
{
	return !syscall(SYS_delete_module, arg, O_NONBLOCK);
}

/* Whether the errno is one that loading without memory may end with. */
static bool is_fine(int err)
{
	return err == ENOMEM || err == EFAULT;
}

static int load(int file, int n, bool *failed)
{
	int err = cs_fault_arm(n);

	if (err)
		return err;
	err = syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
	*failed = cs_fault_disarm();
	return err;
}

/* Allocations of reading a file of that size, which is no module; or -errno. */
static int reading(int file)
{
	struct stat st;
	int none = memfd_create("none", MFD_CLOEXEC);
	int err, left;

	if (fstat(file, &st) || none < 0 || ftruncate(none, st.st_size))
		return -errno;
	err = cs_fault_arm(SWEEP_MAX);
	if (err)
		return err;
	err = syscall(SYS_finit_module, none, "", 0) ? errno : 0;
	left = cs_fault_end();
	close(none);
	return err == ENOEXEC && left > 0 ? SWEEP_MAX - left : -EPROTO;
}

/* Return: 0, or 1 after a word about what is wrong. */
static int sweep(int file, char *name)
{
	int first = reading(file) + 1;
	int n, err, refused = 0;
	bool failed = first > 0;

	for (n = first; failed && n < SWEEP_MAX; n++) {
		err = load(file, n, &failed);
		if (err && !(failed && is_fine(-err))) {
			printf("# allocation %d: %s\n", n, strerror(-err));
			return 1;
		}
		refused += err != 0;
		if (!err && !cs_wait(unloaded, name, UNLOAD_SECONDS)) {
			printf("# allocation %d: can't be unloaded\n", n);
			return 1;
		}
	}
	printf("# %d allocations failed in turn: %d times refused, else loaded without\n",
	       n - first - 1, refused);
	return failed || first <= 0 || !refused;
}

int main(int argc, char **argv)
{
	int file;

	if (argc != 3)
		return 2;
	if (!cs_fault_available())
		return 4;
	file = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		perror(argv[1]);
		return 2;
	}
	return sweep(file, argv[2]);
}
