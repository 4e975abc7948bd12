// SPDX-License-Identifier: GPL-2.0
/*
 * Recycling: policy direct reads into memory it has used before, and never
 * into memory that somebody still holds.
 */
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "submit.h"

#define LARGE		(256 * CS_MIB)
#define SMALL		(32 * CS_KIB)
#define HELD		8
#define IDLE_SECONDS	20
#define ALLOCATED_MOST	32
#define RECYCLED_LEAST	224
/*
 * A receiver that takes nothing for a second may have a transfer give up what it read,
 * and leave its segments to the network.
 */
#define STALLED_NS	800000000LL
#define TRIES		3

static const struct cs_data large = { .seed = 81, .size = LARGE };
static const struct cs_data medium = { .seed = 82, .size = 24 * CS_MIB };

static struct cs_job direct_job(struct __test_metadata *_metadata,
				const struct cs_data *data)
{
	struct cs_job j = {
		.dev = cs_open(), .file = cs_data_create(cs_dir(), data),
		.data = data, .kind = CS_TCP4,
		.policy = COLDSEND_POLICY_DIRECT, .length = COLDSEND_TO_EOF,
		.chunk = CS_MIB,
	};

	ASSERT_GE(j.dev, 0);
	ASSERT_GE(j.file, 0);
	return j;
}

FIXTURE(counted)
{
};

FIXTURE_SETUP(counted)
{
	if (cs_stat("transfers") < 0)
		SKIP(return, "no debugfs with coldsend's counters");
}

FIXTURE_TEARDOWN(counted)
{
}

struct counts {
	long long allocated;
	long long recycled;
	long long reads;
	long long overhead;
	long long waited;
};

static struct counts counts_now(void)
{
	return (struct counts) {
		.allocated = cs_stat("segments_allocated"),
		.recycled = cs_stat("segments_recycled"),
		.reads = cs_stat("disk_reads"),
		.overhead = cs_stat("overhead_bytes"),
		.waited = cs_stat("socket_wait_ns"),
	};
}

/* Transfers: what that has added to the counts. */
static struct counts count(struct __test_metadata *_metadata, struct cs_job *j)
{
	struct counts before = counts_now(), c;

	ASSERT_EQ(0, cs_job_run(j));
	EXPECT_EQ(0, cs_job_verify(j)) TH_LOG("%s", j->why);
	c = counts_now();
	c.allocated -= before.allocated;
	c.recycled -= before.recycled;
	c.reads -= before.reads;
	c.overhead -= before.overhead;
	c.waited -= before.waited;
	TH_LOG("%lld segments allocated, %lld recycled, %lld bytes in vain",
	       c.allocated, c.recycled, c.overhead);
	return c;
}

/* Is something not as it should be, and that may be the receiver's fault? */
static bool is_disturbed(const struct counts *c)
{
	return c->waited >= STALLED_NS &&
	       (c->allocated > ALLOCATED_MOST || c->recycled < RECYCLED_LEAST ||
		c->overhead);
}

/* A long transfer goes round in a few segments. */
TEST_F_TIMEOUT(counted, few_segments, 360)
{
	struct cs_job j = direct_job(_metadata, &large);
	int tries = TRIES;
	struct counts c;

	do {
		c = count(_metadata, &j);
	} while (is_disturbed(&c) && --tries);
	EXPECT_LE(c.allocated, ALLOCATED_MOST);
	EXPECT_GE(c.recycled, RECYCLED_LEAST);
	EXPECT_EQ(c.allocated + c.recycled, c.reads);
	EXPECT_EQ(0, c.overhead);
}

/* Bytes that wait in sockets while segments go round many times. */
TEST(held_bytes_stay)
{
	struct cs_peer peers[HELD];
	struct coldsend_send s;
	struct cs_job j = direct_job(_metadata, &medium);
	int sv[HELD][2];
	int i;

	for (i = 0; i < HELD; i++) {
		ASSERT_EQ(0, cs_pair(i % CS_KINDS, sv[i]));
		cs_send_init(&s, j.file, sv[i][0], i * CS_MIB + 100, SMALL,
			     COLDSEND_POLICY_DIRECT);
		ASSERT_EQ(0, cs_send(j.dev, &s));
		ASSERT_EQ(SMALL, s.sent);
		shutdown(sv[i][0], SHUT_WR);
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, cs_job_run(&j));
		EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	}
	for (i = 0; i < HELD; i++) {
		peers[i] = (struct cs_peer){
			.fd = sv[i][1], .data = &medium,
			.offset = i * CS_MIB + 100,
		};
		ASSERT_EQ(0, cs_peer_start(&peers[i]));
		ASSERT_EQ(0, cs_peer_join(&peers[i]));
		EXPECT_EQ(SMALL, peers[i].count);
		EXPECT_EQ(CS_NONE, peers[i].bad) TH_LOG("socket %d", i);
	}
}

/* Memory goes back to the machine when nobody sends. */
TEST_F(counted, idle_pool_empties)
{
	struct cs_job j;

	j = direct_job(_metadata, &medium);
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_GT(cs_stat("pool_bytes"), 0);
	EXPECT_TRUE(cs_pool_empties(IDLE_SECONDS));
	EXPECT_TRUE(cs_segments_back(IDLE_SECONDS));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
