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
#include "auto.h"
#include "hint.h"

#define CS_DOORKEEPER_BITS	14

static u64 cs_doorkeeper_slots[1 << CS_DOORKEEPER_BITS];
static struct cs_hints cs_doorkeeper_missed = {
	.slots = cs_doorkeeper_slots,
	.bits = CS_DOORKEEPER_BITS,
};

static u32 cs_doorkeeper_hash(const struct cs_xfer *xfer)
{
	return cs_key_hash(&xfer->key, cs_doorkeeper_missed.seed);
}

/**
 * cs_doorkeeper_knows - did the file come within the last admit_window?
 * @xfer: of the file
 *
 * Any context.
 */
bool cs_doorkeeper_knows(const struct cs_xfer *xfer)
{
	return cs_hint_is_fresh(&cs_doorkeeper_missed, cs_doorkeeper_hash(xfer),
				xfer->tunables.admit_window * HZ);
}

/**
 * cs_doorkeeper_note - remembers that the file came
 * @xfer: of the file, all of which has been sent
 *
 * Any context.
 */
void cs_doorkeeper_note(const struct cs_xfer *xfer)
{
	cs_hint_note(&cs_doorkeeper_missed, cs_doorkeeper_hash(xfer));
}

/**
 * cs_doorkeeper_init - makes slots hard to guess
 */
void cs_doorkeeper_init(void)
{
	cs_hints_init(&cs_doorkeeper_missed);
}
