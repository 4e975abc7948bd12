// SPDX-License-Identifier: GPL-2.0
/*
 * Hybrid: all patterns of pages present and missing travel byte-exact, what is
 * present in long runs is not read again, and the page cache stays as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "pages.h"

#define PAGES		1025
#define SIZE		((PAGES - 1) * CS_PAGE + 100)
/* Pages in a row that hybrid must not read from the disk. */
#define RUN		16
/*
 * A receiver that stands still for 50 ms has a transfer let go of its pages, and gather
 * them again in smaller pieces; some of these are read.
 */
#define STILL_NS	40000000
#define TRIES		3

static const struct cs_data data = { .seed = 101, .size = SIZE };

/**
 * struct pattern - which pages are there
 * @name: of it
 * @from: first page
 * @to: first page after
 * @run: pages in a row
 * @every: pages from one run's start to the next's
 */
struct pattern {
	const char *name;
	int from;
	int to;
	int run;
	int every;
};

static const struct pattern patterns[] = {
	{ "none", 0, 0, 1, 1 },
	{ "all", 0, PAGES, 1, 1 },
	{ "every 2nd", 0, PAGES, 1, 2 },
	{ "every 7th", 3, PAGES, 1, 7 },
	{ "15 of 32", 0, PAGES, 15, 32 },
	{ "16 of 32", 0, PAGES, 16, 32 },
	{ "16 of 64, shifted", 5, PAGES, 16, 64 },
	{ "16 of 17", 1, PAGES, 16, 17 },
	{ "64 of 128", 0, PAGES, 64, 128 },
	{ "64 of 128, later", 64, PAGES, 64, 128 },
	{ "64 of 100", 37, PAGES, 64, 100 },
	{ "head", 0, 100, 1, 1 },
	{ "first page", 0, 1, 1, 1 },
	{ "tail", PAGES - 100, PAGES, 1, 1 },
	{ "last page", PAGES - 1, PAGES, 1, 1 },
	{ "all but the first", 1, PAGES, 1, 1 },
	{ "all but the last", 0, PAGES - 1, 1, 1 },
	{ "300 in the middle", 333, 633, 1, 1 },
};

/* The pattern of all pages, and a time in the past. */
#define ALL		1
#define LONG_AGO	1000

static const struct {
	__u64 offset;
	__u64 length;
} ranges[] = {
	{ 0, COLDSEND_TO_EOF },
	{ 1, COLDSEND_TO_EOF },
	{ 5 * CS_PAGE + 777, 3 * CS_MIB + 5 },
	{ 40 * CS_PAGE, CS_MIB },
	{ SIZE - 300001, 200000 },
};

FIXTURE(hybrid)
{
	int dev;
	int file;
	unsigned char wanted[PAGES];
};

FIXTURE_SETUP(hybrid)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
}

FIXTURE_TEARDOWN(hybrid)
{
	close(self->dev);
}

static void draw(const struct pattern *p, unsigned char *wanted)
{
	int i;

	for (i = 0; i < PAGES; i++)
		wanted[i] = i >= p->from && i < p->to &&
			    (i - p->from) % p->every < p->run;
}

static void transfer(struct __test_metadata *_metadata, struct cs_job *j)
{
	EXPECT_EQ(0, cs_job_run(j));
	EXPECT_EQ(0, cs_job_verify(j)) TH_LOG("%s", j->why);
	EXPECT_EQ(COLDSEND_POLICY_HYBRID, j->s.policy_used);
	EXPECT_EQ(j->s.sent, j->s.bytes_cached + j->s.bytes_direct);
}

static struct cs_job job_of(const struct _test_data_hybrid *self, size_t range)
{
	return (struct cs_job) {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = range % CS_KINDS, .policy = COLDSEND_POLICY_HYBRID,
		.flags = COLDSEND_F_STRICT, .offset = ranges[range].offset,
		.length = ranges[range].length,
	};
}

/* Bytes of the range whose pages are there, in runs of at least @min pages. */
static __u64 bytes_there(const unsigned char *wanted, const struct cs_job *j,
			 int min)
{
	__u64 end = j->offset + j->s.sent;
	__u64 bytes = 0;
	int first, i;

	for (i = 0; i < PAGES; i++) {
		__u64 from, to;

		if (!wanted[i])
			continue;
		for (first = i; i < PAGES && wanted[i]; i++)
			;
		from = first * CS_PAGE;
		to = i * (__u64)CS_PAGE;
		from = from > j->offset ? from : j->offset;
		to = to < end ? to : end;
		if (from < to && to - from > (__u64)(min - 1) * CS_PAGE)
			bytes += to - from;
	}
	return bytes;
}

/* Transfers: whether it read what is there, and that may be its receiver's fault. */
static bool is_disturbed(struct __test_metadata *_metadata,
			 const struct _test_data_hybrid *self, struct cs_job *j)
{
	long long waited = cs_stat("socket_wait_ns");

	transfer(_metadata, j);
	waited = cs_stat("socket_wait_ns") - waited;
	return waited >= STILL_NS &&
	       j->s.bytes_cached < bytes_there(self->wanted, j, RUN);
}

/* Nothing that is not there, and all of what is there in long runs. */
static void check_counts(struct __test_metadata *_metadata,
			 const unsigned char *wanted, const struct cs_job *j,
			 const struct pattern *p)
{
	__u64 least = bytes_there(wanted, j, RUN);
	__u64 most = bytes_there(wanted, j, 1);

	EXPECT_TRUE(j->s.bytes_cached >= least && j->s.bytes_cached <= most) {
		TH_LOG("%s, offset %llu length %lld: %llu cached, not %llu - %llu",
		       p->name, j->offset, j->length, j->s.bytes_cached, least,
		       most);
	}
}

static void one_pattern(struct __test_metadata *_metadata,
			struct _test_data_hybrid *self,
			const struct pattern *p)
{
	struct cs_job j;
	int tries;
	size_t i;

	draw(p, self->wanted);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pages_touch(self->file, self->wanted, PAGES));
	ASSERT_EQ(0, cs_pages_differ(self->file, self->wanted, PAGES));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		j = job_of(self, i);
		tries = TRIES;
		while (is_disturbed(_metadata, self, &j) && --tries)
			;
		check_counts(_metadata, self->wanted, &j, p);
		EXPECT_EQ(0, cs_pages_differ(self->file, self->wanted, PAGES)) {
			TH_LOG("%s, range %zu: page cache", p->name, i);
		}
	}
}

TEST_F_TIMEOUT(hybrid, patterns, 240)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		one_pattern(_metadata, self, &patterns[i]);
}

/* A file that nothing has to be read of was accessed all the same. */
TEST_F(hybrid, access_time)
{
	static const struct timespec times[] = {
		{ .tv_sec = LONG_AGO }, { .tv_nsec = UTIME_NOW },
	};
	struct cs_job j = job_of(self, 0);
	int tries = TRIES;
	struct stat st;

	draw(&patterns[ALL], self->wanted);
	ASSERT_EQ(0, cs_pages_touch(self->file, self->wanted, PAGES));
	do {
		ASSERT_EQ(0, futimens(self->file, times));
	} while (is_disturbed(_metadata, self, &j) && --tries);
	EXPECT_EQ(0, j.s.bytes_direct);
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_GT(st.st_atim.tv_sec, LONG_AGO);
}

/* Random pages, and random runs. */
TEST_F_TIMEOUT(hybrid, random, 240)
{
	struct cs_job j;
	__u64 seed;
	int i;

	for (seed = 1; seed <= 8; seed++) {
		for (i = 0; i < PAGES; i++) {
			__u64 dice = cs_mix(seed * PAGES + i / (seed * 4));

			self->wanted[i] = dice % 8 < seed;
		}
		ASSERT_EQ(0, cs_drop_cache(self->file));
		ASSERT_EQ(0, cs_pages_touch(self->file, self->wanted, PAGES));
		j = job_of(self, seed % ARRAY_SIZE(ranges));
		transfer(_metadata, &j);
		EXPECT_EQ(0, cs_pages_differ(self->file, self->wanted, PAGES));
		EXPECT_LE(j.s.bytes_cached, bytes_there(self->wanted, &j, 1));
	}
}

/* Writes @d's bytes to chosen pages, which stay dirty, and to @image. */
static void scribble(struct __test_metadata *_metadata,
		     const struct _test_data_hybrid *self,
		     const struct cs_data *d, __u8 *image)
{
	__u64 at;
	int i;

	for (i = 0; i < PAGES - 1; i++) {
		at = (__u64)i * CS_PAGE;
		if (!self->wanted[i])
			continue;
		cs_data_fill(d, at, image + at, CS_PAGE);
		ASSERT_EQ(CS_PAGE, pwrite(self->file, image + at, CS_PAGE, at));
	}
}

/* What is nowhere but in the page cache has to come from there. */
static void dirty(struct __test_metadata *_metadata,
		  struct _test_data_hybrid *self, const struct pattern *p)
{
	static __u8 image[SIZE], got[SIZE];
	struct cs_data other = { .seed = 102, .size = SIZE };
	struct cs_job j = job_of(self, 0);
	struct cs_peer peer = { .keep = got, .keep_len = SIZE };
	int sv[2];

	draw(p, self->wanted);
	self->wanted[PAGES - 1] = 0;
	ASSERT_EQ(0, cs_drop_cache(self->file));
	cs_data_fill(&data, 0, image, SIZE);
	scribble(_metadata, self, &other, image);
	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	peer.fd = sv[1];
	ASSERT_EQ(0, cs_peer_start(&peer));
	cs_send_init(&j.s, self->file, sv[0], 0, COLDSEND_TO_EOF, j.policy);
	EXPECT_EQ(0, cs_send(self->dev, &j.s));
	close(sv[0]);
	ASSERT_EQ(0, cs_peer_join(&peer));
	EXPECT_EQ(SIZE, peer.count);
	EXPECT_EQ(0, memcmp(image, got, SIZE)) TH_LOG("%s", p->name);
	EXPECT_EQ(0, cs_pages_differ(self->file, self->wanted, PAGES));
	ASSERT_EQ(0, cs_data_write(self->file, &data));
}

TEST_F_TIMEOUT(hybrid, dirty, 60)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i += 2)
		dirty(_metadata, self, &patterns[i]);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
