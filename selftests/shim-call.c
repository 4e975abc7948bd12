// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of sendfile, and what comes of them: "shim-call outcomes" prints it, for
 * shim.sh to compare what it is with and without "coldsend run"; "shim-call cost"
 * prints what a call takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "shim.h"
#include "shim-ends.h"

#define SIZE		CS_SHIM_SIZE
#define COST_PAGE	4096
#define COST_CALLS	2000

static const struct cs_data data = { .seed = 71, .size = SIZE };
static volatile sig_atomic_t pipes;
static siginfo_t last_pipe;

static void on_pipe(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	last_pipe = *info;
	pipes++;
}

/**
 * struct call - a call and its outcome
 * @out: descriptor to send to
 * @peer: where it arrives, -1 for nowhere
 * @in: descriptor to send from
 * @pointer: whether it gives an offset
 * @offset: the offset before and after
 * @count: bytes to send
 * @result: what it returned
 * @err: errno if that is -1
 * @position: file position of @in after
 * @pipes: how often SIGPIPE came
 * @arrived: bytes that @peer can read
 */
struct call {
	int out;
	int peer;
	int in;
	bool pointer;
	off_t offset;
	size_t count;
	ssize_t result;
	int err;
	off_t position;
	int pipes;
	int arrived;
};

/**
 * struct variation - what is different from the plain case in one call
 * @name: says it
 * @offset: offset, or file position
 * @count: bytes to send
 * @in_flags: flags to open the file with
 * @in_path: other file to send from
 * @make_ends: what to send to, instead of a connected UNIX socket
 */
struct variation {
	const char *name;
	off_t offset;
	size_t count;
	int in_flags;
	const char *in_path;
	cs_ends make_ends;
};

static const struct variation variations[] = {
	{ .name = "whole file", .count = SIZE },
	{ .name = "part", .offset = 4095, .count = 8195 },
	{ .name = "more than the file has", .offset = 1, .count = SIZE * 2 },
	{ .name = "most bytes a call takes", .count = 0x7ffff000 },
	{ .name = "more than a call takes", .count = SSIZE_MAX },
	{ .name = "count that is negative", .count = SIZE_MAX },
	{ .name = "offset and count wrap", .offset = 8192, .count = SSIZE_MAX },
	{ .name = "nothing", .offset = 5, .count = 0 },
	{ .name = "at the end", .offset = SIZE, .count = 10 },
	{ .name = "past the end", .offset = SIZE + 1000, .count = 10 },
	{ .name = "largest offset", .offset = LLONG_MAX, .count = 1 },
	{ .name = "past the largest", .offset = LLONG_MAX - 5, .count = 100 },
	{ .name = "past ext4's largest", .offset = 1LL << 44, .count = 100 },
	{ .name = "negative offset", .offset = -1, .count = 10 },
	{ .name = "O_DIRECT file", .count = 65536, .in_flags = O_DIRECT },
	{ .name = "file not open to read", .count = 10, .in_flags = O_WRONLY },
	{ .name = "O_PATH file", .count = 10, .in_flags = O_PATH },
	{ .name = "no file", .count = 10, .in_path = "" },
	{ .name = "directory", .count = 10, .in_path = "/" },
	{ .name = "device", .count = 10, .in_path = "/dev/zero" },
	{ .name = "file of /proc", .count = 100, .in_path = "/proc/version" },
	{ .name = "file of /sys", .count = 100,
	  .in_path = "/sys/kernel/fscaps" },
	{ .name = "file of /sys that can't be read", .count = 100,
	  .in_path = "/sys/class/net/lo/speed" },
	{ .name = "datagrams", .count = 512, .make_ends = cs_ends_datagram },
	{ .name = "socket to append", .count = SIZE, .make_ends = cs_ends_append },
	{ .name = "socket shut", .count = SIZE, .make_ends = cs_ends_shut },
	{ .name = "socket shut, at the end", .offset = SIZE, .count = 1,
	  .make_ends = cs_ends_shut },
	{ .name = "peer gone", .count = SIZE, .make_ends = cs_ends_left },
	{ .name = "peer reset", .count = SIZE, .make_ends = cs_ends_reset },
	{ .name = "unconnected", .count = SIZE, .make_ends = cs_ends_unconnected },
	{ .name = "pipe", .count = 4096, .make_ends = cs_ends_pipe },
	{ .name = "to a file", .count = SIZE, .make_ends = cs_ends_file },
	{ .name = "to the end of a file", .count = SIZE,
	  .make_ends = cs_ends_file_to_append },
	{ .name = "to a file to read", .count = SIZE,
	  .make_ends = cs_ends_file_to_read },
	{ .name = "to a device", .count = SIZE, .make_ends = cs_ends_device },
	{ .name = "to nothing", .count = SIZE, .make_ends = cs_ends_nothing },
};

static int open_in(const struct variation *v, int file)
{
	if (v->in_path)
		return open(v->in_path, v->in_flags | O_CLOEXEC);
	return cs_reopen(file, v->in_flags);
}

static int readable(int fd)
{
	int bytes = 0;

	return fd < 0 || ioctl(fd, FIONREAD, &bytes) ? 0 : bytes;
}

static void set_up(struct call *c, const struct variation *v, int file)
{
	int ends[2] = { -1, -1 };

	*c = (struct call){
		.in = open_in(v, file),
		.offset = v->offset,
		.count = v->count,
	};
	if (v->make_ends)
		v->make_ends(ends);
	else
		cs_ends_stream(ends);
	c->out = ends[0];
	c->peer = ends[1];
}

static void make_call(struct call *c)
{
	if (!c->pointer)
		lseek(c->in, c->offset, SEEK_SET);
	pipes = 0;
	errno = 0;
	c->result = sendfile(c->out, c->in, c->pointer ? &c->offset : NULL,
			     c->count);
	c->err = c->result < 0 ? errno : 0;
	c->pipes = pipes;
	c->position = lseek(c->in, 0, SEEK_CUR);
	c->arrived = readable(c->peer);
}

static void tear_down(struct call *c)
{
	if (c->peer >= 0)
		close(c->peer);
	close(c->out);
	close(c->in);
}

static void print_outcome(const struct variation *v, int file, bool pointer)
{
	struct call c;

	set_up(&c, v, file);
	c.pointer = pointer;
	make_call(&c);
	tear_down(&c);
	printf("%s, %s: result %zd, errno %d, offset %lld, position %lld, SIGPIPE %d, arrived %d\n",
	       v->name, pointer ? "by offset" : "by position", c.result, c.err,
	       (long long)c.offset, (long long)c.position, c.pipes, c.arrived);
}

static void catch_pipe(void)
{
	struct sigaction action = {
		.sa_sigaction = on_pipe,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	sigaction(SIGPIPE, &action, NULL);
}

static int print_outcomes(void)
{
	int file = cs_data_create(cs_dir(), &data);
	size_t i;

	if (file < 0)
		return 1;
	catch_pipe();
	for (i = 0; i < ARRAY_SIZE(variations); i++) {
		print_outcome(&variations[i], file, true);
		print_outcome(&variations[i], file, false);
	}
	close(file);
	return 0;
}

/* Prints microseconds of a call that sends a page, the receiver's share included. */
static int print_cost(void)
{
	const struct variation page = { .count = COST_PAGE };
	int file = cs_data_create(cs_dir(), &data);
	char buf[COST_PAGE];
	long long start;
	struct call c;
	int i;

	set_up(&c, &page, file);
	start = cs_now_ms();
	for (i = 0; i < COST_CALLS; i++) {
		off_t offset = 0;

		if (sendfile(c.out, c.in, &offset, COST_PAGE) != COST_PAGE ||
		    recv(c.peer, buf, COST_PAGE, MSG_WAITALL) != COST_PAGE)
			return 1;
	}
	printf("%.1f\n", (cs_now_ms() - start) * 1000.0 / COST_CALLS);
	tear_down(&c);
	close(file);
	return 0;
}

FIXTURE(call) {
	int file;
	long long before;
};

FIXTURE_SETUP(call)
{
	cs_shim_need();
	catch_pipe();
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	self->before = cs_shim_served();
}

FIXTURE_TEARDOWN(call)
{
	close(self->file);
}

/* The plain case goes through the module, so that outcomes say something. */
TEST_F(call, is_served)
{
	struct call c;

	set_up(&c, &variations[0], self->file);
	make_call(&c);
	tear_down(&c);
	EXPECT_EQ(SIZE, c.result);
	EXPECT_EQ(self->before + (long long)SIZE, cs_shim_served());
}

/*
 * A handler can't tell it from what the kernel sends, by its sender.  The kernel
 * lets nobody but the process itself say that it is the sender.
 */
TEST_F(call, signal_info)
{
	const struct variation v = { .count = SIZE,
				     .make_ends = cs_ends_shut };
	struct call c;

	if (!getenv("LD_PRELOAD"))
		SKIP(return, "not for a filter");
	set_up(&c, &v, self->file);
	make_call(&c);
	tear_down(&c);
	ASSERT_EQ(1, c.pipes);
	EXPECT_EQ(SI_USER, last_pipe.si_code);
	EXPECT_EQ(getpid(), last_pipe.si_pid);
	EXPECT_EQ(getuid(), last_pipe.si_uid);
}

/*
 * An address that is none: the filter's calls find out, and the library's can't
 * look at it other than by reading it.
 */
TEST_F(call, bad_offset)
{
	struct call c;

	if (getenv("LD_PRELOAD"))
		SKIP(return, "not for a library");
	set_up(&c, &variations[0], self->file);
	EXPECT_EQ(-1, sendfile(c.out, c.in, (off_t *)8, SIZE));
	EXPECT_EQ(EFAULT, errno);
	tear_down(&c);
}

TEST_F(call, errno_is_left_alone)
{
	struct call c;

	set_up(&c, &variations[0], self->file);
	errno = 4242;
	EXPECT_EQ((ssize_t)SIZE, sendfile(c.out, c.in, &c.offset, SIZE));
	EXPECT_EQ(4242, errno);
	tear_down(&c);
}

/* Of this process, as a security module may do it of a server's: whether it can. */
static bool forbid_the_module(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, COLDSEND_IOC_SEND, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(steps), steps };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Who forbids requests to the module does not forbid sendfile. */
TEST_F(call, is_forbidden)
{
	struct call c;

	if (!getenv("LD_PRELOAD"))
		SKIP(return, "not for a filter");
	set_up(&c, &variations[0], self->file);
	ASSERT_TRUE(forbid_the_module());
	make_call(&c);
	EXPECT_EQ(SIZE, c.result);
	EXPECT_EQ(self->before, cs_shim_served());
	tear_down(&c);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "outcomes"))
		return print_outcomes();
	if (argc == 2 && !strcmp(argv[1], "cost"))
		return print_cost();
	return test_harness_run(argc, argv);
}
