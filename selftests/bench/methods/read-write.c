// SPDX-License-Identifier: GPL-2.0
/* Method read+write: pread(2) into a 1 MiB buffer, write(2) out of it. */
#include "bench.h"

static int setup(struct bench_job *job)
{
	return bench_buffer_setup(job, 0);
}

/* One copy out of the page cache, one into the socket. */
const struct bench_method bench_read_write = {
	.name = "read+write",
	.copies_per_byte = 2,
	.setup = setup,
	.send = bench_copy_range,
	.teardown = bench_buffer_teardown,
};
