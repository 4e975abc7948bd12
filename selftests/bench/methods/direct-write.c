// SPDX-License-Identifier: GPL-2.0
/*
 * Method O_DIRECT+write: direct pread(2) into an aligned 1 MiB buffer, write(2)
 * out of it.  And the reading half of it alone, for the limit.
 */
#include <fcntl.h>

#include "bench.h"

static int setup(struct bench_job *job)
{
	return bench_buffer_setup(job, O_DIRECT);
}

/* The disk fills the buffer; one copy into the socket. */
const struct bench_method bench_direct_write = {
	.name = "O_DIRECT+write",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.setup = setup,
	.send = bench_copy_range,
	.teardown = bench_buffer_teardown,
};

const struct bench_method bench_limit_read = {
	.name = "limit: pread alone",
	.copies_per_byte = 0,
	.flags = BENCH_BYPASS | BENCH_SILENT | BENCH_LIMIT,
	.setup = setup,
	.send = bench_copy_range,
	.teardown = bench_buffer_teardown,
};
