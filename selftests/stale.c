// SPDX-License-Identifier: GPL-2.0
/*
 * Stale bytes: while a file is cut, grown, punched and written anew under a
 * transfer, each byte that arrives is one that the file had there, or the zero
 * of a hole.  What was in the memory before never arrives.
 *
 * stale.sh runs it with a module that fills its memory with a pattern first, so
 * that any byte of it is a wrong one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE		(CS_MIB + 1077)
#define MILLISECONDS	3000
#define SECONDS		100
#define CHUNK		(64 * CS_KIB)

static const struct cs_data data = { .seed = 88, .size = SIZE };

FIXTURE(policy)
{
	int dev;
	int file;
	pthread_t vandal;
};

#include "variants.h"

/* Whether the vandal has to stop, and what it does next. */
static bool over;
static __u64 luck;

static __u64 lot(__u64 below)
{
	luck = cs_mix(luck);
	return luck % below;
}

static void write_some(int file, __u64 from)
{
	__u8 buf[CHUNK];
	__u64 left = SIZE - from;
	size_t len = left < CHUNK ? left : CHUNK;

	cs_data_fill(&data, from, buf, len);
	if (pwrite(file, buf, len, from) < 0)
		over = true;
}

/* One change of the file, which stays within what it may be. */
static void vandalize(int file)
{
	__u64 at = lot(SIZE);

	switch (lot(5)) {
	case 0:
		over |= ftruncate(file, at) != 0;
		break;
	case 1:
		over |= ftruncate(file, SIZE) != 0;
		break;
	case 2:
		fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
			  lot(CHUNK) + 1);
		break;
	case 3:
		fdatasync(file);
		posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
		break;
	default:
		write_some(file, at);
	}
}

static void *vandal_thread(void *arg)
{
	int *file = arg;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		vandalize(*file);
	return NULL;
}

FIXTURE_SETUP(policy)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	over = false;
	luck = variant->policy;
	ASSERT_EQ(0, pthread_create(&self->vandal, NULL, vandal_thread,
				    &self->file));
}

FIXTURE_TEARDOWN(policy)
{
	over = true;
	pthread_join(self->vandal, NULL);
	close(self->file);
	close(self->dev);
}

/* Position of the first byte that never was in the file, or CS_NONE. */
static __u64 never_there(const __u8 *buf, __u64 offset, __u64 count)
{
	__u8 want[4096];
	__u64 at, i;

	for (at = 0; at < count; at += sizeof(want)) {
		cs_data_fill(&data, offset + at, want, sizeof(want));
		for (i = at; i < count && i < at + sizeof(want); i++)
			if (buf[i] && buf[i] != want[i - at])
				return i;
	}
	return CS_NONE;
}

TEST_F_TIMEOUT(policy, vandal, SECONDS)
{
	long long until = cs_now_ms() + MILLISECONDS;
	__u8 *kept = malloc(SIZE);
	__u64 all = 0, seed = 5;
	int err;

	ASSERT_NE(NULL, kept);
	while (cs_now_ms() < until) {
		struct cs_job j = {
			.dev = self->dev, .file = self->file, .data = NULL,
			.kind = variant->kind, .policy = variant->policy,
			.length = COLDSEND_TO_EOF,
		};

		seed = cs_mix(seed);
		j.offset = seed % SIZE;
		j.keep = kept;
		j.keep_len = SIZE;
		err = cs_job_run(&j);
		ASSERT_EQ(0, err);
		EXPECT_EQ(j.s.sent, j.peer.count);
		ASSERT_EQ(CS_NONE, never_there(kept, j.offset, j.peer.count))
			TH_LOG("from offset %llu", j.offset);
		all += j.peer.count;
	}
	TH_LOG("%llu bytes", all);
	EXPECT_GT(all, 0);
	free(kept);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
