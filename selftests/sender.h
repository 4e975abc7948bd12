/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sender: one synchronous transfer in a thread of its own.
 */
#ifndef CS_SENDER_H
#define CS_SENDER_H

#include <pthread.h>

#include "cs_test.h"

/**
 * struct cs_sender - a transfer and its thread
 * @dev: in: open device
 * @shut: in: no more comes over the socket after it
 * @s: in, out: argument of the ioctl
 * @err: out: 0 or -errno
 * @thread: where it runs
 * @runs: it was started and not joined
 * @ended: for cs_sender_has_ended()
 */
struct cs_sender {
	int dev;
	bool shut;
	struct coldsend_send s;
	int err;
	pthread_t thread;
	bool runs;
	bool ended;
};

int cs_sender_start(struct cs_sender *sender);
bool cs_sender_has_ended(const struct cs_sender *sender);
int cs_sender_join(struct cs_sender *sender, int seconds);

#endif /* CS_SENDER_H */
