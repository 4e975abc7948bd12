// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the shim's device in the life of a server: forks, threads,
 * privileges given up, a root of its own, descriptors closed and used again.
 *
 * Run by shim.sh, as root.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "shim.h"

#define NOBODY		65534
#define THREADS		8
#define ROUNDS		50
#define FDS		1024

FIXTURE(life) {
	int file;
	long long before;
};

FIXTURE_SETUP(life)
{
	cs_shim_need();
	self->file = cs_data_create(cs_dir(), &cs_shim_data);
	ASSERT_GE(self->file, 0);
	self->before = cs_shim_served();
}

FIXTURE_TEARDOWN(life)
{
	close(self->file);
}

/* Descriptors of the device, where the shim and "run" have put theirs. */
static int device_fds(int *fds, int max)
{
	struct stat device, st;
	int n = 0, fd;

	if (stat(COLDSEND_DEVICE, &device))
		return 0;
	for (fd = 0; fd < FDS && n < max; fd++)
		if (!fstat(fd, &st) && S_ISCHR(st.st_mode) &&
		    st.st_rdev == device.st_rdev)
			fds[n++] = fd;
	return n;
}

static void close_device(void)
{
	int fds[4];
	int n = device_fds(fds, 4);

	while (n)
		close(fds[--n]);
}

/* What @run does in a child has to be right, and add @bytes to what is served. */
static void in_child(struct __test_metadata *_metadata,
		     struct _test_data_life *self, int (*run)(int file),
		     __u64 bytes)
{
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (!child)
		_exit(run(self->file));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(self->before + (long long)bytes, cs_shim_served());
}

TEST_F(life, forked)
{
	in_child(_metadata, self, cs_shim_send, CS_SHIM_SIZE);
}

static int without_rights(int file)
{
	if (setgid(NOBODY) || setuid(NOBODY) || open(COLDSEND_DEVICE, O_RDWR) >= 0)
		return 2;
	return cs_shim_send(file);
}

TEST_F(life, without_rights)
{
	in_child(_metadata, self, without_rights, CS_SHIM_SIZE);
}

static int in_a_root(int file)
{
	if (chroot("/proc/self/fdinfo") || chdir("/"))
		return 2;
	return cs_shim_send(file);
}

TEST_F(life, in_a_root)
{
	in_child(_metadata, self, in_a_root, CS_SHIM_SIZE);
}

static int all_closed(int file)
{
	close_device();
	return cs_shim_send(file);
}

/* As root it is opened again. */
TEST_F(life, closed)
{
	in_child(_metadata, self, all_closed, CS_SHIM_SIZE);
}

static int closed_without_rights(int file)
{
	close_device();
	return without_rights(file);
}

/* It can't be opened again: the kernel's sendfile does it. */
TEST_F(life, closed_without_rights)
{
	in_child(_metadata, self, closed_without_rights, 0);
}

static int closed_before_fork(int file)
{
	pid_t child;
	int status;

	close_device();
	child = fork();
	if (!child)
		_exit(without_rights(file));
	return waitpid(child, &status, 0) != child || status;
}

/* A daemon closes all it did not open, forks, and its children lose rights. */
TEST_F(life, closed_before_fork)
{
	in_child(_metadata, self, closed_before_fork, CS_SHIM_SIZE);
}

static int closed_twice(int file)
{
	close_device();
	if (cs_shim_send(file))
		return 2;
	return closed_before_fork(file);
}

/* What is opened anew may be closed in the same second. */
TEST_F(life, closed_twice)
{
	in_child(_metadata, self, closed_twice, 2 * CS_SHIM_SIZE);
}

/* The numbers are now those of other files, devices among them. */
static int numbers_taken(int file)
{
	int fds[4];
	int n = device_fds(fds, 4);
	int null = open("/dev/null", O_RDWR);
	int i;

	if (n < 1 || null < 0)
		return 2;
	for (i = 0; i < n; i++)
		if (dup2(i % 2 ? file : null, fds[i]) < 0)
			return 3;
	if (cs_shim_send(file) || cs_shim_send(file))
		return 4;
	/* What was put there is still there. */
	for (i = 0; i < n; i++) {
		struct stat st;

		if (fstat(fds[i], &st) ||
		    S_ISCHR(st.st_mode) != (i % 2 == 0) ||
		    fcntl(fds[i], F_GETFD) & FD_CLOEXEC)
			return 5;
	}
	return 0;
}

TEST_F(life, numbers_taken)
{
	in_child(_metadata, self, numbers_taken, 2 * CS_SHIM_SIZE);
}

static int run_again(const char *what)
{
	execl("/proc/self/exe", "shim-life", what, NULL);
	return 1;
}

static int by_exec(int file)
{
	/* The new program finds the file as its standard input. */
	if (dup2(file, STDIN_FILENO) || setgid(NOBODY) || setuid(NOBODY))
		return 2;
	return run_again("send");
}

/* A program that is started without rights has what was handed down. */
TEST_F(life, by_exec)
{
	in_child(_metadata, self, by_exec, CS_SHIM_SIZE);
}

static int by_vfork(int file)
{
	volatile int result = 1;
	pid_t child = vfork();
	int status;

	if (!child) {
		result = cs_shim_send(file);
		_exit(0);
	}
	return waitpid(child, &status, 0) != child || result;
}

TEST_F(life, by_vfork)
{
	in_child(_metadata, self, by_vfork, CS_SHIM_SIZE);
}

static void *send_often(void *arg)
{
	long bad = 0;
	int i;

	for (i = 0; i < ROUNDS; i++)
		bad += cs_shim_send(*(int *)arg);
	return (void *)bad;
}

static int many_threads(int file)
{
	pthread_t threads[THREADS];
	long bad = 0;
	void *result;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, send_often, &file))
			return 2;
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		bad += (long)result;
	}
	return bad != 0;
}

TEST_F(life, threads)
{
	in_child(_metadata, self, many_threads, THREADS * ROUNDS * CS_SHIM_SIZE);
}

static int closed_among_threads(int file)
{
	close_device();
	return many_threads(file);
}

/* All find it gone at once; one opens it, and the others may be too early. */
TEST_F(life, closed_among_threads)
{
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (!child)
		_exit(closed_among_threads(self->file));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_LT(self->before, cs_shim_served());
	EXPECT_GE(self->before + THREADS * ROUNDS * (long long)CS_SHIM_SIZE, cs_shim_served());
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "send"))
		return cs_shim_send(STDIN_FILENO);
	return test_harness_run(argc, argv);
}
