// SPDX-License-Identifier: GPL-2.0
/*
 * What methods share: opening the file, a buffer, writing all of something,
 * sendfile(2) of a whole range.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "bench.h"

/*
 * Opens the file.  Who reads through the page cache says that it goes through
 * the file in order, which doubles read-ahead: tuned servers do.
 */
int bench_open(struct bench_job *job, int flags)
{
	job->file = open(job->path, O_RDONLY | O_CLOEXEC | flags);
	if (job->file < 0)
		return -errno;
	if (!(flags & O_DIRECT))
		posix_fadvise(job->file, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void bench_close(struct bench_job *job)
{
	close(job->file);
	job->file = -1;
}

/* A file and a page-aligned buffer of BENCH_CHUNK bytes that is in place. */
int bench_buffer_setup(struct bench_job *job, int flags)
{
	int err;

	err = bench_open(job, flags);
	if (err)
		return err;
	job->state = mmap(NULL, BENCH_CHUNK, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (job->state == MAP_FAILED) {
		err = -errno;
		bench_close(job);
	}
	return err;
}

void bench_buffer_teardown(struct bench_job *job)
{
	munmap(job->state, BENCH_CHUNK);
	bench_close(job);
}

/* Reads into the buffer and writes from there, a chunk at a time. */
int bench_copy_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 pos = range->offset;

	while (pos < end) {
		size_t want = end - pos < BENCH_CHUNK ? end - pos : BENCH_CHUNK;
		ssize_t got = pread(job->file, job->state, want, pos);
		int err;

		job->syscalls++;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		err = bench_write_all(job, job->state, got);
		if (err)
			return err;
		pos += got;
	}
	return 0;
}

int bench_write_all(struct bench_job *job, const void *buf, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write(job->sock, (const char *)buf + done,
				  length - done);

		job->syscalls++;
		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

int bench_sendfile_range(struct bench_job *job, __u64 from, __u64 to)
{
	off_t pos = from;

	while ((__u64)pos < to) {
		ssize_t n = sendfile(job->sock, job->file, &pos, to - pos);

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
	}
	return 0;
}
