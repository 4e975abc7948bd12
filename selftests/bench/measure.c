// SPDX-License-Identifier: GPL-2.0
/* What process, machine and disk have spent so far. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define SECTOR		512

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

static void own_usage(struct bench_usage *usage)
{
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	usage->cpu_seconds = seconds_of(&self.ru_utime) +
			     seconds_of(&self.ru_stime);
	usage->switches = self.ru_nvcsw + self.ru_nivcsw;
}

/* The look at the machine takes longest and stays out of the rest. */
void bench_usage_begin(struct bench_usage *usage)
{
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
