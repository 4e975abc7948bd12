// SPDX-License-Identifier: GPL-2.0
/*
 * Residency: what transfers leave in the page cache, whether the RESIDENCY
 * ioctl tells the same as mincore(2), and whom it tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define PAGE		4096
#define PAGES		1025
#define SIZE		((PAGES - 1) * PAGE + 100)
#define NOBODY		65534
#define SECONDS		20
#define LAST		0x7fffffffffffffffULL	/* largest file offset */

static const struct cs_data data = { .seed = 61, .size = SIZE };

FIXTURE(residency)
{
	int dev;
	int file;
	long long added;
};

FIXTURE_SETUP(residency)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	self->added = cs_stat("pages_added");
}

FIXTURE_TEARDOWN(residency)
{
}

static struct coldsend_residency ask(const FIXTURE_DATA(residency) *self,
				     __u64 offset, __u64 length)
{
	struct coldsend_residency r = {
		.size = sizeof(r), .file_fd = self->file,
		.offset = offset, .length = length,
	};

	if (cs_ioctl(self->dev, COLDSEND_IOC_RESIDENCY, &r))
		memset(&r, 0xff, sizeof(r));
	return r;
}

static struct coldsend_send transfer(struct __test_metadata *_metadata,
				     const FIXTURE_DATA(residency) *self,
				     __u32 policy, enum cs_kind kind,
				     __u64 offset)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = kind, .policy = policy, .flags = COLDSEND_F_STRICT,
		.offset = offset, .length = COLDSEND_TO_EOF,
	};

	ASSERT_EQ(0, cs_job_run(&j));
	ASSERT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	return j.s;
}

/* Brings in one page in seven, and nothing around it. */
static void touch_some(int fd)
{
	char c;
	int i;

	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (i = 0; i < PAGES; i += 7)
		if (pread(fd, &c, 1, (off_t)i * PAGE) != 1)
			return;
}

static int look(int fd, unsigned char vec[PAGES])
{
	void *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	int err;

	if (map == MAP_FAILED)
		return -errno;
	err = mincore(map, SIZE, vec) ? -errno : 0;
	munmap(map, SIZE);
	return err;
}

/* What a wait is for: that only so many pages are resident. */
struct left {
	int file;
	long pages;
};

static bool only_those_left(void *arg)
{
	const struct left *left = arg;

	cs_flush_network();
	return cs_resident(left->file, 0, SIZE) == left->pages;
}

TEST_F(residency, direct_adds_none)
{
	transfer(_metadata, self, COLDSEND_POLICY_DIRECT, CS_TCP4, 0);
	transfer(_metadata, self, COLDSEND_POLICY_DIRECT, CS_UNIX, 1);
	transfer(_metadata, self, COLDSEND_POLICY_DIRECT, CS_TCP6, 4095);
	EXPECT_EQ(0, cs_resident(self->file, 0, SIZE));
	EXPECT_EQ(0, ask(self, 0, SIZE).resident);
	EXPECT_EQ(self->added, cs_stat("pages_added"));
}

TEST_F(residency, cached_adds_all)
{
	transfer(_metadata, self, COLDSEND_POLICY_CACHED, CS_TCP4, 0);
	EXPECT_EQ(PAGES, cs_resident(self->file, 0, SIZE));
	EXPECT_EQ(PAGES, ask(self, 0, SIZE).resident);
	EXPECT_EQ(self->added + PAGES, cs_stat("pages_added"));
	/* And a second time none. */
	transfer(_metadata, self, COLDSEND_POLICY_CACHED, CS_TCP4, 0);
	EXPECT_EQ(self->added + PAGES, cs_stat("pages_added"));
}

/* Page for page as it was found. */
TEST_F(residency, direct_leaves_what_is_there)
{
	unsigned char before[PAGES], after[PAGES];

	touch_some(self->file);
	ASSERT_EQ(0, look(self->file, before));
	EXPECT_GE(ask(self, 0, SIZE).resident, PAGES / 7);
	EXPECT_LT(ask(self, 0, SIZE).resident, PAGES);
	transfer(_metadata, self, COLDSEND_POLICY_DIRECT, CS_TCP4, 0);
	ASSERT_EQ(0, look(self->file, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

static bool that_many_dropped(void *dropped)
{
	return cs_stat("pages_dropped") >= *(long long *)dropped;
}

/* Pages come and go: those of the transfer, when the socket is done. */
TEST_F(residency, drop_behind_drops_its_own)
{
	long long dropped = cs_stat("pages_dropped");
	struct left none = { .file = self->file };

	transfer(_metadata, self, COLDSEND_POLICY_DROP_BEHIND, CS_TCP4, 0);
	EXPECT_EQ(self->added + PAGES, cs_stat("pages_added"));
	EXPECT_TRUE(cs_wait(only_those_left, &none, SECONDS)) {
		TH_LOG("%ld pages stay", cs_resident(self->file, 0, SIZE));
	}
	/* They are counted when they are gone. */
	dropped += PAGES;
	EXPECT_TRUE(cs_wait(that_many_dropped, &dropped, SECONDS));
	EXPECT_EQ(dropped, cs_stat("pages_dropped"));
}

TEST_F(residency, drop_behind_leaves_what_is_there)
{
	unsigned char before[PAGES], after[PAGES];
	struct left those = { .file = self->file };

	touch_some(self->file);
	ASSERT_EQ(0, look(self->file, before));
	those.pages = cs_resident(self->file, 0, SIZE);
	transfer(_metadata, self, COLDSEND_POLICY_DROP_BEHIND, CS_UNIX, 0);
	EXPECT_TRUE(cs_wait(only_those_left, &those, SECONDS)) {
		TH_LOG("%ld pages stay, not %ld",
		       cs_resident(self->file, 0, SIZE), those.pages);
	}
	ASSERT_EQ(0, look(self->file, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

/* Bytes in the page cache come from there, and the page cache stays. */
TEST_F(residency, hybrid_uses_what_is_there)
{
	unsigned char before[PAGES], after[PAGES];
	static char buf[CS_MIB];
	struct coldsend_send s;

	posix_fadvise(self->file, 0, 0, POSIX_FADV_RANDOM);
	ASSERT_EQ(CS_MIB, pread(self->file, buf, CS_MIB, CS_MIB));
	ASSERT_EQ(0, look(self->file, before));
	s = transfer(_metadata, self, COLDSEND_POLICY_HYBRID, CS_TCP4, 1);
	EXPECT_EQ(CS_MIB, s.bytes_cached);
	EXPECT_EQ(SIZE - CS_MIB - 1, s.bytes_direct);
	ASSERT_EQ(0, look(self->file, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	EXPECT_EQ(self->added, cs_stat("pages_added"));
}

TEST_F(residency, hybrid_adds_none)
{
	transfer(_metadata, self, COLDSEND_POLICY_HYBRID, CS_TCP6, 5);
	EXPECT_EQ(0, cs_resident(self->file, 0, SIZE));
	EXPECT_EQ(self->added, cs_stat("pages_added"));
}

TEST_F(residency, agrees_with_mincore)
{
	static const struct {
		__u64 offset, length, pages;
	} ranges[] = {
		{ 0, SIZE, PAGES }, { 0, COLDSEND_TO_EOF, PAGES },
		{ 0, 1, 1 }, { 0, PAGE, 1 }, { 0, PAGE + 1, 2 },
		{ 1, PAGE, 2 }, { PAGE - 1, 2, 2 }, { 7 * PAGE, PAGE, 1 },
		{ 8 * PAGE, 5 * PAGE, 5 }, { 100 * PAGE + 5, 77777, 19 },
		{ SIZE - 1, 1, 1 }, { SIZE - 1, 5 * PAGE, 1 },
		{ SIZE - 101, 101, 2 }, { 0, 0, 0 }, { SIZE, 1, 0 },
		{ 1ULL << 50, 1, 0 },
	};
	unsigned char vec[PAGES];
	size_t i;
	__u64 at;

	touch_some(self->file);
	ASSERT_EQ(0, look(self->file, vec));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct coldsend_residency r = ask(self, ranges[i].offset,
						  ranges[i].length);
		__u64 first = ranges[i].offset / PAGE;
		__u64 resident = 0;

		for (at = first; at < first + ranges[i].pages; at++)
			resident += vec[at] & 1;
		EXPECT_EQ(PAGE, r.page_size);
		EXPECT_EQ(ranges[i].pages, r.pages) TH_LOG("range %zu", i);
		EXPECT_EQ(resident, r.resident) TH_LOG("range %zu", i);
		EXPECT_EQ(0, r.dirty);
	}
}

TEST_F(residency, largest_offsets)
{
	struct coldsend_residency r = {
		.size = sizeof(r), .file_fd = self->file, .length = 1,
	};

	r.offset = LAST + 1;
	EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, COLDSEND_IOC_RESIDENCY, &r));
	r.offset = LAST;
	r.length = COLDSEND_TO_EOF;
	EXPECT_EQ(0, cs_ioctl(self->dev, COLDSEND_IOC_RESIDENCY, &r));
	EXPECT_EQ(0, r.pages);
}

TEST_F(residency, dirty)
{
	static char buf[10 * PAGE];

	ASSERT_EQ(sizeof(buf), pwrite(self->file, buf, sizeof(buf), 8 * PAGE));
	EXPECT_EQ(10, ask(self, 0, SIZE).dirty);
	EXPECT_EQ(10, ask(self, 0, SIZE).resident);
	EXPECT_EQ(2, ask(self, 7 * PAGE, 3 * PAGE).dirty);
	ASSERT_EQ(0, fsync(self->file));
	EXPECT_EQ(0, ask(self, 0, SIZE).dirty);
	EXPECT_EQ(10, ask(self, 0, SIZE).resident);
}

TEST_F(residency, hole)
{
	ASSERT_EQ(0, ftruncate(self->file, 0));
	ASSERT_EQ(0, ftruncate(self->file, SIZE));
	EXPECT_EQ(PAGES, ask(self, 0, SIZE).pages);
	EXPECT_EQ(0, ask(self, 0, SIZE).resident);
}

/* As nobody, with a device that root opened: the errno, in a child. */
static int ask_as_nobody(struct __test_metadata *_metadata, int dev, int file)
{
	struct coldsend_residency r = {
		.size = sizeof(r), .file_fd = file, .length = SIZE,
	};
	int status;
	pid_t child;

	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		if (setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		_exit(-cs_ioctl(dev, COLDSEND_IOC_RESIDENCY, &r));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	return WEXITSTATUS(status);
}

TEST_F(residency, who_may_look)
{
	int fd = cs_reopen(self->file, O_RDONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fchmod(fd, 0644));
	EXPECT_EQ(EPERM, ask_as_nobody(_metadata, self->dev, fd));
	/* Even by a descriptor that was opened for writing. */
	EXPECT_EQ(EPERM, ask_as_nobody(_metadata, self->dev, self->file));
	ASSERT_EQ(0, fchmod(fd, 0666));
	EXPECT_EQ(0, ask_as_nobody(_metadata, self->dev, fd));
	ASSERT_EQ(0, fchmod(fd, 0400));
	ASSERT_EQ(0, fchown(fd, NOBODY, NOBODY));
	EXPECT_EQ(0, ask_as_nobody(_metadata, self->dev, fd));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
