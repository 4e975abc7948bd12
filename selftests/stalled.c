// SPDX-License-Identifier: GPL-2.0
/*
 * Stalled: whose receiver takes nothing, or little, keeps no page of the page cache for
 * long but those in its socket, so that memory management can have the others; and goes
 * on where it was, under every policy and by both drivers.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "kselftest_harness.h"
#include "pages.h"
#include "submit.h"

#define PAGES		2048
#define SIZE		(PAGES * CS_PAGE)
/* Pages: as many may be in the socket. */
#define HELD_MAX	128
#define SECONDS		20
/* Bytes that a slow receiver takes at once, and how long it waits then. */
#define LITTLE		((ssize_t)(128 * CS_KIB))
#define PAUSE_US	150000

static const struct cs_data data = { .seed = 171, .size = SIZE };

FIXTURE(driver)
{
	int dev;
	int file;
	int sv[2];
	struct coldsend_send s;
	struct cs_child child;
};

#include "drivers.h"

FIXTURE_SETUP(driver)
{
	unsigned char all[PAGES];

	memset(all, 1, sizeof(all));
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	/* What is to be written yet can't be given up. */
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pages_touch(self->file, all, PAGES));
	ASSERT_EQ(0, cs_pair_small(CS_TCP4, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
	self->s.flags = variant->flags;
}

FIXTURE_TEARDOWN(driver)
{
	close(self->dev);
}

/* Gives up what nobody holds. */
static bool is_let_go(void *arg)
{
	int file = *(int *)arg;
	long held;

	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	held = cs_resident(file, 0, SIZE);
	return held >= 0 && held <= HELD_MAX;
}

TEST_F(driver, lets_go_of_pages)
{
	ASSERT_EQ(0, cs_child_start(&self->child, self->dev, &self->s,
				    self->sv[1]));
	ASSERT_TRUE(cs_stands_still(self->sv[0], self->sv[1], SECONDS));
	EXPECT_TRUE(cs_wait(is_let_go, &self->file, SECONDS)) {
		TH_LOG("%ld pages are held", cs_resident(self->file, 0, SIZE));
	}
	close(self->sv[0]);
	EXPECT_EQ(SIZE, cs_receive(self->sv[1], &data, 0, 0));
	EXPECT_TRUE(cs_child_exits(&self->child, SECONDS));
	EXPECT_EQ(0, self->child.outcome->err);
	EXPECT_EQ(SIZE, self->child.outcome->sent);
}

static ssize_t take_little(struct __test_metadata *_metadata,
			   struct _test_data_driver *self, __u64 pos)
{
	static __u8 buf[LITTLE];
	ssize_t n = recv(self->sv[1], buf, sizeof(buf), MSG_WAITALL);

	EXPECT_EQ(LITTLE, n);
	EXPECT_EQ(LITTLE, cs_data_check(&data, pos, buf, LITTLE));
	return n;
}

TEST_F(driver, lets_go_while_slow)
{
	bool lets_go = false;
	__u64 got;

	ASSERT_EQ(0, cs_child_start(&self->child, self->dev, &self->s,
				    self->sv[1]));
	/* When more came than the sockets held, the sender goes on each time. */
	for (got = 0; got < SIZE / 2 && !lets_go; got += LITTLE) {
		ASSERT_EQ(LITTLE, take_little(_metadata, self, got));
		usleep(PAUSE_US);
		lets_go = got > SIZE / 8 && is_let_go(&self->file);
	}
	EXPECT_TRUE(lets_go) {
		TH_LOG("%ld pages are held", cs_resident(self->file, 0, SIZE));
	}
	EXPECT_FALSE(cs_child_exits(&self->child, 0));
	close(self->sv[0]);
	close(self->sv[1]);
	EXPECT_TRUE(cs_child_exits(&self->child, SECONDS));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
