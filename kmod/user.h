/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user who sends: what user.c and turns.c share.
 */
#ifndef COLDSEND_USER_H
#define COLDSEND_USER_H

#include <linux/uidgid.h>

#include "coldsend.h"

/**
 * enum cs_line - what stands in a line for memory
 * @CS_LINE_PLAIN: asynchronous transfers to sockets that do not block
 * @CS_LINE_BLOCKING: to sockets that do: they are of another queue of workers
 * @CS_LINE_THREADS: synchronous transfers
 */
enum cs_line {
	CS_LINE_PLAIN,
	CS_LINE_BLOCKING,
	CS_LINE_THREADS,
	CS_LINES,
};

/**
 * struct cs_user - one user who sends
 * @node: in cs_users
 * @uid: who; the real user ID of the task that called SEND
 * @refs: struct cs_xfer that refer to it
 * @transfers: of them, those that were created and not destroyed
 * @bytes: of the pool that they hold or were promised, parked ones included
 * @moved: jiffies at which one of them got some, or the first came to wait for it and
 *	none had just given up
 * @gave_up: a thread has waited in vain since
 * @waiters: transfers that wait for memory, by enum cs_line, first come first
 * @next_line: which of them has its turn
 * @turn: in cs_user_turns, if the first waiter may take memory once there is some
 * @workers: those that its asynchronous transfers occupy, of each queue
 */
struct cs_user {
	struct hlist_node node;
	kuid_t uid;
	u32 refs;
	u32 transfers;
	u64 bytes;
	unsigned long moved;
	bool gave_up;
	struct list_head waiters[CS_LINES];
	enum cs_line next_line;
	struct list_head turn;
	struct cs_workers workers[2];
};

/* Guards all users but for their workers, and who waits for memory. */
extern spinlock_t cs_user_lock;
/* Transfers that wait for memory. */
extern u32 cs_user_waiting;

void cs_user_forget(struct cs_user *user);
void cs_user_for_each(void (*fn)(struct cs_user *user));
bool cs_user_is_limited(struct cs_xfer *xfer);
u64 cs_user_share(const struct cs_xfer *xfer);

#endif /* COLDSEND_USER_H */
