// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: what an open device owns.
 *
 *	SEND with ASYNC ──► running ──► done ──► read(2)
 *
 * Only a reader of the device, or its last close, frees a transfer: the work
 * item that moved it to those that are done can't wait for itself to be idle.
 *
 * The last close may come from anybody, the receiver of a message that had the
 * device in it say, or a thread of the kernel: it waits for no transfer.  What is
 * left to do when the last of them ends is a work item's.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "ring.h"

/*
 * Jiffies that who exits waits for his transfers, for each descriptor of the device:
 * longer than disks take, and shorter than the freezer has patience for.
 */
#define CS_EXIT_PATIENCE	(10 * HZ)

/**
 * struct cs_context - an open device
 * @lock: guards the rest
 * @running: transfers that have not ended
 * @done: transfers that have, oldest first
 * @wait: woken when one moves from @running to @done
 * @last_id: of the transfer submitted last
 * @closed: nobody has the device open any more
 * @closing: frees the context, where a transfer ends after that
 */
struct cs_context {
	spinlock_t lock;	/* see @lock above */
	struct list_head running;
	struct list_head done;
	wait_queue_head_t wait;
	u64 last_id;
	bool closed;
	struct work_struct closing;
};

static struct workqueue_struct *cs_context_queue;

static void cs_context_work(struct work_struct *work);

/**
 * cs_context_open - makes the context of an open device
 *
 * May sleep.  Return: the context or NULL.
 */
struct cs_context *cs_context_open(void)
{
	struct cs_context *context;

	context = kzalloc(sizeof(*context), GFP_KERNEL_ACCOUNT);
	if (!context)
		return NULL;
	spin_lock_init(&context->lock);
	INIT_LIST_HEAD(&context->running);
	INIT_LIST_HEAD(&context->done);
	init_waitqueue_head(&context->wait);
	INIT_WORK(&context->closing, cs_context_work);
	return context;
}

/**
 * cs_context_submit - starts a transfer and does not wait for it
 * @context: of the open device, which owns the transfer from now on
 * @xfer: just created
 * @user_data: given back with the result
 *
 * May sleep.
 * Return: its number, unique for the context.
 */
u64 cs_context_submit(struct cs_context *context, struct cs_xfer *xfer,
		      u64 user_data)
{
	u64 id;

	xfer->owner = current->files;
	xfer->user_data = user_data;
	cs_async_prepare(xfer);
	spin_lock(&context->lock);
	id = ++context->last_id;
	xfer->id = id;
	list_add_tail(&xfer->link, &context->running);
	/* Once unlocked, it may be over: a reader may have freed it. */
	cs_async_wake(xfer);
	spin_unlock(&context->lock);
	return id;
}

/**
 * cs_context_ended - a transfer has ended
 * @xfer: after cs_xfer_end()
 *
 * Called by its work item, as the last it does: once unlocked, the transfer may
 * be freed as soon as the work item has returned.
 */
void cs_context_ended(struct cs_xfer *xfer)
{
	struct cs_context *context = xfer->context;

	spin_lock(&context->lock);
	list_move_tail(&xfer->link, &context->done);
	wake_up(&context->wait);
	if (context->closed && list_empty(&context->running))
		queue_work(cs_context_queue, &context->closing);
	spin_unlock(&context->lock);
}

static void cs_context_cancel_one(struct cs_xfer *xfer)
{
	lockdep_assert_held(&xfer->context->lock);
	WRITE_ONCE(xfer->cancelled, true);
	cs_async_wake(xfer);
}

/**
 * cs_context_cancel - ends a transfer soon
 * @context: of the open device
 * @id: from cs_context_submit()
 *
 * Its result comes as any other's, with ECANCELED unless it ended by itself.
 * Process context.
 *
 * Return: 0, or -ENOENT if none that runs has that number.
 */
int cs_context_cancel(struct cs_context *context, u64 id)
{
	struct cs_xfer *xfer;
	int err = -ENOENT;

	spin_lock(&context->lock);
	list_for_each_entry(xfer, &context->running, link) {
		if (xfer->id != id)
			continue;
		cs_context_cancel_one(xfer);
		err = 0;
		break;
	}
	spin_unlock(&context->lock);
	return err;
}

/* A process that came later may have its table where the submitter had its own. */
static bool cs_context_is_owner(const struct cs_xfer *xfer, fl_owner_t owner)
{
	return xfer->owner == owner && xfer->pid == task_tgid_nr(current);
}

/* Return: whether some that belong to @owner (or to anyone, if NULL) run. */
static bool cs_context_look(struct cs_context *context, fl_owner_t owner,
			    bool cancel)
{
	struct cs_xfer *xfer;
	bool runs = false;

	lockdep_assert_held(&context->lock);
	list_for_each_entry(xfer, &context->running, link) {
		if (owner && !cs_context_is_owner(xfer, owner))
			continue;
		runs = true;
		if (!cancel)
			break;
		cs_context_cancel_one(xfer);
	}
	return runs;
}

/* The same for who does not have the lock. */
static bool cs_context_runs(struct cs_context *context, fl_owner_t owner,
			    bool cancel)
{
	bool runs;

	spin_lock(&context->lock);
	runs = cs_context_look(context, owner, cancel);
	spin_unlock(&context->lock);
	return runs;
}

/**
 * cs_context_cancel_all - ends transfers of the caller, and waits until they have
 * @context: of the open device
 * @owner: descriptor table that they were submitted from
 *
 * Sleeps for the disk, and for whoever holds a socket that blocks; not for ever if
 * the task gets a deadly signal, or exits: then they end later, by themselves.
 */
void cs_context_cancel_all(struct cs_context *context, fl_owner_t owner)
{
	if (!cs_context_runs(context, owner, true))
		return;
	/* It may take long, and is no reason to suspect the kernel. */
	if (current->flags & PF_EXITING)
		wait_event_idle_timeout(context->wait,
					!cs_context_runs(context, owner, false),
					CS_EXIT_PATIENCE);
	else
		wait_event_killable(context->wait,
				    !cs_context_runs(context, owner, false));
}

/* No transfer runs. */
static void cs_context_free(struct cs_context *context)
{
	struct cs_xfer *xfer, *next;

	cs_park_forget(context);
	list_for_each_entry_safe(xfer, next, &context->done, link)
		cs_async_free(xfer);
	kfree(context);
}

static void cs_context_work(struct work_struct *work)
{
	cs_context_free(container_of(work, struct cs_context, closing));
	/* cs_context_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/**
 * cs_context_close - ends all transfers and frees the context, then or later
 * @context: that nobody else uses
 *
 * May sleep, for no transfer.
 */
void cs_context_close(struct cs_context *context)
{
	bool runs;

	spin_lock(&context->lock);
	context->closed = true;
	runs = cs_context_look(context, NULL, true);
	/* The device is the caller's to close: he has a reference on us. */
	if (runs)
		__module_get(THIS_MODULE);
	spin_unlock(&context->lock);
	if (!runs)
		cs_context_free(context);
}

static struct cs_xfer *cs_context_take_done(struct cs_context *context)
{
	struct cs_xfer *xfer;

	spin_lock(&context->lock);
	xfer = list_first_entry_or_null(&context->done, struct cs_xfer, link);
	if (xfer)
		list_del_init(&xfer->link);
	spin_unlock(&context->lock);
	return xfer;
}

static void cs_context_put_back(struct cs_context *context, struct cs_xfer *xfer)
{
	spin_lock(&context->lock);
	list_add(&xfer->link, &context->done);
	/* Somebody may have found nothing meanwhile. */
	wake_up(&context->wait);
	spin_unlock(&context->lock);
}

/* Return: 1 something may be done, 0 nothing is and nothing runs, -errno. */
static int cs_context_wait_done(struct cs_context *context, bool nonblock)
{
	int err;

	if (!cs_context_runs(context, NULL, false))
		return !list_empty_careful(&context->done);
	if (nonblock)
		return -EAGAIN;
	err = wait_event_interruptible(context->wait,
				       !list_empty_careful(&context->done) ||
				       !cs_context_runs(context, NULL, false));
	return err ? err : 1;
}

/**
 * cs_context_read - hands results to a reader
 * @context: of the open device
 * @to: where to; whole records only
 * @size: bytes there
 * @nonblock: do not wait for the first
 *
 * Return: bytes, 0 if nothing is done and nothing runs, or -errno: -EAGAIN,
 * -ERESTARTSYS, -EFAULT, -EINVAL no record fits.
 */
ssize_t cs_context_read(struct cs_context *context, char __user *to, size_t size,
			bool nonblock)
{
	struct coldsend_completion record;
	struct cs_xfer *xfer;
	size_t copied = 0;
	int err;

	if (size < sizeof(record))
		return -EINVAL;
	/* Another reader may take what this one waited for. */
	while (!(xfer = cs_context_take_done(context))) {
		err = cs_context_wait_done(context, nonblock);
		if (err <= 0)
			return err;
	}
	while (xfer) {
		cs_xfer_complete(xfer, &record);
		if (copy_to_user(to + copied, &record, sizeof(record))) {
			cs_context_put_back(context, xfer);
			return copied ? copied : -EFAULT;
		}
		cs_async_free(xfer);
		copied += sizeof(record);
		xfer = copied + sizeof(record) <= size ?
			cs_context_take_done(context) : NULL;
	}
	return copied;
}

/**
 * cs_context_poll - is there a result to read?
 * @context: of the open device
 * @file: the open device
 * @poll: the caller's
 */
__poll_t cs_context_poll(struct cs_context *context, struct file *file,
			 poll_table *poll)
{
	poll_wait(file, &context->wait, poll);
	return list_empty_careful(&context->done) ? 0 : EPOLLIN | EPOLLRDNORM;
}

/**
 * cs_context_init - makes the workqueue
 *
 * Return: 0 or -ENOMEM.
 */
int cs_context_init(void)
{
	cs_context_queue = alloc_workqueue("coldsend_close", WQ_UNBOUND, 0);
	return cs_context_queue ? 0 : -ENOMEM;
}

/**
 * cs_context_exit - takes the workqueue away
 *
 * No context may be left.
 */
void cs_context_exit(void)
{
	destroy_workqueue(cs_context_queue);
}
