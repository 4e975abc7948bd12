// SPDX-License-Identifier: GPL-2.0
/*
 * Dropping: policy drop-behind takes out of the page cache what it brought in,
 * once nobody holds it, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "pages.h"
#include "submit.h"

#define PAGES		2048
#define SIZE		(PAGES * CS_PAGE)
/* Pages that a transfer may leave. */
#define RESIDUE		256
#define COUNT_SECONDS	5
/* What a socket takes at once. */
#define HELD		(128 * CS_KIB)
/* What a slow receiver takes at once, and how long it waits before. */
#define LITTLE		(128 * CS_KIB)
#define PAUSE_US	40000
#define SNDBUF		CS_MIB

static const struct cs_data data = { .seed = 111, .size = SIZE };

FIXTURE(drop)
{
	int dev;
	int file;
	int sv[2];
	struct coldsend_send s;
	unsigned char wanted[PAGES];
};

FIXTURE_SETUP(drop)
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

FIXTURE_TEARDOWN(drop)
{
	close(self->dev);
}

/* The pages of a range go, but for @most. */
static void expect_gone(struct __test_metadata *_metadata, int file,
			__u64 len, long most)
{
	long left = cs_pages_left(file, 0, len, most);

	EXPECT_GE(left, 0);
	EXPECT_LE(left, most);
}

static void transfer(struct __test_metadata *_metadata,
		     struct _test_data_drop *self, enum cs_kind kind,
		     __u64 offset)
{
	struct cs_job j = {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = kind, .policy = COLDSEND_POLICY_DROP_BEHIND,
		.flags = COLDSEND_F_STRICT, .offset = offset,
		.length = COLDSEND_TO_EOF,
	};

	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(COLDSEND_POLICY_DROP_BEHIND, j.s.policy_used);
}

/* What drop-behind counts. */
struct counts {
	long long added;
	long long dropped;
	long long spared;
	long long failed;
};

static struct counts counts_now(void)
{
	return (struct counts) {
		.added = cs_stat("pages_added"),
		.dropped = cs_stat("pages_dropped"),
		.spared = cs_stat("pages_spared"),
		.failed = cs_stat("pages_failed"),
	};
}

/* A page is counted just after it has gone. */
static bool are_counted(void *dropped)
{
	return cs_stat("pages_dropped") >= *(long long *)dropped;
}

TEST_F_TIMEOUT(drop, cold, 120)
{
	struct counts first = counts_now(), before, after;
	long long least;
	int kind;

	for (kind = 0; kind < CS_KINDS; kind++) {
		before = counts_now();
		transfer(_metadata, self, kind, kind * 4097);
		expect_gone(_metadata, self->file, SIZE, RESIDUE);
		least = before.dropped + PAGES - kind - RESIDUE;
		EXPECT_TRUE(cs_wait(are_counted, &least, COUNT_SECONDS));
		EXPECT_EQ(PAGES - kind, cs_stat("pages_added") - before.added);
		ASSERT_EQ(0, cs_drop_cache(self->file));
	}
	after = counts_now();
	EXPECT_LE(after.dropped - first.dropped + after.spared - first.spared,
		  after.added - first.added);
	EXPECT_EQ(first.failed, after.failed);
}

/* How many pages that should be there are not. */
static long missing(int file, const unsigned char *wanted)
{
	static unsigned char now[PAGES];
	long n = 0;
	int i;

	if (cs_pages_map(file, now, PAGES))
		return -1;
	for (i = 0; i < PAGES; i++)
		n += wanted[i] && !now[i];
	return n;
}

static long count(const unsigned char *wanted)
{
	long n = 0;
	int i;

	for (i = 0; i < PAGES; i++)
		n += wanted[i];
	return n;
}

/* Touches of others before the transfer: what was there stays. */
TEST_F(drop, partly_resident)
{
	static const int every[] = { 2, 7, 33, 512 };
	size_t k;
	int i;

	for (k = 0; k < ARRAY_SIZE(every); k++) {
		for (i = 0; i < PAGES; i++)
			self->wanted[i] = i % every[k] < (every[k] + 1) / 2;
		ASSERT_EQ(0, cs_drop_cache(self->file));
		ASSERT_EQ(0, cs_pages_touch(self->file, self->wanted, PAGES));
		transfer(_metadata, self, k % CS_KINDS, 100);
		expect_gone(_metadata, self->file, SIZE,
			    count(self->wanted) + RESIDUE);
		EXPECT_EQ(0, missing(self->file, self->wanted)) {
			TH_LOG("every %d", every[k]);
		}
	}
}

static void read_pages(struct __test_metadata *_metadata,
		       struct _test_data_drop *self, int page)
{
	static char buf[2 * CS_PAGE];

	ASSERT_EQ((ssize_t)sizeof(buf), pread(self->file, buf, sizeof(buf),
					      page * CS_PAGE));
	self->wanted[page] = 1;
	self->wanted[page + 1] = 1;
}

/* Writes the bytes that are there anyway. */
static void write_page(struct __test_metadata *_metadata,
		       struct _test_data_drop *self, int page)
{
	static __u8 buf[CS_PAGE];

	cs_data_fill(&data, page * CS_PAGE, buf, CS_PAGE);
	ASSERT_EQ(CS_PAGE, pwrite(self->file, buf, CS_PAGE, page * CS_PAGE));
	self->wanted[page] = 1;
}

/* Touches of others while pages are held by the socket. */
TEST_F(drop, used_meanwhile)
{
	char *map;
	int page;

	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	read_pages(_metadata, self, 3);
	write_page(_metadata, self, 20);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, self->file, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, madvise(map + 32 * CS_PAGE, 3 * CS_PAGE,
			     MADV_POPULATE_READ));
	for (page = 32; page < 35; page++)
		self->wanted[page] = 1;
	ASSERT_EQ(SIZE, cs_receive(self->sv[1], &data, 0, SIZE));
	expect_gone(_metadata, self->file, SIZE, RESIDUE);
	/* Longer than it takes others to go, they stay. */
	EXPECT_EQ(0, missing(self->file, self->wanted));
	ASSERT_EQ(0, fsync(self->file));
	EXPECT_EQ(0, missing(self->file, self->wanted));
}

/* What was read ahead of a transfer that ended early goes, at the latest with
 * the socket.
 */
TEST_F(drop, stopped)
{
	struct coldsend_completion c;
	int how;

	for (how = 0; how < 3; how++) {
		__u64 id = cs_fill_socket(self->dev, &self->s, self->sv[1]);

		ASSERT_NE(0, id);
		EXPECT_GT(cs_resident(self->file, 0, SIZE), 0);
		if (how == 0)
			ASSERT_EQ(0, cs_cancel(self->dev, id));
		if (how == 1)
			ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
		close(self->sv[how == 2]);
		ASSERT_EQ(0, cs_collect(self->dev, &c, 1, 5));
		close(self->sv[how != 2]);
		expect_gone(_metadata, self->file, SIZE, 2);
		ASSERT_EQ(0, cs_drop_cache(self->file));
		ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
		self->s.sock_fd = self->sv[0];
	}
}

/*
 * An event loop to a slow peer reads what the socket has room for, call by call: what
 * it read beyond that would be evicted before the next one.
 */
TEST_F_TIMEOUT(drop, event_loop, 120)
{
	static unsigned char buffer[LITTLE];
	long long added = cs_stat("pages_added");
	int sv[2], err, cut_short = 0, bytes = SNDBUF;
	__u64 got = 0;

	if (added < 0)
		SKIP(return, "no debugfs with coldsend's counters");
	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	ASSERT_EQ(0, fcntl(sv[0], F_SETFL, O_NONBLOCK));
	/* One that grows may take all of the file in a few calls. */
	ASSERT_EQ(0, setsockopt(sv[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
				sizeof(bytes)));
	self->s.sock_fd = sv[0];
	while (got < SIZE) {
		ssize_t n;

		if (self->s.offset < SIZE) {
			err = cs_send(self->dev, &self->s);
			ASSERT_TRUE(!err || err == -EAGAIN);
			self->s.offset += self->s.sent;
			cut_short += self->s.sent && self->s.offset < SIZE;
		}
		/* Evicted by then is what nobody has use for. */
		usleep(PAUSE_US);
		n = recv(sv[1], buffer, LITTLE, 0);
		ASSERT_GT(n, 0);
		ASSERT_EQ(n, cs_data_check(&data, got, buffer, n));
		got += n;
	}
	added = cs_stat("pages_added") - added;
	TH_LOG("%lld pages read, of %d, %d calls cut short", added, PAGES,
	       cut_short);
	EXPECT_GE(cut_short, 2);
	EXPECT_GE(added, PAGES);
	EXPECT_LE(added, PAGES + PAGES / 4);
	close(sv[0]);
	close(sv[1]);
	expect_gone(_metadata, self->file, SIZE, RESIDUE);
}

static bool has_bytes(void *arg)
{
	return cs_sock_has(*(int *)arg, HELD);
}

TEST_F(drop, killed)
{
	int status;
	pid_t child = fork();

	ASSERT_GE(child, 0);
	if (!child)
		_exit(cs_send(self->dev, &self->s) ? 1 : 0);
	/* Something has been read, and more is read ahead. */
	ASSERT_TRUE(cs_wait(has_bytes, &self->sv[1], 10));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	close(self->sv[0]);
	close(self->sv[1]);
	expect_gone(_metadata, self->file, SIZE, 2);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
