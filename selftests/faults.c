// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: under every policy and by both drivers, a transfer that waits for the
 * disk or for its receiver meets the end of its process, of its connection, of
 * its disk.  It ends soon, what it sent is exact and counted right, nothing is
 * left of it, and the next transfer works.
 *
 * Run by faults.sh, which makes a slow disk, and the files there and in CS_DIR.
 * Environment: CS_SLOW_DIR, a directory of the disk; CS_DISK, its device mapper
 * name; CS_DISK_SLOW, CS_DISK_DEAD, CS_DISK_FAST, tables of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "disk.h"
#include "kselftest_harness.h"
#include "states.h"
#include "submit.h"

/* As in faults.sh. */
#define SIZE		2098386
#define LARGE		6292690
#define SECONDS		20
/* Milliseconds for an end that waits for the slow disk at the most. */
#define SOON		3000
/* Milliseconds in which a transfer that does not wait sends. */
#define NOTHING_YET	100

static const struct cs_data data = { .seed = 161, .size = SIZE };
/* More than is read ahead while a receiver does nothing: twice 2 MiB by cached. */
static const struct cs_data large = { .seed = 161, .size = LARGE };

FIXTURE(driver)
{
	int dev;
	int file;
	const struct cs_data *data;
	int sv[2];
	struct cs_made before;
	struct coldsend_send s;
	struct cs_child child;
};

#include "drivers.h"

FIXTURE_SETUP(driver)
{
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_disk_file(getenv("CS_SLOW_DIR"), "faults.bin");
	self->data = &data;
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair_small(CS_TCP4, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
	self->s.flags = variant->flags;
}

FIXTURE_TEARDOWN(driver)
{
	EXPECT_EQ(0, cs_disk_resume());
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, SECONDS));
}

static bool is_running(void *arg)
{
	const struct cs_made *before = arg;

	return cs_made_now().transfers > before->transfers;
}

static bool was_seen(void *arg)
{
	return cs_states_count(arg) > 0;
}

/*
 * Starts it, and comes back while it waits for the first of its reads, until the disk
 * is resumed.
 */
static void start_and_wait_disk(struct __test_metadata *_metadata,
				struct _test_data_driver *self)
{
	bool reads_itself = self->s.policy == COLDSEND_POLICY_DIRECT ||
			    self->s.policy == COLDSEND_POLICY_HYBRID;
	struct cs_states states;
	long long since;

	ASSERT_EQ(0, cs_disk_suspend());
	ASSERT_EQ(0, cs_states_open(&states, CS_STATES_DISK));
	ASSERT_EQ(0, cs_child_start(&self->child, self->dev, &self->s,
				    self->sv[1]));
	ASSERT_TRUE(cs_wait(is_running, &self->before, SECONDS));
	/* The page cache is waited for without a change of state. */
	if (reads_itself)
		EXPECT_TRUE(cs_wait(was_seen, &states, SECONDS));
	for (since = cs_now_ms(); cs_now_ms() - since < NOTHING_YET;)
		cs_nap();
	EXPECT_FALSE(cs_sock_has(self->sv[1], 1));
	EXPECT_EQ(reads_itself, cs_states_count(&states) > 0);
	cs_states_close(&states);
}

/* Starts it, and comes back when its receiver has to read first. */
static void start_and_wait_socket(struct __test_metadata *_metadata,
				  struct _test_data_driver *self)
{
	ASSERT_EQ(0, cs_child_start(&self->child, self->dev, &self->s,
				    self->sv[1]));
	ASSERT_TRUE(cs_stands_still(self->sv[0], self->sv[1], SECONDS));
}

/* The child ends soon, and with it all that the transfer held. */
static void expect_end(struct __test_metadata *_metadata,
		       struct _test_data_driver *self)
{
	long long since = cs_now_ms();
	struct cs_made running = self->before;

	EXPECT_TRUE(cs_child_exits(&self->child, SECONDS));
	/* This process has the device open still. */
	running.users = cs_made_now().users;
	EXPECT_TRUE(cs_made_back(&running, SECONDS));
	EXPECT_LT(cs_now_ms() - since, cs_patient(SOON));
}

/* What was sent, and its end: how much. */
static __u64 receive_rest(struct _test_data_driver *self)
{
	close(self->sv[0]);
	return cs_receive(self->sv[1], self->data, 0, 0);
}

/* As if nothing had been. */
static void expect_works(struct __test_metadata *_metadata,
			 struct _test_data_driver *self, int file,
			 const struct cs_data *d, __u64 offset)
{
	struct cs_job j = {
		.dev = self->dev, .file = file, .data = d,
		.kind = CS_TCP4, .policy = self->s.policy,
		.flags = self->s.flags, .offset = offset,
		.length = COLDSEND_TO_EOF,
	};

	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
}

/* On a disk that is not slow. */
static void expect_next_works(struct __test_metadata *_metadata,
			      struct _test_data_driver *self)
{
	int file = cs_disk_file(cs_dir(), "faults.bin");

	ASSERT_GE(file, 0);
	expect_works(_metadata, self, file, &data, CS_MIB + 1);
	close(file);
}

/* The result of the dead is there for whoever has the device. */
static void kill_child(struct __test_metadata *_metadata,
		       struct _test_data_driver *self)
{
	struct coldsend_completion c;
	struct cs_states ends;

	ASSERT_EQ(0, cs_states_open(&ends, CS_STATES_ENDED));
	ASSERT_EQ(0, kill(self->child.pid, SIGKILL));
	/* Later, its read may have ended first: the dead don't tell what that sent. */
	if (!(self->s.flags & COLDSEND_F_ASYNC))
		EXPECT_TRUE(cs_wait(was_seen, &ends, SECONDS));
	cs_states_close(&ends);
	EXPECT_EQ(0, cs_disk_resume());
	if (self->s.flags & COLDSEND_F_ASYNC) {
		ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
		EXPECT_EQ(ECANCELED, c.error);
		self->child.outcome->sent = c.sent;
	}
	expect_end(_metadata, self);
}

TEST_F(driver, killed_waiting_for_disk)
{
	start_and_wait_disk(_metadata, self);
	kill_child(_metadata, self);
	/* What was just being read may be sent: it is counted. */
	EXPECT_EQ(self->child.outcome->sent, receive_rest(self));
	expect_next_works(_metadata, self);
}

TEST_F(driver, killed_waiting_for_socket)
{
	__u64 got;

	start_and_wait_socket(_metadata, self);
	kill_child(_metadata, self);
	got = receive_rest(self);
	EXPECT_GT(got, 0);
	EXPECT_LT(got, SIZE);
	if (self->s.flags & COLDSEND_F_ASYNC)
		EXPECT_EQ(self->child.outcome->sent, got);
	expect_next_works(_metadata, self);
}

/* A synchronous call says only the count if there is one, the result both. */
static void expect_error(struct __test_metadata *_metadata,
			 const struct _test_data_driver *self, int one, int other)
{
	int err = self->child.outcome->err;

	if (self->child.outcome->sent && !(self->s.flags & COLDSEND_F_ASYNC)) {
		EXPECT_EQ(0, err);
		return;
	}
	EXPECT_TRUE(err == one || err == other) TH_LOG("%s", strerror(-err));
}

TEST_F(driver, shut_down_waiting_for_disk)
{
	start_and_wait_disk(_metadata, self);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RDWR));
	EXPECT_EQ(0, cs_disk_resume());
	expect_end(_metadata, self);
	EXPECT_EQ(0, self->child.outcome->sent);
	expect_error(_metadata, self, -EPIPE, -EPIPE);
	EXPECT_EQ(0, receive_rest(self));
	expect_next_works(_metadata, self);
}

TEST_F(driver, shut_down_waiting_for_socket)
{
	start_and_wait_socket(_metadata, self);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_RDWR));
	expect_end(_metadata, self);
	EXPECT_GT(self->child.outcome->sent, 0);
	EXPECT_LT(self->child.outcome->sent, SIZE);
	expect_error(_metadata, self, -EPIPE, -EPIPE);
	EXPECT_EQ(self->child.outcome->sent, receive_rest(self));
	expect_next_works(_metadata, self);
}

/* The receiver ends the connection with a RST. */
static void reset(struct __test_metadata *_metadata,
		  struct _test_data_driver *self)
{
	struct linger at_once = { .l_onoff = 1 };

	ASSERT_EQ(0, setsockopt(self->sv[1], SOL_SOCKET, SO_LINGER, &at_once,
				sizeof(at_once)));
	ASSERT_EQ(0, close(self->sv[1]));
	EXPECT_EQ(0, cs_disk_resume());
	expect_end(_metadata, self);
	expect_error(_metadata, self, -ECONNRESET, -EPIPE);
}

TEST_F(driver, reset_waiting_for_disk)
{
	start_and_wait_disk(_metadata, self);
	reset(_metadata, self);
	EXPECT_EQ(0, self->child.outcome->sent);
	expect_next_works(_metadata, self);
}

TEST_F(driver, reset_waiting_for_socket)
{
	start_and_wait_socket(_metadata, self);
	reset(_metadata, self);
	EXPECT_GT(self->child.outcome->sent, 0);
	EXPECT_LT(self->child.outcome->sent, SIZE);
	expect_next_works(_metadata, self);
}

/* Receives while the transfer runs, until it and its child have ended. */
static __u64 receive_all(struct __test_metadata *_metadata,
			 struct _test_data_driver *self)
{
	struct cs_peer p = { .fd = self->sv[1], .data = self->data };

	EXPECT_EQ(0, cs_peer_start(&p));
	EXPECT_TRUE(cs_child_exits(&self->child, SECONDS));
	close(self->sv[0]);
	EXPECT_EQ(0, cs_peer_join(&p)) TH_LOG("no end of the stream");
	EXPECT_EQ(CS_NONE, p.bad);
	EXPECT_EQ(self->child.outcome->sent, p.count);
	return p.count;
}

static int remount_slow(const char *how)
{
	char command[4096];

	snprintf(command, sizeof(command), "mount -o remount,%s %s", how,
		 getenv("CS_SLOW_DIR"));
	return system(command);
}

TEST_F(driver, remounted_read_only)
{
	start_and_wait_socket(_metadata, self);
	EXPECT_EQ(0, remount_slow("ro"));
	EXPECT_EQ(SIZE, receive_all(_metadata, self));
	EXPECT_EQ(0, self->child.outcome->err);
	EXPECT_EQ(0, remount_slow("rw"));
}

/* The disk dies and comes back; the rest goes then. */
TEST_F(driver, disk_dies)
{
	__u64 got;

	close(self->file);
	self->file = cs_disk_file(getenv("CS_SLOW_DIR"), "large.bin");
	self->data = &large;
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	self->s.file_fd = self->file;
	start_and_wait_socket(_metadata, self);
	EXPECT_EQ(0, cs_disk_set("CS_DISK_DEAD"));
	got = receive_all(_metadata, self);
	/* Pages that could not be read ahead are read one by one from now on. */
	EXPECT_EQ(0, cs_disk_set("CS_DISK_FAST"));
	EXPECT_GT(got, 0);
	EXPECT_LT(got, LARGE);
	expect_error(_metadata, self, -EIO, -EIO);
	expect_works(_metadata, self, self->file, self->data, got);
	EXPECT_EQ(0, cs_disk_set("CS_DISK_SLOW"));
}

int main(int argc, char **argv)
{
	struct cs_states states;

	cs_need_device();
	if (!getenv("CS_SLOW_DIR") || !getenv("CS_DISK"))
		ksft_exit_skip("no slow disk: run faults.sh\n");
	if (cs_states_open(&states, CS_STATES_DISK))
		ksft_exit_skip("perf can't count tracepoints here\n");
	cs_states_close(&states);
	return test_harness_run(argc, argv);
}
