// SPDX-License-Identifier: GPL-2.0
/*
 * The doorkeeper: small files that the page cache missed lately.
 *
 * Where memory is full, what comes in pushes something out.  Most files that are
 * asked for once are not asked for again soon, and who walks through many small
 * ones (a crawler, a backup) would leave no hot one behind.  So a file is let in
 * when it comes for the second time.
 *
 * A table of fixed size knows the files that were missed last; who comes later
 * takes the slot.  That is a hint, read and written without a lock: at the worst
 * a file is let in once more or less.
 */
#include <linux/ktime.h>
#include <linux/random.h>

#include "auto.h"

#define CS_DOORKEEPER_BITS	14

/* In the upper half what tells one file from another, mostly; in the lower seconds. */
static u64 cs_doorkeeper_slots[1 << CS_DOORKEEPER_BITS];
static u32 cs_doorkeeper_seed;

static u64 *cs_doorkeeper_slot(u32 hash)
{
	return &cs_doorkeeper_slots[hash >> (32 - CS_DOORKEEPER_BITS)];
}

/**
 * cs_doorkeeper_knows - did the file come within the last admit_window?
 * @xfer: of the file
 * @trial: it does not come now, somebody only wants to know
 *
 * Any context.
 */
bool cs_doorkeeper_knows(const struct cs_xfer *xfer, bool trial)
{
	u32 hash = cs_key_hash(&xfer->key, cs_doorkeeper_seed);
	u32 now = ktime_get_seconds();
	u64 *slot = cs_doorkeeper_slot(hash);
	u64 seen = READ_ONCE(*slot);

	if (!trial)
		WRITE_ONCE(*slot, (u64)hash << 32 | now);
	return upper_32_bits(seen) == hash &&
	       now - lower_32_bits(seen) < xfer->tunables.admit_window;
}

/**
 * cs_doorkeeper_init - makes slots hard to guess
 */
void cs_doorkeeper_init(void)
{
	cs_doorkeeper_seed = get_random_u32();
}
