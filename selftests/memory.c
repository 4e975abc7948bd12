// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what the kernel uses, by its own books.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define MEMINFO		"/proc/meminfo"
#define ZONEINFO	"/proc/zoneinfo"
#define KALLSYMS	"/proc/kallsyms"
#define KIB		1024LL

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

struct cs_memory cs_memory_now(void)
{
	struct cs_memory now = { 0 };
	char text[8192] = "";
	FILE *f = fopen(MEMINFO, "re");

	if (!f)
		return now;
	if (!fread(text, 1, sizeof(text) - 1, f))
		text[0] = 0;
	fclose(f);
	now.available = field(text, "\nMemAvailable:");
	now.slab = field(text, "\nSUnreclaim:");
	now.used = field(text, "MemTotal:") - field(text, "\nMemFree:") -
		   field(text, "\nBuffers:") - field(text, "\nCached:") -
		   field(text, "\nSReclaimable:") - free_at_hand();
	return now;
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
