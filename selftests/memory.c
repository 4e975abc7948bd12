// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what the kernel uses, by its own books.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define MEMINFO		"/proc/meminfo"
#define ZONEINFO	"/proc/zoneinfo"
#define VMSTAT		"/proc/vmstat"
#define EVICTED		"\npgsteal_file "
#define KALLSYMS	"/proc/kallsyms"
#define KIB		1024LL
#define FILL_STEP	(64 * 1024 * KIB)
/* Once the kernel may have given up more than it had to, and have memory again. */
#define FULL_STEPS	2

static char buffer[1024 * KIB];

/* Bytes of a line of /proc/meminfo. */
static long long field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? atoll(at + strlen(name)) * KIB : 0;
}

/* Bytes of free pages that each CPU keeps at hand; MemFree has them not. */
static long long free_at_hand(void)
{
	FILE *f = fopen(ZONEINFO, "re");
	long long pages = 0, n;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %lld", &n) == 1)
			pages += n;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t length = f ? fread(text, 1, size - 1, f) : 0;

	text[length] = 0;
	if (f)
		fclose(f);
}

struct cs_memory cs_memory_now(void)
{
	struct cs_memory now = { 0 };
	char text[8192];

	read_file(MEMINFO, text, sizeof(text));
	now.available = field(text, "\nMemAvailable:");
	now.slab = field(text, "\nSUnreclaim:");
	now.used = field(text, "MemTotal:") - field(text, "\nMemFree:") -
		   field(text, "\nBuffers:") - field(text, "\nCached:") -
		   field(text, "\nSReclaimable:") - free_at_hand();
	return now;
}

/* Pages that the page cache had to give up since the boot. */
static long long evicted(void)
{
	char text[32768];
	const char *at;

	read_file(VMSTAT, text, sizeof(text));
	at = strstr(text, EVICTED);
	return at ? atoll(at + strlen(EVICTED)) : 0;
}

/* Reads on, from the start again at the end. */
static int read_on(int file, size_t length)
{
	ssize_t n;

	for (; length; length -= n) {
		n = read(file, buffer,
			 length < sizeof(buffer) ? length : sizeof(buffer));
		if (n < 0 || (!n && lseek(file, 0, SEEK_SET)))
			return -errno;
	}
	return 0;
}

int cs_memory_fill(int file)
{
	const long page_size = sysconf(_SC_PAGESIZE);
	long long all, done, before;
	char text[8192];
	int full = 0;
	int ret;

	read_file(MEMINFO, text, sizeof(text));
	all = field(text, "MemTotal:");
	/* Holes, more than there is room for. */
	if (!all || ftruncate(file, 2 * all))
		return -ENOMEM;
	for (done = 0; done < 2 * all; done += FILL_STEP) {
		before = evicted();
		ret = read_on(file, FILL_STEP);
		if (ret)
			return ret;
		if ((evicted() - before) * page_size > FILL_STEP / 2)
			full++;
		else
			full = 0;
		if (full == FULL_STEPS)
			return 0;
	}
	return -ENOMEM;
}

bool cs_memory_is_padded(void)
{
	FILE *f = fopen(KALLSYMS, "re");
	bool padded = false;
	char line[512];

	if (!f)
		return false;
	while (!padded && fgets(line, sizeof(line), f))
		padded = strstr(line, " kasan_report\n");
	fclose(f);
	return padded;
}
