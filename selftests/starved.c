// SPDX-License-Identifier: GPL-2.0
/*
 * Starved: many asynchronous transfers wait for memory that a few have, who wait
 * for a slow disk.  However they end then, they end soon, what was sent is exact
 * and counted right, and all memory comes back.
 *
 * Run by starved.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "disk.h"
#include "group.h"
#include "kselftest_harness.h"
#include "states.h"
#include "submit.h"
#include "tunables.h"

/* As in faults.sh. */
#define SIZE		2098386
#define N		24
#define SECONDS		20
/* Milliseconds of a read, of CS_DISK_SLOWISH in faults.sh, and for all else at the most. */
#define READ_MS		200
#define SOON		3000
/* Sends that do not wait, and what each gets whatever others have. */
#define URGENT		16
#define ON_TOP		(64LL * 1024)

static const struct cs_data data = { .seed = 161, .size = SIZE };

FIXTURE(starved)
{
	int dev;
	int file;
	int sv[N][2];
	struct cs_made before;
	struct cs_states waits;
	struct cs_tunables tunables;
	struct coldsend_completion c[N];
};

FIXTURE_VARIANT(starved)
{
	__u32 policy;
};

FIXTURE_VARIANT_ADD(starved, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(starved, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(starved)
{
	int i;

	/* Before what is there is counted: they hold the module. */
	ASSERT_EQ(0, cs_states_open(&self->waits, CS_STATES_POOL));
	self->before = cs_made_now();
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	ASSERT_EQ(0, cs_tunables_set("--pool-max 1M"));
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_disk_file(getenv("CS_SLOW_DIR"), "faults.bin");
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, cs_pair(i % CS_KINDS, self->sv[i]));
	ASSERT_TRUE(cs_pool_empties(SECONDS));
}

FIXTURE_TEARDOWN(starved)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, SECONDS));
	EXPECT_TRUE(cs_pool_empties(SECONDS));
}

static int submit_all(struct _test_data_starved *self, __u32 policy)
{
	struct coldsend_send s;
	int err = 0;
	int i;

	for (i = 0; i < N && !err; i++) {
		cs_send_init(&s, self->file, self->sv[i][0], 0, COLDSEND_TO_EOF,
			     policy);
		err = cs_submit(self->dev, &s, i);
	}
	return err;
}

/* Most of them wait for the pool. */
static bool are_waiting(void *arg)
{
	return cs_states_count(arg) > N / 2;
}

static void start(struct __test_metadata *_metadata,
		  struct _test_data_starved *self, __u32 policy)
{
	ASSERT_EQ(0, submit_all(self, policy));
	ASSERT_TRUE(cs_wait(are_waiting, &self->waits, SECONDS));
}

/* All results, soon, or in the time of @reads one after the other. */
static void collect(struct __test_metadata *_metadata,
		    struct _test_data_starved *self, int reads, int one,
		    int other)
{
	long long since = cs_now_ms();
	int i;

	ASSERT_EQ(0, cs_collect(self->dev, self->c, N, SECONDS));
	EXPECT_LT(cs_now_ms() - since, cs_patient(SOON) + reads * READ_MS);
	for (i = 0; i < N; i++) {
		EXPECT_TRUE(self->c[i].error == one ||
			    self->c[i].error == other) {
			TH_LOG("%s", strerror(self->c[i].error));
		}
		EXPECT_LT(self->c[i].sent, SIZE);
	}
}

/* What the results say arrives, and no more. */
static void receive_all(struct __test_metadata *_metadata,
			struct _test_data_starved *self)
{
	int i;

	for (i = 0; i < N; i++)
		close(self->sv[i][0]);
	for (i = 0; i < N; i++)
		EXPECT_EQ(self->c[i].sent,
			  cs_receive(self->sv[self->c[i].user_data][1], &data,
				     0, 0));
}

TEST_F(starved, killed)
{
	int status, all[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(all, O_CLOEXEC));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!submit_all(self, variant->policy) &&
		    write(all[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(all[1]);
	ASSERT_EQ(1, read(all[0], &byte, 1));
	close(all[0]);
	ASSERT_TRUE(cs_wait(are_waiting, &self->waits, SECONDS));
	ASSERT_EQ(0, kill(child, SIGKILL));
	collect(_metadata, self, 0, ECANCELED, ECANCELED);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	receive_all(_metadata, self);
}

TEST_F(starved, shut_down)
{
	int i;

	start(_metadata, self, variant->policy);
	for (i = 0; i < N; i++)
		ASSERT_EQ(0, shutdown(self->sv[i][0], SHUT_RDWR));
	/* Who waits for memory looks at its socket when it has its turn. */
	collect(_metadata, self, N, EPIPE, EPIPE);
	receive_all(_metadata, self);
}

TEST_F(starved, receivers_gone)
{
	int i;

	start(_metadata, self, variant->policy);
	for (i = 0; i < N; i++) {
		struct linger at_once = { .l_onoff = 1 };

		ASSERT_EQ(0, setsockopt(self->sv[i][1], SOL_SOCKET, SO_LINGER,
					&at_once, sizeof(at_once)));
		ASSERT_EQ(0, close(self->sv[i][1]));
	}
	collect(_metadata, self, N, ECONNRESET, EPIPE);
}

TEST_F(starved, device_closed)
{
	struct cs_made none = self->before;
	long long since;

	start(_metadata, self, variant->policy);
	since = cs_now_ms();
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(cs_made_back(&none, SECONDS));
	EXPECT_LT(cs_now_ms() - since, cs_patient(SOON));
	self->dev = -1;
}

/* What is sent stays in the sockets.  Return: bytes that the group has more, or -1. */
static long long send_on_top(int dev, int file, __u32 policy)
{
	long long before = cs_group_bytes();
	struct coldsend_send s;
	int i, sv[2];

	for (i = 0; i < URGENT; i++) {
		if (cs_pair(CS_UNIX, sv) || fcntl(sv[0], F_SETFL, O_NONBLOCK))
			return -1;
		cs_send_init(&s, file, sv[0], i * ON_TOP, ON_TOP, policy);
		if (cs_send(dev, &s) || s.sent != ON_TOP)
			return -1;
	}
	return cs_group_bytes() - before;
}

/*
 * Who must not wait has memory all the same, and nothing but the number of transfers
 * bounds that: it counts as its cgroup's.  There may be memory of the pool at times.
 */
TEST_F(starved, on_top_is_charged)
{
	int status;
	pid_t child;

	if (!cs_group_is_there())
		SKIP(return, "no cgroups that count memory");
	start(_metadata, self, variant->policy);
	child = fork();
	ASSERT_GE(child, 0);
	if (!child)
		_exit(cs_group_join() ||
		      send_on_top(self->dev, self->file, variant->policy) <
			      URGENT / 2 * ON_TOP);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

int main(int argc, char **argv)
{
	struct cs_states states;
	int status;

	cs_need_device();
	if (!getenv("CS_SLOW_DIR"))
		ksft_exit_skip("no slow disk: run starved.sh\n");
	if (cs_states_open(&states, CS_STATES_POOL))
		ksft_exit_skip("perf can't count tracepoints here\n");
	cs_states_close(&states);
	if (cs_disk_set("CS_DISK_SLOWISH"))
		ksft_exit_fail_msg("dmsetup fails\n");
	status = test_harness_run(argc, argv);
	return cs_disk_set("CS_DISK_SLOW") ? KSFT_FAIL : status;
}
