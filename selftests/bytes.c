// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes: every policy over every kind of socket, for offsets and lengths
 * around block, page and segment edges, holes and ends of files.  What
 * arrives is compared byte by byte and by SHA-256.
 *
 * CS_DIR names the directory, and so the file system, to test on.
 */
#include <fcntl.h>
#include <unistd.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define K	CS_KIB
#define M	CS_MIB
#define EOFLEN	COLDSEND_TO_EOF

/* A tail after the last block of 512 and after the last page. */
#define BIG	(3 * M + 5 * 4 * K + 777)

static const struct cs_data big = { .seed = 1, .size = BIG };
static const struct cs_data empty = { .seed = 2, .size = 0 };
static const struct cs_data tiny = { .seed = 3, .size = 100 };
static const struct cs_data sector = { .seed = 4, .size = 513 };
static const struct cs_data block = { .seed = 5, .size = 4095 };
static const struct cs_data holed = {
	.seed = 6, .size = 2 * M + 10,
	.hole_from = 256 * K + 1000, .hole_to = 1536 * K + 10,
};

static const struct cs_data hole_end = {
	.seed = 7, .size = 1 * M + 4097,
	.hole_from = 600 * K, .hole_to = 1 * M + 4097,
};

struct range {
	const struct cs_data *data;
	__u64 offset;
	__u64 length;
};

static const struct range ranges[] = {
	/* nothing, one byte, blocks of 512 */
	{ &big, 0, 0 }, { &big, 4096, 0 }, { &big, 0, 1 }, { &big, 1, 1 },
	{ &big, 0, 511 }, { &big, 0, 512 }, { &big, 0, 513 },
	{ &big, 511, 1 }, { &big, 511, 2 }, { &big, 512, 512 },
	{ &big, 513, 1024 }, { &big, 1, 511 },
	/* pages */
	{ &big, 0, 4095 }, { &big, 0, 4096 }, { &big, 0, 4097 },
	{ &big, 1, 4095 }, { &big, 1, 4096 }, { &big, 4095, 1 },
	{ &big, 4095, 2 }, { &big, 4096, 4096 }, { &big, 4097, 8191 },
	/* small segments and read-ahead */
	{ &big, 64 * K - 1, 2 }, { &big, 64 * K, 64 * K },
	{ &big, 64 * K + 1, 64 * K }, { &big, 128 * K - 513, 1026 },
	{ &big, 256 * K - 1, 64 * K + 2 },
	/* segments */
	{ &big, 0, M - 1 }, { &big, 0, M }, { &big, 0, M + 1 },
	{ &big, M - 1, 1 }, { &big, M - 1, 2 }, { &big, M, 1 },
	{ &big, M, M }, { &big, M + 1, M }, { &big, M - 512, 1024 },
	{ &big, M - 1, M + 2 }, { &big, 2 * M - 4097, 9000 },
	/* the end */
	{ &big, 0, EOFLEN }, { &big, 1, EOFLEN }, { &big, 4096, EOFLEN },
	{ &big, BIG - 1, 1 }, { &big, BIG - 1, EOFLEN },
	{ &big, BIG - 777, 777 }, { &big, BIG - 778, 778 },
	{ &big, BIG - 4096 - 777, EOFLEN }, { &big, BIG - 5000, 100000 },
	{ &big, 0, BIG + 1 },
	/* past the end */
	{ &big, BIG, 1 }, { &big, BIG, EOFLEN }, { &big, BIG + 1, 1 },
	{ &big, BIG + 4096 * 100, 10 }, { &big, 1ULL << 40, EOFLEN },
	/* files smaller than a block, or with nothing in them */
	{ &empty, 0, EOFLEN }, { &empty, 0, 1 },
	{ &tiny, 0, EOFLEN }, { &tiny, 0, 100 }, { &tiny, 50, 50 },
	{ &tiny, 99, 1 }, { &tiny, 100, 1 }, { &tiny, 0, 1000 },
	{ &sector, 0, EOFLEN }, { &sector, 512, 1 }, { &sector, 511, 2 },
	{ &block, 0, EOFLEN }, { &block, 4094, 1 },
	/* holes */
	{ &holed, 0, EOFLEN }, { &holed, 256 * K, 8192 },
	{ &holed, 300 * K + 1, 4096 }, { &holed, 1536 * K, 20 },
	{ &holed, 255 * K + 1, M + 300 * K },
	{ &hole_end, 0, EOFLEN }, { &hole_end, 599 * K + 1, 2 * K },
	{ &hole_end, M + 4096, 1 }, { &hole_end, M, EOFLEN },
};

static __u8 expected[ARRAY_SIZE(ranges)][CS_SHA256_LEN];

static const struct cs_data * const files[] = {
	&big, &empty, &tiny, &sector, &block, &holed, &hole_end,
};

FIXTURE(policy)
{
	int dev;
	int fd[ARRAY_SIZE(files)];
};

#include "variants.h"

FIXTURE_VARIANT_ADD(policy, cached_tcp6)
{
	.policy = COLDSEND_POLICY_CACHED, .kind = CS_TCP6,
};

FIXTURE_VARIANT_ADD(policy, direct_tcp6)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_TCP6,
};

FIXTURE_VARIANT_ADD(policy, drop_tcp6)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .kind = CS_TCP6,
};

FIXTURE_VARIANT_ADD(policy, hybrid_tcp6)
{
	.policy = COLDSEND_POLICY_HYBRID, .kind = CS_TCP6,
};

FIXTURE_SETUP(policy)
{
	size_t i;

	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		self->fd[i] = cs_data_create(cs_dir(), files[i]);
		ASSERT_GE(self->fd[i], 0);
		ASSERT_EQ(0, cs_drop_cache(self->fd[i]));
	}
}

FIXTURE_TEARDOWN(policy)
{
}

static int fd_of(const int *fd, const struct cs_data *data)
{
	size_t i;

	for (i = 0; files[i] != data; i++)
		;
	return fd[i];
}

/* Each range once cold and once as the one before left the page cache. */
TEST_F_TIMEOUT(policy, ranges, 120)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct cs_job j = {
			.dev = self->dev,
			.file = fd_of(self->fd, ranges[i].data),
			.data = ranges[i].data,
			.kind = variant->kind,
			.policy = variant->policy,
			.offset = ranges[i].offset,
			.length = ranges[i].length,
			.sha256 = expected[i],
		};

		if (i % 2)
			ASSERT_EQ(0, cs_drop_cache(j.file));
		ASSERT_EQ(0, cs_job_run(&j)) {
			TH_LOG("range %zu: offset %llu length %llu", i,
			       j.offset, j.length);
		}
		EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
		EXPECT_EQ(variant->policy, j.s.policy_used) TH_LOG("%zu", i);
		EXPECT_EQ(COLDSEND_FALLBACK_NONE, j.s.fallback);
	}
}

/* The file position is neither used nor changed. */
TEST_F(policy, position)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->fd[0], .data = &big,
		.kind = variant->kind, .policy = variant->policy,
		.offset = 1000, .length = 10000,
	};

	ASSERT_EQ(12345, lseek(j.file, 12345, SEEK_SET));
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(12345, lseek(j.file, 0, SEEK_CUR));
}

/* Policy 0 is the module's default, and the answer names a real one. */
TEST_F(policy, default_policy)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->fd[0], .data = &big,
		.kind = variant->kind, .policy = COLDSEND_POLICY_DEFAULT,
		.offset = 777, .length = 5000,
	};
	struct coldsend_info info = { .size = sizeof(info), .file_fd = -1 };

	ASSERT_EQ(0, cs_ioctl(self->dev, COLDSEND_IOC_INFO, &info));
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(COLDSEND_POLICY_AUTO, info.default_policy);
	EXPECT_EQ(COLDSEND_POLICY_HYBRID, j.s.policy_used);
}

/* A receiver that takes little at a time, from the middle of pages. */
TEST_F(policy, small_receives)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->fd[0], .data = &big,
		.kind = variant->kind, .policy = variant->policy,
		.offset = 3, .length = M + 11, .chunk = 1999,
	};

	ASSERT_EQ(0, cs_drop_cache(j.file));
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
}

int main(int argc, char **argv)
{
	size_t i;

	cs_need_device();
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		cs_sha256_data(ranges[i].data, ranges[i].offset,
			       cs_data_length(ranges[i].data, ranges[i].offset,
					      ranges[i].length), expected[i]);
	return test_harness_run(argc, argv);
}
