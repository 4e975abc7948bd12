// SPDX-License-Identifier: GPL-2.0
/*
 * Policy auto: chooses a policy for each transfer.
 *
 *	the file is small			-> cached: reading it past the
 *						   page cache is dear
 *	it is asked for again and again, and
 *	there is memory for all of it		-> cached: it is admitted
 *	else					-> hybrid: it leaves no trace
 *
 * A file that was admitted stays so until it is asked for less than half as
 * much, so that it does not go back and forth; and one that is not comes out of
 * the page cache all the same as far as it is there.
 */
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "coldsend.h"

/*
 * Where less than 1/8 of memory can be had, or less than 1/32 is unused so that
 * what comes in pushes something out, a file must be twice as hot.
 */
#define CS_PRESSURE_SHIFT	3
#define CS_FULL_SHIFT		5

static bool cs_auto_memory_is_short(u64 available)
{
	unsigned long all = totalram_pages();

	return available < (u64)all << PAGE_SHIFT >> CS_PRESSURE_SHIFT ||
	       global_zone_page_state(NR_FREE_PAGES) < all >> CS_FULL_SHIFT;
}

/* Heat from which on a file is hot. */
static u32 cs_auto_threshold(const struct cs_xfer *xfer, u64 available,
			     bool admitted)
{
	u32 threshold = xfer->tunables.admit_after * CS_HEAT_ONCE;

	/* The first of the times is half forgotten when the last comes. */
	threshold -= CS_HEAT_ONCE / 2;
	if (cs_auto_memory_is_short(available))
		threshold *= 2;
	return admitted ? threshold / 2 : threshold;
}

/* Is there memory for all of the file? */
static bool cs_auto_fits(const struct cs_xfer *xfer, u64 available)
{
	return xfer->size <= div_u64(available, 100) * xfer->tunables.admit_max;
}

static bool cs_auto_admits(const struct cs_xfer *xfer, bool trial)
{
	u64 available;
	bool admitted, admit;
	u32 heat = cs_heat_get(xfer, &admitted);

	/* Most that come once: a look at memory costs more than all else here. */
	if (!admitted && heat < CS_HEAT_ONCE / 2)
		return false;
	available = (u64)si_mem_available() << PAGE_SHIFT;
	admit = heat >= cs_auto_threshold(xfer, available, admitted) &&
		cs_auto_fits(xfer, available);
	if (admitted && !admit && !trial)
		cs_heat_admit(xfer, false);
	return admit;
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
	if (xfer->size <= xfer->tunables.small_max)
		xfer->reason = COLDSEND_REASON_SMALL;
	else if (cs_auto_admits(xfer, trial))
		xfer->reason = COLDSEND_REASON_ADMITTED;
	else
		xfer->reason = COLDSEND_REASON_LARGE;
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_AUTO_SMALL + xfer->reason -
		      COLDSEND_REASON_SMALL, 1);
	return xfer->reason == COLDSEND_REASON_LARGE ? COLDSEND_POLICY_HYBRID :
						       COLDSEND_POLICY_CACHED;
}

/* Had most of the file to be read? */
static bool cs_auto_missed(const struct cs_xfer *xfer)
{
	return xfer->counters.value[COLDSEND_A_COUNTERS_PAGES_ADDED] >
	       xfer->size >> PAGE_SHIFT >> 1;
}

/**
 * cs_auto_learn - what a transfer tells about its file
 * @xfer: that ended
 *
 * Process context.
 */
void cs_auto_learn(const struct cs_xfer *xfer)
{
	bool admitted = xfer->reason == COLDSEND_REASON_ADMITTED;
	bool before;

	if ((!admitted && xfer->reason != COLDSEND_REASON_LARGE) ||
	    !cs_xfer_sent(xfer))
		return;
	before = cs_heat_add(xfer);
	if (!admitted)
		return;
	/*
	 * Let in before, and gone all the same: others are asked for more, and
	 * it would only push them out again.  It has to start anew.
	 */
	if (before && cs_auto_missed(xfer))
		cs_heat_forget(xfer);
	else if (!before)
		cs_heat_admit(xfer, true);
}
