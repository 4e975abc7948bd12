// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure: a hundred transfers of all policies, by both drivers and over all
 * sockets, while memory is short, a hog fights with its cgroup and the page cache
 * is dropped again and again.  Every byte arrives.
 *
 * Run by pressure.sh: environment CS_HOG_CGROUP, a directory of a small cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "submit.h"

#define SIZE		(2 * CS_MIB + 99)
#define ASYNC		60
#define SYNC		40
#define RUN_SECONDS	200
/* What the hogs leave to all others, and what one of them goes round in. */
#define LEAVE		(192 * CS_MIB)
#define ROUND		(96 * CS_MIB)
#define PAGE		4096

static const struct cs_data data = { .seed = 171, .size = SIZE };

static const __u32 policies[] = {
	COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND, COLDSEND_POLICY_HYBRID,
};

FIXTURE(pressure)
{
	struct cs_made before;
	struct cs_flow flows[ASYNC];
	struct cs_crowd c;
	struct cs_job jobs[SYNC];
	pthread_t threads[SYNC];
	pid_t hogs[2];
	pthread_t dropper;
	bool stop;
};

static int enter_cgroup(void)
{
	char path[4096];
	int err;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", getenv("CS_HOG_CGROUP"));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	err = fd < 0 || write(fd, "0", 1) != 1 ? -errno : 0;
	close(fd);
	return err;
}

/* In a child: writes to more of a file than its cgroup may hold, for ever. */
static void go_round(void)
{
	struct cs_data none = { .size = 0 };
	int fd = cs_data_create(cs_dir(), &none);
	volatile char *map;
	size_t at = 0;

	if (enter_cgroup() || ftruncate(fd, ROUND))
		_exit(1);
	map = mmap(NULL, ROUND, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		_exit(1);
	for (;; at = (at + PAGE) % ROUND)
		map[at]++;
}

/* In a child: takes what memory there is, but for a little. */
static void take_memory(void)
{
	long long take = cs_memory_now().available - (long long)LEAVE;

	if (take > 0 && mmap(NULL, take, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
			     0) == MAP_FAILED)
		_exit(1);
	for (;;)
		pause();
}

static pid_t start_hog(void (*hog)(void))
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hog();
	_exit(1);
}

static bool is_short(void *arg)
{
	(void)arg;
	return cs_memory_now().available < (long long)(2 * LEAVE);
}

static void *drop_again_and_again(void *arg)
{
	struct _test_data_pressure *self = arg;
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	long err = 0;

	while (!err && !__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE)) {
		err = pwrite(fd, "3", 1, 0) == 1 ? 0 : -errno;
		cs_nap();
	}
	close(fd);
	return (void *)err;
}

FIXTURE_SETUP(pressure)
{
	int i;

	self->before = cs_made_now();
	self->c = (struct cs_crowd){
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.data = &data, .n = ASYNC, .flows = self->flows,
		.chunk = 32 * CS_KIB, .pause_ms = 5,
	};
	ASSERT_GE(self->c.dev, 0);
	ASSERT_GE(self->c.file, 0);
	for (i = 0; i < ASYNC; i++) {
		self->flows[i].kind = i % CS_KINDS;
		self->flows[i].policy = policies[i % ARRAY_SIZE(policies)];
		self->flows[i].offset = i * 1111;
	}
	self->hogs[0] = start_hog(go_round);
	self->hogs[1] = start_hog(take_memory);
	ASSERT_GT(self->hogs[0], 0);
	ASSERT_GT(self->hogs[1], 0);
	ASSERT_TRUE(cs_wait(is_short, NULL, 60));
	ASSERT_EQ(0, pthread_create(&self->dropper, NULL,
				    drop_again_and_again, self));
}

FIXTURE_TEARDOWN(pressure)
{
	void *err;
	int i;

	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
	EXPECT_EQ(0, pthread_join(self->dropper, &err));
	EXPECT_EQ(0, (long)err);
	for (i = 0; i < 2; i++) {
		/* It has been there all the time. */
		EXPECT_EQ(0, waitpid(self->hogs[i], NULL, WNOHANG));
		kill(self->hogs[i], SIGKILL);
		waitpid(self->hogs[i], NULL, 0);
	}
	close(self->c.dev);
	EXPECT_TRUE(cs_made_back(&self->before, 10));
}

static void *job_thread(void *arg)
{
	struct cs_job *j = arg;
	__u8 digest[CS_SHA256_LEN];
	long err;

	cs_sha256_data(&data, j->offset, SIZE - j->offset, digest);
	j->sha256 = digest;
	err = cs_job_run(j);
	if (err)
		snprintf(j->why, sizeof(j->why), "%s", strerror(-err));
	return (void *)(err ?: cs_job_verify(j));
}

static void start_jobs(struct __test_metadata *_metadata,
		       struct _test_data_pressure *self)
{
	int i;

	for (i = 0; i < SYNC; i++) {
		self->jobs[i] = (struct cs_job){
			.dev = self->c.dev, .file = self->c.file, .data = &data,
			.kind = i % CS_KINDS,
			.policy = policies[i % ARRAY_SIZE(policies)],
			.offset = i * 777, .length = COLDSEND_TO_EOF,
		};
		ASSERT_EQ(0, pthread_create(&self->threads[i], NULL, job_thread,
					    &self->jobs[i]));
	}
}

TEST_F_TIMEOUT(pressure, hundred, 2 * RUN_SECONDS)
{
	const struct cs_flow *wrong;
	void *err;
	int i;

	ASSERT_EQ(0, cs_crowd_make(&self->c));
	start_jobs(_metadata, self);
	ASSERT_EQ(0, cs_crowd_submit(&self->c));
	EXPECT_EQ(0, cs_crowd_run(&self->c, RUN_SECONDS)) {
		TH_LOG("%d not ended, %d streams open", self->c.running,
		       self->c.open);
	}
	for (i = 0; i < SYNC; i++) {
		ASSERT_EQ(0, pthread_join(self->threads[i], &err));
		EXPECT_EQ(0, (long)err) TH_LOG("%s", self->jobs[i].why);
	}
	wrong = cs_crowd_wrong(&self->c);
	EXPECT_EQ(NULL, wrong) {
		TH_LOG("%s policy %u: got %llu sent %lld error %d%s",
		       cs_kind_name(wrong->kind), wrong->policy, wrong->got,
		       wrong->sent, wrong->error,
		       wrong->bad ? " wrong bytes" : "");
	}
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (!getenv("CS_HOG_CGROUP"))
		ksft_exit_skip("no cgroup for a hog: run pressure.sh\n");
	return test_harness_run(argc, argv);
}
