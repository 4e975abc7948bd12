// SPDX-License-Identifier: GPL-2.0
/*
 * Method O_DIRECT+write: direct pread(2) into an aligned 1 MiB buffer, write(2)
 * out of it.
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
	.setup = setup,
	.send = bench_copy_range,
	.teardown = bench_buffer_teardown,
};
