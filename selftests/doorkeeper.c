// SPDX-License-Identifier: GPL-2.0
/*
 * The doorkeeper of policy auto: where memory is full, a small file gets into
 * the page cache when it comes for the second time.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "choice.h"
#include "memory.h"
#include "tunables.h"

#define SECONDS		120
#define SIZE		(600 * CS_KIB + 3)
#define PART		8192

static const char settings[] =
	"--small-max 1M --admit-after 2 --admit-window 3600";

static const struct cs_data data = { .seed = 103, .size = SIZE };

/* The file that fills memory, from one test to the next. */
static int full;

FIXTURE(doorkeeper)
{
	struct cs_tunables tunables;
	struct cs_job job;
};

/* The file is new: nobody has asked for it yet, and it is not there. */
FIXTURE_SETUP(doorkeeper)
{
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	self->job = new_job(&data);
	ASSERT_GE(self->job.dev, 0);
	ASSERT_GE(self->job.file, 0);
	ASSERT_EQ(0, cs_tunables_set(settings));
	ASSERT_EQ(0, cs_memory_fill(full));
	ASSERT_EQ(0, cs_drop_cache(self->job.file));
}

FIXTURE_TEARDOWN(doorkeeper)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
}

static void expect_first(struct __test_metadata *_metadata, struct cs_job *job)
{
	expect_choice(_metadata, job, COLDSEND_POLICY_HYBRID,
		      COLDSEND_REASON_FIRST);
}

static void expect_small(struct __test_metadata *_metadata, struct cs_job *job)
{
	expect_choice(_metadata, job, COLDSEND_POLICY_CACHED,
		      COLDSEND_REASON_SMALL);
}

/* It is known then, also when it was pushed out. */
TEST_F_TIMEOUT(doorkeeper, second_time, SECONDS)
{
	long long before = cs_stat("auto_first");

	expect_first(_metadata, &self->job);
	EXPECT_EQ(0, cs_resident(self->job.file, 0, data.size));
	expect_small(_metadata, &self->job);
	EXPECT_EQ(data.size / sysconf(_SC_PAGESIZE) + 1,
		  cs_resident(self->job.file, 0, data.size));
	ASSERT_EQ(0, cs_drop_cache(self->job.file));
	expect_small(_metadata, &self->job);
	EXPECT_EQ(before + 1, cs_stat("auto_first"));
}

TEST_F_TIMEOUT(doorkeeper, what_is_there, SECONDS)
{
	char byte;

	ASSERT_EQ(1, pread(self->job.file, &byte, 1, 0));
	expect_small(_metadata, &self->job);
}

TEST_F_TIMEOUT(doorkeeper, forgotten, SECONDS)
{
	ASSERT_EQ(0, cs_tunables_set("--admit-window 1"));
	expect_first(_metadata, &self->job);
	let_pass(3);
	/* What the module and others have given back meanwhile. */
	ASSERT_EQ(0, cs_memory_fill(full));
	expect_first(_metadata, &self->job);
}

TEST_F_TIMEOUT(doorkeeper, all_may_come_at_once, SECONDS)
{
	ASSERT_EQ(0, cs_tunables_set("--admit-after 1"));
	expect_small(_metadata, &self->job);
}

TEST_F_TIMEOUT(doorkeeper, nothing_of_it, SECONDS)
{
	long long first = cs_stat("auto_first"), small = cs_stat("auto_small");

	self->job.offset = data.size;
	expect_choice(_metadata, &self->job, COLDSEND_POLICY_AUTO,
		      COLDSEND_REASON_NONE);
	EXPECT_EQ(first, cs_stat("auto_first"));
	EXPECT_EQ(small + 1, cs_stat("auto_small"));
}

/* Who only wants to know doesn't ask for it. */
TEST_F_TIMEOUT(doorkeeper, info, SECONDS)
{
	struct coldsend_info info;
	int i;

	for (i = 0; i < 2; i++) {
		info = (struct coldsend_info){ .size = sizeof(info),
					       .file_fd = self->job.file };
		ASSERT_EQ(0, cs_ioctl(self->job.dev, COLDSEND_IOC_INFO, &info));
		EXPECT_EQ(COLDSEND_POLICY_HYBRID, info.policy);
		EXPECT_EQ(COLDSEND_REASON_FIRST, info.reason);
	}
	expect_first(_metadata, &self->job);
}

/* Who sends it in several calls asks for it once. */
TEST_F_TIMEOUT(doorkeeper, several_calls, SECONDS)
{
	static const struct {
		long long offset;
		int reason;
	} call[] = {
		{ 0, COLDSEND_REASON_FIRST },
		{ PART, COLDSEND_REASON_FIRST },
		{ 2 * PART, COLDSEND_REASON_FIRST },
		{ SIZE - PART, COLDSEND_REASON_FIRST },
		{ 3 * PART, COLDSEND_REASON_SMALL },
	};
	struct coldsend_send s;
	unsigned int i;
	int sv[2];

	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	for (i = 0; i < ARRAY_SIZE(call); i++) {
		EXPECT_EQ(0, cs_resident(self->job.file, 0, data.size));
		cs_send_init(&s, self->job.file, sv[0], call[i].offset, PART,
			     COLDSEND_POLICY_AUTO);
		ASSERT_EQ(0, cs_send(self->job.dev, &s));
		EXPECT_EQ(PART, s.sent);
		EXPECT_EQ(call[i].reason, s.reason);
	}
	close(sv[0]);
	close(sv[1]);
}

/* It never comes to its end: its first bytes come for the second time. */
TEST_F_TIMEOUT(doorkeeper, same_part, SECONDS)
{
	self->job.length = PART;
	expect_first(_metadata, &self->job);
	EXPECT_EQ(0, cs_resident(self->job.file, 0, data.size));
	expect_small(_metadata, &self->job);
	ASSERT_EQ(0, cs_drop_cache(self->job.file));
	self->job.offset = 2 * PART;
	expect_first(_metadata, &self->job);
}

/* An answer of "try again" is no visit. */
TEST_F_TIMEOUT(doorkeeper, full_socket, SECONDS)
{
	static const char zeros[PART];
	struct coldsend_send s;
	int sv[2];
	int i;

	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	ASSERT_EQ(0, fcntl(sv[0], F_SETFL, O_NONBLOCK));
	while (write(sv[0], zeros, sizeof(zeros)) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	for (i = 0; i < 3; i++) {
		cs_send_init(&s, self->job.file, sv[0], 0, COLDSEND_TO_EOF,
			     COLDSEND_POLICY_AUTO);
		EXPECT_EQ(-EAGAIN, cs_send(self->job.dev, &s));
	}
	close(sv[0]);
	close(sv[1]);
	expect_first(_metadata, &self->job);
}

/* A larger one must be asked for twice as much as where memory is to be had. */
TEST_F_TIMEOUT(doorkeeper, large_file, SECONDS)
{
	int i;

	ASSERT_EQ(0, cs_tunables_set("--small-max 64K"));
	for (i = 0; i < 3; i++)
		expect_choice(_metadata, &self->job, COLDSEND_POLICY_HYBRID,
			      COLDSEND_REASON_LARGE);
	ASSERT_EQ(0, cs_drop_all_caches());
	expect_choice(_metadata, &self->job, COLDSEND_POLICY_CACHED,
		      COLDSEND_REASON_ADMITTED);
}

TEST_F_TIMEOUT(doorkeeper, memory_is_to_be_had, SECONDS)
{
	ASSERT_EQ(0, cs_drop_all_caches());
	expect_small(_metadata, &self->job);
}

int main(int argc, char **argv)
{
	cs_need_device();
	full = open(cs_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return test_harness_run(argc, argv);
}
