// SPDX-License-Identifier: GPL-2.0
/*
 * Dropping what is held: while a receiver keeps pages that policy drop-behind brought
 * in, they stay, cost nothing else, and their file may change.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "child.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "pages.h"

#define SIZE		(8 * CS_MIB)
/* What a socket takes at once. */
#define HELD		(128 * CS_KIB)
#define HELD_PAGES	(HELD / CS_PAGE)
#define HOLD_SECONDS	1
#define GO_SECONDS	20
/* Bytes of a file of holes, between those of its pages that a receiver keeps. */
#define KEPT_EVERY	CS_MIB
#define KEPT_PAGES	512
#define KEPT_SIZE	(KEPT_PAGES * KEPT_EVERY)
/* Each may be of a larger piece of the page cache, in pages. */
#define KEPT_MOST	(KEPT_PAGES * 32)
/* What the module may keep for each of these for longer, in bytes. */
#define KEPT_COST	2048

static const struct cs_data data = { .seed = 113, .size = SIZE };

FIXTURE(held)
{
	int dev;
	int file;
	int sv[2];
	struct coldsend_send s;
};

FIXTURE_SETUP(held)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DROP_BEHIND);
}

FIXTURE_TEARDOWN(held)
{
	close(self->dev);
}

/* Sends a little that its receiver leaves in the socket. */
static void hold(struct __test_metadata *_metadata, struct _test_data_held *self)
{
	self->s.length = HELD;
	ASSERT_EQ(0, cs_send(self->dev, &self->s));
	ASSERT_EQ(HELD, self->s.sent);
}

static bool some_have_left(void *arg)
{
	return cs_resident(*(int *)arg, 0, HELD) < (long)HELD_PAGES;
}

TEST_F_TIMEOUT(held, stay, 60)
{
	hold(_metadata, self);
	EXPECT_FALSE(cs_wait(some_have_left, &self->file, HOLD_SECONDS)) {
		TH_LOG("pages went that the socket holds");
	}
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
	EXPECT_EQ(0, cs_pages_left(self->file, 0, HELD, 0));
}

/* Receives KEPT_EVERY bytes and keeps the first page of them in the pipe. */
static void keep_one(struct __test_metadata *_metadata, int sock, int pipe)
{
	static char rest[KEPT_EVERY - CS_PAGE];
	size_t got;
	ssize_t n;

	for (got = 0; got < CS_PAGE; got += n) {
		n = splice(sock, NULL, pipe, NULL, CS_PAGE - got, 0);
		ASSERT_GT(n, 0);
	}
	ASSERT_EQ(sizeof(rest), recv(sock, rest, sizeof(rest), MSG_WAITALL));
}

struct slab {
	long long before;
	long long more;
};

static bool slab_is_small(void *arg)
{
	struct slab *s = arg;

	s->more = cs_memory_now().slab - s->before;
	return s->more <= KEPT_COST * KEPT_PAGES;
}

/* Who keeps a page of each MiB keeps these, and not much else of the kernel's. */
TEST_F_TIMEOUT(held, kept_pages_cost_no_more, 120)
{
	int i, p[2], room = 2 * KEPT_EVERY;
	struct cs_child child;
	struct slab slab;
	long left;

	if (cs_memory_is_padded())
		SKIP(return, "this kernel pads what it allocates");
	ASSERT_EQ(0, ftruncate(self->file, 0));
	ASSERT_EQ(0, ftruncate(self->file, KEPT_SIZE));
	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	/* A page may come in two parts. */
	ASSERT_LE(2 * KEPT_PAGES * CS_PAGE,
		  fcntl(p[1], F_SETPIPE_SZ, 2 * KEPT_PAGES * CS_PAGE));
	/* With a large buffer, as many pages as there may be are dropped together. */
	ASSERT_EQ(0, setsockopt(self->sv[0], SOL_SOCKET, SO_SNDBUFFORCE, &room,
				sizeof(room)));
	slab.before = cs_memory_now().slab;
	ASSERT_EQ(0, cs_child_start(&child, self->dev, &self->s, self->sv[1]));
	for (i = 0; i < KEPT_PAGES; i++)
		keep_one(_metadata, self->sv[1], p[1]);
	ASSERT_TRUE(cs_child_exits(&child, 10));
	EXPECT_EQ(KEPT_SIZE, child.outcome->sent);
	EXPECT_TRUE(cs_wait(slab_is_small, &slab, GO_SECONDS)) {
		TH_LOG("%lld bytes more for %d pages", slab.more, KEPT_PAGES);
	}
	left = cs_pages_left(self->file, 0, KEPT_SIZE, KEPT_MOST);
	EXPECT_GE(left, KEPT_PAGES);
	EXPECT_LE(left, KEPT_MOST);
	close(p[0]);
	close(p[1]);
	EXPECT_EQ(0, cs_pages_left(self->file, 0, KEPT_SIZE, 0));
}

/* The file is cut, or loses some of its pages, while the socket holds them. */
TEST_F_TIMEOUT(held, cut, 60)
{
	hold(_metadata, self);
	ASSERT_EQ(0, ftruncate(self->file, 0));
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
	ASSERT_EQ(0, cs_data_write(self->file, &data));
}

TEST_F_TIMEOUT(held, unlinked, 60)
{
	hold(_metadata, self);
	close(self->file);
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
}

/* The first page is gone; the others are still the transfer's to drop. */
TEST_F_TIMEOUT(held, hole, 60)
{
	hold(_metadata, self);
	ASSERT_EQ(0, fallocate(self->file, FALLOC_FL_PUNCH_HOLE |
			       FALLOC_FL_KEEP_SIZE, 0, CS_PAGE));
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
	EXPECT_EQ(0, cs_pages_left(self->file, CS_PAGE, HELD - CS_PAGE, 0));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
