// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: what one user may have at once, what all may, how long a peer may
 * take nothing, and memory that goes back when the machine wants it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

#define ALICE		65533
#define BOB		65532
#define STUCK_MAX	64
#define SECONDS		50

static const struct cs_data data = { .seed = 98, .size = 2 * CS_MIB + 5 };

FIXTURE(limits)
{
	int dev;
	int file;
	int stuck;
	int tx[STUCK_MAX];
	int rx[STUCK_MAX];
	struct cs_tunables tunables;
	struct cs_made before;
};

FIXTURE_SETUP(limits)
{
	if (cs_stat("transfers") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
	self->before = cs_made_now();
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	ASSERT_GT(self->tunables.user_transfers, 0);
	self->dev = cs_open();
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->dev, 0);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_crowd_allow(2 * STUCK_MAX));
}

FIXTURE_TEARDOWN(limits)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, 10));
}

/* A transfer of @uid's to a peer that takes nothing: 0 or -errno of SEND. */
static int stall_on(int dev, int file, int sock, uid_t uid)
{
	struct coldsend_send s;
	int err = cs_become(uid);

	cs_send_init(&s, file, sock, 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DIRECT);
	if (!err)
		err = cs_submit(dev, &s, sock);
	return cs_become(0) ?: err;
}

static int stall(FIXTURE_DATA(limits) *self, uid_t uid)
{
	int sv[2];
	int err = cs_pair(CS_UNIX, sv);

	if (err)
		return err;
	err = stall_on(self->dev, self->file, sv[0], uid);
	if (err) {
		close(sv[0]);
		close(sv[1]);
		return err;
	}
	self->tx[self->stuck] = sv[0];
	self->rx[self->stuck++] = sv[1];
	return 0;
}

static int send_as(int dev, int file, uid_t uid)
{
	struct cs_job job = {
		.dev = dev, .file = file, .data = &data, .kind = CS_UNIX,
		.policy = COLDSEND_POLICY_DIRECT, .length = COLDSEND_TO_EOF,
	};
	int err = cs_become(uid);

	if (!err)
		err = cs_job_run(&job);
	return cs_become(0) ?: err;
}

TEST_F_TIMEOUT(limits, user_transfers, SECONDS)
{
	long long refused = cs_stat("transfers_refused");
	struct coldsend_completion c[3];

	ASSERT_EQ(0, cs_tunables_set("--user-transfers 3"));
	EXPECT_EQ(0, stall(self, ALICE));
	EXPECT_EQ(0, stall(self, ALICE));
	EXPECT_EQ(0, stall(self, ALICE));
	EXPECT_EQ(-EDQUOT, stall(self, ALICE));
	EXPECT_EQ(-EDQUOT, send_as(self->dev, self->file, ALICE));
	EXPECT_EQ(refused + 2, cs_stat("transfers_refused"));
	/* It is hers alone. */
	EXPECT_EQ(0, send_as(self->dev, self->file, BOB));
	EXPECT_EQ(0, send_as(self->dev, self->file, 0));

	/* A result that nobody has read still counts, until it is read. */
	EXPECT_EQ(0, cs_cancel(self->dev, 1));
	EXPECT_TRUE(cs_has_result(self->dev, 5000));
	EXPECT_EQ(-EDQUOT, send_as(self->dev, self->file, ALICE));
	EXPECT_EQ(0, cs_collect(self->dev, c, 1, 5));
	EXPECT_EQ(0, send_as(self->dev, self->file, ALICE));
}

TEST_F_TIMEOUT(limits, transfers_max, SECONDS)
{
	ASSERT_EQ(0, cs_tunables_set("--transfers-max 2"));
	EXPECT_EQ(0, stall(self, ALICE));
	EXPECT_EQ(0, stall(self, BOB));
	EXPECT_EQ(-EDQUOT, stall(self, ALICE));
	EXPECT_EQ(-EDQUOT, send_as(self->dev, self->file, BOB));
	/* Who may exceed resource limits may exceed this one. */
	EXPECT_EQ(0, stall(self, 0));
}

/*
 * Alice stalls more transfers than her share of the pool has memory for; Bob
 * and she get along all the same, and what she stalled ends well once it may.
 */
TEST_F_TIMEOUT(limits, user_share, SECONDS)
{
	static struct coldsend_completion c[STUCK_MAX];
	struct cs_peer peers[STUCK_MAX];
	long long most = 0, now;
	int i;

	ASSERT_TRUE(cs_pool_empties(20));
	ASSERT_EQ(0, cs_tunables_set("--pool-max 4M --user-share 25"));
	for (i = 0; i < STUCK_MAX; i++)
		ASSERT_EQ(0, stall(self, ALICE));
	/* A quarter is hers. */
	EXPECT_LE(cs_pool_stat("bytes_used"), (long long)CS_MIB);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, send_as(self->dev, self->file, BOB));
		now = cs_stat("pool_bytes");
		most = now > most ? now : most;
	}
	EXPECT_LE(most, 4 * (long long)CS_MIB);
	/* Her own synchronous transfer has a thread to wait with. */
	EXPECT_EQ(0, send_as(self->dev, self->file, ALICE));

	for (i = 0; i < STUCK_MAX; i++) {
		peers[i] = (struct cs_peer){
			.fd = self->rx[i], .data = &data, .limit = data.size,
		};
		ASSERT_EQ(0, cs_peer_start(&peers[i]));
	}
	EXPECT_EQ(0, cs_collect(self->dev, c, STUCK_MAX, 30));
	for (i = 0; i < STUCK_MAX; i++) {
		EXPECT_EQ(0, c[i].error);
		EXPECT_EQ(data.size, c[i].sent);
		cs_peer_join(&peers[i]);
		EXPECT_EQ(CS_NONE, peers[i].bad);
		EXPECT_EQ(data.size, peers[i].count);
	}
}

/* Of the clock that stands still while jiffies do, which the module counts. */
static long long coarse_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

TEST_F_TIMEOUT(limits, idle_max, SECONDS)
{
	struct coldsend_completion c;
	long long since, took;
	int waiting = 0;

	ASSERT_EQ(0, cs_tunables_set("--idle-max 1"));
	since = coarse_ms();
	ASSERT_EQ(0, stall(self, ALICE));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, 20));
	took = coarse_ms() - since;
	EXPECT_EQ(ETIMEDOUT, c.error);
	EXPECT_GT(c.sent, 0);
	EXPECT_LT(c.sent, data.size);
	EXPECT_GE(took, 1000);
	EXPECT_LT(took, cs_patient(4000));
	/* What was sent is what is there, to the byte. */
	close(self->tx[0]);
	while (waiting < (int)c.sent) {
		__u8 buf[4096];
		ssize_t n = read(self->rx[0], buf, sizeof(buf));

		ASSERT_GT(n, 0);
		ASSERT_EQ((size_t)n, cs_data_check(&data, waiting, buf, n));
		waiting += n;
	}
	EXPECT_EQ(0, read(self->rx[0], &since, sizeof(since)));
}

/* Did what idles leave before it would have by itself, after two seconds? */
static bool left_early(int dev, int file, int ask)
{
	long long since;

	if (send_as(dev, file, 0))
		return false;
	since = cs_now_ms();
	if (!cs_stat("pool_bytes") || write(ask, "2", 1) != 1)
		return false;
	return cs_pool_empties(1) && cs_now_ms() - since < 1900;
}

/* Memory that idles goes back at once when memory management asks. */
TEST_F_TIMEOUT(limits, pressure, SECONDS)
{
	int ask = open("/proc/sys/vm/drop_caches", O_WRONLY);
	bool early = false;
	int i;

	ASSERT_GE(ask, 0);
	/* A busy machine may take longer to answer. */
	for (i = 0; i < 5 && !early; i++)
		early = left_early(self->dev, self->file, ask);
	EXPECT_TRUE(early);
	EXPECT_EQ(0, send_as(self->dev, self->file, 0));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
