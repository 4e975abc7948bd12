// SPDX-License-Identifier: GPL-2.0
/*
 * A crowd of asynchronous transfers of all policies and sockets, more than the
 * pool has memory for at once: all bytes arrive, and the pool keeps its limit.
 */
#include <errno.h>
#include <sys/socket.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

#define N		200
#define POOL_MAX	CS_MIB
#define RUN_SECONDS	50
/*
 * Milliseconds for an end that waits for no peer: for one it would take minutes, and a
 * machine that stands still, a second.
 */
#define SOON		5000

static const struct cs_data data = { .seed = 94, .size = 256 * CS_KIB + 77 };

static const __u32 policies[] = {
	COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND, COLDSEND_POLICY_HYBRID,
	COLDSEND_POLICY_DIRECT,
};

FIXTURE(crowd)
{
	struct cs_tunables tunables;
	struct cs_made before;
	struct cs_flow flows[N];
	struct cs_crowd c;
};

FIXTURE_SETUP(crowd)
{
	if (cs_stat("transfers") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
	self->before = cs_made_now();
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	ASSERT_EQ(0, cs_tunables_set("--pool-max 1M"));
	self->c = (struct cs_crowd){
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.data = &data, .n = N, .flows = self->flows, .chunk = 8192,
		.hold_ms = 1000, .pause_ms = 20,
	};
	ASSERT_GE(self->c.dev, 0);
	ASSERT_GE(self->c.file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->c.file));
	ASSERT_TRUE(cs_pool_empties(20));
}

FIXTURE_TEARDOWN(crowd)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
	close(self->c.dev);
	EXPECT_TRUE(cs_made_back(&self->before, 10));
}

static void run(struct __test_metadata *_metadata, struct cs_crowd *c)
{
	const struct cs_flow *wrong;
	long long start = cs_now_ms();

	ASSERT_EQ(0, cs_crowd_make(c));
	ASSERT_EQ(0, cs_crowd_submit(c));
	EXPECT_EQ(0, cs_crowd_run(c, RUN_SECONDS)) {
		TH_LOG("%d not ended, %d streams open", c->running, c->open);
	}
	wrong = cs_crowd_wrong(c);
	EXPECT_EQ(NULL, wrong) {
		TH_LOG("flow %td: %s policy %u got %llu sent %lld error %d%s",
		       wrong - c->flows, cs_kind_name(wrong->kind),
		       wrong->policy, wrong->got, wrong->sent, wrong->error,
		       wrong->bad ? " wrong bytes" : "");
	}
	TH_LOG("%lld ms, pool at most %lld bytes, %d workers",
	       cs_now_ms() - start, c->pool_max, c->workers_max);
	/* It was used, and not more of it than there is. */
	EXPECT_GT(c->pool_max, 0);
	EXPECT_LE(c->pool_max, POOL_MAX);
}

static void mix(struct cs_flow *flows)
{
	int i;

	for (i = 0; i < N; i++) {
		flows[i].kind = i % CS_KINDS;
		flows[i].policy = policies[i % ARRAY_SIZE(policies)];
	}
}

TEST_F_TIMEOUT(crowd, mixed, 100)
{
	mix(self->flows);
	run(_metadata, &self->c);
}

/*
 * Sockets that can have their sender wait are pumped by workers of their own: those
 * that wait for memory there, and elsewhere, take turns.
 */
TEST_F_TIMEOUT(crowd, of_both_queues, 100)
{
	int i, sv[2];

	if (cs_pair(CS_MPTCP, sv))
		SKIP(return, "no MPTCP on this machine");
	close(sv[0]);
	close(sv[1]);
	for (i = 0; i < N; i++) {
		self->flows[i].kind = i % 2 ? CS_MPTCP : CS_TCP4;
		self->flows[i].policy = COLDSEND_POLICY_DIRECT;
	}
	run(_metadata, &self->c);
}

/* The device is closed while they wait for disk, socket and pool. */
TEST_F_TIMEOUT(crowd, closed, 60)
{
	struct cs_made none = self->before;
	long long since;
	int after;

	mix(self->flows);
	ASSERT_EQ(0, cs_crowd_make(&self->c));
	for (after = 0; after <= 200; after += 40) {
		ASSERT_EQ(0, cs_crowd_submit(&self->c));
		cs_crowd_watch(&self->c, after);
		since = cs_now_ms();
		close(self->c.dev);
		EXPECT_LT(cs_now_ms() - since, cs_patient(SOON));
		EXPECT_TRUE(cs_made_back(&none, 10));
		self->c.dev = cs_open();
		ASSERT_GE(self->c.dev, 0);
	}
	EXPECT_LE(self->c.pool_max, POOL_MAX);
}

/* Each is cancelled in whatever state it is, unless it ends by itself. */
TEST_F_TIMEOUT(crowd, cancelled, 60)
{
	static struct coldsend_completion c[N];
	int i, ended = 0, gone = 0;

	mix(self->flows);
	self->c.sndbuf = 16384;
	ASSERT_EQ(0, cs_crowd_make(&self->c));
	ASSERT_EQ(0, cs_crowd_submit(&self->c));
	for (i = N; i > 0; i--)
		gone += cs_cancel(self->c.dev, i) == -ENOENT;
	ASSERT_EQ(0, cs_collect(self->c.dev, c, N, 20));
	for (i = 0; i < N; i++) {
		if (c[i].error == ECANCELED) {
			EXPECT_LT(c[i].sent, data.size);
			continue;
		}
		EXPECT_EQ(0, c[i].error);
		EXPECT_EQ(data.size, c[i].sent);
		ended++;
	}
	EXPECT_LE(gone, ended);
	/* UNIX sockets of that size don't take all of the file. */
	EXPECT_LE(ended, N - N / CS_KINDS);
}

/* Half the receivers never read: their memory is not the others' to miss. */
TEST_F_TIMEOUT(crowd, others_stuck, 100)
{
	struct coldsend_send s;
	int sv[2];
	int stuck = cs_open();
	int i;

	ASSERT_EQ(0, cs_crowd_allow(2 * N));
	for (i = 0; i < N / 2; i++) {
		ASSERT_EQ(0, cs_pair(i % CS_KINDS, sv));
		cs_send_init(&s, self->c.file, sv[0], 0, COLDSEND_TO_EOF,
			     COLDSEND_POLICY_DIRECT);
		ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF,
					&(int){ 16384 }, sizeof(int)));
		ASSERT_EQ(0, cs_submit(stuck, &s, i));
		self->flows[i].kind = i % CS_KINDS;
		self->flows[i].policy = COLDSEND_POLICY_DIRECT;
	}
	self->c.n = N / 2;
	run(_metadata, &self->c);
	close(stuck);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
