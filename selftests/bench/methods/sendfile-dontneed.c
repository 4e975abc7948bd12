// SPDX-License-Identifier: GPL-2.0
/*
 * Methods sendfile+DONTNEED: sendfile(2), and fadvise(2) away what was sent: at
 * once, or 32 MiB behind, when the peer should have acknowledged it.
 */
#include <fcntl.h>

#include "bench.h"

/* The variant is how many bytes behind. */
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

/* Few calls for who has time; at once means after each chunk. */
static __u64 step(const struct bench_job *job)
{
	return job->method->variant ? job->method->variant / 4 : job->chunk;
}

/* The last bytes are tried too: what is still under way stays. */
static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 dropped = range->offset;
	__u64 lag = job->method->variant;
	__u64 pos = range->offset;

	while (pos < end) {
		__u64 to = end - pos < step(job) ? end : pos + step(job);
		int err = bench_sendfile_range(job, pos, to);

		if (err)
			return err;
		pos = to;
		if (pos < dropped + lag + step(job))
			continue;
		drop(job, dropped, pos - lag);
		dropped = pos - lag;
	}
	drop(job, dropped, end);
	return 0;
}

const struct bench_method bench_dontneed_now = {
	.name = "sendfile+DONTNEED",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};

const struct bench_method bench_dontneed_later = {
	.name = "sendfile+DONTNEED lag",
	.copies_per_byte = 0,
	.variant = LAG,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
