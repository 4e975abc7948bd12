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
 * comes back for memory once it has a worker.  Workers are of one of two queues, and
 * threads of none: a user has a line for each.
 *
 * The thread of a synchronous transfer may be slow to run, by its priority or its
 * cgroup's quota.  It is promised memory when its turn comes, and leaves the line: a
 * promise is all that it holds up meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/spinlock.h>

#include "user.h"

/*
 * A thread waits as long as its user's line moves once in so many jiffies.  What
 * sockets hold has left the pool by then: who holds all of it may do so for ever.
 */
#define CS_LINE_STANDS_AFTER	(1L * HZ)
/* Once one has given up, the others try again so much later. */
#define CS_LINE_TRIED_AFTER	(10L * HZ)

u32 cs_user_waiting;

/* Guarded by the user lock. */
static LIST_HEAD(cs_user_turns);

/**
 * cs_user_share - bytes of the pool that the transfer's user may hold
 * @xfer: the transfer
 *
 * Process context.
 */
u64 cs_user_share(const struct cs_xfer *xfer)
{
	struct cs_tunables now;

	if (xfer->privileged)
		return U64_MAX;
	cs_policy_get(&now);
	return max_t(u64, div_u64(now.pool_max, 100) * now.user_share,
		     CS_SEGMENT_FIRST);
}

static enum cs_line cs_user_line(const struct cs_xfer *xfer)
{
	if (!xfer->async)
		return CS_LINE_THREADS;
	return xfer->blocks ? CS_LINE_BLOCKING : CS_LINE_PLAIN;
}

/* Could the transfer run, if it was woken?  That may change at any time. */
static bool cs_user_is_able(const struct cs_xfer *xfer)
{
	return xfer && list_empty_careful(&xfer->in_line);
}

/* Of all lines, by turns; whoever is able before who is not.  NULL if nobody waits. */
static struct cs_xfer *cs_user_first_waiter(struct cs_user *user)
{
	struct cs_xfer *found = NULL, *xfer;
	struct list_head *line;
	u32 i;

	for (i = 0; i < CS_LINES; i++) {
		line = &user->waiters[(user->next_line + i) % CS_LINES];
		xfer = list_first_entry_or_null(line, struct cs_xfer, waiter);
		if (cs_user_is_able(xfer))
			return xfer;
		found = found ?: xfer;
	}
	return found;
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

/* Has the transfer's user have @bytes of the pool, if there are so many for him. */
static bool cs_user_charge(struct cs_xfer *xfer, u32 bytes)
{
	struct cs_user *user = xfer->user;

	lockdep_assert_held(&cs_user_lock);
	if (user->bytes + bytes > cs_user_share(xfer) ||
	    !cs_pool_promise(bytes))
		return false;
	user->bytes += bytes;
	user->moved = jiffies;
	user->gave_up = false;
	return true;
}

/* The same; if @fewer will do, for a small segment.  Return: bytes, or 0. */
static u32 cs_user_charge_some(struct cs_xfer *xfer, u32 bytes, bool fewer)
{
	if (cs_user_charge(xfer, bytes))
		return bytes;
	if (fewer && bytes > CS_SEGMENT_FIRST &&
	    cs_user_charge(xfer, CS_SEGMENT_FIRST))
		return CS_SEGMENT_FIRST;
	return 0;
}

/* If it was first, others have their turn. */
static void cs_user_leave_line(struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;

	lockdep_assert_held(&cs_user_lock);
	if (cs_user_first_waiter(user) == xfer) {
		user->next_line = (cs_user_line(xfer) + 1) % CS_LINES;
		list_del_init(&user->turn);
	}
	/* Its thread looks whether it is in line before it looks at xfer->granted. */
	list_del_init_careful(&xfer->waiter);
	cs_user_waiting--;
	cs_user_settle(user);
}

/* Return: whether a synchronous transfer got what it waits for. */
static bool cs_user_grant(struct cs_xfer *xfer)
{
	u32 granted = cs_user_charge_some(xfer, xfer->wanted, true);

	if (!granted)
		return false;
	WRITE_ONCE(xfer->granted, granted);
	cs_user_leave_line(xfer);
	/* It lives until its thread has had the user lock. */
	wake_up(&xfer->wait);
	return true;
}

/*
 * Runs the transfer whose turn it is; synchronous ones as far as there is memory.  If
 * it gets no worker, it passes the turn on.
 */
static void cs_user_wake(void)
{
	struct cs_xfer *xfer;
	struct cs_user *user;

	lockdep_assert_held(&cs_user_lock);
	while ((user = list_first_entry_or_null(&cs_user_turns, struct cs_user,
						turn))) {
		xfer = cs_user_first_waiter(user);
		if (xfer->async)
			cs_async_run(xfer);
		if (xfer->async || !cs_user_grant(xfer))
			break;
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
 * cs_user_is_waiting - does a transfer stand in line for memory, or come from there?
 * @xfer: the transfer
 *
 * In the thread that pumps it: nobody else puts it there, or has what it was promised.
 */
bool cs_user_is_waiting(const struct cs_xfer *xfer)
{
	return !list_empty_careful(&xfer->waiter) || READ_ONCE(xfer->granted);
}

/**
 * cs_user_take - has a transfer have memory of the pool, or what it was promised
 * @xfer: the transfer
 * @bytes: of a segment
 * @fewer: those of a small segment will do
 *
 * It waits no more, if it did.  Process context.  Undone by cs_user_give() and, before
 * the pool has kept its promise, cs_pool_unpromise().
 * Return: bytes, promised by the pool; 0 if somebody comes before the transfer, or there
 * is not as much for its user.
 */
u32 cs_user_take(struct cs_xfer *xfer, u32 bytes, bool fewer)
{
	u32 taken = 0;

	/* What the lock is held for can't find it out. */
	if (READ_ONCE(xfer->user->bytes) + bytes > cs_user_share(xfer))
		cs_user_is_limited(xfer);
	spin_lock(&cs_user_lock);
	if (xfer->granted)
		swap(taken, xfer->granted);
	else if (cs_user_is_first(xfer))
		taken = cs_user_charge_some(xfer, bytes, fewer);
	if (taken && !list_empty(&xfer->waiter)) {
		cs_user_leave_line(xfer);
		cs_user_wake();
	} else if (taken) {
		cs_user_settle_and_wake(xfer->user);
	}
	spin_unlock(&cs_user_lock);
	return taken;
}

/**
 * cs_user_take_on_top - has a transfer have memory whatever others have
 * @xfer: the transfer
 * @bytes: wanted
 *
 * It waits no more, if it did.  Process context.  Undone by cs_user_give().
 * Return: bytes of a small segment.
 */
u32 cs_user_take_on_top(struct cs_xfer *xfer, u32 bytes)
{
	bytes = min(bytes, CS_SEGMENT_FIRST);
	cs_user_unqueue(xfer);
	cs_user_take_more(xfer, bytes);
	return bytes;
}

/**
 * cs_user_take_more - a transfer has more than it was promised
 * @xfer: the transfer
 * @bytes: that it has more
 *
 * Process context.  Undone by cs_user_give().
 */
void cs_user_take_more(struct cs_xfer *xfer, u32 bytes)
{
	if (!bytes)
		return;
	spin_lock(&cs_user_lock);
	xfer->user->bytes += bytes;
	cs_user_settle_and_wake(xfer->user);
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

/* Somebody comes to wait where nobody does. */
static void cs_user_start_waiting(struct cs_user *user)
{
	if (user->gave_up &&
	    time_before(jiffies, user->moved + CS_LINE_TRIED_AFTER))
		return;
	user->moved = jiffies;
	user->gave_up = false;
}

/* Whoever waits already stays first: it may be on its way. */
static void cs_user_add_waiter(struct cs_user *user, struct cs_xfer *xfer)
{
	const struct cs_xfer *first = cs_user_first_waiter(user);
	struct list_head *line = &user->waiters[cs_user_line(xfer)];

	if (!first)
		cs_user_start_waiting(user);
	else if (list_empty(line))
		user->next_line = cs_user_line(first);
	list_add_tail(&xfer->waiter, line);
	cs_user_waiting++;
}

/**
 * cs_user_queue - a transfer that got no memory will be woken for some
 * @xfer: the transfer
 * @wanted: bytes, if it is synchronous: its thread sleeps until xfer->granted
 *
 * It keeps its place until cs_user_take() succeeds or cs_user_unqueue() or, if it is
 * synchronous, until it is promised as much or a small segment.  Process context.
 */
void cs_user_queue(struct cs_xfer *xfer, u32 wanted)
{
	struct cs_user *user = xfer->user;

	/* Others will look at xfer->privileged, who can't find it out. */
	cs_user_is_limited(xfer);
	spin_lock(&cs_user_lock);
	xfer->wanted = wanted;
	if (list_empty(&xfer->waiter) && !xfer->granted)
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
 * cs_user_patience - how long a transfer goes on waiting for memory
 * @xfer: synchronous, in line
 *
 * Process context.
 * Return: jiffies; 0 if its user's lines stand still.
 */
long cs_user_patience(const struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;
	long patience;

	spin_lock(&cs_user_lock);
	patience = user->moved + CS_LINE_STANDS_AFTER - jiffies;
	if (xfer->granted) {
		/* As good as there, however late it looks. */
		patience = CS_LINE_STANDS_AFTER;
	} else if (patience <= 0) {
		/* Whoever comes after it would wait in vain, too. */
		user->gave_up = true;
	}
	spin_unlock(&cs_user_lock);
	return max(patience, 0L);
}

/**
 * cs_user_unqueue - a transfer waits for memory no more
 * @xfer: that may or may not have waited
 *
 * The next user has its turn, and others what it was promised and did not take.
 * Process context, in the thread that pumps it.
 */
void cs_user_unqueue(struct cs_xfer *xfer)
{
	if (!cs_user_is_waiting(xfer))
		return;
	spin_lock(&cs_user_lock);
	if (!list_empty(&xfer->waiter))
		cs_user_leave_line(xfer);
	if (xfer->granted) {
		cs_pool_unpromise(xfer->granted);
		xfer->user->bytes -= xfer->granted;
		xfer->granted = 0;
		cs_user_settle(xfer->user);
	}
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}
