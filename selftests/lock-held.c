// SPDX-License-Identifier: GPL-2.0
/*
 * Writers that sleep with the locks of their sockets or of their file held, on memory
 * that they make themselves and never do: asynchronous transfers to these sockets, or
 * of that file, wait, others' go on, and all end when the memory is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "worker.h"

/* More than the module has threads for asynchronous transfers. */
#define HELD_MAX	128
#define SECONDS		120
#define SOON		30
#define LENGTH		(16 * CS_KIB)

static const struct cs_data data = { .seed = 77, .size = 64 * CS_KIB };

/**
 * struct holder - a thread that writes a byte of a page that is not there
 * @fd: writes it there
 * @sv: sockets; nobody reads the second
 * @byte: the byte
 */
struct holder {
	pthread_t thread;
	int fd;
	int sv[2];
	const char *byte;
};

FIXTURE(lock_held)
{
	int dev;
	int others_dev;
	int file;
	int faults;
	char *pages;
	size_t page_size;
	int held;
	int holders;
	struct holder holder[HELD_MAX];
};

static int open_faults(char *pages, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (unsigned long)pages, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return -errno;
	return fd;
}

FIXTURE_SETUP(lock_held)
{
	size_t size;

	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		SKIP(return, "no userfaultfd in this kernel");
	self->held = 2 * (int)sysconf(_SC_NPROCESSORS_ONLN) + 3;
	ASSERT_LE(self->held, HELD_MAX);
	self->page_size = (size_t)sysconf(_SC_PAGESIZE);
	size = (size_t)self->held * self->page_size;
	self->dev = cs_open();
	self->others_dev = cs_open();
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->dev, 0);
	ASSERT_GE(self->others_dev, 0);
	ASSERT_GE(self->file, 0);
	self->pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->pages);
	self->faults = open_faults(self->pages, size);
	ASSERT_GE(self->faults, 0);
}

FIXTURE_TEARDOWN(lock_held)
{
}

static void *hold(void *arg)
{
	const struct holder *holder = arg;

	return (void *)(long)(write(holder->fd, holder->byte, 1) == 1);
}

/* Has the page of a thread's byte been asked for? */
static bool is_asked_for(int faults, int seconds)
{
	struct pollfd p = { .fd = faults, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&p, 1, seconds * 1000) == 1 &&
	       read(faults, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

static void connect_all(struct __test_metadata *_metadata,
			FIXTURE_DATA(lock_held) *self, enum cs_kind kind)
{
	int i;

	for (i = 0; i < self->held; i++)
		ASSERT_EQ(0, cs_pair(kind, self->holder[i].sv));
}

/* Returns when the lock of @fd is held. */
static void start(struct __test_metadata *_metadata,
		  FIXTURE_DATA(lock_held) *self, int i, int fd)
{
	struct holder *holder = &self->holder[i];

	holder->fd = fd;
	holder->byte = self->pages + (size_t)i * self->page_size;
	ASSERT_EQ(0, pthread_create(&holder->thread, NULL, hold, holder));
	self->holders++;
	ASSERT_TRUE(is_asked_for(self->faults, SOON));
}

static void hold_sockets(struct __test_metadata *_metadata,
			 FIXTURE_DATA(lock_held) *self, enum cs_kind kind)
{
	int i;

	connect_all(_metadata, self, kind);
	for (i = 0; i < self->held; i++)
		start(_metadata, self, i, self->holder[i].sv[0]);
}

static void submit(struct __test_metadata *_metadata,
		   FIXTURE_DATA(lock_held) *self, int file, __u32 policy)
{
	struct coldsend_send s;
	int i;

	for (i = 0; i < self->held; i++) {
		cs_send_init(&s, file, self->holder[i].sv[0], 0, LENGTH,
			     policy);
		ASSERT_EQ(0, cs_submit(self->dev, &s, 0));
	}
}

static void let_go(struct __test_metadata *_metadata, FIXTURE_DATA(lock_held) *self)
{
	struct uffdio_zeropage zero = {
		.range = { (unsigned long)self->pages,
			   (size_t)self->held * self->page_size },
	};
	void *sent;
	int i;

	ASSERT_EQ(0, ioctl(self->faults, UFFDIO_ZEROPAGE, &zero));
	for (i = 0; i < self->holders; i++) {
		ASSERT_EQ(0, pthread_join(self->holder[i].thread, &sent));
		EXPECT_TRUE(sent);
	}
}

static void another_sends(struct __test_metadata *_metadata,
			  FIXTURE_DATA(lock_held) *self)
{
	struct coldsend_completion c;
	struct coldsend_send s;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	cs_send_init(&s, self->file, sv[0], 0, LENGTH, COLDSEND_POLICY_DIRECT);
	ASSERT_EQ(0, cs_submit(self->others_dev, &s, 0));
	EXPECT_EQ(0, cs_collect(self->others_dev, &c, 1, SOON));
	EXPECT_EQ(0, c.error);
	EXPECT_EQ(LENGTH, c.sent);
	close(sv[0]);
	close(sv[1]);
}

/* Another sends while all wait; they do when the lock is let go of. */
static void expect_others_go_on(struct __test_metadata *_metadata,
				FIXTURE_DATA(lock_held) *self)
{
	struct coldsend_completion c;
	int i;

	another_sends(_metadata, self);
	EXPECT_FALSE(cs_has_result(self->dev, 100));
	let_go(_metadata, self);
	for (i = 0; i < self->held; i++) {
		ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SOON));
		EXPECT_EQ(0, c.error);
		EXPECT_EQ(LENGTH, c.sent);
	}
}

TEST_F_TIMEOUT(lock_held, others_go_on, SECONDS)
{
	hold_sockets(_metadata, self, CS_TCP4);
	submit(_metadata, self, self->file, COLDSEND_POLICY_DIRECT);
	expect_others_go_on(_metadata, self);
}

static void hold_file(struct __test_metadata *_metadata,
		      FIXTURE_DATA(lock_held) *self, __u32 policy)
{
	int file = cs_data_create(cs_dir(), &data);

	ASSERT_GE(file, 0);
	ASSERT_EQ(0, cs_drop_cache(file));
	connect_all(_metadata, self, CS_TCP4);
	start(_metadata, self, 0, file);
	submit(_metadata, self, file, policy);
	close(file);
}

TEST_F_TIMEOUT(lock_held, direct_of_other_files_goes_on, SECONDS)
{
	hold_file(_metadata, self, COLDSEND_POLICY_DIRECT);
	expect_others_go_on(_metadata, self);
}

TEST_F_TIMEOUT(lock_held, hybrid_of_other_files_goes_on, SECONDS)
{
	hold_file(_metadata, self, COLDSEND_POLICY_HYBRID);
	expect_others_go_on(_metadata, self);
}

/* Nothing is to be read: there is nothing to wait for. */
TEST_F_TIMEOUT(lock_held, no_bytes_of_a_file_end_at_once, SECONDS)
{
	struct coldsend_completion c;
	int file = cs_data_create(cs_dir(), &data);
	struct coldsend_send s;

	ASSERT_GE(file, 0);
	connect_all(_metadata, self, CS_TCP4);
	start(_metadata, self, 0, file);
	cs_send_init(&s, file, self->holder[0].sv[0], 0, 0,
		     COLDSEND_POLICY_DIRECT);
	ASSERT_EQ(0, cs_submit(self->dev, &s, 0));
	EXPECT_EQ(0, cs_collect(self->dev, &c, 1, SOON));
	EXPECT_EQ(0, c.error);
	let_go(_metadata, self);
}

/* They wait for a moment that may never come. */
TEST_F_TIMEOUT(lock_held, file_is_waited_for_until_cancelled, SECONDS)
{
	hold_file(_metadata, self, COLDSEND_POLICY_DIRECT);
	EXPECT_EQ(0, close(self->dev));
	another_sends(_metadata, self);
	let_go(_metadata, self);
}

/* Who waits for such a lock is not waited for when the device is closed. */
TEST_F_TIMEOUT(lock_held, close_does_not_wait, SECONDS)
{
	hold_sockets(_metadata, self, CS_TCP4);
	submit(_metadata, self, self->file, COLDSEND_POLICY_DIRECT);
	EXPECT_EQ(0, close(self->dev));
	let_go(_metadata, self);
}

/* Those of vsock are needed to look whether there is room. */
static void hold_vsock(struct __test_metadata *_metadata,
		       FIXTURE_DATA(lock_held) *self)
{
	int sv[2];

	if (cs_pair(CS_VSOCK, sv))
		SKIP(exit(KSFT_SKIP), "this kernel has no vsock on one machine");
	hold_sockets(_metadata, self, CS_VSOCK);
	submit(_metadata, self, self->file, COLDSEND_POLICY_CACHED);
}

TEST_F_TIMEOUT(lock_held, others_go_on_beside_vsock, SECONDS)
{
	hold_vsock(_metadata, self);
	expect_others_go_on(_metadata, self);
}

/**
 * struct message - sockets with a message that nobody has received
 * @sv: the sockets
 * @gone: they are closed
 */
struct message {
	int sv[2];
	bool gone;
};

static void *throw_away(void *arg)
{
	struct message *message = arg;

	close(message->sv[0]);
	close(message->sv[1]);
	__atomic_store_n(&message->gone, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool is_gone(void *arg)
{
	return __atomic_load_n(&((struct message *)arg)->gone, __ATOMIC_ACQUIRE);
}

/* Do so many workers sleep for a lock that is held?  All else they need is in memory. */
static bool workers_wait(void *arg)
{
	return cs_workers_asleep("coldsend_blocking") >= *(int *)arg;
}

/* Who throws away a message with the device in it waits for no transfer. */
TEST_F_TIMEOUT(lock_held, last_close_is_anybodys, SECONDS)
{
	struct cs_made before = cs_made_now();
	struct message message = {};
	pthread_t thread;
	int one = 1;

	hold_vsock(_metadata, self);
	ASSERT_TRUE(cs_wait(workers_wait, &one, SOON));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, message.sv));
	ASSERT_EQ(0, cs_pass(message.sv[0], self->dev));
	EXPECT_EQ(0, close(self->dev));
	ASSERT_EQ(0, pthread_create(&thread, NULL, throw_away, &message));
	EXPECT_TRUE(cs_wait(is_gone, &message, SOON));
	EXPECT_GT(cs_made_now().transfers, before.transfers);
	let_go(_metadata, self);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	before.users--;
	EXPECT_TRUE(cs_made_back(&before, SOON));
}

/*
 * Submits and closes the device, which nobody else has by then, when the worker can't
 * be stopped any more: the last of @workers.
 */
static int submit_and_close(int dev, int file, int sock, int others_closed,
			    int workers)
{
	struct coldsend_send s;
	char byte;

	cs_send_init(&s, file, sock, 0, LENGTH, COLDSEND_POLICY_CACHED);
	if (cs_submit(dev, &s, 0) || !cs_wait(workers_wait, &workers, SOON) ||
	    read(others_closed, &byte, 1) != 1)
		return 1;
	return close(dev);
}

/* Who submitted waits for what can't be stopped, and can be. */
TEST_F_TIMEOUT(lock_held, own_close_can_be_killed, SECONDS)
{
	struct cs_child child;
	int closed[2];

	/* One will do, and a user has few workers for such sockets. */
	self->held = 1;
	hold_vsock(_metadata, self);
	ASSERT_TRUE(cs_wait(workers_wait, &self->held, SOON));
	ASSERT_EQ(0, pipe2(closed, O_CLOEXEC));
	child.pid = fork();
	ASSERT_GE(child.pid, 0);
	if (!child.pid)
		_exit(submit_and_close(self->dev, self->file,
				       self->holder[0].sv[0], closed[0],
				       self->held + 1));
	EXPECT_EQ(0, close(self->dev));
	ASSERT_EQ(1, write(closed[1], "", 1));
	EXPECT_TRUE(cs_child_sleeps(&child, SOON));
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	EXPECT_TRUE(cs_child_exits(&child, SOON));
	let_go(_metadata, self);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (system("modprobe -qa vsock vsock_loopback 2>/dev/null"))
		puts("# no module vsock_loopback");
	return test_harness_run(argc, argv);
}
