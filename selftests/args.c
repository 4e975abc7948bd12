// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments: structs of any size, pointers to anywhere.  Nothing may be sent
 * for an argument whose results can't be written.
 *
 * Compiled twice: as args, and with -m32 as args32.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE	4096
#define PAGE	4096

static const struct cs_data data = { .seed = 12, .size = SIZE };

/* @arg: two writable pages, of which the first page's end is at @edge. */
FIXTURE(args)
{
	int dev;
	int file;
	int sv[2];
	__u8 *arg;
	__u8 *edge;
	union {
		struct coldsend_send send;
		struct coldsend_info info;
		struct coldsend_residency residency;
	} good;
	size_t size;
};

FIXTURE_VARIANT(args)
{
	unsigned long cmd;
	size_t size;
	size_t first;
};

FIXTURE_VARIANT_ADD(args, send)
{
	.cmd = COLDSEND_IOC_SEND, .size = sizeof(struct coldsend_send),
	.first = offsetof(struct coldsend_send, reason),
};

FIXTURE_VARIANT_ADD(args, info)
{
	.cmd = COLDSEND_IOC_INFO, .size = sizeof(struct coldsend_info),
	.first = offsetof(struct coldsend_info, policy),
};

FIXTURE_VARIANT_ADD(args, residency)
{
	.cmd = COLDSEND_IOC_RESIDENCY,
	.size = sizeof(struct coldsend_residency),
	.first = sizeof(struct coldsend_residency),
};

FIXTURE_SETUP(args)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create("/tmp", &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	self->arg = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->arg);
	self->edge = self->arg + PAGE;
	self->size = variant->size;
	if (variant->cmd == COLDSEND_IOC_SEND) {
		cs_send_init(&self->good.send, self->file, self->sv[0], 0,
			     SIZE, COLDSEND_POLICY_CACHED);
	} else if (variant->cmd == COLDSEND_IOC_INFO) {
		self->good.info.size = variant->size;
		self->good.info.file_fd = self->file;
	} else {
		self->good.residency.size = variant->size;
		self->good.residency.file_fd = self->file;
		self->good.residency.offset = 1;
		self->good.residency.length = 2 * SIZE;
	}
}

FIXTURE_TEARDOWN(args)
{
}

static void put(const FIXTURE_DATA(args) *self, void *to, __u32 size)
{
	memcpy(to, &self->good, self->size);
	memcpy(to, &size, sizeof(size));
}

/* Bytes that wait at the receiver, all taken. */
static ssize_t arrived(const FIXTURE_DATA(args) *self)
{
	__u8 buf[2 * SIZE];
	ssize_t n;

	n = recv(self->sv[1], buf, sizeof(buf), MSG_DONTWAIT);
	return n < 0 && errno == EAGAIN ? 0 : n;
}

static ssize_t wanted(unsigned long cmd)
{
	return cmd == COLDSEND_IOC_SEND ? SIZE : 0;
}

TEST_F(args, right_size)
{
	put(self, self->arg, self->size);
	EXPECT_EQ(0, cs_ioctl(self->dev, variant->cmd, self->arg));
	EXPECT_EQ(wanted(variant->cmd), arrived(self));
}

TEST_F(args, too_short)
{
	const __u32 sizes[] = { 0, 1, 4, 8, 16, variant->first - 8,
				variant->first - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		put(self, self->arg, sizes[i]);
		EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, variant->cmd,
					    self->arg))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_EQ(0, arrived(self));
}

/* Who was compiled with the struct's first version gets that, and no more. */
TEST_F(args, first_version)
{
	size_t at;

	memset(self->arg, 0, PAGE);
	put(self, self->arg, variant->first);
	EXPECT_EQ(0, cs_ioctl(self->dev, variant->cmd, self->arg));
	EXPECT_EQ(wanted(variant->cmd), arrived(self));
	for (at = variant->first; at < PAGE; at++)
		ASSERT_EQ(0, self->arg[at]);
}

/* A tail of zeros is fine up to a page, and nobody writes to it. */
TEST_F(args, longer)
{
	const __u32 extra[] = { 1, 4, 8, 64, PAGE - self->size };
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(extra); i++) {
		memset(self->arg, 0, 2 * PAGE);
		put(self, self->arg, self->size + extra[i]);
		EXPECT_EQ(0, cs_ioctl(self->dev, variant->cmd, self->arg))
			TH_LOG("%u more", extra[i]);
		EXPECT_EQ(wanted(variant->cmd), arrived(self));
		for (at = self->size; at < 2 * PAGE; at++)
			ASSERT_EQ(0, self->arg[at]);
	}
}

TEST_F(args, longer_not_zero)
{
	const __u32 extra[] = { 1, 4, 8, 64, PAGE - self->size, PAGE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(extra); i++) {
		memset(self->arg, 0, 2 * PAGE);
		put(self, self->arg, self->size + extra[i]);
		self->arg[self->size + extra[i] - 1] = 1;
		EXPECT_EQ(-E2BIG, cs_ioctl(self->dev, variant->cmd, self->arg))
			TH_LOG("%u more", extra[i]);
	}
	EXPECT_EQ(0, arrived(self));
}

TEST_F(args, longer_than_a_page)
{
	memset(self->arg, 0, 2 * PAGE);
	put(self, self->arg, PAGE + 1);
	EXPECT_EQ(-E2BIG, cs_ioctl(self->dev, variant->cmd, self->arg));
	put(self, self->arg, 2 * PAGE);
	EXPECT_EQ(-E2BIG, cs_ioctl(self->dev, variant->cmd, self->arg));
	EXPECT_EQ(0, arrived(self));
}

/* A size that reaches out of memory. */
TEST_F(args, longer_than_memory)
{
	int err;

	ASSERT_EQ(0, mprotect(self->edge, PAGE, PROT_NONE));
	put(self, self->edge - self->size, self->size + 8);
	EXPECT_EQ(-EFAULT, cs_ioctl(self->dev, variant->cmd,
				    self->edge - self->size));
	put(self, self->edge - self->size, ~0U);
	err = cs_ioctl(self->dev, variant->cmd, self->edge - self->size);
	EXPECT_TRUE(err == -EFAULT || err == -E2BIG) TH_LOG("%d", err);
	EXPECT_EQ(0, arrived(self));
}

TEST_F(args, bad_pointers)
{
	void * const bad[] = {
		NULL, (void *)1, (void *)-1L, (void *)-4096L,
		(void *)(1UL << (8 * sizeof(long) - 1)), self->edge,
		self->edge - 2, self->edge - 4, self->edge - self->size + 1,
	};
	size_t i;

	ASSERT_EQ(0, mprotect(self->edge, PAGE, PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		size_t left = self->edge - (__u8 *)bad[i];

		/* As far as it can be read it is right. */
		if (left < self->size)
			memcpy(bad[i], &self->good, left);
		EXPECT_EQ(-EFAULT, cs_ioctl(self->dev, variant->cmd, bad[i]))
			TH_LOG("pointer %zu", i);
	}
	EXPECT_EQ(0, arrived(self));
}

/* The right struct at the very end of memory that is there. */
TEST_F(args, at_the_edge)
{
	ASSERT_EQ(0, mprotect(self->edge, PAGE, PROT_NONE));
	put(self, self->edge - self->size, self->size);
	EXPECT_EQ(0, cs_ioctl(self->dev, variant->cmd,
			      self->edge - self->size));
	EXPECT_EQ(wanted(variant->cmd), arrived(self));
}

/* Memory that can't take the results: found out before the first byte. */
TEST_F(args, read_only)
{
	put(self, self->arg, self->size);
	ASSERT_EQ(0, mprotect(self->arg, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, cs_ioctl(self->dev, variant->cmd, self->arg));
	EXPECT_EQ(0, arrived(self));
}

static size_t inputs_of(unsigned int cmd)
{
	switch (cmd) {
	case COLDSEND_IOC_SEND:
		return offsetof(struct coldsend_send, sent);
	case COLDSEND_IOC_RESIDENCY:
		return offsetof(struct coldsend_residency, page_size);
	default:
		return offsetof(struct coldsend_info, reserved);
	}
}

/* Inputs come back as they went in. */
TEST_F(args, inputs_kept)
{
	const struct coldsend_residency *residency = (const void *)self->arg;
	size_t inputs = inputs_of(variant->cmd);

	put(self, self->arg, self->size);
	ASSERT_EQ(0, cs_ioctl(self->dev, variant->cmd, self->arg));
	EXPECT_EQ(0, memcmp(self->arg, &self->good, inputs));
	if (variant->cmd == COLDSEND_IOC_RESIDENCY) {
		EXPECT_EQ(1, residency->offset);
		EXPECT_EQ(2 * SIZE, residency->length);
	}
}

TEST(info_values)
{
	struct coldsend_info info = { .size = sizeof(info), .file_fd = -1 };
	int dev = cs_open();

	ASSERT_EQ(0, cs_ioctl(dev, COLDSEND_IOC_INFO, &info));
	EXPECT_EQ(COLDSEND_ABI_VERSION, info.abi_version);
	EXPECT_NE(0, info.policies & 1U << COLDSEND_POLICY_CACHED);
	EXPECT_NE(0, info.policies & 1U << COLDSEND_POLICY_DIRECT);
	EXPECT_NE(0, info.policies & 1U << info.default_policy);
	EXPECT_EQ(COLDSEND_F_ALL, info.send_flags);
	EXPECT_GE(info.segment_size, 64 * CS_KIB);
	EXPECT_GE(info.depth, 1);
	EXPECT_EQ(0, info.file_flags);
	EXPECT_EQ(0, info.file_block);
	EXPECT_EQ(0, info.file_size);
}

TEST(info_of_a_file)
{
	const struct cs_data d = { .seed = 13, .size = 12345 };
	struct coldsend_info info = { .size = sizeof(info) };
	int dev = cs_open();

	info.file_fd = cs_data_create(cs_dir(), &d);
	ASSERT_GE(info.file_fd, 0);
	ASSERT_EQ(0, cs_ioctl(dev, COLDSEND_IOC_INFO, &info));
	EXPECT_EQ(COLDSEND_FILE_DIRECT | COLDSEND_FILE_CACHED,
		  info.file_flags);
	EXPECT_EQ(12345, info.file_size);
	EXPECT_EQ(4096, info.file_block);
	EXPECT_GE(info.dio_mem_align, 1);
	EXPECT_GE(info.dio_offset_align, 512);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
