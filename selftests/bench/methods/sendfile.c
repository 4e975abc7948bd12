// SPDX-License-Identifier: GPL-2.0
/* Method sendfile: sendfile(2) of all that is asked for at once. */
#include "bench.h"

static int setup(struct bench_job *job)
{
	return bench_open(job, 0);
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	return bench_sendfile_range(job, range->offset,
				    range->offset + range->length);
}

const struct bench_method bench_sendfile = {
	.name = "sendfile",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_range,
	.teardown = bench_close,
};
