// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: how many of them the asynchronous transfers of a user may occupy.
 *
 * A worker sleeps for the disk, for memory where the user's cgroup has too much of
 * it, and for locks that are held for longer than thought.  However many of a user's
 * transfers sleep so, those of others find a worker; his own stand in line.
 */
#include <linux/list.h>
#include <linux/spinlock.h>

#include "coldsend.h"

/**
 * cs_workers_init - nobody has a worker
 * @workers: of a user who is new
 */
void cs_workers_init(struct cs_workers *workers)
{
	spin_lock_init(&workers->lock);
	INIT_LIST_HEAD(&workers->line);
	workers->busy = 0;
}

/**
 * cs_workers_enter - may a transfer be pumped now?
 * @workers: of its user
 * @xfer: submitted; the calling worker's
 * @max: workers that the user may have
 *
 * If not, it is woken when it may.  Process context.
 * Return: whether; then cs_workers_leave() has to follow.
 */
bool cs_workers_enter(struct cs_workers *workers, struct cs_xfer *xfer, u32 max)
{
	bool may;

	spin_lock(&workers->lock);
	may = xfer->has_worker || workers->busy < max;
	if (may) {
		workers->busy += !xfer->has_worker;
		xfer->has_worker = true;
		list_del_init(&xfer->in_line);
	} else if (list_empty(&xfer->in_line)) {
		list_add_tail(&xfer->in_line, &workers->line);
	}
	spin_unlock(&workers->lock);
	return may;
}

/**
 * cs_workers_leave - leaves the worker to the next in line
 * @workers: of the transfer's user
 * @xfer: after cs_workers_enter()
 *
 * Process context.
 */
void cs_workers_leave(struct cs_workers *workers, struct cs_xfer *xfer)
{
	struct cs_xfer *next;

	spin_lock(&workers->lock);
	xfer->has_worker = false;
	next = list_first_entry_or_null(&workers->line, struct cs_xfer, in_line);
	if (next) {
		list_del_init(&next->in_line);
		next->has_worker = true;
		/* Once unlocked, it may be over. */
		cs_async_wake(next);
	} else {
		workers->busy--;
	}
	spin_unlock(&workers->lock);
}
