// SPDX-License-Identifier: GPL-2.0
/* The files that are served, and what the page cache holds of them. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../cs_test.h"
#include "../../pages.h"
#include "replay.h"

/* More than any hot set here has. */
#define FILES_MAX	100000

static int make(struct replay_file *file, const char *dir, const char *kind,
		int number, __u64 size)
{
	struct cs_data data = { .seed = number, .size = size };
	int fd, err;

	file->size = size;
	snprintf(file->path, sizeof(file->path), "%s/replay-%s-%d", dir, kind,
		 number);
	fd = open(file->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = cs_data_write(fd, &data);
	if (!err && fsync(fd))
		err = -errno;
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return err;
}

/* As many of each octave from least to most; whole pages. */
static __u64 small_size(int number)
{
	double octaves = log2((double)REPLAY_SMALL_MOST / REPLAY_SMALL_LEAST);
	double at = replay_fraction(number + 1000000);

	return (__u64)(REPLAY_SMALL_LEAST * exp2(at * octaves)) & ~(CS_PAGE - 1ULL);
}

/* Small files of @bytes in sum, and the large ones. */
int replay_files_make(struct replay_files *files, const char *dir, __u64 bytes)
{
	int err = 0;
	int i;

	files->small = calloc(FILES_MAX, sizeof(*files->small));
	if (!files->small)
		return -ENOMEM;
	while (!err && files->small_bytes < bytes &&
	       files->nr_small < FILES_MAX) {
		i = files->nr_small++;
		err = make(&files->small[i], dir, "small", i, small_size(i));
		files->small_bytes += files->small[i].size;
	}
	for (i = 0; i < REPLAY_LARGE_FILES && !err; i++)
		err = make(&files->large[i], dir, "large", i, REPLAY_LARGE);
	return err;
}

void replay_files_remove(struct replay_files *files)
{
	int i;

	for (i = 0; i < files->nr_small; i++)
		unlink(files->small[i].path);
	for (i = 0; i < REPLAY_LARGE_FILES; i++)
		unlink(files->large[i].path);
	free(files->small);
}

/* How much of the file is in the page cache. */
int replay_file_resident(const struct replay_file *file, __u64 *bytes)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	long pages;

	if (fd < 0)
		return -errno;
	pages = cs_resident(fd, 0, file->size);
	close(fd);
	*bytes = pages > 0 ? pages * CS_PAGE : 0;
	return pages < 0 ? (int)pages : 0;
}
