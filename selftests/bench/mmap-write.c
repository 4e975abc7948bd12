// SPDX-License-Identifier: GPL-2.0
/*
 * Method mmap+write: map the range, write(2) out of the mapping.
 *
 * A file that shrinks meanwhile ends in SIGBUS if the program touches the
 * mapping and in EFAULT if write(2) does: a server must survive both.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

static sigjmp_buf shrunk;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(shrunk, 1);
}

static int setup(struct bench_job *job)
{
	struct sigaction action = {
		.sa_handler = on_sigbus,
		/* Not masked in the handler, so no mask to save and restore. */
		.sa_flags = SA_NODEFER,
	};

	if (sigaction(SIGBUS, &action, NULL))
		return -errno;
	return bench_open(job, 0);
}

static int write_map(struct bench_job *job, const char *map, size_t length)
{
	volatile size_t done = 0;

	if (sigsetjmp(shrunk, 0))
		return -EIO;
	while (done < length) {
		size_t n = length - done < BENCH_CHUNK ? length - done :
							 BENCH_CHUNK;
		int err = bench_write_all(job, map + done, n);

		if (err)
			return err == -EFAULT ? -EIO : err;
		done += n;
	}
	return 0;
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	void *map;
	int err;

	map = mmap(NULL, range->length, PROT_READ, MAP_SHARED, job->file,
		   range->offset);
	if (map == MAP_FAILED)
		return -errno;
	madvise(map, range->length, MADV_SEQUENTIAL);
	err = write_map(job, map, range->length);
	munmap(map, range->length);
	job->syscalls += 3;
	return err;
}

/* One copy, out of the page cache into the socket. */
const struct bench_method bench_mmap_write = {
	.name = "mmap+write",
	.copies_per_byte = 1,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
