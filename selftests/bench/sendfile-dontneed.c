// SPDX-License-Identifier: GPL-2.0
/*
 * Method sendfile+DONTNEED: sendfile(2), and 32 MiB behind it fadvise(2) away
 * what the peer should have acknowledged by then.
 */
#include <fcntl.h>

#include "bench.h"

#define STEP		(8 * BENCH_MIB)
#define LAG		(32 * BENCH_MIB)

static int setup(struct bench_job *job)
{
	return bench_open(job, 0);
}

static void drop(struct bench_job *job, __u64 from, __u64 to)
{
	if (from >= to)
		return;
	posix_fadvise(job->file, from, to - from, POSIX_FADV_DONTNEED);
	job->syscalls++;
}

/* The last LAG bytes are tried too: what is still under way stays. */
static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 dropped = range->offset;
	__u64 pos = range->offset;

	while (pos < end) {
		__u64 to = end - pos < STEP ? end : pos + STEP;
		int err = bench_sendfile_range(job, pos, to);

		if (err)
			return err;
		pos = to;
		if (pos < dropped + LAG + STEP)
			continue;
		drop(job, dropped, pos - LAG);
		dropped = pos - LAG;
	}
	drop(job, dropped, end);
	return 0;
}

const struct bench_method bench_sendfile_dontneed = {
	.name = "sendfile+DONTNEED",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
