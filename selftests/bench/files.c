// SPDX-License-Identifier: GPL-2.0
/* The files, and what the page cache holds of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cs_test.h"
#include "run.h"

struct bench_file bench_cold_file = { .name = "cold", .fd = -1 };
struct bench_file bench_hot_file = { .name = "hot", .fd = -1 };
struct bench_file bench_beside_file = { .name = "beside", .fd = -1 };
struct bench_file bench_slow_file = { .name = "slow", .fd = -1 };

static struct bench_file * const files[] = {
	&bench_cold_file,
	&bench_hot_file,
	&bench_beside_file,
	&bench_slow_file,
};

static void remove_file(struct bench_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	unlink(file->path);
	file->fd = -1;
}

/* A file of bytes that nothing can compress, on the disk, if it is not there. */
int bench_file_make(struct bench_file *file, const char *dir)
{
	struct cs_data data = {
		.seed = strlen(file->name),
		.size = file->size,
	};
	int err;

	if (file->fd >= 0)
		return 0;
	snprintf(file->path, sizeof(file->path), "%s/bench-%s", dir,
		 file->name);
	file->fd = open(file->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);
	if (file->fd < 0)
		return -errno;
	err = cs_data_write(file->fd, &data);
	if (!err && fsync(file->fd))
		err = -errno;
	if (err)
		remove_file(file);
	return err;
}

void bench_files_remove(void)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		remove_file(files[i]);
}

long bench_cache_pages(const struct bench_file *file)
{
	return cs_resident(file->fd, 0, file->size);
}

/* The caches of all files and inodes; of this file also what lingers. */
static int make_cold(const struct bench_file *file)
{
	int err = cs_drop_all_caches();

	return err ? err : cs_drop_cache(file->fd);
}

static int make_hot(const struct bench_file *file)
{
	long pages = file->size / sysconf(_SC_PAGESIZE);
	int err = bench_read_all(file->fd, file->size);

	if (err)
		return err;
	return bench_cache_pages(file) == pages ? 0 : -ENOMEM;
}

/* Makes all of the file hot, or all of it cold. */
int bench_cache_prepare(const struct bench_scenario *scenario)
{
	return scenario->hot ? make_hot(scenario->file) :
			       make_cold(scenario->file);
}
