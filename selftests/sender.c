// SPDX-License-Identifier: GPL-2.0
/*
 * A sender: one synchronous transfer in a thread of its own.
 */
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "sender.h"

static void *send_it(void *arg)
{
	struct cs_sender *sender = arg;

	sender->err = cs_send(sender->dev, &sender->s);
	if (sender->shut)
		shutdown(sender->s.sock_fd, SHUT_WR);
	__atomic_store_n(&sender->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

/**
 * cs_sender_start() - have it sent
 * @sender: with its in: fields set; may have been joined before
 *
 * Return: 0 or -errno.
 */
int cs_sender_start(struct cs_sender *sender)
{
	int err;

	sender->ended = false;
	err = pthread_create(&sender->thread, NULL, send_it, sender);
	sender->runs = !err;
	return -err;
}

bool cs_sender_has_ended(const struct cs_sender *sender)
{
	return __atomic_load_n(&sender->ended, __ATOMIC_ACQUIRE);
}

/**
 * cs_sender_join() - wait for its end
 * @sender: that was started
 * @seconds: at the most
 *
 * Return: 0, what was sent and how that went is in its out: fields; or -errno.
 */
int cs_sender_join(struct cs_sender *sender, int seconds)
{
	struct timespec until;
	int err;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += cs_patient(seconds);
	err = pthread_timedjoin_np(sender->thread, NULL, &until);
	sender->runs = err;
	return -err;
}
