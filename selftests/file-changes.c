// SPDX-License-Identifier: GPL-2.0
/*
 * Files that change: truncated, grown, punched, written and unlinked while a
 * transfer runs, and files whose newest bytes are not on the disk yet.  Each
 * byte that arrives was in the file at its offset, before or after.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "cs_test.h"
#include "kselftest_harness.h"
#include "sender.h"
#include "tunables.h"

#define SIZE		(4 * CS_MIB + 100)
/* With that, less is read ahead for a receiver that stands still. */
#define SEGMENT		"--segment-size 256K"
#define FROM		(CS_MIB / 2 + 100)	/* where changes begin */
#define TO		(7 * CS_MIB / 2)	/* and end */
#define MORE		CS_MIB
#define CHUNK		4096
#define SECONDS		20

static const struct cs_data old = { .seed = 51, .size = SIZE };
static const struct cs_data new = { .seed = 52, .size = SIZE };
static const struct cs_data longer = { .seed = 51, .size = SIZE + MORE };
static const struct cs_data punched = {
	.seed = 51, .size = SIZE, .hole_from = FROM, .hole_to = TO,
};

static const struct cs_data cut = {
	.seed = 51, .size = SIZE, .hole_from = FROM, .hole_to = SIZE,
};

FIXTURE(policy)
{
	int dev;
	int file;
	int sv[2];
	struct cs_peer peer;
	struct cs_sender sender;
};

#include "variants.h"

FIXTURE_SETUP(policy)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &old);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair_small(variant->kind, self->sv));
	self->peer.fd = self->sv[1];
	self->peer.keep_len = SIZE + MORE;
	self->peer.keep = malloc(self->peer.keep_len);
	ASSERT_NE(NULL, self->peer.keep);
	self->sender.dev = self->dev;
	cs_send_init(&self->sender.s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
}

FIXTURE_TEARDOWN(policy)
{
}

/* Starts the transfer, which soon waits for a receiver. */
static void start(struct __test_metadata *_metadata,
		  FIXTURE_DATA(policy) *self)
{
	struct pollfd p = { .fd = self->sv[1], .events = POLLIN };

	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_EQ(1, poll(&p, 1, SECONDS * 1000));
}

/* Receives all of it and sees the transfer end. */
static void end(struct __test_metadata *_metadata, FIXTURE_DATA(policy) *self)
{
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_sender_join(&self->sender, SECONDS));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(0, self->sender.err);
	EXPECT_EQ(0, self->peer.error);
	EXPECT_EQ(self->sender.s.sent, self->peer.count);
}

/* Offset of the first byte that neither @a nor @b has there, or @len. */
static __u64 first_wrong(const __u8 *got, __u64 len, const struct cs_data *a,
			 const struct cs_data *b)
{
	__u8 x[CHUNK], y[CHUNK];
	__u64 at;

	for (at = 0; at < len; at++) {
		if (at % CHUNK == 0) {
			cs_data_fill(a, at, x, CHUNK);
			cs_data_fill(b, at, y, CHUNK);
		}
		if (got[at] != x[at % CHUNK] && got[at] != y[at % CHUNK])
			return at;
	}
	return len;
}

static int overwrite(int fd, const struct cs_data *d, __u64 from, __u64 to)
{
	__u8 *buf;
	int err;

	if (posix_memalign((void **)&buf, CHUNK, to - from))
		return -ENOMEM;
	cs_data_fill(d, from, buf, to - from);
	err = pwrite(fd, buf, to - from, from) == (ssize_t)(to - from) ?
	      0 : -EIO;
	free(buf);
	return err;
}

TEST_F(policy, truncated)
{
	struct coldsend_send s;

	start(_metadata, self);
	ASSERT_EQ(0, ftruncate(self->file, FROM));
	end(_metadata, self);
	EXPECT_LT(self->sender.s.sent, SIZE);
	/* The page cache zeroes the rest of the last page at once. */
	EXPECT_EQ(self->peer.count,
		  first_wrong(self->peer.keep, self->peer.count, &old, &cut));
	cs_send_init(&s, self->file, self->sv[0], FROM, COLDSEND_TO_EOF,
		     variant->policy);
	EXPECT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(0, s.sent);
}

TEST_F(policy, truncated_to_nothing)
{
	start(_metadata, self);
	ASSERT_EQ(0, ftruncate(self->file, 0));
	end(_metadata, self);
	EXPECT_LT(self->sender.s.sent, SIZE);
	EXPECT_EQ(self->peer.count,
		  first_wrong(self->peer.keep, self->peer.count, &old, &old));
}

TEST_F(policy, grown)
{
	start(_metadata, self);
	ASSERT_EQ(0, overwrite(self->file, &longer, SIZE, SIZE + MORE));
	end(_metadata, self);
	EXPECT_GE(self->sender.s.sent, SIZE);
	EXPECT_LE(self->sender.s.sent, SIZE + MORE);
	EXPECT_EQ(self->peer.count,
		  first_wrong(self->peer.keep, self->peer.count, &longer,
			      &longer));
}

TEST_F(policy, hole_punched)
{
	start(_metadata, self);
	ASSERT_EQ(0, fallocate(self->file,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       FROM, TO - FROM));
	end(_metadata, self);
	EXPECT_EQ(SIZE, self->sender.s.sent);
	EXPECT_EQ(SIZE, first_wrong(self->peer.keep, self->peer.count, &old,
				    &punched));
}

TEST_F(policy, written)
{
	start(_metadata, self);
	ASSERT_EQ(0, overwrite(self->file, &new, FROM, TO));
	end(_metadata, self);
	EXPECT_EQ(SIZE, self->sender.s.sent);
	EXPECT_EQ(SIZE, first_wrong(self->peer.keep, self->peer.count, &old,
				    &new));
}

TEST_F(policy, written_directly)
{
	int fd = cs_reopen(self->file, O_WRONLY | O_DIRECT);

	ASSERT_GE(fd, 0);
	start(_metadata, self);
	ASSERT_EQ(0, overwrite(fd, &new, CS_MIB, TO));
	end(_metadata, self);
	EXPECT_EQ(SIZE, self->sender.s.sent);
	EXPECT_EQ(SIZE, first_wrong(self->peer.keep, self->peer.count, &old,
				    &new));
}

TEST_F(policy, unlinked)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cs-unlinked.%d", cs_dir(), getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, cs_data_write(fd, &old));
	self->sender.s.file_fd = fd;
	start(_metadata, self);
	EXPECT_EQ(0, unlink(path));
	end(_metadata, self);
	EXPECT_EQ(SIZE, self->sender.s.sent);
	EXPECT_EQ(SIZE, first_wrong(self->peer.keep, self->peer.count, &old,
				    &old));
}

/* Direct: what the socket took can't change any more, ACKed or not. */
TEST_F(policy, written_after)
{
	self->sender.s.length = 32 * CS_KIB;
	self->sender.s.offset = FROM;
	self->sender.err = cs_send(self->dev, &self->sender.s);
	ASSERT_EQ(0, self->sender.err);
	ASSERT_EQ(0, overwrite(self->file, &new, FROM, TO));
	ASSERT_EQ(0, ftruncate(self->file, FROM + CHUNK));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(32 * CS_KIB, self->sender.s.sent);
	EXPECT_EQ(32 * CS_KIB, self->peer.count);
	if (variant->policy != COLDSEND_POLICY_DIRECT)
		return;
	EXPECT_EQ(32 * CS_KIB,
		  cs_data_check(&old, FROM, self->peer.keep,
				self->peer.count));
}

static void expect_job(struct __test_metadata *_metadata, int dev, int file,
		       const struct cs_data *data,
		       const FIXTURE_VARIANT(policy) *variant)
{
	struct cs_job j = {
		.dev = dev, .file = file, .data = data,
		.kind = variant->kind, .policy = variant->policy,
		.offset = 3, .length = COLDSEND_TO_EOF,
	};

	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
}

TEST_F(policy, dirty_pages)
{
	ASSERT_EQ(0, overwrite(self->file, &new, 0, SIZE));
	expect_job(_metadata, self->dev, self->file, &new, variant);
}

TEST_F(policy, dirty_mapping)
{
	__u8 *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->file, 0);

	ASSERT_NE(MAP_FAILED, map);
	cs_data_fill(&new, 0, map, SIZE);
	expect_job(_metadata, self->dev, self->file, &new, variant);
	/* And once more: pages that were clean in between. */
	cs_data_fill(&old, 0, map, SIZE);
	expect_job(_metadata, self->dev, self->file, &old, variant);
}

TEST_F(policy, o_direct_source)
{
	int fd = cs_reopen(self->file, O_RDONLY | O_DIRECT);

	ASSERT_GE(fd, 0);
	expect_job(_metadata, self->dev, fd, &old, variant);
}

static struct cs_tunables before;

static void restore(void)
{
	if (cs_tunables_restore(&before))
		_exit(KSFT_FAIL);
}

int main(int argc, char **argv)
{
	cs_need_device();
	/* The harness exits by itself. */
	if (cs_tunables_get(&before) || atexit(restore) ||
	    cs_tunables_set(SEGMENT))
		return KSFT_FAIL;
	return test_harness_run(argc, argv);
}
