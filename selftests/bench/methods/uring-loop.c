// SPDX-License-Identifier: GPL-2.0
/*
 * Method io_uring+send loop, as a server that is made around io_uring: one thread
 * and one ring for all streams.  Direct reads into a pool of registered buffers,
 * and in the order of the file one SEND at a time on each socket out of them.
 * And the reading half of it alone, for the limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "bench.h"
#include "uring.h"

/* Of the pool; the ring needs no more, since each is in one read or send. */
#define BUFFERS		64
/* Of a stream, where there are enough for all: one is sent, one read into. */
#define DEPTH		2

enum variant {
	SEND,
	READ_ALONE,
};

enum state {
	READING,
	FULL,
	SENDING,
};

struct stream;

/**
 * struct buffer - of the pool
 * @next: that is free too, or that holds what follows in the stream
 * @memory: BENCH_CHUNK bytes, registered
 * @stream: that has it
 * @chunk: of the file, what it holds
 * @state: what goes on with it
 */
struct buffer {
	STAILQ_ENTRY(buffer) next;
	char *memory;
	struct stream *stream;
	struct bench_range chunk;
	enum state state;
};

STAILQ_HEAD(buffers, buffer);

/**
 * struct stream - how far it is
 * @next: in the line of those that wait
 * @job: of it
 * @pos: of the next read
 * @buffers: that it has, in the order of the file
 * @count: of them
 * @waits: whether it waits for one more
 */
struct stream {
	STAILQ_ENTRY(stream) next;
	struct bench_job *job;
	__u64 pos;
	struct buffers buffers;
	int count;
	bool waits;
};

STAILQ_HEAD(streams, stream);

/**
 * struct loop - of all streams
 * @ring: of the kernel
 * @buffers: of the pool
 * @made: how many there are
 * @free: that no stream has
 * @waiting: streams, the next one first
 * @depth: buffers that a stream may have
 * @users: jobs that are set up
 */
static struct loop {
	struct io_uring ring;
	struct buffer buffers[BUFFERS];
	int made;
	struct buffers free;
	struct streams waiting;
	int depth;
	int users;
} loop;

static int make_ring(void)
{
	int err = bench_uring_init(&loop.ring, BUFFERS);

	if (err)
		return err;
	err = io_uring_register_buffers_sparse(&loop.ring, BUFFERS);
	if (err) {
		io_uring_queue_exit(&loop.ring);
		return err;
	}
	STAILQ_INIT(&loop.free);
	STAILQ_INIT(&loop.waiting);
	return 0;
}

static int register_buffers(char *memory)
{
	struct iovec iov[DEPTH];
	int i, n;

	for (i = 0; i < DEPTH; i++)
		iov[i] = (struct iovec) {
			.iov_base = memory + i * BENCH_CHUNK,
			.iov_len = BENCH_CHUNK,
		};
	n = io_uring_register_buffers_update_tag(&loop.ring, loop.made, iov,
						 NULL, DEPTH);
	if (n < 0)
		return n;
	return n == DEPTH ? 0 : -EIO;
}

static int add_buffers(void)
{
	char *memory = bench_memory_get(DEPTH * BENCH_CHUNK);
	int err, i;

	if (!memory)
		return -ENOMEM;
	err = register_buffers(memory);
	if (err) {
		bench_memory_put(memory, DEPTH * BENCH_CHUNK);
		return err;
	}
	for (i = 0; i < DEPTH; i++) {
		struct buffer *buffer = &loop.buffers[loop.made++];

		buffer->memory = memory + i * BENCH_CHUNK;
		STAILQ_INSERT_HEAD(&loop.free, buffer, next);
	}
	return 0;
}

static void put_loop(void)
{
	if (--loop.users)
		return;
	io_uring_queue_exit(&loop.ring);
	for (; loop.made; loop.made -= DEPTH)
		bench_memory_put(loop.buffers[loop.made - DEPTH].memory,
				 DEPTH * BENCH_CHUNK);
}

/* The first job makes the ring; each adds to the pool until it is full. */
static int get_loop(void)
{
	int err = loop.users ? 0 : make_ring();

	if (err)
		return err;
	loop.users++;
	err = loop.made < BUFFERS ? add_buffers() : 0;
	if (err)
		put_loop();
	return err;
}

static int setup(struct bench_job *job)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int err;

	if (!stream)
		return -ENOMEM;
	err = get_loop();
	if (err)
		goto err_free;
	err = bench_open(job, O_DIRECT);
	if (err)
		goto err_loop;
	/* The pool is what limits memory, no smaller chunks. */
	job->chunk = BENCH_CHUNK;
	job->state = stream;
	return 0;

err_loop:
	put_loop();
err_free:
	free(stream);
	return err;
}

static void teardown(struct bench_job *job)
{
	bench_close(job);
	put_loop();
	free(job->state);
}

static bool all_read(const struct stream *stream)
{
	const struct bench_range *range = &stream->job->range;

	return stream->pos == range->offset + range->length;
}

static void wait_for_buffer(struct stream *stream)
{
	if (stream->waits || all_read(stream) || stream->count == loop.depth)
		return;
	stream->waits = true;
	STAILQ_INSERT_TAIL(&loop.waiting, stream, next);
}

static void start_read(struct stream *stream, struct buffer *buffer)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop.ring);
	struct bench_job *job = stream->job;

	buffer->stream = stream;
	buffer->chunk = bench_next_chunk(job, &job->range, stream->pos);
	buffer->state = READING;
	io_uring_prep_read_fixed(sqe, job->file, buffer->memory,
				 buffer->chunk.length, buffer->chunk.offset,
				 buffer - loop.buffers);
	io_uring_sqe_set_data(sqe, buffer);
	STAILQ_INSERT_TAIL(&stream->buffers, buffer, next);
	stream->count++;
	stream->pos += buffer->chunk.length;
}

/* Each gets one, and goes to the end of the line for its next. */
static void give_buffers(void)
{
	while (!STAILQ_EMPTY(&loop.waiting) && !STAILQ_EMPTY(&loop.free)) {
		struct stream *stream = STAILQ_FIRST(&loop.waiting);
		struct buffer *buffer = STAILQ_FIRST(&loop.free);

		STAILQ_REMOVE_HEAD(&loop.waiting, next);
		STAILQ_REMOVE_HEAD(&loop.free, next);
		stream->waits = false;
		start_read(stream, buffer);
		wait_for_buffer(stream);
	}
}

static void send_next(struct stream *stream)
{
	struct buffer *buffer = STAILQ_FIRST(&stream->buffers);
	struct io_uring_sqe *sqe;

	if (!buffer || buffer->state != FULL)
		return;
	sqe = io_uring_get_sqe(&loop.ring);
	io_uring_prep_send(sqe, stream->job->sock, buffer->memory,
			   buffer->chunk.length, MSG_WAITALL | MSG_NOSIGNAL);
	io_uring_sqe_set_data(sqe, buffer);
	buffer->state = SENDING;
}

/* What was sent last is in the CPU's cache, and so the first to be used. */
static void free_buffer(struct stream *stream, struct buffer *buffer)
{
	STAILQ_REMOVE(&stream->buffers, buffer, buffer, next);
	stream->count--;
	STAILQ_INSERT_HEAD(&loop.free, buffer, next);
	if (all_read(stream) && !stream->count)
		stream->job->ended = bench_ticks();
	wait_for_buffer(stream);
}

/* What becomes of a buffer.  Return: bytes that have left it, or -errno. */
static long long take(void *arg, const struct io_uring_cqe *cqe)
{
	struct buffer *buffer = io_uring_cqe_get_data(cqe);
	struct stream *stream = buffer->stream;
	__u64 length = buffer->chunk.length;
	bool left = buffer->state == SENDING ||
		    stream->job->method->variant == READ_ALONE;

	(void)arg;
	if (cqe->res < 0)
		return cqe->res;
	if ((__u64)cqe->res != length)
		return -EIO;
	if (left)
		free_buffer(stream, buffer);
	else
		buffer->state = FULL;
	send_next(stream);
	return left ? length : 0;
}

static void begin(struct bench_job *job)
{
	struct stream *stream = job->state;

	*stream = (struct stream) { .job = job, .pos = job->range.offset };
	STAILQ_INIT(&stream->buffers);
	wait_for_buffer(stream);
}

static int send_all(struct bench_job *jobs, int n)
{
	__u64 left = 0;
	int i;

	loop.depth = n * DEPTH <= loop.made ? DEPTH : 1;
	for (i = 0; i < n; i++) {
		left += jobs[i].range.length;
		begin(&jobs[i]);
	}
	while (left) {
		long long bytes;

		give_buffers();
		bytes = bench_uring_reap(&loop.ring, &jobs->syscalls, take, NULL);
		if (bytes < 0)
			return bytes;
		left -= bytes;
	}
	return 0;
}

static int send_one(struct bench_job *job, const struct bench_range *range)
{
	job->range = *range;
	return send_all(job, 1);
}

const struct bench_method bench_uring_loop = {
	.name = "io_uring+send loop",
	.needs = "io_uring",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.variant = SEND,
	.setup = setup,
	.send = send_one,
	.send_all = send_all,
	.teardown = teardown,
};

const struct bench_method bench_limit_loop = {
	.name = "limit: a loop of reads alone",
	.needs = "io_uring",
	.copies_per_byte = 0,
	.flags = BENCH_BYPASS | BENCH_SILENT | BENCH_LIMIT,
	.variant = READ_ALONE,
	.setup = setup,
	.send = send_one,
	.send_all = send_all,
	.teardown = teardown,
};
