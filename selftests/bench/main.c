// SPDX-License-Identifier: GPL-2.0
/* The benchmark: all methods in random order, some rounds, tables, results. */
#include <errno.h>
#include <linux/coldsend.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../cs_test.h"
#include "run.h"

#define FILES_MAX	8192

static void print_usage(FILE *out)
{
	fputs("usage: bench [options]\n"
	      "  -r ROUNDS  of each method                              (5)\n"
	      "  -n NAME,…  only these scenarios or kinds of scenarios (all)\n"
	      "  -w WORD    only methods whose names have it            (all)\n"
	      "  -s SEED    of the order                                (the time)\n"
	      "  -c MIB     cold bytes of a round at the most           (1024)\n"
	      "  -g MIB     the same for growth                         (4096)\n"
	      "  -b MIB     hot file beside scans                       (409)\n"
	      "  -d DIR     where the files to send are made            (/mnt/disk)\n"
	      "  -S SCRIPT  that makes a slow disk                      (none)\n"
	      "  -o FILE    where the results go, as JSON               (nowhere)\n"
	      "  -m WORDS   what to call the machine in the results     (unknown)\n",
	      out);
}

static void show_progress(const struct bench_result *r)
{
	fprintf(stderr, "%s round %d: %s %.0f MB/s, %.3f CPU s/GB, %.2f s\n",
		r->scenario->name, r->round, r->method->name, bench_mb_s(r),
		bench_cpu_s_per_gb(r), r->seconds);
}

/* A method that does not work leaves the others theirs. */
static void run_one(struct bench_run *run, const struct bench_scenario *scenario,
		    const struct bench_method *method, int round)
{
	struct bench_result *result = &run->results[run->nr_results];
	int err;

	if (run->nr_results == run->max_results)
		return;
	*result = (struct bench_result) {
		.scenario = scenario,
		.method = method,
		.round = round,
		.p50_us = NAN,
		.p99_us = NAN,
		.p999_us = NAN,
		.hot_kept = NAN,
	};
	err = bench_round(result);
	if (err == -EOPNOTSUPP && method->needs) {
		result->unsupported = true;
		run->nr_results++;
		return;
	}
	if (err) {
		fprintf(stderr, "bench: %s round %d: %s: %s\n", scenario->name,
			round, method->name, strerror(-err));
		run->failed++;
		return;
	}
	run->nr_results++;
	show_progress(result);
}

static bool is_wanted(const struct bench_run *run,
		      const struct bench_method *method)
{
	return strstr(method->name, run->wanted);
}

/* A round has each method once, in an order of its own. */
static void run_rounds(struct bench_run *run,
		       const struct bench_scenario *scenario)
{
	int order[BENCH_METHODS_MAX];
	int methods = 0;
	int round, i;

	for (i = 0; scenario->methods[i]; i++)
		if (is_wanted(run, scenario->methods[i]))
			order[methods++] = i;
	for (round = 1; round <= run->rounds; round++) {
		run->seed = bench_shuffle(order, methods, run->seed);
		for (i = 0; i < methods; i++)
			run_one(run, scenario, scenario->methods[order[i]],
				round);
		bench_limit_add(run, scenario, round);
	}
}

static int slow_disk(const struct bench_run *run, const char *words)
{
	char command[512];

	if (!run->slow)
		return -EOPNOTSUPP;
	snprintf(command, sizeof(command), "'%s' %s '%s/bench-slow-disk'",
		 run->slow, words, run->dir);
	return system(command) ? -EIO : 0;
}

static int make_files(const struct bench_run *run,
		      const struct bench_scenario *scenario)
{
	char dir[256], words[32];
	int err;

	/* Without a limit to memory nothing would be pushed out. */
	if (scenario->beside && !getenv("BENCH_CGROUP"))
		return -EOPNOTSUPP;
	snprintf(dir, sizeof(dir), "%s%s", run->dir,
		 scenario->delay_ms ? "/bench-slow-disk" : "");
	if (scenario->delay_ms) {
		snprintf(words, sizeof(words), "make %d", scenario->delay_ms);
		err = slow_disk(run, words);
		if (err)
			return err;
	}
	err = bench_file_make(scenario->file, dir);
	if (!err && scenario->beside)
		err = bench_file_make(&bench_beside_file, dir);
	return err;
}

static void remove_slow_disk(const struct bench_run *run)
{
	bench_files_remove();
	slow_disk(run, "remove");
}

static void run_scenario(struct bench_run *run,
			 const struct bench_scenario *scenario)
{
	int err = make_files(run, scenario);

	if (err) {
		fprintf(stderr, "bench: %s: its files: %s\n", scenario->name,
			strerror(-err));
		run->failed++;
	} else {
		run_rounds(run, scenario);
		bench_report(run, scenario);
	}
	if (scenario->delay_ms)
		remove_slow_disk(run);
}

/* The cold file must do for the largest of those who share it. */
static void size_files(const struct bench_run *run)
{
	int i;

	for (i = 0; i < bench_nr_scenarios; i++) {
		const struct bench_scenario *s = &bench_scenarios[i];

		if (bench_scenario_wanted(run, s) && s->file->size < s->size)
			s->file->size = s->size;
	}
}

static void run_all(struct bench_run *run, const char *out)
{
	int i;

	size_files(run);
	for (i = 0; i < bench_nr_scenarios; i++) {
		if (!bench_scenario_wanted(run, &bench_scenarios[i]))
			continue;
		run_scenario(run, &bench_scenarios[i]);
		/* What is there is worth keeping if the rest takes too long. */
		if (out && bench_json_write(run, out))
			run->failed++;
	}
	bench_files_remove();
	bench_report_notes();
	bench_verdicts(run);
}

/**
 * struct option - with an argument
 * @letter: -letter
 * @words: where its words go, or NULL
 * @number: where its number goes
 */
struct option {
	char letter;
	const char **words;
	__u64 *number;
};

static bool take(const struct option *o, int letter, const char *argument)
{
	char *end = NULL;

	if (o->letter != letter)
		return false;
	if (o->words)
		*o->words = argument;
	else
		*o->number = strtoull(argument, &end, 0);
	return !end || !*end;
}

/* Return: whether all of them are good. */
static bool take_all(int argc, char **argv, const struct option *options, int n)
{
	int letter, i;

	while ((letter = getopt(argc, argv, "r:n:w:s:c:g:b:d:S:o:m:h")) != -1) {
		if (letter == 'h') {
			print_usage(stdout);
			exit(0);
		}
		for (i = 0; i < n && !take(&options[i], letter, optarg); i++)
			;
		if (i == n)
			return false;
	}
	return optind == argc;
}

static int parse(int argc, char **argv, struct bench_run *run, const char **out)
{
	__u64 rounds = 5, cold = 1024, largest = 4096, beside = 409;
	const char *unknown;
	const struct option options[] = {
		{ 'r', .number = &rounds },	{ 'n', &run->scenarios },
		{ 'w', &run->wanted },		{ 's', .number = &run->seed },
		{ 'c', .number = &cold },	{ 'g', .number = &largest },
		{ 'b', .number = &beside },	{ 'd', &run->dir },
		{ 'S', &run->slow },		{ 'o', out },
		{ 'm', &run->machine },
	};

	if (!take_all(argc, argv, options, sizeof(options) / sizeof(*options)) ||
	    !rounds || rounds > BENCH_ROUNDS_MAX || !cold || !largest || !beside)
		return -EINVAL;
	unknown = bench_scenario_unknown(run);
	if (unknown) {
		fprintf(stderr, "bench: no scenario is called '%s'\n", unknown);
		return -EINVAL;
	}
	run->rounds = rounds;
	bench_scenarios_scale(cold * BENCH_MIB, largest * BENCH_MIB);
	bench_beside_file.size = beside * BENCH_MIB;
	return 0;
}

/*
 * Our own code must not leave with the caches that are dropped: it would be read
 * anew while a method is measured.  And a thousand streams need their files.
 */
static void prepare_process(void)
{
	struct rlimit files = { .rlim_cur = FILES_MAX, .rlim_max = FILES_MAX };

	if (mlockall(MCL_CURRENT))
		perror("bench: mlockall");
	if (setrlimit(RLIMIT_NOFILE, &files))
		perror("bench: limit of open files");
}

int main(int argc, char **argv)
{
	struct bench_run run = {
		.machine = "unknown", .wanted = "", .scenarios = "",
		.dir = "/mnt/disk", .rounds = 5, .seed = time(NULL),
	};
	const char *out = NULL;
	struct utsname name;

	if (parse(argc, argv, &run, &out)) {
		print_usage(stderr);
		return 2;
	}
	if (access(COLDSEND_DEVICE, R_OK | W_OK)) {
		fprintf(stderr, "bench: %s: %s: insert the module, be root\n",
			COLDSEND_DEVICE, strerror(errno));
		return 1;
	}
	prepare_process();
	bench_ticks_init();
	uname(&name);
	run.kernel = name.release;
	run.max_results = (size_t)run.rounds * bench_nr_scenarios *
			  BENCH_METHODS_MAX;
	run.results = calloc(run.max_results, sizeof(*run.results));
	if (!run.results)
		return 1;
	printf("coldsend and its rivals: %s, Linux %s, %d rounds, seed %llu\n",
	       run.machine, run.kernel, run.rounds, run.seed);
	fflush(stdout);
	run_all(&run, out);
	if (run.failed)
		printf("\n%d did not work, see above\n", run.failed);
	free(run.results);
	return run.failed ? 1 : 0;
}
