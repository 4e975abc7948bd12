/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run is: scenarios, rounds, their results and what is told of them.
 *
 * main	   parses, goes through scenarios and rounds
 * round   measures one method once: sender.c and receiver.c are its children,
 *	   beside.c what else runs meanwhile
 * report  tables, verdicts.c what must be reached, json.c the results
 *
 * Functions return 0 or a negative errno if nothing else is said.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <sys/types.h>

#include "bench.h"

/**
 * struct bench_file - a file to send
 * @name: part of its name
 * @size: bytes
 * @path: where it is
 * @fd: the same, open; -1 as long as it is not made
 */
struct bench_file {
	const char *name;
	__u64 size;
	char path[256];
	int fd;
};

/**
 * struct bench_scenario - what is sent, in which state of the page cache
 * @name: in tables and results
 * @about: a line for readers
 * @file: to send
 * @size: bytes of it that all streams together go through
 * @request: bytes of one request; 0 for all of a stream's bytes
 * @seconds: requests go on until so much time is over; 0 for once through
 * @streams: connections at the same time
 * @pause_ms: of the client between two looks at its sockets, 0 for none
 * @sip: bytes that a client with @pause_ms takes off a socket at a time
 * @hot: whether all of the file is in the page cache, or nothing
 * @latency: whether the time of single requests is told
 * @beside: requests for hot bytes run meanwhile: latencies are theirs
 * @fixed: the work is fixed, for counting instructions; runs only if asked for
 * @delay_ms: of the slow disk that the file is on, 0 for the disk
 * @methods: what competes, ends with NULL
 */
struct bench_scenario {
	const char *name;
	const char *about;
	struct bench_file *file;
	__u64 size;
	__u64 request;
	double seconds;
	int streams;
	int pause_ms;
	size_t sip;
	bool hot;
	bool latency;
	bool beside;
	bool fixed;
	int delay_ms;
	const struct bench_method * const *methods;
};

/**
 * struct bench_result - what one round measured
 * @scenario: which
 * @method: which
 * @round: from 1
 * @unsupported: this kernel has not what the method needs; the rest is 0
 * @bytes: that the receiver got, or that a silent method read
 * @requests: of them
 * @seconds: from the first request until the receiver had all
 * @cpu_seconds: of the sender's process, and of the kernel's worker threads
 * @all_cpu_seconds: of the whole machine, the receiver included
 * @syscalls: of the method
 * @switches: context switches of the sender's process
 * @bytes_copied: by the sender's CPU
 * @disk_reads: requests that the disk completed
 * @disk_bytes: of them
 * @pages_added: to the page cache, of the file
 * @anonymous: bytes of the sender's own memory at its end
 * @p50_us: half of the requests took no longer; NAN where it has no meaning
 * @p99_us: likewise
 * @p999_us: likewise
 * @hot_kept: of the hot pages, those still in the page cache at the end, or NAN
 */
struct bench_result {
	const struct bench_scenario *scenario;
	const struct bench_method *method;
	int round;
	bool unsupported;
	__u64 bytes;
	__u64 requests;
	double seconds;
	double cpu_seconds;
	double all_cpu_seconds;
	__u64 syscalls;
	__u64 switches;
	double bytes_copied;
	__u64 disk_reads;
	__u64 disk_bytes;
	long pages_added;
	__u64 anonymous;
	double p50_us;
	double p99_us;
	double p999_us;
	double hot_kept;
};

/* bench_run.rounds and methods of a scenario at the most. */
#define BENCH_ROUNDS_MAX	100
#define BENCH_METHODS_MAX	40

/**
 * struct bench_run - the whole of it
 * @machine: what it ran on, for readers of the results
 * @kernel: release
 * @wanted: part of the names of the methods that run, or ""
 * @scenarios: names of scenarios that run, or of kinds of them, or ""
 * @dir: where files are made
 * @slow: a script that makes a slow disk, see slow-disk.sh, or NULL
 * @seed: of the order
 * @rounds: of each method in each scenario
 * @failed: methods that did not work
 * @results: in the order in which they were made
 * @nr_results: of them
 * @max_results: room for them
 */
struct bench_run {
	const char *machine;
	const char *kernel;
	const char *wanted;
	const char *scenarios;
	const char *dir;
	const char *slow;
	__u64 seed;
	int rounds;
	int failed;
	struct bench_result *results;
	size_t nr_results;
	size_t max_results;
};

/* scenarios.c */
extern struct bench_scenario bench_scenarios[];
extern const int bench_nr_scenarios;
void bench_scenarios_scale(__u64 cold, __u64 largest);
const struct bench_scenario *bench_scenario_find(const char *name);
const char *bench_scenario_unknown(const struct bench_run *run);
bool bench_scenario_wanted(const struct bench_run *run,
			   const struct bench_scenario *scenario);

/* files.c: files, and what the page cache holds of them */
int bench_file_make(struct bench_file *file, const char *dir);
void bench_files_remove(void);
extern struct bench_file bench_cold_file;
extern struct bench_file bench_hot_file;
extern struct bench_file bench_beside_file;
extern struct bench_file bench_slow_file;
int bench_cache_prepare(const struct bench_scenario *scenario);
long bench_cache_pages(const struct bench_file *file);

/* measure.c: what the machine has spent so far */

/**
 * struct bench_usage - a look at the clocks
 * @seconds: of the wall clock
 * @cpu_seconds: of this process
 * @worker_seconds: of the kernel's worker threads
 * @all_cpu_seconds: of the machine
 * @switches: of this process
 * @anonymous: bytes of this process's own memory
 */
struct bench_usage {
	double seconds;
	double cpu_seconds;
	double worker_seconds;
	double all_cpu_seconds;
	__u64 switches;
	__u64 anonymous;
};

/**
 * struct bench_disk - what the disk of a file has done
 * @reads: requests completed
 * @bytes: of them
 */
struct bench_disk {
	__u64 reads;
	__u64 bytes;
};

double bench_now(void);
void bench_usage_begin(struct bench_usage *usage);
void bench_usage_end(struct bench_usage *usage);
int bench_disk_read(int fd, struct bench_disk *disk);

/* shuffle.c */
__u64 bench_shuffle(int *order, int n, __u64 seed);

/* histogram.c */
#define BENCH_STEPS		32
#define BENCH_BUCKETS		(BENCH_STEPS * 60)
/* With fewer requests there is nothing to say of quantiles. */
#define BENCH_REQUESTS_MIN	10

/**
 * struct bench_histogram - how long requests took
 * @counts: requests, see histogram.c
 */
struct bench_histogram {
	__u32 counts[BENCH_BUCKETS];
};

void bench_histogram_add(struct bench_histogram *h, __u64 ticks);
double bench_histogram_us(const struct bench_histogram *h, double quantile);

/* net.c and receiver.c: connections, and the process that receives */
int bench_listen(__u16 *port);
int bench_connect(__u16 port);
int bench_receive(const struct bench_scenario *scenario, int listener, int told);

/* child.c: processes of a round */
pid_t bench_child(void);
int bench_child_result(pid_t pid);
void *bench_shared_get(size_t size);
void bench_shared_put(void *shared, size_t size);
int bench_join_group(const struct bench_scenario *scenario);

/* sender.c */
int bench_sender(struct bench_result *result, __u16 port, int told);

/* beside.c: requests for hot bytes while something else is sent */
struct bench_beside;
int bench_beside_start(const struct bench_scenario *scenario,
		       struct bench_beside **beside);
int bench_beside_end(struct bench_beside *beside, struct bench_result *result);

/* round.c */
int bench_round(struct bench_result *result);

/* limit.c: the limit out of its parts */
void bench_limit_add(struct bench_run *run, const struct bench_scenario *scenario,
		     int round);

/* summary.c: medians */

/**
 * struct bench_spread - of one value over all rounds
 * @median: the middle one
 * @min: the least
 * @max: the largest
 * @mean: of all; where the kernel's clock of processes is its tick, as in
 *	User-Mode Linux, one round's CPU time is a sample, and this the better one
 */
struct bench_spread {
	double median;
	double min;
	double max;
	double mean;
};

typedef double (*bench_value_fn)(const struct bench_result *result);

double bench_mb_s(const struct bench_result *result);
double bench_requests_s(const struct bench_result *result);
double bench_cpu_s_per_gb(const struct bench_result *result);
double bench_all_cpu_s_per_gb(const struct bench_result *result);
double bench_syscalls_per_mb(const struct bench_result *result);
double bench_switches_per_mb(const struct bench_result *result);
double bench_copies_per_byte(const struct bench_result *result);
double bench_disk_reads(const struct bench_result *result);
double bench_disk_read_kib(const struct bench_result *result);
double bench_pages_added(const struct bench_result *result);
double bench_anonymous_mib(const struct bench_result *result);
double bench_p50_us(const struct bench_result *result);
double bench_p99_us(const struct bench_result *result);
double bench_p999_us(const struct bench_result *result);
double bench_hot_kept(const struct bench_result *result);
const struct bench_result *bench_result_find(const struct bench_run *run,
					     const struct bench_scenario *scenario,
					     const struct bench_method *method,
					     int round);
bool bench_summarize(const struct bench_run *run,
		     const struct bench_scenario *scenario,
		     const struct bench_method *method, bench_value_fn value,
		     struct bench_spread *spread);
double bench_middle(const struct bench_spread *spread, bench_value_fn value);
const struct bench_method *bench_best_rival(const struct bench_run *run,
					    const struct bench_scenario *scenario,
					    bench_value_fn value, bool least);

/* report.c, verdicts.c and json.c */
void bench_report(const struct bench_run *run,
		  const struct bench_scenario *scenario);
void bench_report_notes(void);
void bench_verdicts(const struct bench_run *run);
int bench_json_write(const struct bench_run *run, const char *path);

#endif /* BENCH_RUN_H */
