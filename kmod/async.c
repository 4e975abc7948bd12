// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous transfers: pumped by a work item each.
 *
 * A transfer that waits costs its struct and no thread.  Wakers (disk, socket,
 * pool, cancel, timer) only queue the work item; the worker pumps with the
 * submitter's credentials and memory cgroup until the transfer has ended, and
 * tells the context that it belongs to.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include "coldsend.h"

/* Segments that one transfer sends before others get their turn. */
#define CS_ASYNC_BUDGET		16
/* A peer that takes nothing for so long ends the transfer. */
#define CS_ASYNC_IDLE_MAX	(300 * HZ)

static struct workqueue_struct *cs_async_queue;

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
		if (READ_ONCE(xfer->cancelled) && xfer->pos < xfer->end)
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

	/* A wake-up that came too late. */
	if (xfer->state == CS_STATE_ENDED)
		return;
	cs_async_count_wait(xfer);
	if (cs_async_pump_as(xfer))
		cs_context_ended(xfer);
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
 * cs_async_prepare - makes ready to pump a transfer for the calling task
 * @xfer: just created
 *
 * May sleep.  From now on cs_async_wake() may be called; the first call starts
 * it, and cs_context_ended() will be called once.
 */
void cs_async_prepare(struct cs_xfer *xfer)
{
	xfer->async = true;
	xfer->nonblock = false;
	xfer->cred = get_current_cred();
	xfer->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_DELAYED_WORK(&xfer->work, cs_async_work);
}

/**
 * cs_async_free - frees a transfer
 * @xfer: that cs_context_ended() was called for
 *
 * Sleeps until its work item has returned.  Not called from there.
 */
void cs_async_free(struct cs_xfer *xfer)
{
	cancel_delayed_work_sync(&xfer->work);
	put_cred(xfer->cred);
	mem_cgroup_put(xfer->memcg);
	cs_xfer_destroy(xfer);
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
 * No transfer may be left.
 */
void cs_async_exit(void)
{
	destroy_workqueue(cs_async_queue);
}
