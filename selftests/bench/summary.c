// SPDX-License-Identifier: GPL-2.0
/* Values of a round, and their medians and spreads over rounds. */
#include <stdlib.h>

#include "bench.h"

#define MB		1e6
#define GB		1e9
#define ROUNDS_MAX	1000

double bench_mb_s(const struct bench_result *result)
{
	return result->bytes / MB / result->seconds;
}

double bench_cpu_s_per_gb(const struct bench_result *result)
{
	return result->cpu_seconds / (result->bytes / GB);
}

double bench_all_cpu_s_per_gb(const struct bench_result *result)
{
	return result->all_cpu_seconds / (result->bytes / GB);
}

double bench_syscalls_per_mb(const struct bench_result *result)
{
	return result->syscalls / (result->bytes / MB);
}

double bench_switches_per_mb(const struct bench_result *result)
{
	return result->switches / (result->bytes / MB);
}

double bench_copies_per_byte(const struct bench_result *result)
{
	return result->bytes_copied / result->bytes;
}

double bench_disk_reads(const struct bench_result *result)
{
	return result->disk_reads;
}

double bench_pages_added(const struct bench_result *result)
{
	return result->pages_added;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool spread_of(double *values, size_t n, struct bench_spread *spread)
{
	if (!n)
		return false;
	qsort(values, n, sizeof(*values), compare);
	spread->min = values[0];
	spread->max = values[n - 1];
	spread->median = n % 2 ? values[n / 2] :
				 (values[n / 2 - 1] + values[n / 2]) / 2;
	return true;
}

static const struct bench_result *find(const struct bench_run *run,
				       const struct bench_scenario *scenario,
				       const struct bench_method *method,
				       int round)
{
	size_t i;

	for (i = 0; i < run->nr_results; i++) {
		const struct bench_result *result = &run->results[i];

		if (result->scenario == scenario && result->method == method &&
		    result->round == round)
			return result;
	}
	return NULL;
}

/* Return: whether there is any round to tell of. */
bool bench_summarize(const struct bench_run *run,
		     const struct bench_scenario *scenario,
		     const struct bench_method *method, bench_value_fn value,
		     struct bench_spread *spread)
{
	double values[ROUNDS_MAX];
	size_t n = 0;
	int round;

	for (round = 1; round <= run->rounds && n < ROUNDS_MAX; round++) {
		const struct bench_result *result;

		result = find(run, scenario, method, round);
		if (result)
			values[n++] = value(result);
	}
	return spread_of(values, n, spread);
}

/*
 * The median is that of the method by that of its rival; the spread is that of
 * single rounds, where both had about the same neighbours.
 */
bool bench_ratio(const struct bench_run *run,
		 const struct bench_scenario *scenario,
		 const struct bench_method *method,
		 const struct bench_method *rival, bench_value_fn value,
		 struct bench_spread *spread)
{
	struct bench_spread mine, theirs;
	double values[ROUNDS_MAX];
	size_t n = 0;
	int round;

	if (!bench_summarize(run, scenario, method, value, &mine) ||
	    !bench_summarize(run, scenario, rival, value, &theirs))
		return false;
	for (round = 1; round <= run->rounds && n < ROUNDS_MAX; round++) {
		const struct bench_result *a, *b;

		a = find(run, scenario, method, round);
		b = find(run, scenario, rival, round);
		if (a && b)
			values[n++] = value(a) / value(b);
	}
	if (!spread_of(values, n, spread))
		return false;
	spread->median = mine.median / theirs.median;
	return true;
}
