// SPDX-License-Identifier: GPL-2.0
/*
 * Page by page: brings chosen pages of a file into the page cache, and looks
 * which are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "pages.h"

/* Seconds in which pages go that are to go. */
#define GO_SECONDS	20

struct range {
	int fd;
	__u64 offset;
	__u64 len;
	long most;
	long pages;
};

/* 1 for each page that is in the page cache and up to date, else 0. */
int cs_pages_map(int fd, unsigned char *vec, size_t pages)
{
	void *map = mmap(NULL, pages * CS_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	int err;
	size_t i;

	if (map == MAP_FAILED)
		return -errno;
	err = mincore(map, pages * CS_PAGE, vec) ? -errno : 0;
	munmap(map, pages * CS_PAGE);
	for (i = 0; i < pages; i++)
		vec[i] &= 1;
	return err;
}

/* Brings in those pages of a cold file, and none around them. */
int cs_pages_touch(int fd, const unsigned char *wanted, size_t pages)
{
	size_t i;
	char c;

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM))
		return -EINVAL;
	for (i = 0; i < pages; i++)
		if (wanted[i] && pread(fd, &c, 1, i * CS_PAGE) != 1)
			return -EIO;
	return posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL) ? -EINVAL : 0;
}

/* Pages that are there and not wanted, or wanted and not there; -errno. */
long cs_pages_differ(int fd, const unsigned char *wanted, size_t pages)
{
	unsigned char *vec = malloc(pages);
	long differ = 0;
	size_t i;
	int err;

	if (!vec)
		return -ENOMEM;
	err = cs_pages_map(fd, vec, pages);
	for (i = 0; i < pages; i++)
		differ += vec[i] != wanted[i];
	free(vec);
	return err ?: differ;
}

/* Reads that the disk of a file has not ended: 0 too if nobody counts them. */
unsigned int cs_pages_in_flight(int file)
{
	unsigned int reads = 0;
	struct stat st;
	char path[64];
	FILE *f;

	if (fstat(file, &st))
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/inflight",
		 major(st.st_dev), minor(st.st_dev));
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%u", &reads) != 1)
		reads = 0;
	fclose(f);
	return reads;
}

static bool is_gone(void *arg)
{
	struct range *r = arg;

	/* What was received may wait on another CPU to be freed. */
	cs_flush_network();
	r->pages = cs_resident(r->fd, r->offset, r->len);
	return r->pages >= 0 && r->pages <= r->most;
}

/* Waits until at most @most pages of a range are there: how many, or -errno. */
long cs_pages_left(int fd, __u64 offset, __u64 len, long most)
{
	struct range r = { .fd = fd, .offset = offset, .len = len, .most = most };

	cs_wait(is_gone, &r, GO_SECONDS);
	return r.pages;
}
