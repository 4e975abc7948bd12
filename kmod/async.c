// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous transfers: pumped by a work item each.
 *
 * A transfer that waits costs its struct and no thread.  Wakers (disk, socket,
 * pool, cancel, timer) only queue the work item; the worker pumps with the
 * submitter's credentials, nice value, I/O priority and cgroups, but for that of the
 * processor, until the transfer has ended, and tells the context that it belongs to.
 *
 * Few sockets can have their sender wait for the peer whatever it says: those
 * have a queue of their own, so that nobody else waits with them.  A transfer
 * keeps its queue: a work item that went from one to another could run twice at
 * once.  Of each queue a user has a part of the workers (workers.c).
 */
#include <linux/cred.h>
#include <linux/ioprio.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/nodemask.h>
#include <linux/sched/mm.h>
#include <linux/timer.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "compat/blkcg.h"
#include "views.h"

/* Segments that one transfer sends before others get their turn. */
#define CS_ASYNC_BUDGET		16
/* The same for a nice one, whose worker may run slowly: others wait for it. */
#define CS_ASYNC_BUDGET_NICE	1

/* Workers that a user has of the queue for sockets that block, at the most. */
#define CS_ASYNC_BLOCKED_MAX	32

static struct workqueue_struct *cs_async_plain_queue;
static struct workqueue_struct *cs_async_blocking_queue;

static struct workqueue_struct *cs_async_queue(const struct cs_xfer *xfer)
{
	return xfer->blocks ? cs_async_blocking_queue : cs_async_plain_queue;
}

/* Of the other queue, see cs_async_init(). */
static u32 cs_async_plain_max __ro_after_init;

static u32 cs_async_workers_max(const struct cs_xfer *xfer)
{
	return xfer->blocks ? CS_ASYNC_BLOCKED_MAX : cs_async_plain_max;
}

static void cs_async_sleep(struct cs_xfer *xfer, enum cs_state state)
{
	cs_xfer_set_state(xfer, state);
	xfer->waits_since = ktime_get_ns();
}

static void cs_async_count_wait(struct cs_xfer *xfer)
{
	u64 since = xfer->waits_since;

	if (xfer->state == CS_STATE_WAIT_DISK)
		cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS,
				   COLDSEND_TIMED_DISK, since);
	if (xfer->state == CS_STATE_WAIT_SOCKET)
		cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_SOCKET_WAIT_NS,
				   COLDSEND_TIMED_SOCKET, since);
	if (xfer->state == CS_STATE_WAIT_POOL)
		cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_POOL_WAIT_NS,
				   COLDSEND_TIMED_POOL, since);
}

/* Jiffies to wait for the socket at the most; 0 sets xfer->error. */
static long cs_async_patience(struct cs_xfer *xfer)
{
	long patience = cs_engine_patience(xfer);
	long idle = jiffies - xfer->full_since;
	long idle_max = xfer->tunables.idle_max * HZ;

	if (!patience)
		xfer->error = -EAGAIN;
	else if (idle >= idle_max)
		xfer->error = -ETIMEDOUT;
	return xfer->error ? 0 : min(patience, idle_max - idle);
}

/* Return: whether to pump again at once; otherwise it will be woken. */
static bool cs_async_wait_socket(struct cs_xfer *xfer)
{
	long patience = cs_async_patience(xfer);
	bool writable, stalled;
	long pause;

	if (!patience)
		return true;
	cs_sink_trust(xfer, false);
	writable = cs_sink_writable(xfer);
	if (writable) {
		pause = cs_engine_pause(xfer);
		if (!pause)
			return true;
		patience = min(patience, pause);
	}
	stalled = cs_engine_is_stalled(xfer);
	if (!writable || stalled || cs_pool_is_tight(xfer))
		xfer->source->idle(xfer);
	/* To let go of more, if nothing happens until then. */
	if (!stalled)
		patience = min(patience, CS_STALLED_AFTER);
	cs_async_sleep(xfer, CS_STATE_WAIT_SOCKET);
	/* If something has happened already, it was woken already. */
	mod_timer(&xfer->timer, jiffies + patience);
	return false;
}

/* Others have the file, by its lock or a claim.  It will be woken. */
static void cs_async_pause(struct cs_xfer *xfer)
{
	long pause = max(cs_engine_pause(xfer), 1L);

	if (cs_engine_is_stalled(xfer))
		xfer->source->idle(xfer);
	/* Others have its turn for memory. */
	cs_user_unqueue(xfer);
	cs_async_sleep(xfer, CS_STATE_WAIT_DISK);
	mod_timer(&xfer->timer, jiffies + pause);
}

/*
 * Who writes to a file may sleep with its lock held for as long as it likes, on
 * memory that it makes itself: a worker, which others' transfers need too, looks at
 * it instead, less and less often.  Return: whether to stop; it will be woken.
 */
static bool cs_async_wait_file(struct cs_xfer *xfer)
{
	if (xfer->pos >= xfer->end || !xfer->source->locks ||
	    !cs_pagecache_is_locked(xfer->file))
		return false;
	cs_async_pause(xfer);
	return true;
}

/**
 * enum cs_turn - how the turn of a transfer ended
 * @CS_TURN_WAITS: it will be woken
 * @CS_TURN_OVER: others are next, and then it again
 * @CS_TURN_ENDED: so has the transfer
 */
enum cs_turn {
	CS_TURN_WAITS,
	CS_TURN_OVER,
	CS_TURN_ENDED,
};

static enum cs_turn cs_async_pump(struct cs_xfer *xfer)
{
	u32 budget = xfer->nice > 0 ? CS_ASYNC_BUDGET_NICE : CS_ASYNC_BUDGET;
	enum cs_pumped pumped;

	while (budget--) {
		if (READ_ONCE(xfer->cancelled) && xfer->pos < xfer->end)
			xfer->error = -ECANCELED;
		if (xfer->error)
			return CS_TURN_ENDED;
		if (cs_async_wait_file(xfer))
			return CS_TURN_WAITS;
		pumped = cs_engine_pump(xfer);
		switch (pumped) {
		case CS_PUMPED_SOME:
			cond_resched();
			break;
		case CS_PUMPED_ALL:
			return CS_TURN_ENDED;
		case CS_PUMPED_WAIT_DISK:
			cs_async_sleep(xfer, CS_STATE_WAIT_DISK);
			return CS_TURN_WAITS;
		case CS_PUMPED_WAIT_FILE:
			cs_async_pause(xfer);
			return CS_TURN_WAITS;
		case CS_PUMPED_WAIT_POOL:
			cs_event_limit(COLDSEND_LIMIT_POOL, xfer);
			cs_async_sleep(xfer, CS_STATE_WAIT_POOL);
			return CS_TURN_WAITS;
		case CS_PUMPED_WAIT_SOCKET:
			if (!cs_async_wait_socket(xfer))
				return CS_TURN_WAITS;
			break;
		}
	}
	return CS_TURN_OVER;
}

/* With the worker's own rights. */
static void cs_async_set_priority(int nice, u16 ioprio)
{
	if (nice != task_nice(current))
		set_user_nice(current, nice);
	if (ioprio != get_current_ioprio())
		set_task_ioprio(current, ioprio);
}

/* Pumps as the submitter: its rights, its cgroups, its priorities. */
static enum cs_turn cs_async_pump_as(struct cs_xfer *xfer)
{
	u16 ioprio = get_current_ioprio();
	int nice = task_nice(current);
	const struct cred *creds;
	struct mem_cgroup *memcg;
	enum cs_turn turn;

	cs_async_set_priority(xfer->nice, xfer->ioprio);
	creds = override_creds(xfer->cred);
	memcg = set_active_memcg(xfer->memcg);
	compat_blkcg_work_for(xfer->blkcg);
	turn = cs_async_pump(xfer);
	if (turn == CS_TURN_ENDED) {
		cs_xfer_set_state(xfer, CS_STATE_ENDED);
		cs_xfer_end(xfer);
	}
	compat_blkcg_work_for(NULL);
	set_active_memcg(memcg);
	revert_creds(creds);
	cs_async_set_priority(nice, ioprio);
	return turn;
}

/* Return: as cs_workers_enter(). */
static bool cs_async_enter(struct cs_xfer *xfer, bool at_once)
{
	return cs_workers_enter(cs_user_workers(xfer), xfer,
				cs_async_workers_max(xfer) + at_once);
}

static void cs_async_leave(struct cs_xfer *xfer)
{
	cs_workers_leave(cs_user_workers(xfer), xfer, cs_async_workers_max(xfer));
}

static void cs_async_work(struct work_struct *work)
{
	struct cs_xfer *xfer = container_of(work, struct cs_xfer, work);
	enum cs_turn turn = CS_TURN_WAITS;

	/* Unless the wake-up came too late: nothing ended stands in line. */
	if (xfer->state != CS_STATE_ENDED) {
		/* It would stand in line whenever its turn for memory comes. */
		if (!cs_async_enter(xfer, cs_user_is_waiting(xfer))) {
			cs_user_pass(xfer);
			return;
		}
		timer_delete(&xfer->timer);
		cs_async_count_wait(xfer);
		turn = cs_async_pump_as(xfer);
	}
	cs_async_leave(xfer);
	if (turn == CS_TURN_OVER)
		cs_async_wake(xfer);
	if (turn == CS_TURN_ENDED)
		cs_context_ended(xfer);
}

/**
 * cs_async_run - has the work item of a transfer run soon
 * @xfer: submitted
 *
 * Any context.
 */
void cs_async_run(struct cs_xfer *xfer)
{
	queue_work(cs_async_queue(xfer), &xfer->work);
}

/**
 * cs_async_wake - the same, as soon as its user may have a worker for it
 * @xfer: submitted
 *
 * Any context.
 */
void cs_async_wake(struct cs_xfer *xfer)
{
	if (cs_async_enter(xfer, false))
		cs_async_run(xfer);
}

static void cs_async_timer(struct timer_list *timer)
{
	cs_async_wake(container_of(timer, struct cs_xfer, timer));
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
	xfer->wary = true;
	xfer->blocks = cs_sink_blocks(xfer->sock);
	xfer->nice = task_nice(current);
	xfer->cred = get_current_cred();
	xfer->memcg = get_mem_cgroup_from_mm(current->mm);
	xfer->blkcg = compat_blkcg_get();
	INIT_WORK(&xfer->work, cs_async_work);
	timer_setup(&xfer->timer, cs_async_timer, 0);
	xfer->has_worker = false;
}

/**
 * cs_async_free - frees a transfer
 * @xfer: that cs_context_ended() was called for
 *
 * Sleeps until its work item has returned.  Not called from there.
 */
void cs_async_free(struct cs_xfer *xfer)
{
	/* What came too late: the timer puts it in line, the line into the queue. */
	timer_delete_sync(&xfer->timer);
	cs_workers_forget(cs_user_workers(xfer), xfer);
	cancel_work_sync(&xfer->work);
	cs_async_leave(xfer);
	put_cred(xfer->cred);
	mem_cgroup_put(xfer->memcg);
	compat_blkcg_put(xfer->blkcg);
	cs_xfer_destroy(xfer);
}

/* Processors of the node that has the fewest. */
static u32 cs_async_least_cpus(void)
{
	u32 least = num_online_cpus();
	int node;

	for_each_online_node(node)
		if (nr_cpus_node(node))
			least = min_t(u32, least, nr_cpus_node(node));
	return least;
}

/**
 * cs_async_init - makes the workqueues
 *
 * Return: 0 or -ENOMEM.
 */
int cs_async_init(void)
{
	u32 all = num_online_cpus();
	u32 least = cs_async_least_cpus();

	/* A worker sleeps for the disk at times, so a few more than processors. */
	cs_async_plain_max = min_t(u32, 2 * all + 2,
				   max(WQ_MAX_ACTIVE * least / (2 * all), 1U));
	/*
	 * The rest is for others while a user's workers sleep: of each node, since
	 * the kernel (6.9) divides the workers of a queue among them, by processors.
	 */
	cs_async_plain_queue =
		alloc_workqueue("coldsend", WQ_UNBOUND,
				DIV_ROUND_UP(2 * cs_async_plain_max * all,
					     least));
	if (!cs_async_plain_queue)
		return -ENOMEM;
	cs_async_blocking_queue = alloc_workqueue("coldsend_blocking",
						  WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (cs_async_blocking_queue)
		return 0;
	destroy_workqueue(cs_async_plain_queue);
	return -ENOMEM;
}

/**
 * cs_async_exit - takes the workqueues away
 *
 * No transfer may be left.
 */
void cs_async_exit(void)
{
	destroy_workqueue(cs_async_blocking_queue);
	destroy_workqueue(cs_async_plain_queue);
}
