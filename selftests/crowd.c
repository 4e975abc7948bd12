// SPDX-License-Identifier: GPL-2.0
/*
 * Crowds: many asynchronous transfers at once, received by one thread, the
 * module's memory and threads watched meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "worker.h"

#define EVENTS		256
#define RECORDS		64
/* Milliseconds between two looks at the module. */
#define LOOK_EVERY	20
#define COUNT_EVERY	500
#define DEVICE		(~0U)
#define STUFF_QUIET_MS	2000
#define STUFF_SECONDS	300LL

static int watch(const struct cs_crowd *c, int fd, __u32 number)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = number };

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

static int make_flow(struct cs_crowd *c, int i)
{
	struct cs_flow *flow = &c->flows[i];
	int sv[2];
	int err;

	flow->sent = CS_NONE;
	err = cs_pair(flow->kind, sv);
	if (err)
		return err;
	flow->tx = sv[0];
	flow->rx = sv[1];
	if (c->sndbuf && setsockopt(flow->tx, SOL_SOCKET, SO_SNDBUF, &c->sndbuf,
				    sizeof(c->sndbuf)))
		return -errno;
	if (fcntl(flow->rx, F_SETFL, O_NONBLOCK))
		return -errno;
	return watch(c, flow->rx, i);
}

/* Descriptors for @n transfers. */
int cs_crowd_allow(int n)
{
	struct rlimit limit = { 2 * n + 100, 2 * n + 100 };

	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* All sockets, and what may arrive; flows' in: fields are set. */
int cs_crowd_make(struct cs_crowd *c)
{
	struct rlimit limit;
	int err;
	int i;

	err = getrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
	if (!err && limit.rlim_cur < 2 * (rlim_t)c->n + 100)
		err = cs_crowd_allow(c->n);
	if (err)
		return err;
	c->expect = malloc(c->data->size);
	if (!c->expect)
		return -ENOMEM;
	cs_data_fill(c->data, 0, c->expect, c->data->size);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = watch(c, c->dev, DEVICE);
	for (i = 0; i < c->n && !err; i++)
		err = make_flow(c, i);
	c->open = c->n;
	c->running = c->n;
	return err;
}

/* Bytes that a receiver should get. */
static __u64 flow_length(const struct cs_crowd *c, const struct cs_flow *flow)
{
	return cs_data_length(c->data, flow->offset,
			      c->length ?: COLDSEND_TO_EOF);
}

/* Bytes that it took. */
static __u64 stuff_flow(struct cs_flow *flow)
{
	static const char stuffing[4096];
	__u64 before = flow->stuffing;
	ssize_t put;

	do {
		put = send(flow->tx, stuffing, sizeof(stuffing), MSG_DONTWAIT);
		flow->stuffing += put > 0 ? put : 0;
	} while (put > 0);
	return flow->stuffing - before;
}

/*
 * Fills all sockets with bytes that are not of the file, so that a transfer
 * finds no room and leaves nothing there; until none has taken more for a while,
 * as a sender that waits for its receiver tries again now and then.
 */
int cs_crowd_stuff(struct cs_crowd *c)
{
	long long start = cs_now_ms();
	long long moved = start;
	__u64 taken;
	int i;

	do {
		taken = 0;
		for (i = 0; i < c->n; i++)
			taken += stuff_flow(&c->flows[i]);
		if (taken)
			moved = cs_now_ms();
		if (moved - start > STUFF_SECONDS * 1000)
			return -ETIMEDOUT;
		cs_nap();
	} while (cs_now_ms() - moved < STUFF_QUIET_MS);
	return 0;
}

int cs_crowd_submit(struct cs_crowd *c)
{
	struct coldsend_send s;
	int err = 0;
	int i;

	for (i = 0; i < c->n && !err; i++) {
		cs_send_init(&s, c->file, c->flows[i].tx, c->flows[i].offset,
			     c->length ?: COLDSEND_TO_EOF, c->flows[i].policy);
		s.flags = COLDSEND_F_ASYNC;
		s.user_data = i;
		err = cs_send(c->dev, &s);
	}
	return err;
}

static int take_results(struct cs_crowd *c)
{
	struct coldsend_completion records[RECORDS];
	ssize_t got = read(c->dev, records, sizeof(records));
	size_t i;

	if (got <= 0)
		return got ? -errno : -EPROTO;
	for (i = 0; i < got / sizeof(*records); i++) {
		struct cs_flow *flow;

		if (records[i].user_data >= (__u64)c->n)
			return -EPROTO;
		flow = &c->flows[records[i].user_data];
		if (flow->sent != CS_NONE)
			return -EEXIST;
		flow->sent = records[i].sent;
		flow->error = records[i].error;
		close(flow->tx);
		c->running--;
	}
	return 0;
}

static void receive(struct cs_crowd *c, struct cs_flow *flow, __u8 *buf)
{
	size_t want = flow->stuffing && flow->stuffing < c->chunk ?
		      flow->stuffing : c->chunk;
	ssize_t got = recv(flow->rx, buf, want, 0);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0 && flow->stuffing) {
		flow->stuffing -= got;
		return;
	}
	if (got > 0) {
		if (flow->got + got > flow_length(c, flow) ||
		    memcmp(buf, c->expect + flow->offset + flow->got, got))
			flow->bad = true;
		flow->got += got;
		return;
	}
	if (got < 0)
		flow->error = errno;
	close(flow->rx);
	c->open--;
}

/* Of the module's; one that was belongs to all of the kernel again. */
static bool works(const struct cs_worker *w, void *arg)
{
	struct cs_crowd *c = arg;

	if (strncmp(w->queue, "coldsend", 8))
		return false;
	c->workers_seen = true;
	return w->works;
}

static void look(struct cs_crowd *c)
{
	static long long last_look, last_count;
	long long now = cs_now_ms();
	long long pool;
	int workers;

	if (now - last_look < LOOK_EVERY)
		return;
	last_look = now;
	pool = cs_stat("pool_bytes");
	if (pool > c->pool_max)
		c->pool_max = pool;
	if (now - last_count < COUNT_EVERY)
		return;
	last_count = now;
	workers = cs_workers_count(works, c);
	if (workers > c->workers_max)
		c->workers_max = workers;
}

static int serve(struct cs_crowd *c, __u8 *buf)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(c->epoll, events, EVENTS, LOOK_EVERY);
	int err = 0;
	int i;

	for (i = 0; i < n && !err; i++) {
		__u32 number = events[i].data.u32;

		if (number == DEVICE)
			err = take_results(c);
		else
			receive(c, &c->flows[number], buf);
	}
	return err;
}

/* Lets time pass, and looks at the module meanwhile. */
void cs_crowd_watch(struct cs_crowd *c, int milliseconds)
{
	long long until = cs_now_ms() + milliseconds;

	do {
		look(c);
		cs_nap();
	} while (cs_now_ms() < until);
}

/* Receives until all transfers and streams have ended: 0 or -errno. */
int cs_crowd_run(struct cs_crowd *c, int seconds)
{
	long long start = cs_now_ms();
	__u8 *buf = malloc(c->chunk);
	int err = buf ? 0 : -ENOMEM;

	cs_crowd_watch(c, c->hold_ms);
	while (!err && (c->open || c->running)) {
		if (cs_now_ms() - start > seconds * 1000LL)
			err = -ETIMEDOUT;
		else
			err = serve(c, buf);
		cs_crowd_watch(c, c->pause_ms);
	}
	free(buf);
	return err;
}

/* The first transfer that did not go as it should, or NULL. */
const struct cs_flow *cs_crowd_wrong(const struct cs_crowd *c)
{
	int i;

	for (i = 0; i < c->n; i++) {
		const struct cs_flow *flow = &c->flows[i];

		if (flow->bad || flow->error || flow->sent != flow->got ||
		    flow->got != flow_length(c, flow))
			return flow;
	}
	return NULL;
}
