// SPDX-License-Identifier: GPL-2.0
/*
 * The doorkeeper: small files that the page cache missed lately.
 *
 * Where memory is full, what comes in pushes something out.  Most files that are
 * asked for once are not asked for again soon, and who walks through many small
 * ones (a crawler, a backup) would leave no hot one behind.  So a file is let in
 * when it comes for the second time.
 *
 * A table of hints knows the files that were missed last: at the worst a file is
 * let in once more or less.
 */
#include <linux/random.h>

#include "auto.h"
#include "hint.h"

#define CS_DOORKEEPER_BITS	14

static u64 cs_doorkeeper_slots[1 << CS_DOORKEEPER_BITS];
static const struct cs_hints cs_doorkeeper_missed = {
	.slots = cs_doorkeeper_slots,
	.bits = CS_DOORKEEPER_BITS,
};

static u32 cs_doorkeeper_seed;

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
	bool known = cs_hint_is_fresh(&cs_doorkeeper_missed, hash,
				      xfer->tunables.admit_window * HZ);

	if (!trial)
		cs_hint_note(&cs_doorkeeper_missed, hash);
	return known;
}

/**
 * cs_doorkeeper_init - makes slots hard to guess
 */
void cs_doorkeeper_init(void)
{
	cs_doorkeeper_seed = get_random_u32();
}
