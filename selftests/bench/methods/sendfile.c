// SPDX-License-Identifier: GPL-2.0
/*
 * Methods sendfile: sendfile(2) of all that is asked for at once; and with
 * readahead(2) some way ahead of each chunk, for those whose device reads ahead
 * little by itself.
 */
#include <fcntl.h>

#include "bench.h"

/* Bytes that readahead(2) is ahead. */
#define AHEAD		(4 * BENCH_MIB)

static int setup(struct bench_job *job)
{
	return bench_open(job, 0);
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	return bench_sendfile_range(job, range->offset,
				    range->offset + range->length);
}

static void read_ahead(struct bench_job *job, __u64 from, __u64 to)
{
	if (from >= to)
		return;
	readahead(job->file, from, to - from);
	job->syscalls++;
}

static int send_reading_ahead(struct bench_job *job,
			      const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 ahead = range->offset;
	__u64 pos;
	int err = 0;

	for (pos = range->offset; pos < end && !err; pos += job->chunk) {
		__u64 next = end - pos < job->chunk ? end : pos + job->chunk;
		__u64 reach = end - pos < AHEAD ? end : pos + AHEAD;

		read_ahead(job, ahead, reach);
		ahead = reach;
		err = bench_sendfile_range(job, pos, next);
	}
	return err;
}

const struct bench_method bench_sendfile_ahead = {
	.name = "sendfile+readahead",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_reading_ahead,
	.teardown = bench_close,
};

const struct bench_method bench_sendfile = {
	.name = "sendfile",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
