// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: an event loop that calls SEND on a non-blocking socket again and
 * again reads each byte of the disk once, and sends what the file holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "loop.h"
#include "submit.h"
#include "tunables.h"

#define SIZE		(16 * CS_MIB + 1)
#define LOOP_SECONDS	60
/* Sockets, with what each reads ahead more than what all may park. */
#define CROWD		32
#define CROWD_POOL	"--pool-max 2M --segment-size 64K"
#define CROWD_PARKS	((long long)CS_MIB)
#define TAKEN		CS_MIB
#define EMPTY_SECONDS	9
/* Less than what is parked stays. */
#define LEAVE_MS	4000

static const struct cs_data data = { .seed = 91, .size = SIZE };
static const struct cs_data other = { .seed = 92, .size = SIZE };
/* What the tests share that only read it. */
static int unchanged;

#include "loop-fixture.h"

/* Sends all of it by and by.  Return: bytes off the disk, or -errno. */
static long long send_all(struct cs_loop *loop)
{
	long long disk = cs_stat("disk_bytes"), start = cs_now_ms();
	int err = 0;

	while (!err && loop->got < SIZE) {
		err = cs_loop_send(loop, COLDSEND_TO_EOF);
		if (!err)
			err = cs_loop_receive(loop);
		if (cs_now_ms() - start > LOOP_SECONDS * 1000)
			err = -ETIMEDOUT;
	}
	return err ? err : cs_stat("disk_bytes") - disk;
}

/* Each byte comes off the disk once, but for alignment. */
TEST_F(loop, reads_once)
{
	long long disk = send_all(&self->loop);

	TH_LOG("%d calls, %lld bytes off the disk", self->loop.calls, disk);
	EXPECT_GT(self->loop.calls, 16);
	EXPECT_GE(disk, SIZE);
	EXPECT_LE(disk, SIZE + SIZE / 20);
}

/* What a writer is about to change is read again. */
TEST_F(loop, not_while_open_for_writing)
{
	int writer = cs_reopen(self->loop.file, O_WRONLY);
	long long disk;

	ASSERT_GE(writer, 0);
	disk = send_all(&self->loop);
	close(writer);
	TH_LOG("%d calls, %lld bytes off the disk", self->loop.calls, disk);
	EXPECT_GT(disk, SIZE + SIZE / 20);
}

/* What was parked is of no use once the file has other content. */
TEST_F(loop, not_after_a_write)
{
	struct cs_loop *loop = &self->loop;
	long long start = cs_now_ms();
	__u64 seam;
	int writer;

	close(loop->file);
	loop->file = cs_loop_file(&data);
	ASSERT_EQ(0, cs_drop_cache(loop->file));
	ASSERT_EQ(0, cs_loop_fill(loop));
	seam = loop->sent;
	ASSERT_GT(seam, 0);
	ASSERT_LT(seam, SIZE);
	writer = cs_reopen(loop->file, O_RDWR);
	ASSERT_GE(writer, 0);
	ASSERT_EQ(0, cs_data_write(writer, &other));
	close(writer);
	/* Not across the seam in one piece: all of the old first. */
	ASSERT_EQ(0, cs_loop_receive_all(loop));
	loop->data = &other;
	while (loop->got < SIZE) {
		ASSERT_EQ(0, cs_loop_send(loop, COLDSEND_TO_EOF));
		ASSERT_EQ(0, cs_loop_receive(loop));
		ASSERT_LT(cs_now_ms() - start, LOOP_SECONDS * 1000);
	}
}

/*
 * The close of the device gives the memory back: idle segments go after two
 * seconds, what is parked would have stayed for ten more.
 */
TEST_F(loop, not_after_the_close)
{
	ASSERT_EQ(0, cs_loop_fill(&self->loop));
	EXPECT_GT(cs_stat("pool_bytes"), 0);
	close(self->loop.dev);
	EXPECT_TRUE(cs_pool_empties(EMPTY_SECONDS));
	self->loop.dev = cs_open();
	ASSERT_GE(self->loop.dev, 0);
	ASSERT_EQ(0, cs_loop_receive_all(&self->loop));
}

static int take_some(struct cs_loop *loop)
{
	long long start = cs_now_ms();
	int err = 0;

	while (!err && loop->got < TAKEN) {
		err = cs_loop_receive(loop) ?: cs_loop_send(loop, COLDSEND_TO_EOF);
		if (cs_now_ms() - start > LOOP_SECONDS * 1000)
			err = -ETIMEDOUT;
	}
	return err;
}

/*
 * Bytes that are parked, once those have left which are too many: what is still being
 * read then stays until the next look, once a second, after the disk is done.
 */
static long long parked_bytes(void)
{
	long long start = cs_now_ms();
	long long used = cs_pool_stat("bytes_used");

	/* However slow the machine is: later, all that is parked would leave. */
	while (used > CROWD_PARKS && cs_now_ms() - start < LEAVE_MS) {
		cs_nap();
		used = cs_pool_stat("bytes_used");
	}
	return used;
}

/* No more than half of the pool is parked; whose is not there reads again. */
TEST_F_TIMEOUT(loop, oldest_leave, LOOP_SECONDS)
{
	long long disk = cs_stat("disk_bytes"), sent = 0, used;
	struct cs_tunables tunables;
	struct cs_loop loops[CROWD];
	int i;

	ASSERT_EQ(0, cs_tunables_get(&tunables));
	ASSERT_EQ(0, cs_tunables_set(CROWD_POOL));
	for (i = 0; i < CROWD; i++) {
		loops[i] = self->loop;
		ASSERT_EQ(0, cs_loop_connect(&loops[i], true));
		ASSERT_EQ(0, cs_loop_fill(&loops[i]));
		sent += loops[i].sent;
	}
	used = parked_bytes();
	disk = cs_stat("disk_bytes") - disk;
	TH_LOG("read %lld bytes, sent %lld, parked %lld", disk, sent, used);
	EXPECT_GT(used, 0);
	EXPECT_LE(used, CROWD_PARKS);
	EXPECT_GT(disk - sent, CROWD_PARKS);
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, take_some(&loops[i]));
		close(loops[i].sv[0]);
		close(loops[i].sv[1]);
	}
	EXPECT_EQ(0, cs_tunables_restore(&tunables));
}

int main(int argc, char **argv)
{
	cs_need_device();
	unchanged = cs_loop_file(&data);
	return test_harness_run(argc, argv);
}
