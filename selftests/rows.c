// SPDX-License-Identifier: GPL-2.0
/*
 * Rows: a table of 100,000 files takes little memory and is dumped soon, and a
 * dump tells whether the table changed meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/coldsend_netlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "genl.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "tunables.h"

#define ROWS		100000
#define ROW_BYTES	512
#define DUMP_MS		1000
#define TRIES		3
#define TRIES_MAX	30
#define DEBUGFS_FILES	"/sys/kernel/debug/coldsend/files"

/* @before: the tunables; @made: files so far. */
FIXTURE(rows)
{
	int dev;
	int sv[2];
	struct cs_genl genl;
	struct cs_tunables before;
	int made;
};

FIXTURE_SETUP(rows)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	ASSERT_EQ(0, cs_genl_open(&self->genl));
	ASSERT_EQ(0, cs_tunables_get(&self->before));
	ASSERT_EQ(0, cs_tunables_set("--files-max 1048576"));
	ASSERT_EQ(0, cs_genl_request(&self->genl, COLDSEND_CMD_STATS_RESET, 0,
				     NULL, 0));
}

FIXTURE_TEARDOWN(rows)
{
	cs_genl_request(&self->genl, COLDSEND_CMD_STATS_RESET, 0, NULL, 0);
	cs_tunables_restore(&self->before);
	cs_genl_close(&self->genl);
}

/* The name of file @i, as long as names are: bytes. */
static size_t name_of(char *name, size_t size, int i)
{
	return snprintf(name, size, "film-%06d.mp4", i);
}

/* A file that is gone again when its row is there: 0 or -errno. */
static int add_row(FIXTURE_DATA(rows) *self)
{
	struct coldsend_send s;
	char name[64];
	int file, err;

	name_of(name, sizeof(name), self->made++);
	file = memfd_create(name, MFD_CLOEXEC);
	if (file < 0)
		return -errno;
	/* A transfer of no byte has a row, too. */
	cs_send_init(&s, file, self->sv[0], 0, 0, COLDSEND_POLICY_CACHED);
	err = cs_send(self->dev, &s);
	close(file);
	return err;
}

static int add_rows(FIXTURE_DATA(rows) *self, int n)
{
	int err = 0;

	while (n-- && !err)
		err = add_row(self);
	return err;
}

/* A name as the table has it: with what the kernel puts around. */
static size_t path_bytes(void)
{
	char name[64];

	return strlen("/memfd: (deleted)") + name_of(name, sizeof(name), 0);
}

static int dump(struct cs_genl *genl)
{
	return cs_genl_request(genl, COLDSEND_CMD_FILE_GET, NLM_F_DUMP, NULL,
			       0);
}

/* Lines of debugfs, or -errno. */
static long read_debugfs(void)
{
	static char buf[64 * CS_KIB];
	int fd = open(DEBUGFS_FILES, O_RDONLY | O_CLOEXEC);
	const char *at;
	long lines = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (at = buf; (at = memchr(at, '\n', buf + n - at)); at++)
			lines++;
	close(fd);
	return n < 0 ? -errno : lines;
}

static void check_memory(struct __test_metadata *_metadata, long long before)
{
	long long bytes = (cs_memory_now().used - before) / ROWS;

	TH_LOG("%lld bytes a row, %zu of them its path", bytes, path_bytes());
	/* That would tell of the watching, not of the rows. */
	if (!cs_memory_is_padded())
		EXPECT_GE(ROW_BYTES, bytes - (long long)path_bytes());
}

/* The quickest of a few: others use the machine too. */
static void check_time(struct __test_metadata *_metadata,
		       FIXTURE_DATA(rows) *self)
{
	long long start, netlink = LLONG_MAX, debugfs = LLONG_MAX;
	int i;

	for (i = 0; i < TRIES || (i < TRIES_MAX && (netlink > DUMP_MS ||
						    debugfs > DUMP_MS));
	     i++) {
		start = cs_now_ms();
		ASSERT_EQ(0, dump(&self->genl));
		if (cs_now_ms() - start < netlink)
			netlink = cs_now_ms() - start;
		ASSERT_EQ(ROWS, self->genl.messages);
		EXPECT_FALSE(self->genl.interrupted);
		start = cs_now_ms();
		ASSERT_EQ(ROWS + 1, read_debugfs());
		if (cs_now_ms() - start < debugfs)
			debugfs = cs_now_ms() - start;
	}
	TH_LOG("%d rows: netlink %lld ms, debugfs %lld ms", ROWS, netlink,
	       debugfs);
	EXPECT_GE(DUMP_MS, netlink);
	EXPECT_GE(DUMP_MS, debugfs);
}

/* Each that was there when the dump began is there once, and none that came later. */
static void check_change(struct __test_metadata *_metadata,
			 FIXTURE_DATA(rows) *self)
{
	struct cs_genl other;
	int i;

	ASSERT_EQ(0, cs_genl_open(&other));
	for (i = 0; i < TRIES; i++) {
		/* What is not read yet keeps the dump where it is. */
		ASSERT_EQ(0, cs_genl_start(&other,
					   COLDSEND_CMD_FILE_GET));
		ASSERT_EQ(0, add_row(self));
		ASSERT_EQ(0, cs_genl_finish(&other));
		EXPECT_TRUE(other.interrupted);
		EXPECT_EQ(ROWS + i, other.messages);
	}
	cs_genl_close(&other);
}

TEST_F_TIMEOUT(rows, many, 400)
{
	long long before;

	/* What each first one of its kind makes, and keeps. */
	ASSERT_EQ(0, add_rows(self, 1000));
	ASSERT_EQ(0, cs_genl_request(&self->genl, COLDSEND_CMD_STATS_RESET, 0,
				     NULL, 0));
	sleep(2);
	before = cs_memory_now().used;
	ASSERT_EQ(0, add_rows(self, ROWS));
	check_memory(_metadata, before);
	check_time(_metadata, self);
	check_change(_metadata, self);
}

TEST_HARNESS_MAIN
