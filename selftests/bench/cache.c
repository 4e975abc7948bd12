// SPDX-License-Identifier: GPL-2.0
/* The files, and what the page cache holds of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../cs_test.h"
#include "bench.h"

/* A file of bytes that nothing can compress, on the disk. */
int bench_file_create(struct bench_scenario *scenario, const char *dir,
		      __u64 seed)
{
	struct cs_data data = { .seed = seed, .size = scenario->size };
	int err;

	snprintf(scenario->path, sizeof(scenario->path), "%s/bench-%s", dir,
		 scenario->name);
	scenario->fd = open(scenario->path,
			    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (scenario->fd < 0)
		return -errno;
	err = cs_data_write(scenario->fd, &data);
	if (err) {
		close(scenario->fd);
		unlink(scenario->path);
	}
	return err;
}

long bench_cache_pages(const struct bench_scenario *scenario)
{
	return cs_resident(scenario->fd, 0, scenario->size);
}

static int drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "3", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

/* The caches of all files and inodes; of this file also what lingers. */
static int make_cold(const struct bench_scenario *scenario)
{
	int err;

	sync();
	err = drop_caches();
	return err ? err : cs_drop_cache(scenario->fd);
}

static int read_all(const struct bench_scenario *scenario)
{
	char *buf = malloc(BENCH_CHUNK);
	ssize_t n = 1;
	__u64 pos;

	if (!buf)
		return -ENOMEM;
	for (pos = 0; pos < scenario->size && n > 0; pos += n)
		n = pread(scenario->fd, buf, BENCH_CHUNK, pos);
	free(buf);
	return n > 0 ? 0 : -EIO;
}

static int make_hot(const struct bench_scenario *scenario)
{
	long pages = scenario->size / sysconf(_SC_PAGESIZE);
	int err = read_all(scenario);

	if (err)
		return err;
	return bench_cache_pages(scenario) == pages ? 0 : -ENOMEM;
}

/* Makes all of the file hot, or all of it cold. */
int bench_cache_prepare(const struct bench_scenario *scenario)
{
	return scenario->hot ? make_hot(scenario) : make_cold(scenario);
}
