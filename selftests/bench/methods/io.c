// SPDX-License-Identifier: GPL-2.0
/*
 * What methods share: opening the file, a buffer, reading and writing all of
 * something, sendfile(2) of a whole range.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
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

/* Return: page-aligned memory that is in place, or NULL. */
void *bench_memory_get(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void bench_memory_put(void *memory, size_t size)
{
	munmap(memory, size);
}

/* A file and a buffer of a chunk. */
int bench_buffer_setup(struct bench_job *job, int flags)
{
	int err;

	err = bench_open(job, flags);
	if (err)
		return err;
	job->state = bench_memory_get(job->chunk);
	if (!job->state) {
		bench_close(job);
		return -ENOMEM;
	}
	return 0;
}

void bench_buffer_teardown(struct bench_job *job)
{
	bench_memory_put(job->state, job->chunk);
	bench_close(job);
}

/* The chunk of @range that begins at @pos. */
struct bench_range bench_next_chunk(const struct bench_job *job,
				    const struct bench_range *range, __u64 pos)
{
	__u64 left = range->offset + range->length - pos;

	return (struct bench_range) {
		.offset = pos,
		.length = left < job->chunk ? left : job->chunk,
	};
}

/* Reads all of @range, with RWF_* @flags. */
int bench_read(struct bench_job *job, void *buf, const struct bench_range *range,
	       int flags)
{
	__u64 done = 0;

	while (done < range->length) {
		struct iovec iov = {
			.iov_base = (char *)buf + done,
			.iov_len = range->length - done,
		};
		off_t pos = range->offset + done;
		ssize_t n = flags ? preadv2(job->file, &iov, 1, pos, flags) :
				    pread(job->file, iov.iov_base, iov.iov_len,
					  pos);

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		done += n;
	}
	return 0;
}

/*
 * Reads into the buffer, with RWF_* of the variant, and writes from there, a
 * chunk at a time.
 */
int bench_copy_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 pos;

	for (pos = range->offset; pos < end; pos += job->chunk) {
		struct bench_range chunk = bench_next_chunk(job, range, pos);
		int err = bench_read(job, job->state, &chunk,
				     job->method->variant);

		if (!err && !(job->method->flags & BENCH_SILENT))
			err = bench_write_all(job, job->state, chunk.length);
		if (err)
			return err;
	}
	return 0;
}

/* Brings what is before @size into the page cache. */
int bench_read_all(int fd, __u64 size)
{
	char *buf = malloc(BENCH_CHUNK);
	ssize_t n = 1;
	__u64 pos;

	if (!buf)
		return -ENOMEM;
	for (pos = 0; pos < size && n > 0; pos += n)
		n = pread(fd, buf, BENCH_CHUNK, pos);
	free(buf);
	return n > 0 ? 0 : -EIO;
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
