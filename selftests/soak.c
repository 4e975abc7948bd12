// SPDX-License-Identifier: GPL-2.0
/*
 * soak: mixed transfers for some time, by several threads, each by its SHA-256,
 * while tunables change and memory is short now and then.
 *
 * usage: soak SECONDS SEED
 * Exit: 0 all right, 1 not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cs_test.h"
#include "genl.h"

#define THREADS		4
#define SIZE		(3 * CS_MIB + 321)
#define HOG		(96 * CS_MIB)
#define PAGE		4096

static const struct cs_data data = {
	.seed = 29, .size = SIZE, .hole_from = CS_MIB + 9, .hole_to = 2 * CS_MIB,
};

static int file;
static long long until;
static unsigned long transfers, failures, bytes;

struct worker {
	__u64 luck;
	pthread_t thread;
};

static __u64 lot(__u64 *luck, __u64 below)
{
	*luck = cs_mix(*luck);
	return *luck % below;
}

/* One transfer, checked to the byte and by its digest. */
static int transfer(int dev, __u64 *luck)
{
	__u8 want[CS_SHA256_LEN];
	struct cs_job j = {
		.dev = dev, .file = file, .data = &data,
		.kind = lot(luck, CS_KINDS),
		.policy = lot(luck, COLDSEND_POLICY_AUTO + 1),
		.flags = lot(luck, 2) ? COLDSEND_F_ASYNC : 0,
		.offset = lot(luck, SIZE), .length = lot(luck, SIZE),
		.sha256 = want,
	};
	int err;

	cs_sha256_data(&data, j.offset,
		       cs_data_length(&data, j.offset, j.length), want);
	err = cs_job_run(&j) ?: cs_job_verify(&j);
	__atomic_add_fetch(&bytes, j.peer.count, __ATOMIC_RELAXED);
	if (err)
		printf("# %s: %s\n", strerror(-err), j.why);
	return err;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int dev = cs_open();

	while (cs_now_ms() < until) {
		if (!lot(&w->luck, 8)) {
			close(dev);
			dev = cs_open();
		}
		if (!lot(&w->luck, 16))
			posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
		__atomic_add_fetch(&transfers, 1, __ATOMIC_RELAXED);
		if (transfer(dev, &w->luck))
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	}
	close(dev);
	return NULL;
}

/* An administrator who can't make up his mind; and what others ask. */
static void *administer(void *arg)
{
	struct worker *w = arg;
	struct cs_genl g;
	__u8 attrs[128];

	if (cs_genl_open(&g))
		return NULL;
	while (cs_now_ms() < until) {
		__u32 depth = 1 + lot(&w->luck, 16);
		__u32 segment = 65536U << lot(&w->luck, 7);
		__u32 files = 16 + lot(&w->luck, 100);
		__u64 pool = CS_MIB << lot(&w->luck, 6);
		size_t len;

		len = cs_genl_put(attrs, 0, COLDSEND_A_DEPTH, &depth, 4);
		len = cs_genl_put(attrs, len, COLDSEND_A_SEGMENT_SIZE, &segment, 4);
		len = cs_genl_put(attrs, len, COLDSEND_A_FILES_MAX, &files, 4);
		len = cs_genl_put(attrs, len, COLDSEND_A_POOL_MAX, &pool, 8);
		if (cs_genl_request(&g, COLDSEND_CMD_POLICY_SET, 0, attrs, len))
			__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
		cs_genl_request(&g, COLDSEND_CMD_FILE_GET, NLM_F_DUMP, NULL, 0);
		cs_genl_request(&g, COLDSEND_CMD_TRANSFER_GET, NLM_F_DUMP, NULL, 0);
		if (!lot(&w->luck, 50))
			cs_genl_request(&g, COLDSEND_CMD_STATS_RESET, 0, NULL, 0);
		cs_nap();
	}
	cs_genl_close(&g);
	return NULL;
}

/* Takes memory and gives it back, and has the kernel look for more. */
static void *hog(void *arg)
{
	int shrink = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	size_t at;

	(void)arg;
	while (cs_now_ms() < until) {
		__u8 *all = mmap(NULL, HOG, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (at = 0; all != MAP_FAILED && at < HOG; at += PAGE)
			all[at] = 1;
		if (all != MAP_FAILED)
			munmap(all, HOG);
		if (write(shrink, "2", 1) != 1)
			break;
		cs_nap();
	}
	close(shrink);
	return NULL;
}

static int start(struct worker *workers, __u64 seed)
{
	void *(*mains[])(void *arg) = { administer, hog };
	int i, err = 0;

	for (i = 0; i < THREADS + 2 && !err; i++) {
		workers[i].luck = cs_mix(seed + i);
		err = pthread_create(&workers[i].thread, NULL,
				     i < THREADS ? work : mains[i - THREADS],
				     &workers[i]);
	}
	return -err;
}

int main(int argc, char **argv)
{
	struct worker workers[THREADS + 2];
	int i;

	if (argc != 3)
		return 2;
	cs_need_device();
	file = cs_data_create(cs_dir(), &data);
	until = cs_now_ms() + atoi(argv[1]) * 1000LL;
	if (file < 0 || start(workers, strtoull(argv[2], NULL, 0)))
		return 1;
	for (i = 0; i < THREADS + 2; i++)
		pthread_join(workers[i].thread, NULL);
	printf("# %lu transfers, %lu bytes, %lu wrong\n", transfers, bytes, failures);
	return failures || !bytes;
}
