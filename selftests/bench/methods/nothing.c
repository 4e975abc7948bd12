// SPDX-License-Identifier: GPL-2.0
/*
 * Method nothing: sends nothing, so that what runs beside a scan can be seen
 * without one.
 */
#include <time.h>

#include "bench.h"

static int setup(struct bench_job *job)
{
	return bench_open(job, 0);
}

static int pause_a_while(struct bench_job *job, const struct bench_range *range)
{
	struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)job;
	(void)range;
	nanosleep(&pause, NULL);
	return 0;
}

const struct bench_method bench_nothing = {
	.name = "nothing",
	.copies_per_byte = 0,
	.flags = BENCH_SILENT | BENCH_LIMIT | BENCH_IDLE,
	.setup = setup,
	.send = pause_a_while,
	.teardown = bench_close,
};
