// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: ends that shut down, close or die in the middle, slow receivers,
 * and several transfers at once.  Whatever happens, the counts are right.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "cs_test.h"
#include "kselftest_harness.h"
#include "sender.h"

#define SIZE		(4 * CS_MIB + 4321)
#define BEFORE_DEATH	(256 * CS_KIB)
#define ROUNDS		100
#define SECONDS		20

static const struct cs_data data = { .seed = 31, .size = SIZE };

FIXTURE(policy)
{
	int dev;
	int file;
	int sv[2];
	struct cs_peer peer;
	struct cs_sender sender;
};

#include "variants.h"

FIXTURE_SETUP(policy)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair_small(variant->kind, self->sv));
	self->peer = (struct cs_peer){ .fd = self->sv[1], .data = &data };
	self->sender.dev = self->dev;
	cs_send_init(&self->sender.s, self->file, self->sv[0], 0,
		     COLDSEND_TO_EOF, variant->policy);
}

FIXTURE_TEARDOWN(policy)
{
}

static bool bytes_wait(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	return poll(&p, 1, SECONDS * 1000) == 1;
}

/* Sends from the start until there is an error; counts what went. */
static int send_until_error(const FIXTURE_DATA(policy) *self,
			    const FIXTURE_VARIANT(policy) *variant,
			    __u64 *total)
{
	long long deadline = cs_now_ms() + SECONDS * 1000LL;
	struct coldsend_send s;
	int err;

	do {
		cs_send_init(&s, self->file, self->sv[0], *total % SIZE,
			     COLDSEND_TO_EOF, variant->policy);
		err = cs_send(self->dev, &s);
		*total += s.sent;
	} while (!err && cs_now_ms() < deadline);
	return err;
}

/* SIGPIPE would end the test here and in all that follow. */
TEST_F(policy, closed_by_peer)
{
	__u64 total = 0;
	int err;

	close(self->sv[1]);
	err = send_until_error(self, variant, &total);
	EXPECT_TRUE(err == -EPIPE || err == -ECONNRESET) TH_LOG("%d", err);
	if (variant->kind == CS_UNIX)
		EXPECT_EQ(0, total);
	/* The error was told; from now on it is EPIPE. */
	EXPECT_EQ(-EPIPE, send_until_error(self, variant, &total));
}

TEST_F(policy, shut_down_before)
{
	__u64 total = 0;

	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	EXPECT_EQ(-EPIPE, send_until_error(self, variant, &total));
	EXPECT_EQ(0, total);
}

TEST_F(policy, peer_shut_down_before)
{
	__u64 total = 0;

	if (variant->kind != CS_UNIX)
		SKIP(return, "SHUT_RD of a TCP peer is not told to the sender");
	ASSERT_EQ(0, shutdown(self->sv[1], SHUT_RD));
	EXPECT_EQ(-EPIPE, send_until_error(self, variant, &total));
	EXPECT_EQ(0, total);
}

TEST_F(policy, shut_down_midway)
{
	__u64 total = 0;

	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_TRUE(bytes_wait(self->sv[1]));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
	EXPECT_EQ(0, self->sender.err);
	EXPECT_GT(self->sender.s.sent, 0);
	EXPECT_LT(self->sender.s.sent, SIZE);
	EXPECT_EQ(self->sender.s.sent, cs_receive(self->sv[1], &data, 0, 0));
	EXPECT_EQ(-EPIPE, send_until_error(self, variant, &total));
}

/* Again and again, at any moment of the sender's: none is missed. */
TEST_F_TIMEOUT(policy, shut_down_soon, 240)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, cs_sender_start(&self->sender));
		ASSERT_TRUE(bytes_wait(self->sv[1]));
		ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
		ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
		EXPECT_EQ(self->sender.s.sent,
			  cs_receive(self->sv[1], &data, 0, 0));
		close(self->sv[0]);
		close(self->sv[1]);
		ASSERT_EQ(0, cs_pair_small(variant->kind, self->sv));
		cs_send_init(&self->sender.s, self->file, self->sv[0], 0,
			     COLDSEND_TO_EOF, variant->policy);
	}
}

/* Some bytes read, others not: the connection is reset. */
TEST_F(policy, closed_midway)
{
	__u64 total = 0;
	int err;

	self->peer.limit = BEFORE_DEATH;
	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	ASSERT_TRUE(bytes_wait(self->sv[1]));
	close(self->sv[1]);
	ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
	EXPECT_EQ(0, self->sender.err);
	EXPECT_GT(self->sender.s.sent, BEFORE_DEATH);
	EXPECT_LT(self->sender.s.sent, SIZE);
	err = send_until_error(self, variant, &total);
	EXPECT_TRUE(err == -EPIPE || err == -ECONNRESET) TH_LOG("%d", err);
}

/* In a child: reads a little and dies with the rest unread. */
static void receive_and_die(int sock)
{
	static __u8 buf[BEFORE_DEATH];

	recv(sock, buf, sizeof(buf), MSG_WAITALL);
	bytes_wait(sock);
	raise(SIGKILL);
}

TEST_F(policy, receiver_killed)
{
	__u64 total = 0;
	int status;
	pid_t child;
	int err;

	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		close(self->sv[0]);
		receive_and_die(self->sv[1]);
	}
	close(self->sv[1]);
	ASSERT_EQ(0, cs_send(self->dev, &self->sender.s));
	EXPECT_GT(self->sender.s.sent, BEFORE_DEATH);
	EXPECT_LT(self->sender.s.sent, SIZE);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	err = send_until_error(self, variant, &total);
	EXPECT_TRUE(err == -EPIPE || err == -ECONNRESET) TH_LOG("%d", err);
}

TEST_F(policy, slow_receiver)
{
	self->peer.slow = true;
	self->peer.chunk = 12345;
	self->sender.s.length = CS_MIB;
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_send(self->dev, &self->sender.s));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(CS_MIB, self->sender.s.sent);
	EXPECT_EQ(CS_MIB, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

/* What the ioctl was given is its own until it ends. */
TEST_F(policy, fds_closed_midway)
{
	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_TRUE(bytes_wait(self->sv[1]));
	close(self->file);
	close(self->sv[0]);
	close(self->dev);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
	EXPECT_EQ(0, self->sender.err);
	EXPECT_EQ(SIZE, self->sender.s.sent);
	EXPECT_EQ(SIZE, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

static void *job_thread(void *arg)
{
	struct cs_job *j = arg;
	int err = cs_job_run(j) ?: cs_job_verify(j);

	return (void *)(long)err;
}

TEST_F(policy, two_of_one_file)
{
	pthread_t threads[2];
	struct cs_job jobs[2];
	void *err;
	int i;

	for (i = 0; i < 2; i++) {
		jobs[i] = (struct cs_job){
			.dev = self->dev, .file = self->file, .data = &data,
			.kind = variant->kind, .policy = variant->policy,
			.offset = i * 777, .length = COLDSEND_TO_EOF,
		};
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, job_thread,
					    &jobs[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &err));
		EXPECT_EQ(0, (long)err) TH_LOG("%s", jobs[i].why);
	}
}

/* A file of one letter, so that mixed streams can be told apart. */
static int letter_file(char c)
{
	static char buf[SIZE];
	struct cs_data nothing = { 0 };
	int fd = cs_data_create(cs_dir(), &nothing);

	memset(buf, c, sizeof(buf));
	return fd < 0 || write(fd, buf, sizeof(buf)) != SIZE ? -1 : fd;
}

static __u64 letters(const __u8 *buf, size_t len, char c)
{
	__u64 n = 0;

	while (len--)
		n += *buf++ == c;
	return n;
}

TEST_F(policy, two_on_one_socket)
{
	struct cs_sender second = self->sender;

	self->sender.s.file_fd = letter_file('a');
	second.s.file_fd = letter_file('b');
	self->peer.data = NULL;
	self->peer.keep_len = 2 * SIZE;
	self->peer.keep = malloc(self->peer.keep_len);
	ASSERT_NE(NULL, self->peer.keep);
	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_EQ(0, cs_sender_start(&second));
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
	ASSERT_EQ(0, cs_sender_join(&second, SECONDS));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(0, self->sender.err);
	EXPECT_EQ(0, second.err);
	EXPECT_EQ(2 * SIZE, self->peer.count);
	EXPECT_EQ(SIZE, letters(self->peer.keep, self->peer.count, 'a'));
	EXPECT_EQ(SIZE, letters(self->peer.keep, self->peer.count, 'b'));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
