// SPDX-License-Identifier: GPL-2.0
/*
 * Signals and timeouts that end or interrupt a call of sendfile under the shim.
 *
 * Run by shim.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "shim.h"
#include "submit.h"

FIXTURE(signals) {
	int file;
	long long before;
};

FIXTURE_SETUP(signals)
{
	cs_shim_need();
	self->file = cs_data_create(cs_dir(), &cs_shim_data);
	ASSERT_GE(self->file, 0);
	self->before = cs_shim_served();
}

FIXTURE_TEARDOWN(signals)
{
	close(self->file);
}

static volatile sig_atomic_t alarms;
static int handler_file;
static volatile sig_atomic_t handler_bad;

/* Milliseconds in which a call has begun to send, and waits. */
#define LATER		500

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void on_alarm_send(int sig)
{
	(void)sig;
	handler_bad |= cs_shim_send(handler_file);
	alarms++;
}

static void alarm_soon(void (*handler)(int sig), int flags, int milliseconds)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	struct timeval soon = { .tv_usec = milliseconds * 1000 };
	/* Again, for a call that had not begun yet. */
	struct itimerval timer = { .it_value = soon, .it_interval = soon };

	alarms = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void alarm_off(void)
{
	struct itimerval none = {};

	setitimer(ITIMER_REAL, &none, NULL);
}

/* A call that nobody receives from: what it sent before the alarm, which came in it. */
static ssize_t send_until_alarm(int sock, int file, off_t *offset)
{
	ssize_t sent;

	do {
		sent = sendfile(sock, file, offset, cs_shim_data.size);
	} while (sent < 0 && errno == EINTR && !*offset);
	alarm_off();
	return sent;
}

/* Has something come that nobody receives? */
static bool is_full(void *arg)
{
	int bytes = 0;

	return !ioctl(*(int *)arg, FIONREAD, &bytes) && bytes > 65536;
}

/* Nobody receives: a signal ends the call with what was sent, then with EINTR. */
TEST_F(signals, interrupted)
{
	off_t offset = 0, before;
	ssize_t sent;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	alarm_soon(on_alarm, 0, LATER);
	sent = send_until_alarm(sv[0], self->file, &offset);
	EXPECT_LE(1, alarms);
	EXPECT_LT(0, sent);
	EXPECT_GT((ssize_t)cs_shim_data.size, sent);
	EXPECT_EQ(sent, offset);
	/* The alarm may have come before the socket was full. */
	alarm_soon(on_alarm, 0, LATER);
	do {
		before = offset;
		sent = sendfile(sv[0], self->file, &offset, cs_shim_data.size);
	} while (sent > 0);
	alarm_off();
	EXPECT_EQ(-1, sent);
	EXPECT_EQ(EINTR, errno);
	EXPECT_LE(1, alarms);
	EXPECT_EQ(before, offset);
	EXPECT_EQ(self->before + offset, cs_shim_served());
	close(sv[0]);
	close(sv[1]);
}

static bool alarm_came(void *arg)
{
	(void)arg;
	return alarms;
}

static void *receive_after_alarm(void *arg)
{
	struct cs_peer *peer = arg;

	if (cs_wait(alarm_came, NULL, 10) && !cs_peer_start(peer))
		cs_peer_join(peer);
	return NULL;
}

/* A full socket, and a handler with SA_RESTART: the call goes on after it. */
TEST_F(signals, restarted)
{
	struct cs_peer peer = { .data = &cs_shim_data, .limit = cs_shim_data.size };
	int small = 1;
	off_t offset;
	pthread_t thread;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small,
				sizeof(small)));
	ASSERT_EQ(0, fcntl(sv[0], F_SETFL, O_NONBLOCK));
	for (offset = 0; sendfile(sv[0], self->file, &offset, cs_shim_data.size) > 0;)
		;
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, fcntl(sv[0], F_SETFL, 0));
	peer.fd = sv[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_after_alarm, &peer));
	alarm_soon(on_alarm, SA_RESTART, 100);
	while (offset < (off_t)cs_shim_data.size)
		ASSERT_LT(0, sendfile(sv[0], self->file, &offset, cs_shim_data.size));
	alarm_off();
	EXPECT_LE(1, alarms);
	pthread_join(thread, NULL);
	EXPECT_EQ(cs_shim_data.size, peer.count);
	EXPECT_EQ(CS_NONE, peer.bad);
	/* A filter leaves to the kernel what a signal ends before its first byte. */
	if (getenv("LD_PRELOAD"))
		EXPECT_EQ(self->before + (long long)cs_shim_data.size, cs_shim_served());
	close(sv[0]);
	close(sv[1]);
}

/* A handler may call sendfile, also when it interrupts one. */
TEST_F(signals, in_a_handler)
{
	off_t offset = 0;
	int sv[2];

	handler_file = self->file;
	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	alarm_soon(on_alarm_send, 0, LATER);
	EXPECT_LT(0, send_until_alarm(sv[0], self->file, &offset));
	EXPECT_LE(1, alarms);
	EXPECT_EQ(0, handler_bad);
	EXPECT_EQ(self->before + offset + alarms * (long long)CS_SHIM_SIZE,
		  cs_shim_served());
	close(sv[0]);
	close(sv[1]);
}

/* A caller that is killed takes its connection with it, sent or not. */
TEST_F(signals, killed)
{
	struct cs_peer peer = { .data = &cs_shim_data };
	struct cs_made before = cs_made_now();
	off_t offset = 0;
	int status;
	int sv[2];
	pid_t child;

	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child)
		for (;;)
			sendfile(sv[0], self->file, &offset, SSIZE_MAX);
	close(sv[0]);
	ASSERT_TRUE(cs_wait(is_full, &sv[1], 10));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	/* Nothing is sent on for it. */
	ASSERT_TRUE(cs_made_back(&before, 10));
	peer.fd = sv[1];
	ASSERT_EQ(0, cs_peer_start(&peer));
	ASSERT_EQ(0, cs_peer_join(&peer));
	EXPECT_LT(0, peer.count);
	EXPECT_GT(cs_shim_data.size, peer.count);
	EXPECT_EQ(CS_NONE, peer.bad);
	close(sv[1]);
}

TEST_F(signals, send_timeout)
{
	struct timeval tenth = { .tv_usec = 100000 };
	off_t offset = 0, before;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tenth,
				sizeof(tenth)));
	EXPECT_LT(0, sendfile(sv[0], self->file, &offset, cs_shim_data.size));
	before = offset;
	EXPECT_EQ(-1, sendfile(sv[0], self->file, &offset, cs_shim_data.size));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(before, offset);
	EXPECT_EQ(self->before + before, cs_shim_served());
	close(sv[0]);
	close(sv[1]);
}

int main(int argc, char **argv)
{
	return test_harness_run(argc, argv);
}
