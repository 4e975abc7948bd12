// SPDX-License-Identifier: GPL-2.0
/*
 * Policy auto: chooses a policy for each transfer.
 *
 *	the file is small, and is there, or
 *	comes for the second time, or
 *	memory is not full			-> cached: reading it past the
 *						   page cache is dear
 *	it is asked for again and again, and
 *	would be there until the next time	-> cached: it is admitted
 *	else					-> hybrid: it leaves no trace
 *
 * A file that was admitted stays so until it is asked for less than half as
 * much, so that it does not go back and forth; and one that is not comes out of
 * the page cache all the same as far as it is there.
 */
#include <linux/math64.h>
#include <linux/mm.h>

#include "auto.h"

/* Heat from which on a file is hot: twice that where memory is short. */
static u32 cs_auto_threshold(const struct cs_xfer *xfer, bool is_short,
			     bool admitted)
{
	u32 threshold = xfer->tunables.admit_after << CS_HEAT_SHIFT;

	/* The first of the times is half forgotten when the last comes. */
	threshold -= CS_HEAT_ONCE / 2;
	if (is_short)
		threshold *= 2;
	return admitted ? threshold / 2 : threshold;
}

/*
 * Is there memory for all of the file, and for as much as left the page cache
 * since it was asked for?  If not, it would be gone, too, when it is asked for
 * again, for nothing but others pushed out.  That holds for all files that
 * would be let in one after the other.
 */
static bool cs_auto_fits(const struct cs_xfer *xfer, const struct cs_heat *heat,
			 u64 available)
{
	u64 apart = (u64)heat->apart << PAGE_SHIFT;
	u64 share = div_u64(available, 100) * xfer->tunables.admit_max;

	return xfer->size + (heat->admitted ? apart / 2 : apart) <= share;
}

static bool cs_auto_admits(const struct cs_xfer *xfer, bool trial)
{
	struct cs_memory memory;
	struct cs_heat heat;
	bool admit;

	cs_heat_get(xfer, &heat);
	/* Most that come once: a look at memory costs more than all else here. */
	if (!heat.admitted && heat.heat < CS_HEAT_ONCE / 2)
		return false;
	memory = cs_memory_look();
	admit = heat.heat >= cs_auto_threshold(xfer, memory.is_short,
					       heat.admitted) &&
		cs_auto_fits(xfer, &heat, memory.available);
	if (heat.admitted && !admit && !trial)
		cs_heat_admit(xfer, false);
	return admit;
}

/*
 * Would a small file push others out, though nobody asked for it lately?  Most are
 * there, and to see that is cheaper than to look at memory.
 */
static bool cs_auto_is_first(const struct cs_xfer *xfer)
{
	return xfer->tunables.admit_after > 1 && xfer->pos < xfer->size &&
	       !cs_pagecache_has(xfer->file, xfer->pos, 1) &&
	       cs_memory_is_full() && !cs_doorkeeper_knows(xfer);
}

/**
 * cs_auto_choose - the policy for a transfer that leaves it to us
 * @xfer: about to start; xfer->reason is set
 * @trial: it is not, somebody only wants to know
 *
 * Process context.
 * Return: enum coldsend_policy.
 */
u32 cs_auto_choose(struct cs_xfer *xfer, bool trial)
{
	xfer->looked = true;
	if (xfer->size <= xfer->tunables.small_max)
		xfer->reason = cs_auto_is_first(xfer) ?
			       COLDSEND_REASON_FIRST : COLDSEND_REASON_SMALL;
	else if (cs_auto_admits(xfer, trial))
		xfer->reason = COLDSEND_REASON_ADMITTED;
	else
		xfer->reason = COLDSEND_REASON_LARGE;
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_AUTO_SMALL + xfer->reason -
		      COLDSEND_REASON_SMALL, 1);
	return xfer->reason == COLDSEND_REASON_SMALL ||
	       xfer->reason == COLDSEND_REASON_ADMITTED ?
	       COLDSEND_POLICY_CACHED : COLDSEND_POLICY_HYBRID;
}

static u64 cs_auto_added(const struct cs_xfer *xfer)
{
	return xfer->counters.value[COLDSEND_A_COUNTERS_PAGES_ADDED];
}

/* A small file, which was not there, was asked for. */
static void cs_auto_learn_small(const struct cs_xfer *xfer)
{
	if (xfer->reason == COLDSEND_REASON_FIRST || cs_auto_added(xfer))
		cs_doorkeeper_note(xfer);
}

static void cs_auto_learn_large(const struct cs_xfer *xfer)
{
	bool admitted = xfer->reason == COLDSEND_REASON_ADMITTED;
	u64 added = cs_auto_added(xfer) << PAGE_SHIFT;
	bool before = cs_heat_add(xfer);

	if (!admitted)
		return;
	if (!before)
		cs_heat_admit(xfer, true);
	/*
	 * All of it once, and half of it again, in however many calls.  It was let in
	 * and is gone all the same: others are asked for more, and it would only push
	 * them out again.  It has to start anew.
	 */
	if (added &&
	    cs_heat_bring(xfer, added) > CS_HEAT_ONCE + CS_HEAT_ONCE / 2)
		cs_heat_forget(xfer);
}

/**
 * cs_auto_learn - what a transfer tells about its file
 * @xfer: that ended
 *
 * Process context.
 */
void cs_auto_learn(const struct cs_xfer *xfer)
{
	if (!cs_xfer_sent(xfer))
		return;
	switch (xfer->reason) {
	case COLDSEND_REASON_SMALL:
	case COLDSEND_REASON_FIRST:
		cs_auto_learn_small(xfer);
		break;
	case COLDSEND_REASON_LARGE:
	case COLDSEND_REASON_ADMITTED:
		cs_auto_learn_large(xfer);
		break;
	}
}
