// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous transfers: pumped by a work item each, kept by the open device.
 *
 *	SEND with ASYNC ──► running ──► done ──► read(2)
 *	                       │  ▲
 *	        work item ─────┘  └── wakers: disk, socket, cancel, timer
 *
 * A transfer that waits costs its struct and no thread.  Wakers only queue the
 * work item; the worker pumps with the submitter's credentials and memory
 * cgroup, and moves the transfer to the list of those that are done when it has
 * ended.  Only a reader of the device, or its last close, frees it then: nobody
 * else could wait for the work item to be idle.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "coldsend.h"

/* Segments that one transfer sends before others get their turn. */
#define CS_ASYNC_BUDGET		16
/* A peer that takes nothing for so long ends the transfer. */
#define CS_ASYNC_IDLE_MAX	(300 * HZ)

static struct workqueue_struct *cs_async_queue;

/**
 * struct cs_context - an open device
 * @lock: guards the rest
 * @running: transfers that have not ended
 * @done: transfers that have, oldest first
 * @wait: woken when one moves from @running to @done
 * @last_id: of the transfer submitted last
 */
struct cs_context {
	spinlock_t lock;	/* see @lock above */
	struct list_head running;
	struct list_head done;
	wait_queue_head_t wait;
	u64 last_id;
};

/**
 * cs_async_open - makes the context of an open device
 *
 * May sleep.  Return: the context or NULL.
 */
struct cs_context *cs_async_open(void)
{
	struct cs_context *context;

	context = kzalloc(sizeof(*context), GFP_KERNEL_ACCOUNT);
	if (!context)
		return NULL;
	spin_lock_init(&context->lock);
	INIT_LIST_HEAD(&context->running);
	INIT_LIST_HEAD(&context->done);
	init_waitqueue_head(&context->wait);
	return context;
}

static void cs_async_sleep(struct cs_xfer *xfer, enum cs_state state)
{
	cs_xfer_set_state(xfer, state);
	xfer->waits_since = ktime_get_ns();
}

static void cs_async_count_wait(struct cs_xfer *xfer)
{
	u64 waited = ktime_get_ns() - xfer->waits_since;

	if (xfer->state == CS_STATE_WAIT_DISK)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS, waited);
	if (xfer->state == CS_STATE_WAIT_SOCKET)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_SOCKET_WAIT_NS, waited);
}

/* Jiffies to wait for the socket at the most; 0 sets xfer->error. */
static long cs_async_patience(struct cs_xfer *xfer)
{
	long patience = cs_engine_patience(xfer);
	long idle = jiffies - xfer->full_since;

	if (!patience)
		xfer->error = -EAGAIN;
	else if (idle >= CS_ASYNC_IDLE_MAX)
		xfer->error = -ETIMEDOUT;
	return xfer->error ? 0 : min(patience, CS_ASYNC_IDLE_MAX - idle);
}

/* Return: whether to pump again at once; otherwise it will be woken. */
static bool cs_async_wait_socket(struct cs_xfer *xfer)
{
	long patience = cs_async_patience(xfer);

	if (!patience)
		return true;
	if (!cs_sink_writable(xfer))
		xfer->source->idle(xfer);
	else if (xfer->retries++)
		patience = 1;
	else
		return true;
	cs_async_sleep(xfer, CS_STATE_WAIT_SOCKET);
	/* If something has happened already, it is queued already. */
	queue_delayed_work(cs_async_queue, &xfer->work, patience);
	return false;
}

/* Return: whether the transfer has ended; otherwise it will be woken. */
static bool cs_async_pump(struct cs_xfer *xfer)
{
	u32 budget = CS_ASYNC_BUDGET;

	while (budget--) {
		if (READ_ONCE(xfer->cancelled))
			xfer->error = -ECANCELED;
		if (xfer->error)
			return true;
		switch (cs_engine_pump(xfer)) {
		case CS_PUMPED_SOME:
			cs_engine_progress(xfer);
			break;
		case CS_PUMPED_ALL:
			return true;
		case CS_PUMPED_WAIT_DISK:
			cs_async_sleep(xfer, CS_STATE_WAIT_DISK);
			return false;
		case CS_PUMPED_WAIT_POOL:
			cs_async_sleep(xfer, CS_STATE_WAIT_POOL);
			return false;
		case CS_PUMPED_WAIT_SOCKET:
			if (!cs_async_wait_socket(xfer))
				return false;
			break;
		}
	}
	queue_delayed_work(cs_async_queue, &xfer->work, 0);
	return false;
}

/* Pumps as the submitter: its rights, its memory cgroup. */
static bool cs_async_pump_as(struct cs_xfer *xfer)
{
	const struct cred *creds = override_creds(xfer->cred);
	struct mem_cgroup *memcg = set_active_memcg(xfer->memcg);
	bool ended = cs_async_pump(xfer);

	if (ended) {
		cs_xfer_set_state(xfer, CS_STATE_ENDED);
		cs_xfer_end(xfer);
	}
	set_active_memcg(memcg);
	revert_creds(creds);
	return ended;
}

static void cs_async_work(struct work_struct *work)
{
	struct cs_xfer *xfer = container_of(to_delayed_work(work),
					    struct cs_xfer, work);
	struct cs_context *context = xfer->context;

	/* A wake-up that came too late. */
	if (xfer->state == CS_STATE_ENDED)
		return;
	cs_async_count_wait(xfer);
	if (!cs_async_pump_as(xfer))
		return;
	/* Once it is done and unlocked, it may be freed, though not before
	 * this work item has returned: cs_async_free() waits for that.
	 */
	spin_lock(&context->lock);
	list_move_tail(&xfer->link, &context->done);
	wake_up(&context->wait);
	spin_unlock(&context->lock);
}

/**
 * cs_async_wake - has the work item of a transfer run soon
 * @xfer: submitted
 *
 * Any context.
 */
void cs_async_wake(struct cs_xfer *xfer)
{
	mod_delayed_work(cs_async_queue, &xfer->work, 0);
}

/**
 * cs_async_submit - starts a transfer and does not wait for it
 * @context: of the open device, which owns the transfer from now on
 * @xfer: just created
 * @user_data: given back with the result
 *
 * May sleep.
 * Return: its number, unique for the context.
 */
u64 cs_async_submit(struct cs_context *context, struct cs_xfer *xfer,
		    u64 user_data)
{
	u64 id;

	xfer->async = true;
	xfer->nonblock = false;
	xfer->owner = current->files;
	xfer->user_data = user_data;
	xfer->cred = get_current_cred();
	xfer->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_DELAYED_WORK(&xfer->work, cs_async_work);

	spin_lock(&context->lock);
	id = ++context->last_id;
	xfer->id = id;
	list_add_tail(&xfer->link, &context->running);
	spin_unlock(&context->lock);
	cs_async_wake(xfer);
	return id;
}

static void cs_async_free(struct cs_xfer *xfer)
{
	cancel_delayed_work_sync(&xfer->work);
	put_cred(xfer->cred);
	mem_cgroup_put(xfer->memcg);
	cs_xfer_destroy(xfer);
}

static void cs_async_cancel_one(struct cs_xfer *xfer)
{
	lockdep_assert_held(&xfer->context->lock);
	WRITE_ONCE(xfer->cancelled, true);
	cs_async_wake(xfer);
}

/**
 * cs_async_cancel - ends a transfer soon
 * @context: of the open device
 * @id: from cs_async_submit()
 *
 * Its result comes as any other's, with ECANCELED unless it ended by itself.
 * Process context.
 *
 * Return: 0, or -ENOENT if none that runs has that number.
 */
int cs_async_cancel(struct cs_context *context, u64 id)
{
	struct cs_xfer *xfer;
	int err = -ENOENT;

	spin_lock(&context->lock);
	list_for_each_entry(xfer, &context->running, link) {
		if (xfer->id != id)
			continue;
		cs_async_cancel_one(xfer);
		err = 0;
		break;
	}
	spin_unlock(&context->lock);
	return err;
}

/* Return: whether some that belong to @owner (or to anyone, if NULL) run. */
static bool cs_async_runs(struct cs_context *context, fl_owner_t owner,
			  bool cancel)
{
	struct cs_xfer *xfer;
	bool runs = false;

	spin_lock(&context->lock);
	list_for_each_entry(xfer, &context->running, link) {
		if (owner && xfer->owner != owner)
			continue;
		runs = true;
		if (!cancel)
			break;
		cs_async_cancel_one(xfer);
	}
	spin_unlock(&context->lock);
	return runs;
}

/**
 * cs_async_cancel_all - ends transfers, and waits until they have
 * @context: of the open device
 * @owner: descriptor table that they were submitted from, NULL for all
 *
 * Sleeps for the disk, never for a peer.
 */
void cs_async_cancel_all(struct cs_context *context, fl_owner_t owner)
{
	if (cs_async_runs(context, owner, true))
		wait_event(context->wait,
			   !cs_async_runs(context, owner, false));
}

/**
 * cs_async_close - ends all transfers and frees the context
 * @context: that nobody else uses
 *
 * Sleeps for the disk, never for a peer.
 */
void cs_async_close(struct cs_context *context)
{
	struct cs_xfer *xfer, *next;

	cs_async_cancel_all(context, NULL);
	cs_park_forget(context);
	list_for_each_entry_safe(xfer, next, &context->done, link)
		cs_async_free(xfer);
	kfree(context);
}

static struct cs_xfer *cs_async_take_done(struct cs_context *context)
{
	struct cs_xfer *xfer;

	spin_lock(&context->lock);
	xfer = list_first_entry_or_null(&context->done, struct cs_xfer, link);
	if (xfer)
		list_del_init(&xfer->link);
	spin_unlock(&context->lock);
	return xfer;
}

static void cs_async_put_back(struct cs_context *context, struct cs_xfer *xfer)
{
	spin_lock(&context->lock);
	list_add(&xfer->link, &context->done);
	spin_unlock(&context->lock);
}

/* Nothing is done: 0 if nothing runs either, or -errno if not to wait. */
static int cs_async_wait_done(struct cs_context *context, bool nonblock)
{
	if (list_empty_careful(&context->done) &&
	    !cs_async_runs(context, NULL, false))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(context->wait,
					!list_empty_careful(&context->done) ||
					!cs_async_runs(context, NULL, false));
}

/**
 * cs_async_read - hands results to a reader
 * @context: of the open device
 * @to: where to; whole records only
 * @size: bytes there
 * @nonblock: do not wait for the first
 *
 * Return: bytes, 0 if nothing is done and nothing runs, or -errno: -EAGAIN,
 * -ERESTARTSYS, -EFAULT, -EINVAL no record fits.
 */
ssize_t cs_async_read(struct cs_context *context, char __user *to, size_t size,
		      bool nonblock)
{
	struct coldsend_completion record;
	struct cs_xfer *xfer;
	size_t copied = 0;
	int err;

	if (size < sizeof(record))
		return -EINVAL;
	if (list_empty_careful(&context->done)) {
		err = cs_async_wait_done(context, nonblock);
		if (err)
			return err;
	}
	while (copied + sizeof(record) <= size) {
		xfer = cs_async_take_done(context);
		if (!xfer)
			break;
		cs_xfer_complete(xfer, &record);
		if (copy_to_user(to + copied, &record, sizeof(record))) {
			cs_async_put_back(context, xfer);
			return copied ? copied : -EFAULT;
		}
		cs_async_free(xfer);
		copied += sizeof(record);
	}
	return copied;
}

/**
 * cs_async_poll - is there a result to read?
 * @context: of the open device
 * @file: the open device
 * @poll: the caller's
 */
__poll_t cs_async_poll(struct cs_context *context, struct file *file,
		       poll_table *poll)
{
	poll_wait(file, &context->wait, poll);
	return list_empty_careful(&context->done) ? 0 : EPOLLIN | EPOLLRDNORM;
}

/**
 * cs_async_init - makes the workqueue
 *
 * A worker sleeps for the disk at times, so that there are a few more than
 * processors.
 *
 * Return: 0 or -ENOMEM.
 */
int cs_async_init(void)
{
	cs_async_queue = alloc_workqueue("coldsend", WQ_UNBOUND,
					 2 * num_online_cpus() + 2);
	return cs_async_queue ? 0 : -ENOMEM;
}

/**
 * cs_async_exit - takes the workqueue away
 *
 * No context may be left.
 */
void cs_async_exit(void)
{
	destroy_workqueue(cs_async_queue);
}
