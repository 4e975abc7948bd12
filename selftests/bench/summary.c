// SPDX-License-Identifier: GPL-2.0
/* Values of a round, and their medians and spreads over rounds. */
#include <math.h>
#include <stdlib.h>

#include "run.h"

#define MB		1e6
#define GB		1e9

double bench_mb_s(const struct bench_result *result)
{
	return result->bytes / MB / result->seconds;
}

double bench_requests_s(const struct bench_result *result)
{
	return result->requests / result->seconds;
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

double bench_disk_read_kib(const struct bench_result *result)
{
	return (double)result->disk_bytes / BENCH_KIB / result->disk_reads;
}

double bench_pages_added(const struct bench_result *result)
{
	return result->pages_added;
}

double bench_anonymous_mib(const struct bench_result *result)
{
	return (double)result->anonymous / BENCH_MIB;
}

double bench_p50_us(const struct bench_result *result)
{
	return result->p50_us;
}

double bench_p99_us(const struct bench_result *result)
{
	return result->p99_us;
}

double bench_p999_us(const struct bench_result *result)
{
	return result->p999_us;
}

double bench_hot_kept(const struct bench_result *result)
{
	return result->hot_kept;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double mean(const double *values, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += values[i];
	return sum / n;
}

static bool spread_of(double *values, size_t n, struct bench_spread *spread)
{
	if (!n)
		return false;
	spread->mean = mean(values, n);
	qsort(values, n, sizeof(*values), compare);
	spread->min = values[0];
	spread->max = values[n - 1];
	spread->median = n % 2 ? values[n / 2] :
				 (values[n / 2 - 1] + values[n / 2]) / 2;
	return true;
}

const struct bench_result *bench_result_find(const struct bench_run *run,
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

/* Return: whether there is any round where the value has a meaning. */
bool bench_summarize(const struct bench_run *run,
		     const struct bench_scenario *scenario,
		     const struct bench_method *method, bench_value_fn value,
		     struct bench_spread *spread)
{
	double values[BENCH_ROUNDS_MAX];
	size_t n = 0;
	int round;

	for (round = 1; round <= run->rounds; round++) {
		const struct bench_result *result;

		result = bench_result_find(run, scenario, method, round);
		if (!result || result->unsupported)
			continue;
		values[n] = value(result);
		if (isfinite(values[n]))
			n++;
	}
	return spread_of(values, n, spread);
}

/* What stands for all rounds: the median; of CPU time, see struct bench_spread, the mean. */
double bench_middle(const struct bench_spread *spread, bench_value_fn value)
{
	return value == bench_cpu_s_per_gb ? spread->mean : spread->median;
}

/* Who of the others has most of the value, or @least; or NULL. */
const struct bench_method *bench_best_rival(const struct bench_run *run,
					    const struct bench_scenario *scenario,
					    bench_value_fn value, bool least)
{
	const struct bench_method * const *method;
	const struct bench_method *found = NULL;
	double best = 0;

	for (method = scenario->methods; *method; method++) {
		struct bench_spread spread;
		double is;

		if ((*method)->flags & (BENCH_OURS | BENCH_LIMIT) ||
		    !bench_summarize(run, scenario, *method, value, &spread))
			continue;
		is = bench_middle(&spread, value);
		if (found && (least ? is >= best : is <= best))
			continue;
		best = is;
		found = *method;
	}
	return found;
}
