// SPDX-License-Identifier: GPL-2.0
/*
 * The limit of a round: as fast as the slower of direct reads alone (the
 * fastest of three ways) and hot pages sent alone, at the CPU time of both.
 */
#include <math.h>

#include "run.h"

static const struct bench_result *faster(const struct bench_result *a,
					 const struct bench_result *b)
{
	if (!a || !b)
		return a ?: b;
	return bench_mb_s(a) > bench_mb_s(b) ? a : b;
}

static const struct bench_result *part(const struct bench_run *run,
				       const struct bench_scenario *scenario,
				       const struct bench_method *method, int round)
{
	return bench_result_find(run, scenario, method, round);
}

void bench_limit_add(struct bench_run *run, const struct bench_scenario *scenario,
		     int round)
{
	const struct bench_result *read, *send, *slower;
	struct bench_result *limit;

	read = faster(part(run, scenario, &bench_limit_read, round),
		      part(run, scenario, &bench_limit_deep, round));
	read = faster(read, part(run, scenario, &bench_limit_loop, round));
	send = part(run, scenario, &bench_limit_send, round);
	if (!read || !send || run->nr_results == run->max_results)
		return;
	slower = faster(read, send) == read ? send : read;
	limit = &run->results[run->nr_results++];
	*limit = *read;
	limit->method = &bench_limit;
	limit->seconds = limit->bytes / (bench_mb_s(slower) * 1e6);
	limit->cpu_seconds += send->cpu_seconds * read->bytes / send->bytes;
	limit->all_cpu_seconds += send->all_cpu_seconds * read->bytes / send->bytes;
}
