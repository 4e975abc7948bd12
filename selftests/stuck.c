// SPDX-License-Identifier: GPL-2.0
/*
 * A thousand receivers that never read, all of one user: memory is bounded,
 * another user's transfers go on as ever, and idle-max ends the thousand.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

#define ALICE		65533
#define BOB		65532
#define STUCK		1000
#define POOL		(8 * CS_MIB)
#define SNDBUF		32768
#define ROUNDS		5
#define IDLE		20
#define SECONDS		300

static const struct cs_data data = { .seed = 99, .size = 2 * CS_MIB + 5 };

FIXTURE(stuck)
{
	int dev;
	int bobs_dev;
	int file;
	struct cs_tunables tunables;
	struct cs_made before;
};

FIXTURE_VARIANT(stuck)
{
	__u32 policy;
	enum cs_kind kind;
};

FIXTURE_VARIANT_ADD(stuck, direct)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(stuck, drop)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .kind = CS_TCP4,
};

FIXTURE_SETUP(stuck)
{
	if (cs_stat("transfers") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
	self->before = cs_made_now();
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	self->dev = cs_open();
	self->bobs_dev = cs_open();
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->dev, 0);
	ASSERT_GE(self->bobs_dev, 0);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_crowd_allow(2 * STUCK));
	ASSERT_TRUE(cs_pool_empties(20));
}

FIXTURE_TEARDOWN(stuck)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
	close(self->dev);
	close(self->bobs_dev);
	EXPECT_TRUE(cs_made_back(&self->before, 30));
}

/* One more transfer whose receiver never reads; its sockets stay open. */
static int stick(FIXTURE_DATA(stuck) *self, __u32 policy, enum cs_kind kind)
{
	struct coldsend_send s;
	int size = SNDBUF;
	int sv[2];
	int err = cs_pair(kind, sv);

	if (err)
		return err;
	/* Else the buffers take it all. */
	if (setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		return -errno;
	cs_send_init(&s, self->file, sv[0], 0, COLDSEND_TO_EOF, policy);
	return cs_submit(self->dev, &s, 0);
}

static int send_as_bob(FIXTURE_DATA(stuck) *self, __u32 policy)
{
	struct cs_job job = {
		.dev = self->bobs_dev, .file = self->file, .data = &data,
		.kind = CS_UNIX, .policy = policy, .length = COLDSEND_TO_EOF,
	};
	int err = cs_become(BOB) ?: cs_job_run(&job) ?: cs_job_verify(&job);

	return cs_become(0) ?: err;
}

static int submit_as_bob(FIXTURE_DATA(stuck) *self, __u32 policy)
{
	struct coldsend_completion c;
	struct cs_peer peer = { .data = &data, .limit = data.size };
	struct coldsend_send s;
	int sv[2];
	int err;

	err = cs_pair(CS_UNIX, sv);
	if (err)
		return err;
	peer.fd = sv[1];
	cs_send_init(&s, self->file, sv[0], 0, COLDSEND_TO_EOF, policy);
	err = cs_peer_start(&peer) ?: cs_become(BOB) ?:
	      cs_submit(self->bobs_dev, &s, 0);
	err = cs_become(0) ?: err ?: cs_collect(self->bobs_dev, &c, 1, 30);
	if (err)
		return err;
	err = cs_peer_join(&peer);
	close(sv[0]);
	close(sv[1]);
	if (err || c.error)
		return err ?: -c.error;
	return peer.bad == CS_NONE && peer.count == data.size ? 0 : -EBADMSG;
}

static int all_time_out(int dev)
{
	struct coldsend_completion c;
	int err;
	int i;

	for (i = 0; i < STUCK; i++) {
		err = cs_collect(dev, &c, 1, 2 * IDLE + 30);
		if (err)
			return err;
		if (c.error != ETIMEDOUT || c.sent >= data.size)
			return -EPROTO;
	}
	return 0;
}

TEST_F_TIMEOUT(stuck, thousand, SECONDS)
{
	long long most = 0, now;
	char set[64];
	int i;

	snprintf(set, sizeof(set), "--pool-max %llu --user-share 50 --idle-max %d",
		 POOL, IDLE);
	ASSERT_EQ(0, cs_tunables_set(set));
	ASSERT_EQ(0, cs_become(ALICE));
	for (i = 0; i < STUCK; i++)
		ASSERT_EQ(0, stick(self, variant->policy, variant->kind));
	ASSERT_EQ(0, cs_become(0));
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(0, send_as_bob(self, variant->policy));
		EXPECT_EQ(0, submit_as_bob(self, variant->policy));
		now = cs_stat("pool_bytes");
		most = now > most ? now : most;
	}
	TH_LOG("%lld bytes in the pool at the most", most);
	EXPECT_LE(most, POOL);
	EXPECT_EQ(0, all_time_out(self->dev));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
