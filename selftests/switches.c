// SPDX-License-Identifier: GPL-2.0
/*
 * Context switches of a synchronous transfer: none when bytes and room are
 * there, else no more than it had to wait.
 *
 * Waits are those of the tracepoint coldsend_state, counted by perf.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "states.h"

/* What a synchronous transfer sleeps for. */
#define SLEEPS		CS_STATES_DISK " || " CS_STATES_SOCKET
#define SIZE		(32 * CS_MIB)
#define ROOM		(64 * CS_KIB)
#define ROUNDS		50
/* Rounds that a timer tick or the like may fall into. */
#define DISTURBED	5
#define TRIES		3
/*
 * From a peer that takes nothing it looks up after HZ / 20 jiffies, the first of
 * which has begun, to let go of memory; then after a second.
 */
#define LOOKS_UP_NS	40000000
#define SENDER_CPU	0
#define RECEIVER_CPU	1

static const struct cs_data data = { .seed = 151, .size = SIZE };

FIXTURE(switches)
{
	int dev;
	int file;
	int sv[2];
	struct cs_states sleeps;
	struct coldsend_send s;
};

FIXTURE_SETUP(switches)
{
	if (cs_states_open_thread(&self->sleeps, SLEEPS))
		SKIP(exit(KSFT_SKIP), "perf can't count tracepoints here");
	if (cs_run_on(pthread_self(), RECEIVER_CPU) ||
	    cs_run_on(pthread_self(), SENDER_CPU))
		SKIP(exit(KSFT_SKIP), "one CPU: the receiver needs another");
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	cs_send_init(&self->s, self->file, -1, 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_CACHED);
}

FIXTURE_TEARDOWN(switches)
{
	close(self->dev);
}

/* What a call did; where all of a file is sent, ns that it waited for the peer. */
struct cost {
	long voluntary;
	long involuntary;
	__u64 sleeps;
	long long waited;
};

static struct cost cost_now(const struct cs_states *sleeps)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (struct cost){
		.voluntary = usage.ru_nvcsw,
		.involuntary = usage.ru_nivcsw,
		.sleeps = cs_states_count(sleeps),
	};
}

static struct cost call(struct __test_metadata *_metadata,
			struct _test_data_switches *self)
{
	struct cost before = cost_now(&self->sleeps), after;

	ASSERT_EQ(0, cs_send(self->dev, &self->s));
	after = cost_now(&self->sleeps);
	after.voluntary -= before.voluntary;
	after.involuntary -= before.involuntary;
	after.sleeps -= before.sleeps;
	return after;
}

/* Sends a little into an empty socket, again and again: how often it was preempted. */
static int rounds(struct __test_metadata *_metadata,
		  struct _test_data_switches *self)
{
	static char buf[ROOM];
	int disturbed = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct cost c = call(_metadata, self);

		EXPECT_EQ(ROOM, self->s.sent);
		EXPECT_EQ(0, c.sleeps);
		EXPECT_EQ(0, c.voluntary) TH_LOG("round %d", i);
		disturbed += c.involuntary > 0;
		ASSERT_EQ((ssize_t)ROOM, recv(self->sv[1], buf, ROOM,
					      MSG_WAITALL));
	}
	return disturbed;
}

/* The quietest of a few: others use the machine too. */
static void with_room(struct __test_metadata *_metadata,
		      struct _test_data_switches *self, enum cs_kind kind)
{
	int disturbed, i;

	ASSERT_EQ(0, cs_pair(kind, self->sv));
	self->s.sock_fd = self->sv[0];
	self->s.length = ROOM;
	for (i = 0; i < TRIES; i++) {
		disturbed = rounds(_metadata, self);
		TH_LOG("%s: %d of %d calls were preempted", cs_kind_name(kind),
		       disturbed, ROUNDS);
		if (disturbed <= DISTURBED)
			break;
	}
	EXPECT_LE(disturbed, DISTURBED);
}

TEST_F(switches, none_with_room)
{
	static const __u32 hot[] = {
		COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DROP_BEHIND,
		COLDSEND_POLICY_HYBRID,
	};
	size_t i;
	int kind;

	for (i = 0; i < ARRAY_SIZE(hot); i++)
		for (kind = 0; kind < CS_KINDS; kind++) {
			self->s.policy = hot[i];
			with_room(_metadata, self, kind);
		}
}

/* A non-blocking socket that is full ends the call; nobody waits for it. */
TEST_F(switches, none_when_full)
{
	static char buf[CS_MIB];
	int disturbed = 0;
	int i;

	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	ASSERT_EQ(0, fcntl(self->sv[0], F_SETFL, O_NONBLOCK));
	self->s.sock_fd = self->sv[0];
	for (i = 0; i < ROUNDS; i++) {
		struct cost before = cost_now(&self->sleeps), c;
		int err = cs_send(self->dev, &self->s);

		c = cost_now(&self->sleeps);
		ASSERT_TRUE(!err || err == -EAGAIN);
		EXPECT_LT(self->s.sent, SIZE);
		EXPECT_EQ(before.sleeps, c.sleeps);
		EXPECT_EQ(before.voluntary, c.voluntary) TH_LOG("round %d", i);
		disturbed += c.involuntary > before.involuntary;
		while (recv(self->sv[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
	}
	TH_LOG("%d of %d calls were preempted", disturbed, ROUNDS);
}

/* All of the file to a receiver that runs beside. */
static struct cost beside(struct __test_metadata *_metadata,
			  struct _test_data_switches *self)
{
	struct cs_peer peer = { .limit = SIZE, .chunk = CS_MIB };
	long long waited = cs_stat("socket_wait_ns");
	struct cost c;

	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	self->s.sock_fd = self->sv[0];
	peer.fd = self->sv[1];
	ASSERT_EQ(0, cs_peer_start(&peer));
	ASSERT_EQ(0, cs_run_on(peer.thread, RECEIVER_CPU));
	c = call(_metadata, self);
	c.waited = cs_stat("socket_wait_ns") - waited;
	EXPECT_EQ(SIZE, self->s.sent);
	ASSERT_EQ(0, cs_peer_join(&peer));
	TH_LOG("policy %u: %ld voluntary, %ld involuntary, %llu waits, %lld ms",
	       self->s.policy, c.voluntary, c.involuntary, c.sleeps,
	       c.waited / 1000000);
	return c;
}

/* How often it may have slept to wait that often and that long. */
static long may_sleep(struct cost c)
{
	return c.sleeps + c.waited / LOOKS_UP_NS;
}

TEST_F(switches, hot_only_to_wait)
{
	struct cost c = beside(_metadata, self);

	EXPECT_LE(c.voluntary, may_sleep(c));
}

TEST_F(switches, cold_only_to_wait)
{
	long long reads = cs_stat("disk_reads");
	struct cost c;

	self->s.policy = COLDSEND_POLICY_DIRECT;
	ASSERT_EQ(0, cs_drop_cache(self->file));
	c = beside(_metadata, self);
	reads = cs_stat("disk_reads") - reads;
	EXPECT_GT(reads, 0);
	TH_LOG("%lld reads", reads);
	EXPECT_LE(c.voluntary, reads + may_sleep(c));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
