// SPDX-License-Identifier: GPL-2.0
/*
 * Workers that wait for the disk or for somebody: they are of the submitter's priority,
 * what they bring is memory of its cgroup, and others' transfers have workers too.
 *
 * Run by starved.sh, which makes a slow disk, and the file there and in CS_DIR.
 * Environment: CS_SLOW_DIR, a directory of the disk; CS_DISK, its device mapper
 * name; CS_CGROUP, the directory of a cgroup whose memory is counted, where there are
 * such.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "disk.h"
#include "group.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "worker.h"

/* As in faults.sh. */
#define SIZE		2098386
#define SECONDS		20
/* Milliseconds for a result that waits for no disk at the most. */
#define SOON		3000
/* Milliseconds in which a transfer that does not wait sends. */
#define NOTHING_YET	100
/* Bytes that a socket takes at once. */
#define PIECE		(16 * CS_KIB)
/* Who has no rights. */
#define NOBODY		65534
#define NICE		7

static const struct cs_data data = { .seed = 161, .size = SIZE };

FIXTURE(workers)
{
	int dev;
	int file;
	struct cs_made before;
};

FIXTURE_SETUP(workers)
{
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_disk_file(getenv("CS_SLOW_DIR"), "faults.bin");
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
}

FIXTURE_TEARDOWN(workers)
{
	EXPECT_EQ(0, cs_disk_resume());
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, SECONDS));
}

/* What a worker brings into the page cache is memory of the submitter's cgroup. */
TEST_F(workers, charge_submitter)
{
	struct cs_job job = {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = CS_UNIX, .policy = COLDSEND_POLICY_CACHED,
		.flags = COLDSEND_F_ASYNC, .length = COLDSEND_TO_EOF,
	};
	long long before;
	int status;
	pid_t child;

	if (!cs_group_is_there())
		SKIP(return, "no cgroups that count memory");
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		before = cs_group_join() ? 0 : cs_group_bytes();
		_exit(before < 0 || cs_job_run(&job) ||
		      cs_group_bytes() - before < SIZE / 2);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

static int open_pieces(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/pieces.bin", getenv("CS_SLOW_DIR"));
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * Somebody looks up which pages of the file are his own, and has to read where the
 * file lies for that: a worker, which others' transfers need, does not wait for him.
 */
TEST_F(workers, another_claims)
{
	struct coldsend_completion c;
	struct cs_child child;
	struct coldsend_send s;
	int sv[2];

	ASSERT_EQ(0, cs_pair_small(CS_TCP4, sv));
	ASSERT_EQ(0, cs_drop_all_caches());
	cs_send_init(&s, open_pieces(), sv[0], 0, PIECE,
		     COLDSEND_POLICY_DROP_BEHIND);
	ASSERT_GE(s.file_fd, 0);
	ASSERT_EQ(0, cs_disk_suspend());
	ASSERT_EQ(0, cs_child_start(&child, self->dev, &s, sv[1]));
	ASSERT_TRUE(cs_child_sleeps(&child, SECONDS));

	ASSERT_EQ(0, cs_submit(self->dev, &s, 0));
	EXPECT_FALSE(cs_has_result(self->dev, NOTHING_YET));
	EXPECT_EQ(0, cs_cancel(self->dev, 1));
	EXPECT_TRUE(cs_has_result(self->dev, cs_patient(SOON)));
	EXPECT_EQ(0, cs_disk_resume());
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	EXPECT_EQ(ECANCELED, c.error);
	EXPECT_TRUE(cs_child_exits(&child, SECONDS));
	EXPECT_EQ(PIECE, child.outcome->sent);
	close(s.file_fd);
	close(sv[0]);
	close(sv[1]);
}

static bool a_worker_waits(void *arg)
{
	(void)arg;
	return cs_workers_asleep("coldsend") > 0;
}

/* Who is killed does not wait for ever for a worker that does for a disk. */
TEST_F_TIMEOUT(workers, hangs_for_nobody, 60)
{
	struct coldsend_completion c;
	struct coldsend_send s;
	struct cs_child child;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	cs_send_init(&s, self->file, sv[0], 0, PIECE, COLDSEND_POLICY_CACHED);
	s.flags = COLDSEND_F_ASYNC;
	ASSERT_EQ(0, cs_disk_suspend());
	ASSERT_EQ(0, cs_child_start(&child, self->dev, &s, sv[1]));
	ASSERT_TRUE(cs_wait(a_worker_waits, NULL, SECONDS));
	EXPECT_FALSE(cs_sock_has(sv[1], 1));
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	EXPECT_TRUE(cs_child_exits(&child, SECONDS));
	EXPECT_FALSE(cs_has_result(self->dev, 0));
	EXPECT_EQ(0, cs_disk_resume());
	EXPECT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	EXPECT_TRUE(!c.error || c.error == ECANCELED);
	close(sv[0]);
	close(sv[1]);
}

/* In a process of its own: does another user's transfer, of another disk, end? */
static int nobody_sends(void)
{
	int file = cs_disk_file(getenv("CS_DIR"), "faults.bin"), dev = cs_open(), sv[2];
	struct coldsend_completion c;
	struct coldsend_send s;

	if (file < 0 || dev < 0 || cs_pair(CS_UNIX, sv) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	cs_send_init(&s, file, sv[0], 0, PIECE, COLDSEND_POLICY_CACHED);
	if (cs_submit(dev, &s, 0) || cs_collect(dev, &c, 1, SECONDS))
		return 3;
	return c.error || c.sent != PIECE;
}

static void expect_nobody_sends(struct __test_metadata *_metadata)
{
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (!child)
		_exit(nobody_sends());
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

static int ioprio_of(pid_t pid)
{
	return (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);
}

static void set_priority(struct __test_metadata *_metadata, int nice, int ioprio)
{
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, nice));
	ASSERT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, ioprio));
}

/* Has it a transfer now?  How many are, and are not, of our priorities. */
static bool count_one(const struct cs_worker *w, void *counts)
{
	bool same;

	if (!w->works || strcmp(w->queue, "coldsend"))
		return false;
	same = w->nice == getpriority(PRIO_PROCESS, 0) &&
	       ioprio_of(w->pid) == ioprio_of(0);
	((int *)counts)[same]++;
	return true;
}

struct priorities {
	__u32 policy;
	int counts[2];
};

/* Those that wait are of our priorities; direct reads have no worker wait. */
static bool workers_are_right(void *arg)
{
	struct priorities *p = arg;

	memset(p->counts, 0, sizeof(p->counts));
	return cs_workers_count(count_one, p->counts) >= 0 && !p->counts[false] &&
	       (p->policy != COLDSEND_POLICY_CACHED || p->counts[true]);
}

/* More nice transfers of a user wait in their workers than it may have of these. */
static void crowd(struct __test_metadata *_metadata,
		  const struct _test_data_workers *self, __u32 policy)
{
	int i, n = 2 * (int)sysconf(_SC_NPROCESSORS_ONLN) + 4;
	int (*sv)[2] = calloc(n, sizeof(*sv));
	struct priorities p = { .policy = policy };
	struct coldsend_completion c;
	struct coldsend_send s;

	ASSERT_NE(NULL, sv);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_disk_suspend());
	set_priority(_metadata, NICE, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, NICE));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, cs_pair(CS_UNIX, sv[i]));
		cs_send_init(&s, self->file, sv[i][0], 0, PIECE, policy);
		ASSERT_EQ(0, cs_submit(self->dev, &s, 0));
	}
	EXPECT_FALSE(cs_has_result(self->dev, NOTHING_YET));
	/* One that begins or ends just now is not, for a moment. */
	EXPECT_TRUE(cs_wait(workers_are_right, &p, SECONDS)) {
		TH_LOG("%d workers of our priorities, %d of others",
		       p.counts[true], p.counts[false]);
	}
	set_priority(_metadata, 0, 0);
	expect_nobody_sends(_metadata);
	EXPECT_EQ(0, cs_disk_resume());
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
		EXPECT_EQ(0, c.error);
		EXPECT_EQ(PIECE, c.sent);
	}
	for (i = 0; i < n; i++) {
		close(sv[i][0]);
		close(sv[i][1]);
	}
	free(sv);
}

TEST_F_TIMEOUT(workers, others_have_some, 120)
{
	crowd(_metadata, self, COLDSEND_POLICY_CACHED);
	crowd(_metadata, self, COLDSEND_POLICY_DIRECT);
	crowd(_metadata, self, COLDSEND_POLICY_DROP_BEHIND);
	crowd(_metadata, self, COLDSEND_POLICY_HYBRID);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (!getenv("CS_SLOW_DIR") || !getenv("CS_DISK"))
		ksft_exit_skip("no slow disk: run starved.sh\n");
	return test_harness_run(argc, argv);
}
