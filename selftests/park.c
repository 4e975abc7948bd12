// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: an event loop that calls SEND on a non-blocking socket again and
 * again reads each byte of the disk once, and sends what the file holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

#define SIZE		(16 * CS_MIB + 1)
#define STEP		(64 * CS_KIB)
/* Not aligned. */
#define PART		(300 * CS_KIB + 1)
#define LITTLE		2048
#define SNDBUF		CS_MIB
#define RCVBUF		(128 * CS_KIB)
/* Of a file that was changed so many seconds ago nothing is parked. */
#define FRESH_SECONDS	3
#define LOOP_SECONDS	60
/* Sockets, with what each reads ahead more than what all may park. */
#define CROWD		32
#define CROWD_POOL	"--pool-max 4M --segment-size 64K"
#define CROWD_PARKS	((long long)CS_MIB)
#define TAKEN		CS_MIB
#define EMPTY_SECONDS	9
/* Less than what is parked stays. */
#define LEAVE_MS	4000
/* Two parts in so long: the second goes on where the first has ended just now. */
#define TWICE_MS	500
#define QUIET_MS	200
#define SOON_MS		800
#define POLL_MS		10

static const struct cs_data data = { .seed = 91, .size = SIZE };
static const struct cs_data other = { .seed = 92, .size = SIZE };
static unsigned char buffer[STEP];
/* What the tests share that only read it. */
static int unchanged;

FIXTURE(park) {
	int dev;
	int file;
	int sv[2];
	__u64 sent;
	__u64 got;
	int calls;
};

FIXTURE_VARIANT(park) {
	__u32 policy;
};

FIXTURE_VARIANT_ADD(park, direct) {
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(park, hybrid) {
	.policy = COLDSEND_POLICY_HYBRID,
};

static bool is_old(void *arg)
{
	struct stat st;

	return !fstat(*(int *)arg, &st) &&
	       time(NULL) >= st.st_ctime + FRESH_SECONDS;
}

/* A file that is as it is for long; of one that is open for writing nothing is parked. */
static int make_file(void)
{
	int writer = cs_data_create(cs_dir(), &data);
	int file = writer < 0 ? writer : cs_reopen(writer, O_RDONLY);

	close(writer);
	if (file >= 0)
		cs_wait(is_old, &file, FRESH_SECONDS + 1);
	return file;
}

FIXTURE_SETUP(park)
{
	self->dev = cs_open();
	self->file = cs_reopen(unchanged, O_RDONLY);
	ASSERT_GE(self->dev, 0);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	ASSERT_EQ(0, fcntl(self->sv[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, fcntl(self->sv[1], F_SETFL, O_NONBLOCK));
	if (cs_stat("disk_bytes") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
}

FIXTURE_TEARDOWN(park)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->file);
	close(self->dev);
}

/* One call, from where the last one ended: 0 or -errno. */
static int send_part(FIXTURE_DATA(park) *self, __u32 policy, __u64 length)
{
	struct coldsend_send s;
	int err;

	if (self->sent == SIZE)
		return 0;
	cs_send_init(&s, self->file, self->sv[0], self->sent, length, policy);
	err = cs_send(self->dev, &s);
	self->sent += s.sent;
	self->calls++;
	return err == -EAGAIN ? 0 : err;
}

static int send_on(FIXTURE_DATA(park) *self, __u32 policy)
{
	return send_part(self, policy, COLDSEND_TO_EOF);
}

/* Receives a little: 0, or -errno, -EBADMSG for a byte that is wrong. */
static int receive_some(FIXTURE_DATA(park) *self, const struct cs_data *expected)
{
	ssize_t n = recv(self->sv[1], buffer, STEP, 0);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (cs_data_check(expected, self->got, buffer, n) != (size_t)n)
		return -EBADMSG;
	self->got += n;
	return 0;
}

/* Sends all of it by and by.  Return: bytes off the disk, or -errno. */
static long long send_all(FIXTURE_DATA(park) *self, __u32 policy)
{
	long long disk = cs_stat("disk_bytes"), start = cs_now_ms();
	int err = 0;

	while (!err && self->got < SIZE) {
		err = send_on(self, policy);
		if (!err)
			err = receive_some(self, &data);
		if (cs_now_ms() - start > LOOP_SECONDS * 1000)
			err = -ETIMEDOUT;
	}
	return err ? err : cs_stat("disk_bytes") - disk;
}

/* Each byte comes off the disk once, but for alignment. */
TEST_F(park, reads_once)
{
	long long disk = send_all(self, variant->policy);

	TH_LOG("%d calls, %lld bytes off the disk", self->calls, disk);
	EXPECT_GT(self->calls, 16);
	EXPECT_GE(disk, SIZE);
	EXPECT_LE(disk, SIZE + SIZE / 20);
}

/* What a writer is about to change is read again. */
TEST_F(park, not_while_open_for_writing)
{
	int writer = cs_reopen(self->file, O_WRONLY);
	long long disk;

	ASSERT_GE(writer, 0);
	disk = send_all(self, variant->policy);
	close(writer);
	TH_LOG("%d calls, %lld bytes off the disk", self->calls, disk);
	EXPECT_GT(disk, SIZE + SIZE / 20);
}

/* Sends until the socket is full: bytes are left over, and parked. */
static int fill(FIXTURE_DATA(park) *self, __u32 policy)
{
	__u64 before;
	int err;

	do {
		before = self->sent;
		err = send_on(self, policy);
	} while (!err && self->sent > before);
	return err;
}

/* What was parked is of no use once the file has other content. */
TEST_F(park, not_after_a_write)
{
	long long start = cs_now_ms();
	__u64 seam;
	int writer;

	close(self->file);
	self->file = make_file();
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, fill(self, variant->policy));
	seam = self->sent;
	ASSERT_GT(seam, 0);
	ASSERT_LT(seam, SIZE);
	writer = cs_reopen(self->file, O_RDWR);
	ASSERT_GE(writer, 0);
	ASSERT_EQ(0, cs_data_write(writer, &other));
	close(writer);
	while (self->got < SIZE) {
		ASSERT_EQ(0, receive_some(self, self->got < seam ? &data :
								   &other));
		/* Not across the seam in one piece: all of the old first. */
		if (self->got == seam)
			seam = 0;
		if (!seam)
			ASSERT_EQ(0, send_on(self, variant->policy));
		ASSERT_LT(cs_now_ms() - start, LOOP_SECONDS * 1000);
	}
}

/* Reads that the disk of a file has not ended: 0 too if nobody counts them. */
static unsigned int reads_in_flight(int file)
{
	unsigned int reads = 0;
	struct stat st;
	char path[64];
	FILE *f;

	if (fstat(file, &st))
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/inflight",
		 major(st.st_dev), minor(st.st_dev));
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%u", &reads) != 1)
		reads = 0;
	fclose(f);
	return reads;
}

/* As long as reads take, and less than for whom nothing is read ahead. */
static void let_disk_work(int file)
{
	int ms;

	usleep(QUIET_MS * 1000);
	for (ms = QUIET_MS; ms < SOON_MS && reads_in_flight(file); ms += POLL_MS)
		usleep(POLL_MS * 1000);
}

static bool is_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

/* Receives until an event loop would be told that there is room: 0 or -errno. */
static int make_room(FIXTURE_DATA(park) *self)
{
	int err = 0;

	while (!err && self->got < self->sent && !is_writable(self->sv[0]))
		err = receive_some(self, &data);
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
TEST_F_TIMEOUT(park, reads_on, LOOP_SECONDS)
{
	long long start = cs_now_ms(), waited;
	int calls = 0, waits = 0;

	ASSERT_EQ(0, fix_buffers(self->sv));
	ASSERT_EQ(0, fill(self, variant->policy));
	while (self->sent < SIZE) {
		ASSERT_EQ(0, make_room(self));
		let_disk_work(self->file);
		waited = cs_stat("disk_wait_ns");
		ASSERT_EQ(0, send_on(self, variant->policy));
		calls++;
		waits += cs_stat("disk_wait_ns") > waited;
		ASSERT_LT(cs_now_ms() - start, LOOP_SECONDS * 1000);
	}
	TH_LOG("%d calls, %d of them waited for the disk", calls, waits);
	EXPECT_GT(calls, 4);
	EXPECT_LE(waits, 2 + calls / 4);
	while (self->got < SIZE)
		ASSERT_EQ(0, receive_some(self, &data));
}

/* Sends a part, and receives it: whether it waited for the disk, or -errno. */
static int pass_on(FIXTURE_DATA(park) *self, __u32 policy, __u64 length)
{
	long long waited = cs_stat("disk_wait_ns");
	int err = send_part(self, policy, length);
	int waits = cs_stat("disk_wait_ns") > waited;

	while (!err && self->got < self->sent)
		err = receive_some(self, &data);
	return err ? err : waits;
}

/*
 * The disk also works ahead of who asks for a part at a time.  What was read for
 * the next one is sent, however much that asks for.
 */
TEST_F(park, in_parts)
{
	long long disk = cs_stat("disk_bytes");
	__u64 seed = cs_seed(), state = seed;
	int calls, waits = 0, result;

	while (self->sent < SIZE / 2) {
		result = pass_on(self, variant->policy, PART);
		ASSERT_GE(result, 0);
		waits += result;
		let_disk_work(self->file);
	}
	calls = self->calls;
	while (self->sent < SIZE)
		ASSERT_GE(pass_on(self, variant->policy,
				  1 + cs_pick(&state, 2 * PART)), 0);
	disk = cs_stat("disk_bytes") - disk;
	TH_LOG("seed %llu, %d calls, %d of them waited for the disk, %lld bytes off it",
	       (unsigned long long)seed, calls, waits, disk);
	EXPECT_GT(calls, 16);
	EXPECT_LE(waits, 2 + calls / 4);
	EXPECT_LE(disk, (long long)(SIZE + SIZE / 20));
}

/* Sends two parts: whether the second came soon after the first, or -errno. */
static int pass_on_twice(FIXTURE_DATA(park) *self, __u32 policy)
{
	long long start = cs_now_ms();
	int result = pass_on(self, policy, PART);

	if (result >= 0)
		result = pass_on(self, policy, PART);
	return result < 0 ? result : cs_now_ms() - start < TWICE_MS;
}

/*
 * A send buffer counts bytes, and must not hold much more than that: of what was
 * read for more, a little is copied.
 */
TEST_F(park, little_of_much)
{
	struct coldsend_send s;
	int i, soon = 0;

	/* Only for who came back soon was more read. */
	for (i = 0; i < 4 || (!soon && self->sent < SIZE / 2); i++) {
		soon = pass_on_twice(self, variant->policy);
		ASSERT_GE(soon, 0);
	}
	cs_send_init(&s, self->file, self->sv[0], self->sent, LITTLE,
		     variant->policy);
	ASSERT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(LITTLE, s.sent);
	EXPECT_EQ(LITTLE, s.bytes_copied);
	self->sent += s.sent;
	while (self->sent < SIZE)
		ASSERT_GE(pass_on(self, variant->policy, PART), 0);
}

/*
 * The close of the device gives the memory back: idle segments go after two
 * seconds, what is parked would have stayed for ten more.
 */
TEST_F(park, not_after_the_close)
{
	ASSERT_EQ(0, fill(self, variant->policy));
	EXPECT_GT(cs_stat("pool_bytes"), 0);
	close(self->dev);
	EXPECT_TRUE(cs_pool_empties(EMPTY_SECONDS));
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	while (self->got < self->sent)
		ASSERT_EQ(0, receive_some(self, &data));
}

/* One more non-blocking socket; full, as far as the file goes. */
static int fill_another(FIXTURE_DATA(park) *self, __u32 policy)
{
	int err = cs_pair_small(CS_TCP4, self->sv);

	if (err)
		return err;
	if (fcntl(self->sv[0], F_SETFL, O_NONBLOCK) ||
	    fcntl(self->sv[1], F_SETFL, O_NONBLOCK))
		return -errno;
	return fill(self, policy);
}

static int take_some(FIXTURE_DATA(park) *self, __u32 policy)
{
	long long start = cs_now_ms();
	int err = 0;

	while (!err && self->got < TAKEN) {
		err = receive_some(self, &data) ?: send_on(self, policy);
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

/* No more than a quarter of the pool is parked; whose is not there reads again. */
TEST_F_TIMEOUT(park, oldest_leave, LOOP_SECONDS)
{
	long long disk = cs_stat("disk_bytes"), sent = 0, used;
	struct _test_data_park flows[CROWD];
	struct cs_tunables tunables;
	int i;

	ASSERT_EQ(0, cs_tunables_get(&tunables));
	ASSERT_EQ(0, cs_tunables_set(CROWD_POOL));
	for (i = 0; i < CROWD; i++) {
		flows[i] = *self;
		ASSERT_EQ(0, fill_another(&flows[i], variant->policy));
		sent += flows[i].sent;
	}
	used = parked_bytes();
	disk = cs_stat("disk_bytes") - disk;
	TH_LOG("read %lld bytes, sent %lld, parked %lld", disk, sent, used);
	EXPECT_GT(used, 0);
	EXPECT_LE(used, CROWD_PARKS);
	EXPECT_GT(disk - sent, CROWD_PARKS);
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, take_some(&flows[i], variant->policy));
		close(flows[i].sv[0]);
		close(flows[i].sv[1]);
	}
	EXPECT_EQ(0, cs_tunables_restore(&tunables));
}

int main(int argc, char **argv)
{
	cs_need_device();
	unchanged = make_file();
	return test_harness_run(argc, argv);
}
