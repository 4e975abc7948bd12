// SPDX-License-Identifier: GPL-2.0
/*
 * The disk of faults.sh, whose reads take their time.
 *
 * Environment: CS_DISK, its device mapper name.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "disk.h"

static bool suspended;

/* Has dmsetup do something to the disk: its exit status. */
int cs_disk_do(const char *what)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "dmsetup --noudevsync --readahead 256 %s %s", what,
		 getenv("CS_DISK"));
	return system(command);
}

/* Has it the table that an environment variable holds: 0 if it worked. */
int cs_disk_set(const char *table)
{
	char load[1024];
	int failed;

	snprintf(load, sizeof(load), "load --table '%s'", getenv(table));
	failed = cs_disk_do("suspend --nolockfs") || cs_disk_do(load);
	return cs_disk_do("resume") || failed;
}

/* It brings nothing until it is resumed; its file system is not to know: 0 if so. */
int cs_disk_suspend(void)
{
	suspended = true;
	return cs_disk_do("suspend --nolockfs --noflush");
}

/* If it is suspended: 0 if it is not any more. */
int cs_disk_resume(void)
{
	if (!suspended)
		return 0;
	suspended = false;
	return cs_disk_do("resume");
}

/* Opens a file of faults.sh's, in @dir. */
int cs_disk_file(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}
