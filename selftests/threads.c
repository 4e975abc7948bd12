// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: more synchronous transfers at once than there is memory for.  They wait in
 * line for it, which a signal ends, and for no longer than a second.
 *
 * Where CS_SLOW_DIR is a disk on which the line hardly moves, that is the disk (faults.sh).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

/* Four times as many as get memory at once. */
#define N		32
#define POOL_MAX	CS_MIB
#define SECONDS		60
/* Milliseconds: for a signal; and after which they wait no more, less a little. */
#define SOON		400
#define PATIENCE	900

/* The second is that of faults.sh. */
static const struct cs_data fast_data = { .seed = 108, .size = CS_MIB };
static const struct cs_data slow_data = { .seed = 161, .size = 2098386 };

/**
 * struct sender - a thread that sends, and one that receives
 * @dev: open device
 * @sv: sockets
 * @peer: receives from the second
 * @s: the transfer
 * @err: out: 0 or -errno
 * @ended: out: it has
 */
struct sender {
	int dev;
	int sv[2];
	struct cs_peer peer;
	struct coldsend_send s;
	pthread_t thread;
	int err;
	bool ended;
};

/**
 * struct threads - all of them
 * @data: what the file holds that they send
 * @dev: open device
 * @file: the file
 * @tunables: as they were before
 * @before: what the module held before
 */
struct threads {
	const struct cs_data *data;
	int dev;
	int file;
	struct cs_tunables tunables;
	struct cs_made before;
	struct sender senders[N];
};

static void *send_all(void *arg)
{
	struct sender *sender = arg;

	sender->err = cs_send(sender->dev, &sender->s);
	shutdown(sender->sv[0], SHUT_WR);
	__atomic_store_n(&sender->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static int start(struct threads *t, struct sender *sender, __u32 policy)
{
	int err = cs_pair(CS_TCP4, sender->sv);

	if (err)
		return err;
	sender->dev = t->dev;
	sender->peer = (struct cs_peer){ .fd = sender->sv[1], .data = t->data };
	cs_send_init(&sender->s, t->file, sender->sv[0], 0, COLDSEND_TO_EOF,
		     policy);
	err = cs_peer_start(&sender->peer);
	return err ?: -pthread_create(&sender->thread, NULL, send_all, sender);
}

static void start_all(struct __test_metadata *_metadata, struct threads *t,
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
		ASSERT_EQ(0, start(t, &t->senders[i], policy));
}

static void end(struct __test_metadata *_metadata, struct sender *sender)
{
	ASSERT_EQ(0, pthread_join(sender->thread, NULL));
	ASSERT_EQ(0, cs_peer_join(&sender->peer));
	EXPECT_EQ(CS_NONE, sender->peer.bad);
	EXPECT_EQ(sender->s.sent, sender->peer.count);
	close(sender->sv[0]);
	close(sender->sv[1]);
}

static void end_all(struct __test_metadata *_metadata, struct threads *t)
{
	int i;

	for (i = 0; i < N; i++)
		end(_metadata, &t->senders[i]);
	EXPECT_EQ(0, cs_tunables_restore(&t->tunables));
	close(t->dev);
	EXPECT_TRUE(cs_made_back(&t->before, SECONDS));
}

static int running(const struct threads *t)
{
	int n = 0;
	int i;

	for (i = 0; i < N; i++)
		n += !__atomic_load_n(&t->senders[i].ended, __ATOMIC_ACQUIRE);
	return n;
}

/* Most bytes of the pool that are seen until all have ended, or for so long. */
static long long watch(const struct threads *t, int milliseconds)
{
	long long until = cs_now_ms() + milliseconds;
	long long bytes, most = 0;

	while (running(t) && cs_now_ms() < until) {
		bytes = cs_stat("pool_bytes");
		if (bytes > most)
			most = bytes;
		cs_nap();
	}
	return most;
}

static void all_is_sent(struct __test_metadata *_metadata, const struct threads *t)
{
	int i;

	ASSERT_EQ(0, running(t));
	for (i = 0; i < N; i++) {
		EXPECT_EQ(0, t->senders[i].err);
		EXPECT_EQ(t->data->size, t->senders[i].s.sent);
	}
}

FIXTURE(threads)
{
	struct threads t;
	long long read;
};

FIXTURE_VARIANT(threads)
{
	__u32 policy;
};

FIXTURE_VARIANT_ADD(threads, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(threads, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(threads)
{
	if (getenv("CS_SLOW_DIR"))
		SKIP(exit(KSFT_SKIP), "the others need the slow disk");
	self->t.data = &fast_data;
	self->t.file = cs_data_create(cs_dir(), &fast_data);
	self->read = cs_stat("disk_bytes");
	start_all(_metadata, &self->t, variant->policy);
}

FIXTURE_TEARDOWN(threads)
{
	end_all(_metadata, &self->t);
}

/* They keep to the pool's maximum, and read nothing twice. */
TEST_F_TIMEOUT(threads, stand_in_line, SECONDS)
{
	long long since = cs_now_ms();

	EXPECT_LE(watch(&self->t, SECONDS * 1000), POOL_MAX);
	all_is_sent(_metadata, &self->t);
	TH_LOG("%lld bytes read in %lld ms", cs_stat("disk_bytes") - self->read,
	       cs_now_ms() - since);
	EXPECT_LE(cs_stat("disk_bytes") - self->read,
		  N * (long long)fast_data.size * 9 / 8);
	EXPECT_GT(cs_stat("pool_wait_ns"), 0);
}

FIXTURE(slow_disk)
{
	struct threads t;
};

FIXTURE_SETUP(slow_disk)
{
	const char *dir = getenv("CS_SLOW_DIR");
	char path[4096];

	if (!dir)
		SKIP(exit(KSFT_SKIP), "no slow disk: run faults.sh");
	snprintf(path, sizeof(path), "%s/faults.bin", dir);
	self->t.data = &slow_data;
	self->t.file = open(path, O_RDONLY | O_CLOEXEC);
	start_all(_metadata, &self->t, COLDSEND_POLICY_DIRECT);
}

FIXTURE_TEARDOWN(slow_disk)
{
	end_all(_metadata, &self->t);
}

/* Where the line hardly moves they wait, but not for ever. */
TEST_F_TIMEOUT(slow_disk, wait_no_longer, SECONDS)
{
	EXPECT_LE(watch(&self->t, PATIENCE), POOL_MAX);
	EXPECT_GT(watch(&self->t, SECONDS * 1000), POOL_MAX);
	all_is_sent(_metadata, &self->t);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Those that wait for memory end at once, the others when they have read. */
TEST_F_TIMEOUT(slow_disk, signal_ends_the_wait, SECONDS)
{
	struct sigaction action = { .sa_handler = nothing };
	struct threads *t = &self->t;
	long long since;
	int i;

	EXPECT_LE(watch(t, PATIENCE / 2), POOL_MAX);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	since = cs_now_ms();
	for (i = 0; i < N; i++)
		pthread_kill(t->senders[i].thread, SIGUSR1);
	while (running(t) > N / 2 && cs_now_ms() - since < SOON)
		cs_nap();
	EXPECT_LE(running(t), N / 2);
	watch(t, SECONDS * 1000);
	for (i = 0; i < N; i++)
		EXPECT_EQ(t->senders[i].s.sent ? 0 : -EINTR, t->senders[i].err);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (cs_stat("transfers") < 0)
		ksft_exit_skip("no debugfs with coldsend's counters\n");
	return test_harness_run(argc, argv);
}
