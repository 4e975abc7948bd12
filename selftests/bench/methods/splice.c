// SPDX-License-Identifier: GPL-2.0
/*
 * Methods splice: splice(2) from the file into a pipe of 1 MiB, and from there
 * into the socket.  The pipe is new for each request, or kept for all; the file is
 * read through the page cache, or past it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

/* It is the biggest that a user other than root may have. */
#define PIPE_SIZE	BENCH_MIB

static int make_pipe(int *pipes)
{
	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	if (fcntl(pipes[1], F_SETPIPE_SZ, (int)PIPE_SIZE) < 0) {
		int err = -errno;

		close(pipes[0]);
		close(pipes[1]);
		return err;
	}
	return 0;
}

static void close_pipe(const int *pipes)
{
	close(pipes[0]);
	close(pipes[1]);
}

static int setup_new(struct bench_job *job)
{
	return bench_open(job, 0);
}

static int setup_pooled(struct bench_job *job)
{
	int *pipes = calloc(2, sizeof(*pipes));
	int err;

	if (!pipes)
		return -ENOMEM;
	err = make_pipe(pipes);
	if (err)
		goto err_free;
	err = bench_open(job, job->method->variant);
	if (err)
		goto err_close;
	job->state = pipes;
	return 0;

err_close:
	close_pipe(pipes);
err_free:
	free(pipes);
	return err;
}

static void teardown_pooled(struct bench_job *job)
{
	bench_close(job);
	close_pipe(job->state);
	free(job->state);
}

static int drain(struct bench_job *job, int from, size_t length, bool more)
{
	unsigned int flags = SPLICE_F_MOVE | (more ? SPLICE_F_MORE : 0);

	while (length) {
		ssize_t n = splice(from, NULL, job->sock, NULL, length, flags);

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		length -= n;
	}
	return 0;
}

static int send_through(struct bench_job *job, const struct bench_range *range,
			const int *pipes)
{
	off_t end = range->offset + range->length;
	off_t pos = range->offset;

	while (pos < end) {
		size_t want = end - pos < (off_t)PIPE_SIZE ? (size_t)(end - pos) :
							    PIPE_SIZE;
		ssize_t n = splice(job->file, &pos, pipes[1], NULL, want,
				   SPLICE_F_MOVE | SPLICE_F_MORE);
		int err;

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		err = drain(job, pipes[0], n, pos < end);
		if (err)
			return err;
	}
	return 0;
}

static int send_pooled(struct bench_job *job, const struct bench_range *range)
{
	return send_through(job, range, job->state);
}

static int send_new(struct bench_job *job, const struct bench_range *range)
{
	int pipes[2];
	int err;

	err = make_pipe(pipes);
	if (err)
		return err;
	err = send_through(job, range, pipes);
	close_pipe(pipes);
	job->syscalls += 4;
	return err;
}

const struct bench_method bench_splice_pooled = {
	.name = "splice pooled",
	.copies_per_byte = 0,
	.setup = setup_pooled,
	.send = send_pooled,
	.teardown = teardown_pooled,
};

/* As much as the pipe has room for is read at once, into pages that go on as they are. */
const struct bench_method bench_splice_direct = {
	.name = "splice O_DIRECT pooled",
	.copies_per_byte = 0,
	.flags = BENCH_BYPASS,
	.variant = O_DIRECT,
	.setup = setup_pooled,
	.send = send_pooled,
	.teardown = teardown_pooled,
};

const struct bench_method bench_splice_new = {
	.name = "splice new pipe",
	.copies_per_byte = 0,
	.setup = setup_new,
	.send = send_new,
	.teardown = bench_close,
};
