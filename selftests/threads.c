// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: more synchronous transfers at once than there is memory for.  They wait in
 * line for it as long as the line moves, or until a signal comes.
 *
 * Where CS_SLOW_DIR is a slow disk, that is the disk (faults.sh).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "disk.h"
#include "genl.h"
#include "kselftest_harness.h"
#include "sender.h"
#include "submit.h"
#include "tunables.h"
#include "watch.h"

/* Eight times as many as get memory at once. */
#define N		64
#define POOL_MAX	CS_MIB
#define TOO_SLOW	"this machine is too slow to signal those that wait"
#define SLOW_LENGTH	(256 * CS_KIB)
#define ALICE		65533
#define SECONDS		60
#define SOON		20
/* Milliseconds: for all to end; and after which a line that stands still is given up. */
#define LONGEST		25000
#define PATIENCE	1000
/* As long as that the machine stands still at times, and no line moves. */
#define STANDSTILL	(PATIENCE / 2)

/* The second is that of faults.sh. */
static const struct cs_data fast_data = { .seed = 108, .size = CS_MIB };
static const struct cs_data slow_data = { .seed = 161, .size = 2098386 };

/* A thread that sends, and one that receives. */
struct flow {
	int sv[2];
	struct cs_sender sender;
	struct cs_peer peer;
};

/**
 * struct threads - all of them
 * @data: what the file holds that they send
 * @length: bytes of it that each sends
 * @since: milliseconds of the clock before the first was started
 * @watch: whether the machine stands still from then on
 * @dev: open device
 * @file: the file
 * @tunables: as they were before
 * @before: what the module held before
 */
struct threads {
	const struct cs_data *data;
	__u64 length;
	long long since;
	struct cs_watch watch;
	int dev;
	int file;
	struct cs_tunables tunables;
	struct cs_made before;
	struct flow flows[N];
};

static int make(struct threads *t, struct flow *flow, __u32 policy)
{
	int err = cs_pair(CS_TCP4, flow->sv);

	if (err)
		return err;
	flow->sender = (struct cs_sender){ .dev = t->dev, .shut = true };
	flow->peer = (struct cs_peer){ .fd = flow->sv[1], .data = t->data };
	cs_send_init(&flow->sender.s, t->file, flow->sv[0], 0, t->length,
		     policy);
	return cs_peer_start(&flow->peer);
}

static void prepare(struct __test_metadata *_metadata, struct threads *t,
		    __u32 policy)
{
	int i;

	t->before = cs_made_now();
	ASSERT_EQ(0, cs_tunables_get(&t->tunables));
	ASSERT_EQ(0, cs_tunables_set("--pool-max 1M --segment-size 128K"));
	t->dev = cs_open();
	ASSERT_GE(t->dev, 0);
	ASSERT_GE(t->file, 0);
	ASSERT_EQ(0, cs_drop_cache(t->file));
	ASSERT_TRUE(cs_pool_empties(SECONDS));
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, make(t, &t->flows[i], policy));
}

/* @uid's are the transfers. */
static void start_all(struct __test_metadata *_metadata, struct threads *t,
		      uid_t uid)
{
	int i;

	ASSERT_EQ(0, cs_watch_start(&t->watch, STANDSTILL));
	ASSERT_EQ(0, cs_become(uid));
	t->since = cs_now_ms();
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, cs_sender_start(&t->flows[i].sender));
	ASSERT_EQ(0, cs_become(0));
}

static void end(struct __test_metadata *_metadata, struct flow *flow)
{
	if (!flow->sender.runs)
		return;
	ASSERT_EQ(0, cs_sender_join(&flow->sender, SECONDS));
	ASSERT_EQ(0, cs_peer_join(&flow->peer));
	EXPECT_EQ(CS_NONE, flow->peer.bad);
	EXPECT_EQ(flow->sender.s.sent, flow->peer.count);
	close(flow->sv[0]);
	close(flow->sv[1]);
}

static void end_all(struct __test_metadata *_metadata, struct threads *t)
{
	int i;

	for (i = 0; i < N; i++)
		end(_metadata, &t->flows[i]);
	cs_watch_end(&t->watch);
	EXPECT_EQ(0, cs_tunables_restore(&t->tunables));
	close(t->dev);
	EXPECT_TRUE(cs_made_back(&t->before, SECONDS));
}

static int running(const struct threads *t)
{
	int n = 0;
	int i;

	for (i = 0; i < N; i++)
		n += !cs_sender_has_ended(&t->flows[i].sender);
	return n;
}

static bool is_past_max(void *arg)
{
	(void)arg;
	return cs_stat("pool_bytes") > (long long)POOL_MAX;
}

static bool stood_still(struct threads *t)
{
	return cs_watch_stands(&t->watch);
}

/*
 * Do they keep to the pool's maximum, until all have ended or for so long?  They need
 * not where the machine stands still, and no line moves.
 */
static bool keep_to_max(struct __test_metadata *_metadata, struct threads *t,
			int milliseconds)
{
	bool past = false;

	while (running(t) && !past) {
		past = is_past_max(NULL);
		if (cs_now_ms() - t->since >= milliseconds)
			return true;
		cs_nap();
	}
	if (past && stood_still(t))
		TH_LOG("nothing is to be told: the machine stood still");
	return !past || stood_still(t);
}

static bool all_have_ended(void *arg)
{
	return !running(arg);
}

static void all_is_sent(struct __test_metadata *_metadata, const struct threads *t)
{
	int i;

	ASSERT_TRUE(cs_wait(all_have_ended, (void *)t, LONGEST / 1000));
	for (i = 0; i < N; i++) {
		EXPECT_EQ(0, t->flows[i].sender.err);
		EXPECT_EQ(t->length, t->flows[i].sender.s.sent);
	}
}

/* Another transfer gets what memory it asks for at once. */
static void expect_one_more(struct __test_metadata *_metadata, const struct threads *t)
{
	struct cs_job j = {
		.dev = t->dev, .file = t->file, .data = t->data,
		.kind = CS_TCP4, .policy = COLDSEND_POLICY_DIRECT,
		.length = COLDSEND_TO_EOF,
	};
	long long waited = cs_stat("pool_wait_ns");

	EXPECT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(waited, cs_stat("pool_wait_ns"));
}

FIXTURE(threads)
{
	struct threads t;
	long long read;
	long long waited;
};

FIXTURE_VARIANT(threads)
{
	__u32 policy;
	uid_t uid;
};

FIXTURE_VARIANT_ADD(threads, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(threads, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

/* She may have half of the pool. */
FIXTURE_VARIANT_ADD(threads, user)
{
	.policy = COLDSEND_POLICY_DIRECT, .uid = ALICE,
};

FIXTURE_SETUP(threads)
{
	if (getenv("CS_SLOW_DIR"))
		SKIP(exit(KSFT_SKIP), "the others need the slow disk");
	self->t.data = &fast_data;
	self->t.length = fast_data.size;
	self->t.file = cs_data_create(cs_dir(), &fast_data);
	self->read = cs_stat("disk_bytes");
	self->waited = cs_stat("pool_wait_ns");
	prepare(_metadata, &self->t, variant->policy);
	start_all(_metadata, &self->t, variant->uid);
}

FIXTURE_TEARDOWN(threads)
{
	end_all(_metadata, &self->t);
}

/* They keep to the pool's maximum, and read nothing twice. */
TEST_F_TIMEOUT(threads, stand_in_line, SECONDS)
{
	EXPECT_TRUE(keep_to_max(_metadata, &self->t, LONGEST));
	all_is_sent(_metadata, &self->t);
	TH_LOG("%lld bytes read in %lld ms", cs_stat("disk_bytes") - self->read,
	       cs_now_ms() - self->t.since);
	EXPECT_LE(cs_stat("disk_bytes") - self->read,
		  N * (long long)fast_data.size * 9 / 8);
	EXPECT_GT(cs_stat("pool_wait_ns"), self->waited);
}

FIXTURE(slow_disk)
{
	struct threads t;
};

FIXTURE_SETUP(slow_disk)
{
	if (!getenv("CS_SLOW_DIR"))
		SKIP(exit(KSFT_SKIP), "no slow disk: run starved.sh");
	self->t.data = &slow_data;
	self->t.length = SLOW_LENGTH;
	self->t.file = cs_disk_file(getenv("CS_SLOW_DIR"), "faults.bin");
	prepare(_metadata, &self->t, COLDSEND_POLICY_DIRECT);
	ASSERT_EQ(0, cs_disk_set("CS_DISK_SLOWISH"));
}

FIXTURE_TEARDOWN(slow_disk)
{
	cs_disk_do("resume");
	end_all(_metadata, &self->t);
	EXPECT_EQ(0, cs_disk_set("CS_DISK_SLOW"));
}

/* They have to wait for longer than they would where nobody gets memory. */
TEST_F_TIMEOUT(slow_disk, wait_while_the_line_moves, SECONDS)
{
	start_all(_metadata, &self->t, 0);
	EXPECT_TRUE(keep_to_max(_metadata, &self->t, LONGEST));
	/* They don't wait where the line was given up. */
	if (!stood_still(&self->t))
		EXPECT_GT(cs_now_ms() - self->t.since, 2 * PATIENCE);
	all_is_sent(_metadata, &self->t);
}

/* The disk hangs: so do those that read, but others don't wait for them. */
TEST_F_TIMEOUT(slow_disk, do_not_wait_while_it_stands, SECONDS)
{
	ASSERT_EQ(0, cs_disk_do("suspend --nolockfs --noflush"));
	start_all(_metadata, &self->t, 0);
	EXPECT_TRUE(keep_to_max(_metadata, &self->t, PATIENCE));
	EXPECT_TRUE(cs_wait(is_past_max, NULL, SOON));
	EXPECT_EQ(0, cs_disk_do("resume"));
	all_is_sent(_metadata, &self->t);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Or the machine stood still, and they have given the line up. */
static bool most_wait(void *threads)
{
	return cs_pool_stat("waiting") > N / 2 || stood_still(threads);
}

static bool most_have_ended(void *threads)
{
	return running(threads) < N / 2 || stood_still(threads);
}

/* The disk hangs, and most wait for memory. */
static void have_most_wait(struct __test_metadata *_metadata, struct threads *t)
{
	struct sigaction action = { .sa_handler = nothing };

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, cs_disk_do("suspend --nolockfs --noflush"));
	start_all(_metadata, t, 0);
	EXPECT_TRUE(cs_wait(most_wait, t, SOON));
}

/*
 * Those that wait for memory end at once, the others when they have read.  Return: false
 * where that took so long that they had given the line up.
 */
static bool signal_all(struct __test_metadata *_metadata, struct threads *t)
{
	const struct cs_sender *sender;
	bool in_time;
	int i;

	for (i = 0; i < N; i++)
		pthread_kill(t->flows[i].sender.thread, SIGUSR1);
	/* They are to run as well before the second is over. */
	in_time = cs_now_ms() - t->since < PATIENCE - STANDSTILL;
	if (in_time)
		EXPECT_TRUE(cs_wait(most_have_ended, t, SOON));
	in_time = in_time && !stood_still(t);
	EXPECT_EQ(0, cs_disk_do("resume"));
	ASSERT_TRUE(cs_wait(all_have_ended, t, LONGEST / 1000));
	for (i = 0; i < N; i++) {
		sender = &t->flows[i].sender;
		EXPECT_EQ(sender->s.sent ? 0 : -EINTR, sender->err);
	}
	EXPECT_EQ(0, cs_pool_stat("waiting"));
	return in_time;
}

TEST_F_TIMEOUT(slow_disk, a_signal_ends_the_wait, SECONDS)
{
	have_most_wait(_metadata, &self->t);
	if (!signal_all(_metadata, &self->t))
		SKIP(return, TOO_SLOW);
}

/* Quicker than by the tool. */
static int set_pool_max(struct cs_genl *g, __u64 bytes)
{
	char attrs[64];
	size_t len = cs_genl_put(attrs, 0, COLDSEND_A_POOL_MAX, &bytes,
				 sizeof(bytes));

	return cs_genl_request(g, COLDSEND_CMD_POLICY_SET, 0, attrs, len);
}

/*
 * Some were just promised memory, and don't get to run before the signal comes, at
 * least on one processor: others have that memory.
 */
TEST_F_TIMEOUT(slow_disk, a_signal_undoes_the_promise, SECONDS)
{
	struct sched_param before_others = { .sched_priority = 1 };
	struct sched_param as_others = { 0 };
	struct threads *t = &self->t;
	struct cs_genl genl;
	bool in_time;

	ASSERT_EQ(0, cs_genl_open(&genl));
	have_most_wait(_metadata, t);
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &before_others));
	ASSERT_EQ(0, set_pool_max(&genl, 2 * POOL_MAX));
	in_time = signal_all(_metadata, t);
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &as_others));
	ASSERT_EQ(0, set_pool_max(&genl, POOL_MAX));
	cs_genl_close(&genl);
	if (!in_time)
		SKIP(return, TOO_SLOW);
	ASSERT_TRUE(cs_pool_empties(SECONDS));
	expect_one_more(_metadata, t);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (cs_stat("transfers") < 0)
		ksft_exit_skip("no debugfs with coldsend's counters\n");
	return test_harness_run(argc, argv);
}
