// SPDX-License-Identifier: GPL-2.0
/*
 * Full sockets: O_NONBLOCK, SO_SNDTIMEO and signals cut a transfer short,
 * and the count that comes back is the place to go on from.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE		(6 * CS_MIB + 1234)
#define START		1001
#define TICK_US		30000
#define TIMEOUT_MS	200
#define SECONDS		20

static const struct cs_data data = { .seed = 21, .size = SIZE };
static volatile sig_atomic_t ticks;

FIXTURE(policy)
{
	int dev;
	int file;
	int sv[2];
	__u64 sent;
	struct cs_peer peer;
};

#include "variants.h"

FIXTURE_SETUP(policy)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair_small(variant->kind, self->sv));
	self->peer = (struct cs_peer){
		.fd = self->sv[1], .data = &data, .offset = START,
	};
}

FIXTURE_TEARDOWN(policy)
{
}

/* One call for all that is left; what it sent is added up. */
static int send_rest(FIXTURE_DATA(policy) *self,
		     const FIXTURE_VARIANT(policy) *variant)
{
	struct coldsend_send s;
	int err;

	cs_send_init(&s, self->file, self->sv[0], START + self->sent,
		     COLDSEND_TO_EOF, variant->policy);
	err = cs_send(self->dev, &s);
	self->sent += s.sent;
	return err ?: (s.sent ? 1 : 0);
}

static void set_nonblock(const FIXTURE_DATA(policy) *self, bool on)
{
	fcntl(self->sv[0], F_SETFL, on ? O_NONBLOCK : 0);
}

/* Sends without blocking until the socket says that it is full. */
static int fill(FIXTURE_DATA(policy) *self, const FIXTURE_VARIANT(policy) *variant)
{
	int err;

	set_nonblock(self, true);
	do {
		err = send_rest(self, variant);
	} while (err > 0);
	set_nonblock(self, false);
	return err;
}

static void expect_all(struct __test_metadata *_metadata,
		       FIXTURE_DATA(policy) *self, __u64 total)
{
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(0, self->peer.error);
	EXPECT_EQ(CS_NONE, self->peer.bad);
	EXPECT_EQ(total, self->sent);
	EXPECT_EQ(total, self->peer.count);
}

/* Sends what is left with as many blocking calls as it takes. */
static void finish(struct __test_metadata *_metadata,
		   FIXTURE_DATA(policy) *self,
		   const FIXTURE_VARIANT(policy) *variant)
{
	int err;

	do {
		err = send_rest(self, variant);
	} while (err > 0);
	EXPECT_EQ(0, err);
	expect_all(_metadata, self, SIZE - START);
}

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static void start_ticks(int flags)
{
	struct sigaction sa = { .sa_handler = tick, .sa_flags = flags };
	struct itimerval it = {
		.it_interval.tv_usec = TICK_US, .it_value.tv_usec = TICK_US,
	};

	ticks = 0;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void stop_ticks(void)
{
	struct itimerval it = { 0 };

	setitimer(ITIMER_REAL, &it, NULL);
}

TEST_F(policy, nonblock)
{
	struct pollfd p = { .fd = self->sv[0], .events = POLLOUT };
	int err = 1;

	ASSERT_EQ(-EAGAIN, fill(self, variant));
	ASSERT_GT(self->sent, 0);
	ASSERT_LT(self->sent, SIZE - START);
	set_nonblock(self, true);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	while (err) {
		ASSERT_EQ(1, poll(&p, 1, SECONDS * 1000));
		err = send_rest(self, variant);
		if (err != -EAGAIN)
			ASSERT_GE(err, 0);
	}
	expect_all(_metadata, self, SIZE - START);
}

/*
 * For a socket that has no room nothing is read.  What the peer acknowledges
 * late makes room, with nobody reading: then it may be.
 */
TEST_F(policy, no_read_in_vain)
{
	int calls = 0, in_vain = 0, err;
	long long reads;

	ASSERT_EQ(-EAGAIN, fill(self, variant));
	set_nonblock(self, true);
	while (in_vain < 10 && calls++ < 1000) {
		reads = cs_stat("disk_reads");
		err = send_rest(self, variant);
		if (err > 0)
			continue;
		ASSERT_EQ(-EAGAIN, err);
		EXPECT_EQ(reads, cs_stat("disk_reads"));
		in_vain++;
	}
	EXPECT_EQ(10, in_vain);
}

/* A call with nothing to send is not full. */
TEST_F(policy, nothing_to_send)
{
	struct coldsend_send s;

	ASSERT_EQ(-EAGAIN, fill(self, variant));
	set_nonblock(self, true);
	cs_send_init(&s, self->file, self->sv[0], 0, 0, variant->policy);
	EXPECT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(0, s.sent);
	cs_send_init(&s, self->file, self->sv[0], SIZE, 1, variant->policy);
	EXPECT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(0, s.sent);
}

TEST_F(policy, send_timeout)
{
	struct timeval tv = { .tv_usec = TIMEOUT_MS * 1000 };
	long long start;
	__u64 before;
	int err;

	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	start = cs_now_ms();
	ASSERT_EQ(1, send_rest(self, variant));
	EXPECT_GE(cs_now_ms() - start, TIMEOUT_MS * 3 / 4);
	EXPECT_LT(self->sent, SIZE - START);
	/* TCP may find a little room yet, but not for long. */
	do {
		before = self->sent;
		start = cs_now_ms();
		err = send_rest(self, variant);
	} while (err > 0);
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_GE(cs_now_ms() - start, TIMEOUT_MS * 3 / 4);
	EXPECT_LT(cs_now_ms() - start, TIMEOUT_MS * 20);
	EXPECT_EQ(before, self->sent);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	finish(_metadata, self, variant);
}

/* Without SA_RESTART: a count while there is one, then EINTR. */
TEST_F(policy, signal)
{
	int err;

	start_ticks(0);
	do {
		err = send_rest(self, variant);
	} while (err > 0);
	stop_ticks();
	ASSERT_EQ(-EINTR, err);
	EXPECT_GT(ticks, 0);
	EXPECT_LT(self->sent, SIZE - START);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	finish(_metadata, self, variant);
}

static bool three_ticks(void *arg)
{
	(void)arg;
	return ticks >= 3;
}

static void *drain_after_ticks(void *arg)
{
	FIXTURE_DATA(policy) *self = arg;

	cs_wait(three_ticks, NULL, SECONDS);
	cs_peer_start(&self->peer);
	return NULL;
}

/* With SA_RESTART nobody sees a signal, only bytes. */
TEST_F(policy, restart)
{
	sigset_t set, old;
	pthread_t thread;
	__u64 before;
	int err;

	ASSERT_EQ(-EAGAIN, fill(self, variant));
	before = self->sent;
	/* The ticks are for this thread alone. */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	ASSERT_EQ(0, pthread_create(&thread, NULL, drain_after_ticks, self));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	start_ticks(SA_RESTART);
	do {
		err = send_rest(self, variant);
	} while (err > 0 && ticks < 3);
	stop_ticks();
	EXPECT_GE(err, 0);
	EXPECT_GE(ticks, 3);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_GT(self->sent, before);
	finish(_metadata, self, variant);
}

/* With SO_SNDTIMEO there is no restart: the clock would begin again. */
TEST_F(policy, restart_with_timeout)
{
	struct timeval tv = { .tv_sec = SECONDS };
	int err;

	ASSERT_EQ(-EAGAIN, fill(self, variant));
	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	start_ticks(SA_RESTART);
	do {
		err = send_rest(self, variant);
	} while (err > 0);
	stop_ticks();
	EXPECT_EQ(-EINTR, err);
}

static bool child_is_gone(void *arg)
{
	return waitpid(*(pid_t *)arg, NULL, WNOHANG) != 0;
}

static bool socket_is_used(void *arg)
{
	char c;

	return recv(*(int *)arg, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* A killed sender goes at once, and its references with it. */
TEST_F(policy, killed)
{
	char buf[65536];
	pid_t child;
	ssize_t n;

	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		send_rest(self, variant);
		_exit(1);
	}
	ASSERT_TRUE(cs_wait(socket_is_used, &self->sv[1], SECONDS));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_TRUE(cs_wait(child_is_gone, &child, SECONDS));
	close(self->sv[0]);
	do {
		struct pollfd p = { .fd = self->sv[1], .events = POLLIN };

		ASSERT_EQ(1, poll(&p, 1, SECONDS * 1000));
		n = recv(self->sv[1], buf, sizeof(buf), 0);
	} while (n > 0);
	EXPECT_EQ(0, n);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
