// SPDX-License-Identifier: GPL-2.0
/* Zipf: the file of rank k is asked for in proportion to 1 / k^exponent. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "../../cs_test.h"
#include "replay.h"

/* A number from 0 to 1 for each seed. */
double replay_fraction(__u64 seed)
{
	return cs_mix(seed) / 18446744073709551616.0;
}

int replay_trace_init(struct replay_trace *trace, int n, double exponent)
{
	double sum = 0;
	int i;

	trace->n = n;
	trace->sums = calloc(n, sizeof(*trace->sums));
	if (!trace->sums)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		sum += pow(i + 1, -exponent);
		trace->sums[i] = sum;
	}
	for (i = 0; i < n; i++)
		trace->sums[i] /= sum;
	return 0;
}

/* The same seed brings the same requests. */
void replay_trace_start(struct replay_trace *trace, __u64 seed)
{
	trace->state = seed;
}

/* Return: index of the file. */
int replay_trace_next(struct replay_trace *trace)
{
	double at = replay_fraction(trace->state++);
	int low = 0, high = trace->n - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (trace->sums[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void replay_trace_free(struct replay_trace *trace)
{
	free(trace->sums);
}
