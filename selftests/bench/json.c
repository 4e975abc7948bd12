// SPDX-License-Identifier: GPL-2.0
/* The results for programs: an array with an object for each method and round. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "run.h"

/* json_object_set_new() takes the value over, also if it fails. */
static int set(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value);
}

/* null where a field has no meaning. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static int encode_what(json_t *object, const struct bench_run *run,
		       const struct bench_result *r)
{
	return set(object, "machine", json_string(run->machine)) ||
	       set(object, "kernel", json_string(run->kernel)) ||
	       set(object, "scenario", json_string(r->scenario->name)) ||
	       set(object, "method", json_string(r->method->name)) ||
	       set(object, "round", json_integer(r->round));
}

static int encode_values(json_t *object, const struct bench_result *r)
{
	return set(object, "bytes", json_integer(r->bytes)) ||
	       set(object, "mb_s", number(bench_mb_s(r))) ||
	       set(object, "sender_cpu_s_per_gb", number(bench_cpu_s_per_gb(r))) ||
	       set(object, "syscalls_per_mb", number(bench_syscalls_per_mb(r))) ||
	       set(object, "ctxsw_per_mb", number(bench_switches_per_mb(r))) ||
	       set(object, "cpu_copies_per_byte", number(bench_copies_per_byte(r))) ||
	       set(object, "disk_reads", json_integer(r->disk_reads)) ||
	       set(object, "cache_pages_added", json_integer(r->pages_added)) ||
	       set(object, "p50_us", number(r->p50_us)) ||
	       set(object, "p99_us", number(r->p99_us)) ||
	       set(object, "hot_kept_ratio", number(r->hot_kept));
}

/* Return: a new object or NULL. */
static json_t *encode(const struct bench_run *run, const struct bench_result *r)
{
	json_t *object = json_object();

	if (object &&
	    (encode_what(object, run, r) || encode_values(object, r))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int bench_json_write(const struct bench_run *run, const char *path)
{
	json_t *array = json_array();
	size_t i;
	int err;

	if (!array)
		return -ENOMEM;
	for (i = 0; i < run->nr_results; i++) {
		if (run->results[i].unsupported)
			continue;
		if (json_array_append_new(array, encode(run, &run->results[i])))
			goto err_array;
	}
	err = json_dump_file(array, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	json_decref(array);
	return err ? -EIO : 0;

err_array:
	json_decref(array);
	return -ENOMEM;
}
