// SPDX-License-Identifier: GPL-2.0
/* The benchmark: all methods in random order, some rounds, tables, results. */
#include <errno.h>
#include <linux/coldsend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../cs_test.h"
#include "bench.h"

#define SCENARIOS	2
#define METHODS_MAX	16

static const struct bench_method * const cold_methods[] = {
	&bench_read_write,
	&bench_mmap_write,
	&bench_sendfile,
	&bench_sendfile_dontneed,
	&bench_sendfile_direct,
	&bench_splice,
	&bench_direct_write,
	&bench_coldsend_cached,
	&bench_coldsend_direct,
	NULL,
};

static const struct bench_method * const hot_methods[] = {
	&bench_read_write,
	&bench_sendfile,
	&bench_coldsend_cached,
	NULL,
};

static struct bench_scenario scenarios[SCENARIOS] = {
	{
		.name = "cold",
		.size = 512 * BENCH_MIB,
		.request = 512 * BENCH_MIB,
		.methods = cold_methods,
	},
	{
		.name = "hot",
		.size = 64 * BENCH_MIB,
		.request = BENCH_MIB,
		.seconds = 1,
		.hot = true,
		.methods = hot_methods,
	},
};

static void print_usage(FILE *out)
{
	fputs("usage: bench [-r ROUNDS] [-s SEED] [-w NAME] [-d DIR] [-o FILE]\n"
	      "             [-m MACHINE]\n"
	      "  -r  rounds of each method                      (5)\n"
	      "  -s  seed of the order                          (the time)\n"
	      "  -w  only the methods whose names have NAME     (all)\n"
	      "  -d  where the files to send are made           (/mnt/disk)\n"
	      "  -o  where the results go, as JSON              (nowhere)\n"
	      "  -m  what to call the machine in the results    (unknown)\n",
	      out);
}

/* Fisher and Yates; returns the seed for the next time. */
static __u64 shuffle(int *order, int n, __u64 seed)
{
	int i;

	for (i = n - 1; i > 0; i--) {
		int other, swapped = order[i];

		seed = cs_mix(seed);
		other = seed % (i + 1);
		order[i] = order[other];
		order[other] = swapped;
	}
	return seed;
}

static void show_progress(const struct bench_result *r)
{
	fprintf(stderr, "%s round %d: %s %.0f MB/s, %.2f CPU s/GB, %.1f s\n",
		r->scenario->name, r->round, r->method->name, bench_mb_s(r),
		bench_cpu_s_per_gb(r), r->seconds);
}

static int run_one(struct bench_run *run, const struct bench_scenario *scenario,
		   const struct bench_method *method, int round)
{
	struct bench_result *result = &run->results[run->nr_results];
	int err;

	*result = (struct bench_result) {
		.scenario = scenario,
		.method = method,
		.round = round,
	};
	err = bench_round(result);
	if (err) {
		fprintf(stderr, "bench: %s %s: %s\n", scenario->name,
			method->name, strerror(-err));
		return err;
	}
	run->nr_results++;
	show_progress(result);
	return 0;
}

/* A round has each method once, in an order of its own. */
static int run_scenario(struct bench_run *run, __u64 *seed,
			const struct bench_scenario *scenario)
{
	int order[METHODS_MAX];
	int methods = 0;
	int round, i;
	int err;

	for (i = 0; scenario->methods[i]; i++)
		if (strstr(scenario->methods[i]->name, run->wanted))
			order[methods++] = i;
	for (round = 1; round <= run->rounds; round++) {
		*seed = shuffle(order, methods, *seed);
		for (i = 0; i < methods; i++) {
			err = run_one(run, scenario,
				      scenario->methods[order[i]], round);
			if (err)
				return err;
		}
	}
	return 0;
}

static int run_all(struct bench_run *run, const char *dir)
{
	__u64 seed = run->seed;
	int err = 0;
	int i;

	for (i = 0; i < SCENARIOS && !err; i++) {
		struct bench_scenario *scenario = &scenarios[i];

		err = bench_file_create(scenario, dir, i + 1);
		if (err) {
			fprintf(stderr, "bench: a file in %s: %s\n", dir,
				strerror(-err));
			return err;
		}
		err = run_scenario(run, &seed, scenario);
		close(scenario->fd);
		unlink(scenario->path);
	}
	return err;
}

static void report(const struct bench_run *run)
{
	int i;

	for (i = 0; i < SCENARIOS; i++)
		bench_report(run, &scenarios[i]);
	bench_report_ratios(run, &scenarios[0], &scenarios[1]);
}

static int parse(int argc, char **argv, struct bench_run *run,
		 const char **dir, const char **out)
{
	int option;

	while ((option = getopt(argc, argv, "r:s:w:d:o:m:h")) != -1) {
		switch (option) {
		case 'r':
			run->rounds = atoi(optarg);
			break;
		case 's':
			run->seed = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			run->wanted = optarg;
			break;
		case 'd':
			*dir = optarg;
			break;
		case 'o':
			*out = optarg;
			break;
		case 'm':
			run->machine = optarg;
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			return -EINVAL;
		}
	}
	if (run->rounds < 1 || run->rounds > BENCH_ROUNDS_MAX)
		return -EINVAL;
	return optind == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct bench_run run = {
		.machine = "unknown",
		.wanted = "",
		.rounds = 5,
		.seed = time(NULL),
	};
	const char *dir = "/mnt/disk", *out = NULL;
	struct utsname name;
	int err;

	if (parse(argc, argv, &run, &dir, &out)) {
		print_usage(stderr);
		return 2;
	}
	if (access(COLDSEND_DEVICE, R_OK | W_OK)) {
		fprintf(stderr, "bench: %s: %s: insert the module, be root\n",
			COLDSEND_DEVICE, strerror(errno));
		return 1;
	}
	/*
	 * Our own code must not leave with the caches that are dropped: it would
	 * be read anew while a method is measured.
	 */
	if (mlockall(MCL_CURRENT))
		perror("bench: mlockall");
	uname(&name);
	run.kernel = name.release;
	run.results = calloc((size_t)run.rounds * SCENARIOS * METHODS_MAX,
			     sizeof(*run.results));
	if (!run.results)
		return 1;
	printf("coldsend and its rivals: %s, Linux %s, %d rounds, seed %llu\n",
	       run.machine, run.kernel, run.rounds, run.seed);
	fflush(stdout);
	err = run_all(&run, dir);
	if (!err)
		report(&run);
	if (!err && out)
		err = bench_json_write(&run, out);
	free(run.results);
	return err ? 1 : 0;
}
