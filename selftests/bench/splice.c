// SPDX-License-Identifier: GPL-2.0
/*
 * Method splice: splice(2) from the file into a pipe of 1 MiB that is kept for
 * all requests, and from there into the socket.
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

static int setup(struct bench_job *job)
{
	int *pipes = calloc(2, sizeof(*pipes));
	int err;

	if (!pipes)
		return -ENOMEM;
	err = make_pipe(pipes);
	if (err)
		goto err_free;
	err = bench_open(job, 0);
	if (err)
		goto err_close;
	job->state = pipes;
	return 0;

err_close:
	close(pipes[0]);
	close(pipes[1]);
err_free:
	free(pipes);
	return err;
}

static void teardown(struct bench_job *job)
{
	int *pipes = job->state;

	bench_close(job);
	close(pipes[0]);
	close(pipes[1]);
	free(pipes);
}

static int drain(struct bench_job *job, size_t length, unsigned int flags)
{
	int *pipes = job->state;

	while (length) {
		ssize_t n = splice(pipes[0], NULL, job->sock, NULL, length,
				   flags);

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		length -= n;
	}
	return 0;
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	off_t end = range->offset + range->length;
	off_t pos = range->offset;
	int *pipes = job->state;

	while (pos < end) {
		size_t want = end - pos < (off_t)PIPE_SIZE ? (size_t)(end - pos) :
							    PIPE_SIZE;
		ssize_t n = splice(job->file, &pos, pipes[1], NULL, want,
				   SPLICE_F_MOVE | SPLICE_F_MORE);
		int err;

		job->syscalls++;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		err = drain(job, n, SPLICE_F_MOVE |
				    (pos < end ? SPLICE_F_MORE : 0));
		if (err)
			return err;
	}
	return 0;
}

const struct bench_method bench_splice = {
	.name = "splice",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};
