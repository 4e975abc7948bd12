// SPDX-License-Identifier: GPL-2.0
/*
 * Latencies, in buckets that are 1/32 of their octave wide: quantiles are right
 * within 3 percent, and memory does not grow with the requests.
 */
#include <math.h>

#include "run.h"

#define STEPS		BENCH_STEPS
#define STEPS_SHIFT	5

static int bucket_of(__u64 ticks)
{
	int octave;

	if (ticks < STEPS)
		return ticks;
	octave = 63 - __builtin_clzll(ticks) - STEPS_SHIFT;
	return (octave + 1) * STEPS + (ticks >> octave) - STEPS;
}

/* The middle of a bucket. */
static __u64 ticks_of(int bucket)
{
	int octave = bucket / STEPS - 1;

	if (octave < 0)
		return bucket;
	return ((__u64)(bucket % STEPS + STEPS) << octave) +
	       ((1ULL << octave) >> 1);
}

/* Called by many threads at once. */
void bench_histogram_add(struct bench_histogram *h, __u64 ticks)
{
	__atomic_fetch_add(&h->counts[bucket_of(ticks)], 1, __ATOMIC_RELAXED);
}

/* Microseconds, or NAN if there are too few requests to tell. */
double bench_histogram_us(const struct bench_histogram *h, double quantile)
{
	__u64 total = 0, seen = 0;
	int i;

	for (i = 0; i < BENCH_BUCKETS; i++)
		total += h->counts[i];
	if (total < BENCH_REQUESTS_MIN)
		return NAN;
	for (i = 0; i < BENCH_BUCKETS; i++) {
		seen += h->counts[i];
		if (seen >= quantile * total)
			break;
	}
	return bench_ticks_seconds(ticks_of(i)) * 1e6;
}
