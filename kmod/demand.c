// SPDX-License-Identifier: GPL-2.0
/*
 * Demand: how much of the memory that a transfer may have is in use, by whom matters
 * little: whoever reads ahead, and who keeps what he does not need now, should know.
 */
#include "user.h"

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

/* Are more quarters in use, of all or of what the transfer's user may have? */
static bool cs_pool_is_used(struct cs_xfer *xfer, u32 of_all, u32 of_user)
{
	return cs_pool_used() > cs_policy_pool_max() / 4 * of_all ||
	       cs_user_has_used(xfer, of_user);
}

/**
 * cs_pool_is_in_demand - is a good part of what the transfer may have in use?
 * @xfer: the transfer
 *
 * Process context.  Then whose peer takes nothing leaves its memory to others.
 */
bool cs_pool_is_in_demand(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 1, 1);
}

/**
 * cs_pool_is_scarce - is half of what the transfer's user may have in use, or most
 *	of the pool?
 * @xfer: the transfer
 *
 * Process context.  Then little is read ahead.
 */
bool cs_pool_is_scarce(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 3, 2);
}

/**
 * cs_pool_is_tight - is most of what the transfer may have in use?
 * @xfer: the transfer
 *
 * Process context.  Then memory that only saves work is better given back.
 */
bool cs_pool_is_tight(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 3, 3);
}

/**
 * cs_pool_until_tight - bytes that the transfer can take until cs_pool_is_tight()
 * @xfer: the transfer
 *
 * Process context.
 */
u64 cs_pool_until_tight(struct cs_xfer *xfer)
{
	u64 of_all = cs_policy_pool_max() / 4 * 3;
	u64 of_user = cs_user_share(xfer) / 4 * 3;
	u64 used = cs_pool_used(), bytes = READ_ONCE(xfer->user->bytes);
	u64 left = of_all - min(of_all, max(used, bytes));

	return cs_user_is_limited(xfer) ?
		       min(left, of_user - min(of_user, bytes)) : left;
}
