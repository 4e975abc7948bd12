// SPDX-License-Identifier: GPL-2.0
/*
 * Edge: a SEND on a non-blocking socket that is as good as full does not wait for the
 * disk to fill it up.  Its owner is told when the peer has made room, also if epoll(7)
 * tells him of changes alone.
 *
 * Run by edge.sh, as faults.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "kselftest_harness.h"
#include "loop.h"
#include "pages.h"

#define SIZE		2098386
/*
 * In the page cache; more than 2/3 of the send buffer and what the receiver's takes, and
 * less than the first.
 */
#define CACHED		(480 * CS_KIB)
/* What is asked for; the kernel doubles it for what it needs itself. */
#define SNDBUF		(256 * CS_KIB)
#define SECONDS		20
/* Who waits for the suspended disk does so for so long. */
#define HANGS_SECONDS	20

static const struct cs_data data = { .seed = 161, .size = SIZE };

FIXTURE(edge)
{
	int dev;
	int file;
	int sv[2];
	int epoll;
	pid_t rescuer;
};

FIXTURE_VARIANT(edge)
{
	enum cs_kind kind;
};

FIXTURE_VARIANT_ADD(edge, tcp4)
{
	.kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(edge, tcp6)
{
	.kind = CS_TCP6,
};

/* Of the file the first bytes alone are in the page cache: 0 or -errno. */
static int cache_start(int file)
{
	static char bytes[CACHED];
	int err = cs_drop_cache(file);

	if (err)
		return err;
	err = posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
	if (err)
		return -err;
	if (pread(file, bytes, CACHED, 0) != CACHED)
		return -EIO;
	return cs_resident(file, 0, SIZE) * CS_PAGE == CACHED ? 0 : -EBUSY;
}

static int watch(struct _test_data_edge *self)
{
	struct epoll_event e = { .events = EPOLLOUT | EPOLLET };
	int sndbuf = SNDBUF;

	if (setsockopt(self->sv[0], SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf,
		       sizeof(sndbuf)) ||
	    fcntl(self->sv[0], F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->sv[0], &e))
		return -errno;
	return 0;
}

/* How many events there are within @ms. */
static int events(struct _test_data_edge *self, int ms)
{
	struct epoll_event e;

	return epoll_wait(self->epoll, &e, 1, ms);
}

/* A process that ends what would hang: -errno if there is none. */
static pid_t start_rescuer(void)
{
	pid_t pid = fork();

	if (pid)
		return pid > 0 ? pid : -errno;
	sleep(HANGS_SECONDS);
	_exit(!!cs_disk_resume());
}

FIXTURE_SETUP(edge)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_disk_file(getenv("CS_SLOW_DIR"), "faults.bin");
	ASSERT_GE(self->file, 0);
	ASSERT_TRUE(cs_loop_wait_old(self->file));
	ASSERT_EQ(0, cache_start(self->file));
	ASSERT_EQ(0, cs_pair_small(variant->kind, self->sv));
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_GE(self->epoll, 0);
	ASSERT_EQ(0, watch(self));
	/* It has room from the start. */
	ASSERT_EQ(1, events(self, SECONDS * 1000));
	ASSERT_EQ(0, cs_disk_suspend());
	self->rescuer = start_rescuer();
	ASSERT_GT(self->rescuer, 0);
}

FIXTURE_TEARDOWN(edge)
{
	kill(self->rescuer, SIGKILL);
	waitpid(self->rescuer, NULL, 0);
	EXPECT_EQ(0, cs_disk_resume());
	close(self->epoll);
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->file);
	close(self->dev);
}

TEST_F_TIMEOUT(edge, tells_of_room, 90)
{
	struct coldsend_send s;

	cs_send_init(&s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_HYBRID);
	ASSERT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(0, waitpid(self->rescuer, NULL, WNOHANG));
	EXPECT_EQ(CACHED, s.sent);
	EXPECT_EQ(0, events(self, 0));
	cs_send_init(&s, self->file, self->sv[0], CACHED, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_HYBRID);
	EXPECT_EQ(-EAGAIN, cs_send(self->dev, &s));
	EXPECT_EQ(0, events(self, 0));
	EXPECT_EQ(CACHED, cs_receive(self->sv[1], &data, 0, CACHED));
	EXPECT_EQ(1, events(self, SECONDS * 1000));
	/* The rest of it comes once the disk does. */
	ASSERT_EQ(0, cs_disk_resume());
	ASSERT_EQ(0, cs_send(self->dev, &s));
	EXPECT_GT(s.sent, 0);
	EXPECT_EQ(s.sent, cs_receive(self->sv[1], &data, CACHED, s.sent));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
