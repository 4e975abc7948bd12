// SPDX-License-Identifier: GPL-2.0
/* Method coldsend cached: COLDSEND_IOC_SEND with policy cached. */
#include <linux/coldsend.h>

#include "bench.h"

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	return bench_coldsend_range(job, range, COLDSEND_POLICY_CACHED);
}

const struct bench_method bench_coldsend_cached = {
	.name = "coldsend cached",
	.copies_per_byte = BENCH_COPIES_COUNTED,
	.setup = bench_coldsend_setup,
	.send = send_range,
	.teardown = bench_coldsend_teardown,
};
