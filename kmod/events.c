// SPDX-License-Identifier: GPL-2.0
/*
 * Events: tells netlink listeners what has happened, soon after.
 *
 * Where nobody listens, in any network namespace, nothing is done but to see that.  So
 * many are told in a second; the rest is counted, in the totals and in the next event that is
 * told.  Listeners are in the initial network namespace alone, with
 * CAP_NET_ADMIN: events name files of all users.
 *
 * All of it in process context, where transfers end and requests are answered.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "views.h"
#include "genl.h"
#include "genl-gen.h"

/* Events that are told in a second; the netlink specification says so too. */
#define CS_EVENTS_MAX	200

#define CS_LIMITS	(COLDSEND_LIMIT_POOL + 1)

/* What the generator makes has no place for flags. */
const struct genl_multicast_group cs_event_groups[1] = {
	[COLDSEND_NLGRP_EVENTS] = {
		.name = COLDSEND_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/* Guards the next three. */
static DEFINE_SPINLOCK(cs_event_lock);
static unsigned long cs_event_since;	/* jiffies at which the second began */
static u32 cs_event_count;		/* told in that second */
static u64 cs_event_untold;		/* since the last that was told */

static bool cs_event_forbidden __read_mostly;

/* Jiffies, never 0, at which a limit was told of last. */
static unsigned long cs_event_limits[CS_LIMITS];

/**
 * cs_event_wanted - does anybody listen?
 *
 * Any context, while the family is registered.
 */
bool cs_event_wanted(void)
{
	return !cs_event_forbidden &&
	       genl_has_listeners(&cs_genl_family, &init_net,
				  COLDSEND_NLGRP_EVENTS);
}

/**
 * cs_event_forbid - nothing is told as long as the module is loaded
 *
 * Before there are transfers.
 */
void cs_event_forbid(void)
{
	cs_event_forbidden = true;
}

/* May one more be told?  Then @untold is how many were not before it. */
static bool cs_event_admit(u64 *untold)
{
	bool may;

	spin_lock(&cs_event_lock);
	if (!time_in_range(jiffies, cs_event_since, cs_event_since + HZ - 1)) {
		cs_event_since = jiffies;
		cs_event_count = 0;
	}
	may = cs_event_count < CS_EVENTS_MAX;
	cs_event_count += may;
	*untold = cs_event_untold;
	cs_event_untold = may ? 0 : cs_event_untold + 1;
	spin_unlock(&cs_event_lock);
	if (!may)
		cs_objects_add(COLDSEND_A_OBJECTS_EVENTS_DROPPED, 1);
	return may;
}

/* One that was to be told was not, nor was what it would have said of others. */
static void cs_event_drop(u64 untold)
{
	cs_objects_add(COLDSEND_A_OBJECTS_EVENTS_DROPPED, 1);
	spin_lock(&cs_event_lock);
	cs_event_untold += untold + 1;
	spin_unlock(&cs_event_lock);
}

/* Starts a message; @header is set for genlmsg_end().  NULL without memory. */
static struct sk_buff *cs_event_new(u32 event, u64 untold, void **header)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*header = genlmsg_put(skb, 0, 0, &cs_genl_family, 0,
			      COLDSEND_CMD_EVENT);
	if (*header && !nla_put_u32(skb, COLDSEND_A_EVENT, event) &&
	    !nla_put_u64_64bit(skb, COLDSEND_A_EVENTS_DROPPED, untold,
			       COLDSEND_A_PAD))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* A listener whose own buffer is full is told so by its socket. */
static void cs_event_send(struct sk_buff *skb, void *header)
{
	genlmsg_end(skb, header);
	if (!genlmsg_multicast_netns(&cs_genl_family, &init_net, skb, 0,
				     COLDSEND_NLGRP_EVENTS, GFP_KERNEL))
		cs_objects_add(COLDSEND_A_OBJECTS_EVENTS_SENT, 1);
}

/* Adds to the message what is particular to the event: 0 or -errno. */
typedef int (*cs_event_put)(struct sk_buff *skb, u32 limit,
			    const struct cs_xfer *xfer);

static void cs_event_tell(u32 event, cs_event_put put, u32 limit,
			  const struct cs_xfer *xfer)
{
	struct sk_buff *skb;
	void *header;
	u64 untold;

	if (!cs_event_admit(&untold))
		return;
	skb = cs_event_new(event, untold, &header);
	if (skb && !put(skb, limit, xfer)) {
		cs_event_send(skb, header);
		return;
	}
	nlmsg_free(skb);
	cs_event_drop(untold);
}

static int cs_event_put_transfer(struct sk_buff *skb, u32 unused,
				 const struct cs_xfer *xfer)
{
	struct cs_live_row *row = kmalloc(sizeof(*row), GFP_KERNEL);
	int err;

	if (!row)
		return -ENOMEM;
	cs_live_describe(xfer, row);
	err = cs_genl_put_transfer(skb, row, &init_user_ns);
	kfree(row);
	return err;
}

/**
 * cs_event_transfer - a transfer has ended
 * @xfer: with its file
 * @failed: it met an error
 *
 * May sleep.
 */
void cs_event_transfer(const struct cs_xfer *xfer, bool failed)
{
	if (cs_event_wanted())
		cs_event_tell(failed ? COLDSEND_EVENT_TRANSFER_FAILED :
				       COLDSEND_EVENT_TRANSFER_DONE,
			      cs_event_put_transfer, 0, xfer);
}

static int cs_event_put_tunables(struct sk_buff *skb, u32 unused,
				 const struct cs_xfer *xfer)
{
	return cs_genl_put_tunables(skb);
}

/**
 * cs_event_policy - the tunables were changed
 *
 * May sleep.
 */
void cs_event_policy(void)
{
	if (cs_event_wanted())
		cs_event_tell(COLDSEND_EVENT_POLICY_CHANGED,
			      cs_event_put_tunables, 0, NULL);
}

/* Was the limit not told of in this second? */
static bool cs_event_limit_is_news(u32 limit)
{
	unsigned long last = READ_ONCE(cs_event_limits[limit]);

	if (last && time_before(jiffies, last + HZ))
		return false;
	return cmpxchg(&cs_event_limits[limit], last, jiffies | 1) == last;
}

/* Whose transfer hit it; it may have no file yet. */
static int cs_event_put_limit(struct sk_buff *skb, u32 limit,
			      const struct cs_xfer *xfer)
{
	struct nlattr *nest;

	if (nla_put_u32(skb, COLDSEND_A_LIMIT, limit))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, COLDSEND_A_TRANSFER);
	if (!nest ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_UID,
			from_kuid_munged(&init_user_ns, cs_user_uid(xfer))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * cs_event_limit - a limit was hit
 * @limit: enum coldsend_limit
 * @xfer: by this transfer, with its user
 *
 * May sleep.
 */
void cs_event_limit(u32 limit, const struct cs_xfer *xfer)
{
	if (cs_event_wanted() && cs_event_limit_is_news(limit))
		cs_event_tell(COLDSEND_EVENT_LIMIT_HIT, cs_event_put_limit,
			      limit, xfer);
}
