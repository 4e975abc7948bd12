/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark's parts: a method sends ranges, a round measures one method
 * once, a report says what came of all rounds.
 *
 * Functions return 0 or a negative errno if nothing else is said.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define BENCH_MIB		(1024ULL * 1024)
/* One read, write or splice of the methods that have a buffer; one recv(2). */
#define BENCH_CHUNK		BENCH_MIB

/**
 * struct bench_range - what one request asks for
 * @offset: first byte
 * @length: bytes; both are multiples of BENCH_CHUNK
 */
struct bench_range {
	__u64 offset;
	__u64 length;
};

/**
 * struct bench_job - the sender's side of one round
 * @path: file to send
 * @sock: connected, blocking socket
 * @file: opened by the method's setup
 * @state: the method's own
 * @syscalls: system calls of the method's send, counted by itself
 * @bytes_copied: bytes that the CPU copied, if the method measures that
 */
struct bench_job {
	const char *path;
	int sock;
	int file;
	void *state;
	__u64 syscalls;
	__u64 bytes_copied;
};

/* bench_method.copies_per_byte: the method fills job->bytes_copied. */
#define BENCH_COPIES_COUNTED	(-1.0)

/**
 * struct bench_method - one way to send a file
 * @name: in tables
 * @copies_per_byte: by the sender's CPU between disk and socket, by definition
 * @setup: what a server does once: open files, buffers, pipes; not measured
 * @send: sends all of a range, or fails; measured
 * @teardown: the reverse of a setup that succeeded; not measured
 */
struct bench_method {
	const char *name;
	double copies_per_byte;
	int (*setup)(struct bench_job *job);
	int (*send)(struct bench_job *job, const struct bench_range *range);
	void (*teardown)(struct bench_job *job);
};

/* One file each. */
extern const struct bench_method bench_read_write;
extern const struct bench_method bench_mmap_write;
extern const struct bench_method bench_sendfile;
extern const struct bench_method bench_sendfile_dontneed;
extern const struct bench_method bench_sendfile_direct;
extern const struct bench_method bench_splice;
extern const struct bench_method bench_direct_write;
extern const struct bench_method bench_coldsend_cached;
extern const struct bench_method bench_coldsend_direct;

/* io.c: what methods share */
int bench_open(struct bench_job *job, int flags);
void bench_close(struct bench_job *job);
int bench_buffer_setup(struct bench_job *job, int flags);
void bench_buffer_teardown(struct bench_job *job);
int bench_copy_range(struct bench_job *job, const struct bench_range *range);
int bench_write_all(struct bench_job *job, const void *buf, size_t length);
int bench_sendfile_range(struct bench_job *job, __u64 from, __u64 to);

/* coldsend.c: what the methods by /dev/coldsend share */
int bench_coldsend_setup(struct bench_job *job);
void bench_coldsend_teardown(struct bench_job *job);
int bench_coldsend_range(struct bench_job *job, const struct bench_range *range,
			 __u32 policy);

/**
 * struct bench_scenario - what is sent, in which state of the page cache
 * @name: in tables
 * @path: the file
 * @fd: the same, open
 * @size: its bytes
 * @request: bytes of one request
 * @seconds: passes over the file go on until so much time is over
 * @hot: whether all of it is in the page cache, or nothing
 * @methods: what competes, ends with NULL
 */
struct bench_scenario {
	const char *name;
	char path[256];
	int fd;
	__u64 size;
	__u64 request;
	double seconds;
	bool hot;
	const struct bench_method * const *methods;
};

/**
 * struct bench_result - what one round measured
 * @scenario: which
 * @method: which
 * @round: from 1
 * @bytes: that the receiver got
 * @seconds: from the first request until the receiver had all
 * @cpu_seconds: of the sender's process, user and system
 * @all_cpu_seconds: of the whole machine, the receiver included
 * @syscalls: of the method
 * @switches: context switches of the sender's process
 * @bytes_copied: by the sender's CPU
 * @disk_reads: requests that the disk completed
 * @disk_bytes: of them
 * @pages_added: to the page cache, of the file
 */
struct bench_result {
	const struct bench_scenario *scenario;
	const struct bench_method *method;
	int round;
	__u64 bytes;
	double seconds;
	double cpu_seconds;
	double all_cpu_seconds;
	__u64 syscalls;
	__u64 switches;
	double bytes_copied;
	__u64 disk_reads;
	__u64 disk_bytes;
	long pages_added;
};

/* bench_run.rounds at the most. */
#define BENCH_ROUNDS_MAX	1000

/**
 * struct bench_run - the whole of it
 * @machine: what it ran on, for readers of the results
 * @kernel: release
 * @wanted: part of the names of the methods that run
 * @seed: of the order
 * @rounds: of each method in each scenario
 * @results: in the order in which they were made
 * @nr_results: of them
 */
struct bench_run {
	const char *machine;
	const char *kernel;
	const char *wanted;
	__u64 seed;
	int rounds;
	struct bench_result *results;
	size_t nr_results;
};

/* measure.c: what the machine has spent so far */

/**
 * struct bench_usage - a look at the clocks
 * @seconds: of the wall clock
 * @cpu_seconds: of this process
 * @all_cpu_seconds: of the machine
 * @switches: of this process
 */
struct bench_usage {
	double seconds;
	double cpu_seconds;
	double all_cpu_seconds;
	__u64 switches;
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

/* cache.c: files, and what the page cache holds of them */
int bench_file_create(struct bench_scenario *scenario, const char *dir,
		      __u64 seed);
int bench_cache_prepare(const struct bench_scenario *scenario);
long bench_cache_pages(const struct bench_scenario *scenario);

/* net.c: the connection, and the process that receives */
int bench_listen(__u16 *port);
int bench_connect(__u16 port);
int bench_receive(int listener);
int bench_finish(int sock, __u64 *received);

/* round.c */
int bench_round(struct bench_result *result);

/* summary.c: medians */

/**
 * struct bench_spread - of one value over all rounds
 * @median: the middle one
 * @min: the least
 * @max: the largest
 */
struct bench_spread {
	double median;
	double min;
	double max;
};

typedef double (*bench_value_fn)(const struct bench_result *result);

double bench_mb_s(const struct bench_result *result);
double bench_cpu_s_per_gb(const struct bench_result *result);
double bench_all_cpu_s_per_gb(const struct bench_result *result);
double bench_syscalls_per_mb(const struct bench_result *result);
double bench_switches_per_mb(const struct bench_result *result);
double bench_copies_per_byte(const struct bench_result *result);
double bench_disk_reads(const struct bench_result *result);
double bench_pages_added(const struct bench_result *result);
bool bench_summarize(const struct bench_run *run,
		     const struct bench_scenario *scenario,
		     const struct bench_method *method, bench_value_fn value,
		     struct bench_spread *spread);
bool bench_ratio(const struct bench_run *run,
		 const struct bench_scenario *scenario,
		 const struct bench_method *method,
		 const struct bench_method *rival, bench_value_fn value,
		 struct bench_spread *spread);

/* report.c and json.c */
void bench_report(const struct bench_run *run,
		  const struct bench_scenario *scenario);
void bench_report_ratios(const struct bench_run *run,
			 const struct bench_scenario *cold,
			 const struct bench_scenario *hot);
int bench_json_write(const struct bench_run *run, const char *path);

#endif /* BENCH_H */
