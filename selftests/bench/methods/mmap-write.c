// SPDX-License-Identifier: GPL-2.0
/*
 * Method mmap+write: map the file, write(2) out of the mapping.
 *
 * A file that shrinks meanwhile ends in SIGBUS if the program touches the
 * mapping and in EFAULT if write(2) does: a server must survive both.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "bench.h"

static __thread sigjmp_buf shrunk;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(shrunk, 1);
}

/* One mapping for all requests: to make and unmake it each time costs more. */
static int setup(struct bench_job *job)
{
	struct sigaction action = {
		.sa_handler = on_sigbus,
		/* Not masked in the handler, so no mask to save and restore. */
		.sa_flags = SA_NODEFER,
	};
	int err;

	if (sigaction(SIGBUS, &action, NULL))
		return -errno;
	err = bench_open(job, 0);
	if (err)
		return err;
	job->state = mmap(NULL, job->size, PROT_READ, MAP_SHARED, job->file, 0);
	if (job->state == MAP_FAILED) {
		err = -errno;
		bench_close(job);
		return err;
	}
	madvise(job->state, job->size, MADV_SEQUENTIAL);
	return 0;
}

static void teardown(struct bench_job *job)
{
	munmap(job->state, job->size);
	bench_close(job);
}

static int write_chunks(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 pos;

	for (pos = range->offset; pos < end; pos += job->chunk) {
		struct bench_range chunk = bench_next_chunk(job, range, pos);
		int err = bench_write_all(job, (char *)job->state + pos,
					  chunk.length);

		if (err)
			return err == -EFAULT ? -EIO : err;
	}
	return 0;
}

/* Apart from what changes variables, which a jump would not restore. */
static int send_range(struct bench_job *job, const struct bench_range *range)
{
	if (sigsetjmp(shrunk, 0))
		return -EIO;
	return write_chunks(job, range);
}

/* One copy, out of the page cache into the socket. */
const struct bench_method bench_mmap_write = {
	.name = "mmap+write",
	.copies_per_byte = 1,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};
