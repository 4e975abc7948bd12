// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: the kernel's threads that run work of workqueues, as /proc has them.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "worker.h"

/* The words of a line of /proc/PID/stat: 1 to 3, and 19. */
#define STAT	"%d (%79[^)]) %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d"

/* Return: whether it is a worker; it may have ended since. */
static bool read_worker(const char *path, struct cs_worker *w)
{
	FILE *stat = fopen(path, "re");
	char *sign;
	int words;

	if (!stat)
		return false;
	words = fscanf(stat, STAT, &w->pid, w->name, &w->state, &w->nice);
	fclose(stat);
	if (words != 4 || strncmp(w->name, "kworker/", 8))
		return false;
	/* What it works for has a '+' before its name, what it last worked for a '-'. */
	sign = strpbrk(w->name, "+-");
	w->works = sign && *sign == '+';
	w->queue = sign ? sign + 1 : "";
	return true;
}

int cs_workers_count(bool (*is_one)(const struct cs_worker *w, void *arg), void *arg)
{
	struct cs_worker worker;
	int count = 0;
	glob_t all;
	size_t i;

	if (glob("/proc/[0-9]*/stat", GLOB_NOSORT, NULL, &all))
		return -1;
	for (i = 0; i < all.gl_pathc; i++)
		count += read_worker(all.gl_pathv[i], &worker) &&
			 is_one(&worker, arg);
	globfree(&all);
	return count;
}

static bool is_asleep(const struct cs_worker *w, void *queue)
{
	return w->works && w->state == 'D' && !strcmp(w->queue, queue);
}

int cs_workers_asleep(const char *queue)
{
	return cs_workers_count(is_asleep, (void *)queue);
}
