/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transfers in a child of their own, which may be killed.
 */
#ifndef CS_CHILD_H
#define CS_CHILD_H

#include <sys/types.h>

#include "cs_test.h"

/**
 * struct cs_outcome - what a child tells of its transfer
 * @err: 0 or the negative errno of the call or of the result
 * @sent: bytes that were sent
 */
struct cs_outcome {
	int err;
	__u64 sent;
};

/**
 * struct cs_child - a child that transfers
 * @pid: its process
 * @outcome: shared with it
 */
struct cs_child {
	pid_t pid;
	struct cs_outcome *outcome;
};

int cs_child_start(struct cs_child *c, int dev, const struct coldsend_send *s,
		   int receiver);
bool cs_child_exits(struct cs_child *c, int seconds);
bool cs_child_sleeps(struct cs_child *c, int seconds);

#endif /* CS_CHILD_H */
