// SPDX-License-Identifier: GPL-2.0
/*
 * Methods io_uring: several direct reads in flight into registered buffers, and
 * in the order of the file one SEND or SEND_ZC at a time out of them.  And the
 * reading half of it alone, for the limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench.h"
#include "uring.h"

/* Reads in flight at the most; and buffers, for what is sent meanwhile. */
#define DEPTH		4
#define BUFFERS		8

enum variant {
	SEND,
	SEND_ZC,
	READ_ALONE,
};

enum state {
	FREE,
	READING,
	FULL,
	SENDING,
	/* Sent, but the kernel still looks at it. */
	NOTIFIED_LATER,
};

/**
 * struct uring - of one stream
 * @ring: of the kernel
 * @memory: BUFFERS chunks, registered
 * @chunks: what each of them holds
 * @states: enum state of each
 */
struct uring {
	struct io_uring ring;
	char *memory;
	struct bench_range chunks[BUFFERS];
	enum state states[BUFFERS];
};

static char *buffer(const struct bench_job *job, int slot)
{
	const struct uring *u = job->state;

	return u->memory + slot * job->chunk;
}

static int register_buffers(struct bench_job *job)
{
	struct uring *u = job->state;
	struct iovec iov[BUFFERS];
	int i;

	for (i = 0; i < BUFFERS; i++)
		iov[i] = (struct iovec) {
			.iov_base = buffer(job, i),
			.iov_len = job->chunk,
		};
	return io_uring_register_buffers(&u->ring, iov, BUFFERS);
}

static bool supports(struct io_uring *ring, int operation)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool yes = probe && io_uring_opcode_supported(probe, operation);

	io_uring_free_probe(probe);
	return yes;
}

static int make_ring(struct bench_job *job)
{
	struct uring *u = job->state;
	int err = bench_uring_init(&u->ring, 2 * BUFFERS);

	if (err)
		return err;
	if (job->method->variant == SEND_ZC &&
	    !supports(&u->ring, IORING_OP_SEND_ZC))
		err = -EOPNOTSUPP;
	else
		err = register_buffers(job);
	if (err)
		io_uring_queue_exit(&u->ring);
	return err;
}

static int setup(struct bench_job *job)
{
	struct uring *u = calloc(1, sizeof(*u));
	int err = -ENOMEM;

	if (!u)
		return -ENOMEM;
	job->state = u;
	u->memory = bench_memory_get(BUFFERS * job->chunk);
	if (!u->memory)
		goto err_free;
	err = make_ring(job);
	if (err)
		goto err_memory;
	err = bench_open(job, O_DIRECT);
	if (err)
		goto err_ring;
	return 0;

err_ring:
	io_uring_queue_exit(&u->ring);
err_memory:
	bench_memory_put(u->memory, BUFFERS * job->chunk);
err_free:
	free(u);
	return err;
}

static void teardown(struct bench_job *job)
{
	struct uring *u = job->state;

	bench_close(job);
	io_uring_queue_exit(&u->ring);
	bench_memory_put(u->memory, BUFFERS * job->chunk);
	free(u);
}

static void start_read(struct bench_job *job, int slot,
		       const struct bench_range *chunk)
{
	struct uring *u = job->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	io_uring_prep_read_fixed(sqe, job->file, buffer(job, slot),
				 chunk->length, chunk->offset, slot);
	io_uring_sqe_set_data64(sqe, slot);
	u->chunks[slot] = *chunk;
	u->states[slot] = READING;
}

static void start_send(struct bench_job *job, int slot)
{
	struct uring *u = job->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	unsigned int flags = MSG_WAITALL | MSG_NOSIGNAL;
	size_t length = u->chunks[slot].length;

	if (job->method->variant == SEND_ZC)
		io_uring_prep_send_zc_fixed(sqe, job->sock, buffer(job, slot),
					    length, flags, 0, slot);
	else
		io_uring_prep_send(sqe, job->sock, buffer(job, slot), length,
				   flags);
	io_uring_sqe_set_data64(sqe, slot);
	u->states[slot] = SENDING;
}

/* What becomes of a slot.  Return: bytes that have left it, or -errno. */
static long long take(void *arg, const struct io_uring_cqe *cqe)
{
	struct bench_job *job = arg;
	struct uring *u = job->state;
	int slot = io_uring_cqe_get_data64(cqe);
	__u64 length = u->chunks[slot].length;
	bool read_alone = job->method->variant == READ_ALONE;

	if (cqe->flags & IORING_CQE_F_NOTIF) {
		u->states[slot] = FREE;
		return 0;
	}
	if (cqe->res < 0)
		return cqe->res;
	if ((__u64)cqe->res != length)
		return -EIO;
	if (u->states[slot] == READING && !read_alone) {
		u->states[slot] = FULL;
		return 0;
	}
	u->states[slot] = cqe->flags & IORING_CQE_F_MORE ? NOTIFIED_LATER : FREE;
	return length;
}

static int reading(const struct uring *u)
{
	int i, n = 0;

	for (i = 0; i < BUFFERS; i++)
		n += u->states[i] == READING;
	return n;
}

static bool all_free(const struct uring *u)
{
	int i;

	for (i = 0; i < BUFFERS; i++)
		if (u->states[i] != FREE)
			return false;
	return true;
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	struct uring *u = job->state;
	__u64 pos = range->offset;
	int reader = 0, sender = 0;

	while (pos < end || !all_free(u)) {
		long long left;

		while (pos < end && u->states[reader] == FREE &&
		       reading(u) < DEPTH) {
			struct bench_range chunk = bench_next_chunk(job, range, pos);

			start_read(job, reader, &chunk);
			pos += chunk.length;
			reader = (reader + 1) % BUFFERS;
		}
		if (u->states[sender] == FULL)
			start_send(job, sender);
		left = bench_uring_reap(&u->ring, &job->syscalls, take, job);
		if (left < 0)
			return left;
		if (left)
			sender = (sender + 1) % BUFFERS;
	}
	return 0;
}

const struct bench_method bench_uring_send = {
	.name = "io_uring+send",
	.needs = "io_uring",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.variant = SEND,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};

/* The kernel copies what is delivered on the same machine. */
const struct bench_method bench_uring_zc = {
	.name = "io_uring+SEND_ZC",
	.needs = "IORING_OP_SEND_ZC (Linux 6.0)",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.variant = SEND_ZC,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};

const struct bench_method bench_limit_deep = {
	.name = "limit: 4 reads alone",
	.needs = "io_uring",
	.copies_per_byte = 0,
	.flags = BENCH_BYPASS | BENCH_SILENT | BENCH_LIMIT,
	.variant = READ_ALONE,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};
