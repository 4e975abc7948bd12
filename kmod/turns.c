// SPDX-License-Identifier: GPL-2.0
/*
 * Turns: who gets memory of the pool, and when.
 *
 * A user has a share of the pool, past which a transfer waits for the user's own
 * others.  Transfers that wait for memory stand in line with their user, first come
 * first served; users whose share is not used up take turns:
 *
 *	cs_user_turns ──► user A ──► user C ──► user D
 *	                    │          │          │
 *	                    waiters    waiters    waiters
 *
 * Only the transfer at the front may take memory.  Who stands in line for a worker
 * too (workers.c) can't make use of any, and does not hold up others meanwhile: it
 * comes back for memory once it has a worker.  Workers are of one of two queues,
 * hence the user's waiters too.  A synchronous transfer is woken in its own thread,
 * which may be slow to run, by its priority or its cgroup's quota: after CS_TURN_MAX
 * it holds up other users no longer.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/spinlock.h>

#include "user.h"

/* Jiffies. */
#define CS_TURN_MAX	DIV_ROUND_UP(HZ, 50)

u32 cs_user_waiting;

/* Guarded by the user lock. */
static LIST_HEAD(cs_user_turns);

/* Bytes of the pool that the transfer's user may hold. */
static u64 cs_user_share(const struct cs_xfer *xfer)
{
	struct cs_tunables now;

	if (xfer->privileged)
		return U64_MAX;
	cs_policy_get(&now);
	return max_t(u64, div_u64(now.pool_max, 100) * now.user_share,
		     CS_SEGMENT_FIRST);
}

static struct cs_xfer *cs_user_first_of(struct cs_user *user, bool blocks)
{
	return list_first_entry_or_null(&user->waiters[blocks], struct cs_xfer,
					waiter);
}

/* Could the transfer run, if it was woken?  That may change at any time. */
static bool cs_user_is_able(const struct cs_xfer *xfer)
{
	unsigned long since;

	if (!xfer)
		return false;
	if (xfer->async)
		return list_empty_careful(&xfer->in_line);
	since = READ_ONCE(xfer->turn_since);
	return !since || time_before(jiffies, since + CS_TURN_MAX);
}

/* Of both queues, by turns; whoever is able before who is not.  NULL if nobody waits. */
static struct cs_xfer *cs_user_first_waiter(struct cs_user *user)
{
	struct cs_xfer *next = cs_user_first_of(user, user->blocking_next);
	struct cs_xfer *other = cs_user_first_of(user, !user->blocking_next);

	if (!next || (!cs_user_is_able(next) && cs_user_is_able(other)))
		return other;
	return next;
}

/* May the user's first waiter go on, once there is memory? */
static bool cs_user_has_room(struct cs_user *user)
{
	const struct cs_xfer *xfer = cs_user_first_waiter(user);

	return cs_user_is_able(xfer) &&
	       user->bytes + CS_SEGMENT_FIRST <= cs_user_share(xfer);
}

/* Has the user take turns, or not any more, as things are now. */
static void cs_user_settle(struct cs_user *user)
{
	lockdep_assert_held(&cs_user_lock);
	if (!cs_user_has_room(user))
		list_del_init(&user->turn);
	else if (list_empty(&user->turn))
		list_add_tail(&user->turn, &cs_user_turns);
}

static void cs_user_run(struct cs_xfer *xfer)
{
	if (xfer->async) {
		cs_async_run(xfer);
		return;
	}
	if (!READ_ONCE(xfer->turn_since))
		WRITE_ONCE(xfer->turn_since, jiffies ?: 1);
	wake_up(&xfer->wait);
}

/* Runs the transfer whose turn it is.  If it gets no worker, it passes the turn on. */
static void cs_user_wake(void)
{
	struct cs_user *user, *next;

	lockdep_assert_held(&cs_user_lock);
	list_for_each_entry_safe(user, next, &cs_user_turns, turn) {
		if (cs_user_has_room(user)) {
			cs_user_run(cs_user_first_waiter(user));
			return;
		}
		list_del_init(&user->turn);
	}
}

/* Settles, and wakes whoever that gives a turn to. */
static void cs_user_settle_and_wake(struct cs_user *user)
{
	bool had_turn = !list_empty(&user->turn);

	cs_user_settle(user);
	if (had_turn != !list_empty(&user->turn))
		cs_user_wake();
}

/* Does nobody come before the transfer? */
static bool cs_user_is_first(const struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;
	const struct cs_xfer *waiter = cs_user_first_waiter(user);

	lockdep_assert_held(&cs_user_lock);
	if (waiter != xfer && cs_user_is_able(waiter))
		return false;
	return list_empty(&cs_user_turns) ||
	       cs_user_turns.next == &user->turn;
}

/**
 * cs_user_is_waiting - does a transfer stand in line for memory?
 * @xfer: the transfer
 *
 * In the thread that pumps it: nobody else puts it there or takes it out.
 */
bool cs_user_is_waiting(const struct cs_xfer *xfer)
{
	return !list_empty(&xfer->waiter);
}

/**
 * cs_user_may_take - may a transfer take memory of the pool?
 * @xfer: the transfer
 * @size: bytes
 *
 * Process context.
 * Return: whether nobody comes before it and it stays within its user's share.
 */
bool cs_user_may_take(struct cs_xfer *xfer, u32 size)
{
	bool first, room;

	spin_lock(&cs_user_lock);
	first = cs_user_is_first(xfer);
	room = xfer->user->bytes + size <= cs_user_share(xfer);
	spin_unlock(&cs_user_lock);
	return first && (room || !cs_user_is_limited(xfer));
}

/**
 * cs_user_take - a user's transfer has taken memory
 * @user: whose transfer it is
 * @size: bytes
 *
 * Process context.  Undone by cs_user_give().  Counted when it was taken: what
 * several transfers take at the same moment may go past the user's share.
 */
void cs_user_take(struct cs_user *user, u32 size)
{
	spin_lock(&cs_user_lock);
	user->bytes += size;
	cs_user_settle_and_wake(user);
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_give - memory of a user's transfer is free again, or its own no more
 * @user: whose transfer it was; may be gone afterwards
 * @size: bytes, as they were taken
 *
 * Process context.  Wakes the transfer whose turn it is.
 */
void cs_user_give(struct cs_user *user, u32 size)
{
	spin_lock(&cs_user_lock);
	user->bytes -= size;
	cs_user_settle(user);
	cs_user_wake();
	cs_user_forget(user);
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_wake_next - memory of nobody's is free
 *
 * Process context.  Wakes the transfer whose turn it is.
 */
void cs_user_wake_next(void)
{
	spin_lock(&cs_user_lock);
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_limits_changed - the pool or a user's share of it may be larger now
 *
 * Process context.  Wakes the transfer whose turn it is.
 */
void cs_user_limits_changed(void)
{
	spin_lock(&cs_user_lock);
	cs_user_for_each(cs_user_settle);
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/* Whoever waits already stays first: it may be on its way. */
static void cs_user_add_waiter(struct cs_user *user, struct cs_xfer *xfer)
{
	if (list_empty(&user->waiters[xfer->blocks]) &&
	    !list_empty(&user->waiters[!xfer->blocks]))
		user->blocking_next = !xfer->blocks;
	list_add_tail(&xfer->waiter, &user->waiters[xfer->blocks]);
	xfer->queued = jiffies;
	WRITE_ONCE(xfer->turn_since, 0);
	cs_user_waiting++;
}

/**
 * cs_user_queue - a transfer that got no memory will be woken for some
 * @xfer: the transfer; if it is synchronous, its thread looks at xfer->turn_since
 *
 * It keeps its place until cs_user_unqueue().  Process context.
 */
void cs_user_queue(struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;

	/* Others will look at xfer->privileged, who can't find it out. */
	cs_user_is_limited(xfer);
	spin_lock(&cs_user_lock);
	if (list_empty(&xfer->waiter))
		cs_user_add_waiter(user, xfer);
	/* Who is first, perhaps this one, finds what it missed meanwhile. */
	cs_user_settle_and_wake(user);
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_pass - a transfer can't make use of its turn now, if it has one
 * @xfer: that may or may not wait for memory, and stands in line for a worker
 *
 * Another of its user's has the turn, or the next user.  Process context.
 */
void cs_user_pass(struct cs_xfer *xfer)
{
	if (!cs_user_is_waiting(xfer))
		return;
	spin_lock(&cs_user_lock);
	cs_user_settle(xfer->user);
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_unqueue - a transfer waits for memory no more
 * @xfer: that may or may not have waited
 *
 * The next user has its turn.  Process context.
 */
void cs_user_unqueue(struct cs_xfer *xfer)
{
	if (!cs_user_is_waiting(xfer))
		return;
	spin_lock(&cs_user_lock);
	list_del_init(&xfer->waiter);
	cs_user_waiting--;
	xfer->user->blocking_next = !xfer->blocks;
	list_del_init(&xfer->user->turn);
	cs_user_settle(xfer->user);
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_has_used - does the transfer's user hold that much?
 * @xfer: the transfer
 * @quarters: more than so many of what he may; of all of the pool, where he is not
 *	limited
 *
 * Process context.
 */
bool cs_user_has_used(struct cs_xfer *xfer, u32 quarters)
{
	u64 bytes = READ_ONCE(xfer->user->bytes);

	if (bytes > cs_policy_pool_max() / 4 * quarters)
		return true;
	return bytes > cs_user_share(xfer) / 4 * quarters &&
	       cs_user_is_limited(xfer);
}
