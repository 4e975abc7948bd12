// SPDX-License-Identifier: GPL-2.0
/*
 * Users: what each may have at once.
 *
 * A user has a limit on transfers, past which SEND is refused, a share of the pool
 * (turns.c), and few of the workers that asynchronous transfers need (workers.c): so
 * that nobody who stalls on purpose takes the rest of the machine along.  Whoever
 * may exceed resource limits (CAP_SYS_RESOURCE) may exceed the first two.
 *
 * A user is known as long as it has memory or a struct cs_xfer refers to it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "user.h"
#include "views.h"

#define CS_USERS_BITS	6

DEFINE_SPINLOCK(cs_user_lock);

/* Guarded by it. */
static DEFINE_HASHTABLE(cs_users, CS_USERS_BITS);
static u32 cs_user_transfers;		/* of all users */
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
	enum cs_line line;

	if (!user)
		return NULL;
	user->uid = uid;
	for (line = 0; line < CS_LINES; line++)
		INIT_LIST_HEAD(&user->waiters[line]);
	INIT_LIST_HEAD(&user->turn);
	cs_workers_init(&user->workers[false]);
	cs_workers_init(&user->workers[true]);
	return user;
}

/**
 * cs_user_forget - forgets a user, if nothing is his any more
 * @user: who had something
 *
 * Under the user lock.
 */
void cs_user_forget(struct cs_user *user)
{
	lockdep_assert_held(&cs_user_lock);
	if (user->refs || user->bytes)
		return;
	hash_del(&user->node);
	cs_nr_users--;
	kfree(user);
}

/**
 * cs_user_for_each - does something with each user
 * @fn: that forgets none
 *
 * Under the user lock.
 */
void cs_user_for_each(void (*fn)(struct cs_user *user))
{
	struct cs_user *user;
	int bucket;

	lockdep_assert_held(&cs_user_lock);
	hash_for_each(cs_users, bucket, user, node)
		fn(user);
}

/**
 * cs_user_is_limited - has a transfer to keep to limits?
 * @xfer: that would go past one
 *
 * In the thread that has its submitter's credentials.
 */
bool cs_user_is_limited(struct cs_xfer *xfer)
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
