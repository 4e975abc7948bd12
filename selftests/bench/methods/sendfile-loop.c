// SPDX-License-Identifier: GPL-2.0
/*
 * Method sendfile loop, as an nginx worker: one thread, and sockets that do not
 * block.  Those that take bytes have a sendfile(2) each in turn until they take
 * no more; epoll(7) tells when they do again.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "bench.h"

/* As sendfile_max_chunk and epoll_events are if nothing is said. */
#define STEP		(2 * BENCH_MIB)
#define BATCH		512

/**
 * struct stream - how far it is
 * @next: among those that are ready
 * @job: of it
 * @pos: of what is sent next
 * @end: of all that is sent
 * @ready: whether its socket may take more
 */
struct stream {
	STAILQ_ENTRY(stream) next;
	struct bench_job *job;
	off_t pos;
	off_t end;
	bool ready;
};

STAILQ_HEAD(streams, stream);

/**
 * struct loop - of all streams
 * @epoll: watches their sockets
 * @ready: whose turn it is, the next one first
 * @users: jobs that are set up
 */
static struct loop {
	int epoll;
	struct streams ready;
	int users;
} loop;

static void put_loop(void)
{
	if (!--loop.users)
		close(loop.epoll);
}

static int get_loop(void)
{
	if (!loop.users)
		loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0)
		return -errno;
	loop.users++;
	return 0;
}

static int watch(struct bench_job *job)
{
	struct epoll_event event = {
		.events = EPOLLOUT | EPOLLET,
		.data.ptr = job->state,
	};
	int one = 1;

	if (ioctl(job->sock, FIONBIO, &one) ||
	    epoll_ctl(loop.epoll, EPOLL_CTL_ADD, job->sock, &event))
		return -errno;
	return 0;
}

static void unwatch(struct bench_job *job)
{
	int zero = 0;

	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, job->sock, NULL);
	ioctl(job->sock, FIONBIO, &zero);
}

static int setup(struct bench_job *job)
{
	int err;

	job->state = calloc(1, sizeof(struct stream));
	if (!job->state)
		return -ENOMEM;
	err = get_loop();
	if (err)
		goto err_free;
	err = watch(job);
	if (err)
		goto err_loop;
	err = bench_open(job, 0);
	if (err)
		goto err_unwatch;
	return 0;

err_unwatch:
	unwatch(job);
err_loop:
	put_loop();
err_free:
	free(job->state);
	return err;
}

static void teardown(struct bench_job *job)
{
	bench_close(job);
	unwatch(job);
	put_loop();
	free(job->state);
}

static void make_ready(struct stream *stream)
{
	stream->ready = true;
	STAILQ_INSERT_TAIL(&loop.ready, stream, next);
}

/* Waits only if no stream is ready. */
static int look(struct bench_job *jobs)
{
	int timeout = STAILQ_EMPTY(&loop.ready) ? -1 : 0;
	struct epoll_event events[BATCH];
	int n, i;

	n = epoll_wait(loop.epoll, events, BATCH, timeout);
	jobs->syscalls++;
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		struct stream *stream = events[i].data.ptr;

		if (!stream->ready && stream->pos < stream->end)
			make_ready(stream);
	}
	return 0;
}

/* Return: bytes sent, -EAGAIN if the socket takes no more now, or -errno. */
static ssize_t send_step(struct stream *stream)
{
	struct bench_job *job = stream->job;
	size_t left = stream->end - stream->pos;
	ssize_t n = sendfile(job->sock, job->file, &stream->pos,
			     left < STEP ? left : STEP);

	job->syscalls++;
	if (n <= 0)
		return n ? -errno : -ENODATA;
	return n;
}

/* One step of a stream that is ready.  Return: bytes sent, or -errno. */
static ssize_t send_turn(struct stream *stream)
{
	ssize_t n = send_step(stream);

	stream->ready = false;
	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return n;
	if (stream->pos < stream->end)
		make_ready(stream);
	else
		stream->job->ended = bench_ticks();
	return n;
}

/* One turn for all that are ready now.  Return: bytes sent, or -errno. */
static long long send_ready(void)
{
	struct streams turn = STAILQ_HEAD_INITIALIZER(turn);
	long long sent = 0;

	STAILQ_CONCAT(&turn, &loop.ready);
	while (!STAILQ_EMPTY(&turn)) {
		struct stream *stream = STAILQ_FIRST(&turn);
		ssize_t n;

		STAILQ_REMOVE_HEAD(&turn, next);
		n = send_turn(stream);
		if (n < 0)
			return n;
		sent += n;
	}
	return sent;
}

static void begin(struct bench_job *job)
{
	struct stream *stream = job->state;

	*stream = (struct stream) {
		.job = job,
		.pos = job->range.offset,
		.end = job->range.offset + job->range.length,
	};
	make_ready(stream);
}

static int send_all(struct bench_job *jobs, int n)
{
	__u64 left = 0;
	int i;

	STAILQ_INIT(&loop.ready);
	for (i = 0; i < n; i++) {
		left += jobs[i].range.length;
		begin(&jobs[i]);
	}
	while (left) {
		long long sent;
		int err;

		err = look(jobs);
		if (err)
			return err;
		sent = send_ready();
		if (sent < 0)
			return sent;
		left -= sent;
	}
	return 0;
}

static int send_one(struct bench_job *job, const struct bench_range *range)
{
	job->range = *range;
	return send_all(job, 1);
}

const struct bench_method bench_sendfile_loop = {
	.name = "sendfile loop",
	.copies_per_byte = 0,
	.setup = setup,
	.send = send_one,
	.send_all = send_all,
	.teardown = teardown,
};
