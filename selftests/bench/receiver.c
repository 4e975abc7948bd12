// SPDX-License-Identifier: GPL-2.0
/*
 * The process at the other end of all connections.  What comes is thrown away
 * in the kernel, as a network card would take it: the copy out of the socket is
 * not the sender's cost.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* Sockets that one look brings. */
#define BATCH		256

/**
 * struct receiver - all there is to receive
 * @scenario: says how
 * @socks: connections
 * @open: of them
 * @buf: of one recv(2)
 * @count: bytes so far
 */
struct receiver {
	const struct bench_scenario *scenario;
	int *socks;
	int open;
	char *buf;
	__u64 count;
};

/* As much as is there, up to @most.  Return: 0 at the end of the stream. */
static ssize_t sip(struct receiver *r, int sock, size_t most, int flags)
{
	ssize_t n = recv(sock, r->buf, most, MSG_TRUNC | flags);

	if (n < 0)
		return -errno;
	r->count += n;
	return n;
}

static int accept_all(struct receiver *r, int listener)
{
	int i;

	for (i = 0; i < r->scenario->streams; i++) {
		r->socks[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (r->socks[i] < 0)
			return -errno;
		r->open++;
	}
	return 0;
}

static int receive_one(struct receiver *r)
{
	ssize_t n;

	do {
		n = sip(r, r->socks[0], BENCH_CHUNK, 0);
	} while (n > 0);
	return n;
}

/* A look at each socket, and a pause. */
static int receive_slowly(struct receiver *r)
{
	struct timespec pause = {
		.tv_nsec = r->scenario->pause_ms * 1000L * 1000,
	};
	int i;

	while (r->open) {
		nanosleep(&pause, NULL);
		for (i = 0; i < r->scenario->streams; i++) {
			ssize_t n;

			if (r->socks[i] < 0)
				continue;
			n = sip(r, r->socks[i], r->scenario->sip, MSG_DONTWAIT);
			if (n < 0 && n != -EAGAIN)
				return n;
			if (n)
				continue;
			close(r->socks[i]);
			r->socks[i] = -1;
			r->open--;
		}
	}
	return 0;
}

static int watch_all(const struct receiver *r, int epoll)
{
	int i;

	for (i = 0; i < r->open; i++) {
		struct epoll_event event = {
			.events = EPOLLIN,
			.data.fd = r->socks[i],
		};

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, r->socks[i], &event))
			return -errno;
	}
	return 0;
}

static int receive_ready(struct receiver *r, int epoll)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(epoll, events, BATCH, -1);
	int i;

	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		ssize_t got = sip(r, events[i].data.fd, BENCH_CHUNK,
				  MSG_DONTWAIT);

		if (got < 0 && got != -EAGAIN)
			return got;
		if (got)
			continue;
		close(events[i].data.fd);
		r->open--;
	}
	return 0;
}

static int receive_many(struct receiver *r)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int err;

	if (epoll < 0)
		return -errno;
	err = watch_all(r, epoll);
	while (!err && r->open)
		err = receive_ready(r, epoll);
	close(epoll);
	return err;
}

static int receive(struct receiver *r, int listener)
{
	int err = accept_all(r, listener);

	if (err)
		return err;
	if (r->scenario->pause_ms)
		return receive_slowly(r);
	return r->scenario->streams == 1 ? receive_one(r) : receive_many(r);
}

/* Receives all streams to their ends and tells how many bytes came. */
int bench_receive(const struct bench_scenario *scenario, int listener, int told)
{
	struct receiver r = {
		.scenario = scenario,
		.socks = calloc(scenario->streams, sizeof(int)),
		.buf = malloc(BENCH_CHUNK),
	};
	int err = -ENOMEM;

	if (r.socks && r.buf)
		err = receive(&r, listener);
	if (!err && write(told, &r.count, sizeof(r.count)) != sizeof(r.count))
		err = -EPIPE;
	free(r.buf);
	free(r.socks);
	return err;
}
