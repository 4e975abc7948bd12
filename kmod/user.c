// SPDX-License-Identifier: GPL-2.0
/*
 * Users: what each may have at once, and whose turn it is when the pool is full.
 *
 * A user has a limit on transfers, past which SEND is refused, and a share of
 * the pool, past which a transfer waits for the user's own others: so that
 * nobody who stalls on purpose takes the rest of the machine along.  Whoever
 * may exceed resource limits (CAP_SYS_RESOURCE) may exceed these.
 *
 * Transfers that wait for memory stand in line with their user, first come
 * first served; users whose share is not used up take turns:
 *
 *	cs_user_turns ──► user A ──► user C ──► user D
 *	                    │          │          │
 *	                    waiters    waiters    waiters
 *
 * Only the transfer at the front may take memory.  A user is known as long as
 * it has memory or a struct cs_xfer refers to it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "views.h"

#define CS_USERS_BITS	6

/**
 * struct cs_user - one user who sends
 * @node: in cs_users
 * @uid: who; the real user ID of the task that called SEND
 * @refs: struct cs_xfer that refer to it
 * @transfers: of them, those that were created and not destroyed
 * @bytes: of the pool that they hold, parked ones included
 * @waiters: transfers that wait for memory, first come first
 * @turn: in cs_user_turns, if the first waiter may take memory once there is some
 * @workers: those that its asynchronous transfers occupy, of each queue
 */
struct cs_user {
	struct hlist_node node;
	kuid_t uid;
	u32 refs;
	u32 transfers;
	u64 bytes;
	struct list_head waiters;
	struct list_head turn;
	struct cs_workers workers[2];
};

/* Guards all users and the next five. */
static DEFINE_SPINLOCK(cs_user_lock);
static DEFINE_HASHTABLE(cs_users, CS_USERS_BITS);
static LIST_HEAD(cs_user_turns);
static u32 cs_user_transfers;		/* of all users */
static u32 cs_user_waiting;		/* of them, those in line */
static u32 cs_nr_users;

static struct cs_user *cs_user_find(kuid_t uid)
{
	struct cs_user *user;

	lockdep_assert_held(&cs_user_lock);
	hash_for_each_possible(cs_users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

static struct cs_user *cs_user_create(kuid_t uid)
{
	struct cs_user *user = kzalloc(sizeof(*user), GFP_KERNEL);

	if (!user)
		return NULL;
	user->uid = uid;
	INIT_LIST_HEAD(&user->waiters);
	INIT_LIST_HEAD(&user->turn);
	cs_workers_init(&user->workers[false]);
	cs_workers_init(&user->workers[true]);
	return user;
}

/* Forgets a user who has nothing any more. */
static void cs_user_forget(struct cs_user *user)
{
	lockdep_assert_held(&cs_user_lock);
	if (user->refs || user->bytes)
		return;
	hash_del(&user->node);
	cs_nr_users--;
	kfree(user);
}

/*
 * Has the transfer to keep to limits?  Asked only where it would go past one,
 * by the thread that has its submitter's credentials.
 */
static bool cs_user_is_limited(struct cs_xfer *xfer)
{
	if (!xfer->privileged)
		xfer->privileged = ns_capable_noaudit(&init_user_ns,
						      CAP_SYS_RESOURCE);
	return !xfer->privileged;
}

/* Has the transfer refer to the user, who may be a new one: 0 or -ENOMEM. */
static int cs_user_refer(struct cs_xfer *xfer, kuid_t uid)
{
	struct cs_user *user, *new = NULL;

	spin_lock(&cs_user_lock);
	user = cs_user_find(uid);
	if (!user) {
		spin_unlock(&cs_user_lock);
		new = cs_user_create(uid);
		if (!new)
			return -ENOMEM;
		spin_lock(&cs_user_lock);
		/* Another thread of the user may have been here meanwhile. */
		user = cs_user_find(uid);
	}
	if (!user) {
		user = new;
		new = NULL;
		hash_add(cs_users, &user->node, __kuid_val(uid));
		cs_nr_users++;
	}
	user->refs++;
	spin_unlock(&cs_user_lock);
	kfree(new);
	xfer->user = user;
	return 0;
}

/* Return: whether there was room for one more transfer, which is counted. */
static bool cs_user_start(struct cs_user *user, u32 user_max, u32 all_max)
{
	bool may;

	spin_lock(&cs_user_lock);
	may = user->transfers < user_max && cs_user_transfers < all_max;
	user->transfers += may;
	cs_user_transfers += may;
	spin_unlock(&cs_user_lock);
	return may;
}

/**
 * cs_user_drop - a struct refers to its user no more
 * @xfer: that is not counted, or was never
 *
 * Process context.
 */
void cs_user_drop(struct cs_xfer *xfer)
{
	if (!xfer->user)
		return;
	spin_lock(&cs_user_lock);
	xfer->user->refs--;
	cs_user_forget(xfer->user);
	spin_unlock(&cs_user_lock);
	xfer->user = NULL;
}

/**
 * cs_user_get - counts a transfer of the calling task's user
 * @xfer: being created; it may refer to the user of an earlier transfer
 *
 * May sleep.  Undone by cs_user_put(), and the reference by cs_user_drop().
 * Return: 0, -EDQUOT the user (or all users together) has as many as allowed,
 * -ENOMEM.
 */
int cs_user_get(struct cs_xfer *xfer)
{
	const struct cs_tunables *tunables = &xfer->tunables;
	kuid_t uid = current_uid();
	int err;

	if (xfer->user && !uid_eq(xfer->user->uid, uid))
		cs_user_drop(xfer);
	err = xfer->user ? 0 : cs_user_refer(xfer, uid);
	if (err)
		return err;
	if (cs_user_start(xfer->user, tunables->user_transfers,
			  tunables->transfers_max) ||
	    (!cs_user_is_limited(xfer) &&
	     cs_user_start(xfer->user, U32_MAX, U32_MAX)))
		return 0;
	cs_objects_add(COLDSEND_A_OBJECTS_TRANSFERS_REFUSED, 1);
	cs_event_limit(COLDSEND_LIMIT_TRANSFERS, xfer);
	return -EDQUOT;
}

/**
 * cs_user_workers - those that the transfers of its user occupy
 * @xfer: an asynchronous one
 *
 * Any context.  Return: of the queue that is the transfer's.
 */
struct cs_workers *cs_user_workers(const struct cs_xfer *xfer)
{
	return &xfer->user->workers[xfer->blocks];
}

/**
 * cs_user_put - a transfer is no more
 * @xfer: that was counted, in no line; it still refers to its user
 *
 * Process context.
 */
void cs_user_put(struct cs_xfer *xfer)
{
	spin_lock(&cs_user_lock);
	xfer->user->transfers--;
	cs_user_transfers--;
	spin_unlock(&cs_user_lock);
}

/* Bytes of the pool that the transfer's user may hold. */
static u64 cs_user_share(const struct cs_xfer *xfer)
{
	u64 share = div_u64(xfer->tunables.pool_max, 100) *
		    xfer->tunables.user_share;

	return xfer->privileged ? U64_MAX :
				  max_t(u64, share, CS_SEGMENT_FIRST);
}

static struct cs_xfer *cs_user_first_waiter(struct cs_user *user)
{
	return list_first_entry_or_null(&user->waiters, struct cs_xfer,
					waiter);
}

/* May the user's first waiter go on, once there is memory? */
static bool cs_user_has_room(struct cs_user *user)
{
	const struct cs_xfer *xfer = cs_user_first_waiter(user);

	return xfer && user->bytes + CS_SEGMENT_FIRST <= cs_user_share(xfer);
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

/*
 * Runs the transfer whose turn it is.  If its user has no worker for it, it passes
 * the turn on.
 */
static void cs_user_wake(void)
{
	struct cs_user *user;

	lockdep_assert_held(&cs_user_lock);
	user = list_first_entry_or_null(&cs_user_turns, struct cs_user, turn);
	if (user)
		cs_async_run(cs_user_first_waiter(user));
}

/* Does nobody come before the transfer? */
static bool cs_user_is_first(const struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;
	const struct cs_xfer *waiter = cs_user_first_waiter(user);

	lockdep_assert_held(&cs_user_lock);
	if (waiter && waiter != xfer)
		return false;
	return list_empty(&cs_user_turns) ||
	       cs_user_turns.next == &user->turn;
}

/* The user has @bytes now; whoever that gives a turn to is woken. */
static void cs_user_set_bytes(struct cs_user *user, u64 bytes)
{
	bool had_turn = !list_empty(&user->turn);

	lockdep_assert_held(&cs_user_lock);
	user->bytes = bytes;
	cs_user_settle(user);
	if (had_turn != !list_empty(&user->turn))
		cs_user_wake();
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
	cs_user_set_bytes(user, user->bytes + size);
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
	cs_user_set_bytes(user, user->bytes - size);
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
 * cs_user_queue - a transfer that got no memory will be woken for some
 * @xfer: asynchronous
 *
 * It keeps its place until cs_user_unqueue().  Process context.
 */
void cs_user_queue(struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;
	bool news;

	/* Others will look at xfer->privileged, who can't find it out. */
	cs_user_is_limited(xfer);
	spin_lock(&cs_user_lock);
	news = list_empty(&user->turn);
	if (list_empty(&xfer->waiter)) {
		list_add_tail(&xfer->waiter, &user->waiters);
		cs_user_waiting++;
		news = true;
	}
	cs_user_settle(user);
	/* What it missed meanwhile it will find when it runs again. */
	if (news && cs_user_is_first(xfer))
		cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_pass - a transfer can't make use of its turn now, if it has one
 * @xfer: that may or may not wait for memory
 *
 * It keeps its place; its user takes turns again when it comes back for memory, or
 * some of the user's is free.  The next user has its turn.  Process context.
 */
void cs_user_pass(struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;

	/* Nobody but the thread that pumps it puts it there or takes it out. */
	if (list_empty(&xfer->waiter))
		return;
	spin_lock(&cs_user_lock);
	if (cs_user_first_waiter(user) == xfer && !list_empty(&user->turn)) {
		list_del_init(&user->turn);
		cs_user_wake();
	}
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
	/* Nobody but the thread that pumps it puts it there or takes it out. */
	if (list_empty(&xfer->waiter))
		return;
	spin_lock(&cs_user_lock);
	list_del_init(&xfer->waiter);
	cs_user_waiting--;
	list_del_init(&xfer->user->turn);
	cs_user_settle(xfer->user);
	cs_user_wake();
	spin_unlock(&cs_user_lock);
}

/**
 * cs_user_is_tight - does the transfer's user hold most of what it may?
 * @xfer: the transfer
 *
 * Process context.
 */
bool cs_user_is_tight(struct cs_xfer *xfer)
{
	return READ_ONCE(xfer->user->bytes) > cs_user_share(xfer) / 4 * 3 &&
	       cs_user_is_limited(xfer);
}

/**
 * cs_user_uid - whose transfer it is
 * @xfer: that was counted by cs_user_get()
 *
 * Any context.
 */
kuid_t cs_user_uid(const struct cs_xfer *xfer)
{
	return xfer->user->uid;
}

/**
 * cs_user_look - how many users, transfers and waiters there are now
 * @view: that part of it is filled in
 *
 * Process context.
 */
void cs_user_look(struct cs_pool_view *view)
{
	spin_lock(&cs_user_lock);
	view->users = cs_nr_users;
	view->transfers = cs_user_transfers;
	view->waiting = cs_user_waiting;
	spin_unlock(&cs_user_lock);
}
