// SPDX-License-Identifier: GPL-2.0
/*
 * Method DONTCACHE+write: preadv2(2) with RWF_DONTCACHE, which reads through
 * the page cache and drops what it brought in, and write(2).
 */
#include <errno.h>
#include <sys/uio.h>

#include "bench.h"

/* Debian 12's headers are older than the flag. */
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE	0x80
#endif

/* At the end of the file there is nothing to read, so nothing gets warm. */
static int probe(struct bench_job *job)
{
	struct iovec iov = { .iov_base = job->state, .iov_len = 1 };

	if (preadv2(job->file, &iov, 1, job->size, RWF_DONTCACHE) < 0)
		return -errno;
	return 0;
}

static int setup(struct bench_job *job)
{
	int err;

	err = bench_buffer_setup(job, 0);
	if (err)
		return err;
	err = probe(job);
	if (err)
		bench_buffer_teardown(job);
	return err;
}

const struct bench_method bench_dontcache = {
	.name = "DONTCACHE+write",
	.needs = "RWF_DONTCACHE (Linux 6.14) for this file system",
	.copies_per_byte = 2,
	.variant = RWF_DONTCACHE,
	.setup = setup,
	.send = bench_copy_range,
	.teardown = bench_buffer_teardown,
};
