// SPDX-License-Identifier: GPL-2.0
/*
 * Workers: how many of them the asynchronous transfers of a user may occupy.
 *
 * A worker sleeps for the disk, for memory where the user's cgroup has too much of
 * it, and for locks that are held for longer than thought.  However many of a user's
 * transfers sleep so, those of others find a worker; his own stand in line.  Who wakes
 * a transfer looks whether it may run, so that no thread starts in vain.
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
 * @xfer: submitted, and not freed
 * @max: workers that the user may have, or one more to pump what is not to wait
 *
 * If so, it has one until cs_workers_leave(), and its work item has to run.  If not,
 * it runs when it may.  Any context.
 */
bool cs_workers_enter(struct cs_workers *workers, struct cs_xfer *xfer, u32 max)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&workers->lock, flags);
	may = xfer->has_worker || workers->busy < max;
	if (may) {
		workers->busy += !xfer->has_worker;
		xfer->has_worker = true;
		list_del_init(&xfer->in_line);
	} else if (list_empty(&xfer->in_line)) {
		list_add_tail(&xfer->in_line, &workers->line);
	}
	spin_unlock_irqrestore(&workers->lock, flags);
	return may;
}

/**
 * cs_workers_leave - leaves the worker, if it has one, to the next in line
 * @workers: of the transfer's user
 * @xfer: that is not pumped any more
 * @max: workers that the user may have
 *
 * Any context.
 */
void cs_workers_leave(struct cs_workers *workers, struct cs_xfer *xfer, u32 max)
{
	struct cs_xfer *next = NULL;
	unsigned long flags;

	spin_lock_irqsave(&workers->lock, flags);
	if (xfer->has_worker) {
		xfer->has_worker = false;
		workers->busy--;
	}
	if (workers->busy < max)
		next = list_first_entry_or_null(&workers->line, struct cs_xfer,
						in_line);
	if (next) {
		list_del_init(&next->in_line);
		next->has_worker = true;
		workers->busy++;
		/* Once unlocked, it may be over. */
		cs_async_run(next);
	}
	spin_unlock_irqrestore(&workers->lock, flags);
}

/**
 * cs_workers_forget - a transfer does not wait for a worker any more
 * @workers: of its user
 * @xfer: that has ended
 *
 * It may still have one.  Any context.
 */
void cs_workers_forget(struct cs_workers *workers, struct cs_xfer *xfer)
{
	unsigned long flags;

	spin_lock_irqsave(&workers->lock, flags);
	list_del_init(&xfer->in_line);
	spin_unlock_irqrestore(&workers->lock, flags);
}
