// SPDX-License-Identifier: GPL-2.0
/*
 * Drop-behind on more than one CPU: pages go that were brought in, or sent, on a CPU
 * which does nothing more, and so keeps the last of them to itself.
 */
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "pages.h"
#include "sender.h"
#include "submit.h"

/* Where pages are brought in, and where everything else happens. */
#define READER_CPU	1
#define OTHER_CPU	0
/* Pages that are read ahead at once (CS_DROP_WINDOW). */
#define WINDOW		256
/* The last of three windows: fewer pages than a CPU keeps to itself. */
#define LAST_MOST	14
#define PAGES		(2 * WINDOW + LAST_MOST)
/* Received before the sender moves: the last window has been read ahead then. */
#define MORE		(WINDOW * CS_PAGE)
/* Of another transfer, whose receiver does not read them. */
#define HELD_PAGES	8
#define GO_SECONDS	10
#define TEST_SECONDS	210
#define ROUNDS		4

static const struct cs_data data = {
	.seed = 121, .size = (PAGES + HELD_PAGES) * CS_PAGE,
};

FIXTURE(drop_cpus)
{
	int dev;
	int file;
	int held[2];
	struct cs_sender sender;
};

FIXTURE_SETUP(drop_cpus)
{
	if (cs_run_on(pthread_self(), READER_CPU) ||
	    cs_run_on(pthread_self(), OTHER_CPU))
		SKIP(exit(KSFT_SKIP), "one CPU: the reader needs another");
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->held));
}

FIXTURE_TEARDOWN(drop_cpus)
{
	close(self->dev);
}

/* Its pages have the module look at all of them from the CPU that this is on. */
static void hold(struct __test_metadata *_metadata,
		 struct _test_data_drop_cpus *self)
{
	struct coldsend_send s;

	cs_send_init(&s, self->file, self->held[0], PAGES * CS_PAGE,
		     COLDSEND_TO_EOF, COLDSEND_POLICY_DROP_BEHIND);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_run_on(pthread_self(), OTHER_CPU));
	ASSERT_EQ(0, cs_send(self->dev, &s));
}

static void release(struct __test_metadata *_metadata,
		    struct _test_data_drop_cpus *self)
{
	char buf[HELD_PAGES * CS_PAGE];

	ASSERT_EQ((ssize_t)sizeof(buf), recv(self->held[1], buf, sizeof(buf),
					     MSG_WAITALL));
}

static bool is_gone(void *arg)
{
	return !cs_resident(*(int *)arg, 0, PAGES * CS_PAGE);
}

/*
 * Sent from one CPU until the socket is full, a little more with the disk ahead
 * of the receiver, and from another CPU to its end.
 */
static void move_while_full(struct __test_metadata *_metadata,
			    struct _test_data_drop_cpus *self, int sv[2],
			    __u64 length)
{
	self->sender.dev = self->dev;
	cs_send_init(&self->sender.s, self->file, sv[0], 0, length,
		     COLDSEND_POLICY_DROP_BEHIND);
	ASSERT_EQ(0, cs_run_on(pthread_self(), READER_CPU));
	ASSERT_EQ(0, cs_sender_start(&self->sender));
	ASSERT_EQ(0, cs_run_on(pthread_self(), OTHER_CPU));
	ASSERT_TRUE(cs_stands_still(sv[0], sv[1], 10));
	ASSERT_EQ(MORE, cs_receive(sv[1], &data, 0, MORE));
	ASSERT_TRUE(cs_stands_still(sv[0], sv[1], 10));
	ASSERT_EQ(0, cs_run_on(self->sender.thread, OTHER_CPU));
	ASSERT_EQ(length - MORE,
		  cs_receive(sv[1], &data, MORE, length - MORE));
	ASSERT_EQ(0, cs_sender_join(&self->sender, GO_SECONDS));
	ASSERT_EQ(0, self->sender.err);
}

TEST_F_TIMEOUT(drop_cpus, moved_while_full, TEST_SECONDS)
{
	int last, sv[2];

	for (last = 1; last <= LAST_MOST; last++) {
		hold(_metadata, self);
		ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
		move_while_full(_metadata, self, sv,
				(2 * WINDOW + last) * CS_PAGE);
		EXPECT_TRUE(cs_wait(is_gone, &self->file, GO_SECONDS)) {
			TH_LOG("%ld pages stay, of the last %d",
			       cs_resident(self->file, 0, PAGES * CS_PAGE),
			       last);
		}
		close(sv[0]);
		close(sv[1]);
		release(_metadata, self);
	}
}

/*
 * TCP's buffers go back to the CPU that allocated them, to be freed there when it
 * next receives something: the sender's receives nothing any more.
 */
TEST_F_TIMEOUT(drop_cpus, received_elsewhere, TEST_SECONDS)
{
	struct cs_sender *sender = &self->sender;
	int i, sv[2];

	sender->dev = self->dev;
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, cs_drop_cache(self->file));
		ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
		cs_send_init(&sender->s, self->file, sv[0], 0,
			     PAGES * CS_PAGE, COLDSEND_POLICY_DROP_BEHIND);
		ASSERT_EQ(0, cs_run_on(pthread_self(), READER_CPU));
		ASSERT_EQ(0, cs_sender_start(sender));
		ASSERT_EQ(0, cs_run_on(pthread_self(), OTHER_CPU));
		ASSERT_EQ(PAGES * CS_PAGE,
			  cs_receive(sv[1], &data, 0, PAGES * CS_PAGE));
		ASSERT_EQ(0, cs_sender_join(sender, GO_SECONDS));
		ASSERT_EQ(0, sender->err);
		EXPECT_TRUE(cs_wait(is_gone, &self->file, GO_SECONDS)) {
			TH_LOG("%ld pages stay",
			       cs_resident(self->file, 0, PAGES * CS_PAGE));
		}
		close(sv[0]);
		close(sv[1]);
	}
}

static struct {
	pid_t pid;
	cpu_set_t cpus;
} parent;

static void let_parent_go(void)
{
	sched_setaffinity(parent.pid, sizeof(parent.cpus), &parent.cpus);
}

/*
 * Whoever started the test watches it by short-lived processes, and where one of
 * them exits, its CPU gives up the pages: they are to do that elsewhere.
 */
static bool keep_parent_off(void)
{
	cpu_set_t other;

	CPU_ZERO(&other);
	CPU_SET(OTHER_CPU, &other);
	parent.pid = getppid();
	return !sched_getaffinity(parent.pid, sizeof(parent.cpus),
				  &parent.cpus) &&
	       !atexit(let_parent_go) &&
	       !sched_setaffinity(parent.pid, sizeof(other), &other);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (!keep_parent_off())
		ksft_exit_skip("can't keep others off a CPU\n");
	return test_harness_run(argc, argv);
}
