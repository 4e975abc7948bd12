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

#include "child.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "pages.h"
#include "submit.h"

#define PAGES		2048
#define SIZE		(PAGES * CS_PAGE)
/* Pages that a transfer may leave, and seconds in which the others go. */
#define RESIDUE		256
#define GO_SECONDS	5
/* What a socket takes at once. */
#define HELD		(128 * CS_KIB)
#define HELD_PAGES	(HELD / CS_PAGE)
#define HOLD_MS		1500
/* What a slow receiver takes at once, and how long it waits before. */
#define LITTLE		(128 * CS_KIB)
#define PAUSE_US	40000
/* Bytes of a file of holes, between those of its pages that a receiver keeps. */
#define KEPT_EVERY	CS_MIB
#define KEPT_PAGES	512
/* What the module may keep for each of these for longer, in bytes. */
#define KEPT_COST	2048

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

struct rest {
	int file;
	__u64 from;
	__u64 len;
	long most;
	long pages;
};

static bool is_gone(void *arg)
{
	struct rest *r = arg;

	/* What was received may wait on another CPU to be freed. */
	cs_flush_network();
	r->pages = cs_resident(r->file, r->from, r->len);
	return r->pages >= 0 && r->pages <= r->most;
}

/* The pages of a range go, but for @most. */
static void expect_gone(struct __test_metadata *_metadata, int file,
			__u64 from, __u64 len, long most)
{
	struct rest r = { .file = file, .from = from, .len = len, .most = most };

	EXPECT_TRUE(cs_wait(is_gone, &r, GO_SECONDS)) {
		TH_LOG("%ld pages of %llu stay", r.pages, len / CS_PAGE);
	}
}

static void receive(struct __test_metadata *_metadata, int fd, __u64 want)
{
	struct cs_peer p = { .fd = fd, .data = &data, .limit = want };

	ASSERT_EQ(0, cs_peer_start(&p));
	ASSERT_EQ(0, cs_peer_join(&p));
	EXPECT_EQ(CS_NONE, p.bad);
	EXPECT_EQ(want, p.count);
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

TEST_F(drop, cold)
{
	long long added, dropped, spared, failed;
	int kind;

	for (kind = 0; kind < CS_KINDS; kind++) {
		added = cs_stat("pages_added");
		dropped = cs_stat("pages_dropped");
		spared = cs_stat("pages_spared");
		failed = cs_stat("pages_failed");
		transfer(_metadata, self, kind, kind * 4097);
		expect_gone(_metadata, self->file, 0, SIZE, RESIDUE);
		added = cs_stat("pages_added") - added;
		dropped = cs_stat("pages_dropped") - dropped;
		spared = cs_stat("pages_spared") - spared;
		failed = cs_stat("pages_failed") - failed;
		EXPECT_EQ(PAGES - kind, added);
		EXPECT_GE(dropped, added - RESIDUE);
		EXPECT_LE(dropped + spared + failed, added);
		EXPECT_EQ(0, failed);
		ASSERT_EQ(0, cs_drop_cache(self->file));
	}
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
		expect_gone(_metadata, self->file, 0, SIZE,
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
	receive(_metadata, self->sv[1], SIZE);
	expect_gone(_metadata, self->file, 0, SIZE, RESIDUE);
	/* Longer than it takes others to go, they stay. */
	EXPECT_EQ(0, missing(self->file, self->wanted));
	ASSERT_EQ(0, fsync(self->file));
	EXPECT_EQ(0, missing(self->file, self->wanted));
}

static bool has_left(void *arg)
{
	struct rest *r = arg;

	return cs_resident(r->file, r->from, r->len) < r->most;
}

/* Sends a little that its receiver leaves in the socket. */
static void hold(struct __test_metadata *_metadata, struct coldsend_send *s,
		 int dev)
{
	s->length = HELD;
	ASSERT_EQ(0, cs_send(dev, s));
	ASSERT_EQ(HELD, s->sent);
}

TEST_F(drop, held)
{
	struct rest r = { .file = self->file, .len = HELD, .most = HELD_PAGES };

	hold(_metadata, &self->s, self->dev);
	EXPECT_FALSE(cs_wait(has_left, &r, HOLD_MS / 1000)) {
		TH_LOG("pages went that the socket holds");
	}
	receive(_metadata, self->sv[1], HELD);
	expect_gone(_metadata, self->file, 0, HELD, 0);
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

/* A page that is kept may be of a larger piece of the page cache. */
static bool little_is_there(void *arg)
{
	const long all = KEPT_PAGES * KEPT_EVERY / CS_PAGE;

	return cs_resident(*(int *)arg, 0, KEPT_PAGES * KEPT_EVERY) <= all / 8;
}

/* Who keeps a page of each MiB keeps these, and not much else of the kernel's. */
TEST_F_TIMEOUT(drop, kept_pages_cost_no_more, 120)
{
	int i, p[2], room = 2 * KEPT_EVERY;
	struct cs_child child;
	struct slab slab;

	if (cs_memory_is_padded())
		SKIP(return, "this kernel pads what it allocates");
	ASSERT_EQ(0, ftruncate(self->file, 0));
	ASSERT_EQ(0, ftruncate(self->file, KEPT_PAGES * KEPT_EVERY));
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
	EXPECT_EQ(KEPT_PAGES * KEPT_EVERY, child.outcome->sent);
	EXPECT_TRUE(cs_wait(slab_is_small, &slab, GO_SECONDS)) {
		TH_LOG("%lld bytes more for %d pages", slab.more, KEPT_PAGES);
	}
	EXPECT_GE(cs_resident(self->file, 0, KEPT_PAGES * KEPT_EVERY),
		  KEPT_PAGES);
	EXPECT_TRUE(cs_wait(little_is_there, &self->file, GO_SECONDS)) {
		TH_LOG("%ld pages", cs_resident(self->file, 0,
						KEPT_PAGES * KEPT_EVERY));
	}
	close(p[0]);
	close(p[1]);
	expect_gone(_metadata, self->file, 0, KEPT_PAGES * KEPT_EVERY, 0);
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
		expect_gone(_metadata, self->file, 0, SIZE, 2);
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
	int sv[2], err, cut_short = 0;
	__u64 got = 0;

	if (added < 0)
		SKIP(return, "no debugfs with coldsend's counters");
	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	ASSERT_EQ(0, fcntl(sv[0], F_SETFL, O_NONBLOCK));
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
	expect_gone(_metadata, self->file, 0, SIZE, RESIDUE);
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
	expect_gone(_metadata, self->file, 0, SIZE, 2);
}

/* The file is cut, or loses some of its pages, while the socket holds them. */
TEST_F(drop, cut_while_held)
{
	hold(_metadata, &self->s, self->dev);
	ASSERT_EQ(0, ftruncate(self->file, 0));
	receive(_metadata, self->sv[1], HELD);
	ASSERT_EQ(0, cs_data_write(self->file, &data));
}

TEST_F(drop, unlinked_while_held)
{
	hold(_metadata, &self->s, self->dev);
	close(self->file);
	receive(_metadata, self->sv[1], HELD);
}

/* The first page is gone; the others are still the transfer's to drop. */
TEST_F(drop, hole_while_held)
{
	hold(_metadata, &self->s, self->dev);
	ASSERT_EQ(0, fallocate(self->file, FALLOC_FL_PUNCH_HOLE |
			       FALLOC_FL_KEEP_SIZE, 0, CS_PAGE));
	receive(_metadata, self->sv[1], HELD);
	expect_gone(_metadata, self->file, CS_PAGE, HELD - CS_PAGE, 0);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
