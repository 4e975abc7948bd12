// SPDX-License-Identifier: GPL-2.0
/* libcoldsend: every function of it, as a program of somebody else calls it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coldsend.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE		(8 * CS_MIB + 123)
#define THREADS		4
#define EACH		8

static const struct cs_data data = { .seed = 61, .size = SIZE };

FIXTURE(library) {
	struct coldsend *cs;
	int file;
	int sv[2];
	struct cs_peer peer;
};

FIXTURE_SETUP(library)
{
	self->cs = coldsend_open();
	ASSERT_NE(NULL, self->cs);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	self->peer.fd = self->sv[1];
	self->peer.data = &data;
}

FIXTURE_TEARDOWN(library)
{
	coldsend_close(self->cs);
	close(self->file);
	close(self->sv[0]);
	close(self->sv[1]);
}

/* Ends the stream; all that arrived has to be right. */
static void arrived(struct __test_metadata *_metadata,
		    struct _test_data_library *self, __u64 bytes)
{
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(bytes, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

TEST_F(library, send_blocking)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 0,
						  COLDSEND_TO_EOF);

	s.policy = COLDSEND_POLICY_DIRECT;
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	EXPECT_EQ((long long)SIZE, coldsend_send(self->cs, &s));
	EXPECT_EQ(SIZE, s.sent);
	EXPECT_EQ(COLDSEND_POLICY_DIRECT, s.policy_used);
	s.offset = SIZE;
	EXPECT_EQ(0, coldsend_send(self->cs, &s));
	arrived(_metadata, self, SIZE);
}

TEST_F(library, send_non_blocking)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 0,
						  COLDSEND_TO_EOF);
	struct pollfd writable = { .fd = self->sv[0], .events = POLLOUT };
	bool was_full = false;

	ASSERT_EQ(0, fcntl(self->sv[0], F_SETFL, O_NONBLOCK));
	self->peer.slow = true;
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	while (s.offset < SIZE) {
		long long sent = coldsend_send(self->cs, &s);

		if (sent < 0) {
			ASSERT_EQ(EAGAIN, errno);
			was_full = true;
			ASSERT_EQ(1, poll(&writable, 1, 10000));
			continue;
		}
		ASSERT_NE(0, sent);
		s.offset += sent;
	}
	EXPECT_TRUE(was_full);
	arrived(_metadata, self, SIZE);
}

TEST_F(library, submit_and_reap)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 1,
						  SIZE);
	struct epoll_event event = { .events = EPOLLIN };
	struct coldsend_completion c[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, coldsend_fd(self->cs),
			       &event));
	EXPECT_EQ(0, coldsend_reap(self->cs, c, 2, 0));
	EXPECT_EQ(0, coldsend_reap(self->cs, c, 2, -1));
	s.user_data = 0x123456789;
	self->peer.offset = 1;
	ASSERT_EQ(0, coldsend_submit(self->cs, &s));
	EXPECT_EQ(1, s.id);
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(-1, coldsend_reap(self->cs, c, 2, 20));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
	ASSERT_EQ(1, coldsend_reap(self->cs, c, 2, 0));
	EXPECT_EQ(s.id, c[0].id);
	EXPECT_EQ(s.user_data, c[0].user_data);
	EXPECT_EQ(0, c[0].error);
	EXPECT_EQ(SIZE - 1, c[0].sent);
	EXPECT_EQ(0, coldsend_reap(self->cs, c, 2, -1));
	close(epoll);
	arrived(_metadata, self, SIZE - 1);
}

TEST_F(library, cancel)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 0,
						  COLDSEND_TO_EOF);
	struct coldsend_completion c;

	EXPECT_EQ(-1, coldsend_cancel(self->cs, 1));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, coldsend_submit(self->cs, &s));
	EXPECT_EQ(0, coldsend_cancel(self->cs, s.id));
	ASSERT_EQ(1, coldsend_reap(self->cs, &c, 1, 10000));
	EXPECT_EQ(ECANCELED, c.error);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	arrived(_metadata, self, c.sent);
}

/**
 * struct reaper - a thread that submits and reaps on a handle of all
 * @cs: the handle
 * @file: what to send
 * @results: out: results that came to this thread
 * @err: out: errno that it failed with
 * @thread: the thread
 */
struct reaper {
	struct coldsend *cs;
	int file;
	int results;
	int err;
	pthread_t thread;
};

/* Small enough for the socket to take it all at once. */
static void *submit_and_reap(void *arg)
{
	struct reaper *r = arg;
	struct coldsend_completion c;
	int sv[2], i, n;

	if (cs_pair(CS_UNIX, sv))
		return NULL;
	for (i = 0; i < EACH; i++) {
		struct coldsend_send s = COLDSEND_REQUEST(sv[0], r->file, i, 1);

		if (coldsend_submit(r->cs, &s))
			r->err = errno;
	}
	while ((n = coldsend_reap(r->cs, &c, 1, -1)) > 0)
		r->results++;
	if (n < 0)
		r->err = errno;
	close(sv[0]);
	close(sv[1]);
	return NULL;
}

/* Each result comes to one of them, and none waits for what another took. */
TEST_F(library, threads)
{
	struct reaper r[THREADS];
	int results = 0;
	int i;

	for (i = 0; i < THREADS; i++) {
		r[i] = (struct reaper){ .cs = self->cs, .file = self->file };
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL,
					    submit_and_reap, &r[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(r[i].thread, NULL);
		EXPECT_EQ(0, r[i].err);
		results += r[i].results;
	}
	EXPECT_EQ(THREADS * EACH, results);
}

TEST_F(library, info_and_residency)
{
	struct coldsend_info info = { .size = sizeof(info), .flags = 77 };
	struct coldsend_residency res = {
		.size = sizeof(res),
		.file_fd = self->file,
		.length = COLDSEND_TO_EOF,
	};

	EXPECT_EQ(0, coldsend_info(self->cs, -1, &info));
	EXPECT_EQ(COLDSEND_ABI_VERSION, info.abi_version);
	EXPECT_EQ(0, info.file_size);
	EXPECT_EQ(0, coldsend_info(self->cs, self->file, &info));
	EXPECT_EQ(SIZE, info.file_size);
	EXPECT_EQ(-1, coldsend_info(self->cs, self->sv[0], &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, coldsend_residency(self->cs, &res));
	EXPECT_EQ((SIZE + res.page_size - 1) / res.page_size, res.pages);
}

/* A program may be newer than the library, and its struct longer. */
TEST_F(library, longer_struct)
{
	struct {
		struct coldsend_info info;
		__u8 tail[64];
	} newer;

	memset(&newer, 0xff, sizeof(newer));
	newer.info.size = sizeof(newer);
	EXPECT_EQ(0, coldsend_info(self->cs, self->file, &newer.info)) {
		TH_LOG("%s", strerror(errno));
	}
	EXPECT_EQ(SIZE, newer.info.file_size);
	newer.info.size = 1 << 20;
	EXPECT_EQ(-1, coldsend_info(self->cs, self->file, &newer.info));
	EXPECT_EQ(E2BIG, errno);
}

TEST_F(library, errors)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], -1, 0, 1);
	struct coldsend_completion c;

	EXPECT_EQ(-1, coldsend_send(self->cs, &s));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, coldsend_submit(self->cs, &s));
	EXPECT_EQ(EBADF, errno);
	s.file_fd = self->file;
	s.size = 0;
	EXPECT_EQ(-1, coldsend_send(self->cs, &s));
	EXPECT_EQ(EINVAL, errno);
	s.size = sizeof(s);
	s.flags = COLDSEND_F_ASYNC;
	EXPECT_EQ(-1, coldsend_send(self->cs, &s));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, coldsend_reap(self->cs, &c, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	coldsend_close(NULL);
}

/* The tables of the library know all that the module does. */
TEST_F(library, words)
{
	struct coldsend_info info = { .size = sizeof(info) };
	unsigned int i;

	ASSERT_EQ(0, coldsend_info(self->cs, -1, &info));
	for (i = 0; coldsend_policy_name(i); i++)
		EXPECT_EQ((int)i, coldsend_policy_find(coldsend_policy_name(i)));
	EXPECT_EQ(0, info.policies >> i);
	EXPECT_EQ(-1, coldsend_policy_find("fast"));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; coldsend_fallback_name(i); i++)
		EXPECT_NE(NULL, coldsend_fallback_meaning(i));
	EXPECT_GT(i, COLDSEND_FALLBACK_COPIED);
	EXPECT_EQ(NULL, coldsend_fallback_meaning(i));
	for (i = 0; coldsend_reason_name(i); i++)
		EXPECT_NE('\0', *coldsend_reason_name(i));
	EXPECT_EQ(COLDSEND_REASON_RULE + 1, i);
	EXPECT_EQ(NULL, coldsend_policy_name(~0U));
	EXPECT_EQ(NULL, coldsend_reason_name(~0U));
	EXPECT_STREQ("the receiver closed the connection", coldsend_strerror(EPIPE));
	EXPECT_STREQ("No such file or directory", coldsend_strerror(ENOENT));
	EXPECT_STREQ("unknown error", coldsend_strerror(12345));
}

/* A handle lives on in a child. */
TEST_F(library, fork)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 0,
						  COLDSEND_TO_EOF);
	int status;
	pid_t child;

	ASSERT_EQ(0, cs_peer_start(&self->peer));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child)
		_exit(coldsend_send(self->cs, &s) != (long long)SIZE);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	arrived(_metadata, self, SIZE);
}

/* What a parent has started goes on without a child that has its handle, too. */
TEST_F(library, started_before_a_fork)
{
	struct coldsend_send s = COLDSEND_REQUEST(self->sv[0], self->file, 0,
						  COLDSEND_TO_EOF);
	struct coldsend_completion c;
	int status;
	pid_t child;

	ASSERT_EQ(0, coldsend_submit(self->cs, &s));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		coldsend_close(self->cs);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(1, coldsend_reap(self->cs, &c, 1, 10000));
	EXPECT_EQ(0, c.error);
	EXPECT_EQ(SIZE, c.sent);
	arrived(_metadata, self, SIZE);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
