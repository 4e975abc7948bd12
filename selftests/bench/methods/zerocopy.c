// SPDX-License-Identifier: GPL-2.0
/*
 * Method O_DIRECT+MSG_ZEROCOPY: direct pread(2) into one of several buffers,
 * send(2) with MSG_ZEROCOPY, and the buffer is read into again when the error
 * queue has said that the kernel is done with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench.h"

#define BUFFERS		8

/* Not in Debian 12's C library headers for every include order. */
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif

/**
 * struct zerocopy - of one stream
 * @memory: BUFFERS chunks
 * @calls: sends so far; the kernel numbers them the same
 * @done: sends that it is done with
 * @last: for each buffer: @calls after its last send
 * @next: buffer to use
 */
struct zerocopy {
	char *memory;
	__u32 calls;
	__u32 done;
	__u32 last[BUFFERS];
	unsigned int next;
};

static int setup(struct bench_job *job)
{
	struct zerocopy *z = calloc(1, sizeof(*z));
	int one = 1;
	int err;

	if (!z)
		return -ENOMEM;
	err = -EOPNOTSUPP;
	if (setsockopt(job->sock, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		goto err_free;
	err = -ENOMEM;
	z->memory = bench_memory_get(BUFFERS * job->chunk);
	if (!z->memory)
		goto err_free;
	err = bench_open(job, O_DIRECT);
	if (err)
		goto err_memory;
	job->state = z;
	return 0;

err_memory:
	bench_memory_put(z->memory, BUFFERS * job->chunk);
err_free:
	free(z);
	return err;
}

static void teardown(struct bench_job *job)
{
	struct zerocopy *z = job->state;

	bench_close(job);
	bench_memory_put(z->memory, BUFFERS * job->chunk);
	free(z);
}

/* Takes one message off the error queue. */
static int reap(struct bench_job *job)
{
	char control[128];
	struct msghdr message = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct zerocopy *z = job->state;
	struct sock_extended_err *said;
	struct cmsghdr *c;

	job->syscalls++;
	if (recvmsg(job->sock, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&message);
	if (!c || c->cmsg_level != SOL_IP || c->cmsg_type != IP_RECVERR)
		return -EPROTO;
	said = (struct sock_extended_err *)CMSG_DATA(c);
	if (said->ee_origin != SO_EE_ORIGIN_ZEROCOPY || said->ee_errno)
		return -EPROTO;
	z->done = said->ee_data + 1;
	return 0;
}

/* Until the kernel is done with the first @calls sends. */
static int wait_for(struct bench_job *job, __u32 calls)
{
	struct zerocopy *z = job->state;

	while ((__s32)(z->done - calls) < 0) {
		struct pollfd p = { .fd = job->sock };
		int err = reap(job);

		if (!err)
			continue;
		if (err != -EAGAIN)
			return err;
		job->syscalls++;
		if (poll(&p, 1, -1) < 0)
			return -errno;
	}
	return 0;
}

/* ENOBUFS: too many notifications are under way; one less will do. */
static int send_chunk(struct bench_job *job, const char *buf, size_t length)
{
	struct zerocopy *z = job->state;

	while (length) {
		ssize_t n = send(job->sock, buf, length,
				 MSG_ZEROCOPY | MSG_NOSIGNAL);

		job->syscalls++;
		if (n < 0 && errno != ENOBUFS)
			return -errno;
		if (n < 0) {
			int err = wait_for(job, z->done + 1);

			if (err)
				return err;
			continue;
		}
		z->calls++;
		buf += n;
		length -= n;
	}
	return 0;
}

static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	struct zerocopy *z = job->state;
	__u64 pos;
	int err;

	for (pos = range->offset; pos < end; pos += job->chunk) {
		struct bench_range chunk = bench_next_chunk(job, range, pos);
		char *buf = z->memory + z->next * job->chunk;

		err = wait_for(job, z->last[z->next]);
		if (!err)
			err = bench_read(job, buf, &chunk, 0);
		if (!err)
			err = send_chunk(job, buf, chunk.length);
		if (err)
			return err;
		z->last[z->next] = z->calls;
		z->next = (z->next + 1) % BUFFERS;
	}
	return wait_for(job, z->calls);
}

/* The kernel copies what is delivered on the same machine. */
const struct bench_method bench_zerocopy = {
	.name = "O_DIRECT+ZEROCOPY",
	.needs = "SO_ZEROCOPY",
	.copies_per_byte = 1,
	.flags = BENCH_BYPASS,
	.setup = setup,
	.send = send_range,
	.teardown = teardown,
};
