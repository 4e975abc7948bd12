// SPDX-License-Identifier: GPL-2.0
/*
 * Policy auto: small files and those that are asked for again go by way of the
 * page cache, the rest leaves no trace in it.
 */
#include <unistd.h>

#include "choice.h"
#include "tunables.h"

#define SECONDS		60

static const char settings[] =
	"--small-max 1M --admit-after 2 --admit-window 3600 --admit-max 50";

static const struct cs_data small = { .seed = 101, .size = 200 * CS_KIB + 3 };
static const struct cs_data large = { .seed = 102, .size = 3 * CS_MIB + 5 };

FIXTURE(automatic)
{
	struct cs_tunables tunables;
	struct cs_job small;
	struct cs_job large;
};

/* Files are new: nobody has asked for them yet.  There is memory to be had. */
FIXTURE_SETUP(automatic)
{
	ASSERT_EQ(0, cs_drop_all_caches());
	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	self->small = new_job(&small);
	ASSERT_GE(self->small.dev, 0);
	ASSERT_GE(self->small.file, 0);
	self->large = new_job(&large);
	ASSERT_GE(self->large.dev, 0);
	ASSERT_GE(self->large.file, 0);
	ASSERT_EQ(0, cs_tunables_set(settings));
	ASSERT_EQ(0, cs_drop_cache(self->small.file));
	ASSERT_EQ(0, cs_drop_cache(self->large.file));
}

FIXTURE_TEARDOWN(automatic)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
}

static void expect_large(struct __test_metadata *_metadata, struct cs_job *job)
{
	expect_choice(_metadata, job, COLDSEND_POLICY_HYBRID,
		      COLDSEND_REASON_LARGE);
}

static void expect_admitted(struct __test_metadata *_metadata,
			    struct cs_job *job)
{
	expect_choice(_metadata, job, COLDSEND_POLICY_CACHED,
		      COLDSEND_REASON_ADMITTED);
}

TEST_F_TIMEOUT(automatic, small, SECONDS)
{
	long long before = cs_stat("auto_small");

	expect_choice(_metadata, &self->small, COLDSEND_POLICY_CACHED,
		      COLDSEND_REASON_SMALL);
	EXPECT_GT(cs_resident(self->small.file, 0, small.size), 0);
	EXPECT_EQ(before + 1, cs_stat("auto_small"));
}

/* Also a part of it, however small. */
TEST_F_TIMEOUT(automatic, large_leaves_no_trace, SECONDS)
{
	long long before = cs_stat("auto_large");

	expect_large(_metadata, &self->large);
	self->large.offset = 4097;
	self->large.length = 100;
	expect_large(_metadata, &self->large);
	EXPECT_EQ(0, cs_resident(self->large.file, 0, large.size));
	EXPECT_EQ(before + 2, cs_stat("auto_large"));
}

TEST_F_TIMEOUT(automatic, admitted, SECONDS)
{
	long long before = cs_stat("auto_admitted");

	expect_large(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	EXPECT_EQ(0, cs_resident(self->large.file, 0, large.size));
	expect_admitted(_metadata, &self->large);
	expect_admitted(_metadata, &self->large);
	EXPECT_EQ(large.size / sysconf(_SC_PAGESIZE) + 1,
		  cs_resident(self->large.file, 0, large.size));
	EXPECT_EQ(before + 2, cs_stat("auto_admitted"));
}

/* What was let in and is gone has to start anew. */
TEST_F_TIMEOUT(automatic, pushed_out, SECONDS)
{
	int i;

	expect_large(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	for (i = 0; i < 4; i++)
		expect_admitted(_metadata, &self->large);
	ASSERT_EQ(0, cs_drop_cache(self->large.file));
	expect_admitted(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	expect_admitted(_metadata, &self->large);
}

#define PARTS	8

/* Sends the file part by part.  Return: how many were admitted. */
static int admitted_parts(struct __test_metadata *_metadata, struct cs_job *job)
{
	int i, admitted = 0;

	job->length = job->data->size / PARTS + 1;
	for (i = 0; i < PARTS; i++) {
		job->offset = i * job->length;
		ASSERT_EQ(0, cs_job_run(job));
		EXPECT_EQ(0, cs_job_verify(job)) TH_LOG("%s", job->why);
		admitted += job->s.reason == COLDSEND_REASON_ADMITTED;
	}
	return admitted;
}

/* The same, found out by one who sends it in parts. */
TEST_F_TIMEOUT(automatic, pushed_out_in_parts, SECONDS)
{
	int parts;

	expect_large(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	EXPECT_EQ(PARTS, admitted_parts(_metadata, &self->large));
	EXPECT_EQ(PARTS, admitted_parts(_metadata, &self->large));
	ASSERT_EQ(0, cs_drop_cache(self->large.file));
	/* What is read ahead counts, too, so it may take less than half of them. */
	parts = admitted_parts(_metadata, &self->large);
	EXPECT_GT(parts, 0);
	EXPECT_LT(parts, PARTS);
}

/* Its first bytes, as players ask for, and then the rest: it is let in once. */
TEST_F_TIMEOUT(automatic, first_bytes_first, SECONDS)
{
	expect_large(_metadata, &self->large);
	expect_large(_metadata, &self->large);
	self->large.length = 2;
	expect_admitted(_metadata, &self->large);
	self->large.length = COLDSEND_TO_EOF;
	expect_admitted(_metadata, &self->large);
	expect_admitted(_metadata, &self->large);
}

/* Four quarters are as much as the whole. */
TEST_F_TIMEOUT(automatic, parts_add_up, SECONDS)
{
	int i;

	self->large.length = large.size / 4 + 1;
	for (i = 0; i < 8; i++) {
		self->large.offset = i % 4 * self->large.length;
		if (i < 6)
			expect_large(_metadata, &self->large);
		else
			ASSERT_EQ(0, cs_job_run(&self->large));
	}
	self->large.offset = 0;
	self->large.length = COLDSEND_TO_EOF;
	expect_admitted(_metadata, &self->large);
}

/* What is asked for too rarely is forgotten; so is an admission. */
TEST_F_TIMEOUT(automatic, forgotten, SECONDS)
{
	ASSERT_EQ(0, cs_tunables_set("--admit-window 1"));
	expect_large(_metadata, &self->large);
	let_pass(4);
	expect_large(_metadata, &self->large);
	let_pass(4);
	expect_large(_metadata, &self->large);

	ASSERT_EQ(0, cs_tunables_set("--admit-window 3600"));
	expect_large(_metadata, &self->large);
	expect_admitted(_metadata, &self->large);
	ASSERT_EQ(0, cs_tunables_set("--admit-window 1"));
	let_pass(5);
	expect_large(_metadata, &self->large);
}

TEST_F_TIMEOUT(automatic, no_memory_for_it, SECONDS)
{
	int i;

	ASSERT_EQ(0, cs_tunables_set("--admit-max 0"));
	for (i = 0; i < 5; i++)
		expect_large(_metadata, &self->large);
}

TEST_F_TIMEOUT(automatic, nothing_is_small, SECONDS)
{
	ASSERT_EQ(0, cs_tunables_set("--small-max 0"));
	expect_large(_metadata, &self->small);
}

/* It is the default; a policy by name needs no reason. */
TEST_F_TIMEOUT(automatic, by_default, SECONDS)
{
	struct coldsend_info info = { .size = sizeof(info), .file_fd = -1 };

	ASSERT_EQ(0, cs_ioctl(self->small.dev, COLDSEND_IOC_INFO, &info));
	EXPECT_EQ(COLDSEND_POLICY_AUTO, info.default_policy);
	EXPECT_NE(0, info.policies & 1U << COLDSEND_POLICY_AUTO);
	self->large.policy = COLDSEND_POLICY_DEFAULT;
	expect_large(_metadata, &self->large);
	self->large.policy = COLDSEND_POLICY_DIRECT;
	expect_choice(_metadata, &self->large, COLDSEND_POLICY_DIRECT,
		      COLDSEND_REASON_NONE);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
