// SPDX-License-Identifier: GPL-2.0
/* The results for programs: an array with an object for each round. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "bench.h"

/* null where a field has no meaning: a cold file is asked for only once. */
static json_t *encode(const struct bench_run *run,
		      const struct bench_result *result)
{
	return json_pack("{ss ss ss ss si sI sf sf sf sf sf sI sI sn sn sn}",
			 "machine", run->machine,
			 "kernel", run->kernel,
			 "scenario", result->scenario->name,
			 "method", result->method->name,
			 "round", result->round,
			 "bytes", (json_int_t)result->bytes,
			 "mb_s", bench_mb_s(result),
			 "sender_cpu_s_per_gb", bench_cpu_s_per_gb(result),
			 "syscalls_per_mb", bench_syscalls_per_mb(result),
			 "ctxsw_per_mb", bench_switches_per_mb(result),
			 "cpu_copies_per_byte", bench_copies_per_byte(result),
			 "disk_reads", (json_int_t)result->disk_reads,
			 "cache_pages_added", (json_int_t)result->pages_added,
			 "p50_us", "p99_us", "hot_kept_ratio");
}

int bench_json_write(const struct bench_run *run, const char *path)
{
	json_t *array = json_array();
	size_t i;
	int err;

	if (!array)
		return -ENOMEM;
	for (i = 0; i < run->nr_results; i++)
		if (json_array_append_new(array, encode(run, &run->results[i])))
			goto err_array;
	err = json_dump_file(array, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	json_decref(array);
	return err ? -EIO : 0;

err_array:
	json_decref(array);
	return -ENOMEM;
}
