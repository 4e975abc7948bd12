// SPDX-License-Identifier: GPL-2.0
/*
 * Method sendfile O_DIRECT: sendfile(2) of a file that was opened with
 * O_DIRECT, past the page cache.
 */
#include <fcntl.h>

#include "bench.h"

static int setup(struct bench_job *job)
{
	return bench_open(job, O_DIRECT);
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	return bench_sendfile_range(job, range->offset,
				    range->offset + range->length);
}

const struct bench_method bench_sendfile_direct = {
	.name = "sendfile O_DIRECT",
	.copies_per_byte = 0,
	.flags = BENCH_BYPASS,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
