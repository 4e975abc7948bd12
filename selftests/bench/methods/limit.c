// SPDX-License-Identifier: GPL-2.0
/*
 * Method limit: what nothing can beat that reads from this disk and sends to
 * this network.  As fast as the slower of direct reads alone and hot pages sent
 * alone, at the CPU time of both; see ../limit.c.  Here is the sending half, by
 * the cheapest way that this kernel has, which is coldsend's.
 */
#include <linux/coldsend.h>

#include "bench.h"

#define HOT		(64 * BENCH_MIB)

/* The file has as many bytes as the stream's part of it. */
static __u64 hot_bytes(const struct bench_job *job)
{
	return job->range.length < HOT ? job->range.length : HOT;
}

static int setup(struct bench_job *job)
{
	int err;

	err = bench_cached.setup(job);
	if (err)
		return err;
	err = bench_read_all(job->file, hot_bytes(job));
	if (err)
		bench_cached.teardown(job);
	return err;
}

/* The same bytes again and again, as many as were asked for. */
static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 left = range->length;

	while (left) {
		struct bench_range hot = {
			.length = left < hot_bytes(job) ? left : hot_bytes(job),
		};
		int err = bench_cached.send(job, &hot);

		if (err)
			return err;
		left -= hot.length;
	}
	return 0;
}

static void teardown(struct bench_job *job)
{
	bench_cached.teardown(job);
}

const struct bench_method bench_limit_send = {
	.name = "limit: hot send alone",
	.copies_per_byte = BENCH_COPIES_COUNTED,
	.flags = BENCH_LIMIT,
	.variant = COLDSEND_POLICY_CACHED,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};

const struct bench_method bench_limit = {
	.name = "limit",
	.copies_per_byte = 0,
	.flags = BENCH_LIMIT,
};
