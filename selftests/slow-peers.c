// SPDX-License-Identifier: GPL-2.0
/*
 * Slow peers: transfers that together would read further ahead than there is memory
 * for read each byte once all the same, and wait for the peers with little.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "sender.h"
#include "submit.h"
#include "tunables.h"
#include "watch.h"

#define N		16
#define ALICE		65533
#define CHUNK		(64 * CS_KIB)
#define RUN_SECONDS	60
/* A machine that stands still for so long has all peers stall, in milliseconds. */
#define STANDSTILL	900

static const struct cs_data data = { .seed = 107, .size = 4 * CS_MIB };

/* A transfer and its receiver. */
struct flow {
	int sv[2];
	struct cs_sender sender;
	struct cs_peer peer;
};

FIXTURE(slow)
{
	int dev;
	int file;
	struct cs_tunables tunables;
	long long sent;
	long long read;
	struct cs_watch watch;
};

/* Pool and segments so that one for each fits, and all that it may read ahead does not. */
FIXTURE_VARIANT(slow)
{
	const char *tunables;
	long long pool_max;
	uid_t uid;
};

FIXTURE_VARIANT_ADD(slow, small_segments)
{
	.tunables = "--pool-max 4M --segment-size 64K --depth 8",
	.pool_max = 4 * CS_MIB,
};

FIXTURE_VARIANT_ADD(slow, large_segments)
{
	.tunables = "--pool-max 16M --segment-size 512K --depth 8",
	.pool_max = 16 * CS_MIB,
};

/* He may have half of it. */
FIXTURE_VARIANT_ADD(slow, user)
{
	.tunables = "--pool-max 8M --segment-size 64K --depth 8",
	.pool_max = 8 * CS_MIB,
	.uid = ALICE,
};

FIXTURE_SETUP(slow)
{
	if (cs_stat("transfers") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	ASSERT_EQ(0, cs_tunables_set(variant->tunables));
	self->dev = cs_open();
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->dev, 0);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_TRUE(cs_pool_empties(20));
	self->sent = cs_stat("bytes_direct");
	self->read = cs_stat("disk_bytes");
	ASSERT_EQ(0, cs_watch_start(&self->watch, STANDSTILL));
	/* Threads started from now on are his. */
	ASSERT_EQ(0, cs_become(variant->uid));
}

FIXTURE_TEARDOWN(slow)
{
	long long sent, read;
	int stands;

	EXPECT_EQ(0, cs_become(0));
	cs_watch_end(&self->watch);
	stands = cs_watch_stands(&self->watch);
	sent = cs_stat("bytes_direct") - self->sent;
	read = cs_stat("disk_bytes") - self->read;
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
	TH_LOG("%lld bytes read, %lld sent, %d stands", read, sent, stands);
	EXPECT_EQ(N * data.size, sent);
	/* What all of it can hold is given up, once, and then a little: they all stall. */
	EXPECT_LE(read, sent + (1 + stands) * variant->pool_max + sent / 8);
	close(self->dev);
}

static int start(struct flow *flow, int dev, int file)
{
	int err = cs_pair_small(CS_TCP4, flow->sv);

	if (err)
		return err;
	flow->sender = (struct cs_sender){ .dev = dev, .shut = true };
	cs_send_init(&flow->sender.s, file, flow->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DIRECT);
	return cs_sender_start(&flow->sender);
}

static int receive(struct flow *flow)
{
	flow->peer = (struct cs_peer){
		.fd = flow->sv[1], .data = &data, .chunk = CHUNK, .slow = true,
	};
	return cs_peer_start(&flow->peer);
}

static void end(struct __test_metadata *_metadata, struct flow *flow)
{
	ASSERT_EQ(0, cs_sender_join(&flow->sender, RUN_SECONDS));
	EXPECT_EQ(0, flow->sender.err);
	EXPECT_EQ(0, cs_peer_join(&flow->peer));
	EXPECT_EQ(data.size, flow->peer.count);
	EXPECT_EQ(CS_NONE, flow->peer.bad);
	close(flow->sv[0]);
	close(flow->sv[1]);
}

TEST_F_TIMEOUT(slow, threads, RUN_SECONDS)
{
	struct flow flows[N];
	int i;

	for (i = 0; i < N; i++)
		ASSERT_EQ(0, start(&flows[i], self->dev, self->file) ?:
			     receive(&flows[i]));
	for (i = 0; i < N; i++)
		end(_metadata, &flows[i]);
}

/* Does the socket hold what it takes?  The rest waits in the module. */
static bool has_some(void *sock)
{
	return cs_sock_has(*(int *)sock, 1);
}

static bool much_is_left(void *pool_max)
{
	return cs_pool_stat("bytes_used") <= *(long long *)pool_max / 4;
}

/* Peers that take nothing leave others enough to read ahead with. */
TEST_F_TIMEOUT(slow, stalled, RUN_SECONDS)
{
	long long pool_max = variant->pool_max;
	struct flow flows[N];
	int i;

	for (i = 0; i < N; i++)
		ASSERT_EQ(0, start(&flows[i], self->dev, self->file));
	ASSERT_EQ(0, cs_become(0));
	for (i = 0; i < N; i++)
		ASSERT_TRUE(cs_wait(has_some, &flows[i].sv[1], 20));
	/* They stall after a second. */
	sleep(3);
	EXPECT_TRUE(cs_wait(much_is_left, &pool_max, 20));
	TH_LOG("%lld bytes used while they stall", cs_pool_stat("bytes_used"));
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, receive(&flows[i]));
	for (i = 0; i < N; i++)
		end(_metadata, &flows[i]);
}

TEST_F_TIMEOUT(slow, asynchronous, RUN_SECONDS)
{
	struct cs_flow flows[N] = {};
	struct cs_crowd crowd = {
		.dev = self->dev, .file = self->file, .data = &data, .n = N,
		.flows = flows, .chunk = CHUNK, .sndbuf = CHUNK, .pause_ms = 2,
	};
	int i;

	for (i = 0; i < N; i++)
		flows[i].policy = COLDSEND_POLICY_DIRECT;
	ASSERT_EQ(0, cs_crowd_make(&crowd));
	ASSERT_EQ(0, cs_crowd_submit(&crowd));
	EXPECT_EQ(0, cs_crowd_run(&crowd, cs_patient(RUN_SECONDS)));
	EXPECT_EQ(NULL, cs_crowd_wrong(&crowd));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
