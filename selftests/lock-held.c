// SPDX-License-Identifier: GPL-2.0
/*
 * Senders that sleep with their sockets' locks held, on memory that they make
 * themselves and never do: asynchronous transfers to these sockets wait, others'
 * go on, and all end when the memory is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "submit.h"

/* More than the module has threads for asynchronous transfers. */
#define HELD_MAX	128
#define SECONDS		120
#define SOON		30
#define LENGTH		(16 * CS_KIB)

static const struct cs_data data = { .seed = 77, .size = 64 * CS_KIB };

/**
 * struct holder - a thread that sends a byte of a page that is not there
 * @sv: sends over the first; nobody reads the other
 * @byte: the byte
 */
struct holder {
	pthread_t thread;
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
	ssize_t n = send(holder->sv[0], holder->byte, 1, 0);

	return (void *)(long)(n == 1);
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

static void start(struct __test_metadata *_metadata, FIXTURE_DATA(lock_held) *self)
{
	struct holder *holder;
	int i;

	for (i = 0; i < self->held; i++) {
		holder = &self->holder[i];
		holder->byte = self->pages + (size_t)i * self->page_size;
		ASSERT_EQ(0, cs_pair(CS_TCP4, holder->sv));
		ASSERT_EQ(0, pthread_create(&holder->thread, NULL, hold, holder));
		ASSERT_TRUE(is_asked_for(self->faults, SOON));
	}
}

static void submit(struct __test_metadata *_metadata, FIXTURE_DATA(lock_held) *self)
{
	struct coldsend_send s;
	int i;

	for (i = 0; i < self->held; i++) {
		cs_send_init(&s, self->file, self->holder[i].sv[0], 0, LENGTH,
			     COLDSEND_POLICY_DIRECT);
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
	for (i = 0; i < self->held; i++) {
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

TEST_F_TIMEOUT(lock_held, others_go_on, SECONDS)
{
	struct coldsend_completion c;
	int i;

	start(_metadata, self);
	submit(_metadata, self);
	another_sends(_metadata, self);
	EXPECT_FALSE(cs_has_result(self->dev, 100));
	let_go(_metadata, self);
	for (i = 0; i < self->held; i++) {
		ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SOON));
		EXPECT_EQ(0, c.error);
		EXPECT_EQ(LENGTH, c.sent);
	}
}

/* Who waits for such a lock is not waited for when the device is closed. */
TEST_F_TIMEOUT(lock_held, close_does_not_wait, SECONDS)
{
	start(_metadata, self);
	submit(_metadata, self);
	EXPECT_EQ(0, close(self->dev));
	let_go(_metadata, self);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
