// SPDX-License-Identifier: GPL-2.0
/*
 * Ends of asynchronous transfers other than the last byte: the device closed,
 * the process gone, the socket shut down, the file cut. Nothing may be left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "submit.h"

#define SIZE		(8 * CS_MIB)
#define CUT		(5 * CS_MIB)
/*
 * Milliseconds for an end that waits for no peer: for one it would take minutes, and a
 * machine that stands still, a second.
 */
#define SOON		5000
#define BACK_SECONDS	10
#define LINGER_SECONDS	20

static const struct cs_data data = { .seed = 92, .size = SIZE };

static const __u32 policies[] = {
	COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND, COLDSEND_POLICY_HYBRID,
};

FIXTURE(end)
{
	int dev;
	int file;
	int sv[2];
	struct cs_made before;
	struct coldsend_send s;
	struct coldsend_completion c;
};

FIXTURE_SETUP(end)
{
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DIRECT);
}

FIXTURE_TEARDOWN(end)
{
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, BACK_SECONDS)) {
		struct cs_made now = cs_made_now();

		TH_LOG("%lld transfers and %lld users too many",
		       now.transfers - self->before.transfers,
		       now.users - self->before.users);
	}
}

/* One of each policy and kind of socket, all standing still. */
static void submit_all(struct __test_metadata *_metadata,
		       struct _test_data_end *self)
{
	size_t i;
	int kind;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		for (kind = 0; kind < CS_KINDS; kind++) {
			ASSERT_EQ(0, cs_pair(kind, self->sv));
			self->s.sock_fd = self->sv[0];
			self->s.policy = policies[i];
			ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
		}
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
}

TEST_F(end, close_waits_for_no_peer)
{
	long long since;

	submit_all(_metadata, self);
	since = cs_now_ms();
	ASSERT_EQ(0, close(self->dev));
	EXPECT_LT(cs_now_ms() - since, cs_patient(SOON));
}

/* With results that nobody has read. */
TEST_F(end, close_with_results)
{
	self->s.length = 100;
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	ASSERT_TRUE(cs_has_result(self->dev, 5000));
	ASSERT_EQ(0, close(self->dev));
	ASSERT_EQ(100, cs_receive(self->sv[1], &data, 0, 100));
}

TEST_F(end, killed)
{
	char ready = 0;
	int status;
	int tell[2];
	pid_t child;

	ASSERT_EQ(0, pipe(tell));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		self->dev = cs_open();
		submit_all(_metadata, self);
		if (write(tell[1], &ready, 1) == 1)
			pause();
		_exit(1);
	}
	close(tell[1]);
	ASSERT_EQ(1, read(tell[0], &ready, 1));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/* The process goes; the device is still open in another. */
TEST_F(end, killed_while_another_has_the_device)
{
	int status;
	pid_t child = fork();

	ASSERT_GE(child, 0);
	if (!child) {
		if (!cs_fill_socket(self->dev, &self->s, self->sv[1]))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
	EXPECT_EQ(ECANCELED, self->c.error);
	close(self->sv[0]);
	EXPECT_EQ(self->c.sent, cs_receive(self->sv[1], &data, 0, 0));
}

static void finish(struct __test_metadata *_metadata, struct _test_data_end *self)
{
	EXPECT_FALSE(cs_has_result(self->dev, 100));
	ASSERT_EQ(SIZE, cs_receive(self->sv[1], &data, 0, SIZE));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 10));
	EXPECT_EQ(0, self->c.error);
	EXPECT_EQ(SIZE, self->c.sent);
}

TEST_F(end, fork_does_not_cancel)
{
	int status;
	pid_t child;

	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child)
		_exit(0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		close(self->dev);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	finish(_metadata, self);
}

TEST_F(end, dup_and_close_does_not_cancel)
{
	int copy;

	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	copy = dup(self->dev);
	ASSERT_GE(copy, 0);
	ASSERT_EQ(0, close(self->dev));
	self->dev = copy;
	finish(_metadata, self);
}

/* Everything but the device: the transfer holds what it needs. */
TEST_F(end, descriptors_closed)
{
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	close(self->file);
	close(self->sv[0]);
	finish(_metadata, self);
}

/* The stream ends with the transfer, whether its result is read or not. */
TEST_F(end, socket_closed)
{
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	close(self->sv[0]);
	EXPECT_EQ(SIZE, cs_receive(self->sv[1], &data, 0, 0));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
	EXPECT_EQ(SIZE, self->c.sent);
}

/* Whose socket would linger when it is closed delays no other: there is nobody to wait. */
TEST_F(end, lingers_for_nobody)
{
	struct linger linger = { .l_onoff = 1, .l_linger = LINGER_SECONDS };
	long long since;
	__u64 id;

	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	id = cs_fill_socket(self->dev, &self->s, self->sv[1]);
	ASSERT_NE(0, id);
	close(self->sv[0]);
	ASSERT_EQ(0, cs_cancel(self->dev, id));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));

	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	self->s.sock_fd = self->sv[0];
	since = cs_now_ms();
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	close(self->sv[0]);
	EXPECT_EQ(SIZE, cs_receive(self->sv[1], &data, 0, 0));
	EXPECT_LT(cs_now_ms() - since, LINGER_SECONDS * 1000 / 2);
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
}

/* All that was taken arrives, and no more. */
static void ends_broken(struct __test_metadata *_metadata,
			FIXTURE_DATA(end) *self)
{
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
	EXPECT_EQ(EPIPE, self->c.error);
	EXPECT_EQ(self->c.sent, cs_receive(self->sv[1], &data, 0, 0));
	close(self->sv[0]);
	close(self->sv[1]);
}

/* Our side is shut down with a full socket. */
TEST_F(end, shut_down)
{
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		for (kind = 0; kind < CS_KINDS; kind++) {
			ASSERT_EQ(0, cs_pair(kind, self->sv));
			self->s.sock_fd = self->sv[0];
			self->s.policy = policies[i];
			ASSERT_NE(0, cs_fill_socket(self->dev, &self->s,
						    self->sv[1]));
			ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
			ends_broken(_metadata, self);
		}
}

TEST_F(end, shut_down_before)
{
	int err;

	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	err = cs_submit(self->dev, &self->s, 0);
	if (!err) {
		ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
		EXPECT_EQ(0, self->c.sent);
		err = -self->c.error;
	}
	EXPECT_EQ(-EPIPE, err);
	EXPECT_EQ(0, cs_receive(self->sv[1], &data, 0, 0));
}

/* While reads are under way, the result can be anything but wrong. */
TEST_F(end, shut_down_at_once)
{
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		for (kind = 0; kind < CS_KINDS; kind++) {
			ASSERT_EQ(0, cs_drop_cache(self->file));
			ASSERT_EQ(0, cs_pair(kind, self->sv));
			self->s.sock_fd = self->sv[0];
			self->s.policy = policies[i];
			ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
			ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RDWR));
			ends_broken(_metadata, self);
		}
}

/* The receiver takes a part and goes. */
TEST_F(end, receiver_gone)
{
	static __u8 part[100000];
	int kind;

	for (kind = 0; kind < CS_KINDS; kind++) {
		ASSERT_EQ(0, cs_pair(kind, self->sv));
		self->s.sock_fd = self->sv[0];
		ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
		ASSERT_EQ((ssize_t)sizeof(part), recv(self->sv[1], part,
						      sizeof(part), MSG_WAITALL));
		EXPECT_EQ(sizeof(part),
			  cs_data_check(&data, 0, part, sizeof(part)));
		close(self->sv[1]);
		ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
		EXPECT_TRUE(self->c.error == EPIPE ||
			    self->c.error == ECONNRESET) {
			TH_LOG("error %d", self->c.error);
		}
		EXPECT_GE(self->c.sent, sizeof(part));
		EXPECT_LT(self->c.sent, SIZE);
		close(self->sv[0]);
	}
}

/* Cut while it is sent: the end of the file is the end of the transfer. */
static void cut(struct __test_metadata *_metadata, struct _test_data_end *self)
{
	struct cs_peer p = { .data = &data };

	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	self->s.sock_fd = self->sv[0];
	p.fd = self->sv[1];
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	ASSERT_EQ(0, ftruncate(self->file, CUT));
	ASSERT_EQ(0, cs_peer_start(&p));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, cs_peer_join(&p));
	EXPECT_EQ(0, self->c.error) TH_LOG("policy %u", self->s.policy);
	EXPECT_EQ(CS_NONE, p.bad);
	EXPECT_EQ(p.count, self->c.sent);
	/* What was read before it was cut may still go. */
	EXPECT_GE(p.count, CUT);
}

TEST_F(end, file_cut)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ASSERT_EQ(0, cs_data_write(self->file, &data));
		ASSERT_EQ(0, cs_drop_cache(self->file));
		self->s.policy = policies[i];
		cut(_metadata, self);
	}
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
