// SPDX-License-Identifier: GPL-2.0
/*
 * Submitting: asynchronous transfers, their results, and what is left of them.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "submit.h"

#define REFCNT		"/sys/module/coldsend/refcnt"

/* Starts a transfer: 0 or the negative errno of SEND. */
int cs_submit(int dev, struct coldsend_send *s, __u64 user_data)
{
	s->flags |= COLDSEND_F_ASYNC;
	s->user_data = user_data;
	return cs_send(dev, s);
}

int cs_cancel(int dev, __u64 id)
{
	struct coldsend_cancel c = { .size = sizeof(c), .id = id };

	return cs_ioctl(dev, COLDSEND_IOC_CANCEL, &c);
}

/* Does poll(2) say that there is a result? */
bool cs_has_result(int dev, int milliseconds)
{
	struct pollfd p = { .fd = dev, .events = POLLIN };

	return poll(&p, 1, milliseconds) == 1 && p.revents == POLLIN;
}

/* Reads @n results, in their order: 0, -ETIMEDOUT or another -errno. */
int cs_collect(int dev, struct coldsend_completion *c, int n, int seconds)
{
	long long deadline = cs_now_ms() + cs_patient(seconds) * 1000LL;

	while (n) {
		long long left = deadline - cs_now_ms();
		ssize_t got;

		if (left < 0 || !cs_has_result(dev, left))
			return -ETIMEDOUT;
		got = read(dev, c, n * sizeof(*c));
		if (got < 0)
			return -errno;
		if (!got || got % sizeof(*c))
			return -EPROTO;
		n -= got / sizeof(*c);
		c += got / sizeof(*c);
	}
	return 0;
}

static long long module_users(void)
{
	long long users = -1;
	FILE *f = fopen(REFCNT, "re");

	if (!f)
		return -1;
	if (fscanf(f, "%lld", &users) != 1)
		users = -1;
	fclose(f);
	return users;
}

struct cs_made cs_made_now(void)
{
	struct cs_made now = {
		.transfers = cs_stat("transfers_created") -
			     cs_stat("transfers_destroyed"),
		.users = module_users(),
	};

	return now;
}

static bool is_back(void *arg)
{
	const struct cs_made *before = arg;
	struct cs_made now = cs_made_now();

	return now.transfers == before->transfers && now.users == before->users;
}

/* Waits until the module holds no more than @before. */
bool cs_made_back(struct cs_made *before, int seconds)
{
	return cs_wait(is_back, before, seconds);
}

static bool pool_is_empty(void *arg)
{
	(void)arg;
	return cs_stat("pool_bytes") == 0;
}

/* Waits until the pool has nothing left of earlier transfers. */
bool cs_pool_empties(int seconds)
{
	return cs_wait(pool_is_empty, NULL, seconds);
}

/* What another CPU received holds memory until that has something to do. */
static bool segments_are_back(void *arg)
{
	(void)arg;
	cs_flush_network();
	return cs_stat("segments_created") == cs_stat("segments_destroyed");
}

/* Waits until all segments are destroyed, those that the network held too. */
bool cs_segments_back(int seconds)
{
	return cs_wait(segments_are_back, NULL, seconds);
}

struct fill {
	int sender;
	int receiver;
	int last;
	long long since;
};

/*
 * Bytes that wait in the receiver.  A vsock doesn't tell: 1 if its sender has no
 * room.
 */
static int waiting(const struct fill *f)
{
	struct pollfd p = { .fd = f->sender, .events = POLLOUT };
	int bytes;

	return ioctl(f->receiver, FIONREAD, &bytes) ? !poll(&p, 1, 0) : bytes;
}

/* Does as much wait in the receiver as did a tenth of a second ago? */
static bool is_full(void *arg)
{
	struct fill *f = arg;
	int now = waiting(f);

	if (now != f->last || !now) {
		f->last = now;
		f->since = cs_now_ms();
		return false;
	}
	return cs_now_ms() - f->since > 100;
}

/* Waits until a transfer between two sockets waits for its receiver. */
bool cs_stands_still(int sender, int receiver, int seconds)
{
	struct fill f = { .sender = sender, .receiver = receiver };

	return cs_wait(is_full, &f, seconds);
}

/*
 * Submits a transfer larger than its socket and waits until it stands still.
 * Return: the number of the transfer, 0 if that went wrong.
 */
__u64 cs_fill_socket(int dev, const struct coldsend_send *s, int receiver)
{
	struct coldsend_send copy = *s;

	if (cs_submit(dev, &copy, s->user_data))
		return 0;
	return cs_stands_still(s->sock_fd, receiver, 10) ? copy.id : 0;
}

/* Does as much wait to be received? */
bool cs_sock_has(int receiver, int bytes)
{
	int now = 0;

	return !ioctl(receiver, FIONREAD, &now) && now >= bytes;
}
