// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous: submitting transfers, reading and polling for their results,
 * cancelling them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "submit.h"

#define SIZE		(3 * CS_MIB + 123)
#define MANY		5
#define RECORD		sizeof(struct coldsend_completion)
/* Milliseconds that what must not wait may take on a slow machine. */
#define AT_ONCE		1000
#define TIMEOUT_MS	200

static const struct cs_data data = { .seed = 91, .size = SIZE };

static const __u32 policies[] = {
	COLDSEND_POLICY_DEFAULT, COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND, COLDSEND_POLICY_HYBRID,
};

FIXTURE(async)
{
	int dev;
	int file;
	int sv[2];
	struct coldsend_send s;
	struct coldsend_completion c;
};

FIXTURE_SETUP(async)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DIRECT);
}

FIXTURE_TEARDOWN(async)
{
	close(self->dev);
}

/* Receives to the end of the stream, which the caller's socket ends. */
static void receive_rest(struct __test_metadata *_metadata, int sv[2],
			 __u64 want)
{
	shutdown(sv[0], SHUT_WR);
	EXPECT_EQ(want, cs_receive(sv[1], &data, 0, 0));
}

/* The receiver starts to read only after SEND has returned. */
TEST_F(async, returns_at_once)
{
	long long since = cs_now_ms();
	struct cs_peer p = { .fd = self->sv[1], .data = &data, .limit = SIZE };

	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0x123456789abcdef0));
	EXPECT_LT(cs_now_ms() - since, cs_patient(AT_ONCE));
	EXPECT_EQ(1, self->s.id);
	EXPECT_EQ(0, self->s.sent);
	EXPECT_FALSE(cs_has_result(self->dev, 100));
	ASSERT_EQ(0, cs_peer_start(&p));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 10));
	ASSERT_EQ(0, cs_peer_join(&p));
	EXPECT_EQ(SIZE, p.count);
	EXPECT_EQ(CS_NONE, p.bad);
	EXPECT_EQ(1, self->c.id);
	EXPECT_EQ(0x123456789abcdef0, self->c.user_data);
	EXPECT_EQ(SIZE, self->c.sent);
	EXPECT_EQ(0, self->c.error);
	EXPECT_EQ(COLDSEND_POLICY_DIRECT, self->c.policy_used);
	EXPECT_EQ(COLDSEND_FALLBACK_NONE, self->c.fallback);
	EXPECT_EQ(COLDSEND_REASON_NONE, self->c.reason);
	EXPECT_EQ(SIZE, self->c.bytes_direct);
	EXPECT_EQ(0, self->c.bytes_cached);
}

TEST_F(async, nothing_to_read)
{
	char buf[RECORD];

	EXPECT_EQ(0, read(self->dev, buf, RECORD));
	EXPECT_FALSE(cs_has_result(self->dev, 0));
	EXPECT_EQ(-1, read(self->dev, buf, RECORD - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->dev, buf, 0));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, read(self->dev, buf, RECORD));
}

TEST_F(async, read_would_block)
{
	char buf[RECORD];
	__u64 id = cs_fill_socket(self->dev, &self->s, self->sv[1]);
	void *nowhere = mmap(NULL, RECORD, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(1, id);
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, buf, RECORD));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_FALSE(cs_has_result(self->dev, 0));
	ASSERT_EQ(0, cs_cancel(self->dev, id));
	ASSERT_TRUE(cs_has_result(self->dev, 5000));
	EXPECT_EQ(-1, read(self->dev, buf, RECORD - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->dev, nowhere, RECORD));
	EXPECT_EQ(EFAULT, errno);
	/* Neither has lost it. */
	EXPECT_EQ((ssize_t)RECORD, read(self->dev, buf, RECORD));
	EXPECT_FALSE(cs_has_result(self->dev, 0));
}

static void on_alarm(int signal)
{
	(void)signal;
}

TEST_F(async, read_waits_until_a_signal)
{
	struct itimerval timer = { .it_value.tv_usec = 200000,
				   .it_interval.tv_usec = 200000 };
	struct sigaction action = { .sa_handler = on_alarm };
	long long since;

	ASSERT_EQ(1, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	since = cs_now_ms();
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_EQ(-1, read(self->dev, &self->c, RECORD));
	EXPECT_EQ(EINTR, errno);
	EXPECT_GE(cs_now_ms() - since, 150);
}

static bool has_ended(void *arg)
{
	const struct coldsend_send *s = arg;

	/* The first time it is told to; the last time it has. */
	return cs_cancel(s->reserved, s->id) == -ENOENT;
}

/* Results come in the order in which the transfers ended. */
TEST_F(async, many_records)
{
	struct coldsend_completion c[MANY + 1];
	struct coldsend_send done = { .reserved = self->dev };
	int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(i + 1, cs_fill_socket(self->dev, &self->s,
						self->sv[1]));
		self->s.user_data++;
	}
	for (i = MANY; i > 0; i--) {
		done.id = i;
		ASSERT_TRUE(cs_wait(has_ended, &done, 5));
	}
	EXPECT_EQ(2 * (ssize_t)RECORD, read(self->dev, c, 3 * RECORD - 1));
	EXPECT_EQ(3 * (ssize_t)RECORD, read(self->dev, c + 2, 4 * RECORD));
	EXPECT_EQ(0, read(self->dev, c, RECORD));
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(MANY - i, c[i].id);
		EXPECT_EQ(MANY - i - 1, c[i].user_data);
		EXPECT_EQ(ECANCELED, c[i].error);
	}
}

static void exact(struct __test_metadata *_metadata, int dev,
		  struct coldsend_send s, enum cs_kind kind)
{
	struct coldsend_completion c;
	struct cs_peer p = { .data = &data, .offset = s.offset };
	int sv[2];

	ASSERT_EQ(0, cs_pair(kind, sv));
	s.sock_fd = sv[0];
	p.fd = sv[1];
	ASSERT_EQ(0, cs_submit(dev, &s, 0));
	ASSERT_EQ(0, cs_peer_start(&p));
	ASSERT_EQ(0, cs_collect(dev, &c, 1, 20));
	shutdown(sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&p));
	EXPECT_EQ(SIZE - s.offset, c.sent);
	EXPECT_EQ(c.sent, p.count);
	EXPECT_EQ(CS_NONE, p.bad);
	EXPECT_EQ(0, c.error);
	EXPECT_EQ(c.sent, c.bytes_cached + c.bytes_direct);
	EXPECT_EQ(COLDSEND_FALLBACK_NONE, c.fallback);
	if (s.policy != COLDSEND_POLICY_DEFAULT)
		EXPECT_EQ(s.policy, c.policy_used);
	if (_metadata->exit_code)
		TH_LOG("%s policy %u offset %llu", cs_kind_name(kind), s.policy,
		       s.offset);
	close(sv[0]);
	close(sv[1]);
}

TEST_F(async, every_policy_and_socket)
{
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		self->s.policy = policies[i];
		for (kind = 0; kind < CS_KINDS; kind++) {
			ASSERT_EQ(0, cs_drop_cache(self->file));
			self->s.offset = 0;
			exact(_metadata, self->dev, self->s, kind);
			self->s.offset = 777777;
			exact(_metadata, self->dev, self->s, kind);
		}
	}
}

/* A peer that takes nothing, and a sender who has said how long he waits. */
TEST_F(async, send_timeout)
{
	struct timeval tv = { .tv_usec = TIMEOUT_MS * 1000 };
	long long since;

	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	since = cs_now_ms();
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 1));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 20));
	EXPECT_GE(cs_now_ms() - since, TIMEOUT_MS * 3 / 4);
	EXPECT_EQ(EAGAIN, self->c.error);
	EXPECT_GT(self->c.sent, 0);
	EXPECT_LT(self->c.sent, SIZE);
	receive_rest(_metadata, self->sv, self->c.sent);
}

TEST_F(async, nothing_to_send)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		self->s.policy = policies[i];
		self->s.offset = i % 2 ? SIZE : 0;
		self->s.length = i % 2 ? 100 : 0;
		ASSERT_EQ(0, cs_submit(self->dev, &self->s, i));
		ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
		EXPECT_EQ(0, self->c.error);
		EXPECT_EQ(0, self->c.sent);
	}
}

TEST_F(async, cancel)
{
	struct coldsend_cancel flags = { .size = sizeof(flags), .flags = 1 };
	long long errors = cs_stat("errors");
	int other = cs_open();
	__u64 id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ASSERT_EQ(0, cs_pair(i % CS_KINDS, self->sv));
		self->s.policy = policies[i];
		self->s.sock_fd = self->sv[0];
		id = cs_fill_socket(self->dev, &self->s, self->sv[1]);
		ASSERT_EQ(i + 1, id);
		flags.id = id;
		EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, COLDSEND_IOC_CANCEL, &flags));
		EXPECT_EQ(-ENOENT, cs_cancel(self->dev, id + 1));
		EXPECT_EQ(-ENOENT, cs_cancel(self->dev, 0));
		EXPECT_EQ(-ENOENT, cs_cancel(other, id));
		EXPECT_FALSE(cs_has_result(self->dev, 0));
		EXPECT_EQ(0, cs_cancel(self->dev, id));
		ASSERT_TRUE(cs_has_result(self->dev, 5000));
		EXPECT_EQ(-ENOENT, cs_cancel(self->dev, id));
		ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 1));
		EXPECT_EQ(-ENOENT, cs_cancel(self->dev, id));
		EXPECT_EQ(id, self->c.id);
		EXPECT_EQ(ECANCELED, self->c.error);
		EXPECT_GT(self->c.sent, 0);
		EXPECT_LT(self->c.sent, SIZE);
		receive_rest(_metadata, self->sv, self->c.sent);
	}
	/* Its caller wanted that. */
	EXPECT_EQ(errors, cs_stat("errors"));
}

/* What is wrong with the request is said at once, and is no transfer. */
TEST_F(async, refused)
{
	int lone = socket(AF_INET, SOCK_STREAM, 0);

	self->s.file_fd = -1;
	EXPECT_EQ(-EBADF, cs_submit(self->dev, &self->s, 0));
	self->s.file_fd = self->file;
	self->s.sock_fd = lone;
	EXPECT_EQ(-ENOTCONN, cs_submit(self->dev, &self->s, 0));
	self->s.sock_fd = self->file;
	EXPECT_EQ(-ENOTSOCK, cs_submit(self->dev, &self->s, 0));
	self->s.sock_fd = self->sv[0];
	self->s.policy = 99;
	EXPECT_EQ(-EINVAL, cs_submit(self->dev, &self->s, 0));
	self->s.policy = COLDSEND_POLICY_CACHED;
	self->s.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, cs_submit(self->dev, &self->s, 0));
	EXPECT_EQ(0, self->s.id);
	EXPECT_EQ(0, read(self->dev, &self->c, RECORD));
}

/* A synchronous transfer and one that stands still, on one device. */
TEST_F(async, beside_synchronous)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = CS_TCP4, .length = COLDSEND_TO_EOF,
	};
	size_t i;

	ASSERT_EQ(1, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		j.policy = policies[i];
		ASSERT_EQ(0, cs_job_run(&j));
		EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
		EXPECT_EQ(0, j.s.id);
	}
	EXPECT_FALSE(cs_has_result(self->dev, 0));
	ASSERT_EQ(0, cs_cancel(self->dev, 1));
	ASSERT_EQ(0, cs_collect(self->dev, &self->c, 1, 5));
	EXPECT_EQ(ECANCELED, self->c.error);
	receive_rest(_metadata, self->sv, self->c.sent);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
