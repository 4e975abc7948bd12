// SPDX-License-Identifier: GPL-2.0
/*
 * Latency: how long transfers and their waits took, in powers of two of a
 * microsecond.
 *
 * Each processor counts for itself, so that counting costs no more than the
 * division.
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/time64.h>

#include "views.h"

/**
 * struct cs_latency - one histogram, as one processor counts it
 * @sum_us: of all together
 * @bucket: see struct cs_histogram
 */
struct cs_latency {
	u64 sum_us;
	u64 bucket[CS_LATENCY_BUCKETS];
};

static DEFINE_PER_CPU(struct cs_latency [CS_LATENCY_KINDS], cs_latencies);

/**
 * cs_latency_add - something took so long
 * @timed: enum coldsend_timed
 * @ns: nanoseconds
 *
 * Any context but an interrupt that interrupts itself.
 */
void cs_latency_add(u32 timed, u64 ns)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);
	u32 bucket = min_t(u32, fls64(us), CS_LATENCY_BUCKETS - 1);

	/* In nanoseconds, tens of thousands that wait would have it wrap in days. */
	this_cpu_add(cs_latencies[timed].sum_us, us);
	this_cpu_inc(cs_latencies[timed].bucket[bucket]);
}

/**
 * cs_latency_get - a histogram as it is now, of all processors
 * @timed: enum coldsend_timed
 * @histogram: filled in
 *
 * Any context.  Never reset.
 */
void cs_latency_get(u32 timed, struct cs_histogram *histogram)
{
	const struct cs_latency *from;
	u32 i;
	int cpu;

	memset(histogram, 0, sizeof(*histogram));
	for_each_possible_cpu(cpu) {
		from = &per_cpu(cs_latencies, cpu)[timed];
		histogram->sum_us += READ_ONCE(from->sum_us);
		for (i = 0; i < CS_LATENCY_BUCKETS; i++)
			histogram->bucket[i] += READ_ONCE(from->bucket[i]);
	}
}
