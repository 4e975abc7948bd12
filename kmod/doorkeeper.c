// SPDX-License-Identifier: GPL-2.0
/*
 * The doorkeeper: small files that the page cache missed lately.
 *
 * Where memory is full, what comes in pushes something out.  Most files that are
 * asked for once are not asked for again soon, and who walks through many small
 * ones (a crawler, a backup) would leave no hot one behind.  So a file is let in
 * when it comes for the second time.  Of one that is never sent to its end, the place
 * where sending began is what comes again: in one visit of several calls none does.
 *
 * A table of hints knows the files that were missed last: at the worst a file is
 * let in once more or less.
 */
#include <linux/jhash.h>

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

/* Of the place where the transfer began. */
static u32 cs_doorkeeper_hash_start(const struct cs_xfer *xfer)
{
	return jhash_2words(lower_32_bits(xfer->start),
			    upper_32_bits(xfer->start),
			    cs_doorkeeper_hash(xfer));
}

static bool cs_doorkeeper_has(const struct cs_xfer *xfer, u32 hash)
{
	return cs_hint_is_fresh(&cs_doorkeeper_missed, hash,
				xfer->tunables.admit_window * HZ);
}

/**
 * cs_doorkeeper_knows - did the file come within the last admit_window?
 * @xfer: of the file, that has not begun
 *
 * Any context.
 */
bool cs_doorkeeper_knows(const struct cs_xfer *xfer)
{
	return cs_doorkeeper_has(xfer, cs_doorkeeper_hash(xfer)) ||
	       cs_doorkeeper_has(xfer, cs_doorkeeper_hash_start(xfer));
}

/**
 * cs_doorkeeper_note - remembers that the file came
 * @xfer: of the file, that has ended
 *
 * Any context.
 */
void cs_doorkeeper_note(const struct cs_xfer *xfer)
{
	cs_hint_note(&cs_doorkeeper_missed, xfer->pos == xfer->size ?
		     cs_doorkeeper_hash(xfer) : cs_doorkeeper_hash_start(xfer));
}

/**
 * cs_doorkeeper_init - makes slots hard to guess
 */
void cs_doorkeeper_init(void)
{
	cs_hints_init(&cs_doorkeeper_missed);
}
