// SPDX-License-Identifier: GPL-2.0
/*
 * A cgroup, the directory that the environment has as CS_CGROUP: who joins it, and
 * how much memory it has.
 */
#include <stdio.h>
#include <stdlib.h>

#include "group.h"

static FILE *open_file(const char *name, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("CS_CGROUP"), name);
	return fopen(path, mode);
}

bool cs_group_is_there(void)
{
	return getenv("CS_CGROUP");
}

/* Has the calling process join it: 0 if it did. */
int cs_group_join(void)
{
	FILE *procs = open_file("cgroup.procs", "w");

	return !procs || fputs("0", procs) < 0 || fclose(procs);
}

/* Bytes of memory that the group has, to some 256 KiB; -1 if it can't be told. */
long long cs_group_bytes(void)
{
	FILE *current = open_file("memory.current", "r");
	long long bytes;
	int found;

	if (!current)
		return -1;
	found = fscanf(current, "%lld", &bytes);
	fclose(current);
	return found == 1 ? bytes : -1;
}
