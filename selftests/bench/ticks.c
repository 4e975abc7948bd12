// SPDX-License-Identifier: GPL-2.0
/*
 * A clock for single requests.  In User-Mode Linux clock_gettime(2) costs as
 * much as the request; the CPU's own counter costs nothing anywhere.
 */
#include <time.h>

#include "run.h"

static double seconds_per_tick = 0.000000001;

__u64 bench_ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return bench_now() * 1e9;
#endif
}

/* How long a tick is, by the wall clock. */
void bench_ticks_init(void)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	double since = bench_now();
	__u64 ticks = bench_ticks();

	nanosleep(&pause, NULL);
	ticks = bench_ticks() - ticks;
	seconds_per_tick = (bench_now() - since) / ticks;
}

double bench_ticks_seconds(__u64 ticks)
{
	return ticks * seconds_per_tick;
}
