// SPDX-License-Identifier: GPL-2.0
/*
 * Method libaio+write, as nginx with "aio on" and "directio": one asynchronous
 * direct read at a time; while it runs, the buffer before goes out by write(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdlib.h>

#include "bench.h"

/* As output_buffers 2 1m. */
#define BUFFERS		2

/**
 * struct aio - of one stream
 * @context: of the kernel
 * @iocb: the one read
 * @memory: BUFFERS chunks
 */
struct aio {
	io_context_t context;
	struct iocb iocb;
	char *memory;
};

static int setup(struct bench_job *job)
{
	struct aio *aio = calloc(1, sizeof(*aio));
	int err = -ENOMEM;

	if (!aio)
		return -ENOMEM;
	aio->memory = bench_memory_get(BUFFERS * job->chunk);
	if (!aio->memory)
		goto err_free;
	err = io_setup(1, &aio->context);
	if (err) {
		/* No AIO in this kernel. */
		err = err == -ENOMEM ? err : -EOPNOTSUPP;
		goto err_memory;
	}
	err = bench_open(job, O_DIRECT);
	if (err)
		goto err_context;
	job->state = aio;
	return 0;

err_context:
	io_destroy(aio->context);
err_memory:
	bench_memory_put(aio->memory, BUFFERS * job->chunk);
err_free:
	free(aio);
	return err;
}

static void teardown(struct bench_job *job)
{
	struct aio *aio = job->state;

	bench_close(job);
	io_destroy(aio->context);
	bench_memory_put(aio->memory, BUFFERS * job->chunk);
	free(aio);
}

static int start(struct bench_job *job, const struct bench_range *chunk, void *buf)
{
	struct aio *aio = job->state;
	struct iocb *iocb = &aio->iocb;
	int n;

	io_prep_pread(iocb, job->file, buf, chunk->length, chunk->offset);
	n = io_submit(aio->context, 1, &iocb);
	job->syscalls++;
	if (n < 0)
		return n;
	return n == 1 ? 0 : -EAGAIN;
}

static int wait_for(struct bench_job *job, const struct bench_range *chunk)
{
	struct aio *aio = job->state;
	struct io_event event;
	int n;

	n = io_getevents(aio->context, 1, 1, &event, NULL);
	job->syscalls++;
	if (n != 1)
		return n < 0 ? n : -EIO;
	if ((long)event.res < 0)
		return event.res;
	return event.res == chunk->length ? 0 : -EIO;
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	struct bench_range chunk = bench_next_chunk(job, range, range->offset);
	__u64 end = range->offset + range->length;
	struct aio *aio = job->state;
	char *buf = aio->memory;
	int err;

	err = start(job, &chunk, buf);
	while (!err) {
		struct bench_range full = chunk;
		char *full_buf = buf;

		err = wait_for(job, &full);
		if (err)
			break;
		chunk = bench_next_chunk(job, range, full.offset + full.length);
		buf = buf == aio->memory ? buf + job->chunk : aio->memory;
		if (chunk.length)
			err = start(job, &chunk, buf);
		if (!err)
			err = bench_write_all(job, full_buf, full.length);
		if (chunk.offset == end)
			break;
	}
	return err;
}

const struct bench_method bench_libaio = {
	.name = "libaio+write",
	.needs = "io_submit(2)",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};
