// SPDX-License-Identifier: GPL-2.0
/*
 * Reading ahead: for an event loop that comes back soon where its last SEND ended,
 * the disk works meanwhile, and reads no byte twice.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "loop.h"
#include "pages.h"

#define SIZE		(16 * CS_MIB + 1)
/* Not aligned. */
#define PART		(300 * CS_KIB + 1)
#define LITTLE		2048
#define SNDBUF		CS_MIB
#define RCVBUF		(128 * CS_KIB)
#define LOOP_SECONDS	60
/* Two parts in so long: the second goes on where the first has ended just now. */
#define TWICE_MS	500
#define QUIET_MS	200
#define SOON_MS		800
#define POLL_MS		10

static const struct cs_data data = { .seed = 91, .size = SIZE };
static int unchanged;

#include "loop-fixture.h"

/* As long as reads take, and less than for whom nothing is read ahead. */
static void let_disk_work(int file)
{
	int ms;

	usleep(QUIET_MS * 1000);
	for (ms = QUIET_MS; ms < SOON_MS && cs_pages_in_flight(file); ms += POLL_MS)
		usleep(POLL_MS * 1000);
}

static bool is_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

/* Receives until an event loop would be told that there is room: 0 or -errno. */
static int make_room(struct cs_loop *loop)
{
	int err = 0;

	while (!err && loop->got < loop->sent && !is_writable(loop->sv[0]))
		err = cs_loop_receive(loop);
	return err;
}

/*
 * One that grows has room for more than it had when this was read ahead; of the peer,
 * it makes room in larger steps.
 */
static int fix_buffers(const int sv[2])
{
	int sndbuf = SNDBUF, rcvbuf = RCVBUF;

	if (setsockopt(sv[0], SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)) ||
	    setsockopt(sv[1], SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf)))
		return -errno;
	return 0;
}

/*
 * For a peer that keeps up, the disk works while the socket is full: an event
 * loop finds there what the socket has room for, once it is known as one.
 */
TEST_F_TIMEOUT(loop, reads_on, LOOP_SECONDS)
{
	struct cs_loop *loop = &self->loop;
	long long start = cs_now_ms(), waited;
	int calls = 0, waits = 0;

	ASSERT_EQ(0, fix_buffers(loop->sv));
	ASSERT_EQ(0, cs_loop_fill(loop));
	while (loop->sent < SIZE) {
		ASSERT_EQ(0, make_room(loop));
		let_disk_work(loop->file);
		waited = cs_stat("disk_wait_ns");
		ASSERT_EQ(0, cs_loop_send(loop, COLDSEND_TO_EOF));
		calls++;
		waits += cs_stat("disk_wait_ns") > waited;
		ASSERT_LT(cs_now_ms() - start, LOOP_SECONDS * 1000);
	}
	TH_LOG("%d calls, %d of them waited for the disk", calls, waits);
	EXPECT_GT(calls, 4);
	EXPECT_LE(waits, 2 + calls / 4);
	ASSERT_EQ(0, cs_loop_receive_all(loop));
}

/* Sends a part, and receives it: whether it waited for the disk, or -errno. */
static int pass_on(struct cs_loop *loop, __u64 length)
{
	long long waited = cs_stat("disk_wait_ns");
	int err = cs_loop_send(loop, length);
	int waits = cs_stat("disk_wait_ns") > waited;

	if (!err)
		err = cs_loop_receive_all(loop);
	return err ? err : waits;
}

/*
 * The disk also works ahead of who asks for a part at a time.  What was read for
 * the next one is sent, however much that asks for.
 */
TEST_F(loop, in_parts)
{
	struct cs_loop *loop = &self->loop;
	long long disk = cs_stat("disk_bytes");
	__u64 seed = cs_seed(), state = seed;
	int calls, waits = 0, result;

	while (loop->sent < SIZE / 2) {
		result = pass_on(loop, PART);
		ASSERT_GE(result, 0);
		waits += result;
		let_disk_work(loop->file);
	}
	calls = loop->calls;
	while (loop->sent < SIZE)
		ASSERT_GE(pass_on(loop, 1 + cs_pick(&state, 2 * PART)), 0);
	disk = cs_stat("disk_bytes") - disk;
	TH_LOG("seed %llu, %d calls, %d of them waited for the disk, %lld bytes off it",
	       (unsigned long long)seed, calls, waits, disk);
	EXPECT_GT(calls, 16);
	EXPECT_LE(waits, 2 + calls / 4);
	EXPECT_LE(disk, (long long)(SIZE + SIZE / 20));
}

/* Sends two parts: whether the second came soon after the first, or -errno. */
static int pass_on_twice(struct cs_loop *loop)
{
	long long start = cs_now_ms();
	int result = pass_on(loop, PART);

	if (result >= 0)
		result = pass_on(loop, PART);
	return result < 0 ? result : cs_now_ms() - start < TWICE_MS;
}

/*
 * A send buffer counts bytes, and must not hold much more than that: of what was
 * read for more, a little is copied.
 */
TEST_F(loop, little_of_much)
{
	struct cs_loop *loop = &self->loop;
	struct coldsend_send s;
	int i, soon = 0;

	/* Only for who came back soon was more read. */
	for (i = 0; i < 4 || (!soon && loop->sent < SIZE / 2); i++) {
		soon = pass_on_twice(loop);
		ASSERT_GE(soon, 0);
	}
	cs_send_init(&s, loop->file, loop->sv[0], loop->sent, LITTLE, loop->policy);
	ASSERT_EQ(0, cs_send(loop->dev, &s));
	EXPECT_EQ(LITTLE, s.sent);
	EXPECT_EQ(LITTLE, s.bytes_copied);
	loop->sent += s.sent;
	while (loop->sent < SIZE)
		ASSERT_GE(pass_on(loop, PART), 0);
}

int main(int argc, char **argv)
{
	cs_need_device();
	unchanged = cs_loop_file(&data);
	return test_harness_run(argc, argv);
}
