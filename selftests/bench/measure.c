// SPDX-License-Identifier: GPL-2.0
/* What process, machine and disk have spent so far. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define SECTOR		512
#define WORKERS_MAX	1024

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *tv)
{
	return tv->tv_sec + tv->tv_usec / 1e6;
}

/* Time that any CPU was busy, whoever for: all but idle and iowait. */
static double machine_cpu(void)
{
	unsigned long long t[7] = { 0 };
	FILE *stat = fopen("/proc/stat", "re");
	int n;

	if (!stat)
		return 0;
	n = fscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1],
		   &t[2], &t[3], &t[4], &t[5], &t[6]);
	fclose(stat);
	if (n != 7)
		return 0;
	return (double)(t[0] + t[1] + t[2] + t[5] + t[6]) /
	       sysconf(_SC_CLK_TCK);
}

/**
 * struct worker - a kernel worker thread
 * @pid: of it
 * @seconds: that it has run
 */
struct worker {
	int pid;
	double seconds;
};

/* Those that there were when the clock started; one that ends takes its time along. */
static struct worker workers[WORKERS_MAX];
static int nr_workers;

static bool is_worker(int pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = '\0';
	fclose(f);
	return !strncmp(name, "kworker/", 8);
}

/* By the scheduler's clock where the kernel tells it, else in clock ticks. */
static double seconds_run(int pid)
{
	unsigned long long ns = 0, user, system;
	double seconds = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &ns) == 1) {
		fclose(f);
		return ns / 1e9;
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = f ? freopen(path, "re", f) : fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		   &user, &system) == 2)
		seconds = (double)(user + system) / sysconf(_SC_CLK_TCK);
	fclose(f);
	return seconds;
}

static double seconds_before(int pid)
{
	int i;

	for (i = 0; i < nr_workers; i++)
		if (workers[i].pid == pid)
			return workers[i].seconds;
	return 0;
}

/*
 * All workers: what is sent asynchronously is their work, and of others' I/O
 * some.  Remembers what they had run, if @remember; else tells what since then.
 */
static double look_at_workers(bool remember)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	double sum = 0;

	if (!proc)
		return 0;
	if (remember)
		nr_workers = 0;
	while ((entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (!pid || !is_worker(pid))
			continue;
		if (!remember)
			sum += seconds_run(pid) - seconds_before(pid);
		else if (nr_workers < WORKERS_MAX)
			workers[nr_workers++] =
				(struct worker) { pid, seconds_run(pid) };
	}
	closedir(proc);
	return sum;
}

static __u64 anonymous(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[128];

	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "RssAnon: %llu", &kib) == 1)
			break;
	fclose(status);
	return kib * BENCH_KIB;
}

static void own_usage(struct bench_usage *usage)
{
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	usage->cpu_seconds = seconds_of(&self.ru_utime) +
			     seconds_of(&self.ru_stime);
	usage->switches = self.ru_nvcsw + self.ru_nivcsw;
}

/* The looks at the machine take longest and stay out of the rest. */
void bench_usage_begin(struct bench_usage *usage)
{
	look_at_workers(true);
	usage->all_cpu_seconds = machine_cpu();
	own_usage(usage);
	usage->seconds = bench_now();
}

/* Turns what bench_usage_begin() saw into what was spent since. */
void bench_usage_end(struct bench_usage *usage)
{
	struct bench_usage before = *usage;

	usage->seconds = bench_now() - before.seconds;
	own_usage(usage);
	usage->cpu_seconds -= before.cpu_seconds;
	usage->switches -= before.switches;
	usage->all_cpu_seconds = machine_cpu() - before.all_cpu_seconds;
	usage->worker_seconds = look_at_workers(false);
	usage->anonymous = anonymous();
}

/* The disk or partition that the file is on. */
int bench_disk_read(int fd, struct bench_disk *disk)
{
	char path[64];
	struct stat st;
	__u64 sectors;
	FILE *stat;
	int n;

	if (fstat(fd, &st))
		return -errno;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat",
		 major(st.st_dev), minor(st.st_dev));
	stat = fopen(path, "re");
	if (!stat)
		return -errno;
	n = fscanf(stat, "%llu %*u %llu", &disk->reads, &sectors);
	fclose(stat);
	disk->bytes = sectors * SECTOR;
	return n == 2 ? 0 : -EIO;
}
